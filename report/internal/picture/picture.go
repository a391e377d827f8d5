package picture

import (
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Note: gonum.org/v1/plot was tried. Its SVG names one font and no other for
// where that is missing, it has no tooltips and no cells with text, and it brings
// ten modules; what is drawn here needs none of what it can do beyond that.

// Picture is a drawing in the making. What is drawn later lies above.
type Picture struct {
	Width, Height float64
	Title         string   // for those who don't see it
	Told          []string // likewise: sentences on what is drawn

	shapes        []any // rectangle, steps, raster, label
	regular, bold *sfnt.Font
	buffer        sfnt.Buffer
}

// New is an empty picture, white, of the width; its height is to be set when it is
// known. It reads its fonts, which takes some hundred µs.
func New(width float64) (*Picture, error) {
	p := &Picture{Width: width}
	var err error
	if p.regular, err = opentype.Parse(goregular.TTF); err != nil {
		return nil, err
	}
	p.bold, err = opentype.Parse(gobold.TTF)
	return p, err
}

type rectangle struct {
	x, y, width, height float64
	fill, frame         color.RGBA
	tip                 string
}

// Rectangle fills one. tip, if any, is shown to who points at it, where the format
// can do that.
func (p *Picture) Rectangle(x, y, width, height float64, fill color.RGBA, tip string) {
	p.Framed(x, y, width, height, fill, fill, tip)
}

// Framed is Rectangle with a frame of one pixel inside it.
func (p *Picture) Framed(x, y, width, height float64, fill, frame color.RGBA, tip string) {
	p.shapes = append(p.shapes, rectangle{x, y, width, height, fill, frame, tip})
}

// dash is the length of a dash and half that of the gap after it.
const dash = 4

// Dashes is a dashed line to the right, one pixel high.
func (p *Picture) Dashes(x, y, width float64, c color.RGBA) {
	for at := 0.0; at < width; at += 1.75 * dash {
		p.Rectangle(x+at, y, min(dash, width-at), 1, c, "")
	}
}

type steps struct {
	x, y, width, height float64
	values              []float64
	fill                color.RGBA
	tip                 string
}

// Steps fills the area below values, each from 0 to 1, the height; all have the
// same width. What is above 0 is seen.
func (p *Picture) Steps(x, y, width, height float64, values []float64, fill color.RGBA, tip string) {
	p.shapes = append(p.shapes, steps{x, y, width, height, values, fill, tip})
}

// least is the height of a step that would be lower and is there.
const least = 0.75

func (s *steps) heightOf(value float64) float64 {
	if value <= 0 {
		return 0
	}
	return min(max(value*s.height, least), s.height)
}

type raster struct {
	x, y, width, height float64
	pixels              *image.Paletted
}

// Raster draws pixels, each as a rectangle.
func (p *Picture) Raster(x, y, width, height float64, pixels *image.Paletted) {
	p.shapes = append(p.shapes, raster{x, y, width, height, pixels})
}

// Anchor says which part of a text is at its place.
type Anchor uint8

const (
	Start Anchor = iota
	Middle
	End
)

// Font is how a text looks.
type Font struct {
	Size   float64 // of an em
	Bold   bool
	Color  color.RGBA
	Anchor Anchor
}

type label struct {
	x, y float64
	text string
	font Font
}

// Text writes a line; y is its baseline.
func (p *Picture) Text(x, y float64, text string, f Font) {
	if text != "" {
		p.shapes = append(p.shapes, label{x, y, text, f})
	}
}

func (p *Picture) font(bold bool) *sfnt.Font {
	if bold {
		return p.bold
	}
	return p.regular
}

// Draws tells whether the fonts have all of a text's characters.
func (p *Picture) Draws(text string) bool {
	for _, r := range text {
		for _, face := range []*sfnt.Font{p.regular, p.bold} {
			if glyph, err := face.GlyphIndex(&p.buffer, r); err != nil || glyph == 0 {
				return false
			}
		}
	}
	return true
}

// TextWidth is the width of a line of text.
func (p *Picture) TextWidth(text string, f Font) float64 {
	face := p.font(f.Bold)
	em := fixed.Int26_6(face.UnitsPerEm())
	var width fixed.Int26_6
	for _, r := range text {
		glyph, err := face.GlyphIndex(&p.buffer, r)
		if err != nil {
			continue
		}
		advance, err := face.GlyphAdvance(&p.buffer, glyph, em, font.HintingNone)
		if err != nil {
			continue
		}
		width += advance
	}
	return float64(width) / float64(em) * f.Size
}

// Fit is the text, or as much of its beginning as fits into the width, with an
// ellipsis.
func (p *Picture) Fit(text string, f Font, width float64) string {
	if p.TextWidth(text, f) <= width {
		return text
	}
	// The widths of the beginnings rise, so the longest that fits is found by halves.
	runes := []rune(text)
	low, high := 0, len(runes)
	for low < high {
		middle := (low + high + 1) / 2
		if p.TextWidth(string(runes[:middle])+"…", f) <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return strings.TrimRight(string(runes[:low]), " ") + "…"
}

// noBreak is a space at which lines are not broken.
const noBreak = "\u00a0"

// Wrap is the text in lines of at most the width, limit of them at most: the last
// one is cut. A no-break space parts no line, and is a plain one in the end.
func (p *Picture) Wrap(text string, f Font, width float64, limit int) []string {
	var lines []string
	line := ""
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' })
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], noBreak, " ")
	}
	for i, word := range words {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line == "" || p.TextWidth(longer, f) <= width {
			line = longer
			continue
		}
		if len(lines) == limit-1 {
			return append(lines, p.Fit(line+" "+strings.Join(words[i:], " "), f, width))
		}
		lines, line = append(lines, p.Fit(line, f, width)), word
	}
	if line == "" {
		return lines
	}
	return append(lines, p.Fit(line, f, width))
}
