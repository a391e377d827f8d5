package csv

import (
	"fmt"

	"rssreplay/report"
)

// VerifyTables are the tables of a verification.
func VerifyTables() []Table[report.Verify] {
	return []Table[report.Verify]{
		table("queues", "queue predicted seen", func(v *report.Verify, row func(cells ...any)) {
			for _, q := range v.Queues {
				row(q.Queue, q.Predicted, q.Seen)
			}
		}),
		table("cpus", "cpu predicted seen", func(v *report.Verify, row func(cells ...any)) {
			for _, c := range v.CPUs {
				row(c.CPU, c.Predicted, c.Seen)
			}
		}),
		table("verdict", "what value", verdictRows),
		parameters(func(v *report.Verify) report.Parameters { return v.Parameters }),
	}
}

// verdictRows is the verdict, what it rests on in words, and its numbers.
func verdictRows(v *report.Verify, row func(cells ...any)) {
	agrees := "unknown"
	if v.Agrees != nil {
		agrees = fmt.Sprint(*v.Agrees)
	}
	row("agrees", agrees)
	row("verdict", v.Verdict)
	for _, e := range append(v.Sentences(), v.Evidence...) {
		row("evidence", e)
	}
	row("source", v.Source)
	row("unit", v.Unit)
	if f := v.Fit; f != nil {
		row("alpha", f.Alpha)
		row("beta_packets", f.Beta)
		row("beta_queue", f.Queue)
		row("residual", f.Residual)
	}
	if n := v.Null; n != nil {
		row("null_trials", n.Trials)
		row("null_least", n.Least)
		row("null_as_good", n.AsGood)
	}
}
