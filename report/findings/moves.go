package findings

import (
	"strings"

	"rssreplay/report"
)

// tableMoved: what was moved while packets arrived. What follows from one table is not
// said then.
func (d *diagnosis) tableMoved() *report.Finding {
	if d.mode == nil || !d.r.Moves() && d.mode.Rebalance == nil {
		return nil
	}
	say := d.r.MovesSentences(d.mode)
	if len(say) == 0 {
		return nil
	}
	f := &report.Finding{
		ID: "moves", Severity: report.Note, Summary: say[0], Evidence: strings.Join(say[1:], " "),
		Figures: report.Numbers{"migrations": d.mode.Affinity.Migrations, "reordered": d.mode.Totals.Reordered},
	}
	if b := d.mode.Rebalance; b != nil {
		f.Figures["ticks"], f.Figures["moves"], f.Figures["flows_moved"] = b.Ticks, b.Moves, b.Flows
	} else if c := d.r.Changes; c != nil {
		f.Figures["moves"], f.Figures["flows_moved"] = c.Moves, c.Flows
	}
	return f
}

// moving: whether moving entries makes the load more even than a table that stays.
func (d *diagnosis) moving() *report.Finding {
	o := d.r.OverTime
	if d.mode == nil || o == nil || o.Verdict == "" || !d.timed() {
		return nil
	}
	conclusion, figures := o.Sentences(o.Verdict, o.Moved)
	var f report.Finding
	switch o.Verdict {
	case report.MovingHelps:
		f = report.Finding{ID: "moving-helps"}
	case report.MovingDoesNot:
		f = report.Finding{ID: "moving-does-not", Remedy: d.run("suggest") + " looks for a table that stays."}
	default:
		f = report.Finding{ID: "churny"}
		if d.mode.Rebalance != nil {
			f.Remedy = "A shorter --rebalance-every may follow the load; it moves more flows."
		}
	}
	f.Severity, f.Summary, f.Evidence = report.Note, conclusion, figures
	f.Figures = report.Numbers{"windows": o.Windows, "moved": o.Moved.Mean, "static": o.Static.Mean, "best_static": o.Best.Mean, "forward": o.Forward.Mean, "bound": o.Bound.Mean}
	return &f
}

// ofOneTable tells whether a finding is about a table, or an affinity, that stays.
func ofOneTable(id string) bool {
	switch id {
	case "one-queue", "single-queue", "queues-share-cpu", "cpus-missed", "lopsided-table", "uneven-table", "colliding-flows", "uneven-hash", "better-table":
		return true
	}
	return false
}
