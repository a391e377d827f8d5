package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// WriteCompareText writes c for a terminal and for a bug report: the capture, the
// figures of all scenarios side by side with the best marked, the
// shares of the CPUs, the table entries that differ from the first scenario's,
// and the parameters. No row is wider than o.Width; o.Flows is not used. Errors
// are those of w.
func WriteCompareText(w io.Writer, c *Compare, o TextOptions) error {
	t := newTextWriter(w, o)
	t.opening(&c.Words, c.Notes)
	capture := c.Capture
	hashed := c.hashedAlike()
	if !hashed { // each scenario says it
		capture.HashTypes, capture.Unhashed = nil, nil
	}
	t.capture(&capture)
	heads := scenarioHeads(c.Scenarios)
	if capture.Received > 0 && len(c.Scenarios) > 0 {
		t.scenarioFigures(c.Scenarios, heads)
		t.scenarioShares(c.Scenarios, heads)
		if !hashed {
			t.scenarioHashes(c.Scenarios, heads, capture.Received)
		}
		t.scenarioEntries(c.Scenarios, heads)
	}
	t.scenarioParameters(c, heads)
	t.caveats(&Report{Capture: c.Capture, Caveats: c.Caveats})
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

// marginOf is the width of a margin for the heads.
func marginOf(heads []string) int {
	width := 0
	for _, head := range heads {
		width = max(width, displayWidth(head))
	}
	return width + len(gap)
}

// best marks the best value of a row; what is not best keeps its place.
const (
	bestMark  = " *"
	otherMark = "  "
)

// scenarioFigures is a row for each figure and a column for each scenario.
func (t *textWriter) scenarioFigures(scenarios []Scenario, heads []string) {
	title := "under " + clean(scenarios[0].Compared)
	alike := !slices.ContainsFunc(scenarios, func(s Scenario) bool { return s.Compared != scenarios[0].Compared })
	if !alike {
		title = "each under its first mode with RSS"
	}
	t.heading("SCENARIOS SIDE BY SIDE", title+"; * marks the best of a row")
	for i, s := range scenarios {
		if heads[i] != clean(s.Name) {
			t.para(fmt.Sprintf("#%d", i+1), 4, s.Name, plain)
		}
	}
	others := withoutRSS(scenarios)
	g := grid{keys: 1, columns: []column{{left: true}}}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head + otherMark})
	}
	if len(others) == 1 {
		g.columns = append(g.columns, column{head: nonRSS})
	}
	if !alike {
		row := []cell{plainCell("mode")}
		for i := range scenarios {
			row = append(row, plainCell(scenarios[i].Compared+otherMark))
		}
		if len(others) == 1 {
			row = append(row, plainCell(nonRSS))
		}
		g.row(row...)
	}
	for _, f := range figures() {
		row := []cell{plainCell(f.label)}
		best := f.marked(scenarios)
		for i := range scenarios {
			s := &scenarios[i]
			c := plainCell(f.text(f.of(s)) + otherMark)
			switch {
			case i == best:
				c = cell{f.text(f.of(s)) + bestMark, bold}
			case f.metric == "drops" && f.of(s) > 0:
				c.style = hot
			}
			row = append(row, c)
		}
		if len(others) == 1 {
			row = append(row, plainCell(f.text(f.value(nil, others[0]))))
		}
		g.row(row...)
	}
	t.grid(&g)
	if len(others) == 1 {
		t.line("")
		t.para("", 0, "The column "+nonRSS+" is of every scenario: without RSS no indirection table is asked.", plain)
	}
	if slices.ContainsFunc(scenarios, func(s Scenario) bool { return s.cpus() != scenarios[0].cpus() }) {
		t.line("")
		t.para("", 0, "The scenarios use different numbers of CPUs: an imbalance of 2 is twice the mean of the CPUs that the scenario itself uses.", plain)
	}
	if len(others) > 1 {
		t.withoutRSS(scenarios, heads)
	}
}

// withoutRSS is non-rss of each scenario, where they differ.
func (t *textWriter) withoutRSS(scenarios []Scenario, heads []string) {
	t.heading("WITHOUT RSS", "under "+nonRSS)
	g := grid{keys: 1, columns: []column{{left: true}}}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head})
	}
	for _, f := range figures() {
		if f.metric == "flows_moved" {
			break // nothing stays where it is
		}
		row := []cell{plainCell(f.label)}
		for i := range scenarios {
			row = append(row, plainCell(f.text(f.value(nil, scenarios[i].modeNamed(nonRSS)))))
		}
		g.row(row...)
	}
	t.grid(&g)
}

