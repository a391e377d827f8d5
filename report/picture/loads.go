package picture

import (
	"fmt"
	"image/color"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
)

// loadStrip is the CPUs of a mode as columns, beside a scale that all strips of a
// picture share.
type loadStrip struct {
	name, about string // above it
	head        string // for a name that is too long
	mode        *report.Mode
	bottom      bool // it has the CPUs' numbers
}

// loadScale says what the height of a column is: packets, or their share.
type loadScale struct {
	most   float64
	least  float64 // between two ticks
	of     func(c *report.CPU, m *report.Mode) float64
	text   func(v float64) string
	height float64
}

// Lengths around the columns of a strip.
const (
	scaleRoom = 52 // for the numbers of the scale, to the left
	meanRoom  = 40 // for the word, to the right
	valueRoom = 16 // above the columns
	stripHead = 20 // the line above it
	numbers   = 21 // below it

	mostValues = 24 // columns that have their values above them
)

// loads is a strip for each mode, one below the other: a CPU is at the same place
// in all of them.
func (p *plot) loads(modes []report.Mode) {
	scale := loadScale{
		of: func(c *report.CPU, _ *report.Mode) float64 { return float64(c.Packets) }, text: func(v float64) string { return words.Count(uint64(v)) },
		height: 150, least: 1,
	}
	if len(modes) > 2 {
		scale.height = 96
	}
	for i := range modes {
		scale.most = max(scale.most, float64(report.Extreme(&modes[i], slices.Max)))
	}
	key := ""
	if len(modes) > 1 {
		key = "all modes at one scale"
	}
	p.section("Packets per CPU", key)
	p.loadKey()
	for i := range modes {
		m := &modes[i]
		name := plotName(m.Mode)
		s := loadStrip{name: name, about: loadAbout(m), head: name, mode: m, bottom: true}
		if i < len(modes)-1 && slices.EqualFunc(m.CPUs, modes[i+1].CPUs, func(a, b report.CPU) bool { return a.CPU == b.CPU }) {
			s.bottom = false
		}
		p.y = p.strip(plotMargin, p.y, plotInside, &s, &scale)
	}
}

// loadAbout says in a line what a strip shows.
func loadAbout(m *report.Mode) string {
	if m.Totals.Packets == 0 {
		return "no packet was indicated"
	}
	most := m.MostLoaded()
	s := fmt.Sprintf("CPU %d took %s of %s", most.CPU, words.Percent(report.Ratio(most.Packets, m.Totals.Packets)), words.Plural(m.Totals.Packets, "packet", "packets"))
	if len(m.CPUs) > 1 {
		s += fmt.Sprintf("; imbalance %s, max ÷ mean", words.Fixed(m.Imbalance.Packets, 3))
	}
	if drops := m.Overflows(); drops > 0 {
		s += "; dropped " + words.Exact(drops)
	}
	if p99 := report.Greatest(m, func(c *report.CPU) *int64 { return c.Latency.P99 }); p99 != nil {
		s += "; latency p99 " + words.Nanoseconds(*p99)
	}
	return s
}

// loadKey says what the colours mean, at the right of a section's heading.
func (p *plot) loadKey() {
	x := float64(plotWide - plotMargin)
	f := p.label(picture.End)
	for _, k := range []struct {
		text string
		fill color.RGBA
	}{{"from twice the mean", p.colors.hot}, {"from 1.25 × the mean", p.colors.warm}} {
		p.Text(x, p.y-8, k.text, f)
		x -= p.TextWidth(k.text, f) + 14
		p.Rectangle(x, p.y-17, 10, 10, k.fill, "")
		x -= 14
	}
}

