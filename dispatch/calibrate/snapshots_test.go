package calibrate

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rssreplay/nicmodel/hosttext"
)

var update = flag.Bool("update", false, "write the sample snapshots anew")

// TestSample keeps the snapshots that the manual's example reads: those of a made-up
// host, whose costs are 3.6 µs a run and 1.4 µs a packet.
func TestSample(t *testing.T) {
	texts := (&host{costs: Costs{3600, 1400}, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(1, 1)))}).texts(1)
	for i, text := range texts {
		path := filepath.Join("testdata", fmt.Sprintf("%02d.txt", i))
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(path); err != nil || string(kept) != text {
			t.Errorf("%s is not what the host made, %v", path, err)
		}
	}
}

// host makes snapshots of a machine whose true costs are known.
type host struct {
	costs    Costs
	noise    float64 // relative, of each window's time
	cpus     int
	windows  int
	seconds  int
	measured bool // the kernel measures times (irq time is not 0), else by ticks of 4 ms
	load     func(window, cpu int) (packetsPerSecond, perRun float64)
	change   func(window, cpu int, c *hosttext.CPU) // of a CPU's counts of one window
}

// tenfold spreads loads and bursts over a factor of ten and more, apart from each other.
func tenfold(r *rand.Rand) func(int, int) (float64, float64) {
	return func(int, int) (float64, float64) {
		return 10_000 * math.Pow(10, 1.2*r.Float64()), math.Pow(30, r.Float64())
	}
}

// texts are the snapshots as files: all texts of one moment in one.
func (h *host) texts(seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 7))
	total, rest := make([]hosttext.CPU, h.cpus), make([]float64, h.cpus)
	for c := range total {
		total[c] = hosttext.CPU{CPU: c, User: 1000, Idle: 100_000, SoftIRQ: 500, NetRXRuns: 1 << 30, Processed: math.MaxUint32 - 100_000, Timer: 1 << 20}
	}
	texts := []string{h.text(total, 0)}
	for w := range h.windows {
		for c := range total {
			rate, perRun := h.load(w, c)
			n := hosttext.CPU{Processed: uint64(rate * float64(h.seconds)), Timer: uint64(260 * h.seconds)}
			n.NetRXRuns = uint64(float64(n.Processed) / perRun)
			ns := (h.costs.Run*float64(n.NetRXRuns) + h.costs.Packet*float64(n.Processed)) * (1 + h.noise*r.NormFloat64())
			units := ns / unit
			if !h.measured {
				ticks := ns / 4e6
				units = max(0, ticks+math.Sqrt(ticks)*r.NormFloat64()) * 0.4
			}
			if h.measured { // the kernel cuts the whole time at each end
				units += rest[c]
				rest[c] = units - math.Floor(units)
			}
			n.SoftIRQ = uint64(units)
			if h.measured {
				n.IRQ = n.SoftIRQ / 20
				n.SoftIRQ -= n.IRQ
			}
			n.Idle = uint64(100*h.seconds) - min(n.SoftIRQ+n.IRQ, uint64(100*h.seconds))
			if h.change != nil {
				h.change(w, c, &n)
			}
			t := &total[c]
			t.Processed = (t.Processed + n.Processed) & math.MaxUint32
			t.NetRXRuns, t.Timer, t.SoftIRQ, t.IRQ, t.Idle, t.Steal = t.NetRXRuns+n.NetRXRuns, t.Timer+n.Timer, t.SoftIRQ+n.SoftIRQ, t.IRQ+n.IRQ, t.Idle+n.Idle, t.Steal+n.Steal
		}
		texts = append(texts, h.text(total, (w+1)*h.seconds))
	}
	return texts
}

