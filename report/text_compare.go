package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
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

// hashedAlike reports whether all scenarios hashed the same packets by the same types.
func (c *Compare) hashedAlike() bool {
	return !slices.ContainsFunc(c.Scenarios, func(s Scenario) bool {
		return !slices.Equal(s.HashTypes, c.Capture.HashTypes) || !slices.Equal(s.Unhashed, c.Capture.Unhashed)
	})
}

// headWidth is the columns that a scenario's name has above its column.
const headWidth = 16

// scenarioHeads is what stands above the scenarios' columns: the names, and of
// those that are too long a part after the scenario's number: of a file's path
// the end, of others the beginning.
func scenarioHeads(scenarios []Scenario) []string {
	heads := make([]string, len(scenarios))
	for i, s := range scenarios {
		heads[i] = clean(s.Name)
		if displayWidth(heads[i]) <= headWidth {
			continue
		}
		number := fmt.Sprintf("#%d ", i+1)
		room := headWidth - len(number) - 1
		if strings.ContainsAny(heads[i], `/\`) {
			for displayWidth(heads[i]) > room {
				_, n := utf8.DecodeRuneInString(heads[i])
				heads[i] = heads[i][n:]
			}
			heads[i] = number + "…" + heads[i]
			continue
		}
		for displayWidth(heads[i]) > room {
			_, n := utf8.DecodeLastRuneInString(heads[i])
			heads[i] = heads[i][:len(heads[i])-n]
		}
		heads[i] = number + heads[i] + "…"
	}
	return heads
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

// cpus is how many CPUs the compared mode has.
func (s *Scenario) cpus() int {
	if m := s.mode(); m != nil {
		return len(m.CPUs)
	}
	return 0
}

// marked is the scenario that is best in a row, -1 where none is better than
// another, or where less need not be better: a flow that moved is no fault, and of
// the first scenario none has.
func (f *figure) marked(scenarios []Scenario) int {
	if f.metric == "" || f.metric == "flows_moved" || allEqual(scenarios, f) {
		return -1
	}
	return f.best(scenarios)
}

// allEqual reports whether no scenario is better than another.
func allEqual(scenarios []Scenario, f *figure) bool {
	return !slices.ContainsFunc(scenarios, func(s Scenario) bool { return !f.of(&s).Equal(f.of(&scenarios[0])) })
}

// withoutRSS is what the scenarios have under non-rss: one mode if it is the same
// in all, none if it is what is compared, or not in all.
func withoutRSS(scenarios []Scenario) []*Mode {
	var modes []*Mode
	same := true
	for i := range scenarios {
		s := &scenarios[i]
		m := s.modeNamed(nonRSS)
		if m == nil || s.Compared == nonRSS {
			return nil
		}
		modes = append(modes, m)
		same = same && reflect.DeepEqual(countersOf(m), countersOf(modes[0]))
	}
	if same {
		return modes[:1]
	}
	return modes
}

// countersOf is the counters of a mode's CPUs, without what follows from them and
// without what names flows.
func countersOf(m *Mode) []CPU {
	cpus := slices.Clone([]CPU(m.CPUs))
	for i := range cpus {
		c := &cpus[i]
		c.PacketsPerSecond, c.BitsPerSecond, c.PacketsPerDPCMean, c.Utilization, c.Latency.Mean = 0, 0, 0, 0, 0
		c.TopFlow, c.Largest = nil, nil
	}
	return cpus
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

// cpu is the CPU of that number, nil if the mode does not use it.
func (m *Mode) cpu(number int) *CPU {
	if m == nil {
		return nil
	}
	for i := range m.CPUs {
		if m.CPUs[i].CPU == number {
			return &m.CPUs[i]
		}
	}
	return nil
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

// Of more than maxRanges ranges of entries only the first are listed.
const (
	maxRanges   = 8
	firstRanges = 4
)

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

// entriesThatDiffer says in words, none of them to be parted, how a table differs
// from the first.
func entriesThatDiffer(first, table *TableReport) []string {
	layout := ruleOf(table)
	if layout != "" {
		layout = " (" + layout + ")"
	}
	if table.Size != first.Size {
		return strings.Split(fmt.Sprintf("%s, so none can be compared%s", plural(uint64(table.Size), "entry", "entries"), layout), " ")
	}
	differ, moved := 0, 0
	for i := range table.Entries {
		if table.Entries[i] != first.Entries[i] {
			differ++
		}
		here, _ := table.cpu(i)
		if there, _ := first.cpu(i); here != there {
			moved++
		}
	}
	s := "none"
	if differ > 0 {
		s = fmt.Sprintf("%d of %d%s", differ, table.Size, layout)
	}
	if moved != differ {
		s += fmt.Sprintf("; %d on another CPU", moved)
	}
	if differ == 0 {
		return strings.Split(s, " ")
	}
	words := strings.Split(s+":", " ")
	ranges := rangesThatDiffer(first.Entries, table.Entries)
	if len(ranges) > maxRanges && layout != "" {
		return strings.Split(s, " ") // the rule says it shorter
	}
	for i, r := range ranges {
		switch {
		case i == firstRanges && len(ranges) > maxRanges:
			return append(words, strings.Split(fmt.Sprintf("and %s more", plural(uint64(len(ranges)-i), "range", "ranges")), " ")...)
		case i < len(ranges)-1:
			r += ","
		}
		words = append(words, r)
	}
	return words
}

// ruleOf is the rule that a table follows over the queues that it has, "" for none.
func ruleOf(table *TableReport) string {
	if table.Size == 0 {
		return ""
	}
	return layoutOf(table.Entries, slices.Max(table.Entries)+1)
}

// rangesThatDiffer is the runs of entries that now have one queue and had
// another: "32-63: queue 2 → 3", without the old one where that was not one. A
// run begins and ends with entries that differ.
func rangesThatDiffer(was, is []int) []string {
	var ranges []string
	for i := 0; i < len(is); i++ {
		if is[i] == was[i] {
			continue
		}
		last, from := i, fmt.Sprintf("%d ", was[i])
		for k := i + 1; k < len(is) && is[k] == is[i]; k++ {
			if was[k] != is[k] {
				last = k
			}
		}
		for k := i; k <= last; k++ {
			if was[k] != was[i] {
				from = ""
			}
		}
		entries := fmt.Sprint(i)
		if last > i {
			entries += fmt.Sprintf("-%d", last)
		}
		if from == "" {
			ranges = append(ranges, fmt.Sprintf("%s: → queue %d", entries, is[i]))
		} else {
			ranges = append(ranges, fmt.Sprintf("%s: queue %s→ %d", entries, from, is[i]))
		}
		i = last
	}
	return ranges
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

// commonParameters are those that all scenarios have with the same value.
func (c *Compare) commonParameters() (common Parameters) {
	if len(c.Scenarios) == 0 {
		return nil
	}
	for _, p := range c.Scenarios[0].Parameters {
		if !slices.ContainsFunc(c.Scenarios, func(s Scenario) bool { return !s.has(p) }) {
			common = append(common, p)
		}
	}
	return common
}

// differingNames are the names of the other parameters, by the first scenario that
// has them.
func (c *Compare) differingNames() (names []string) {
	common := c.commonParameters()
	for i := range c.Scenarios {
		for _, p := range c.Scenarios[i].Parameters {
			if common.named(p.Name) == nil && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// named is the parameter of that name, nil if there is none.
func (p Parameters) named(name string) *Parameter {
	for i := range p {
		if p[i].Name == name {
			return &p[i]
		}
	}
	return nil
}

// has reports whether the scenario has the parameter with the same value.
func (s *Scenario) has(p Parameter) bool {
	other := s.Parameters.named(p.Name)
	if other == nil {
		return false
	}
	// As JSON: of an earlier report, a value has another type.
	here, errHere := json.Marshal(p.Value)
	there, errThere := json.Marshal(other.Value)
	return errHere == nil && errThere == nil && bytes.Equal(here, there)
}
