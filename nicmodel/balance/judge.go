package balance

import (
	"math"
	"math/bits"
	"slices"

	"rssreplay/nicmodel"
)

// What is asked of a table before it is advised, measured on traces of flows that
// stay and of flows that come and go. With less, of the tables found on flows that
// come and go more than half make the traffic that follows less even.
const (
	// LeastGain is the share of the imbalance that must be saved both ways.
	LeastGain = 0.02
	// LeastPackets and LeastFoldFlows are what the traffic, and the flows of each of its
	// folds, must number for a verdict.
	LeastPackets   = 2000
	LeastFoldFlows = 50
	// LeastFoldT is what the folds' mean gain over its standard error must exceed. It
	// is a measured threshold and no t-test, since the folds share what they are
	// trained on.
	LeastFoldT = 3
	// leastKnown is the share of the packets of the quarters farthest apart whose flows
	// must be in both, unless the table now is uneven by itself. Flows that stay had 81 %
	// and more in 80 traces, flows that come and go at most 53 % where 37 % of what else
	// had passed made the traffic that followed less even.
	leastKnown = 0.5
)

// Judge tells whether a way to find tables finds what holds on traffic that it did
// not see. It has the traffic in folds of equal numbers of packets, in their order
// in time, and judges a table on some that was found on others.
//
// No fold that is judged lies beside one that the table was found on: a flow that
// merely crosses their border would make it look better than it is. (To leave each
// flow out that lies on both sides leaves none of those out of which a table that
// lasts is made: in traces whose flows all stay, little more than a third of the
// weights is then advised, and at most 3 % of other tables.)
type Judge struct {
	now   nicmodel.IndirectionTable
	folds []*Task
}

// NewJudge judges against the table now. Folds, at least 4, have the same CPUs.
func NewJudge(folds []*Task, now nicmodel.IndirectionTable) *Judge {
	return &Judge{now: now, folds: folds}
}

// Verdict is how a way to find tables did.
type Verdict struct {
	// Forward is the share of the imbalance that a table found on the first quarter
	// saves on the last one, Back the reverse; negative where it is worse.
	Forward, Back float64
	// FoldT is the mean such share over all folds, each judged by a table found on
	// those that do not touch it, over its standard error.
	FoldT float64
	// Trained and Judged are the mean imbalance over these where the tables were found
	// and where they were not; Present is that of the table now where they were not.
	Trained, Judged, Present float64
}

// Holds reports whether what is found holds on the folds that it was not found on.
// It takes more to advise it: see leastKnown.
func (v *Verdict) Holds() bool {
	return v.Forward >= LeastGain && v.Back >= LeastGain && v.FoldT > LeastFoldT
}

// Lasts reports whether there is reason for a table to hold on what follows: enough of
// the traffic is of flows that last, which is known, see leastKnown; or it is the table
// now that is uneven by itself, whatever the flows.
func (b *Task) Lasts(known float64, now, table nicmodel.IndirectionTable) bool {
	return known >= leastKnown || b.WithEvenFlows(table) <= (1-LeastGain)*b.WithEvenFlows(now)
}

// Gain is the share of the imbalance that was saved where it was judged.
func (v *Verdict) Gain() float64 {
	if v.Present == 0 {
		return 0
	}
	return 1 - v.Judged/v.Present
}

// Of judges ways to find tables: fit finds one by each way, always in one order.
func (j *Judge) Of(fit func(*Task) []nicmodel.IndirectionTable) []Verdict {
	n := len(j.folds)
	ofFirst, ofLast := j.Quarters()
	first, last := j.sum(func(k int) bool { return slices.Contains(ofFirst, k) }), j.sum(func(k int) bool { return slices.Contains(ofLast, k) })
	forward, back := fit(first), fit(last)
	verdicts := make([]Verdict, len(forward))
	for i := range verdicts {
		verdicts[i].Forward, verdicts[i].Back = j.gain(last, forward[i]), j.gain(first, back[i])
	}
	gains := make([][]float64, len(verdicts))
	for k, judged := range j.folds {
		training := j.sum(func(of int) bool { return of < k-1 || of > k+1 })
		for i, table := range fit(training) {
			v := &verdicts[i]
			v.Trained += training.imbalanceOf(table) / float64(n)
			v.Judged += judged.imbalanceOf(table) / float64(n)
			v.Present += judged.imbalanceOf(j.now) / float64(n)
			gains[i] = append(gains[i], j.gain(judged, table))
		}
	}
	for i := range verdicts {
		verdicts[i].FoldT = overError(gains[i])
	}
	return verdicts
}

// Quarters is the folds of the first and of the last quarter.
func (j *Judge) Quarters() (first, last []int) {
	quarter := max(len(j.folds)/4, 1)
	for k := range quarter {
		first, last = append(first, k), append(last, len(j.folds)-quarter+k)
	}
	return first, last
}

// sum is the load of some folds.
func (j *Judge) sum(has func(k int) bool) *Task {
	sum := j.folds[0].empty()
	for k, fold := range j.folds {
		if has(k) {
			sum.add(fold)
		}
	}
	return sum
}

// Sum is the load of all tasks, of which there is at least one.
func Sum(tasks []*Task) *Task {
	sum := tasks[0].empty()
	for _, b := range tasks {
		sum.add(b)
	}
	return sum
}

// empty is the task without a load.
func (b *Task) empty() *Task {
	return &Task{Entries: make([]uint64, len(b.Entries)), Fixed: make([]uint64, len(b.Fixed)), QueueCPU: b.QueueCPU}
}

// add adds the load of another task of the same table and CPUs.
func (b *Task) add(o *Task) {
	for i, load := range o.Entries {
		b.Entries[i] += load
	}
	for cpu, load := range o.Fixed {
		b.Fixed[cpu] += load
	}
}

// WithEvenFlows is the imbalance of the table if what entries steer were the same on
// each of them: what the table alone, and the load that it does not steer, make.
func (b *Task) WithEvenFlows(table nicmodel.IndirectionTable) float64 {
	if b.Total() == 0 {
		return 0
	}
	return b.even().imbalanceOf(table)
}

// even is the task with what entries steer the same on each of them, in units so fine that
// this is a whole number.
func (b *Task) even() *Task {
	n := uint64(len(b.Entries))
	coarse := max(bits.Len64(b.Total())+bits.Len64(n)-63, 0)
	even := &Task{Fixed: make([]uint64, len(b.Fixed)), QueueCPU: b.QueueCPU}
	steered := b.Total()
	for cpu, load := range b.Fixed {
		steered -= load
		even.Fixed[cpu] = load >> coarse * n
	}
	even.Entries = slices.Repeat([]uint64{max(steered>>coarse, 1)}, int(n))
	return even
}

func (b *Task) imbalanceOf(table nicmodel.IndirectionTable) float64 {
	return b.Imbalance(b.Peak(table))
}

// gain is the share of the imbalance now that the table saves on the task.
func (j *Judge) gain(on *Task, table nicmodel.IndirectionTable) float64 {
	now := on.imbalanceOf(j.now)
	if now == 0 {
		return 0
	}
	return 1 - on.imbalanceOf(table)/now
}

// overError is the mean of the values over its standard error; infinite where they do
// not differ at all, and 0 where they are all 0.
func overError(values []float64) float64 {
	n := float64(len(values))
	var mean, squares float64
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		squares += float64((v - mean) * (v - mean))
	}
	if mean == 0 {
		return 0
	}
	return mean / math.Sqrt(squares/max(n-1, 1)/n)
}