func (h *host) text(cpus []hosttext.CPU, seconds int) string {
	var softnet, stat, head, runs, timer, irq strings.Builder
	for _, c := range cpus {
		fmt.Fprintf(&softnet, "%08x 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 %08x 00000000 00000000\n", c.Processed, c.CPU)
		fmt.Fprintf(&stat, "cpu%d %d 0 0 %d 0 %d %d %d 0 0\n", c.CPU, c.User, c.Idle, c.IRQ, c.SoftIRQ, c.Steal)
		fmt.Fprintf(&head, " CPU%d", c.CPU)
		fmt.Fprintf(&runs, " %d", c.NetRXRuns)
		fmt.Fprintf(&timer, " %d", c.Timer)
		fmt.Fprintf(&irq, " %d", c.NetRXRuns/2)
	}
	return fmt.Sprintf("%scpu 1 2 3 4 5 6 7 8 9 10\n%sintr 5 6 7\nbtime 1795637348\n%d.50 900.00\n   %s\n  NET_TX: 1 2\n  NET_RX: %s\n  %s\n 40: %s PCI-MSI 1-edge eth0-TxRx-0\nLOC: %s Local timer interrupts\nERR: 0\nCONFIG_HZ=250\n",
		softnet.String(), stat.String(), 1000+seconds, head.String(), runs.String(), head.String(), irq.String(), timer.String())
}

