package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// Diff is what two reports differ in beside their figures.
type Diff struct {
	Gone, Came  []Finding
	Moved       []MovedFlow // the largest first
	MovedTotal  uint64
	Captures    bool // they are of different captures
	DefaultKeys int  // of how many the key is the default one
	Changes     []Change
	Drops       bool // one of them dropped packets
}

// MovedFlow is a flow that has another main CPU in the new report.
type MovedFlow struct {
	Flow     Flow
	Was, Now int
}

// movedListed are the flows that a diff names.
const movedListed = 10

// LargestMoved are those of the flows that a diff names, the largest first.
func LargestMoved(moved []MovedFlow) []MovedFlow {
	slices.SortStableFunc(moved, func(a, b MovedFlow) int { return cmp.Compare(b.Flow.Packets, a.Flow.Packets) })
	return moved[:min(len(moved), movedListed)]
}

// NewDiff finds what differs. moved are the largest of the flows that moved, of total;
// otherCapture tells that the reports are of different captures, so that chance has
// a part in all figures.
func NewDiff(before, after *Report, moved []MovedFlow, total uint64, otherCapture bool) *Diff {
	d := &Diff{MovedTotal: total, Moved: LargestMoved(moved), Captures: otherCapture}
	has := func(all []Finding, id string) bool {
		return slices.ContainsFunc(all, func(f Finding) bool { return f.ID == id })
	}
	for _, f := range before.Findings {
		if !has(after.Findings, f.ID) {
			d.Gone = append(d.Gone, f)
		}
	}
	for _, f := range after.Findings {
		if !has(before.Findings, f.ID) {
			d.Came = append(d.Came, f)
		}
	}
	d.Changes = changesOf(before.Parameters, after.Parameters)
	for _, r := range []*Report{before, after} {
		d.Drops = d.Drops || slices.ContainsFunc(r.Modes, func(m Mode) bool { return m.Overflows() > 0 })
		if p := r.Parameters.Named("key"); p != nil && p.Source == DefaultSource {
			d.DefaultKeys++
		}
	}
	return d
}

// markedFrom is the share by which a figure must differ to be told as a difference:
// less is noise of batches and clocks.
const markedFrom = 0.02

// Differs tells whether a figure of two scenarios differs by more than noise; where they
// are of two captures, also by more than chance.
func (f *Figure) Differs(was, now *Scenario, captures bool) bool {
	if !f.beyondNoise(f.Of(was), f.Of(now), captures) {
		return false
	}
	return !captures || !f.explained(was, now)
}

// beyondNoise tells whether two values differ by more than noise; of counts of two
// captures, by more than two standard deviations of both together.
func (f *Figure) beyondNoise(a, b Fraction, captures bool) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() != b.IsNull()
	}
	change := math.Abs(float64(b - a))
	if change == 0 || change < markedFrom*math.Max(math.Abs(float64(a)), math.Abs(float64(b))) {
		return false
	}
	return !captures || !f.counts() || change > 2*math.Sqrt(float64(a+b))
}

// counts tells whether the figure is a whole number.
func (f *Figure) counts() bool { return f.Text(12345) == integerText(12345) }

// byChance tells whether chance explains both values of a figure that is the packets of the
// most loaded CPU, by whatever it is measured: other flows fall on other entries of a table.
// Where a report does not know what chance gives, it explains nothing.
func (f *Figure) byChance(was, now *Scenario) bool {
	if !f.has(chanceKnown) || was.NumCPUs() != now.NumCPUs() {
		return false
	}
	least, most, known := chanceOf(was, now, f)
	return known && f.Of(was).within(least, most) && f.Of(now).within(least, most)
}

// within tells whether f is from least to most, but for the rounding of what is read from JSON:
// few flows have few imbalances, and one may be the limit itself.
func (f Fraction) within(least, most Fraction) bool {
	const rounding = 1e-6
	return f >= least*(1-rounding) && f <= most*(1+rounding)
}

// explained tells whether chance does: which flows are on an entry, or how many of their packets
// came.
func (f *Figure) explained(was, now *Scenario) bool {
	return f.byChance(was, now) || f.byCount(was, now)
}

