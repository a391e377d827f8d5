package picture

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/picture"
	"rssreplay/report/internal/words"
)

// A picture shows the imbalance of imbalanceRows scenarios, and the CPUs of
// scenarioStrips.
const (
	imbalanceRows  = 40
	scenarioStrips = 16
	wideStrips     = 3 // scenarios whose strips have all of the width

	imbalanceHeight = 20
	nameRoom        = 210
	nameColumns     = 24 // of a name that is too long for it
	figureRoom      = 130
)

// WriteCompare writes c as a picture of the kind that Write writes: the
// imbalance of each scenario, and the shares of its CPUs. Errors are those of w.
func WriteCompare(w io.Writer, c *report.Compare, format Format) error {
	p, err := newPlot(&c.Words, c.Title())
	if err != nil {
		return err
	}
	sentences := c.Summary()
	if c.Capture.Received > 0 && len(c.Scenarios) > 1 { // what the scenarios bring is the last
		p.verdict(sentences[len(sentences)-1])
		sentences = sentences[:len(sentences)-1]
	}
	p.facts(&c.Capture, sentences, c.Notes)
	if c.Capture.Received > 0 && len(c.Scenarios) > 0 {
		p.imbalances(c)
		p.scenarioLoads(c.Scenarios)
		p.imbalanceLines(c)
	}
	return p.write(w, format)
}

// imbalances is a bar for each scenario, from 1, which is even: its length is what the most
// loaded CPU has too much. Between different numbers of CPUs it is all of that CPU's share.
func (p *plot) imbalances(c *report.Compare) {
	scenarios := c.Scenarios
	f, from, zero, title := report.ImbalanceOfPackets, report.Fraction(1), "1, even", "Imbalance"
	key := "of packets, max ÷ mean; 1 is even"
	tick := func(v float64) string { return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.4f", v), "0"), ".") }
	if !report.SameCPUs(scenarios) {
		f, from, zero, title = report.MostLoadedShare, 0, "0%", "The most loaded CPU"
		key = "its share of the packets; its colour tells how many times the scenario's mean that is"
		tick = func(v float64) string { return words.Percent(report.Fraction(v)) }
	}
	shown := scenarios[:min(len(scenarios), imbalanceRows)]
	if len(shown) < len(scenarios) {
		key += fmt.Sprintf("; the first %d of %d scenarios", len(shown), len(scenarios))
	}
	p.section(title, key)
	most := from
	for i := range shown {
		if v := f.Of(&shown[i]); v > most {
			most = v
		}
	}
	best := c.Marked(&f)
	left, inside := float64(plotMargin+nameRoom), float64(plotInside-nameRoom-figureRoom)
	top, heads := p.y, report.HeadsWithin(scenarios, nameColumns)
	for i := range shown {
		s := &shown[i]
		p.imbalance(&f, s.Name, heads[i], f.Of(s), s.Mode(), from, most, best[i], left, inside)
	}
	if shared, _ := report.WithoutRSS(scenarios); shared != nil {
		without := "without RSS (" + report.NonRSS + ")"
		p.imbalance(&f, without, without, f.Value(nil, shared), shared, from, most, false, left, inside)
	}
	p.Rectangle(left-0.5, top, 1, p.y-top, p.colors.ink, "")
	p.Text(left, p.y+12, zero, picture.Font{Size: labelSize, Color: p.colors.ink, Anchor: picture.Middle})
	if over := float64(most - from); over > 0 {
		step := draw.TickStep(over)
		for v := step; v <= over*(1+1e-9); v += step {
			x := left + inside*v/over
			p.Rectangle(x-0.5, p.y, 1, 3, p.colors.faint, "")
			p.Text(x, p.y+12, tick(float64(from)+v), p.label(picture.Middle))
		}
	}
	p.y += 14
}

func (p *plot) imbalance(of *report.Figure, name, head string, v report.Fraction, m *report.Mode, from, most report.Fraction, best bool, left, inside float64) {
	f := picture.Font{Size: factSize, Bold: best, Color: p.colors.ink, Anchor: picture.End}
	p.Text(left-8, p.y+14, p.fitName(name, head, f, nameRoom-8), f)
	text := of.Text(v)
	what := "imbalance"
	if from == 0 {
		what = "the most loaded CPU has"
	}
	told := fmt.Sprintf("%s: %s %s", plotName(name), what, text)
	p.Told = append(p.Told, told)
	width := 0.0
	if !v.IsNull() {
		if most > from {
			width = inside * float64((min(max(v, from), most)-from)/(most-from))
		}
		p.Rectangle(left, p.y+3, width, imbalanceHeight-6, p.colors.load(m.Imbalance.Packets), told)
	}
	if f.Anchor = picture.Start; best {
		text += "  best"
	}
	p.Text(left+width+6, p.y+14, text, f)
	p.y += imbalanceHeight
}

// scenarioLoads is a strip for each scenario; of many, two side by side.
func (p *plot) scenarioLoads(scenarios []report.Scenario) {
	scale := loadScale{
		of:   func(c *report.CPU, m *report.Mode) float64 { return float64(report.Ratio(c.Packets, m.Totals.Packets)) },
		text: func(v float64) string { return words.Percent(report.Fraction(v)) }, height: 104,
	}
	strips := scenarios[:min(len(scenarios), scenarioStrips)]
	key := "of the packets of each scenario; all at one scale"
	if len(strips) < len(scenarios) {
		key += fmt.Sprintf("; the first %d of %d scenarios", len(strips), len(scenarios))
	}
	for i := range strips {
		if m := strips[i].Mode(); m.Totals.Packets > 0 {
			scale.most = max(scale.most, float64(report.Ratio(report.Extreme(m, slices.Max), m.Totals.Packets)))
		}
	}
	p.section("Shares of the CPUs", key)
	p.loadKey()
	across, width := 1, float64(plotInside)
	if len(strips) > wideStrips {
		across, width = 2, float64(plotInside-timeGap)/2
	}
	heads := report.HeadsWithin(scenarios, nameColumns)
	for first := 0; first < len(strips); first += across {
		end := p.y
		for i := first; i < min(first+across, len(strips)); i++ {
			m := strips[i].Mode()
			s := loadStrip{name: plotName(strips[i].Name), head: heads[i], about: scenarioAbout(m), mode: m, bottom: true}
			end = max(end, p.strip(plotMargin+float64(i-first)*(width+timeGap), p.y, width, &s, &scale))
		}
		p.y = end
	}
}

// scenarioAbout says in a line what a scenario's strip shows; its imbalance stands
// above.
func scenarioAbout(m *report.Mode) string {
	if m.Totals.Packets == 0 {
		return "no packet was indicated"
	}
	s := "under " + plotName(m.Mode)
	if drops := m.Overflows(); drops > 0 {
		s += "; dropped " + words.Exact(drops)
	}
	if p99 := report.Greatest(m, func(c *report.CPU) *int64 { return c.Latency.P99 }); p99 != nil {
		s += "; latency p99 " + words.Nanoseconds(*p99)
	}
	return s
}