// read makes a history of snapshots' texts.
func read(t *testing.T, texts []string) *History {
	t.Helper()
	var snapshots []*hosttext.Snapshot
	for i, text := range texts {
		s := &hosttext.Snapshot{Name: fmt.Sprintf("%02d.txt", i)}
		if known, err := s.Read(strings.NewReader(text), s.Name); err != nil || !known {
			t.Fatalf("known %t, %v", known, err)
		}
		if err := s.Finish(); err != nil {
			t.Fatal(err)
		}
		snapshots = append(snapshots, s)
	}
	h, err := NewHistory(snapshots)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var assumed = Costs{Run: 2000, Packet: 1000}

func TestFindsCosts(t *testing.T) {
	fits, inside := 0, 0
	for seed := range uint64(20) {
		for _, true_ := range []Costs{{3600, 1400}, {1200, 600}, {9000, 700}} {
			h := read(t, (&host{costs: true_, noise: 0.01, cpus: 4, windows: 10, seconds: 10, measured: true, load: tenfold(rand.New(rand.NewPCG(seed, 1)))}).texts(seed))
			f, err := h.Fit(assumed)
			if err != nil {
				t.Fatal(err)
			}
			if f.OneFactor {
				t.Errorf("seed %d, %v: one factor, since %s", seed, true_, f.Why)
				continue
			}
			if a, b := f.Run/true_.Run-1, f.Packet/true_.Packet-1; math.Abs(a) > 0.06 || math.Abs(b) > 0.10 || f.Error > 0.05 {
				t.Errorf("seed %d: fitted %v of %v: off by %.3f and %.3f, said %.3f", seed, f.Costs, true_, a, b, f.Error)
			}
			fits += 2
			for _, in := range []struct {
				of   Range
				true float64
			}{{f.RunInterval, true_.Run}, {f.PacketInterval, true_.Packet}} {
				if in.of.From <= in.true && in.true <= in.of.To {
					inside++
				}
			}
			checkSums(t, h, f)
		}
	}
	if float64(inside) < 0.9*float64(fits) { // of 95 %: ten windows are few to draw from
		t.Errorf("only %d of %d intervals hold the cost that made the texts", inside, fits)
	}
}

// Intervals from few windows hold the true costs as often as those from many.
func TestIntervalsOfFewWindows(t *testing.T) {
	true_ := Costs{3000, 1000}
	for _, windows := range []int{5, 10} {
		fits, inside := 0, 0
		for seed := range uint64(60) {
			h := read(t, (&host{costs: true_, noise: 0.03, cpus: 2, windows: windows, seconds: 10, measured: true, load: tenfold(rand.New(rand.NewPCG(seed, 99)))}).texts(seed))
			f, err := h.Fit(assumed)
			if err != nil {
				t.Fatal(err)
			}
			if f.OneFactor {
				continue
			}
			fits += 2
			for _, in := range []bool{
				f.RunInterval.From <= true_.Run && true_.Run <= f.RunInterval.To,
				f.PacketInterval.From <= true_.Packet && true_.Packet <= f.PacketInterval.To,
			} {
				if in {
					inside++
				}
			}
		}
		if fits < 100 || float64(inside) < 0.91*float64(fits) {
			t.Errorf("%d windows: %d of %d intervals hold the cost that made the texts", windows, inside, fits)
		}
	}
}

// Student's t of a table, in units of the normal's 1.96, and √(n ÷ (n − 1)).
func TestWiden(t *testing.T) {
	for _, test := range []struct {
		windows, costs int
		t, precision   float64
	}{{5, 2, 3.182446, 0.03}, {7, 2, 2.570582, 0.003}, {10, 2, 2.306004, 5e-4}, {11, 1, 2.228139, 2e-4}, {30, 2, 2.048407, 1e-5}} {
		n := float64(test.windows)
		if got := widen(test.windows, test.costs) * 1.95996 * math.Sqrt((n-1)/n); math.Abs(got-test.t) > test.precision {
			t.Errorf("%d windows, %d costs: t %v, want %v", test.windows, test.costs, got, test.t)
		}
	}
}

// checkSums: what a CPU had in a second, in the window of the least and in that of the most,
// and what of a run is the interrupt's.
func checkSums(t *testing.T, h *History, f *Fit) {
	t.Helper()
	least, most, irq, runs := math.Inf(1), 0.0, 0.0, 0.0
	for i := range h.Rows {
		if r := &h.Rows[i]; r.Reason == Fitted {
			rate := float64(r.Packets) / (r.Duration / 1e9)
			least, most = min(least, rate), max(most, rate)
			irq, runs = irq+r.IRQ, runs+float64(r.Runs)
		}
	}
	if isr, dpc := f.Split(); math.Abs(isr-min(irq/runs, f.Run)) > 1e-6 || math.Abs(isr+dpc-f.Run) > 1e-6 {
		t.Errorf("of a run's %v ns %v and %v are the interrupt's and the rest, of %v ns of interrupts in %v runs", f.Run, isr, dpc, irq, runs)
	}
	if math.Abs(f.PacketsPerSec.From/least-1) > 1e-9 || math.Abs(f.PacketsPerSec.To/most-1) > 1e-9 {
		t.Errorf("packets/s are from %v, want %v to %v", f.PacketsPerSec, least, most)
	}
}

// TestCountsByTicks has the noise of ticks instead.
func TestCountsByTicks(t *testing.T) {
	for seed := range uint64(20) {
		true_ := Costs{3600, 1400}
		h := read(t, (&host{costs: true_, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(seed, 1)))}).texts(seed))
		f, err := h.Fit(assumed)
		if err != nil {
			t.Fatal(err)
		}
		var predicted, seen float64
		for i := range h.Rows {
			predicted += f.of(&h.Rows[i])
			seen += true_.of(&h.Rows[i])
		}
		if off := math.Abs(predicted/seen - 1); !h.Ticks || off > 2.5*f.Error || off > 0.10 {
			t.Errorf("seed %d: total off by %.3f, said %.3f", seed, off, f.Error)
		}
	}
}

// TestFindsOneCostAlone has a host whose packets cost next to nothing beside their runs, or its
// runs beside their packets: that the assumed costs are in another proportion is seen, and no
// factor is put on them.
func TestFindsOneCostAlone(t *testing.T) {
	for seed := range uint64(10) {
		for _, true_ := range []Costs{{5000, 0}, {20000, 50}, {0, 3000}} {
			h := read(t, (&host{costs: true_, noise: 0.01, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(seed, 1)))}).texts(seed))
			f, err := h.Fit(assumed)
			if err != nil {
				t.Fatal(err)
			}
			near := func(got, want, of float64) bool { return math.Abs(got-want) <= of }
			most := max(true_.Run, true_.Packet)
			if f.OneFactor || !near(f.Run, true_.Run, 0.1*most) || !near(f.Packet, true_.Packet, 0.1*most) || f.Packet > 0.03*f.Run && f.Run > 0.06*f.Packet || f.Error > 0.25 {
				t.Errorf("seed %d: %+v of %v", seed, f, true_)
			}
			want := ""
			switch {
			case f.Run == 0:
				want = "a NET_RX run no cost"
			case f.Packet == 0:
				want = "a packet no cost"
			}
			if warned := strings.Join(f.Warnings, " "); (warned != "") != (want != "") || !strings.Contains(warned, want) {
				t.Errorf("seed %d: %+v of %v warns %q, want %q", seed, f.Costs, true_, warned, want)
			}
		}
	}
}

