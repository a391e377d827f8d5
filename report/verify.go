package report

import (
	"fmt"
	"io"
	"strings"

	"rssreplay/report/internal/words"
)

// verifySchema names the version of the JSON that compares a prediction with what
// happened.
const verifySchema = "rssreplay/verify/v1"

// Verify is a prediction beside what really happened.
type Verify struct {
	Head
	Capture     Capture                 `json:"capture"`
	Parameters  Parameters              `json:"parameters"`
	Source      string                  `json:"source"`   // what tells what happened: "records", "counters" or "interrupts"
	Agrees      *bool                   `json:"agrees"`   // the verdict; null: nothing can be told
	Verdict     string                  `json:"verdict"`  // in a sentence
	Evidence    List[string]            `json:"evidence"` // what it rests on, in sentences
	Packets     Checked                 `json:"packets"`
	Unit        string                  `json:"unit"` // of the queues' loads: one of the Unit constants
	Queues      List[VerifiedQueue]     `json:"queues"`
	CPUs        List[VerifiedCPU]       `json:"cpus"`               // of the protocol work, where it is recorded
	Fit         *VerifyFit              `json:"fit"`                // null but for counters
	Null        *VerifyNull             `json:"null"`               // null where no chance is in it: recorded hashes
	Explanation *VerifyExplanation      `json:"explanation"`        // null where all agree, or nothing explains what differs
	Others      List[VerifyExplanation] `json:"other_explanations"` // that explain it nearly as well
	Recovered   *RecoveredKey           `json:"recovered_key"`      // null where none explains hashes under the claim

	// Anonymized is what was done to addresses; nil, and not in the JSON, when they
	// are the capture's.
	Anonymized *Anonymized `json:"-"` // as ending has it
	Notes      []string    `json:"-"`
	Caveats    []string    `json:"-"`
}

// Units of what a queue counts.
const (
	UnitPackets = "packets"     // as the capture has them
	UnitFrames  = "wire_frames" // what the capture joined is counted as the frames that it was
	UnitBytes   = "bytes"       // of these frames
)

// UnitWords is a unit as it stands after a number.
func UnitWords(unit string) string {
	switch unit {
	case UnitFrames:
		return "frames"
	case UnitBytes:
		return "bytes"
	}
	return "packets"
}

// VerifyFit is how the counters follow from the prediction: alpha times what was
// predicted, beta more on one queue, and what is left.
type VerifyFit struct {
	Alpha    Fraction `json:"alpha"`
	Beta     uint64   `json:"beta_packets"` // in the unit of the queues
	Queue    int      `json:"beta_queue"`
	Residual Fraction `json:"residual"` // sum of the queues' differences ÷ all that was counted
	Exact    bool     `json:"exact"`    // each queue has what was predicted
}

// VerifyNull is what the prediction was compared with: how well random keys fit.
type VerifyNull struct {
	Trials int      `json:"trials"`
	Least  Fraction `json:"least"`   // residual of the best of them; of recorded queues the share of packets that are on another one
	AsGood int      `json:"as_good"` // that fit as well as the prediction
}

// Checked counts packets: those looked at, and those of which hash and queue are
// known, and as predicted.
type Checked struct {
	Checked      uint64 `json:"checked"`
	HashEqual    uint64 `json:"hash_equal"`
	HashChecked  uint64 `json:"hash_checked"`
	QueueEqual   uint64 `json:"queue_equal"`
	QueueChecked uint64 `json:"queue_checked"`
	CPUEqual     uint64 `json:"cpu_equal"` // of the protocol work
	CPUChecked   uint64 `json:"cpu_checked"`
}

// VerifiedQueue is a queue's packets, predicted and seen; seen are interrupts where
// these are what is known.
type VerifiedQueue struct {
	Queue     int    `json:"queue"`
	Predicted uint64 `json:"predicted"`
	Seen      uint64 `json:"seen"`
}

// VerifiedCPU is the packets whose protocol work a CPU did, predicted and recorded.
type VerifiedCPU struct {
	CPU       int    `json:"cpu"`
	Predicted uint64 `json:"predicted"`
	Seen      uint64 `json:"seen"`
}

// RecordWords is what packets have recorded that is compared.
func RecordWords(cpus, others bool) string {
	switch {
	case !cpus:
		return "a hash or a queue"
	case !others:
		return "a CPU"
	}
	return "a hash, a queue or a CPU"
}