// byCount tells whether two values of such a figure are as near as the counts of packets behind
// them may be: within two standard deviations of both together. The same flows on the same
// entries differ by that, also where few tables give such a load.
func (f *Figure) byCount(was, now *Scenario) bool {
	if !f.has(chanceKnown) || was.NumCPUs() != now.NumCPUs() {
		return false
	}
	variance := 0.0
	for _, s := range []*Scenario{was, now} {
		m := s.Mode()
		if m.Totals.Packets == 0 {
			return false
		}
		v := float64(f.Of(s))
		variance += v * v / float64(m.MostLoaded().Packets)
	}
	return math.Abs(float64(f.Of(now)-f.Of(was))) <= 2*math.Sqrt(variance)
}

// chanceOf is from where to where chance gives a figure of chanceKnown in both scenarios, 49 times
// in 50 each, so that one of the two lies outside by chance in 1 of 25. What one table makes likely
// and another does not is no chance; under the same table it is, as flows have other sizes, unless
// nothing is likely in both.
func chanceOf(was, now *Scenario, f *Figure) (least, most Fraction, known bool) {
	var from, to [2]Fraction
	for i, s := range []*Scenario{was, now} {
		m := s.Mode()
		if m.Imbalance.ChanceP1 == nil || m.Imbalance.ChanceP99 == nil || m.Imbalance.Packets.IsNull() {
			return Null, Null, false
		}
		unit := f.Of(s) / m.Imbalance.Packets
		from[i], to[i] = *m.Imbalance.ChanceP1*unit, *m.Imbalance.ChanceP99*unit
	}
	least, most = max(from[0], from[1]), min(to[0], to[1])
	if least <= most && was.Table.sameCPUs(&now.Table) {
		return min(from[0], from[1]), max(to[0], to[1]), true
	}
	return least, most, true
}

// sameCPUs tells whether the entries of two tables are on the same CPUs.
func (t *TableReport) sameCPUs(other *TableReport) bool {
	if len(t.Entries) != len(other.Entries) {
		return false
	}
	for i := range t.Entries {
		here, _ := t.CPUOf(i)
		if there, _ := other.CPUOf(i); here != there {
			return false
		}
	}
	return true
}

// unjudged tells whether a figure of two captures differs, and the traffic or chance may be why:
// that is not known. Where the packets of the most loaded CPU differ by more than chance, what
// follows from them does, too; but not the bytes, as other flows may have most of these.
func (c *Compare) unjudged(f *Figure) bool {
	if !c.OfCaptures() || len(c.Scenarios) != 2 {
		return false
	}
	was, now := &c.Scenarios[0], &c.Scenarios[1]
	if !f.has(chanceKnown|chanceUnknown|asLoad|asLoadByRate|asLoadOverRate) && !f.counts() || !f.Differs(was, now, true) {
		return false
	}
	least, most, known := chanceOf(was, now, &MostLoadedShare)
	switch {
	case f.Label == imbalanceOfBytes.Label:
		return true
	case was.NumCPUs() != now.NumCPUs(): // no chance makes other CPUs
		return false
	case !known:
		return true
	case MostLoadedShare.Differs(was, now, true):
		return false
	case f.has(chanceKnown):
		return f.counts() // these grow with the traffic
	case f.has(chanceUnknown):
		return true
	}
	traffic, chance := Ratio(now.Mode().Totals.Packets, was.Mode().Totals.Packets), most/least
	rate := traffic / Ratio(now.Mode().Simulated, was.Mode().Simulated)
	switch {
	case f.has(asLoad):
		traffic = 1
	case f.has(asLoadByRate):
		traffic = rate
	case f.has(asLoadOverRate):
		traffic = 1 / rate
	default:
		chance = Fraction(math.Sqrt(float64(chance))) // all CPUs' sum: where one has more, others have less
	}
	factor := f.Of(now) / f.Of(was) / traffic
	return max(factor, 1/factor) <= chance
}