func TestOneFactorWhereLoadsAreAlike(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		h := read(t, (&host{costs: Costs{3600, 1400}, noise: 0.01, cpus: 4, windows: 10, seconds: 10, measured: true,
			load: func(int, int) (float64, float64) { return 50_000 * (1 + 0.02*r.Float64()), 8 * (1 + 0.02*r.Float64()) }}).texts(seed))
		f, err := h.Fit(assumed)
		if err != nil {
			t.Fatal(err)
		}
		if !f.OneFactor || f.Why == "" || math.Abs(f.Packet/assumed.Packet-f.Factor) > 1e-9 || math.Abs(f.Run/assumed.Run-f.Factor) > 1e-9 {
			t.Errorf("seed %d: %+v", seed, f)
		}
		run, packet := f.RunInterval, f.PacketInterval
		if !(run.From < f.Run && f.Run < run.To) || math.Abs(run.From/assumed.Run-packet.From/assumed.Packet) > 1e-9 || math.Abs(run.To/assumed.Run-packet.To/assumed.Packet) > 1e-9 {
			t.Errorf("seed %d: intervals of one factor on %v: %v and %v", seed, assumed, run, packet)
		}
	}
}

// TestLeavesOut damages CPU 1 of a good machine in each way: it is left out for its
// reason, and CPU 0 is fitted.
func TestLeavesOut(t *testing.T) {
	for _, c := range []struct {
		reason Reason
		detail string
		change func(w int, n *hosttext.CPU)
	}{
		{CounterBack, "NET_RX of CPU 1 went back", func(w int, n *hosttext.CPU) { n.NetRXRuns -= min(uint64(w%2)*n.NetRXRuns*2, 1<<24) }},
		{Threaded, "CPU 1 processed packets without NET_RX", func(w int, n *hosttext.CPU) { n.NetRXRuns, n.SoftIRQ = 0, 0 }},
		{NoPackets, "CPU 1 ran NET_RX softirqs and processed no packets", func(w int, n *hosttext.CPU) { n.Processed = 3 }},
		{Idle, "CPU 1 had hardly a packet", func(w int, n *hosttext.CPU) { n.Processed, n.NetRXRuns, n.SoftIRQ = 0, 2, 0 }},
		{Stolen, "away for 3.0%", func(w int, n *hosttext.CPU) { n.Steal, n.Idle = 30, n.Idle-30 }},
		{StoppedTick, "CPU 1's tick stops", func(w int, n *hosttext.CPU) { n.Timer = 500 }},
	} {
		t.Run(c.reason.String(), func(t *testing.T) {
			h := read(t, (&host{costs: Costs{3600, 1400}, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(3, 1))),
				change: func(w, cpu int, n *hosttext.CPU) {
					if cpu == 1 {
						c.change(w, n)
					}
				}}).texts(3))
			found := 0
			for i := range h.Rows {
				switch r := &h.Rows[i]; {
				case r.CPU == 0 && r.Reason != Fitted:
					t.Errorf("CPU 0, window %d: %s: %s", r.Window, r.Reason, r.Detail)
				case r.Reason == c.reason && strings.Contains(r.Detail, c.detail):
					found++
				}
			}
			if found < 5 {
				t.Errorf("%d rows have the reason: %+v", found, h.Rows)
			}
			if f, err := h.Fit(assumed); err != nil || f.Windows != 10 {
				t.Errorf("fit %+v, %v", f, err)
			}
		})
	}
}

