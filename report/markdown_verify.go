package report

import "io"

// WriteVerifyMarkdown writes v for an issue on GitHub, as WriteMarkdown writes a report:
// the verdict and what would explain it, the queues, the solved key. Errors are those of
// w.
func WriteVerifyMarkdown(w io.Writer, v *Verify) error {
	m := &markdown{limit: maxMarkdown}
	m.words(&v.Words)
	sentences := []string{v.Verdict}
	sentences = append(append(sentences, v.sentences()...), v.Evidence...)
	m.lead(titleOf("RSS prediction against "+v.sourceWords(), &v.Capture), &v.Capture, v.Notes, sentences, func(p *markdown) {
		p.facts("packets", v.packetFacts())
	})
	tail := &markdown{limit: captureBytes + parameterSize + caveatsBytes}
	tail.tail(&v.Capture, v.Tool, v.Command, v.Parameters, v.Caveats)
	m.limit -= tail.b.Len()
	var heads []string
	for _, head := range v.queueHeads() {
		heads = append(heads, "*"+head)
	}
	if len(v.Queues) > 0 {
		title := "#### Queues"
		if in := v.queuesHeading(); in != "" {
			title += ", " + in
		}
		m.para(title)
		m.part(queuesBytes, func(p *markdown) {
			p.table("queues", heads, v.queueRows(), func(row int) uint64 { return v.difference(row) })
		})
	}
	if facts := v.keyFacts(); facts != nil {
		m.para("#### The key, " + keyHeading)
		m.facts("facts", facts)
	}
	m.b.WriteString(tail.b.String())
	return m.flush(w)
}

// sourceWords is what the prediction is compared with.
func (v *Verify) sourceWords() string {
	switch v.Source {
	case "counters":
		return "the NIC's counters"
	case "interrupts":
		return "the queues that interrupt"
	}
	return "recorded queues and hashes"
}

// difference is by how many packets a queue differs.
func (v *Verify) difference(row int) uint64 {
	q := &v.Queues[row]
	return max(q.Seen, q.Predicted) - min(q.Seen, q.Predicted)
}

// facts is a row for each fact, in bold where it tells of a difference.
func (m *markdown) facts(what string, facts []verifyFact) {
	var rows [][]string
	for _, f := range facts {
		text := prose(f.text)
		if f.label == "key" {
			text = code(f.text)
		}
		if f.differs {
			text = "**" + text + "**"
		}
		rows = append(rows, []string{f.label, text})
	}
	m.table(what, []string{"", ""}, rows, nil)
}
