package text

import (
	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// scenariosOverTime is a row for each scenario, and for tables that nobody gave: how even
// the windows are, and what moving entries took. o is nil where nothing could move.
func (t *writer) scenariosOverTime(o *report.ScenariosOverTime, heads []string) {
	if o == nil {
		return
	}
	t.heading("OVER TIME", "imbalance of packets in "+words.Plural(o.Windows, "window", "windows")+" of "+words.Nanoseconds(o.Interval))
	g := grid{keys: 1, columns: []column{{left: true}, {head: "mean"}, {head: "p95"}, {head: "worst"}, {head: "min to max"}, {head: "moves/s"}, {head: "disturbed"}}}
	spread := func(s report.Spread) []cell {
		return []cell{plainCell(words.Fixed(s.Mean, 3)), plainCell(words.Fixed(s.P95, 3)), plainCell(words.Fixed(s.Worst, 3))}
	}
	for i, s := range o.Scenarios {
		row := append([]cell{plainCell(heads[i])}, spread(s.Imbalance)...)
		percent := words.None
		if !s.MinMaxPercent.IsNull() {
			percent = words.Fixed(s.MinMaxPercent, 0) + " %"
		}
		g.row(append(row, plainCell(percent), plainCell(words.Fixed(s.MovesPerSecond, 1)), plainCell(words.Exact(s.FlowsDisturbed)))...)
	}
	for _, of := range []struct {
		name string
		of   report.Spread
	}{{"best table that stays", o.Best}, {"best of the window before", o.Forward}, {"bound", o.Bound}} {
		g.row(append(append([]cell{plainCell(of.name)}, spread(of.of)...), plainCell(words.None), plainCell(words.None), plainCell(words.None))...)
	}
	t.grid(&g)
	for i, s := range o.Scenarios {
		if s.Verdict != "" {
			conclusion, _ := o.Sentences(s.Imbalance)
			t.line("")
			t.para("", 0, words.Clean(heads[i])+": "+conclusion+" ["+s.Verdict+"]", report.Plain)
		}
	}
	t.line("")
	t.para("", 0, "The last three rows are of tables under the first scenario's hashes and CPUs, found from what arrived: the best that stays knowing the whole capture; for each window the best of the one before, moved for free; and what no table of a window gets below. They tell of packets alone: drops and latency are replayed for the scenarios. “min to max” is RSS++'s own measure, from tick to tick; “disturbed” the flows that met entries which moved.", report.Plain)
}
