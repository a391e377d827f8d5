package markdown

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// WriteCompare writes c for an issue on GitHub, as Write writes a
// report: what was compared and which scenario is best, the figures side by side,
// and folded what differs. Errors are those of w.
func WriteCompare(w io.Writer, c *report.Compare) error {
	m := &markdown{limit: maxMarkdown}
	capture := c.Capture
	if !c.HashedAlike() { // each scenario says it
		capture.HashTypes, capture.Unhashed = nil, nil
	}
	names := scenarioCodes(c.Scenarios)
	figures := report.ComparedFigures(c.Scenarios)
	compared := c.Capture.Received > 0 && len(c.Scenarios) > 0
	m.words(&c.Words)
	m.lead(c.Title(), &c.Capture, c.NotesAndTrust(), c.Summary(), func(p *markdown) {
		if compared {
			p.comparedFigures(c, names, report.LeadingFigures(figures))
			p.say(c.MarksSentences()...)
		}
	})
	tail := m.tail(&capture, &c.Head, c.CommonParameters(), report.CaveatsOf(&capture, c.CommonParameters(), c.Caveats))
	if compared {
		if twoReports(c) {
			m.findings("Findings that are gone", findingsBytes/3, c.Diff.Gone, false)
			m.findings("Findings that are new", findingsBytes/3, c.Diff.Came, false)
			m.movedFlows(c.Diff)
		}
		m.scenariosOverTime(c)
		m.details(maxMarkdown/4, "All figures of the scenarios", "", func(p *markdown) {
			p.comparedFigures(c, names, figures)
			p.longNames(c.Scenarios, names)
		})
		m.details(maxMarkdown/8, "Table entries that differ", "", func(p *markdown) { p.scenarioEntries(c.Scenarios, names) })
		if !c.HashedAlike() {
			m.details(maxMarkdown/8, "Hash types", "", func(p *markdown) { p.scenarioHashing(c, names) })
		}
		m.details(maxMarkdown/6, "Parameters that differ", "", func(p *markdown) { p.differing(c, names) })
		m.details(m.limit, "Shares of the CPUs", "", func(p *markdown) { p.scenarioShares(c.Scenarios, names) })
	}
	return m.flush(w, tail)
}

// scenarioCodes is the scenarios' names above columns: of many a number alone, for
// which scenarioFigures has a key.
func scenarioCodes(scenarios []report.Scenario) []string {
	heads := report.ScenarioHeads(scenarios)
	for i := range heads {
		heads[i] = code(heads[i])
	}
	return heads
}

// comparedFigures are these; of a diff with what changed.
func (m *markdown) comparedFigures(c *report.Compare, names []string, figures []report.Figure) {
	if twoReports(c) {
		m.changes(c, names, figures)
	} else {
		m.scenarioFigures(c, names, figures)
	}
}

// longNames says whose the heads are that are not whole names.
func (m *markdown) longNames(scenarios []report.Scenario, names []string) {
	for i, s := range scenarios {
		if names[i] != code(s.Name) {
			m.add(fmt.Sprintf("- %s is %s\n", names[i], code(s.Name)))
		}
	}
	m.add("\n")
}

// scenarioFigures is a row for each figure and a column for each scenario, with the
// best of a row in bold.
func (m *markdown) scenarioFigures(c *report.Compare, names []string, figures []report.Figure) {
	scenarios := c.Scenarios
	shared, _ := report.WithoutRSS(scenarios)
	heads := []string{""}
	modes := []string{"mode"}
	for i := range scenarios {
		heads, modes = append(heads, "*"+names[i]), append(modes, code(scenarios[i].Compared))
	}
	if shared != nil {
		heads, modes = append(heads, "*without RSS"), append(modes, code(report.NonRSS))
	}
	rows := [][]string{modes}
	for _, f := range figures {
		row := []string{figureLabel(c.Label(&f))}
		best := c.Marked(&f)
		for i := range scenarios {
			text := f.Text(f.Of(&scenarios[i]))
			if best[i] {
				text = "**" + text + "**"
			}
			row = append(row, text)
		}
		if shared != nil {
			row = append(row, f.Text(f.Value(nil, shared)))
		}
		rows = append(rows, row)
	}
	m.table("figures", heads, rows, nil)
}

