package picture

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
)

const (
	lineTall = 48 // the height of a row of few
	lineLow  = 28
)

// imbalanceLines is the imbalance over time, a row for each scenario, all at one scale, with
// the times marked at which something moves.
func (p *plot) imbalanceLines(c *report.Compare) {
	const left, inside = plotMargin + nameRoom, plotInside - nameRoom - figureRoom
	lines := c.ImbalanceLines(inside / pointsWidth)
	if len(lines.Lines) == 0 {
		return
	}
	key := lines.Key()
	if len(lines.Lines) < len(c.Scenarios) {
		key += fmt.Sprintf("; the first %d of %d scenarios", len(lines.Lines), len(c.Scenarios))
	}
	p.section("Imbalance over time", key)
	height := float64(lineTall)
	if len(lines.Lines) > wideStrips {
		height = lineLow
	}
	p.y += 4
	top := p.y
	heads := report.HeadsWithin(c.Scenarios, nameColumns)
	for i := range lines.Lines {
		p.imbalanceLine(&lines, i, heads[i], left, inside, height)
	}
	p.Rectangle(left, p.y, inside, 1, p.colors.line, "")
	if o := c.OverTime; o != nil && !o.Best.Mean.IsNull() {
		// What a table that stays reaches, beside what moving does.
		up := lines.Height(o.Best.Mean)
		for i := range lines.Lines {
			p.Dashes(left, top+(float64(i)+1-up)*height, inside, p.colors.ink)
		}
		f := picture.Font{Size: labelSize, Color: p.colors.ink, Anchor: picture.Start}
		p.Text(left, p.y+30, fmt.Sprintf("dashed: the best table that stays, %s on average; ticks above a row: something moves", words.Fixed(o.Best.Mean, 2)), f)
	}
	for _, tick := range draw.FewTimeTicks(lines.Length) {
		x := left + inside*float64(tick.At)/float64(lines.Length)
		p.Rectangle(x, p.y, 1, 4, p.colors.faint, "")
		p.Text(x, p.y+15, tick.Text, p.label(picture.Start))
	}
	p.y += numbers
	if c.OverTime != nil {
		p.y += 12
		for _, verdict := range c.OverTime.Verdicts(heads) {
			p.lines(verdict, picture.Font{Size: factSize, Color: p.colors.ink}, 2)
		}
	}
}

// imbalanceLine is the row of one scenario.
func (p *plot) imbalanceLine(lines *report.ImbalanceLines, i int, head string, left, inside, height float64) {
	line := &lines.Lines[i]
	f := picture.Font{Size: factSize, Color: p.colors.ink, Anchor: picture.End}
	p.Text(left-8, p.y+height/2+4, p.fitName(line.Name, head, f, nameRoom-8), f)
	bottom := p.y + height
	p.Rectangle(left, bottom-0.5, inside, 0.5, p.colors.grid, "")
	text := words.None
	if !line.Mean.IsNull() {
		text = "mean " + words.Fixed(line.Mean, 3)
		heights := lines.Heights(line)
		for k, h := range heights { // one that is even is seen, too
			if h == 0 {
				heights[k] = 1e-9
			}
		}
		width := inside * float64(int64(len(line.Values))*line.Column) / float64(lines.Length)
		p.Steps(left, p.y+2, width, height-2, heights, p.colors.load(line.Mean), line.Tip())
	}
	last := -float64(moveApart)
	for k := range line.Moves {
		x := left + inside*float64(line.Moves[k].Time)/float64(lines.Length)
		if line.Moves[k].Time < lines.Length && x-last >= moveApart {
			last = x
			p.Rectangle(x-0.5, p.y+1, 1, 5, p.colors.ink, line.Moves[k].Sentence())
		}
	}
	f.Anchor = picture.Start
	p.Text(left+inside+6, p.y+height/2+4, text, f)
	p.y += height
}
