package picture

import (
	"fmt"
	"image/color"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
)

const (
	listedMoves = 8  // times that are listed
	boldMoves   = 16 // times that are marked boldly
	moveApart   = 4  // pixels between two marks at least: of several so close the first is drawn
	placedMoves = 60 // times of which the CPUs that give and take are marked, too
)

// markMoves marks in a panel, from p.y down, the times at which something moves: a line,
// and where there are not too many, on the rows of the CPUs what they give, above, and what
// they take, below.
func (p *plot) markMoves(t *timePanel, left, inside, height float64) {
	whole := int64(t.columns) * int64(t.per) * t.mode.Series.Interval
	rowOf := map[int]int{} // by CPU
	for i, place := range t.places {
		rowOf[t.mode.Series.CPUs[place].CPU] = i
	}
	mark := func(x, y float64, c color.RGBA) {
		p.Rectangle(x-1, y-1, 5, 7, p.colors.shades[0], "") // seen on a bar of its own colour, too
		p.Rectangle(x, y, 3, 5, c, "")
	}
	last := -float64(moveApart)
	for i := range t.moves {
		row := &t.moves[i]
		x := left + inside*float64(row.Time)/float64(whole)
		if row.Time >= whole || x-last < moveApart {
			continue
		}
		last = x
		line := p.colors.faint
		if len(t.moves) > boldMoves {
			line = p.colors.line
		}
		p.Rectangle(x-0.5, p.y, 1, height*float64(len(t.places)), line, row.Sentence())
		if len(t.moves) > placedMoves {
			continue
		}
		for _, m := range row.Moves {
			if m.FromCPU == nil || m.ToCPU == nil {
				continue
			}
			if at, shown := rowOf[*m.FromCPU]; shown {
				mark(x-3, p.y+float64(at)*height+1, p.colors.hot)
			}
			if at, shown := rowOf[*m.ToCPU]; shown {
				mark(x, p.y+float64(at+1)*height-6, p.colors.ink)
			}
		}
	}
}

// moves says what moved in a mode, and lists the first times.
func (p *plot) moves(sentences []string, rows []report.MoveRow) {
	if len(rows) == 0 {
		return
	}
	p.section("What moved when", "")
	x, y := float64(plotWide-plotMargin), p.y
	f := p.label(picture.End)
	if len(rows) <= placedMoves {
		p.Text(x, y-8, "takes", f)
		x -= p.TextWidth("takes", f) + 8
		p.Rectangle(x, y-13, 3, 5, p.colors.ink, "")
		x -= 12
		p.Text(x, y-8, "a CPU gives", f)
		x -= p.TextWidth("a CPU gives", f) + 8
		p.Rectangle(x, y-16, 3, 5, p.colors.hot, "")
	}
	p.lines(strings.Join(sentences, " "), picture.Font{Size: factSize, Color: p.colors.ink}, 6)
	listed := rows[:min(len(rows), listedMoves)]
	for i := range listed {
		p.lines(listed[i].Sentence(), picture.Font{Size: factSize, Color: p.colors.faint}, 1)
	}
	if more := len(rows) - len(listed); more > 0 {
		p.lines(fmt.Sprintf("And %s more; the JSON report has every move.", words.Plural(uint64(more), "time", "times")), picture.Font{Size: factSize, Color: p.colors.faint}, 1)
	}
}
