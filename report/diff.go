package report

import (
	"cmp"
	"math"
	"slices"
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
		d.Drops = d.Drops || slices.ContainsFunc(r.Modes, func(m Mode) bool { return m.Totals.Drops > 0 })
		if p := r.Parameters.Named("key"); p != nil && p.Source == DefaultSource {
			d.DefaultKeys++
		}
	}
	return d
}

// markedFrom is the share by which a figure must differ to be told as a difference:
// less is noise of batches and clocks.
const markedFrom = 0.02

// Differs tells whether two values of a figure differ by more than noise; of counts
// of two captures, by more than chance: two standard deviations of both together.
func (f *Figure) Differs(a, b Fraction, captures bool) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() != b.IsNull()
	}
	change := math.Abs(float64(b - a))
	if change == 0 || change < markedFrom*math.Max(math.Abs(float64(a)), math.Abs(float64(b))) {
		return false
	}
	counts := f.Text(12345) == integerText(12345)
	return !captures || !counts || change > 2*math.Sqrt(float64(a+b))
}
