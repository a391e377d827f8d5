package calibrate

import (
	"fmt"
	"math"
	"slices"

	"rssreplay/nicmodel/hosttext"
	"rssreplay/pcaps/grouped"
)

// Reason is why a CPU's window is not fitted. The list is closed.
type Reason uint8

const (
	Fitted       Reason = iota
	OtherBoot           // the host started anew in between, or the clock went back
	CounterBack         // a counter is lower than before
	Threaded            // NAPI runs in threads of its own, so its time is in no softirq
	BusyPolling         // sockets poll the NIC, or its interrupts are deferred
	NoPackets           // NET_RX ran, but took no packet: RPS dealing, or transmit
	Idle                // neither packets nor runs
	StoppedTick         // an idle CPU's tick stops, and softirq time is lost
	Stolen              // the hypervisor took the CPU away
	CaptureApart        // the capture has other packets than were counted

	NumReasons = iota
)

var reasonNames = [NumReasons]string{"fitted", "other-boot", "counter-back", "threaded-napi", "busy-polling", "no-packets", "idle", "stopped-tick", "steal", "capture-differs"}

// String is the reason's name in JSON, "stopped-tick".
func (r Reason) String() string { return reasonNames[r] }

// Row is what one CPU did in one window, between two snapshots.
type Row struct {
	Window   int // from 0
	CPU      int
	Duration float64 // ns

	Packets, Runs, Interrupts uint64 // processed, NET_RX softirqs, of devices
	FromRPS                   uint64 // packets, and how often another CPU gave this one any
	Squeezed, Dropped         uint64 // of the backlog
	Timer                     uint64 // local timer interrupts
	CountsInterrupts          bool   // else Interrupts and Timer are 0 and not known

	SoftIRQ, IRQ, Steal, Idle float64 // ns, by /proc/stat
	// Traced is NET_RX's time by perf kwork, in ns, scaled to the window's runs; 0 if
	// not known.
	Traced float64

	Tapped Tapped

	Reason Reason
	Detail string // of the reason: which counter, how many
}

// Tapped tells whether a packet socket, as tcpdump's, saw every packet of a window.
type Tapped uint8

const (
	TapUnknown Tapped = iota // not shown, or not alike at both ends
	NotTapped
	IsTapped
)

func tapped(before, after *hosttext.Snapshot) Tapped {
	switch {
	case !before.HasTaps || !after.HasTaps || (before.Taps > 0) != (after.Taps > 0):
		return TapUnknown
	case after.Taps > 0:
		return IsTapped
	}
	return NotTapped
}

// Time is what the fit explains, in ns.
func (r *Row) Time() float64 {
	if r.Traced > 0 {
		return r.Traced
	}
	return r.SoftIRQ + r.IRQ
}

// perSecond is a count of the window as a rate.
func (r *Row) perSecond(n uint64) float64 { return float64(n) / r.Duration * 1e9 }

// unit is what /proc/stat counts in, in ns.
const unit = 1e9 / hosttext.UserHZ

// History is the windows of a series of snapshots.
type History struct {
	Snapshots []*hosttext.Snapshot
	Windows   int
	Rows      []Row // by window, then CPU

	// Ticks tells that the kernel counts times by ticks: all of a tick goes to what it
	// interrupted. Else it measures them (CONFIG_IRQ_TIME_ACCOUNTING).
	Ticks bool
	// HZ is the kernel's ticks a second; HZKnown that its configuration says so, else it
	// is told by the timer interrupts of a CPU that is never idle, or assumed.
	HZ      int
	HZKnown bool

	Missing []string // what some texts did not tell, in sentences
}

// NewHistory pairs snapshots, in their order, and judges each CPU's window by itself:
// steps 1 to 3.
func NewHistory(snapshots []*hosttext.Snapshot) (*History, error) {
	if len(snapshots) < 2 {
		return nil, fmt.Errorf("%d snapshots: a window lies between two", len(snapshots))
	}
	h := &History{Snapshots: snapshots, Windows: len(snapshots) - 1}
	for i := range h.Windows {
		if err := h.pair(i); err != nil {
			return nil, err
		}
	}
	h.accounting()
	h.judge()
	return h, nil
}

