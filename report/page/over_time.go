package page

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// imbalanceRows is the imbalance over time: a row of Columns by 100 for each scenario.
type imbalanceRows struct {
	Rows  []imbalanceRow
	Key   string
	Left  string // about the scenarios that are not shown, "" when all are
	Best  string // where the best table that stays is on average, from 0 to 100 down; "" for none
	Ticks []plotText

	Length int64 // ns
}

// imbalanceRow is one scenario's.
type imbalanceRow struct {
	Name, Class, Tip, Mean, Path string
	Columns                      int
	Moves                        []timeMark
}

// lineColumns are as many values as a line has.
const lineColumns = 320

// newImbalanceRows is nil where no line would have two values.
func newImbalanceRows(c *report.Compare) *imbalanceRows {
	lines := c.ImbalanceLines(lineColumns)
	if len(lines.Lines) == 0 {
		return nil
	}
	h := &imbalanceRows{Length: lines.Length, Key: "Imbalance " + lines.Key() + "."}
	if len(lines.Lines) < len(c.Scenarios) {
		h.Left = fmt.Sprintf("Shown are the first %d of %d scenarios.", len(lines.Lines), len(c.Scenarios))
	}
	if o := c.OverTime; o != nil && !o.Best.Mean.IsNull() {
		h.Best = decimal(100 - 100*lines.Height(o.Best.Mean))
		h.Key += fmt.Sprintf(" Dashed: the best table that stays, %s on average. Ticks above a row: something moves.", words.Fixed(o.Best.Mean, 2))
	}
	across := func(at int64) string { return decimal(100 * float64(at) / float64(lines.Length)) }
	for i := range lines.Lines {
		line := &lines.Lines[i]
		row := imbalanceRow{Name: words.Shown(line.Name), Class: heatClass(line.Mean), Tip: line.Tip(), Mean: words.None, Columns: 1}
		if !line.Mean.IsNull() {
			row.Mean = "mean " + words.Fixed(line.Mean, 3)
		}
		if line.Column > 0 {
			row.Columns = int(lines.Length / line.Column) // shorter lines end earlier
		}
		const even = 2 // of 100: it is seen, too
		values := make([]uint64, len(line.Values))
		for k, height := range lines.Heights(line) {
			if height >= 0 {
				values[k] = max(uint64(height*100), even)
			}
		}
		row.Path = areaPath(values, 100)
		marked := int64(-1)
		for k := range line.Moves {
			at := line.Moves[k].Time
			if place := at / max(lines.Length/mostMoves, 1); at < lines.Length && place != marked {
				marked = place
				row.Moves = append(row.Moves, timeMark{At: at, X: across(at), Tip: line.Moves[k].Sentence()})
			}
		}
		h.Rows = append(h.Rows, row)
	}
	for _, tick := range draw.TimeTicks(lines.Length, float64(lines.Length)/plotTicks) {
		h.Ticks = append(h.Ticks, plotText{X: across(tick.At), Text: tick.Text})
	}
	return h
}

// overTime is a row for each scenario, and for tables that nobody gave, where entries could
// move.
func (h *compareBody) overTime(c *report.Compare) {
	o := c.OverTime
	if o == nil {
		return
	}
	figures := &table{ID: "over-time", Caption: words.UpperFirst(o.Title()), Head: heads("", "*mean", "*p95", "*worst", "*min to max", "*moves/s", "*flows disturbed")}
	names := report.ScenarioHeads(c.Scenarios)
	for _, of := range o.Rows(names) {
		row := []cell{headCell(of.Name), fixedCell(of.Spread.Mean, 3), fixedCell(of.Spread.P95, 3), fixedCell(of.Spread.Worst, 3),
			fractionCell(of.Spread.MinMaxPercent, func(report.Fraction) string { return of.MinMax() })}
		if s := of.Scenario; s != nil {
			row = append(row, fixedCell(s.MovesPerSecond, 1), exactCell(s.FlowsDisturbed))
		} else {
			row = append(row, nullCell(), nullCell())
		}
		figures.row(row...)
	}
	if len(figures.Rows) > 0 {
		h.OverTime = figures
	}
	h.Verdicts = append(o.Verdicts(names), o.Key())
}
