package page

import (
	"bufio"
	"fmt"
	"io"
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
	page, err := newHTMLPage(w, &c.Words, report.TitleOf("RSS scenarios", &c.Capture))
	if err != nil {
		return err
	}
	capture := c.Capture
	if !c.HashedAlike() { // each scenario says it
		capture.HashTypes, capture.Unhashed = nil, nil
	}
	page.Lead = newHTMLLead(&capture, c.Notes, c.Summary())
	page.Tail = newHTMLTail(&capture, c.Tool, c.Command, c.CommonParameters(), c.Caveats)
	page.execute("head", page)
	body := newHTMLCompare(c, page)
	page.execute("compare", body)
	page.data(func() error { return body.writeData(page.w) })
	page.execute("foot", page)
	return page.flush()
}

// htmlCompare is the body of a comparison's page.
type htmlCompare struct {
	*htmlPage
	Received   bool
	Figures    htmlTable
	Notes      []string
	WithoutRSS *htmlTable
	CPUs       []htmlPanel
	Maps       []htmlScenarioMap // of the scenarios whose tables have a load
	MapKey     htmlMap           // what all of them are drawn by
	Time       []htmlTimeline
	Latency    []htmlPanel
	Entries    htmlTable
	Hashing    *htmlTable // nil when all hashed alike
	Parameters *htmlTable // nil when none differs

	timed []report.Mode // those of Time
}

// htmlScenarioMap is the table of a scenario.
type htmlScenarioMap struct {
	Name, Lead string
	Map        htmlMap
}

