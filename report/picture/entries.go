package picture

import (
	"fmt"
	"image"
	"image/color"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
)

// The map of entries: up to LabelledEntries have a cell each, with the CPU in it;
// of more a cell is one dot of a raster.
const (
	plotCellColumns = 32
	plotCellHeight  = 19
	plotDotColumns  = 128
	plotDotHeight   = 9

	entryRoom = 46 // for the entries' numbers, to the left
)

// entries is the indirection table, the first one where it moves, as a map of loads.
func (p *plot) entries(table *report.TableReport, moves bool) {
	m := draw.NewEntryMap(table, draw.MappedEntries)
	if m == nil {
		if table.Size > 0 {
			p.section("Indirection table", "no received packet was hashed, so no entry was asked")
		}
		return
	}
	key := m.Lead(table)
	if moves {
		key += draw.FirstTable
	}
	labelled := m.Entries <= draw.LabelledEntries
	switch {
	case labelled:
		key += " The number is the entry's CPU."
	case m.Folded > 1:
		key += fmt.Sprintf(" A dot is %d entries.", m.Folded)
	}
	p.section("Indirection table", key)
	columns, height := plotCellColumns, float64(plotCellHeight)
	if !labelled {
		columns, height = plotDotColumns, plotDotHeight
	}
	cells := len(m.Loads)
	rows := (cells + columns - 1) / columns
	left, each := float64(plotMargin+entryRoom), float64(plotInside-entryRoom)/float64(columns)
	for row := range rows {
		if every := max(1, 2*plotDotHeight/int(height)); row%every == 0 {
			first, _ := m.Ends(row * columns)
			p.Text(left-8, p.y+(float64(row)+0.5)*height+4, fmt.Sprint(first), p.label(picture.End))
		}
	}
	if labelled {
		for i := range cells {
			p.entry(table, m, i, left+float64(i%columns)*each, p.y+float64(i/columns)*height, each-1.5, height-1.5)
		}
	} else {
		dots := p.shadeRaster(columns, rows)
		for i := range cells {
			dots.SetColorIndex(i%columns, i/columns, uint8(m.Level(m.Loads[i])))
		}
		p.dots(left, p.y, each*float64(columns), height*float64(rows), dots)
	}
	p.y += height*float64(rows) + 8
	p.shadeKey(left, m.Doubling, words.Plural(m.Most, "packet", "packets"))
}

// entry is a cell of the map, with the entry's CPU, or its queue where the CPU is
// not known.
func (p *plot) entry(table *report.TableReport, m *draw.EntryMap, i int, x, y, width, height float64) {
	level := m.Level(m.Loads[i])
	p.shade(x, y, width, height, level, fmt.Sprintf("entry %d: %s: %s (%s)",
		i, table.PlaceInWords(i), words.Plural(m.Loads[i], "packet", "packets"), words.Percent(report.Ratio(m.Loads[i], m.Total))))
	place := table.Entries[i]
	if cpu, known := table.CPUOf(i); known {
		place = cpu
	}
	p.Text(x+width/2, y+height/2+4, fmt.Sprint(place), picture.Font{Size: labelSize, Color: p.colors.inkOn(level), Anchor: picture.Middle})
}

// shadeRaster is dots in the shades of levels.
func (p *plot) shadeRaster(columns, rows int) *image.Paletted {
	var shades color.Palette
	for _, shade := range p.colors.shades {
		shades = append(shades, shade)
	}
	return image.NewPaletted(image.Rect(0, 0, columns, rows), shades)
}

// dots draws a raster, in a frame.
func (p *plot) dots(x, y, width, height float64, dots *image.Paletted) {
	p.Rectangle(x-1, y-1, width+2, height+2, p.colors.line, "")
	p.Raster(x, y, width, height, dots)
}

// shade draws the shade of a level; that of 0 is the page's own, in a frame.
func (p *plot) shade(x, y, width, height float64, level int, tip string) {
	if level > 0 {
		p.Rectangle(x, y, width, height, p.colors.shades[level], tip)
		return
	}
	p.Framed(x, y, width, height, p.colors.shades[0], p.colors.line, tip)
}

// shadeKey says what shades mean, most being the deepest.
func (p *plot) shadeKey(x float64, doubling bool, most string) {
	const size = 11
	f := p.label(picture.Start)
	p.Text(x, p.y+size-1, "0", f)
	x += 12
	for level := range p.colors.shades {
		p.shade(x, p.y, 2*size, size, level, "")
		x += 2*size + 1
	}
	text := most + ", in eighths"
	if doubling {
		text = most + "; each step is twice the one before"
	}
	p.Text(x+6, p.y+size-1, text, f)
	p.y += size + 4
}
