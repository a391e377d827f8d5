package picture

import (
	"fmt"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
	"rssreplay/report/page"
)

// Over time, up to areaRows CPUs have an area each; of more each is a row of dots,
// at most TimeRows of them.
const (
	areaRows = 32

	timeGap     = 28 // between modes side by side
	timeRoom    = 34 // for the CPUs' numbers, to the left
	pointsWidth = 2  // pixels of a column at least
)

// timePanel is a mode's packets over time.
type timePanel struct {
	mode    *report.Mode
	moves   []report.MoveRow
	places  []int // of the CPUs in the series
	rows    [][]uint64
	per     int // windows to a column
	x       float64
	width   float64
	columns int
}

// overTime is the packets of each CPU over time, two modes side by side, all at one
// scale, and what moved while they came.
func (p *plot) overTime(r *report.Report) {
	var panels []*timePanel
	nothing := ""
	for i := range r.Modes {
		m := &r.Modes[i]
		if why := draw.NothingOverTime(r, m); why != "" {
			nothing = why
			continue
		}
		if m.Imbalance.BusiestWindow != nil && m.Series.Windows() > 0 {
			panels = append(panels, &timePanel{mode: m, moves: r.MoveRows(m), width: (plotInside - timeGap) / 2, x: plotMargin})
		}
	}
	if len(panels) == 0 {
		if nothing != "" {
			p.section("Packets per CPU over time", nothing)
		}
		return
	}
	if len(panels) == 1 {
		panels[0].width = plotInside
	}
	var rows [][]uint64 // all that are shown
	column := ""
	for i, t := range panels {
		t.x += float64(i%2) * (t.width + timeGap)
		s := &t.mode.Series
		t.places = s.MostLoaded(page.TimeRows)
		t.rows, t.per = s.Columns(int((t.width - timeRoom) / pointsWidth))
		t.columns = len(t.rows[0])
		column = words.ExactDuration(int64(t.per) * s.Interval)
		for _, place := range t.places {
			rows = append(rows, t.rows[place])
		}
	}
	shades := draw.ShadesOf(rows...)
	areas := len(panels[0].places) <= areaRows
	key := fmt.Sprintf("a dot is %s", column)
	if areas {
		key = fmt.Sprintf("a column is %s; a full one is %s", column, words.Plural(shades.Most, "packet", "packets"))
	}
	if len(panels) > 1 {
		key += "; all modes at one scale"
	}
	p.section("Packets per CPU over time", key)
	for i := 0; i < len(panels); i += 2 {
		top, end := p.y, p.y
		for _, t := range panels[i:min(i+2, len(panels))] {
			p.y = top
			p.timePanel(t, shades, areas)
			end = max(end, p.y)
		}
		p.y = end
	}
	if !areas {
		p.shadeKey(plotMargin+timeRoom, shades.Doubling, words.Plural(shades.Most, "packet", "packets"))
	}
	if at := report.ComparedMode(r.Modes); r.Moves() {
		p.moves(r.MovesSentences(&r.Modes[at]), r.MoveRows(&r.Modes[at]))
	}
}

func (p *plot) timePanel(t *timePanel, shades draw.Shades, areas bool) {
	f := picture.Font{Size: factSize, Bold: true, Color: p.colors.ink}
	p.y += stripHead
	p.Text(t.x, p.y-6, p.Fit(plotName(t.mode.Mode), f, t.width/2), f)
	if left := len(t.mode.Series.CPUs) - len(t.places); left > 0 {
		p.Text(t.x+t.width, p.y-6, fmt.Sprintf("the %d most loaded of %d CPUs", len(t.places), len(t.mode.Series.CPUs)), p.label(picture.End))
	}
	height := rowHeight(len(t.places))
	left, inside := t.x+timeRoom, t.width-timeRoom
	if areas {
		p.timeAreas(t, shades.Most, left, inside, height)
	} else {
		dots := p.shadeRaster(t.columns, len(t.places))
		for i, place := range t.places {
			for at, n := range t.rows[place] {
				dots.SetColorIndex(at, i, uint8(shades.Level(n)))
			}
		}
		p.dots(left, p.y, inside, height*float64(len(t.places)), dots)
	}
	p.markMoves(t, left, inside, height)
	every := 1
	for float64(every)*height < labelSize {
		every *= 2
	}
	for i := 0; i < len(t.places); i += every {
		p.Text(left-6, p.y+(float64(i)+0.5)*height+4, fmt.Sprint(t.mode.Series.CPUs[t.places[i]].CPU), p.label(picture.End))
	}
	p.y += height * float64(len(t.places))
	p.Rectangle(left, p.y, inside, 1, p.colors.line, "")
	p.timeTicks(t, left, inside)
	p.y += numbers + 10
}

// rowHeight is the height of a CPU's row.
func rowHeight(rows int) float64 {
	switch {
	case rows <= 8:
		return 26
	case rows <= 16:
		return 18
	case rows <= areaRows:
		return 12
	case rows <= 2*areaRows:
		return 5
	}
	return 3
}

func (p *plot) timeAreas(t *timePanel, most uint64, left, inside, height float64) {
	var total uint64
	for i := range t.mode.Series.CPUs {
		total += t.mode.Series.CPUs[i].Total()
	}
	for i, place := range t.places {
		cpu := &t.mode.Series.CPUs[place]
		values := make([]float64, t.columns)
		for at, n := range t.rows[place] {
			values[at] = float64(n) / float64(most)
		}
		bottom := p.y + float64(i+1)*height
		p.Rectangle(left, bottom-0.5, inside, 0.5, p.colors.grid, "")
		if cpu.Total() == 0 {
			continue
		}
		fill := p.colors.load(report.Ratio(cpu.Total(), total) * report.Fraction(len(t.mode.Series.CPUs)))
		p.Steps(left, bottom-height+1.5, inside, height-1.5, values, fill,
			fmt.Sprintf("%s: CPU %d: %s, at most %s at once", plotName(t.mode.Mode), cpu.CPU, words.Plural(cpu.Total(), "packet", "packets"), words.Exact(slices.Max(t.rows[place]))))
	}
}

// timeTicks is the time below a panel.
func (p *plot) timeTicks(t *timePanel, left, inside float64) {
	whole := float64(int64(t.columns) * int64(t.per) * t.mode.Series.Interval)
	end := int64(t.mode.Series.Windows()) * t.mode.Series.Interval
	for _, tick := range draw.FewTimeTicks(end) {
		x := left + inside*float64(tick.At)/whole
		p.Rectangle(x, p.y, 1, 4, p.colors.faint, "")
		p.Text(x, p.y+15, tick.Text, p.label(picture.Start))
	}
}
