package page

import (
	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// overTime is a row for each scenario, and for tables that nobody gave, where entries could
// move.
func (h *htmlCompare) overTime(c *report.Compare) {
	o := c.OverTime
	if o == nil {
		return
	}
	h.OverTime = &htmlTable{ID: "over-time", Caption: words.UpperFirst(o.Title()), Head: heads("", "*mean", "*p95", "*worst", "*min to max", "*moves/s", "*flows disturbed")}
	names := report.ScenarioHeads(c.Scenarios)
	imbalance := func(f report.Fraction) htmlCell {
		return fractionCell(f, func(f report.Fraction) string { return words.Fixed(f, 3) })
	}
	for _, of := range o.Rows(names) {
		row := []htmlCell{headCell(of.Name), imbalance(of.Spread.Mean), imbalance(of.Spread.P95), imbalance(of.Spread.Worst)}
		if s := of.Scenario; s != nil {
			row = append(row, fractionCell(s.MinMaxPercent, func(report.Fraction) string { return of.MinMax() }),
				fractionCell(s.MovesPerSecond, func(f report.Fraction) string { return words.Fixed(f, 1) }), exactCell(s.FlowsDisturbed))
		} else {
			row = append(row, nullCell(), nullCell(), nullCell())
		}
		h.OverTime.row(row...)
	}
	h.Verdicts = append(o.Verdicts(names), report.OverTimeKey)
}