func newHTMLCompare(c *report.Compare, page *htmlPage) *htmlCompare {
	h := &htmlCompare{htmlPage: page, Received: c.Capture.Received > 0 && len(c.Scenarios) > 0}
	h.Parameters = differingParameters(c)
	if !h.Received {
		return h
	}
	h.figures(c.Scenarios)
	var names []string
	var modes []*report.Mode
	for i := range c.Scenarios {
		if m := c.Scenarios[i].Mode(); m != nil {
			names, modes = append(names, words.Shown(c.Scenarios[i].Name)), append(modes, m)
		}
	}
	loads, latencies := loadPlots(modes), latencyPlots(modes)
	for i, m := range modes {
		title := "under " + words.Shown(m.Mode)
		table := cpuTable(fmt.Sprintf("cpus-%d", i), m)
		h.CPUs = append(h.CPUs, htmlPanel{Name: names[i], Title: title, Plot: loads[i], Table: table})
		h.Latency = append(h.Latency, htmlPanel{Name: names[i], Title: title, Plot: latencies[i]})
	}
	h.maps(c.Scenarios)
	r := report.Report{Capture: c.Capture}
	for _, m := range modes {
		r.Modes = append(r.Modes, *m)
	}
	h.timed = r.Modes
	h.Time = newHTMLTimelines(&r, len(r.Modes))
	for i := range h.Time {
		h.Time[i].Name = names[i]
	}
	h.Entries = htmlTable{ID: "entries", Caption: "Table entries that differ from the first scenario's", Head: heads("scenario", "entries")}
	for i := range c.Scenarios {
		words := fmt.Sprintf("%s, %s", words.Plural(uint64(c.Scenarios[i].Table.Size), "entry", "entries"), report.RuleOf(&c.Scenarios[i].Table))
		if i > 0 {
			words = strings.Join(report.EntriesThatDiffer(&c.Scenarios[0].Table, &c.Scenarios[i].Table), " ")
		}
		h.Entries.row(headCell(c.Scenarios[i].Name), textCell(strings.TrimSuffix(words, ", ")))
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
	comparedCells = 1536
	fewestCells   = 32
)

// maps draws the tables of the scenarios by one scale.
func (h *htmlCompare) maps(scenarios []report.Scenario) {
	cells := max(comparedCells/len(scenarios), fewestCells)
	loads := make([]*draw.EntryMap, len(scenarios))
	var most uint64
	doubling, small := false, true
	for i := range scenarios {
		m := draw.NewEntryMap(&scenarios[i].Table, cells)
		if loads[i] = m; m != nil {
			most, doubling = max(most, m.Most), doubling || m.Doubling
		}
	}
	for i, m := range loads {
		if m == nil {
			continue
		}
		m.Most, m.Doubling = most, doubling
		drawn := newHTMLMap(fmt.Sprintf("map-%d", i), &scenarios[i].Table, m)
		small = small && drawn.Small
		h.Maps = append(h.Maps, htmlScenarioMap{words.Shown(scenarios[i].Name), m.Lead(&scenarios[i].Table), drawn})
	}
	h.MapKey = htmlMap{Small: small, Most: words.Exact(most), Doubling: doubling}
}

// writeData writes what the script reads: the series that are drawn.
func (h *htmlCompare) writeData(w *bufio.Writer) error {
	series, err := seriesJSON(h.timed)
	if err != nil {
		return err
	}
	w.WriteString(`{"modes":`)
	w.Write(series)
	_, err = w.WriteString("}")
	return err
}

// figures is a row for each figure and a column for each scenario.
func (h *htmlCompare) figures(scenarios []report.Scenario) {
	h.Figures = htmlTable{ID: "figures-table", Caption: "Figures of the scenarios; ★ marks the best of a row", Head: heads("figure")}
	row := []htmlCell{headCell("mode")}
	for i := range scenarios {
		h.Figures.Head = append(h.Figures.Head, htmlHead{Text: words.Shown(scenarios[i].Name), Number: true})
		row = append(row, htmlCell{Text: words.Shown(scenarios[i].Compared), Number: true})
	}
	others := report.WithoutRSS(scenarios)
	if len(others) == 1 {
		h.Figures.Head = append(h.Figures.Head, htmlHead{Text: report.NonRSS, Number: true})
		row = append(row, htmlCell{Text: report.NonRSS, Number: true})
		h.Notes = append(h.Notes, "The column "+report.NonRSS+" is of every scenario: without RSS no indirection table is asked.")
	}
	h.Figures.row(row...)
	if len(others) > 1 {
		h.WithoutRSS = &htmlTable{ID: "without-rss", Caption: "Without RSS", Head: h.Figures.Head}
	}
	for _, f := range report.ComparedFigures(scenarios) {
		row := []htmlCell{figureHead(f.Label)}
		without := []htmlCell{figureHead(f.Label)}
		best := f.Marked(scenarios)
		for i := range scenarios {
			s := &scenarios[i]
			cell := nullCell()
			if m := s.Mode(); m != nil {
				cell = figureCell(&f, s, m)
			}
			if i == best {
				cell.Class = "best"
			}
			row = append(row, cell)
			if len(others) > 1 {
				without = append(without, figureCell(&f, nil, others[i]))
			}
		}
		if len(others) == 1 {
			row = append(row, figureCell(&f, nil, others[0]))
		}
		h.Figures.row(row...)
		if h.WithoutRSS != nil {
			h.WithoutRSS.row(without...)
		}
	}
	if slices.ContainsFunc(scenarios, func(s report.Scenario) bool { return s.Cpus() != scenarios[0].Cpus() }) {
		h.Notes = append(h.Notes, "The scenarios use different numbers of CPUs: an imbalance of 2 is twice the mean of the CPUs that the scenario itself uses.")
	}
}

// scenarioHashing is what each scenario hashed, and what not.
func scenarioHashing(c *report.Compare) htmlTable {
	t := htmlTable{ID: "hashing", Caption: "Received packets by hash type, and by the reason for none", Head: heads("scenario", "hash types and reasons")}
	for i := range c.Scenarios {
		parts := report.SharesOf(c.Scenarios[i].HashTypes, c.Capture.Received)
		for _, unhashed := range report.SharesOf(c.Scenarios[i].Unhashed, c.Capture.Received) {
			parts = append(parts, "not hashed: "+unhashed)
		}
		t.row(headCell(c.Scenarios[i].Name), textCell(strings.Join(parts, ", ")))
	}
	return t
}

// differingParameters is a row for each parameter that is not the same in all.
func differingParameters(c *report.Compare) *htmlTable {
	names := c.DifferingNames()
	t := &htmlTable{ID: "differing", Caption: "Parameters that differ", Head: heads("parameter")}
	for i := range c.Scenarios {
		t.Head = append(t.Head, htmlHead{Text: words.Shown(c.Scenarios[i].Name)})
	}
	for _, name := range names {
		row := []htmlCell{headCell(name)}
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
	return t
}
