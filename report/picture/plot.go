package picture

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
	"rssreplay/report/markdown"
	"rssreplay/report/page"
)

// Format is what a picture is written as.
type Format uint8

const (
	SVG Format = iota // text stays text, and bars and entries tell their numbers to a pointer
	PNG
)

// Write writes r as one picture, 1000 pixels wide, for places that take
// nothing else: the load of the CPUs under each mode, that of the indirection
// table's entries, and the packets of each CPU over time. No address is in it
// that the author's title does not have. The same report gives the same bytes.
// Errors are those of w.
func Write(w io.Writer, r *report.Report, format Format) error {
	p, err := newPlot(&r.Words, report.TitleOf("RSS replay", &r.Capture))
	if err != nil {
		return err
	}
	c := &r.Capture
	if c.Received == 0 {
		p.facts(c, r.Summary(), r.Notes)
		return p.write(w, format)
	}
	if verdict := r.Verdict(); len(verdict) > 0 {
		sentence := verdict[0].Text
		switch mark := report.Mark(verdict[0].Severity); {
		case p.Draws(mark):
			sentence = mark + " " + sentence
		case verdict[0].Severity == report.Problem:
			sentence = "Problem: " + sentence
		}
		p.verdict(sentence)
	}
	p.facts(c, []string{r.TrafficSentence(), steeringSentence(r)}, r.Notes)
	p.loads(r.Modes)
	p.entries(&r.Table, r.Moves())
	p.overTime(r)
	return p.write(w, format)
}

// Lengths of a picture.
const (
	plotWide    = 1000
	plotMargin  = 28
	plotInside  = plotWide - 2*plotMargin
	plotSection = 26 // above a section

	titleSize   = 21
	headingSize = 15
	factSize    = 13
	labelSize   = 11
	lineHeight  = 1.4 // of a size
)

// plot is a picture in the making, done down to y.
type plot struct {
	*picture.Picture
	colors *palette
	y      float64
}

// newPlot is a picture with its title: the author's, and what the picture is.
func newPlot(preface *report.Words, what string) (*plot, error) {
	colors, err := newPalette()
	if err != nil {
		return nil, err
	}
	drawing, err := picture.New(plotWide)
	if err != nil {
		return nil, err
	}
	p := &plot{Picture: drawing, colors: colors, y: plotMargin / 2}
	p.Title = what
	if preface.Title == "" {
		p.lines(what, picture.Font{Size: titleSize, Bold: true, Color: colors.ink}, 2)
	} else {
		p.Title = words.Shown(preface.Title) + ": " + what
		p.lines(words.Shown(preface.Title), picture.Font{Size: titleSize, Bold: true, Color: colors.ink}, 3)
		p.lines(what, picture.Font{Size: headingSize, Color: colors.faint}, 1)
	}
	p.Told = nil // the title has them
	return p, nil
}

// lines writes a text over all of the width, in at most limit lines, and tells all of it.
func (p *plot) lines(text string, f picture.Font, limit int) {
	p.Told = append(p.Told, strings.ReplaceAll(text, "\u00a0", " "))
	for _, l := range p.Wrap(text, f, plotInside, limit) {
		p.y += f.Size * lineHeight
		p.Text(plotMargin, p.y-f.Size*0.35, l, f)
	}
}

// verdict is what there is to know first.
func (p *plot) verdict(sentence string) {
	p.y += 4
	p.lines(page.Sentence(sentence), picture.Font{Size: headingSize, Bold: true, Color: p.colors.ink}, 3)
}

// facts are what stands below the title.
func (p *plot) facts(c *report.Capture, sentences, notes []string) {
	p.y += 4
	if !c.First.IsZero() {
		sentences = slices.Insert(slices.Clone(sentences), min(1, len(sentences)), "First packet: "+c.First.UTC().Format("2006-01-02 15:04:05 UTC")+".")
	}
	p.lines(dateGap.ReplaceAllString(page.Sentence(strings.Join(sentences, " ")), "$1\u00a0$2\u00a0$3"), picture.Font{Size: factSize, Color: p.colors.ink}, 4)
	for i := range c.Files {
		if loss := c.Files[i].LossText(); loss != "" {
			p.lines("Read with loss: "+words.Shown(loss), picture.Font{Size: factSize, Bold: true, Color: p.colors.hotInk}, 2)
			break
		}
	}
	for _, note := range notes[:min(len(notes), maxPlotNotes)] {
		p.lines(words.Shown(note), picture.Font{Size: factSize, Color: p.colors.faint}, 2)
	}
}

// dateGap is the spaces in a date with its time.
var dateGap = regexp.MustCompile(`(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (UTC)`)

// maxPlotNotes are the notes that a picture has.
const maxPlotNotes = 4

// steeringSentence says by what packets are steered; of long values the beginning,
// which tells keys apart.
func steeringSentence(r *report.Report) string {
	var parts []string
	for _, of := range []struct {
		name string
		most int // characters
	}{{"nic", 24}, {"key", len("6d:5a:56:da")}, {"layout", 32}, {"hash-types", 48}, {"rules", 8}, {"rps", 32}} {
		p := r.Parameters.Named(of.name)
		if p == nil || p.Source == report.DefaultSource && of.name == "hash-types" {
			continue
		}
		value := words.Shown(p.Printed())
		if runes := []rune(value); len(runes) > of.most {
			value = string(runes[:of.most]) + "…"
		}
		if p.Source == report.DefaultSource {
			value += " (default)"
		}
		parts = append(parts, of.name+" "+value)
	}
	if len(parts) == 0 {
		return ""
	}
	return "Steered by " + strings.Join(parts, ", ")
}

// section begins a part of the picture.
func (p *plot) section(heading, key string) {
	p.y += plotSection
	f := picture.Font{Size: headingSize, Bold: true, Color: p.colors.ink}
	p.y += f.Size
	p.Text(plotMargin, p.y, heading, f)
	at := plotMargin + p.TextWidth(heading, f) + 12
	small := picture.Font{Size: labelSize, Color: p.colors.faint}
	p.Text(at, p.y, p.Fit(key, small, plotWide-plotMargin-at), small)
	p.y += 8
}

func (p *plot) write(w io.Writer, format Format) error {
	p.y += plotMargin
	p.Height = p.y
	switch format {
	case SVG:
		return p.WriteSVG(w)
	case PNG:
		return p.WritePNG(w)
	}
	return fmt.Errorf("there is no picture format %d", format)
}

// plotName is the name of a mode or a scenario: of a long one the beginning.
func plotName(name string) string { return words.CutTo(name, markdown.MaxCode) }

// fitName is a name, or where it is wider than width what stands for it as the head of a
// column.
func (p *plot) fitName(name, head string, f picture.Font, width float64) string {
	if name = plotName(name); p.TextWidth(name, f) > width {
		name = head
	}
	return p.Fit(name, f, width)
}

func (p *plot) label(anchor picture.Anchor) picture.Font {
	return picture.Font{Size: labelSize, Color: p.colors.faint, Anchor: anchor}
}
