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

// windowTasks is the packets of each window that is judged, as a task of spreading them,
// and of all windows together, under a configuration whose packets meet the same entries and
// rules as those of the arrivals. Its other queues and CPUs are its own.
func windowTasks(arrivals *dispatch.Arrivals, c *engine.Config) (judged []*balance.Task, whole *balance.Task) {
	task := func() *balance.Task {
		return &balance.Task{Entries: make([]uint64, len(c.Table)), Fixed: make([]uint64, len(c.CPUs)), QueueCPU: c.QueueCPU}
	}
	whole = task()
	for _, window := range arrivals.Windows {
		b := task()
		for i, n := range window {
			if n == 0 {
				continue // of a queue that c need not have, too
			}
			queue := i - len(c.Table)
			if queue == arrivals.DefaultQueue {
				queue = c.DefaultQueue
			}
			for _, to := range []*balance.Task{b, whole} {
				if i < len(c.Table) {
					to.Entries[i] += uint64(n)
				} else {
					to.Fixed[c.QueueCPU[queue]] += uint64(n)
				}
			}
		}
		if b.Total() >= report.LeastOfWindow*uint64(len(c.CPUs)) {
			judged = append(judged, b)
		}
	}
	return judged, whole
}

// OverTime is how evenly tables that stay, and those that follow the load, would spread
// the packets over time, under the affinity of c.
func OverTime(arrivals *dispatch.Arrivals, c *engine.Config) report.TablesOverTime {
	judged, whole := windowTasks(arrivals, c)
	static, best := spreadOf(judged, c.Table), whole.Even(c.Table)
	stays := spreadOf(judged, best)
	if static.Mean < stays.Mean { // what is even on the whole need not be so in each window
		best, stays = c.Table, static
	}
	loads := whole.CPULoads(best)
	before := best // the first window has none before it
	var forward report.WindowLoads
	var bound []report.Fraction
	var chance report.Fraction
	for _, b := range judged {
		chance += report.ChanceOfWindow(b.Total(), loads) / report.Fraction(len(judged))
		forward.Add(b.CPULoads(before))
		bound = append(bound, report.Fraction(b.Imbalance(b.Bound())))
		before = b.Even(before)
	}
	return report.TablesOverTime{
		Interval: arrivals.Interval, Windows: uint64(len(judged)), Static: static,
		Best: stays, Forward: forward.Spread(), Bound: report.SpreadOf(bound), Chance: chance,
	}
}

// SpreadUnder is how even the windows are under the table and the affinity of c, which
// stay.
func SpreadUnder(arrivals *dispatch.Arrivals, c *engine.Config) report.Spread {
	judged, _ := windowTasks(arrivals, c)
	return spreadOf(judged, c.Table)
}

// spreadOf is how even the windows are under a table that stays.
func spreadOf(judged []*balance.Task, table nicmodel.IndirectionTable) report.Spread {
	var loads report.WindowLoads
	for _, b := range judged {
		loads.Add(b.CPULoads(table))
	}
	return loads.Spread()
}

// SpreadMoved is how even the windows are of what arrived for each CPU, as it was moved.
func SpreadMoved(arrived *engine.Windows, interval int64) report.Spread {
	s := report.Series{Interval: arrived.Interval}
	for _, packets := range arrived.Packets {
		s.CPUs = append(s.CPUs, report.SeriesCPU{Packets: packets})
	}
	return s.SpreadOver(interval)
}

// tablesOverTime is that of a replay in which something could move; nil of another one.
func (a *ReportBuilder) tablesOverTime() *report.TablesOverTime {
	arrivals := a.Result.Arrivals()
	if arrivals == nil || !a.Settings.Moves() || a.Settings.Config.RPS.Steers() {
		return nil // where packets work is not where the table sends them
	}
	return new(OverTime(arrivals, &a.Settings.Config))
}

// overTime is tables beside what moved; nil where no mode has tables.
func (a *ReportBuilder) overTime(tables *report.TablesOverTime, r *report.Report) *report.OverTime {
	at := report.ComparedMode(r.Modes)
	if tables == nil || at < 0 || a.Result.Modes[at].Arrived == nil {
		return nil // nothing is sent by them
	}
	o := &report.OverTime{TablesOverTime: *tables}
	o.Moved = SpreadMoved(a.Result.Modes[at].Arrived, o.Interval)
	if r.Moves() {
		o.Verdict = o.Judge(o.Moved, r.Modes[at].Rebalance != nil)
	}
	return o
}
