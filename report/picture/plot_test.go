package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"image/png"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/internal/words"
)

func plotOf(t *testing.T, r *report.Report, format Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func comparePlot(t *testing.T, c *report.Compare, format Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCompare(&b, c, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plotCases are pictures of all kinds, by name.
func plotCases(t *testing.T, format Format) map[string][]byte {
	hostileWords := fixture.HostileReport()
	hostileWords.Words = report.Words{Title: `</title><script>alert(1)</script> & "'` + strings.Repeat("x ", 1<<19), Note: fixture.Hostile}
	long := strings.Repeat("<script>\u202e", 1<<16)
	cases := map[string][]byte{}
	for name, r := range map[string]*report.Report{
		"1 mode": fixture.New(8, 30, "rss-msix"), "4 modes": fixture.WithWindows(fixture.New(8, 30, fixture.AllModes...), 300), "16 CPUs": fixture.New(16, 60, "rss-msix", "non-rss"),
		"128 CPUs": fixture.WithTable(fixture.WithWindows(fixture.New(128, 600, "rss-msix", "non-rss"), 300), 512), "1 CPU": fixture.New(1, 3, "rss-msix"),
		"1 flow": fixture.New(8, 1, "rss-msix", "non-rss"), "2048 entries": fixture.WithTable(fixture.New(8, 30, "rss-msix"), 2048), "empty": fixture.Empty(), "sent": fixture.OnlySent(), "zero": {},
		"hostile": fixture.HostileReport(), "long": fixture.WithHostile(long), "hostile words": hostileWords, "moved": fixture.Moved(), "affinity": fixture.WithAffinity(fixture.New(8, 30, "rss-msix")),
	} {
		cases[name] = plotOf(t, r, format)
	}
	for name, c := range map[string]*report.Compare{
		"2 scenarios": fixture.Compared(2, 4), "5 scenarios": fixture.Compared(5, 128), "unlike": fixture.Unlike(), "moved scenarios": fixture.ComparedMoved(), "hostile scenarios": fixture.HostileCompare(fixture.Hostile), "long scenarios": fixture.HostileCompare(long), "no scenario": {},
	} {
		cases[name] = comparePlot(t, c, format)
	}
	if !testing.Short() {
		cases["huge"], cases["huge scenarios"] = plotOf(t, fixture.HugeReport(), format), comparePlot(t, fixture.HugeCompare(), format)
	}
	return cases
}

// svgText is a line of text of a picture, with the box that it is in.
type svgText struct {
	text                     string
	left, right, top, bottom float64
}

// svgParts are the texts and tips of a picture that is XML.
func svgParts(t *testing.T, svg []byte) (texts []svgText, tips []string, width, height float64) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	var open []xml.StartElement
	for {
		token, err := d.Token()
		if err == io.EOF {
			return texts, tips, width, height
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if open = append(open, token.Copy()); token.Name.Local == "svg" {
				width, height = svgNumber(t, token, "width"), svgNumber(t, token, "height")
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch in := open[max(0, len(open)-1):]; {
			case len(in) == 0:
			case in[0].Name.Local == "title" && len(open) > 2:
				tips = append(tips, string(token))
			case in[0].Name.Local == "text":
				texts = append(texts, svgTextOf(t, in[0], string(token)))
			}
		}
	}
}

func svgTextOf(t *testing.T, e xml.StartElement, text string) svgText {
	size, long := svgNumber(t, e, "font-size"), svgNumber(t, e, "textLength")
	x, y := svgNumber(t, e, "x"), svgNumber(t, e, "y")
	switch svgAttribute(e, "text-anchor") {
	case "middle":
		x -= long / 2
	case "end":
		x -= long
	}
	return svgText{text, x, x + long, y - 0.7*size, y + 0.1*size}
}

func svgAttribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func svgNumber(t *testing.T, e xml.StartElement, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(svgAttribute(e, name), 64)
	if err != nil {
		t.Fatalf("%s of <%s>: %v", name, e.Name.Local, err)
	}
	return v
}

// All texts lie inside the picture, and none over another.
func TestPlotTextsAreApart(t *testing.T) {
	for name, svg := range plotCases(t, SVG) {
		texts, _, width, height := svgParts(t, svg)
		if len(texts) == 0 {
			t.Errorf("%s: it says nothing", name)
		}
		for i, a := range texts {
			if a.left < 0 || a.right > width+0.5 || a.top < 0 || a.bottom > height {
				t.Errorf("%s: %q from %v,%v to %v,%v is cut off", name, a.text, a.left, a.top, a.right, a.bottom)
			}
			for _, b := range texts[:i] {
				if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
					t.Errorf("%s: %q and %q overlap at %v,%v", name, b.text, a.text, a.left, a.top)
				}
			}
		}
	}
}

// Nothing in a picture is more than text, and no picture is large.
func TestPlotHostile(t *testing.T) {
	for name, svg := range plotCases(t, SVG) {
		if len(svg) > 1<<20 {
			t.Errorf("%s: %d bytes", name, len(svg))
		}
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok && !slices.Contains([]string{"svg", "title", "desc", "rect", "path", "image", "text"}, e.Name.Local) {
				t.Errorf("%s: there is an element %s", name, e.Name.Local)
			}
		}
		for i, r := range string(svg) {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%s: %U at %d, after %q", name, r, i, svg[max(0, i-20):i])
				break
			}
		}
	}
}

