package balance

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"rssreplay/nicmodel"
)

const (
	traceEntries = 128
	traceCPUs    = 8
)

// trace is packets in their order in time.
type trace []packet

// packet is of a flow, which meets one entry.
type packet struct{ flow, entry int }

// persistent is flows that live throughout, whose sizes are as Zipf has it.
func persistent(r *rand.Rand, exponent float64, packets int) trace {
	sums := make([]float64, 2000)
	entries := make([]int, len(sums))
	sum := 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -exponent)
		sums[i], entries[i] = sum, r.IntN(traceEntries)
	}
	t := make(trace, packets)
	for i := range t {
		flow := sort.SearchFloat64s(sums, r.Float64()*sum)
		t[i] = packet{flow, entries[flow]}
	}
	return t
}

// churn is flows with sizes as Pareto has it that come and go; life is that of a
// flow of 4 packets, of the whole time.
func churn(r *rand.Rand, life float64, packets int) trace {
	type timed struct {
		at float64
		packet
	}
	var all []timed
	for flow := 0; len(all) < packets; flow++ {
		size := min(2*math.Pow(1-r.Float64(), -1/1.1), float64(packets)/4)
		lives := life * math.Sqrt(size/4) * math.Exp(r.NormFloat64())
		start := r.Float64()*(1+lives) - lives
		entry := r.IntN(traceEntries)
		for range int(size) {
			if at := start + r.Float64()*lives; at >= 0 && at < 1 {
				all = append(all, timed{at, packet{flow, entry}})
			}
		}
	}
	slices.SortFunc(all, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	var t trace
	for _, p := range all {
		t = append(t, p.packet)
	}
	return t
}

// folds is the trace in n equal parts.
func (t trace) folds(n int) []*Task {
	var all []*Task
	for k := range n {
		b := &Task{Entries: make([]uint64, traceEntries), Fixed: make([]uint64, traceCPUs), QueueCPU: []int{0, 1, 2, 3, 4, 5, 6, 7}}
		for _, p := range t[k*len(t)/n : (k+1)*len(t)/n] {
			b.Entries[p.entry]++
		}
		all = append(all, b)
	}
	return all
}

// known is the share of the packets of the first and of the last quarter whose flows
// are in both.
func (t trace) known() float64 {
	ends := [2]trace{t[:len(t)/4], t[len(t)-len(t)/4:]}
	var flows [2]map[int]bool
	for i, end := range ends {
		flows[i] = map[int]bool{}
		for _, p := range end {
			flows[i][p.flow] = true
		}
	}
	known := 0
	for i, end := range ends {
		for _, p := range end {
			if flows[1-i][p.flow] {
				known++
			}
		}
	}
	return float64(known) / float64(len(ends[0])+len(ends[1]))
}

// followed is how a way to find tables did over several traces.
type followed struct {
	traces, advised, worse, worseUngated int
	gain                                 float64 // summed over the advised
}

// follow judges ways to find tables on the first half of traces, and tries what
// they find there on the half that follows.
func follow(seeds uint64, now nicmodel.IndirectionTable, ways func(*Task) []nicmodel.IndirectionTable, traceOf func(*rand.Rand) trace) []followed {
	var sums []followed
	for seed := range seeds {
		all := traceOf(rand.New(rand.NewPCG(seed, 43)))
		seen, next := all[:len(all)/2], all[len(all)/2:].folds(1)[0]
		tables := ways(seen.folds(1)[0])
		if sums == nil {
			sums = make([]followed, len(tables))
		}
		for i, v := range NewJudge(seen.folds(8), now).Of(ways) {
			s := &sums[i]
			gain := 1 - next.imbalanceOf(tables[i])/next.imbalanceOf(now)
			s.traces++
			if gain < 0 {
				s.worseUngated++
			}
			if v.Holds() {
				s.advised++
				s.gain += gain
				if gain < 0 {
					s.worse++
				}
			}
		}
	}
	return sums
}

// TestJudgeHolds: of flows that stay, what is found is advised, and does not make
// what follows worse. Of flows that come and go hardly anything is, although half
// of what is found makes it worse.
func TestJudgeHolds(t *testing.T) {
	now := fill(t, "equal", traceEntries, traceCPUs)
	ways := func(b *Task) []nicmodel.IndirectionTable {
		w, _ := b.BestWeights(now)
		few := b.Fewer(now, 5)
		return []nicmodel.IndirectionTable{b.Even(now), fill(t, w.Layout(), traceEntries, traceCPUs), few[len(few)-1].Table}
	}
	seeds := uint64(40)
	if testing.Short() {
		seeds = 5
	}
	for _, exponent := range []float64{1, 1.3} {
		for i, s := range follow(seeds, now, ways, func(r *rand.Rand) trace { return persistent(r, exponent, 20_000) }) {
			if s.advised < s.traces*9/10 || s.worse > 0 || s.gain/float64(s.advised) < 0.15 {
				t.Errorf("flows that stay, exponent %g, way %d: %+v", exponent, i, s)
			}
		}
	}
	for _, life := range []float64{0.003, 0.02} {
		ungated := 0
		for i, s := range follow(seeds, now, ways, func(r *rand.Rand) trace { return churn(r, life, 20_000) }) {
			ungated += s.worseUngated
			if s.advised > s.traces/5 || s.worse > s.traces/10 {
				t.Errorf("flows that go, life %g, way %d: %+v", life, i, s)
			}
		}
		if ungated < int(seeds) {
			t.Errorf("life %g: without the gate only %d are worse: these traces show nothing", life, ungated)
		}
	}
}

// TestLasts: of flows that live some tenth of the time, what the folds let pass makes
// what follows worse in every sixth trace and more. That so few of their packets are of
// flows that last tells them from flows that stay.
func TestLasts(t *testing.T) {
	now := fill(t, "equal", traceEntries, traceCPUs)
	even := func(b *Task) []nicmodel.IndirectionTable { return []nicmodel.IndirectionTable{b.Even(now)} }
	const seeds = 60
	held, heldWorse, lasts, lastsWorse := 0, 0, 0, 0
	for seed := range uint64(seeds) {
		all := churn(rand.New(rand.NewPCG(seed, 1009)), 0.1, 20_000)
		seen, next := all[:len(all)/2], all[len(all)/2:].folds(1)[0]
		whole := seen.folds(1)[0]
		table := even(whole)[0]
		if v := NewJudge(seen.folds(8), now).Of(even)[0]; !v.Holds() {
			continue
		}
		worse := next.Peak(table) > next.Peak(now)
		held++
		if worse {
			heldWorse++
		}
		if whole.Lasts(seen.known(), now, table) {
			lasts++
			if worse {
				lastsWorse++
			}
		}
	}
	if held < seeds/6 || heldWorse*6 < held {
		t.Errorf("of %d traces the folds let %d pass, %d of them worse afterwards: these traces show nothing", seeds, held, heldWorse)
	}
	if lasts*5 > held || lastsWorse*20 > held {
		t.Errorf("%d of %d that hold are said to last, %d of these are worse afterwards", lasts, held, lastsWorse)
	}
	for seed := range uint64(10) {
		all := persistent(rand.New(rand.NewPCG(seed, 1010)), 1+0.5*float64(seed%2), 10_000)
		whole := all.folds(1)[0]
		if known := all.known(); !whole.Lasts(known, now, even(whole)[0]) {
			t.Errorf("flows that stay, seed %d: %.2f of the packets are known, and the table is said not to last", seed, known)
		}
	}
}

// TestLastsWhateverTheFlows: a table that is uneven by itself is bettered for any flows.
func TestLastsWhateverTheFlows(t *testing.T) {
	b := &Task{Entries: []uint64{10, 12, 11, 9}, Fixed: []uint64{0, 0}, QueueCPU: []int{0, 1}}
	even, uneven := nicmodel.IndirectionTable{0, 0, 1, 1}, nicmodel.IndirectionTable{0, 0, 0, 1}
	if !b.Lasts(0, uneven, even) || b.Lasts(0, even, even) || b.Lasts(0, even, uneven) || !b.Lasts(leastKnown, even, uneven) {
		t.Error("what flows that go leave of a table is not told")
	}
}

// TestJudgeOfNow: the table that there is has no gain, whatever the traffic.
func TestJudgeOfNow(t *testing.T) {
	now := fill(t, "equal", traceEntries, traceCPUs)
	folds := persistent(rand.New(rand.NewPCG(1, 44)), 1, 4000).folds(8)
	j := NewJudge(folds, now)
	for _, v := range j.Of(func(*Task) []nicmodel.IndirectionTable { return []nicmodel.IndirectionTable{now} }) {
		if v.Holds() || v.Forward != 0 || v.Back != 0 || v.FoldT != 0 || v.Gain() != 0 || v.Judged != v.Present {
			t.Errorf("%+v", v)
		}
	}
	if first, last := j.Quarters(); !slices.Equal(first, []int{0, 1}) || !slices.Equal(last, []int{6, 7}) {
		t.Errorf("the quarters are folds %v and %v", first, last)
	}
}

// TestJudgeLeavesNeighboursOut: traffic that is the same in two folds that touch, and
// nowhere else, tells nothing of what lasts.
func TestJudgeLeavesNeighboursOut(t *testing.T) {
	now := fill(t, "equal", traceEntries, traceCPUs)
	r := rand.New(rand.NewPCG(3, 45))
	var folds []*Task
	for range 4 {
		fold := persistent(r, 1.2, 2000).folds(1)[0]
		folds = append(folds, fold, fold)
	}
	for _, v := range NewJudge(folds, now).Of(func(b *Task) []nicmodel.IndirectionTable { return []nicmodel.IndirectionTable{b.Even(now)} }) {
		if v.Holds() || v.Judged < v.Trained+0.1 {
			t.Errorf("%+v", v)
		}
	}
}

// TestJudgeTraining: what is judged on a fold is found on all but it and its neighbours,
// after one quarter and the other.
func TestJudgeTraining(t *testing.T) {
	var folds []*Task
	for k := range 8 {
		folds = append(folds, &Task{Entries: []uint64{1 << k, 0}, Fixed: make([]uint64, 2), QueueCPU: []int{0, 1}})
	}
	now := nicmodel.IndirectionTable{0, 1}
	var got []uint64 // a bit for each fold
	NewJudge(folds, now).Of(func(b *Task) []nicmodel.IndirectionTable {
		got = append(got, b.Entries[0])
		return []nicmodel.IndirectionTable{now}
	})
	want := []uint64{0b11, 0b1100_0000, 0b1111_1100, 0b1111_1000, 0b1111_0001, 0b1110_0011, 0b1100_0111, 0b1000_1111, 0b0001_1111, 0b0011_1111}
	if !slices.Equal(got, want) {
		t.Errorf("found on the folds %08b, want %08b", got, want)
	}
}

// TestWithEvenFlows: what a table makes without heavy flows.
func TestWithEvenFlows(t *testing.T) {
	b := &Task{Entries: []uint64{90, 10, 0, 0}, Fixed: []uint64{0, 100}, QueueCPU: []int{0, 1}}
	for _, c := range []struct {
		table nicmodel.IndirectionTable
		want  float64
	}{
		{nicmodel.IndirectionTable{0, 0, 0, 0}, 1}, {nicmodel.IndirectionTable{0, 1, 0, 1}, 1.5}, {nicmodel.IndirectionTable{1, 1, 1, 1}, 2},
	} {
		if got := b.WithEvenFlows(c.table); got != c.want {
			t.Errorf("%v: %g, want %g", c.table, got, c.want)
		}
	}
	if got := (&Task{Entries: []uint64{0}, Fixed: []uint64{0}, QueueCPU: []int{0}}).WithEvenFlows(nicmodel.IndirectionTable{0}); got != 0 {
		t.Errorf("of nothing: %g", got)
	}
}

// TestOverError with values whose mean and standard error are known.
func TestOverError(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{1, 3}, 2}, {[]float64{-1, -3}, -2}, {[]float64{1, 2, 3}, 2 * math.Sqrt(3)},
		{[]float64{1, 1}, math.Inf(1)}, {[]float64{0, 0}, 0}, {[]float64{-1, -1}, math.Inf(-1)},
	} {
		if got := overError(c.values); got != c.want && !(math.Abs(got-c.want) <= 1e-12) {
			t.Errorf("%v: %g, want %g", c.values, got, c.want)
		}
	}
}
