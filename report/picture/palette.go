package picture

import (
	"fmt"
	"image/color"
	"regexp"
	"strconv"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
)

// palette is the colours of the page in its light scheme: its style has the one
// definition. They can be told apart by those who don't see all colours, and by
// their lightness alone.
type palette struct {
	ink, faint, line, grid color.RGBA
	bar, warm, hot         color.RGBA
	warmInk, hotInk        color.RGBA
	onDeep                 color.RGBA    // text on the deep ones of shades
	shades                 [9]color.RGBA // of the levels 0 to 8
}

// deepLevel is the first of the levels that are so dark that text is white on it.
const deepLevel = 6

var styleColor = regexp.MustCompile(`--([a-z0-9-]+): light-dark\(#([0-9a-f]{6}),`)

func newPalette() (*palette, error) {
	colors := map[string]color.RGBA{}
	for _, m := range styleColor.FindAllStringSubmatch(string(draw.StyleSheet), -1) {
		rgb, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil {
			return nil, err
		}
		colors[m[1]] = color.RGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 0xff}
	}
	p := &palette{}
	names := map[string]*color.RGBA{
		"ink": &p.ink, "faint": &p.faint, "line": &p.line, "grid": &p.grid, "bar": &p.bar, "warm": &p.warm, "hot": &p.hot,
		"warm-ink": &p.warmInk, "hot-ink": &p.hotInk, "on-deep": &p.onDeep, "sheet": &p.shades[0],
	}
	for i := 1; i < len(p.shades); i++ {
		names[fmt.Sprint("h", i)] = &p.shades[i]
	}
	for name, to := range names {
		c, ok := colors[name]
		if !ok {
			return nil, fmt.Errorf("style.css has no colour --%s", name)
		}
		*to = c
	}
	return p, nil
}

// load is the colour of a load that is timesMean the mean.
func (p *palette) load(timesMean report.Fraction) color.RGBA {
	switch report.Heat(timesMean) {
	case report.Hot:
		return p.hot
	case report.Warm:
		return p.warm
	}
	return p.bar
}

// inkOn is the colour of text on the shade of a level.
func (p *palette) inkOn(level int) color.RGBA {
	if level >= deepLevel {
		return p.onDeep
	}
	return p.ink
}