// The numbers of the bars and entries are the report's.
func TestPlotNumbers(t *testing.T) {
	r := fixture.WithAffinity(fixture.New(8, 30, "rss-msix", "non-rss"))
	_, tips, _, _ := svgParts(t, plotOf(t, r, SVG))
	var want []string
	for _, m := range r.Modes {
		for _, c := range m.CPUs {
			if c.Packets > 0 {
				want = append(want, fmt.Sprintf("%s: CPU %d: %s packets (%s)", m.Mode, c.CPU, words.Exact(c.Packets), words.Percent(report.Ratio(c.Packets, m.Totals.Packets))))
			}
		}
	}
	var total uint64
	for _, n := range r.Table.Packets {
		total += n
	}
	for i, n := range r.Table.Packets {
		want = append(want, fmt.Sprintf("entry %d: %s: %s (%s)", i, r.Table.PlaceInWords(i), words.Plural(n, "packet", "packets"), words.Percent(report.Ratio(n, total))))
	}
	for _, m := range r.Modes {
		for i := range m.Series.CPUs {
			s := &m.Series.CPUs[i]
			if s.Total() > 0 {
				want = append(want, fmt.Sprintf("%s: CPU %d: %s, at most %s at once", m.Mode, s.CPU, words.Plural(s.Total(), "packet", "packets"), words.Exact(slices.Max(s.Packets))))
			}
		}
	}
	if diff := cmp.Diff(want, tips); diff != "" {
		t.Errorf("(-report +picture):\n%s", diff)
	}
}

// The heights of the columns are in the proportions of the packets.
func TestPlotHeights(t *testing.T) {
	r := fixture.New(8, 30, "rss-msix")
	bar := regexp.MustCompile(`<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([^"]*)" fill="[^"]*"><title>rss-msix: CPU (\d): `)
	bars := bar.FindAllSubmatch(plotOf(t, r, SVG), -1)
	most := float64(report.Extreme(&r.Modes[0], slices.Max))
	if len(bars) != 8 {
		t.Fatalf("there are %d bars", len(bars))
	}
	tallest := 0.0
	for _, b := range bars {
		height, _ := strconv.ParseFloat(string(b[1]), 64)
		tallest = max(tallest, height)
	}
	for i, b := range bars {
		height, _ := strconv.ParseFloat(string(b[1]), 64)
		want := tallest * float64(r.Modes[0].CPUs[i].Packets) / most
		if diff := height - want; diff > 0.01 || diff < -0.01 {
			t.Errorf("CPU %s: the bar is %v high, not %v", b[2], height, want)
		}
	}
}

func TestComparePlotNumbers(t *testing.T) {
	c := fixture.Compared(3, 8)
	texts, tips, _, _ := svgParts(t, comparePlot(t, c, SVG))
	for _, s := range c.Scenarios {
		m := s.Mode()
		if !slices.Contains(tips, fmt.Sprintf("%s: imbalance %s", s.Name, words.Fixed(m.Imbalance.Packets, 3))) {
			t.Errorf("%s: its imbalance is not told", s.Name)
		}
		for _, cpu := range m.CPUs {
			want := fmt.Sprintf("%s: CPU %d: %s (%s)", s.Name, cpu.CPU, words.Plural(cpu.Packets, "packet", "packets"), words.Percent(report.Ratio(cpu.Packets, m.Totals.Packets)))
			if !slices.Contains(tips, want) {
				t.Errorf("there is no %q", want)
			}
		}
	}
	best := *c.Best()[slices.IndexFunc(c.Best(), func(b report.BestOf) bool { return b.Metric == "imbalance.packets" })].Scenario
	i := slices.IndexFunc(texts, func(text svgText) bool { return strings.HasSuffix(text.text, "  best") })
	if i < 1 || texts[i-1].text != best {
		t.Errorf("%q is not marked as the best", best)
	}
}

