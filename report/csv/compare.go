package csv

import (
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// CompareTables are the tables of a comparison: its figures come first, a row for
// each scenario; then the best scenario of each metric; then those of a report, with
// the scenario's name before each row.
func CompareTables() []Table[report.Compare] {
	tables := []Table[report.Compare]{figures(), best(), scenariosOverTime()}
	for _, t := range Tables() {
		switch t.Name {
		case "flows", "findings", "rules", "contexts", "over_time": // a comparison has none, or its own
			continue
		}
		tables = append(tables, table(t.Name, "scenario "+strings.Join(t.heads, " "), func(c *report.Compare, row func(cells ...any)) {
			for i := range c.Scenarios {
				s := &c.Scenarios[i]
				of := report.Report{Table: s.Table, Changes: s.Changes, Modes: s.Modes, Parameters: s.Parameters}
				t.rows(&of, func(cells ...any) { row(slices.Insert(cells, 0, any(s.Name))...) })
			}
		}))
	}
	return tables
}

// figures has a column for each; whole numbers are without decimals.
func figures() Table[report.Compare] {
	t := table("figures", "scenario mode", figureRows)
	t.more = func(c *report.Compare) (heads []string) {
		for _, f := range report.ComparedFigures(c.Scenarios) {
			label, of := strings.CutPrefix(f.Label, words.Indent)
			if of && len(heads) > 0 { // it is one of the figure before
				label = heads[len(heads)-1] + ": " + label
			}
			heads = append(heads, label)
		}
		return heads
	}
	return t
}

func figureRows(c *report.Compare, row func(cells ...any)) {
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		cells := []any{s.Name, s.Compared}
		for _, f := range report.ComparedFigures(c.Scenarios) {
			v := f.Of(s)
			if whole := int64(v); report.Fraction(whole) == v { // counts and times are, and lose nothing below 2^53
				cells = append(cells, whole)
			} else {
				cells = append(cells, v)
			}
		}
		row(cells...)
	}
}

func best() Table[report.Compare] {
	return table("best", "metric scenario", func(c *report.Compare, row func(cells ...any)) {
		for _, best := range c.Best() {
			row(best.Metric, best.Scenario)
		}
	})
}
