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
	cost := int64(d.number("packet-cost", 0)) // ns
	var both, others []int                    // CPUs: that take interrupts and are in masks, and of the masks alone
	var all, most, then, moved int64          // ns
	at := 0
	for i := range d.taken.CPUs {
		c := &d.taken.CPUs[i]
		work := c.ISRTime + c.DPCTime
		if all += work; work > most {
			most, at = work, c.CPU
		}
		switch {
		case !slices.Contains(d.t.Masked, c.CPU):
		case c.Backlog != nil && c.SteeredAway > 0:
			both = append(both, c.CPU)
			own := int64(c.FromBacklog) * cost
			moved += own
			then = max(then, work-own)
		default:
			others = append(others, c.CPU)
		}
	}
	times := report.Fraction(float64(most) * float64(len(d.taken.CPUs)) / float64(max(all, 1)))
	if times < report.UnevenFrom || len(others) == 0 || !slices.Contains(both, at) {
		return nil
	}
	for i := range d.taken.CPUs {
		if c := &d.taken.CPUs[i]; slices.Contains(others, c.CPU) {
			then = max(then, c.ISRTime+c.DPCTime+moved/int64(len(others)))
		}
	}
	if float64(then) > relieved*float64(most) {
		return nil
	}
	busy := func(ns int64) report.Fraction { return report.Fraction(float64(ns) / float64(d.mode.Simulated)) }
	f := &report.Finding{
		ID: "rps-hot", Severity: report.Note,
		Summary:  fmt.Sprintf("CPU %d takes interrupts, steers packets on by RPS, and has as many packets as others besides: it is busy %s of the time, %s × the mean.", at, words.Percent(busy(most)), words.Fixed(times, 2)),
		Evidence: fmt.Sprintf("Costs are assumptions, unless they were given. With all its packets on the others the busiest CPU would be busy %s of the time at most.", words.Percent(busy(then))),
		Remedy: fmt.Sprintf("Leave the interrupts' CPUs out of the masks: `for f in /sys/class/net/DEV/queues/rx-*/rps_cpus; do echo %s >$f; done`; its effect: %s.",
			maskOf(others), d.run("", Argument{"--rps", listOf(others)})),
		Figures: report.Numbers{"cpu": at, "busy": busy(most), "busy_times_mean": times, "busy_without": busy(then)},
	}
	if busy(most) >= halfBusy {
		f.Severity = report.Warning
	}
	return f
}

// sparedSteerers tells whether the packets are uneven because the masks leave out CPUs that are
// busy with interrupts and steering, and even over the others: so it should be.
func (d *diagnosis) sparedSteerers() bool {
	var spared, all, least int64 // CPUs; ns
	var masked []uint64
	for i := range d.taken.CPUs {
		c := &d.taken.CPUs[i]
		work := c.ISRTime + c.DPCTime
		all += work
		if slices.Contains(d.t.Masked, c.CPU) {
			masked = append(masked, c.Packets)
			continue
		}
		if spared++; spared == 1 || work < least {
			least = work
		}
	}
	even := report.MaxOverMean(masked)
	return spared > 0 && least*int64(len(d.taken.CPUs)) >= all && all > 0 && even < report.UnevenFrom
}

const (
	relieved = 0.9 // of its time, that a change must leave the busiest CPU at most
	halfBusy = 0.5 // of the time, from which it matters which CPU is busiest
)
