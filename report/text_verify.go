package report

import "io"

// WriteVerifyText writes v for a terminal and for a bug report: the verdict first.
// Errors are those of w.
func WriteVerifyText(w io.Writer, v *Verify, o TextOptions) error {
	t := newTextWriter(w, o)
	t.opening(&v.Words, v.Notes)
	t.heading("VERDICT", "")
	st := plain
	switch {
	case v.Agrees == nil:
		st = warm
	case !*v.Agrees:
		st = hot
	}
	t.para("", 2, v.Verdict, st)
	for i, sentence := range v.sentences() {
		st := plain
		if i == 0 {
			st = bold
		}
		t.para("", 2, sentence, st)
	}
	for _, sentence := range v.Evidence {
		t.para("", 2, sentence, plain)
	}
	t.verifiedPackets(v)
	t.verifiedQueues(v)
	t.recovered(v)
	t.capture(&v.Capture)
	r := &Report{Tool: v.Tool, Command: v.Command, Parameters: v.Parameters, Capture: v.Capture, Caveats: v.Caveats}
	t.parameters(r)
	t.caveats(r)
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

func (t *textWriter) verifiedPackets(v *Verify) {
	facts := v.packetFacts()
	if facts == nil {
		return
	}
	t.heading("PACKETS", "that record a hash or a queue: "+exact(v.Packets.Checked))
	for _, f := range facts {
		t.para(f.label, captureLabels, f.text, plain)
	}
}

func (t *textWriter) verifiedQueues(v *Verify) {
	if len(v.Queues) == 0 {
		return
	}
	t.heading("QUEUES", v.queuesHeading())
	g := grid{keys: 1}
	for _, head := range v.queueHeads() {
		g.columns = append(g.columns, column{head: head})
	}
	for i, row := range v.queueRows() {
		cells := make([]cell, len(row))
		for k, text := range row {
			cells[k] = plainCell(text)
		}
		if q := &v.Queues[i]; v.Source != "interrupts" && q.Seen != q.Predicted {
			cells[len(cells)-1].style = bold
		}
		g.row(cells...)
	}
	t.grid(&g)
}

func (t *textWriter) recovered(v *Verify) {
	facts := v.keyFacts()
	if facts == nil {
		return
	}
	t.heading("KEY", keyHeading)
	for _, f := range facts {
		st := plain
		if f.differs {
			st = hot
		}
		t.para(f.label, captureLabels, f.text, st)
	}
}
