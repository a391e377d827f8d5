package text

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// WriteCompare writes c for a terminal and for a bug report: the figures of all
// scenarios side by side with the best marked, the shares of the CPUs, the table
// entries that differ from the first scenario's, the capture, and the parameters.
// No row is wider than o.Width; o.Flows is not used. Errors are those of w.
func WriteCompare(w io.Writer, c *report.Compare, o Options) error {
	t := newWriter(w, o)
	notes := c.Notes
	if best := c.BestSentence(); best != "" && c.Capture.Received > 0 {
		notes = append([]string{best}, notes...)
	}
	if changes := c.Diff.ChangesSentence(); changes != "" {
		notes = append([]string{changes}, notes...)
	}
	t.opening(&c.Words, append(notes, c.Capture.Losses()...))
	capture := c.Capture
	hashed := c.HashedAlike()
	if !hashed { // each scenario says it
		capture.HashTypes, capture.Unhashed = nil, nil
	}
	heads := report.ScenarioHeads(c.Scenarios)
	if capture.Received > 0 && len(c.Scenarios) > 0 {
		t.scenarioHeadrooms(c, heads)
		if c.Diff != nil && len(c.Scenarios) == 2 {
			t.diff(c)
		} else {
			t.scenarioFigures(c, heads, o.WithoutRSS)
		}
		t.scenariosOverTime(c.OverTime, heads)
		t.scenarioShares(c.Scenarios, heads)
		if !hashed {
			t.scenarioHashes(c.Scenarios, heads)
		}
		t.scenarioEntries(c.Scenarios, heads)
	}
	t.capture(&capture)
	t.scenarioParameters(c, heads)
	t.caveats(report.CaveatsOf(&c.Capture, c.CommonParameters(), c.Caveats))
	return t.flush()
}

// marginOf is the width of a margin for the heads.
func marginOf(heads []string) int {
	width := 0
	for _, head := range heads {
		width = max(width, words.DisplayWidth(head))
	}
	return width + len(gap)
}

// best marks the best value of a row; what is not best keeps its place.
const (
	bestMark  = " *"
	otherMark = "  "
)

// scenarioFigures is a row for each figure and a column for each scenario; unspread
// asks for non-rss beside them.
func (t *writer) scenarioFigures(c *report.Compare, heads []string, unspread bool) {
	scenarios := c.Scenarios
	title := "under " + words.Clean(scenarios[0].Compared)
	alike := !slices.ContainsFunc(scenarios, func(s report.Scenario) bool { return s.Compared != scenarios[0].Compared })
	if !alike {
		title = "each under its first mode with RSS"
	}
	t.heading("SCENARIOS SIDE BY SIDE", title+"; * marks the best of a row on this capture")
	for i, s := range scenarios {
		if heads[i] != words.Clean(s.Name) {
			t.para(fmt.Sprintf("#%d", i+1), 4, s.Name, report.Plain)
		}
	}
	var shared *report.Mode // has a column
	var own []*report.Mode
	if unspread {
		shared, own = report.WithoutRSS(scenarios)
	}
	t.grid(figuresGrid(c, heads, !alike, shared))
	if shared != nil {
		t.line("")
		t.say("The column " + report.NonRSS + " is of every scenario: without RSS no indirection table is asked.")
	}
	if !report.SameCPUs(scenarios) {
		t.line("")
		t.say("The scenarios use different numbers of CPUs: an imbalance of 2 is twice the mean of the CPUs that the scenario itself uses.")
	}
	for _, sentence := range c.SteeringSentences() {
		t.line("")
		t.say(sentence)
	}
	if own != nil {
		t.withoutRSS(scenarios, own, heads)
	}
}

// figuresGrid is the table of scenarioFigures; shared is non-rss' column, nil for none, and
// modes asks for a row of the scenarios' modes.
func figuresGrid(c *report.Compare, heads []string, modes bool, shared *report.Mode) *grid {
	g := &grid{keys: 1, columns: []column{{left: true}}}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head + otherMark})
	}
	if shared != nil {
		g.columns = append(g.columns, column{head: report.NonRSS})
	}
	if modes {
		row := []cell{plainCell("mode")}
		for i := range c.Scenarios {
			row = append(row, plainCell(c.Scenarios[i].Compared+otherMark))
		}
		if shared != nil {
			row = append(row, plainCell(report.NonRSS))
		}
		g.row(row...)
	}
	for _, f := range report.ComparedFigures(c.Scenarios) {
		row := []cell{plainCell(f.Label)}
		best := c.Marked(&f)
		for i := range c.Scenarios {
			s := &c.Scenarios[i]
			shown := plainCell(f.Text(f.Of(s)) + otherMark)
			switch {
			case best[i]:
				shown = cell{f.Text(f.Of(s)) + bestMark, report.Bold}
			case f.Metric == "drops" && f.Of(s) > 0:
				shown.style = report.Hot
			}
			row = append(row, shown)
		}
		if shared != nil {
			row = append(row, plainCell(f.Text(f.Value(nil, shared))))
		}
		g.row(row...)
	}
	return g
}

