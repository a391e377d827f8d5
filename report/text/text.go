package text

import (
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Options say how Write prints. The zero value is 100 columns, Unicode
// symbols, no colour and the 20 largest flows.
type Options struct {
	Width int  // columns; 0 is 100; what MinWidth and MaxWidth don't hold is brought between them
	Color bool // ANSI colours: headings, hot entries, losses
	ASCII bool // draw with ASCII alone; names from the capture stay as they are
	Flows int  // rows of the flow table at most; 0 is 20, negative all that the report lists
	Time  bool // WriteScreen: the modes over time, too
	// WithoutRSS: WriteCompare shows non-rss, too.
	WithoutRSS bool
	// Show names the sections that Write prints, of Sections; empty is all.
	Show []string
}

// Sections are the parts of Write that Options.Show chooses, in the order
// in which they are printed: cpus and time are of each mode.
var Sections = []string{"capture", "findings", "modes", "cpus", "time", "table", "flows", "parameters", "caveats"}

// shows tells whether a section is printed.
func (o *Options) shows(section string) bool {
	return len(o.Show) == 0 || slices.Contains(o.Show, section)
}

// MinWidth and MaxWidth bound Options.Width.
const (
	MinWidth = 80
	MaxWidth = 1000
)

const (
	defaultWidth = 100
	defaultFlows = 20
)

// Write writes r for a terminal and for a bug report: what was replayed, what
// was found to be wrong, the modes side by side, each mode by CPU, the indirection
// table, the flows, the parameters and the caveats. No row is wider than o.Width, but for
// a single word of a command that is, and nothing from the capture reaches the terminal
// unescaped. Errors are those of w.
func Write(w io.Writer, r *report.Report, o Options) error {
	t := newWriter(w, o)
	t.opening(&r.Words, r.Notes)
	if o.shows("capture") {
		t.capture(&r.Capture)
	}
	if o.shows("findings") {
		t.findings(r.Findings)
	}
	if len(o.Show) > 0 {
		t.nothingToShow(r, &o)
	}
	if r.Capture.Received > 0 { // without, every number of a mode would be 0 or none
		if o.shows("modes") && len(r.Modes) > 0 {
			t.sideBySide(r)
		}
		for i := range r.Modes {
			t.mode(r, &r.Modes[i], o.shows("cpus"), o.shows("time"))
		}
		if o.shows("cpus") {
			t.host(r.Host)
		}
		if o.shows("table") {
			t.entries("Indirection table", "table.entries", &r.Table)
			t.rules(r)
			t.contexts(r.Contexts)
			t.moves(r)
		}
		if o.shows("flows") {
			t.flows(r, o.Flows)
		}
	}
	if o.shows("parameters") {
		t.parameters(&r.Head, r.Parameters)
	}
	if o.shows("caveats") {
		t.caveats(report.CaveatsOf(&r.Capture, r.Parameters, r.Caveats))
	}
	if len(o.Show) == 0 {
		t.glossary()
	}
	return t.flush()
}

// captureLabels is the margin for the labels of the capture's section.
const captureLabels = 12

func (t *writer) capture(c *report.Capture) {
	t.heading("CAPTURE", "")
	t.files(c.Files)
	for _, f := range c.Facts() {
		if len(f.Items) == 1 {
			t.para(f.Label, captureLabels, f.Items[0], f.Style)
		} else {
			t.list(f.Label, captureLabels, f.Items, f.Style)
		}
	}
}

// sideBySide is the modes as columns.
func (t *writer) sideBySide(r *report.Report) {
	t.heading("MODES SIDE BY SIDE", "")
	g := grid{keys: 1, columns: []column{{left: true}}}
	for _, m := range r.Modes {
		g.columns = append(g.columns, column{head: words.Clean(m.Mode)})
	}
	for _, f := range report.ModeFigures(r.Modes) {
		row := []cell{plainCell(f.Label)}
		for i := range r.Modes {
			v := f.Value(nil, &r.Modes[i])
			c := plainCell(f.Text(v))
			if f.Metric == "drops" && v > 0 {
				c.style = report.Hot
			}
			row = append(row, c)
		}
		g.row(row...)
	}
	t.grid(&g)
	for _, sentence := range []string{report.HeadroomSentence(r.Modes, r.Parameters), report.SerialSentence(r.Modes)} {
		if sentence != "" {
			t.line("")
			t.say(sentence)
		}
	}
}

// dropCell is a number of lost packets, marked when there are any.
func dropCell(s string, drops uint64) cell {
	if drops > 0 {
		return cell{s, report.Hot}
	}
	return plainCell(s)
}

func countOrNone(n *uint64) string {
	if n == nil {
		return words.None
	}
	return words.Count(*n)
}

func (t *writer) findings(findings []report.Finding) {
	if len(findings) == 0 {
		return
	}
	t.heading("FINDINGS", "")
	for _, f := range findings {
		t.para(f.Severity, captureLabels, f.Summary+" ["+f.ID+"]", severityStyle(f.Severity))
		if f.Evidence != "" {
			t.para("", captureLabels, f.Evidence, report.Plain)
		}
		if f.Remedy != "" {
			t.para("", captureLabels, "→ "+f.Remedy, report.Plain)
		}
	}
}

// nothingToShow says why sections that were asked for have nothing.
func (t *writer) nothingToShow(r *report.Report, o *Options) {
	switch {
	case r.Capture.Received == 0 && o.shows("capture"): // it says so
	case r.Capture.Received == 0:
		t.say(strings.Join(r.Summary(), " "))
	case o.shows("findings") && len(r.Findings) == 0:
		t.heading("FINDINGS", "")
		says := "none"
		for _, s := range r.Verdict() {
			says += ". " + strings.TrimSuffix(s.Text, ".")
		}
		t.say(words.UpperFirst(says) + ".")
	}
}

func severityStyle(severity string) report.Style {
	switch severity {
	case report.Problem:
		return report.Hot
	case report.Warning:
		return report.Warm
	case report.Even:
		return report.Good
	}
	return report.Bold
}

// parameterLabels is the width of the longest flag name of the model, and a gap.
const parameterLabels = 19

// parameters prints in full what something set, and the defaults in one
// paragraph; first the command and the tool, without which a bug report can't
// be repeated.
func (t *writer) parameters(head *report.Head, parameters report.Parameters) {
	t.heading("PARAMETERS", "")
	t.commandAndTool(head)
	t.parameterList(parameters)
}

func (t *writer) commandAndTool(head *report.Head) {
	if len(head.Command) > 0 {
		t.command(head.Command)
	}
	if tool := &head.Tool; tool.Name != "" {
		t.para("tool", parameterLabels, strings.Join([]string{tool.Name, tool.Version, tool.Go}, " "), report.Plain)
	}
}

// parameterList is what something set, one on a line, then the defaults.
func (t *writer) parameterList(parameters report.Parameters) {
	defaults := t.setParameters(parameters)
	if len(defaults) > 0 {
		t.list("defaults", parameterLabels, defaults, report.Faint)
	}
}

// setParameters prints what something set, and returns the rest.
func (t *writer) setParameters(parameters report.Parameters) (defaults []string) {
	for _, p := range parameters {
		if p.Source == report.DefaultSource {
			defaults = append(defaults, p.Name+" "+p.Printed())
			continue
		}
		t.para(p.Name, parameterLabels, p.Printed()+" ("+p.Source+")", report.Plain)
	}
	return defaults
}

func (t *writer) caveats(caveats []string) {
	if len(caveats) == 0 {
		return
	}
	t.heading("CAVEATS", "")
	for _, c := range caveats {
		t.para("-", 2, c, report.Plain)
	}
}

// Glossary is the words of the documents that are replayed, and what those who tune
// Linux call the same.
var Glossary = [][2]string{
	{"DPC", "NAPI's poll in a softirq: takes packets from a queue, after the ISR"},
	{"ISR", "the interrupt handler itself: masks the interrupt, asks for a DPC"},
	{"indicate", "hand a packet to the network stack"},
	{"vector", "an interrupt of the NIC (MSI-X): an IRQ in /proc/interrupts"},
	{"ring", "the receive buffers of a queue (ethtool -g); a full one drops"},
	{"entry", "of the table (ethtool -x): the hash picks one, and it names a queue"},
}

func (t *writer) glossary() {
	t.heading("WORDS", "")
	for _, word := range Glossary {
		t.para(word[0], glossaryLabels, word[1], report.Plain)
	}
}

const glossaryLabels = 10