// pair adds the rows of window i.
func (h *History) pair(i int) error {
	before, after := h.Snapshots[i], h.Snapshots[i+1]
	boot := after.OtherBoot(before)
	duration := 0.0
	if before.Uptime > 0 && after.Uptime > 0 {
		duration = (after.Uptime - before.Uptime) * 1e9
	}
	first := len(h.Rows)
	for k := range after.CPUs {
		b := &after.CPUs[k]
		at := slices.IndexFunc(before.CPUs, func(c hosttext.CPU) bool { return c.CPU == b.CPU })
		if at < 0 || !b.HasStat || !b.HasSoftIRQs || !b.HasSoftnet {
			continue // possible, but not online
		}
		row := difference(i, &before.CPUs[at], b, after.Name)
		row.Tapped = tapped(before, after)
		if boot != "" {
			row.Reason, row.Detail = OtherBoot, boot
		}
		h.Rows = append(h.Rows, row)
	}
	if duration <= 0 {
		// All times of a CPU make up the window, but where one was offline.
		for k := first; k < len(h.Rows); k++ {
			duration = max(duration, h.Rows[k].Duration)
		}
	}
	if len(h.Rows) == first {
		return fmt.Errorf("%s and %s have no CPU in common", before.Name, after.Name)
	}
	if duration <= 0 {
		return fmt.Errorf("%s: no time has passed since %s: give snapshots some seconds apart", after.Name, before.Name)
	}
	for k := first; k < len(h.Rows); k++ {
		h.Rows[k].Duration = duration
	}
	return nil
}

// difference is what a CPU did between two snapshots, of which name is the later one.
// Its duration is the sum of its times.
func difference(window int, before, after *hosttext.CPU, name string) Row {
	r := Row{Window: window, CPU: after.CPU}
	back := func(counter string, from, to uint64) {
		if r.Reason == Fitted {
			r.Reason, r.Detail = CounterBack, fmt.Sprintf("%s: %s of CPU %d went back from %s to %s", name, counter, after.CPU, grouped.Int(from), grouped.Int(to))
		}
	}
	count := func(counter string, from, to uint64) uint64 {
		n := to - from
		if to < from && max(from, to) <= math.MaxUint32 {
			n &= math.MaxUint32 // the kernel's counter has 32 bits
		}
		if to < from && n > math.MaxUint32/2 {
			back(counter, from, to)
			return 0
		}
		return n
	}
	ticks := func(counter string, from, to uint64) float64 {
		if to < from {
			back(counter, from, to)
			return 0
		}
		return float64(to-from) * unit
	}
	r.Runs = count("NET_RX", before.NetRXRuns, after.NetRXRuns)
	r.Packets = count("packets processed", before.Processed, after.Processed)
	r.Squeezed = count("time squeezes", before.Squeezed, after.Squeezed)
	r.Dropped = count("backlog drops", before.Dropped, after.Dropped)
	r.FromRPS = count("received_rps", before.FromRPS, after.FromRPS)
	if r.CountsInterrupts = before.HasInterrupts && after.HasInterrupts; r.CountsInterrupts {
		r.Timer = count("LOC", before.Timer, after.Timer)
		if before.Interrupts <= after.Interrupts { // a sum of rows: one that is gone lowers it
			r.Interrupts = after.Interrupts - before.Interrupts
		}
	}
	r.SoftIRQ = ticks("softirq time", before.SoftIRQ, after.SoftIRQ)
	r.IRQ = ticks("irq time", before.IRQ, after.IRQ)
	r.Steal = ticks("steal time", before.Steal, after.Steal)
	r.Duration = r.SoftIRQ + r.IRQ + r.Steal + ticks("user time", before.User, after.User) + ticks("nice time", before.Nice, after.Nice) + ticks("system time", before.System, after.System)
	if after.Idle > before.Idle { // idle and iowait may go back by themselves (proc(5))
		r.Idle = float64(after.Idle-before.Idle) * unit
	}
	if after.IOWait > before.IOWait {
		r.Idle += float64(after.IOWait-before.IOWait) * unit
	}
	r.Duration += r.Idle
	if after.KworkRuns > 0 && r.Runs > 0 && after.KworkRuns <= r.Runs+r.Runs/20+10 && after.KworkRuns >= r.Runs/2 {
		r.Traced = after.KworkTime / float64(after.KworkRuns) * float64(r.Runs)
	}
	return r
}

// accounting tells how the kernel counts times, and its ticks a second.
func (h *History) accounting() {
	irq, interrupts, timers, slowest := 0.0, uint64(0), uint64(0), math.Inf(1)
	for i := range h.Rows {
		r := &h.Rows[i]
		irq += r.IRQ
		interrupts += r.Interrupts + r.Timer
		timers += r.Timer
		if timer := r.perSecond(r.Timer); r.Reason == Fitted && timer > 0 && r.Idle < 0.05*r.Duration { // its tick did not stop
			slowest = min(slowest, timer)
		}
	}
	h.Ticks = irq == 0
	switch {
	case !h.Ticks || timers > 0:
	case interrupts == 0:
		h.Missing = append(h.Missing, "No snapshot has /proc/interrupts, so it is not known whether a tick stopped and softirq time was lost.")
	default:
		h.Missing = append(h.Missing, "No snapshot's /proc/interrupts counts timer interrupts (LOC, arch_timer), so it is not known whether a tick stopped and softirq time was lost.")
	}
	for _, s := range h.Snapshots {
		if s.HZ > 0 {
			h.HZ, h.HZKnown = s.HZ, true
			return
		}
	}
	// Timers of programs add to the ticks' interrupts, so that a rate far from all of
	// Linux's choices (kernel/Kconfig.hz) tells nothing.
	for _, hz := range []int{100, 250, 300, 1000} {
		if 0.97*float64(hz) < slowest && slowest < 1.15*float64(hz) {
			h.HZ = hz
		}
	}
	if h.HZ == 0 {
		h.HZ = usualHZ
		if h.Ticks {
			h.Missing = append(h.Missing, fmt.Sprintf("CONFIG_HZ is not told: %d is assumed (add `grep CONFIG_HZ= /boot/config-$(uname -r)` to a snapshot).", usualHZ))
		}
	}
}