// scenarioHeadrooms is a row for each scenario and mode: how much faster the packets may
// come, and what ends it.
func (t *writer) scenarioHeadrooms(c *report.Compare, heads []string) {
	if !slices.ContainsFunc(c.Scenarios, func(s report.Scenario) bool { return report.HasHeadroom(s.Modes) }) {
		return
	}
	t.heading("HEADROOM", "how much faster the packets may come")
	for _, sentence := range c.HeadroomSentences() {
		t.para("", 0, sentence, report.Bold)
	}
	t.line("")
	g := grid{keys: 1, columns: []column{{left: true}, {head: "mode", left: true}, {head: "headroom"}, {head: "× first"}, {head: "then", left: true}}}
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		for k := range s.Modes {
			m := &s.Modes[k]
			beside := words.None
			if first := c.Scenarios[0].ModeNamed(m.Mode); first != nil {
				beside = words.Fixed(m.Headroom.Ratio(first.Headroom), 2)
			}
			g.texts(heads[i], m.Mode, m.Headroom.Times(), beside, m.Headroom.End(m.Mode))
		}
	}
	t.grid(&g)
}

// withoutRSS is non-rss of each scenario, where they differ.
func (t *writer) withoutRSS(scenarios []report.Scenario, own []*report.Mode, heads []string) {
	t.heading("WITHOUT RSS", "under "+report.NonRSS)
	g := grid{keys: 1, columns: []column{{left: true}}}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head})
	}
	for _, f := range report.ComparedFigures(scenarios) {
		if f.Metric == "flows_moved" {
			break // nothing stays where it is
		}
		row := []cell{plainCell(f.Label)}
		for _, m := range own {
			row = append(row, plainCell(f.Text(f.Value(nil, m))))
		}
		g.row(row...)
	}
	t.grid(&g)
}

// shareWidth is the columns that percent takes at most.
const shareWidth = 6

// scenarioShares is a row for each CPU: its share of each scenario's packets.
func (t *writer) scenarioShares(scenarios []report.Scenario, heads []string) {
	t.heading("SHARES OF THE CPUS", "of the packets indicated; all bars have one scale")
	cpus := map[int]bool{}
	most := uint64(0) // share in millionths
	millionths := func(m *report.Mode, c *report.CPU) uint64 {
		if m.Totals.Packets == 0 {
			return 0
		}
		return uint64(float64(c.Packets) / float64(m.Totals.Packets) * 1e6)
	}
	for i := range scenarios {
		m := scenarios[i].Mode()
		for k := range m.CPUs {
			cpus[m.CPUs[k].CPU] = true
			most = max(most, millionths(m, &m.CPUs[k]))
		}
	}
	g := grid{keys: 1, columns: []column{{head: "CPU"}}}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head, left: true})
	}
	for _, number := range slices.Sorted(maps.Keys(cpus)) {
		row := []cell{plainCell(fmt.Sprint(number))}
		for i := range scenarios {
			m := scenarios[i].Mode()
			c := m.CPUNumbered(number)
			if c == nil {
				row = append(row, plainCell(fmt.Sprintf("%*s", shareWidth, words.None)))
				continue
			}
			if c.Packets == 0 {
				row = append(row, plainCell(fmt.Sprintf("%*s", shareWidth, "0")))
				continue
			}
			share := report.Ratio(c.Packets, m.Totals.Packets)
			row = append(row, cell{fmt.Sprintf("%*s %s", shareWidth, words.Percent(share), words.Bar(millionths(m, c), most)), report.Heat(share * report.Fraction(len(m.CPUs)))})
		}
		g.row(row...)
	}
	t.grid(&g)
}

// scenarioHashes says what each scenario hashed, where that differs.
func (t *writer) scenarioHashes(scenarios []report.Scenario, heads []string) {
	t.heading("HASH TYPES", "")
	for i := range scenarios {
		s := &scenarios[i]
		if i > 0 && slices.Equal(s.HashTypes, scenarios[0].HashTypes) && slices.Equal(s.Unhashed, scenarios[0].Unhashed) {
			t.para(heads[i], marginOf(heads), "as the first", report.Plain)
			continue
		}
		t.list(heads[i], marginOf(heads), s.HashShares("unhashed: "), report.Plain)
	}
}

// scenarioEntries is the table entries that differ from the first scenario's.
func (t *writer) scenarioEntries(scenarios []report.Scenario, heads []string) {
	first := &scenarios[0].Table
	t.heading("TABLE ENTRIES THAT DIFFER", fmt.Sprintf("from those of %s: %s", words.Clean(scenarios[0].Name), first.InWords()))
	for i := 1; i < len(scenarios); i++ {
		t.words(heads[i], marginOf(heads), report.EntriesThatDiffer(first, &scenarios[i].Table), report.Plain)
	}
}

// scenarioParameters is the parameters that differ, then those that do not.
func (t *writer) scenarioParameters(c *report.Compare, heads []string) {
	common := c.CommonParameters()
	differ := func(p report.Parameter) bool { return common.Named(p.Name) == nil }
	t.heading("PARAMETERS THAT DIFFER", "from those of "+words.Clean(c.Scenarios[0].Name))
	same := true
	for i := range c.Scenarios {
		same = same && len(c.Scenarios[i].Parameters) == len(common)
	}
	for i := range c.Scenarios {
		if same {
			t.say("No parameter differs.")
			break
		}
		var parts []string
		for _, p := range c.Scenarios[i].Parameters {
			if i == 0 && differ(p) || i > 0 && !c.Scenarios[0].Has(p) {
				parts = append(parts, p.Name+" "+p.Printed())
			}
		}
		if i == 0 {
			parts = append(parts, "all else as below")
		}
		if parts == nil {
			parts = []string{"none"}
		}
		t.list(heads[i], marginOf(heads), parts, report.Plain)
	}
	t.parameters(&c.Head, common)
}
