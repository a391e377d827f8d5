package text

import (
	"fmt"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// diff is the two reports: old, new, change and percent, then the findings that are
// gone or new, and the flows that moved.
func (t *writer) diff(c *report.Compare) {
	before, after := &c.Scenarios[0], &c.Scenarios[1]
	t.heading("CHANGES", fmt.Sprintf("from %s to %s, under %s; ~ is no change beyond noise", words.Clean(before.Name), words.Clean(after.Name), words.Clean(strings.Join(c.Under(), " and "))))
	if trust := c.Diff.TrustSentence(); trust != "" && c.Capture.Received > 0 {
		t.say(trust)
		t.line("")
	}
	for _, marks := range c.MarksSentences() {
		t.say(marks)
		t.line("")
	}
	g := grid{keys: 1, columns: []column{{left: true}, {head: "old"}, {head: "new"}, {head: "change"}, {head: "percent"}}}
	for _, f := range report.ComparedFigures(c.Scenarios) {
		g.texts(c.ChangeRow(&f)...)
	}
	t.grid(&g)
	for _, part := range []struct {
		title    string
		findings []report.Finding
	}{{"FINDINGS THAT ARE GONE", c.Diff.Gone}, {"FINDINGS THAT ARE NEW", c.Diff.Came}} {
		if len(part.findings) == 0 {
			continue
		}
		t.heading(part.title, "")
		for _, f := range part.findings {
			t.para(f.Severity, captureLabels, f.Summary+" ["+f.ID+"]", severityStyle(f.Severity))
		}
	}
	if len(c.Diff.Moved) == 0 {
		return
	}
	t.heading("FLOWS THAT MOVED", fmt.Sprintf("to another CPU, the largest of %s", words.Exact(c.Diff.MovedTotal)))
	g = grid{keys: 1, columns: []column{{head: "flow", left: true}, {head: "packets"}, {head: "old CPU"}, {head: "new CPU"}}}
	for i := range c.Diff.Moved {
		m := &c.Diff.Moved[i]
		g.texts("", words.Count(m.Flow.Packets), fmt.Sprint(m.Was), fmt.Sprint(m.Now))
	}
	left := t.width - len(words.Indent) - widthOf(g.columns[1:]) - len(gap)
	for i := range c.Diff.Moved {
		g.columns[0].cells[i].text = words.Clean(report.FlowName(&c.Diff.Moved[i].Flow, left))
	}
	t.grid(&g)
}
