package page

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// WriteCompare writes c as a page of the kind that Write writes: the
// figures of all scenarios with the best of each row marked, the load and latency
// of the CPUs, what differs in tables and parameters. Errors are those of w.
func WriteCompare(w io.Writer, c *report.Compare) error {
	page, err := newFrame(w, &c.Words, c.Title())
	if err != nil {
		return err
	}
	capture := c.Capture
	if !c.HashedAlike() { // each scenario says it
		capture.HashTypes, capture.Unhashed = nil, nil
	}
	page.Lead = newLead(&capture, c.NotesAndTrust(), c.Summary())
	page.Tail = newTail(&capture, &c.Head, c.CommonParameters(), c.Caveats)
	page.execute("head", page)
	body := newCompareBody(c, page)
	page.execute("compare", body)
	page.data(func() error { return body.writeData(page.w) })
	page.execute("foot", page)
	return page.flush()
}

// compareBody is the body of a comparison's page.
type compareBody struct {
	*frame
	Steers     bool // CPUs hand packets on in a scenario
	Received   bool
	Figures    table
	All        *table // figures, where Figures lists many scenarios by some of them
	Notes      []string
	WithoutRSS *table
	Drawn      string // which scenarios are, "" for all
	CPUs       []panel
	Maps       []scenarioMap  // of the scenarios whose tables have a load
	MapKey     entryMap       // what all of them are drawn by
	MapsKey    string         // what the maps but the first tell, in a sentence
	Diff       *diffSection   // nil but of two reports
	OverTime   *table         // nil where no scenario moves entries
	Lines      *imbalanceRows // nil where there are no two windows
	Verdicts   []string       // on those that do
	Time       []timeline
	Latency    []panel
	Entries    table
	Hashing    *table // nil when all hashed alike
	Parameters *table // nil when none differs

	timed []report.Mode // those of Time
}

// drawnScenarios have drawings at most; more than listedScenarios are listed one below the
// other, with some of their figures.
const (
	drawnScenarios  = 16
	listedScenarios = 8
)

// scenarioMap is the table of a scenario.
type scenarioMap struct {
	Name, Lead string
	Map        entryMap
}

func newCompareBody(c *report.Compare, page *frame) *compareBody {
	h := &compareBody{frame: page, Received: c.Capture.Received > 0 && len(c.Scenarios) > 0}
	h.Parameters = differingParameters(c)
	if !h.Received {
		return h
	}
	h.figures(c)
	drawn := c.Scenarios[:min(len(c.Scenarios), drawnScenarios)]
	if len(drawn) < len(c.Scenarios) {
		h.Drawn = fmt.Sprintf("Drawn are the first %d of %d scenarios; the figures are of all.", len(drawn), len(c.Scenarios))
	}
	var names []string
	var modes []*report.Mode
	for i := range drawn {
		names, modes = append(names, words.Shown(drawn[i].Name)), append(modes, drawn[i].Mode())
	}
	loads, latencies := loadPlots(modes), latencyPlots(modes)
	for i, m := range modes {
		h.Steers = h.Steers || m.SteeringRoles() != ""
		title := "under " + words.Shown(m.Mode)
		table := cpuTable(fmt.Sprintf("cpus-%d", i), m)
		table.Label = table.Caption + ", " + names[i]
		h.CPUs = append(h.CPUs, panel{Name: names[i], Title: title, Plot: loads[i], Table: table})
		h.Latency = append(h.Latency, panel{Name: names[i], Title: title, Plot: latencies[i]})
	}
	late(h.CPUs, 35_000)
	late(h.Latency, 15_000)
	h.maps(drawn)
	h.Diff = newDiffSection(c)
	var time []timed
	for i := range drawn {
		s := &drawn[i]
		h.timed = append(h.timed, *modes[i])
		time = append(time, timed{&report.Report{Capture: c.Capture, Table: s.Table, Changes: s.Changes}, modes[i]})
	}
	h.Time = newTimelines(time, len(time))
	h.overTime(c)
	h.Lines = newImbalanceRows(c)
	for i := range h.Time {
		h.Time[i].Name = names[i]
	}
	h.Entries = table{ID: "entries", Caption: "Table entries that differ from the first scenario's", Head: heads("scenario", "entries")}
	for i := range c.Scenarios {
		entries := c.Scenarios[i].Table.InWords()
		if i > 0 {
			entries = strings.Join(report.EntriesThatDiffer(&c.Scenarios[0].Table, &c.Scenarios[i].Table), " ")
		}
		h.Entries.row(headCell(c.Scenarios[i].Name), textCell(entries))
	}
	if !c.HashedAlike() {
		hashing := scenarioHashing(c)
		h.Hashing = &hashing
	}
	return h
}