// Scenarios of different numbers of CPUs are compared by the most loaded CPU's share.
func TestComparePlotOfUnlikeCPUs(t *testing.T) {
	c := fixture.Compared(3, 8)
	c.Scenarios[1] = fixture.Compared(3, 2).Scenarios[1]
	texts, tips, _, _ := svgParts(t, comparePlot(t, c, SVG))
	for _, s := range c.Scenarios {
		m := s.Mode()
		share := words.Percent(report.Ratio(report.Extreme(m, slices.Max), m.Totals.Packets))
		if !slices.Contains(tips, s.Name+": the most loaded CPU has "+share) {
			t.Errorf("%s: that its most loaded CPU has %s is not told", s.Name, share)
		}
	}
	if slices.ContainsFunc(texts, func(text svgText) bool { return text.text == "1, even" }) {
		t.Error("the scale begins at an imbalance")
	}
}

// Who can't see a picture is told what it shows: what is to be known first, and each mode or scenario.
func TestPlotTold(t *testing.T) {
	told := func(svg []byte) string {
		_, after, _ := strings.Cut(string(svg), "<desc>")
		desc, _, _ := strings.Cut(after, "</desc>")
		return html.UnescapeString(desc)
	}
	r := fixture.New(8, 30, "rss-msix", "non-rss")
	want := []string{r.TrafficSentence(), "rss-msix: " + loadAbout(&r.Modes[0]), "non-rss: " + loadAbout(&r.Modes[1])}
	got := told(plotOf(t, r, SVG))
	c := fixture.Compared(2, 4)
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		want = append(want, fmt.Sprintf("%s: imbalance %s", s.Name, words.Fixed(s.Mode().Imbalance.Packets, 3)), s.Name+": "+scenarioAbout(s.Mode()))
	}
	got += "\n" + told(comparePlot(t, c, SVG))
	for _, sentence := range want {
		if !strings.Contains(got, sentence) {
			t.Errorf("%q is not told:\n%s", sentence, got)
		}
	}
}

// Names that are too long for a picture have the scenarios' numbers.
func TestComparePlotLongNames(t *testing.T) {
	c := fixture.Compared(2, 4)
	for i := range c.Scenarios {
		c.Scenarios[i].Name = "list:" + strings.Repeat("0,1,", 40) + fmt.Sprint(i)
	}
	texts, _, _, _ := svgParts(t, comparePlot(t, c, SVG))
	for _, head := range report.HeadsWithin(c.Scenarios, nameColumns) {
		n := 0
		for _, text := range texts {
			if text.text == head {
				n++
			}
		}
		if n != 3 {
			t.Errorf("%q stands %d times, want at its bar, its CPUs and its imbalance over time", head, n)
		}
	}
}

// A picture says in words what its font or its scale cannot show.
func TestPlotSays(t *testing.T) {
	short := fixture.WithWindows(fixture.New(4, 20, report.RSSMSIX, report.NonRSS), 1)
	short.Capture.Duration = 108_000
	steered := fixture.New(8, 20, report.RSSMSIX)
	steered.Parameters = append(steered.Parameters, report.Parameter{Name: "rules", Value: 2, Source: "--rules"}, report.Parameter{Name: "rps", Value: "0-3", Source: "--rps"})
	grave := fixture.New(8, 20, report.RSSMSIX)
	for i := range grave.Findings {
		grave.Findings[i].Severity = report.Problem
	}
	for want, r := range map[string]*report.Report{
		"The packets span 108 µs, in one window of 100 ms: --interval 10us draws them over time.": short,
		"It is the table that the capture begins with.":                                           fixture.Moved(),
		"Problem: CPU 0 takes ": grave,
		"rules 2, rps 0-3":      steered,
	} {
		texts, _, _, _ := svgParts(t, plotOf(t, r, SVG))
		if !slices.ContainsFunc(texts, func(s svgText) bool { return strings.Contains(s.text, want) }) {
			t.Errorf("no text has %q", want)
		}
	}
}

