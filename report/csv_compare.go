package report

import (
	"slices"
	"strings"
)

// CompareCSVTables are the tables of a comparison: its figures come first, a row for
// each scenario; then the best scenario of each metric; then those of a report, with
// the scenario's name before each row.
func CompareCSVTables() []CSVTable[Compare] {
	tables := []CSVTable[Compare]{
		{"figures", csvFigureHeads, csvFigures},
		{"best", func(*Compare) []string { return []string{"metric", "scenario"} }, csvBest},
	}
	for _, t := range CSVTables() {
		if t.Name == "flows" || t.Name == "findings" { // a comparison has none
			continue
		}
		tables = append(tables, CSVTable[Compare]{
			t.Name, func(*Compare) []string { return append([]string{"scenario"}, t.heads(nil)...) },
			func(c *Compare, row func(cells ...any)) {
				for i := range c.Scenarios {
					s := &c.Scenarios[i]
					of := Report{Table: s.Table, Modes: s.Modes, Parameters: s.Parameters}
					t.rows(&of, func(cells ...any) { row(slices.Insert(cells, 0, any(s.Name))...) })
				}
			},
		})
	}
	return tables
}

func csvFigureHeads(*Compare) []string {
	heads := []string{"scenario", "mode"}
	for _, f := range figures() {
		label, of := strings.CutPrefix(f.label, indent)
		if of { // it is one of the figure before
			label = heads[len(heads)-1] + ": " + label
		}
		heads = append(heads, label)
	}
	return heads
}

// csvFigures has whole numbers without decimals.
func csvFigures(c *Compare, row func(cells ...any)) {
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		cells := []any{s.Name, s.Compared}
		for _, f := range figures() {
			v := f.of(s)
			if whole := int64(v); Fraction(whole) == v { // counts and times are, and lose nothing below 2^53
				cells = append(cells, whole)
			} else {
				cells = append(cells, v)
			}
		}
		row(cells...)
	}
}

func csvBest(c *Compare, row func(cells ...any)) {
	for _, best := range c.Best() {
		var name any
		if best.Scenario != nil {
			name = *best.Scenario
		}
		row(best.Metric, name)
	}
}