// strip draws a strip from x and y on, and returns where it ends.
func (p *plot) strip(x, y, width float64, s *loadStrip, scale *loadScale) float64 {
	m := s.mode
	p.Told = append(p.Told, s.name+": "+s.about)
	y += stripHead
	f := picture.Font{Size: factSize, Bold: true, Color: p.colors.ink}
	name := p.fitName(s.name, s.head, f, width*0.45)
	p.Text(x, y-6, name, f)
	after := p.TextWidth(name, f) + 10
	f = picture.Font{Size: factSize - 1, Color: p.colors.faint}
	p.Text(x+after, y-6, p.Fit(s.about, f, width-after), f)
	if m.Totals.Packets == 0 || len(m.CPUs) == 0 {
		return y + numbers
	}

	left, inside := x+scaleRoom, width-scaleRoom-meanRoom
	top, bottom := y+valueRoom, y+scale.height
	at := func(v float64) float64 { return bottom - v/scale.most*(bottom-top) }
	step := max(draw.TickStep(scale.most), scale.least)
	for v := 0.0; v <= scale.most*1.0001; v += step {
		p.Rectangle(left, at(v)-0.5, inside, 1, p.colors.grid, "")
		p.Text(left-6, at(v)+4, scale.text(v), p.label(picture.End))
	}
	each := inside / float64(len(m.CPUs))
	gap := min(each*0.24, 10)
	if each < 2 {
		gap = 0
	}
	if each > 90 { // few CPUs: columns stay columns
		gap = each - 80
	}
	values := len(m.CPUs) <= mostValues && each >= 34
	for i := range m.CPUs {
		c := &m.CPUs[i]
		share := report.Ratio(c.Packets, m.Totals.Packets)
		times := share * report.Fraction(len(m.CPUs))
		from := left + float64(i)*each
		v := at(scale.of(c, m))
		if c.Packets > 0 {
			v = min(v, bottom-1) // what is there is seen
			tip := fmt.Sprintf("%s: CPU %d: %s (%s)", s.name, c.CPU, words.Plural(c.Packets, "packet", "packets"), words.Percent(share))
			p.Rectangle(from+gap/2, v, each-gap, bottom-v, p.colors.load(times), tip)
		}
	}
	mean := at(meanOf(m, scale))
	p.Dashes(left, mean-0.5, inside, p.colors.ink)
	p.Text(left+inside+5, mean+4, "mean", picture.Font{Size: labelSize, Color: p.colors.ink})
	p.Rectangle(left, bottom-0.5, inside, 1, p.colors.line, "")
	for i := range m.CPUs {
		if values {
			p.value(left+(float64(i)+0.5)*each, at(scale.of(&m.CPUs[i], m))-4, report.Ratio(m.CPUs[i].Packets, m.Totals.Packets), len(m.CPUs))
		}
	}
	if !s.bottom {
		return bottom + 8
	}
	p.columnNumbers(left, bottom, inside, len(m.CPUs), func(i int) string { return fmt.Sprint(m.CPUs[i].CPU) })
	p.Text(left-6, bottom+17, "CPU", p.label(picture.End))
	return bottom + numbers + 6
}

// value writes a CPU's share above its column, where the mean's line may be.
func (p *plot) value(x, y float64, share report.Fraction, cpus int) {
	f := picture.Font{Size: labelSize, Color: p.colors.ink, Anchor: picture.Middle, Bold: share*report.Fraction(cpus) >= 2}
	width := p.TextWidth(words.Percent(share), f) + 4
	p.Rectangle(x-width/2, y-labelSize+1, width, labelSize+1, p.colors.shades[0], "")
	p.Text(x, y, words.Percent(share), f)
}

// meanOf is the height of the mean CPU.
func meanOf(m *report.Mode, scale *loadScale) float64 {
	sum := 0.0
	for i := range m.CPUs {
		sum += scale.of(&m.CPUs[i], m)
	}
	return sum / float64(len(m.CPUs))
}

// columnNumbers writes below columns what they are called, as many as have room.
func (p *plot) columnNumbers(left, bottom, inside float64, n int, name func(i int) string) {
	each := inside / float64(n)
	widest := p.TextWidth(name(n-1), p.label(picture.Middle)) + 10
	every := 1
	for float64(every)*each < widest {
		every *= 2
	}
	for i := 0; i < n; i += every {
		p.Text(left+(float64(i)+0.5)*each, bottom+17, name(i), p.label(picture.Middle))
	}
}
