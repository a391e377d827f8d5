package markdown

import (
	"io"

	"rssreplay/report"
)

// WriteVerify writes v for an issue on GitHub, as Write writes a report:
// the verdict and what would explain it, the queues, the solved key. Errors are those of
// w.
func WriteVerify(w io.Writer, v *report.Verify) error {
	m := &markdown{limit: maxMarkdown}
	m.words(&v.Words)
	sentences := []string{v.Verdict}
	sentences = append(append(sentences, v.Sentences()...), v.Evidence...)
	m.lead(report.TitleOf("RSS prediction against "+sourceWords(v), &v.Capture), &v.Capture, v.Notes, sentences, func(p *markdown) {
		p.facts("packets", v.PacketFacts())
	})
	tail := &markdown{limit: captureBytes + parameterSize + caveatsBytes}
	tail.tail(&v.Capture, v.Tool, v.Command, v.Parameters, v.AllCaveats())
	m.limit -= tail.b.Len()
	var heads []string
	for _, head := range v.QueueHeads() {
		heads = append(heads, "*"+head)
	}
	if len(v.Queues) > 0 {
		title := "#### Queues"
		if in := v.QueuesHeading(); in != "" {
			title += ", " + in
		}
		m.para(title)
		m.part(queuesBytes, func(p *markdown) {
			p.table("queues", heads, v.QueueRows(), func(row int) uint64 { return difference(v, row) })
		})
	}
	if facts := v.KeyFacts(); facts != nil {
		m.para("#### The key, " + report.KeyHeading)
		m.facts("facts", facts)
	}
	m.b.WriteString(tail.b.String())
	return m.flush(w)
}

// sourceWords is what the prediction is compared with.
func sourceWords(v *report.Verify) string {
	switch v.Source {
	case "counters":
		return "the NIC's counters"
	case "interrupts":
		return "the queues that interrupt"
	}
	return "recorded queues and hashes"
}

// difference is by how many packets a queue differs.
func difference(v *report.Verify, row int) uint64 {
	q := &v.Queues[row]
	return max(q.Seen, q.Predicted) - min(q.Seen, q.Predicted)
}

// facts is a row for each fact, in bold where it tells of a difference.
func (m *markdown) facts(what string, facts []report.VerifyFact) {
	var rows [][]string
	for _, f := range facts {
		text := prose(f.Text)
		if f.Label == "key" {
			text = code(f.Text)
		}
		if f.Differs {
			text = "**" + text + "**"
		}
		rows = append(rows, []string{f.Label, text})
	}
	m.table(what, []string{"", ""}, rows, nil)
}
