package assemble

import (
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/report"
)

// MovesWindows asks for the arrivals over time that a verdict on moves rests on.
func MovesWindows(c *engine.Config) dispatch.ArrivalWindows {
	return dispatch.ArrivalWindows{Most: 1000, Interval: c.Interval}
}

// OverTime is how evenly tables that stay, and those that follow the load, would spread
// the packets over time, under the affinity of c.
func OverTime(arrivals *dispatch.Arrivals, c *engine.Config) report.TablesOverTime {
	o := report.TablesOverTime{Interval: arrivals.Interval}
	task := func(window []uint32) *balance.Task {
		b := &balance.Task{Entries: make([]uint64, len(c.Table)), Fixed: make([]uint64, len(c.CPUs)), QueueCPU: c.QueueCPU}
		for i, n := range window {
			if i < len(c.Table) {
				b.Entries[i] += uint64(n)
			} else {
				b.Fixed[c.QueueCPU[i-len(c.Table)]] += uint64(n)
			}
		}
		return b
	}
	whole := task(nil)
	for _, window := range arrivals.Windows {
		b := task(window)
		for i := range b.Entries {
			whole.Entries[i] += b.Entries[i]
		}
		for i := range b.Fixed {
			whole.Fixed[i] += b.Fixed[i]
		}
	}
	best := whole.Even(c.Table)
	var static, stays, forward, bound []report.Fraction
	before := best // the first window has none before it
	for _, window := range arrivals.Windows {
		b := task(window)
		if b.Total() < report.LeastOfWindow*uint64(len(c.CPUs)) {
			continue
		}
		of := func(table nicmodel.IndirectionTable) report.Fraction {
			return report.Fraction(b.Imbalance(b.Peak(table)))
		}
		static, stays, forward = append(static, of(c.Table)), append(stays, of(best)), append(forward, of(before))
		bound = append(bound, report.Fraction(b.Imbalance(b.Bound())))
		before = b.Even(before)
	}
	o.Windows = uint64(len(bound))
	o.Static, o.Best, o.Forward, o.Bound = report.SpreadOf(static), report.SpreadOf(stays), report.SpreadOf(forward), report.SpreadOf(bound)
	return o
}

// overTime is that of a replay in which something could move; nil of another one.
func (a *ReportBuilder) overTime(r *report.Report) *report.OverTime {
	arrivals := a.Result.Arrivals()
	at := report.ComparedMode(r.Modes)
	if arrivals == nil || at < 0 || !a.Settings.Moves() || r.Modes[at].Mode == report.NonRSS {
		return nil
	}
	o := &report.OverTime{TablesOverTime: OverTime(arrivals, &a.Settings.Config)}
	o.Moved = r.Modes[at].Series.SpreadOver(o.Interval)
	if r.Moves() {
		o.Verdict = o.Judge(o.Moved)
	}
	return o
}