// TestOtherBoot has a reboot between snapshots 4 and 5.
func TestOtherBoot(t *testing.T) {
	texts := (&host{costs: Costs{3600, 1400}, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(3, 1)))}).texts(3)
	for i := 5; i < len(texts); i++ {
		texts[i] = strings.Replace(texts[i], "btime 1795637348", "btime 1795647348", 1)
	}
	h := read(t, texts)
	for i := range h.Rows {
		r := &h.Rows[i]
		if other := r.Window == 4; other != (r.Reason == OtherBoot) || other && !strings.Contains(r.Detail, "05.txt is of another boot than 04.txt") {
			t.Errorf("window %d: %s: %s", r.Window, r.Reason, r.Detail)
		}
	}
}

// TestSettings has what sysfs tells of a NIC in the snapshots.
func TestSettings(t *testing.T) {
	for line, reason := range map[string]Reason{
		"/sys/class/net/eth0/threaded:1":              Threaded,
		"/sys/class/net/eth0/napi_defer_hard_irqs:2":  BusyPolling,
		"net.core.busy_poll = 50":                     BusyPolling,
		"/sys/class/net/eth0/threaded:0":              Fitted,
		"/proc/sys/net/core/busy_read:0":              Fitted,
		"/sys/class/net/eth0/napi_defer_hard_irqs:0 ": Fitted,
	} {
		texts := (&host{costs: Costs{3600, 1400}, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(3, 1)))}).texts(3)
		for i := range texts {
			texts[i] += line + "\n"
		}
		if h := read(t, texts); h.Rows[0].Reason != reason {
			t.Errorf("%s: %s", line, h.Rows[0].Reason)
		}
	}
}

// TestInterruptsOfSome lacks /proc/interrupts in snapshot 4: what it has counted since it
// booted is no window's.
func TestInterruptsOfSome(t *testing.T) {
	texts := (&host{costs: Costs{3600, 1400}, cpus: 2, windows: 10, seconds: 10, load: tenfold(rand.New(rand.NewPCG(3, 1)))}).texts(3)
	before, after, _ := strings.Cut(texts[4], "\n 40: ")
	_, after, _ = strings.Cut(after, "ERR: 0")
	texts[4] = before[:strings.LastIndex(before, "\n")] + after
	h := read(t, texts)
	for i := range h.Rows {
		r := &h.Rows[i]
		known := r.Window != 3 && r.Window != 4
		if r.CountsInterrupts != known || known != (r.Timer > 0 && r.Interrupts > 0) || r.Reason != Fitted {
			t.Errorf("window %d: counted %t, %d and %d, %s", r.Window, r.CountsInterrupts, r.Timer, r.Interrupts, r.Reason)
		}
	}
}

