package calibration

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/calibrate"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel/nictext"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// This file fits interrupt moderation: the setting with which the model interrupts as
// often as the NIC's queues did.

// tries are as many settings as the capture is replayed with at once, and longestGap is
// the longest of them in µs: no driver sets more.
const (
	tries      = 15
	longestGap = 1 << 14
)

// moderated is one way to moderate: its flags, and what they set. Values are in µs, of itr
// with fractions.
type moderated struct {
	parameter string
	grain     float64 // the least step, µs
	flags     func(value float64) string
	set       func(c *engine.Config, value float64)
}

// ways are those that the NIC's driver may mean: of itr and rx-usecs the one that it has,
// both where it is not known.
func ways(p *profile.Profile, frames int) []moderated {
	itr := moderated{
		"itr", 0.1,
		func(v float64) string { return "--itr " + microseconds(v) },
		func(c *engine.Config, v float64) { c.ITR, c.RxUsecs, c.RxFrames = int64(v*1000+0.5), 0, 1 },
	}
	if frames < 2 { // 1 is an interrupt for each
		frames = 0
	}
	delay := moderated{
		"rx-usecs", 1,
		func(v float64) string { return fmt.Sprintf("--rx-usecs %.0f --rx-frames %d", v, frames) },
		func(c *engine.Config, v float64) {
			c.ITR, c.RxUsecs, c.RxFrames = 0, int64(v*1000+0.5), frames
			if v == 0 {
				c.RxFrames = 1
			}
		},
	}
	switch {
	case p == nil:
		return []moderated{itr, delay}
	case p.Usecs == profile.UsecsInterval:
		return []moderated{itr}
	}
	return []moderated{delay}
}

func microseconds(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) + "us" }

// tellModeration puts the moderation that the interrupts tell into c, or why they don't.
func (p *prediction) tellModeration(c *report.Calibration, h *calibrate.History, fit *calibrate.Fit) error {
	m, why, err := p.moderation(h, fit)
	switch {
	case err != nil:
		return err
	case why != "":
		c.Notes = append(c.Notes, "Interrupt moderation is not fitted: "+why+".")
	default:
		c.Moderation = m
		c.Notes = append(c.Notes, moderationCaveats(len(m.Fits))...)
	}
	return nil
}

// moderation fits the interrupts that the snapshots count, where they do and the capture's
// packets are those that were counted; else it says why not.
func (p *prediction) moderation(h *calibrate.History, fit *calibrate.Fit) (m *report.ModerationFit, why string, err error) {
	config := &p.s.Config
	queues, why := countedInterrupts(h, p.s.Device)
	switch {
	case why != "":
		return nil, why, nil
	case len(queues) != config.Queues:
		return nil, fmt.Sprintf("interrupts of %d queues are counted, and %d are replayed: give --queues %[1]d, or the NIC's --bundle", len(queues), config.Queues), nil
	}
	m = &report.ModerationFit{Claimed: claimed(h, p.s)}
	for _, cpu := range config.CPUs {
		m.CPUs = append(m.CPUs, report.CPUInterrupts{CPU: cpu})
	}
	for q, n := range queues {
		m.Counted += n
		m.CPUs[config.QueueCPU[q]].Counted += n
	}
	var processed uint64
	for i := range h.Rows {
		processed += h.Rows[i].Packets
	}
	// What was counted is of the snapshots' time, and the capture may be of a little more.
	share := float64(p.done.Result.Received) / float64(max(processed, 1))
	if m.Wanted = uint64(float64(m.Counted)*share + 0.5); m.Wanted == 0 {
		return nil, "the queues did not interrupt", nil
	}
	base, polls := p.measured(fit)
	frames := 0
	if c := coalesce(h); c != nil {
		frames = c.RXFrames
	}
	for i, way := range ways(p.s.Profile, frames) {
		found, err := way.fit(base, m.Wanted, p.interrupts)
		if err != nil {
			return nil, "", err
		}
		m.Without = found.without
		m.Fits = append(m.Fits, report.FittedModeration{
			Parameter: way.parameter, Value: report.Fraction(found.value), From: report.Fraction(found.from), To: report.Fraction(found.to),
			Interrupts: total(found.cpus), Flags: way.flags(found.value) + polls,
		})
		if i == 0 {
			for k := range m.CPUs {
				m.CPUs[k].Model = found.cpus[k]
			}
		}
	}
	return m, "", nil
}

// measured is the model with the costs that were fitted, and the flags that make it poll
// as a Linux host does, where no NIC has said how it drains.
func (p *prediction) measured(fit *calibrate.Fit) (c engine.Config, polls string) {
	c = p.s.Config
	isr, dpc := fit.Split()
	if isr > 0 {
		c.ISRCost = wholeNanoseconds(isr)
	}
	c.DPCCost, c.PacketCost = wholeNanoseconds(dpc), wholeNanoseconds(fit.Packet)
	c.RPS = nil
	if p.s.Profile == nil { // NAPI
		c.Drain, c.DPCBudget = engine.Poll, 64
		polls = " --drain poll --dpc-budget 64"
	}
	return c, polls
}

