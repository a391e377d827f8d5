package text

import (
	"io"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// WriteVerify writes v for a terminal and for a bug report: the verdict first.
// Errors are those of w.
func WriteVerify(w io.Writer, v *report.Verify, o Options) error {
	t := newWriter(w, o)
	t.opening(&v.Words, nil)
	t.heading("VERDICT", "")
	st := report.Plain
	switch {
	case v.Agrees == nil:
		st = report.Warm
	case !*v.Agrees:
		st = report.Hot
	}
	for _, sentence := range v.Judged() {
		t.para("", 0, sentence, st)
	}
	for i, sentence := range v.Sentences() {
		st := report.Plain
		if i == 0 {
			st = report.Bold
		}
		t.para("", 0, sentence, st)
	}
	t.say(v.Evidence...)
	t.notes(v.Notes)
	t.verifiedPackets(v)
	t.verifiedQueues(v)
	t.verifiedCPUs(v)
	t.recovered(v)
	t.capture(&v.Capture)
	t.parameters(&v.Head, v.Parameters)
	t.caveats(v.AllCaveats())
	return t.flush()
}

func (t *writer) verifiedPackets(v *report.Verify) {
	facts := v.PacketFacts()
	if facts == nil {
		return
	}
	t.heading("PACKETS", "that record "+v.Recorded()+": "+words.Exact(v.Packets.Checked))
	for _, f := range facts {
		t.para(f.Label, captureLabels, f.Text, report.Plain)
	}
}

func (t *writer) verifiedQueues(v *report.Verify) {
	if len(v.Queues) == 0 {
		return
	}
	t.heading("QUEUES", v.QueuesHeading())
	t.verified(v.QueueHeads(), v.QueueRows(), func(i int) bool {
		return v.Source != "interrupts" && v.Queues[i].Seen != v.Queues[i].Predicted
	})
}

func (t *writer) verifiedCPUs(v *report.Verify) {
	if len(v.CPUs) == 0 {
		return
	}
	t.heading("CPUs", "of the protocol work")
	t.verified(v.CPUHeads(), v.CPURows(), func(i int) bool { return v.CPUs[i].Seen != v.CPUs[i].Predicted })
}

// verified is a table whose last column is in bold where a row differs.
func (t *writer) verified(heads []string, rows [][]string, differs func(row int) bool) {
	g := grid{keys: 1}
	for _, head := range heads {
		g.columns = append(g.columns, column{head: head})
	}
	for i, row := range rows {
		cells := plainCells(row...)
		if differs(i) {
			cells[len(cells)-1].style = report.Bold
		}
		g.row(cells...)
	}
	t.grid(&g)
}

func (t *writer) recovered(v *report.Verify) {
	facts := v.KeyFacts()
	if facts == nil {
		return
	}
	t.heading("KEY", report.KeyHeading)
	for _, f := range facts {
		st := report.Plain
		if f.Differs {
			st = report.Hot
		}
		t.para(f.Label, captureLabels, f.Text, st)
	}
}
