package picture

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// pixelRatio is the pixels of a PNG to one of the picture: most screens show two
// to a CSS pixel, and others have a smooth picture of the same size.
const pixelRatio = 2

// maxPixels bounds what a PNG takes of memory: 4 bytes each.
const maxPixels = 64 << 20

// WritePNG writes the picture as PNG, of pixelRatio pixels to one. Errors are those
// of w, and that the picture is too large.
func (p *Picture) WritePNG(w io.Writer) error {
	width, height := pixel(p.Width), pixel(p.Height)
	if width < 1 || height < 1 || width > maxPixels/height {
		return fmt.Errorf("a picture of %d × %d pixels can't be drawn: write SVG", width, height)
	}
	c := &canvas{picture: p, image: image.NewRGBA(image.Rect(0, 0, width, height)), faces: map[Font]font.Face{}}
	draw.Draw(c.image, c.image.Bounds(), image.White, image.Point{}, draw.Src)
	for _, shape := range p.shapes {
		switch s := shape.(type) {
		case rectangle:
			c.fill(s.x, s.y, s.width, s.height, s.frame)
			if s.frame != s.fill {
				c.fill(s.x+1, s.y+1, s.width-2, s.height-2, s.fill)
			}
		case steps:
			each := s.width / float64(len(s.values))
			for i, v := range s.values {
				h := s.heightOf(v)
				c.fill(s.x+float64(i)*each, s.y+s.height-h, each, h, s.fill)
			}
		case raster:
			c.raster(&s)
		case label:
			if err := c.text(&s); err != nil {
				return err
			}
		}
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := png.Encode(out, c.image); err != nil {
		return err
	}
	return out.Flush()
}

func pixel(x float64) int { return int(math.Round(x * pixelRatio)) }

type canvas struct {
	picture *Picture
	image   *image.RGBA
	faces   map[Font]font.Face // by size and weight
}

// fill fills a rectangle, at least a pixel of it if it has any size.
func (c *canvas) fill(x, y, width, height float64, with color.RGBA) {
	if width <= 0 || height <= 0 {
		return
	}
	area := image.Rect(pixel(x), pixel(y), pixel(x+width), pixel(y+height))
	area.Max.X, area.Max.Y = max(area.Max.X, area.Min.X+1), max(area.Max.Y, area.Min.Y+1)
	draw.Draw(c.image, area, image.NewUniform(with), image.Point{}, draw.Src)
}

func (c *canvas) raster(s *raster) {
	area := image.Rect(pixel(s.x), pixel(s.y), pixel(s.x+s.width), pixel(s.y+s.height))
	from := s.pixels.Bounds()
	inside := area.Intersect(c.image.Bounds())
	for y := inside.Min.Y; y < inside.Max.Y; y++ {
		row := from.Min.Y + (y-area.Min.Y)*from.Dy()/area.Dy()
		for x := inside.Min.X; x < inside.Max.X; x++ {
			c.image.Set(x, y, s.pixels.At(from.Min.X+(x-area.Min.X)*from.Dx()/area.Dx(), row))
		}
	}
}

func (c *canvas) text(s *label) error {
	key := Font{Size: s.font.Size, Bold: s.font.Bold}
	face, ok := c.faces[key]
	if !ok {
		var err error
		face, err = opentype.NewFace(c.picture.font(s.font.Bold), &opentype.FaceOptions{Size: s.font.Size * pixelRatio, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return err
		}
		c.faces[key] = face
	}
	x := s.x - c.picture.TextWidth(s.text, s.font)*[...]float64{Start: 0, Middle: 0.5, End: 1}[s.font.Anchor]
	d := font.Drawer{Dst: c.image, Src: image.NewUniform(s.font.Color), Face: face,
		Dot: fixed.Point26_6{X: fixed.Int26_6(math.Round(x * pixelRatio * 64)), Y: fixed.I(pixel(s.y))}}
	d.DrawString(s.text)
	return nil
}