// No two lines of a scale have the same number, however few packets there are.
func TestPlotOfFewPackets(t *testing.T) {
	for most := range uint64(4) {
		r := fixture.New(2, 20, report.RSSMSIX)
		m := &r.Modes[0]
		m.CPUs[0].Packets, m.CPUs[1].Packets = most+1, 0
		m.Totals.Packets, m.Series = most+1, report.Series{}
		r.Table = report.TableReport{}
		texts, _, _, _ := svgParts(t, plotOf(t, r, SVG))
		seen := map[string]int{}
		for _, text := range texts {
			seen[text.text]++
		}
		if got := seen["0"]; got != 2 { // the scale's, and a CPU
			t.Errorf("%d packets: 0 is written %d times", most+1, got)
		}
		if seen[fmt.Sprint(most+1)] == 0 && most < 3 {
			t.Errorf("%d packets: the scale has no such line", most+1)
		}
	}
}

// A picture names no address, but what its author wrote.
func TestPlotNamesNoAddress(t *testing.T) {
	r := fixture.New(8, 60, "rss-msix", "non-rss")
	word := regexp.MustCompile(`[0-9A-Fa-f:.]+`)
	for _, svg := range [][]byte{plotOf(t, r, SVG), comparePlot(t, fixture.Compared(3, 8), SVG)} {
		texts, tips, _, _ := svgParts(t, svg)
		for _, text := range texts {
			tips = append(tips, text.text)
		}
		for _, tip := range tips {
			for _, like := range word.FindAllString(tip, -1) {
				if addr, err := netip.ParseAddr(strings.Trim(like, ":.")); err == nil {
					t.Errorf("%q has the address %s", tip, addr)
				}
			}
		}
	}
	r.Title = "since 10.0.0.5 is there"
	if svg := plotOf(t, r, SVG); !bytes.Contains(svg, []byte(">since 10.0.0.5 is there<")) {
		t.Error("the author's title is not as it was")
	}
}

// PNG has the size of the SVG, twice; of both the bytes are the same each time.
func TestPlotPNG(t *testing.T) {
	for _, r := range []*report.Report{fixture.New(8, 30, "rss-msix", "non-rss"), fixture.Empty()} {
		_, _, width, height := svgParts(t, plotOf(t, r, SVG))
		data := plotOf(t, r, PNG)
		drawn, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if size := drawn.Bounds().Size(); size.X != int(2*width) || size.Y < int(2*height)-1 || size.Y > int(2*height)+1 {
			t.Errorf("%v pixels, of a picture of %v by %v", size, width, height)
		}
		if !bytes.Equal(data, plotOf(t, r, PNG)) || !bytes.Equal(plotOf(t, r, SVG), plotOf(t, r, SVG)) {
			t.Error("two pictures of one report differ")
		}
	}
}

func TestPlotGolden(t *testing.T) {
	fixture.Golden(t, "plot.svg", plotOf(t, fixture.New(4, 30, "rss-msix", "non-rss"), SVG))
	fixture.Golden(t, "plot-compare.svg", comparePlot(t, fixture.Compared(3, 4), SVG))
}

// The entries' map says what its shades are when entries are folded: uniform loads
// are no reason for other steps than eighths.
func TestFoldedEntriesAreAlike(t *testing.T) {
	table := report.TableReport{Size: 32768}
	for i := range table.Size {
		table.Entries, table.Packets = append(table.Entries, i%8), append(table.Packets, 3)
		table.Bytes, table.Flows = append(table.Bytes, 180), append(table.Flows, 1)
	}
	m := draw.NewEntryMap(&table, draw.MappedEntries)
	if m.Doubling || len(m.Loads) != draw.MappedEntries || m.Most != 48 || m.Level(m.Loads[7]) != 8 {
		t.Errorf("%d cells, the most %d, doubling %v", len(m.Loads), m.Most, m.Doubling)
	}
}

func TestPlotWriteErrors(t *testing.T) {
	for _, format := range []Format{SVG, PNG} {
		if err := Write(&fixture.FailingWriter{N: 10}, fixture.New(8, 20, "rss-msix"), format); err != fixture.ErrFull {
			t.Errorf("WritePlot: %v", err)
		}
		if err := WriteCompare(&fixture.FailingWriter{N: 10}, fixture.Compared(2, 4), format); err != fixture.ErrFull {
			t.Errorf("WriteComparePlot: %v", err)
		}
	}
	if err := Write(io.Discard, fixture.Empty(), Format(9)); err == nil {
		t.Error("a format that is none is no error")
	}
}
