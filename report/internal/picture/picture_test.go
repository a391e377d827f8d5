package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
)

var (
	red  = color.RGBA{0xff, 0, 0, 0xff}
	blue = color.RGBA{0, 0, 0xff, 0xff}
)

// sample is a picture of 100 by 50 with one of each shape.
func sample(t *testing.T) *Picture {
	t.Helper()
	p, err := New(100)
	if err != nil {
		t.Fatal(err)
	}
	p.Height, p.Title = 50, `<"&'>`
	p.Rectangle(10, 10, 20, 5, red, "a <tip>")
	p.Rectangle(40, 10, 0.01, 5, red, "")
	p.Framed(2, 40, 6, 6, red, blue, "")
	p.Steps(50, 10, 40, 20, []float64{0, 0.5, 1, 1, 1e-9}, blue, "")
	dots := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{red, blue})
	dots.SetColorIndex(1, 0, 1)
	p.Raster(10, 40, 20, 5, dots)
	p.Dashes(0, 35, 30, blue)
	p.Text(60, 45, "ab<c> µ", Font{Size: 10, Bold: true, Color: red, Anchor: Middle})
	return p
}

func TestSVGIsXML(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	var elements, texts []string
	d := xml.NewDecoder(&b)
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements = append(elements, token.Name.Local)
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				texts = append(texts, text)
			}
		}
	}
	want := []string{"svg", "title", "rect", "rect", "title", "rect", "rect", "path", "image", "rect", "rect", "rect", "rect", "rect", "text"}
	if !slices.Equal(elements, want) {
		t.Errorf("elements are %q, not %q", elements, want)
	}
	if want := []string{`<"&'>`, "a <tip>", "ab<c> µ"}; !slices.Equal(texts, want) {
		t.Errorf("texts are %q, not %q", texts, want)
	}
}

func TestStepsPath(t *testing.T) {
	s := steps{x: 50, y: 10, width: 40, height: 20, values: []float64{0, 0.5, 1, 1}}
	if got, want := s.path(), "M50 30H60V20H70V10H90V30Z"; got != want {
		t.Errorf("the path is %s, not %s", got, want)
	}
	low := steps{height: 20}
	if low.heightOf(1e-9) != least || low.heightOf(0) != 0 || low.heightOf(7) != 20 {
		t.Errorf("heights are %v, %v and %v", low.heightOf(1e-9), low.heightOf(0), low.heightOf(7))
	}
}

// Both formats have the same shapes at the same places.
func TestPNG(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t).WritePNG(&b); err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if size := drawn.Bounds().Size(); size != image.Pt(200, 100) {
		t.Errorf("it has %v pixels", size)
	}
	white := color.RGBA{0xff, 0xff, 0xff, 0xff}
	for _, c := range []struct {
		x, y float64
		want color.RGBA
	}{
		{5, 5, white}, {10, 10, red}, {29.5, 14.5, red}, {30, 10, white}, {10, 15, white}, // the rectangle's corners
		{40, 12, red}, {40.5, 12, white}, // what is too narrow is a pixel
		{2, 40, blue}, {2.5, 45.5, blue}, {7.5, 43, blue}, {3, 41, red}, {6.5, 44.5, red}, {8, 43, white}, // the frame
		{52, 29.5, white}, {60, 20, blue}, {60, 19.5, white}, {68, 10, blue}, {84, 29.5, blue}, {84, 29, white}, // steps
		{10, 40, red}, {19.5, 44.5, red}, {20, 40, blue}, {29.5, 44.5, blue}, {30, 40, white}, // dots
		{0, 35, blue}, {5, 35, white}, // dashes
	} {
		if got := color.RGBAModel.Convert(drawn.At(int(c.x*pixelRatio), int(c.y*pixelRatio))); got != c.want {
			t.Errorf("at %v,%v it is %v, not %v", c.x, c.y, got, c.want)
		}
	}
	ink := 0
	for y := range 20 {
		for x := 80; x < 160; x++ {
			if _, g, _, _ := drawn.At(x, 70+y).RGBA(); g < 0x8000 {
				ink++
			}
		}
	}
	if ink < 50 {
		t.Errorf("the text has %d pixels", ink)
	}
}

