package report

import (
	"bufio"
	"fmt"
	"io"
)

// VerifySchema names the version of the JSON that compares a prediction with what
// happened.
const VerifySchema = "rssreplay/verify/v1"

// Verify is a prediction beside what really happened.
type Verify struct {
	Words
	Tool        Tool
	Command     List[string]
	Capture     Capture
	Parameters  Parameters
	Source      string // what tells what happened: "records", "counters" or "interrupts"
	Packets     Checked
	Queues      List[VerifiedQueue]
	Explanation *VerifyExplanation // null where all agree, or nothing explains what differs
	Recovered   *RecoveredKey      // null without hashes
	// Anonymized is what was done to addresses; nil, and not in the JSON, when they
	// are the capture's.
	Anonymized *Anonymized

	Agrees  bool   // the verdict
	Verdict string // in a sentence
	Notes   []string
	Caveats []string
}

// Checked counts packets: those looked at, and those of which hash and queue are
// known, and as predicted.
type Checked struct {
	Checked      uint64 `json:"checked"`
	HashEqual    uint64 `json:"hash_equal"`
	HashChecked  uint64 `json:"hash_checked"`
	QueueEqual   uint64 `json:"queue_equal"`
	QueueChecked uint64 `json:"queue_checked"`
}

// VerifiedQueue is a queue's packets, predicted and seen; seen are interrupts where
// these are what is known.
type VerifiedQueue struct {
	Queue     int    `json:"queue"`
	Predicted uint64 `json:"predicted"`
	Seen      uint64 `json:"seen"`
}

// VerifyExplanation is the smallest difference from what was claimed that explains what
// was seen.
type VerifyExplanation struct {
	ID        string `json:"id"`
	Summary   string `json:"summary"`
	Explained uint64 `json:"packets_explained"`
}

// RecoveredKey is the key solved from the hashes that were recorded.
type RecoveredKey struct {
	Key          string    `json:"key"` // bits that are not determined are as claimed
	Determined   int       `json:"determined_bits"`
	Undetermined List[int] `json:"undetermined_bits"` // that some input meets, by number from the key's first
	Equations    int       `json:"equations"`         // independent ones
	Inconsistent uint64    `json:"inconsistent"`      // packets whose hash is not of this key
	EqualsClaim  bool      `json:"equals_claimed"`
	Difference   *string   `json:"difference"` // null if there is none
}

// WriteVerifyJSON writes v by the contract rssreplay/verify/v1. Errors are those of
// w.
func WriteVerifyJSON(w io.Writer, v *Verify) error {
	j := jsonWriter{w: bufio.NewWriterSize(w, 1<<16)}
	j.begin(VerifySchema, &v.Words)
	j.member("tool", v.Tool)
	j.member("command", v.Command)
	j.member("capture", v.Capture)
	j.member("parameters", v.Parameters)
	j.member("source", v.Source)
	j.member("agrees", v.Agrees)
	j.member("packets", v.Packets)
	j.key("queues")
	j.w.WriteByte('[')
	for i := range v.Queues {
		j.element(i)
		j.value(&v.Queues[i], "verified", 2)
	}
	j.endArray(len(v.Queues))
	j.member("explanation", v.Explanation)
	j.member("recovered_key", v.Recovered)
	j.anonymized(v.Anonymized)
	j.w.WriteString("\n}\n")
	if j.err != nil {
		return j.err
	}
	return j.w.Flush()
}

// WriteVerifyText writes v for a terminal and for a bug report: the verdict first.
// Errors are those of w.
func WriteVerifyText(w io.Writer, v *Verify, o TextOptions) error {
	t := newTextWriter(w, o)
	t.opening(&v.Words, v.Notes)
	t.heading("VERDICT", "")
	st := plain
	if !v.Agrees {
		st = hot
	}
	t.para("", 2, v.Verdict, st)
	if explained := v.explained(); explained != "" {
		t.para("", 2, explained, bold)
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

// explained is the sentence about the explanation, "" without one.
func (v *Verify) explained() string {
	if v.Explanation == nil {
		return ""
	}
	return fmt.Sprintf("It is explained if %s: %s of %s packets.", v.Explanation.Summary, exact(v.Explanation.Explained), exact(v.Packets.Checked))
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

// verifyFact is a label and what is to be said of it.
type verifyFact struct {
	label, text string
	differs     bool
}

// packetFacts says how many of the packets that record a hash or a queue are as
// predicted; nil where none does.
func (v *Verify) packetFacts() (facts []verifyFact) {
	if v.Source != "records" {
		return nil
	}
	p := &v.Packets
	for _, row := range []struct {
		what       string
		equal, all uint64
	}{{"hash", p.HashEqual, p.HashChecked}, {"queue", p.QueueEqual, p.QueueChecked}} {
		if row.all > 0 {
			text := fmt.Sprintf("%s of %s as predicted (%s)", exact(row.equal), exact(row.all), percent(Ratio(row.equal, row.all)))
			facts = append(facts, verifyFact{row.what, text, row.equal < row.all})
		}
	}
	return facts
}

func (t *textWriter) verifiedQueues(v *Verify) {
	if len(v.Queues) == 0 {
		return
	}
	t.heading("QUEUES", "")
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

// queueHeads are the heads of queueRows.
func (v *Verify) queueHeads() []string {
	seen := "seen"
	if v.Source == "interrupts" {
		seen = "interrupts"
	}
	return []string{"queue", "predicted", seen, "difference"}
}

// queueRows is a row for each queue. Interrupts don't differ from packets: they count
// something else.
func (v *Verify) queueRows() [][]string {
	var rows [][]string
	for _, q := range v.Queues {
		difference := none
		if v.Source != "interrupts" {
			difference = fmt.Sprintf("%+d", int64(q.Seen-q.Predicted))
		}
		rows = append(rows, []string{fmt.Sprint(q.Queue), exact(q.Predicted), exact(q.Seen), difference})
	}
	return rows
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

const keyHeading = "as solved from the recorded hashes"

// keyFacts tells of the solved key, first the key itself; nil without one.
func (v *Verify) keyFacts() []verifyFact {
	k := v.Recovered
	if k == nil {
		return nil
	}
	facts := []verifyFact{
		{label: "key", text: k.Key},
		{label: "determined", text: fmt.Sprintf("%d bits, by %d independent equations; %d more bits meet these inputs and stay open, and are shown as claimed", k.Determined, k.Equations, len(k.Undetermined))},
		{label: "explains", text: fmt.Sprintf("%s of %s recorded hashes", exact(v.Packets.HashChecked-k.Inconsistent), exact(v.Packets.HashChecked))},
	}
	switch {
	case k.EqualsClaim:
		facts = append(facts, verifyFact{label: "claimed", text: "the claimed key is as good"})
	case k.Difference != nil:
		facts = append(facts, verifyFact{"claimed", *k.Difference, true})
	}
	return facts
}

// VerifyCSVTables are the tables of a verification.
func VerifyCSVTables() []CSVTable[Verify] {
	return []CSVTable[Verify]{
		{"queues", func(*Verify) []string { return []string{"queue", "predicted", "seen"} }, func(v *Verify, row func(cells ...any)) {
			for _, q := range v.Queues {
				row(q.Queue, q.Predicted, q.Seen)
			}
		}},
		parametersTable(func(v *Verify) Parameters { return v.Parameters }),
	}
}
