package markdown

import (
	"io"
	"slices"

	"rssreplay/report"
)

// WriteVerify writes v for an issue on GitHub, as Write writes a report:
// the verdict and what would explain it, the queues, the solved key. Errors are those of
// w.
func WriteVerify(w io.Writer, v *report.Verify) error {
	m := &markdown{limit: maxMarkdown}
	m.words(&v.Words)
	sentences := slices.Concat(v.Judged(), v.Sentences(), v.Evidence)
	m.lead(report.TitleOf("RSS prediction against "+sourceWords(v), &v.Capture), &v.Capture, v.Notes, sentences, func(p *markdown) {
		p.facts("packets", v.PacketFacts())
	})
	tail := m.tail(&v.Capture, &v.Head, v.Parameters, v.AllCaveats())
	numbers := func(heads []string) []string {
		for i := range heads {
			heads[i] = "*" + heads[i]
		}
		return heads
	}
	if len(v.Queues) > 0 {
		title := "#### Queues"
		if in := v.QueuesHeading(); in != "" {
			title += ", " + in
		}
		m.para(title)
		m.part(queuesBytes, func(p *markdown) {
			p.table("queues", numbers(v.QueueHeads()), v.QueueRows(), func(row int) uint64 { return apart(v.Queues[row].Seen, v.Queues[row].Predicted) })
		})
	}
	if len(v.CPUs) > 0 {
		m.para("#### CPUs of the protocol work")
		m.part(queuesBytes, func(p *markdown) {
			p.table("CPUs", numbers(v.CPUHeads()), v.CPURows(), func(row int) uint64 { return apart(v.CPUs[row].Seen, v.CPUs[row].Predicted) })
		})
	}
	if facts := v.KeyFacts(); facts != nil {
		m.para("#### The key, " + report.KeyHeading)
		m.facts("facts", facts)
	}
	return m.flush(w, tail)
}

// sourceWords is what the prediction is compared with.
func sourceWords(v *report.Verify) string {
	switch v.Source {
	case "counters":
		return "the NIC's counters"
	case "interrupts":
		return "the queues that interrupt"
	}
	switch p := &v.Packets; {
	case p.CPUChecked == 0:
		return "recorded queues and hashes"
	case p.QueueChecked == 0 && p.HashChecked == 0:
		return "recorded CPUs"
	}
	return "recorded queues, hashes and CPUs"
}

// apart is by how much two counts differ.
func apart(a, b uint64) uint64 { return max(a, b) - min(a, b) }

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
