package report

import "fmt"

// VerifyCSVTables are the tables of a verification.
func VerifyCSVTables() []CSVTable[Verify] {
	return []CSVTable[Verify]{
		{"queues", func(*Verify) []string { return []string{"queue", "predicted", "seen"} }, func(v *Verify, row func(cells ...any)) {
			for _, q := range v.Queues {
				row(q.Queue, q.Predicted, q.Seen)
			}
		}},
		{"verdict", func(*Verify) []string { return []string{"what", "value"} }, func(v *Verify, row func(cells ...any)) { v.verdictRows(row) }},
		parametersTable(func(v *Verify) Parameters { return v.Parameters }),
	}
}

// verdictRows is the verdict, what it rests on in words, and its numbers.
func (v *Verify) verdictRows(row func(cells ...any)) {
	agrees := "unknown"
	if v.Agrees != nil {
		agrees = fmt.Sprint(*v.Agrees)
	}
	row("agrees", agrees)
	row("verdict", v.Verdict)
	for _, e := range append(v.sentences(), v.Evidence...) {
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