// comparedCells is how many cells the maps of all scenarios have together, but each at
// least fewestCells.
const (
	comparedCells = 2048
	fewestCells   = 32
)

// maps draws the tables of the scenarios by one scale.
func (h *compareBody) maps(scenarios []report.Scenario) {
	cells := max(comparedCells/len(scenarios), fewestCells)
	loads := make([]*draw.EntryMap, len(scenarios))
	var shades draw.Shades // one scale for all
	small := true
	for i := range scenarios {
		m := draw.NewEntryMap(&scenarios[i].Table, cells)
		if loads[i] = m; m != nil {
			shades.Most, shades.Doubling = max(shades.Most, m.Most), shades.Doubling || m.Doubling
		}
	}
	first := &scenarios[0].Table
	cpus, several := 0, false
	sameLoads := len(scenarios) > 1 && loads[0] != nil && !slices.ContainsFunc(scenarios, func(s report.Scenario) bool {
		return !slices.Equal(s.Table.Packets, first.Packets)
	})
	for i, m := range loads {
		if m == nil {
			continue
		}
		m.Shades = shades
		drawn := newEntryMap(fmt.Sprintf("map-%d", i), &scenarios[i].Table, m)
		small = small && drawn.Small
		if sameLoads && i > 0 {
			drawn.places(&scenarios[i].Table, first)
			cpus = max(cpus, slices.Max(append(scenarios[i].Table.QueueCPUs, 0))+1)
			several = several || drawn.Folded > 1
		}
		drawn.Of = words.Shown(scenarios[i].Name)
		h.Maps = append(h.Maps, scenarioMap{drawn.Of, m.Lead(&scenarios[i].Table), drawn})
	}
	h.MapsKey = "All scenarios are at one scale."
	if sameLoads {
		h.MapsKey = "The load is the same in all scenarios; in those after the first the colour is the CPU's"
		if cpus > placeColours {
			h.MapsKey += fmt.Sprintf(" (of %d colours in turn)", placeColours)
		}
		if several {
			h.MapsKey += ", hatched where a cell has several"
		}
		h.MapsKey += ", and entries on another CPU than in the first are outlined."
	}
	h.MapKey = entryMap{Small: small, Most: words.Plural(shades.Most, "packet", "packets"), Doubling: shades.Doubling}
}

// places tells each entry's CPU by its colour, and marks those that have another one than
// in the first table.
func (m *entryMap) places(table, first *report.TableReport) {
	at := 0
	for r := range m.Rows {
		for c := range m.Rows[r].Cells {
			cpu, _ := table.CPUOf(at)
			cell := &m.Rows[r].Cells[c]
			cell.Place = fmt.Sprintf("c%d", cpu%placeColours)
			moved := false
			for i := at; i < min(at+m.Folded, len(table.Entries)); i++ {
				is, _ := table.CPUOf(i)
				if is != cpu {
					cell.Place = "several"
				}
				if was, _ := first.CPUOf(i); is != was && !moved {
					moved = true
					cell.Tip += fmt.Sprintf("; entry %d was on CPU %d", i, was)
				}
			}
			if moved {
				cell.Place += " moved"
			}
			at += m.Folded
		}
	}
}

// placeColours are the colours of CPUs.
const placeColours = 8

