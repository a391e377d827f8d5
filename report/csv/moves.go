package csv

import "rssreplay/report"

// moves is a row for each entry that went to another queue, and each queue that went to
// another CPU, which has no entry.
func moves() Table[report.Report] {
	return table("moves", "mode time_ns by source entry from_queue to_queue from_cpu to_cpu flows", func(r *report.Report, row func(cells ...any)) {
		for i := range r.Modes {
			m := &r.Modes[i]
			for _, at := range r.MoveRows(m) {
				for _, item := range at.Moves {
					row(m.Mode, at.Time, at.Kind, at.Source, item.Entry, item.From, item.To, item.FromCPU, item.ToCPU, item.Flows)
				}
			}
		}
	})
}

// overTime is the replay, in which something could move, and tables that nobody gave, as
// the JSON names them.
func overTime() Table[report.Report] {
	return table("over_time", "tables windows interval_ns imbalance_mean imbalance_p95 imbalance_worst min_max_percent verdict", func(r *report.Report, row func(cells ...any)) {
		o := r.OverTime
		if o == nil {
			return
		}
		spread := func(name string, s report.Spread, verdict string) {
			row(name, o.Windows, o.Interval, s.Mean, s.P95, s.Worst, s.MinMaxPercent, verdict)
		}
		spread("moved", o.Moved, o.Verdict)
		spread("static", o.Static, "")
		spread("best_static", o.Best, "")
		spread("forward", o.Forward, "")
		spread("bound", o.Bound, "")
	})
}

// scenariosOverTime is the scenarios, and then tables that nobody gave.
func scenariosOverTime() Table[report.Compare] {
	return table("over_time", "scenario tables windows interval_ns imbalance_mean imbalance_p95 imbalance_worst min_max_percent "+
		"min_max_percent_mean moves moves_per_second flows_disturbed verdict", func(c *report.Compare, row func(cells ...any)) {
		o := c.OverTime
		if o == nil {
			return
		}
		for _, s := range o.Scenarios {
			row(s.Name, nil, o.Windows, o.Interval, s.Imbalance.Mean, s.Imbalance.P95, s.Imbalance.Worst, s.Imbalance.MinMaxPercent, s.MinMaxPercent, s.Moves, s.MovesPerSecond, s.FlowsDisturbed, s.Verdict)
		}
		for _, of := range []struct {
			name   string
			spread report.Spread
		}{{"static", o.Static}, {"best_static", o.Best}, {"forward", o.Forward}, {"bound", o.Bound}} {
			row(nil, of.name, o.Windows, o.Interval, of.spread.Mean, of.spread.P95, of.spread.Worst, of.spread.MinMaxPercent, nil, nil, nil, nil, nil)
		}
	})
}
