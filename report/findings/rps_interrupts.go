package findings

import (
	"fmt"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// rpsInterrupts: the packets are spread evenly by RPS, and the work is not: the CPUs that take
// the interrupts steer all of them, and the masks give these as many packets as others. The
// kernel's scaling.rst leaves them out where interrupts are many.
func (d *diagnosis) rpsInterrupts() *report.Finding {
	if !d.rps() || !d.judged() || d.uneven() || !d.timed() || d.mode.Simulated == 0 || d.has("rps-hot") {
		return nil
	}
	var masked, both, others []int // CPUs: in masks; of these those that take interrupts, and the rest
	var all, most int64            // ns
	at := 0
	for i := range d.taken.CPUs {
		c := &d.taken.CPUs[i]
		work := c.ISRTime + c.DPCTime
		if all += work; work > most {
			most, at = work, c.CPU
		}
		switch {
		case !slices.Contains(d.t.Masked, c.CPU):
			continue
		case c.HandsOn():
			both = append(both, c.CPU)
		default:
			others = append(others, c.CPU)
		}
		masked = append(masked, c.CPU)
	}
	times := report.Fraction(float64(most) * float64(len(d.taken.CPUs)) / float64(max(all, 1)))
	if times < report.UnevenFrom || len(others) == 0 || !slices.Contains(both, at) {
		return nil
	}
	then := d.busiestOver(others)
	if float64(then) > relieved*float64(min(most, d.busiestOver(masked))) {
		return nil
	}
	busy := func(ns int64) report.Fraction { return report.Fraction(float64(ns) / float64(d.mode.Simulated)) }
	if busy(most) < hardlyBusy {
		return nil
	}
	f := &report.Finding{
		ID: "rps-hot", Severity: report.Note,
		Summary:  fmt.Sprintf("CPU %d takes interrupts, steers packets on by RPS, and has as many packets as others besides: it is busy %s of the time, %s × the mean.", at, words.Percent(busy(most)), words.Fixed(times, 2)),
		Evidence: fmt.Sprintf("Costs are assumptions, unless they were given. With those packets shared out evenly over the others the busiest CPU would be busy %s of the time.", words.Percent(busy(then))),
		Remedy: fmt.Sprintf("Leave the interrupts' CPUs out of the masks: `for f in /sys/class/net/DEV/queues/rx-*/rps_cpus; do echo %s >$f; done`; its effect: %s.",
			maskOf(others), d.run("", Argument{"--rps", listOf(others)})),
		Figures: report.Numbers{"cpu": at, "busy": busy(most), "busy_times_mean": times, "busy_without": busy(then)},
	}
	if busy(most) >= halfBusy {
		f.Severity = report.Warning
	}
	return f
}

// sparedSteerers tells whether all CPUs that the masks leave out steer packets, and would be the
// busiest if they had their share of them as well: rpsInterrupts would leave them out again.
func (d *diagnosis) sparedSteerers() bool {
	var masked, all []int
	for i := range d.taken.CPUs {
		c := &d.taken.CPUs[i]
		switch {
		case slices.Contains(d.t.Masked, c.CPU):
			masked = append(masked, c.CPU)
		case !c.HandsOn():
			return false
		}
		all = append(all, c.CPU)
	}
	return 0 < len(masked) && len(masked) < len(all) && d.busiestOver(masked) <= d.busiestOver(all)
}

// evenOverMasks tells whether the packets are even over the CPUs of the masks.
func (d *diagnosis) evenOverMasks() bool {
	var masked []uint64
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; slices.Contains(d.t.Masked, c.CPU) {
			masked = append(masked, c.Packets)
		}
	}
	return report.MaxOverMean(masked) < report.UnevenFrom
}

// busiestOver is how long the busiest CPU would work if the packets that the stack has handed
// on were shared out evenly over these CPUs, in ns.
func (d *diagnosis) busiestOver(cpus []int) (most int64) {
	cost := float64(d.number("packet-cost", 0)) // ns
	ofByte := 0.0
	if p := d.parameter("byte-cost"); p != nil {
		ofByte, _ = p.Value.(float64)
	}
	rest := make([]int64, len(d.taken.CPUs)) // the work without those packets
	var moved int64
	for i := range d.taken.CPUs {
		c := &d.taken.CPUs[i]
		rest[i] = c.ISRTime + c.DPCTime
		if c.Backlog != nil {
			handed := int64(float64(c.FromBacklog) * (cost + ofByte*float64(report.Ratio(c.Bytes, max(c.Packets, 1)))))
			moved += handed
			rest[i] -= handed
		}
	}
	for i := range d.taken.CPUs {
		if slices.Contains(cpus, d.taken.CPUs[i].CPU) {
			rest[i] += moved / int64(len(cpus))
		}
		most = max(most, rest[i])
	}
	return most
}

const (
	relieved   = 0.9 // of its time, that a change must leave the busiest CPU at most
	hardlyBusy = 0.1 // of the time, below which nobody would change masks for it
	halfBusy   = 0.5 // of the time, from which it matters which CPU is busiest
)