// chanceSentence says that chance explains the imbalances of two captures; "" where it does
// not, or where they are alike anyway.
func (c *Compare) chanceSentence() string {
	if !c.OfCaptures() || len(c.Scenarios) != 2 {
		return ""
	}
	was, now := &c.Scenarios[0], &c.Scenarios[1]
	f := ImbalanceOfPackets
	switch {
	case !f.beyondNoise(f.Of(was), f.Of(now), true):
		return ""
	case f.byChance(was, now):
	case f.byCount(was, now):
		return fmt.Sprintf("The most loaded CPU has %s times the mean, and had %s: counts of so few packets differ as much by chance, so they show no change.",
			f.Text(f.Of(now)), f.Text(f.Of(was)))
	default:
		return ""
	}
	least, most, _ := chanceOf(was, now, &f)
	return fmt.Sprintf("By chance alone the imbalance of packets is from %s to %s, 49 times in 50; %s and %s lie within, so they alone show no change.",
		words.Fixed(least, 3), words.Fixed(most, 3), f.Text(f.Of(was)), f.Text(f.Of(now)))
}

// OfCaptures tells whether two reports of different captures are compared.
func (c *Compare) OfCaptures() bool { return c.Diff != nil && c.Diff.Captures }

// Under is the mode that two reports are compared in, or both.
func (c *Compare) Under() []string {
	modes := []string{c.Scenarios[0].Compared, c.Scenarios[1].Compared}
	return slices.Compact(modes)
}

// OtherCaptures says of two reports of different captures what their figures may differ by besides
// settings.
func (c *Compare) OtherCaptures() string {
	judged := "which is not judged here"
	if _, _, known := chanceOf(&c.Scenarios[0], &c.Scenarios[1], &ImbalanceOfPackets); known {
		judged = "which is judged of packets alone"
	}
	return "What differs may be the traffic, or chance, as other flows fall on other CPUs, " + judged + "; and how many flows moved is not known."
}

// Change is a parameter that two reports do not have alike.
type Change struct {
	Name string  `json:"name"`
	Old  *string `json:"old"` // its value as it is printed; null where the report has none of that name
	New  *string `json:"new"`
}

// How far a parameter reaches. What replays other packets, or sends them elsewhere,
// reaches every figure; costs and times reach those that follow from the machine's work.
var (
	workParameters = []string{
		"speed", "rate", "rx-ring", "dma-batch", "dma-timeout", "itr", "rx-usecs", "rx-frames", "interrupt-latency", "isr-cost", "dpc-cost",
		"packet-cost", "byte-cost", "migration-cost", "ipi-latency", "distribute-cost", "send-cost", "drain", "dpc-budget", "isr-cpu",
	}
	windowParameters = []string{"interval", "speed", "rate"}
)

// changesOf are the parameters that differ, by the new report that has them, then those
// that only the old one has. That headroom was asked for changes nothing.
func changesOf(before, after Parameters) (changes []Change) {
	for _, p := range after {
		old := before.Named(p.Name)
		if p.Name == "headroom" || old != nil && old.sameValue(&p) {
			continue
		}
		change := Change{Name: p.Name, New: new(p.Printed())}
		if old != nil {
			change.Old = new(old.Printed())
		}
		changes = append(changes, change)
	}
	for _, p := range before {
		if p.Name != "headroom" && after.Named(p.Name) == nil {
			changes = append(changes, Change{Name: p.Name, Old: new(p.Printed())})
		}
	}
	return changes
}

// touches tells whether costs, times or windows that differ are among what makes a figure
// differ. Where packets were dropped they are in all figures: what was dropped is on no
// CPU.
func (d *Diff) touches(f *Figure) bool {
	for _, c := range d.Changes {
		work, window := slices.Contains(workParameters, c.Name), slices.Contains(windowParameters, c.Name)
		switch {
		case work && (d.Drops || !f.has(spread|windows)):
			return true
		case window && f.has(windows):
			return true
		}
	}
	return false
}

// touchMark stands behind the label of a figure that touches, unjudgedMark behind one that is
// unjudged.
const (
	touchMark    = " †"
	unjudgedMark = " ‡"
)

// Label is a figure's label with its marks.
func (c *Compare) Label(f *Figure) string {
	label := f.Label
	if c.Diff != nil && c.Diff.touches(f) {
		label += touchMark
	}
	if c.unjudged(f) {
		label += unjudgedMark
	}
	return label
}