// twoReports tells whether c is a diff.
func twoReports(c *report.Compare) bool { return c.Diff != nil && len(c.Scenarios) == 2 }

// changes is a row for each figure of a diff.
func (m *markdown) changes(c *report.Compare, names []string, figures []report.Figure) {
	var rows [][]string
	for _, f := range figures {
		row := c.ChangeRow(&f)
		row[0] = figureLabel(row[0])
		rows = append(rows, row)
	}
	m.table("changes", []string{"", "*" + names[0], "*" + names[1], "*change", "*percent"}, rows, nil)
	var under []string
	for _, mode := range c.Under() {
		under = append(under, code(mode))
	}
	m.para("Under " + strings.Join(under, " and ") + "; ~ is no change beyond noise.")
}

// movedFlows are the largest of the flows that moved.
func (m *markdown) movedFlows(d *report.Diff) {
	if len(d.Moved) == 0 {
		return
	}
	m.details(maxMarkdown/16, "Flows that moved to another CPU: the largest of "+words.Exact(d.MovedTotal), "", func(p *markdown) {
		var rows [][]string
		for i := range d.Moved {
			moved := &d.Moved[i]
			rows = append(rows, []string{code(report.FlowWords(&moved.Flow)), words.Exact(moved.Flow.Packets), fmt.Sprint(moved.Was), fmt.Sprint(moved.Now)})
		}
		p.table("flows", []string{"flow", "*packets", "*old CPU", "*new CPU"}, rows, nil)
	})
}

// scenarioShares is a row for each CPU: its packets in each scenario.
func (m *markdown) scenarioShares(scenarios []report.Scenario, names []string) {
	most := map[int]uint64{} // packets of a CPU in the scenario where it has most
	for i := range scenarios {
		for _, c := range scenarios[i].Mode().CPUs {
			most[c.CPU] = max(most[c.CPU], c.Packets)
		}
	}
	cpus := slices.Sorted(maps.Keys(most))
	heads := []string{"*CPU"}
	for _, name := range names {
		heads = append(heads, "*"+name)
	}
	var rows [][]string
	for _, number := range cpus {
		row := []string{fmt.Sprint(number)}
		for i := range scenarios {
			mode := scenarios[i].Mode()
			text := words.None
			if c := mode.CPUNumbered(number); c != nil {
				text = words.Exact(c.Packets) + " (" + words.Percent(report.Ratio(c.Packets, mode.Totals.Packets)) + ")"
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	m.table("CPUs", heads, rows, func(row int) uint64 { return most[cpus[row]] })
}

func (m *markdown) scenarioEntries(scenarios []report.Scenario, names []string) {
	first := &scenarios[0].Table
	m.add("- " + names[0] + ": " + prose(first.InWords()) + "\n")
	for i := 1; i < len(scenarios); i++ {
		m.add("- " + names[i] + ": " + prose(strings.Join(report.EntriesThatDiffer(first, &scenarios[i].Table), " ")) + "\n")
	}
	m.add("\n")
}

func (m *markdown) scenarioHashing(c *report.Compare, names []string) {
	for i := range c.Scenarios {
		m.add("- " + names[i] + ": " + prose(strings.Join(c.Scenarios[i].HashShares("not hashed: "), ", ")) + "\n")
	}
	m.add("\n")
}

// differing is a row for each parameter that is not the same in all scenarios.
func (m *markdown) differing(c *report.Compare, names []string) {
	heads := append([]string{"parameter"}, names...)
	var rows [][]string
	for _, name := range c.DifferingNames() {
		row := []string{code(name)}
		for i := range c.Scenarios {
			text := words.None
			if p := c.Scenarios[i].Parameters.Named(name); p != nil {
				text = code(p.Printed())
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	if rows == nil {
		m.para("None.")
		return
	}
	m.table("parameters", heads, rows, nil)
}
