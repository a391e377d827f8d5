package picture

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"
)

// fontFamily is fonts of which all systems have one, much like that which the text
// was measured in. Each text has its length, so that a wider font does not run it
// into what stands beside it.
const fontFamily = "Go,Arial,Helvetica,'Liberation Sans',sans-serif"

// WriteSVG writes the picture as SVG 1.1 that needs nothing else: no font, no
// script, no other file. Texts must not hold control characters. Errors are those
// of w.
func (p *Picture) WriteSVG(w io.Writer) error {
	out := svgWriter{w: bufio.NewWriterSize(w, 1<<16)}
	out.print(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%s" height="%s" viewBox="0 0 %s %s" role="img" font-family="%s">`+"\n",
		number(p.Width), number(p.Height), number(p.Width), number(p.Height), fontFamily)
	out.print("<title>%s</title>\n", html.EscapeString(p.Title))
	if len(p.Told) > 0 {
		out.print("<desc>%s</desc>\n", html.EscapeString(strings.Join(p.Told, "\n")))
	}
	out.print(`<rect width="100%%" height="100%%" fill="#ffffff"/>` + "\n")
	for _, shape := range p.shapes {
		switch s := shape.(type) {
		case rectangle:
			frame := ""
			if s.frame != s.fill { // a stroke lies half inside
				frame = ` stroke="` + hex(s.frame) + `"`
				s.x, s.y, s.width, s.height = s.x+0.5, s.y+0.5, max(s.width-1, 0), max(s.height-1, 0)
			}
			out.print(`<rect x="%s" y="%s" width="%s" height="%s" fill="%s"%s`, number(s.x), number(s.y), number(s.width), number(s.height), hex(s.fill), frame)
			out.end("rect", s.tip)
		case steps:
			out.print(`<path d="%s" fill="%s"`, s.path(), hex(s.fill))
			out.end("path", s.tip)
		case raster:
			var pixels bytes.Buffer
			if err := png.Encode(&pixels, s.pixels); err != nil {
				return err
			}
			out.print(`<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" style="image-rendering:crisp-edges;image-rendering:pixelated" xlink:href="data:image/png;base64,%s"`,
				number(s.x), number(s.y), number(s.width), number(s.height), base64.StdEncoding.EncodeToString(pixels.Bytes()))
			out.end("image", "")
		case label:
			bold := ""
			if s.font.Bold {
				bold = ` font-weight="bold"`
			}
			out.print(`<text x="%s" y="%s" font-size="%s"%s fill="%s"%s textLength="%s" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
				number(s.x), number(s.y), number(s.font.Size), bold, hex(s.font.Color),
				[...]string{"", ` text-anchor="middle"`, ` text-anchor="end"`}[s.font.Anchor], number(p.TextWidth(s.text, s.font)), html.EscapeString(s.text))
		}
	}
	out.print("</svg>\n")
	if out.err != nil {
		return out.err
	}
	return out.w.Flush()
}

type svgWriter struct {
	w   *bufio.Writer
	err error // the first
}

func (o *svgWriter) print(format string, values ...any) {
	if _, err := fmt.Fprintf(o.w, format, values...); o.err == nil {
		o.err = err
	}
}

// end ends an element, of which the attributes are written.
func (o *svgWriter) end(name, tip string) {
	if tip == "" {
		o.print("/>\n")
		return
	}
	o.print("><title>%s</title></%s>\n", html.EscapeString(tip), name)
}

// path is the outline of the steps.
func (s *steps) path() string {
	bottom := s.y + s.height
	path := []byte("M" + number(s.x) + " " + number(bottom))
	height := 0.0
	for i, v := range s.values {
		if h := s.heightOf(v); h != height {
			path = append(path, "H"+number(s.x+s.width*float64(i)/float64(len(s.values)))+"V"+number(bottom-h)...)
			height = h
		}
	}
	return string(append(path, "H"+number(s.x+s.width)+"V"+number(bottom)+"Z"...))
}

// number has at most two decimals: less is not seen.
func number(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