// A packet socket's share of the time is told where it was open in some windows alone; the
// window in which it was opened counts to neither.
func TestTapShare(t *testing.T) {
	const without = "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n0000000000000000 3      3    88cc   2     1 0      0      19071\n"
	const with = without + "ffff9f1a4d3c2800 3      3    0003   2     1 0      0      29483\n"
	for seed := range uint64(5) {
		for _, more := range []float64{1.25, 1} {
			made := host{costs: Costs{3600, 1400}, noise: 0.01, cpus: 4, windows: 11, seconds: 10, measured: true, load: tenfold(rand.New(rand.NewPCG(seed, 1)))}
			made.change = func(window, _ int, c *hosttext.CPU) {
				if window >= 6 {
					c.SoftIRQ, c.IRQ = uint64(float64(c.SoftIRQ)*more), uint64(float64(c.IRQ)*more)
				}
			}
			texts := made.texts(seed)
			plain := read(t, texts)
			if f, err := plain.Fit(assumed); err != nil || f.Tap != nil {
				t.Fatalf("%v: of no packet socket %+v", err, f.Tap)
			}
			for i := range texts {
				if i < 6 {
					texts[i] += without
				} else {
					texts[i] += with
				}
			}
			f, err := read(t, texts).Fit(assumed)
			if err != nil || f.Tap == nil {
				t.Fatalf("%v: %+v", err, f)
			}
			if want := 1 - 1/more; math.Abs(f.Tap.Share-want) > 0.04 || math.Abs(f.Tap.Share-want) > 3*f.Tap.Error || f.Tap.Windows != 5 || f.Tap.WithNone != 5 {
				t.Errorf("seed %d: %+v, want %.2f", seed, f.Tap, want)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	refused := func(h host, id string) {
		t.Helper()
		h.costs, h.cpus, h.seconds = Costs{3600, 1400}, 2, 10
		_, err := read(t, h.texts(3)).Fit(assumed)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.ID != id {
			t.Errorf("%v, want %s", err, id)
		}
	}
	r := rand.New(rand.NewPCG(3, 1))
	refused(host{windows: 10, load: func(int, int) (float64, float64) { return 50 + 50*r.Float64(), 2 }}, "few-ticks")
	refused(host{windows: 2, load: tenfold(r)}, "few-windows")
	locked := func(w, _ int, n *hosttext.CPU) { n.SoftIRQ *= uint64(w % 2 * 3) }
	refused(host{windows: 10, load: tenfold(r), change: locked}, "residuals")
	refused(host{windows: 10, load: tenfold(r), change: func(_, _ int, n *hosttext.CPU) { n.Steal = 300 }}, "steal")
}

// TestSeparate has fits that are just good enough to tell the two costs apart, and others that
// just are not: the first thing that is wrong is named.
func TestSeparate(t *testing.T) {
	good := Fit{Costs: Costs{2000, 1000}, RunInterval: Range{1000, 3000}, PacketInterval: Range{500, 1500}, Correlation: -0.9}
	if why, ok := good.separate(); !ok || why != "" {
		t.Errorf("%q", why)
	}
	for _, c := range []struct {
		why   string
		spoil func(f *Fit)
	}{
		{"correlate at -0.91", func(f *Fit) { f.Correlation, f.Run = -0.91, 0 }},
		{"a NET_RX run no cost", func(f *Fit) { f.Run = 0 }},
		{"a packet no cost", func(f *Fit) { f.Packet, f.RunInterval.To = 0, 9999 }},
		{"run's cost could be anything from 1,000 to 3,002 ns", func(f *Fit) { f.RunInterval.To, f.PacketInterval.To = 3002, 9999 }},
		{"packet's cost could be anything from 500 to 1,502 ns", func(f *Fit) { f.PacketInterval.To = 1502 }},
	} {
		f := good
		c.spoil(&f)
		if why, ok := f.separate(); ok || !strings.Contains(why, c.why) {
			t.Errorf("%q, want %q", why, c.why)
		}
	}
}

// TestRefusalNamesTheMostLeftOut: a refusal begins with the reason that left out the most
// packets, if they are more than were fitted; of equal ones the first of the list.
func TestRefusalNamesTheMostLeftOut(t *testing.T) {
	row := func(reason Reason, packets uint64) Row {
		return Row{Reason: reason, Packets: packets, Detail: "as " + reason.String()}
	}
	for _, c := range []struct {
		rows   []Row
		fitted uint64
		id     string
		what   string
	}{
		{nil, 0, "few-windows", "too few"},
		{[]Row{row(Fitted, 500)}, 500, "few-windows", "too few"},
		{[]Row{row(Stolen, 300), row(Threaded, 200), row(Stolen, 100)}, 100, "steal", "as steal; too few"},
		{[]Row{row(Stolen, 300), row(Threaded, 300)}, 100, "threaded-napi", "as threaded-napi; too few"},
		{[]Row{row(Stolen, 300)}, 301, "few-windows", "too few"}, // which counts each window as one more
		{[]Row{row(Stolen, 300)}, 300, "steal", "as steal; too few"},
	} {
		h := &History{Rows: c.rows}
		if got := h.refusal("few-windows", c.fitted, "too few"); got.ID != c.id || got.What != c.what {
			t.Errorf("%v with %d packets fitted: %+v, want %s: %s", c.rows, c.fitted, got, c.id, c.what)
		}
	}
}

// TestKwork has exact times of CPU 0, whose tick stops: they are taken, and the tick
// does not matter.
func TestKwork(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	load := tenfold(r)
	var texts []string
	var perRun []float64
	h := &host{costs: Costs{3600, 1400}, cpus: 1, windows: 10, seconds: 10, load: load, change: func(_, _ int, n *hosttext.CPU) {
		perRun = append(perRun, 3600+1400*float64(n.Processed)/float64(n.NetRXRuns))
		n.Timer, n.SoftIRQ = 200, 1
	}}
	texts = h.texts(3)
	for i, cost := range perRun {
		runs := 0.0 // perf saw nine tenths of the window
		before, after := read(t, texts[i:i+2]).Rows[0], 0.9
		runs = math.Floor(after * float64(before.Runs))
		texts[i+1] += fmt.Sprintf("  (s)NET_RX:3   | 0000 | %10.3f ms | %9.0f | 0.041 ms | 5843.008906 s | 5843.008947 s |\n", cost*runs/1e6, runs)
	}
	got := read(t, texts)
	f, err := got.Fit(assumed)
	if err != nil {
		t.Fatal(err, got.Rows[0])
	}
	if f.OneFactor || math.Abs(f.Run/3600-1) > 0.01 || math.Abs(f.Packet/1400-1) > 0.01 || f.Ticks != 0 {
		t.Errorf("%+v", f)
	}
}

// TestRecorded holds the fit to snapshots of a real kernel.
func TestRecorded(t *testing.T) {
	const recorded = "../../../shared/calibrate"
	if _, err := os.Stat(recorded); err != nil {
		t.Skip("the recorded snapshots are not here: ", err)
	}
	load := func(name string) *History {
		folders, err := filepath.Glob(filepath.Join(recorded, name, "[0-9][0-9]"))
		if err != nil || len(folders) == 0 {
			t.Fatal(name, err)
		}
		var texts []string
		for _, folder := range folders {
			files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				all.Write(text)
			}
			texts = append(texts, all.String())
		}
		return read(t, texts)
	}
	for _, pair := range [][2]string{{"long-a", "long-b"}, {"long-b", "long-a"}, {"quiet-a", "quiet-b"}, {"quiet-b", "quiet-a"}} {
		h := load(pair[1])
		f, err := load(pair[0]).Fit(assumed)
		if err != nil {
			t.Fatal(pair[0], err)
		}
		var predicted, seen float64
		for i := range h.Rows {
			if r := &h.Rows[i]; r.Reason == Fitted {
				predicted += f.of(r)
				seen += r.Time()
			}
		}
		t.Logf("%s predicts %s: %+.1f %% (said %.1f %%)", pair[0], pair[1], 100*(predicted/seen-1), 100*f.Error)
		if off := math.Abs(predicted/seen - 1); off > 0.15 || off > 2*f.Error {
			t.Errorf("%s predicts %s: off by %.3f, said %.3f", pair[0], pair[1], off, f.Error)
		}
	}
	for name, why := range map[string]struct {
		reason Reason
		cpu    int
	}{"bad-idle": {StoppedTick, 1}, "bad-threaded": {Threaded, 1}, "bad-ticklocked": {Fitted, 1}} {
		h := load(name)
		for i := range h.Rows {
			if r := &h.Rows[i]; r.CPU == why.cpu && r.Reason != why.reason {
				t.Errorf("%s: CPU %d, window %d: %s", name, r.CPU, r.Window, r.Reason)
			}
		}
		var refusal *Refusal
		if _, err := h.Fit(assumed); !errors.As(err, &refusal) || why.reason == Fitted && refusal.ID != "residuals" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