// ChangeRow is a figure's label, its old and its new value, the change, and that as a share
// of the old value; ~ for both is no change beyond noise. c is a diff.
func (c *Compare) ChangeRow(f *Figure) []string {
	before, after := &c.Scenarios[0], &c.Scenarios[1]
	was, now := f.Of(before), f.Of(after)
	change, share := words.None, words.None
	switch {
	case was.IsNull() || now.IsNull():
	case !f.Differs(before, after, c.Diff.Captures):
		change, share = "~", "~"
	default:
		sign := "+"
		if now < was {
			sign = "-"
		}
		change = sign + f.Text(Fraction(math.Abs(float64(now-was))))
		if strings.HasSuffix(change, "%") { // of a share; what the last column has is of the old value
			change = sign + points(math.Abs(float64(now-was))*100)
		}
		if was != 0 {
			share = fmt.Sprintf("%+.1f%%", float64(now-was)/math.Abs(float64(was))*100)
		}
	}
	return []string{c.Label(f), f.Text(was), f.Text(now), change, share}
}

// points are percentage points, with one decimal that is not 0.
func points(n float64) string {
	if n < 0.05 {
		return fmt.Sprintf("%.*f points", int(math.Ceil(-math.Log10(n))), n)
	}
	return words.Fixed(n, 1) + " points"
}

// ChangesSentence names the parameters that differ; "" where none does.
func (d *Diff) ChangesSentence() string {
	if d == nil || len(d.Changes) == 0 {
		return ""
	}
	const long = 24 // columns of a value that is named; of others only the name
	value := func(s *string) string {
		if s == nil {
			return "not in the report"
		}
		return *s
	}
	var parts []string
	for _, c := range d.Changes {
		old, now := value(c.Old), value(c.New)
		part := c.Name
		if len(old) <= long && len(now) <= long {
			part += fmt.Sprintf(" (%s → %s)", old, now)
		}
		parts = append(parts, part)
	}
	return "Parameters differ: " + strings.Join(parts, ", ") + "."
}

// TrustSentence says that the CPU numbers are not the NIC's own; "" where no key is the
// default one.
func (d *Diff) TrustSentence() string {
	switch {
	case d == nil || d.DefaultKeys == 0:
		return ""
	case d.DefaultKeys == 1:
		return "CPU numbers are illustrative: one of the reports used the default key."
	}
	return "CPU numbers are illustrative: both reports used the default key."
}

// NotesAndTrust are the notes, and of two reports what their CPU numbers are worth.
func (c *Compare) NotesAndTrust() []string {
	notes := slices.Clone(c.Notes)
	if trust := c.Diff.TrustSentence(); trust != "" && c.Capture.Received > 0 {
		notes = append(notes, trust)
	}
	return notes
}

// MarksSentences say what the marks of figures mean; none where no figure has one.
func (c *Compare) MarksSentences() (say []string) {
	d := c.Diff
	marked := func(c Change) bool {
		return slices.Contains(workParameters, c.Name) || slices.Contains(windowParameters, c.Name)
	}
	if d != nil && slices.ContainsFunc(d.Changes, marked) {
		say = append(say, "Rows with"+touchMark+" do not only follow from where the packets go: costs, times or windows that differ change them, too.")
	}
	if slices.ContainsFunc(ComparedFigures(c.Scenarios), func(f Figure) bool { return c.unjudged(&f) }) {
		say = append(say, "Rows with"+unjudgedMark+" differ, but the traffic or chance may be why, as other flows share a CPU: that is not judged of them.")
	}
	return say
}

// diffDocument is a diff in JSON, beside the scenarios: which parameters differ, and which
// figures are touched by costs, times or windows that do, or differ by chance alone, or perhaps.
type diffDocument struct {
	Parameters List[Change] `json:"parameters"`
	Touched    List[string] `json:"touched"`   // labels
	ByChance   List[string] `json:"by_chance"` // labels
	Unjudged   List[string] `json:"unjudged"`  // labels
}

// diffDocument is that of c, which is a diff.
func (c *Compare) diffDocument() diffDocument {
	d, scenarios := c.Diff, c.Scenarios
	doc := diffDocument{Parameters: d.Changes}
	for _, f := range ComparedFigures(scenarios) {
		label := strings.TrimSpace(f.Label)
		if c.unjudged(&f) {
			doc.Unjudged = append(doc.Unjudged, label)
		}
		if d.Captures && len(scenarios) == 2 && f.explained(&scenarios[0], &scenarios[1]) {
			doc.ByChance = append(doc.ByChance, label)
		}
		if d.touches(&f) && !slices.Contains(doc.Touched, label) {
			doc.Touched = append(doc.Touched, label)
		}
	}
	return doc
}