// usualHZ is Debian's CONFIG_HZ.
const usualHZ = 250

// Limits of what is fitted.
const (
	leastTimer   = 0.9  // of HZ; below it the tick stops
	mostStolen   = 0.02 // of a window
	fewTicks     = 400  // of softirq time: a warning
	tooFewTicks  = 100  // refused
	mostChi2     = 5    // per degree of freedom
	leastPackets = 50   // of a window, in which a CPU says something of a packet's cost
)

// judge leaves out rows that tell nothing of what a packet costs.
func (h *History) judge() {
	settled := func(s *hosttext.Snapshot) (Reason, string) {
		switch {
		case len(s.Threaded) > 0:
			return Threaded, fmt.Sprintf("%s: NAPI of %s is threaded (/sys/class/net/%[2]s/threaded): its time is a kernel thread's", s.Name, s.Threaded[0])
		case len(s.Deferred) > 0:
			return BusyPolling, fmt.Sprintf("%s: interrupts of %s are deferred (napi_defer_hard_irqs)", s.Name, s.Deferred[0])
		case s.BusyPolling:
			return BusyPolling, s.Name + ": sockets poll the NIC (net.core.busy_poll, busy_read)"
		}
		return Fitted, ""
	}
	threaded := h.threaded()
	for i := range h.Rows {
		r := &h.Rows[i]
		if r.Reason != Fitted {
			continue
		}
		if r.Reason, r.Detail = settled(h.Snapshots[r.Window+1]); r.Reason != Fitted {
			continue
		}
		timer := r.perSecond(r.Timer)
		switch {
		case threaded[r.CPU]:
			r.Reason = Threaded
			r.Detail = fmt.Sprintf("CPU %d processed packets without NET_RX softirqs, as threaded NAPI does (/sys/class/net/DEV/threaded): their time is a kernel thread's", r.CPU)
		case r.Packets < leastPackets && r.Runs < leastPackets:
			r.Reason, r.Detail = Idle, fmt.Sprintf("CPU %d had hardly a packet", r.CPU)
		case r.Packets < leastPackets || r.Packets < r.Runs/10:
			r.Reason, r.Detail = NoPackets, fmt.Sprintf("CPU %d ran NET_RX softirqs and processed no packets: it deals them out (RPS), or transmits", r.CPU)
		case r.Steal > mostStolen*r.Duration:
			r.Reason, r.Detail = Stolen, fmt.Sprintf("the hypervisor took CPU %d away for %.1f%% of a window (steal)", r.CPU, 100*r.Steal/r.Duration)
		case h.Ticks && r.Traced == 0 && r.Timer > 0 && timer < leastTimer*float64(h.HZ):
			r.Reason = StoppedTick
			r.Detail = fmt.Sprintf("CPU %d's tick stops while it is idle, and softirq time is lost: %s timer interrupts a second (LOC), not %s; keep it busy with `taskset -c %d sh -c 'while :; do :; done'`, or give `perf kwork -k softirq report`", r.CPU, grouped.Fixed(timer, 0), grouped.Int(h.HZ), r.CPU)
		}
	}
}

// Against leaves all rows out where the packets counted differ by more than half from
// those of a capture that is said to be of the same time.
func (h *History) Against(captured uint64) {
	var counted uint64
	for i := range h.Rows {
		counted += h.Rows[i].Packets
	}
	if captured > 0 && counted <= captured+captured/2 && counted >= captured/2 {
		return
	}
	for i := range h.Rows {
		r := &h.Rows[i]
		r.Reason, r.Detail = CaptureApart, fmt.Sprintf("the capture has %s received packets, and the CPUs processed %s: they are not of the same time and traffic", grouped.Int(captured), grouped.Int(counted))
	}
}

// threaded are the CPUs that process packets, and in half of the windows that have any
// run no softirq for them.
func (h *History) threaded() map[int]bool {
	with, without := map[int]int{}, map[int]int{}
	for i := range h.Rows {
		switch r := &h.Rows[i]; {
		case r.Reason != Fitted || r.Packets < leastPackets:
		case r.Runs < r.Packets/100:
			without[r.CPU]++
		default:
			with[r.CPU]++
		}
	}
	found := map[int]bool{}
	for cpu, n := range without {
		found[cpu] = n >= with[cpu]
	}
	return found
}