// interrupts runs the model with each of some settings over the capture, and gives each
// one's interrupts by CPU.
func (p *prediction) interrupts(configs []engine.Config) (raised [][]uint64, err error) {
	var more []dispatch.Scenario
	for i := range configs {
		more = append(more, dispatch.Scenario{Config: &configs[i], Steering: p.s.Steering, Modes: []engine.Mode{engine.RSSMSIX}})
	}
	again, err := p.in.Pass(p.e, p.s, input.PassOptions{More: more})
	if err != nil {
		return nil, err
	}
	for _, r := range again.Result.More {
		var cpus []uint64
		for i := range r.Modes[0].CPUs {
			cpus = append(cpus, r.Modes[0].CPUs[i].Interrupts)
		}
		raised = append(raised, cpus)
	}
	return raised, nil
}

// near is how far the model's interrupts may be from those wanted: what it leaves out of a
// NIC and a driver is worth more.
const near = 0.02

// found is the value with which the model interrupts as often as wanted, as nearly as
// there is one, and the least and the greatest that was tried and is near that, too.
type found struct {
	value, from, to float64  // µs
	cpus            []uint64 // interrupts of each
	without         uint64   // in all, without moderation
}

// fit finds the value; interrupts are each CPU's under each of some settings. Longer gaps
// make fewer, as a rule.
func (w *moderated) fit(base engine.Config, wanted uint64, interrupts func([]engine.Config) ([][]uint64, error)) (*found, error) {
	least := math.Inf(1)
	f := &found{from: math.Inf(1)}
	try := func(values []float64) (raised []uint64, err error) {
		configs := make([]engine.Config, len(values))
		for i, v := range values {
			configs[i] = base
			w.set(&configs[i], v)
		}
		all, err := interrupts(configs)
		if err != nil {
			return nil, err
		}
		for i, of := range all {
			raised = append(raised, total(of))
			off := math.Abs(float64(total(of)) - float64(wanted))
			if off < least {
				least, f.value, f.cpus = off, values[i], of
			}
			if off <= near*float64(wanted) {
				f.from, f.to = min(f.from, values[i]), max(f.to, values[i])
			}
		}
		return raised, nil
	}
	values := []float64{0}
	for v := 1.0; v <= longestGap; v *= 2 {
		values = append(values, v)
	}
	for {
		raised, err := try(values)
		if err != nil {
			return nil, err
		}
		if values[0] == 0 {
			f.without = raised[0]
		}
		at := slices.IndexFunc(raised, func(n uint64) bool { return n <= wanted })
		if at <= 0 { // none is needed, or none is enough
			return f.known(), nil
		}
		// Between the last that has more and the first that has not.
		from, to := values[at-1], values[at]
		values = nil
		for k := 1; k <= tries; k++ {
			v := math.Round((from+(to-from)*float64(k)/(tries+1))/w.grain) * w.grain
			v = math.Round(v*1000) / 1000
			if v > from && v < to && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) == 0 || to-from < 0.01*to {
			return f.known(), nil
		}
		values = append(append([]float64{from}, values...), to)
	}
}

// moderationCaveats are what interrupts alone don't tell; ways are as many as were fitted.
func moderationCaveats(ways int) []string {
	all := []string{
		"Moderation is fitted to the capture's timestamps. Those of a capture that this host took are of its own interrupts: moderation is in them already, and what is fitted is too little. A tap's, or the NIC's own timestamps, have none.",
		"An interrupt of a queue may be for sent packets, too.",
	}
	if ways > 1 {
		all = append(all, "Counts of interrupts don't tell a least gap (itr, as Intel's drivers set) from a wait (rx-usecs): each fits alone. --nic or --driver says which it is.")
	}
	return all
}

// known is f with a range: the value alone where nothing is near.
func (f *found) known() *found {
	if f.from > f.to {
		f.from, f.to = f.value, f.value
	}
	return f
}

func total(cpus []uint64) (n uint64) {
	for _, c := range cpus {
		n += c
	}
	return n
}

// coalesce is what ethtool -c says in the last snapshot that has it; nil in none.
func coalesce(h *calibrate.History) *nictext.Coalesce {
	for _, s := range slices.Backward(h.Snapshots) {
		if s.Coalesce != nil {
			return s.Coalesce
		}
	}
	return nil
}

// claimed is what the host's texts say of moderation, or what is in force.
func claimed(h *calibrate.History, s *settings.Settings) string {
	if c := coalesce(h); c != nil {
		adaptive := map[bool]string{true: "on", false: "off"}[c.AdaptiveRX]
		return fmt.Sprintf("ethtool -c: adaptive-rx %s, rx-usecs %d, rx-frames %d", adaptive, c.RXUsecs, c.RXFrames)
	}
	var all []string
	for _, name := range []string{"itr", "rx-usecs", "rx-frames"} {
		if p := s.Parameters.Named(name); p != nil {
			all = append(all, fmt.Sprintf("%s %s (%s)", name, p.Printed(), p.Source))
		}
	}
	return strings.Join(all, ", ")
}

// countedInterrupts is how often each queue interrupted from the first snapshot to the
// last, or why that is not known.
func countedInterrupts(h *calibrate.History, device string) (queues []uint64, why string) {
	first, last := h.Snapshots[0], h.Snapshots[len(h.Snapshots)-1]
	if first.IRQs == nil || last.IRQs == nil {
		return nil, "the snapshots have no /proc/interrupts"
	}
	before, err := first.IRQs.QueueInterrupts(nictext.NIC{Interface: device})
	if err != nil {
		return nil, err.Error()
	}
	after, err := last.IRQs.QueueInterrupts(nictext.NIC{Interface: device})
	if err != nil {
		return nil, err.Error()
	}
	if queues, err = after.Since(before); err != nil {
		return nil, "of the interrupts at first and in the end " + err.Error()
	}
	return queues, ""
}