// Recorded is what the checked packets record.
func (v *Verify) Recorded() string {
	return RecordWords(v.Packets.CPUChecked > 0, v.Packets.HashChecked > 0 || v.Packets.QueueChecked > 0)
}

// VerifyExplanation is a difference from what was claimed that explains what was seen.
type VerifyExplanation struct {
	ID        string   `json:"id"`
	Summary   string   `json:"summary"`
	Explained uint64   `json:"packets_explained"`
	Changes   int      `json:"changes"`              // settings that are other than claimed
	Residual  Fraction `json:"residual"`             // as that of the fit; null of records, and where no key changes it
	Command   string   `json:"command,omitempty"`    // shows that the prediction agrees with that
	NoCommand string   `json:"no_command,omitempty"` // a sentence that says why there is none
}

// RecoveredKey is the key solved from the hashes that were recorded.
type RecoveredKey struct {
	Key          string    `json:"key"`        // bits that are not determined are as claimed
	Masked       string    `json:"masked_key"` // with a ? for each digit of which a bit is not determined
	Determined   int       `json:"determined_bits"`
	Undetermined List[int] `json:"undetermined_bits"` // by number from the key's first
	Equations    int       `json:"equations"`         // independent ones
	Inconsistent uint64    `json:"inconsistent"`      // packets whose hash is not of this key
	EqualsClaim  bool      `json:"equals_claimed"`
	Difference   *string   `json:"difference"` // null if there is none
	// What the hash begins from, and which bits of that do not depend on undetermined ones
	// of the key, as "0xffffffff"; nil where it is what was claimed.
	Initial     *string `json:"initial_value,omitempty"`
	InitialBits *string `json:"initial_value_bits,omitempty"`
}

// WriteVerifyJSON writes v in the schema rssreplay/verify/v1. Errors are those of
// w.
func WriteVerifyJSON(w io.Writer, v *Verify) error {
	return writeDocument(w, struct {
		Schema string `json:"schema"`
		*Verify
		ending
	}{verifySchema, v, ending{v.Notes, v.AllCaveats(), v.Anonymized}})
}

// explained is the sentence about the explanation, "" without one.
func (v *Verify) explained() string {
	if v.Explanation == nil {
		return ""
	}
	all := v.Packets.Checked
	if v.Source != "records" {
		all = v.seen()
	}
	return fmt.Sprintf("It is explained if %s: %s of %s %s.", v.Explanation.Summary, words.Exact(v.Explanation.Explained), words.Exact(all), v.unitWords())
}

// others says what explains it nearly as well, a sentence each.
func (v *Verify) others() []string {
	var all []string
	for _, e := range v.Others {
		all = append(all, fmt.Sprintf("Or if %s: %s %s.", e.Summary, words.Exact(e.Explained), v.unitWords()))
	}
	return all
}

// seen is all that was counted.
func (v *Verify) seen() (n uint64) {
	for _, q := range v.Queues {
		n += q.Seen
	}
	return n
}

// unitWords is the unit of the queues, as it stands after a number.
func (v *Verify) unitWords() string {
	if v.Source == "interrupts" {
		return "interrupts"
	}
	return UnitWords(v.Unit)
}

// VerifyFact is a label and what is to be said of it.
type VerifyFact struct {
	Label, Text string
	Differs     bool
}

// PacketFacts says how many of the packets that record a hash, a queue or a CPU are as
// predicted; nil where none does.
func (v *Verify) PacketFacts() (facts []VerifyFact) {
	if v.Source != "records" {
		return nil
	}
	p := &v.Packets
	for _, row := range []struct {
		what       string
		equal, all uint64
	}{{"hash", p.HashEqual, p.HashChecked}, {"queue", p.QueueEqual, p.QueueChecked}, {"CPU", p.CPUEqual, p.CPUChecked}} {
		if row.all > 0 {
			text := fmt.Sprintf("%s of %s as predicted (%s)", words.Exact(row.equal), words.Exact(row.all), words.Percent(Ratio(row.equal, row.all)))
			facts = append(facts, VerifyFact{row.what, text, row.equal < row.all})
		}
	}
	return facts
}

// QueuesHeading says what the queues count, where it is not the capture's packets.
func (v *Verify) QueuesHeading() string {
	switch v.Unit {
	case UnitFrames:
		return "in frames on the wire"
	case UnitBytes:
		return "in bytes on the wire"
	}
	return ""
}