// shareWidth is the columns that percent takes at most.
const shareWidth = 6

// scenarioShares is a row for each CPU: its share of each scenario's packets.
func (t *textWriter) scenarioShares(scenarios []Scenario, heads []string) {
	t.heading("SHARES OF THE CPUS", "of the packets indicated; all bars have one scale")
	cpus := map[int]bool{}
	most := uint64(0) // share in millionths
	millionths := func(m *Mode, c *CPU) uint64 {
		if m.Totals.Packets == 0 {
			return 0
		}
		return uint64(float64(c.Packets) / float64(m.Totals.Packets) * 1e6)
	}
	for i := range scenarios {
		if m := scenarios[i].mode(); m != nil {
			for k := range m.CPUs {
				cpus[m.CPUs[k].CPU] = true
				most = max(most, millionths(m, &m.CPUs[k]))
			}
		}
	}
	g := grid{keys: 1, columns: []column{{head: "CPU"}}}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head, left: true})
	}
	for _, number := range slices.Sorted(maps.Keys(cpus)) {
		row := []cell{plainCell(fmt.Sprint(number))}
		for i := range scenarios {
			m := scenarios[i].mode()
			c := m.cpu(number)
			if c == nil {
				row = append(row, plainCell(fmt.Sprintf("%*s", shareWidth, none)))
				continue
			}
			if c.Packets == 0 {
				row = append(row, plainCell(fmt.Sprintf("%*s", shareWidth, "0")))
				continue
			}
			share := Ratio(c.Packets, m.Totals.Packets)
			row = append(row, cell{fmt.Sprintf("%*s %s", shareWidth, percent(share), bar(millionths(m, c), most)), heat(share * Fraction(len(m.CPUs)))})
		}
		g.row(row...)
	}
	t.grid(&g)
}

// scenarioHashes says what each scenario hashed, where that differs.
func (t *textWriter) scenarioHashes(scenarios []Scenario, heads []string, received uint64) {
	t.heading("HASH TYPES", "")
	for i := range scenarios {
		s := &scenarios[i]
		if i > 0 && slices.Equal(s.HashTypes, scenarios[0].HashTypes) && slices.Equal(s.Unhashed, scenarios[0].Unhashed) {
			t.para(heads[i], marginOf(heads), "as the first", plain)
			continue
		}
		parts := sharesOf(s.HashTypes, received)
		for _, unhashed := range sharesOf(s.Unhashed, received) {
			parts = append(parts, "unhashed: "+unhashed)
		}
		t.list(heads[i], marginOf(heads), parts, plain)
	}
}

// scenarioEntries is the table entries that differ from the first scenario's.
func (t *textWriter) scenarioEntries(scenarios []Scenario, heads []string) {
	first := &scenarios[0].Table
	rest := plural(uint64(first.Size), "entry", "entries")
	if layout := ruleOf(first); layout != "" {
		rest += ", " + layout
	}
	t.heading("TABLE ENTRIES THAT DIFFER", fmt.Sprintf("from those of %s: %s", clean(scenarios[0].Name), rest))
	for i := 1; i < len(scenarios); i++ {
		t.words(heads[i], marginOf(heads), entriesThatDiffer(first, &scenarios[i].Table), plain)
	}
}

// scenarioParameters is the parameters that differ, then those that do not.
func (t *textWriter) scenarioParameters(c *Compare, heads []string) {
	common := &Report{Tool: c.Tool, Command: c.Command, Parameters: c.commonParameters()}
	differ := func(p Parameter) bool { return common.Parameters.named(p.Name) == nil }
	t.heading("PARAMETERS THAT DIFFER", "from those of the first scenario")
	same := true
	for i := range c.Scenarios {
		same = same && len(c.Scenarios[i].Parameters) == len(common.Parameters)
	}
	for i := range c.Scenarios {
		if same {
			t.para("", 0, "No parameter differs.", plain)
			break
		}
		var parts []string
		for _, p := range c.Scenarios[i].Parameters {
			if i == 0 && differ(p) || i > 0 && !c.Scenarios[0].has(p) {
				parts = append(parts, p.Name+" "+p.text())
			}
		}
		if i == 0 {
			parts = append(parts, "all else as below")
		}
		if parts == nil {
			parts = []string{"none"}
		}
		t.list(heads[i], marginOf(heads), parts, plain)
	}
	t.parameters(common)
}
