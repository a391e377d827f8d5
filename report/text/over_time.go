package text

import (
	"cmp"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// scenariosOverTime is a row for each scenario, and for tables that nobody gave: how even
// the windows are, and what moving entries took. o is nil where nothing could move.
func (t *writer) scenariosOverTime(o *report.ScenariosOverTime, heads []string) {
	if o == nil {
		return
	}
	t.heading("OVER TIME", o.Title())
	g := grid{keys: 1, columns: []column{{left: true}, {head: "mean"}, {head: "p95"}, {head: "worst"}, {head: "min to max"}, {head: "moves/s"}, {head: "disturbed"}}}
	rows := o.Rows(heads)
	for _, of := range rows {
		moves, disturbed := words.None, words.None
		if s := of.Scenario; s != nil {
			moves, disturbed = words.Fixed(s.MovesPerSecond, 1), words.Exact(s.FlowsDisturbed)
		}
		g.texts(of.Name, words.Fixed(of.Spread.Mean, 3), words.Fixed(of.Spread.P95, 3), words.Fixed(of.Spread.Worst, 3),
			cmp.Or(of.MinMax(), words.None), moves, disturbed)
	}
	if len(rows) > 0 {
		t.grid(&g)
		for _, verdict := range o.Verdicts(heads) {
			t.line("")
			t.say(verdict)
		}
		t.line("")
	}
	t.say(o.Key())
}