// A text that holds more than there is room for ends in an ellipsis, and is as long
// as it can be.
func TestFit(t *testing.T) {
	p := sample(t)
	f := Font{Size: 12}
	const text = "a text that holds more than there is room for"
	for width := 20.0; width < 400; width += 7 {
		got := p.Fit(text, f, width)
		if p.TextWidth(got, f) > width {
			t.Errorf("%q is wider than %v", got, width)
		}
		if begin, cut := strings.CutSuffix(got, "…"); cut {
			if !strings.HasPrefix(text, begin) {
				t.Errorf("%q is no beginning", got)
			}
			if longer := text[:len(begin)+2]; p.TextWidth(longer+"…", f) <= width && p.TextWidth(text, f) > width && !strings.HasSuffix(longer[:len(begin)+1], " ") {
				t.Errorf("within %v there is room for %q, not only %q", width, longer, got)
			}
		} else if got != text {
			t.Errorf("%q is neither whole nor cut", got)
		}
	}
	if got := p.Fit(text, f, 0); got != "…" {
		t.Errorf("without room it is %q", got)
	}
}

func TestWrap(t *testing.T) {
	p := sample(t)
	f := Font{Size: 12}
	const text = "a text that is wrapped over several lines of a width"
	lines := p.Wrap(text, f, 100, 10)
	if got := strings.Join(lines, " "); got != text || len(lines) < 3 {
		t.Errorf("lines are %q", lines)
	}
	if got := p.Wrap("a text at 12\u00a0ms", f, p.TextWidth("a text at 12", f), 3); !slices.Equal(got, []string{"a text at", "12 ms"}) {
		t.Errorf("a number is parted from its unit: %q", got)
	}
	lines = p.Wrap(text, f, 100, 2)
	if len(lines) != 2 || !strings.HasSuffix(lines[1], "…") || p.TextWidth(lines[1], f) > 100 {
		t.Errorf("two lines are %q", lines)
	}
	if got := p.Wrap(strings.Repeat("x", 1000), f, 100, 3); len(got) != 1 || !strings.HasSuffix(got[0], "…") {
		t.Errorf("a word without an end is %q", got)
	}
	if got := p.Wrap("  ", f, 100, 3); len(got) != 0 {
		t.Errorf("nothing is %q", got)
	}
}

// Bold text is wider, and each sign has its width.
func TestTextWidth(t *testing.T) {
	p := sample(t)
	for _, text := range []string{"0", "CPU 3", "÷ × µ – …", "日本"} {
		regular, bold := p.TextWidth(text, Font{Size: 10}), p.TextWidth(text, Font{Size: 10, Bold: true})
		if regular < 3 || bold < regular || p.TextWidth(text, Font{Size: 20}) != 2*regular {
			t.Errorf("%q is %v wide, %v in bold", text, regular, bold)
		}
	}
}

func TestTooLarge(t *testing.T) {
	p := sample(t)
	for _, height := range []float64{0, 1e6} {
		p.Height = height
		if err := p.WritePNG(io.Discard); err == nil || !strings.Contains(err.Error(), "write SVG") {
			t.Errorf("height %v: %v", height, err)
		}
	}
}

var errFull = errors.New("full")

// fullWriter takes nothing.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{"SVG": sample(t).WriteSVG, "PNG": sample(t).WritePNG} {
		if err := write(fullWriter{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDraws(t *testing.T) {
	p, err := New(100)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"": true, "CPU 0→3 ÷ ×": true, "▲": true, "✖": false, "a✔": false} {
		if got := p.Draws(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