// writeData writes what the script reads: the series that are drawn.
func (h *compareBody) writeData(w *bufio.Writer) error {
	series, err := seriesJSON(h.timed)
	if err != nil {
		return err
	}
	w.WriteString(`,"modes":`)
	_, err = w.Write(series)
	return err
}

// figures is a row for each figure and a column for each scenario; with more than
// listedScenarios a row for each scenario, and the rest folded.
func (h *compareBody) figures(c *report.Compare) {
	scenarios := c.Scenarios
	shared, own := report.WithoutRSS(scenarios)
	h.figuresHead(scenarios, shared != nil)
	if c.OfCaptures() {
		h.Figures.Caption = "Figures of two captures; ★ marks the lower of a row, whatever is the cause"
	}
	listed := map[int]bool{0: slices.ContainsFunc(scenarios, func(s report.Scenario) bool { return s.Compared != scenarios[0].Compared })}
	unlike := !report.SameCPUs(scenarios)
	for _, f := range report.ComparedFigures(scenarios) {
		listed[len(h.Figures.Rows)] = listedFigures[f.Metric]
		row := figureRow(c, &f)
		if shared != nil {
			row = append(row, figureCell(&f, nil, shared))
		}
		h.Figures.row(row...)
		if last := len(h.Figures.Rows) - 1; unlike && f.Label == report.MostLoadedShare.Label {
			listed[last-1], listed[last] = true, true // whose it is, too
		}
	}
	if own != nil {
		h.WithoutRSS = withoutRSS(scenarios, own, h.Figures.Head)
	}
	h.Figures.numbers(0)
	if len(scenarios) > listedScenarios {
		all := h.Figures
		all.ID, all.Caption, all.Late = "all-figures", "All figures", true
		h.All = &all
		h.Figures = all.turned("figures-table", "Figures of the scenarios; ★ marks the best of a column on this capture", func(row int) bool { return listed[row] })
	}
	if unlike {
		h.Notes = append(h.Notes, "The scenarios use different numbers of CPUs: an imbalance of 2 is twice the mean of the CPUs that the scenario itself uses.")
	}
}

// figuresHead begins the figures with a column for each scenario and its mode. Without
// RSS, where no table is asked, all scenarios are one, which is the last column, or they
// have a table of their own.
func (h *compareBody) figuresHead(scenarios []report.Scenario, shared bool) {
	h.Figures = table{ID: "figures-table", Caption: "Figures of the scenarios; ★ marks the best of a row on this capture", Head: heads("figure")}
	row := []cell{headCell("mode")}
	for i := range scenarios {
		h.Figures.Head = append(h.Figures.Head, head{Text: words.Shown(scenarios[i].Name), Number: true})
		row = append(row, cell{Text: words.Shown(scenarios[i].Compared), Number: true})
	}
	if shared {
		h.Figures.Head = append(h.Figures.Head, head{Text: report.NonRSS, Number: true})
		row = append(row, cell{Text: report.NonRSS, Number: true})
		where := "column"
		if len(scenarios) > listedScenarios {
			where = "row"
		}
		h.Notes = append(h.Notes, "The "+where+" "+report.NonRSS+" is of every scenario: without RSS no indirection table is asked.")
	}
	h.Figures.row(row...)
}

// withoutRSS is the table of their own.
func withoutRSS(scenarios []report.Scenario, own []*report.Mode, heads []head) *table {
	t := &table{ID: "without-rss", Caption: "Without RSS", Head: slices.Clone(heads), Late: len(scenarios) > listedScenarios}
	for _, f := range report.ComparedFigures(scenarios) {
		row := []cell{figureHead(f.Label)}
		for _, m := range own {
			row = append(row, figureCell(&f, nil, m))
		}
		t.row(row...)
	}
	t.numbers(0)
	return t
}

// figureRow is a figure of each scenario, with the best marked, and how it differs from the
// first's.
func figureRow(c *report.Compare, f *report.Figure) []cell {
	row := []cell{figureHead(c.Label(f))}
	best := c.Marked(f)
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		cell := figureCell(f, s, s.Mode())
		if best[i] {
			cell.Class = "best"
		}
		if i > 0 {
			cell.Delta = delta(f, &c.Scenarios[0], s, c.OfCaptures())
		}
		row = append(row, cell)
	}
	return row
}