// QueueHeads are the heads of QueueRows.
func (v *Verify) QueueHeads() []string {
	seen := "seen"
	if v.Source == "interrupts" {
		seen = "interrupts"
	}
	return []string{"queue", "predicted", seen, "difference"}
}

// QueueRows is a row for each queue. Interrupts don't differ from packets: they count
// something else.
func (v *Verify) QueueRows() [][]string {
	var rows [][]string
	for _, q := range v.Queues {
		difference := words.None
		if v.Source != "interrupts" {
			difference = differenceText(q.Seen, q.Predicted)
		}
		rows = append(rows, []string{fmt.Sprint(q.Queue), words.Exact(q.Predicted), words.Exact(q.Seen), difference})
	}
	return rows
}

// differenceText is by how much more was seen than was predicted.
func differenceText(seen, predicted uint64) string {
	switch {
	case seen > predicted:
		return "+" + words.Exact(seen-predicted)
	case seen < predicted:
		return "-" + words.Exact(predicted-seen)
	}
	return "0"
}

// CPUHeads are the heads of CPURows.
func (v *Verify) CPUHeads() []string { return []string{"CPU", "predicted", "seen", "difference"} }

// CPURows is a row for each CPU, of the packets whose CPU is recorded and predictable.
func (v *Verify) CPURows() [][]string {
	var rows [][]string
	for _, c := range v.CPUs {
		rows = append(rows, []string{fmt.Sprint(c.CPU), words.Exact(c.Predicted), words.Exact(c.Seen), differenceText(c.Seen, c.Predicted)})
	}
	return rows
}

const KeyHeading = "as solved from the recorded hashes"

// KeyFacts tells of the solved key, first the key itself; nil without one.
func (v *Verify) KeyFacts() []VerifyFact {
	k := v.Recovered
	if k == nil {
		return nil
	}
	facts := []VerifyFact{
		{Label: "key", Text: k.Masked},
		{Label: "determined", Text: fmt.Sprintf("%d bits, by %d independent equations", k.Determined, k.Equations)},
		{Label: "explains", Text: fmt.Sprintf("%s of %s recorded hashes", words.Exact(v.Packets.HashChecked-k.Inconsistent), words.Exact(v.Packets.HashChecked))},
	}
	if open := bitRanges(k.Undetermined); open != "" {
		facts[1].Text += "; this traffic can't determine the other " + fmt.Sprint(len(k.Undetermined)) + ", which are ? in the key: bits " + open
	}
	if k.Initial != nil {
		text := *k.Initial
		if *k.InitialBits != "0xffffffff" {
			text += ", of which this traffic determines the bits " + *k.InitialBits
		}
		facts = append(facts, VerifyFact{"begins from", text, true})
	}
	switch {
	case k.EqualsClaim:
		facts = append(facts, VerifyFact{Label: "claimed", Text: "the claimed key is as good"})
	case k.Difference != nil:
		facts = append(facts, VerifyFact{"claimed", *k.Difference, true})
	}
	return facts
}

// bitRanges is bits in rising order as text, "64-95, 128, 160-319"; of many ranges the
// first and the last.
func bitRanges(bits []int) string {
	ranges := words.Ranges(bits)
	const shown = 12
	if len(ranges) > shown {
		ranges = append(append(ranges[:shown-1:shown-1], "…"), ranges[len(ranges)-1])
	}
	return strings.Join(ranges, ", ")
}

// Judged are the verdict, and what it is of where the capture could not be read whole.
func (v *Verify) Judged() []string {
	switch {
	case len(v.Capture.Losses()) == 0:
		return []string{v.Verdict}
	case v.Source == "records":
		return []string{v.Verdict, "The capture was read with loss (see below): the verdict is of the part that could be read."}
	}
	return []string{v.Verdict, "The capture was read with loss (see below): the prediction is of the part that could be read, and what came after it was counted, too."}
}

// Sentences is the explanations in words.
func (v *Verify) Sentences() []string {
	explained := v.explained()
	if explained == "" {
		return v.others()
	}
	all := []string{explained}
	switch e := v.Explanation; {
	case e.Command != "":
		all = append(all, fmt.Sprintf("With that the prediction agrees: `%s`.", e.Command))
	case e.NoCommand != "":
		all = append(all, e.NoCommand)
	}
	return append(all, v.others()...)
}