// listedFigures are those by which many scenarios are listed.
var listedFigures = map[string]bool{"imbalance.packets": true, "imbalance.busiest_window": true, "drops": true, "latency_p99_ns": true, "flows_moved": true}

// delta is how a figure differs from the first scenario's: "▲ 35.4%"; "" where it does
// not, or only by noise.
func delta(f *report.Figure, first, s *report.Scenario, otherCapture bool) string {
	was, now := f.Of(first), f.Of(s)
	if was.IsNull() || now.IsNull() || !f.Differs(first, s, otherCapture) || f.Metric == "flows_moved" || strings.HasPrefix(f.Label, " ") {
		return ""
	}
	arrow := "▲"
	if now < was {
		arrow = "▼"
	}
	change := math.Abs(float64(now - was))
	if was == 0 {
		return arrow + " " + f.Text(report.Fraction(change))
	}
	return fmt.Sprintf("%s %.1f%%", arrow, change/math.Abs(float64(was))*100)
}

// diffSection is what two reports do not have alike, beside their figures.
type diffSection struct {
	Sentences []string
	Parts     []diffPart
	Moved     *table // nil: none is known to have
}

type diffPart struct {
	Title    string
	Findings []finding
}

func newDiffSection(c *report.Compare) *diffSection {
	d := c.Diff
	if d == nil {
		return nil
	}
	h := &diffSection{Sentences: c.MarksSentences()}
	for _, part := range []struct {
		title    string
		findings []report.Finding
	}{{"Findings that are gone", d.Gone}, {"Findings that are new", d.Came}} {
		if len(part.findings) == 0 {
			continue
		}
		of := diffPart{Title: part.title}
		for _, f := range part.findings {
			of.Findings = append(of.Findings, newFinding(f))
		}
		h.Parts = append(h.Parts, of)
	}
	if len(d.Moved) > 0 {
		h.Moved = &table{ID: "moved", Caption: fmt.Sprintf("Flows that moved to another CPU: the largest of %s", words.Exact(d.MovedTotal)), Head: heads("*old CPU", "*new CPU", "*packets", "flow")}
		for i := range d.Moved {
			m := &d.Moved[i]
			h.Moved.row(numberCell(m.Was), numberCell(m.Now), exactCell(m.Flow.Packets), textCell(report.FlowWords(&m.Flow)))
		}
	}
	return h
}

// scenarioHashing is what each scenario hashed, and what not.
func scenarioHashing(c *report.Compare) table {
	t := table{ID: "hashing", Caption: "Received packets by hash type, and by the reason for none", Head: heads("scenario", "hash types and reasons")}
	for i := range c.Scenarios {
		t.row(headCell(c.Scenarios[i].Name), textCell(strings.Join(c.Scenarios[i].HashShares("not hashed: "), ", ")))
	}
	return t
}

// differingParameters is a row for each parameter that is not the same in all.
func differingParameters(c *report.Compare) *table {
	names := c.DifferingNames()
	t := &table{ID: "differing", Caption: "Parameters that differ", Head: heads("parameter")}
	for i := range c.Scenarios {
		t.Head = append(t.Head, head{Text: words.Shown(c.Scenarios[i].Name)})
	}
	for _, name := range names {
		row := []cell{headCell(name)}
		for i := range c.Scenarios {
			cell := textCell("–")
			if p := c.Scenarios[i].Parameters.Named(name); p != nil {
				cell = textCell(p.Printed())
				cell.Title = words.Shown(p.Source)
			}
			cell.Class = "value"
			row = append(row, cell)
		}
		t.row(row...)
	}
	if len(names) == 0 {
		return nil
	}
	if len(c.Scenarios) > listedScenarios {
		turned := t.turned(t.ID, t.Caption, func(int) bool { return true })
		return &turned
	}
	return t
}
