package plain

import (
	"cmp"
	"math"
	"slices"

	"rssreplay/dispatch/rebalance"
)

// solve is RSS++'s solver once more, as its description reads, with nothing
// kept from one pass to the next: package rebalance has the one that ships.
func solve(p *rebalance.Problem) rebalance.Solution {
	// The target is the mean load; a core's imbalance is target − load, but 0 where it
	// received an entry at the tick before.
	target := 0.0
	for _, load := range p.Load {
		target += load
	}
	target /= float64(len(p.Load))
	imbalance := make([]float64, len(p.Load))
	for c, load := range p.Load {
		if !p.Resting[c] {
			imbalance[c] = target - load
		}
	}

	// Underloaded: imbalance above the threshold. Overloaded: below −threshold, and
	// more than one entry with packets.
	var over, under []int
	for c := range p.Load {
		if imbalance[c] > p.Threshold {
			under = append(under, c)
		}
		if imbalance[c] < -p.Threshold && len(entriesOf(p, c)) > 1 {
			over = append(over, c)
		}
	}
	if len(over) == 0 || len(under) == 0 {
		return rebalance.Solution{Left: imbalance}
	}

	// Passes up to the tenth, which in the authors' code repeats the ninth, until Q
	// is below 0.01.
	lastPass := 10
	if p.LastPass {
		lastPass = 9
	}
	best := rebalance.Solution{Q: math.Inf(1)}
	t := newTolerances()
	for pass := 1; pass <= lastPass; pass++ {
		moves, left := deal(p, imbalance, over, under, t.over, t.under)
		q := 0.0
		for _, c := range slices.Concat(over, under) {
			q += float64(left[c] * left[c])
		}
		if q < best.Q || p.LastPass {
			best = rebalance.Solution{Moves: moves, Left: left, Q: q, Pass: pass}
		}
		best.Passes = pass
		if q < 0.01 {
			break
		}
		if t.next(q, sumOf(left, over), sumOf(left, under)); t.narrow() {
			break
		}
	}
	slices.SortFunc(best.Moves, func(a, b rebalance.CoreMove) int { return cmp.Compare(a.Entry, b.Entry) })
	return best
}

// sumOf is the sum of |imbalance| over some cores.
func sumOf(imbalance []float64, cores []int) (sum float64) {
	for _, c := range cores {
		sum += math.Abs(imbalance[c])
	}
	return sum
}

// tolerances are what a pass takes for even, of the overloaded and of the underloaded
// cores, and how they are sought: out by half until a pass is worse than the one before,
// then between what that and the start bracket.
type tolerances struct {
	over, under                                float64
	bottomOver, bottomUnder, topOver, topUnder float64
	m                                          float64 // where between bottom and top
	phase                                      int
	last                                       float64 // the pass before's Q
}

func newTolerances() *tolerances {
	return &tolerances{over: -0.01, under: -0.01, bottomOver: -0.01, bottomUnder: -0.01}
}

// next sets the tolerances after a pass with Q that left so much on the overloaded and
// on the underloaded cores.
func (t *tolerances) next(q, leftOver, leftUnder float64) {
	noWorse := q <= t.last
	t.last = q
	switch {
	case t.phase == 0: // after pass 1: the sums that it left
		t.over, t.under, t.phase = leftOver, leftUnder, 1
	case t.phase == 1 && noWorse:
		t.over, t.under = t.over*1.5, t.under*1.5
	case t.phase == 1:
		t.topOver, t.topUnder = t.over, t.under
		t.over, t.under = t.over/2, t.under/2
		t.m, t.phase = 0.5, 2
	case t.phase == 2 && noWorse:
		t.between(t.m / 2)
	case t.phase == 2:
		t.bottomOver, t.bottomUnder = t.over, t.under
		t.phase = 3
		t.between(0.5)
	case t.phase == 3 && noWorse:
		t.between((1 + t.m) / 2)
	case t.phase == 3:
		t.topOver, t.topUnder = t.over, t.under
		t.phase = 2
		t.between(0.5)
	}
}

// between sets the tolerances m of the way from bottom to top.
func (t *tolerances) between(m float64) {
	t.m = m
	t.over = t.bottomOver + float64((t.topOver-t.bottomOver)*m)
	t.under = t.bottomUnder + float64((t.topUnder-t.bottomUnder)*m)
}

// narrow tells whether there is no room left between bottom and top.
func (t *tolerances) narrow() bool {
	return t.phase == 2 && t.m < 0.01 || t.phase == 3 && t.m > 0.99
}

// entriesOf are the entries with packets that point to a core, the lowest first.
func entriesOf(p *rebalance.Problem, core int) (entries []int) {
	for e, n := range p.Packets {
		if p.Core[e] == core && n > 0 {
			entries = append(entries, e)
		}
	}
	return entries
}

// deal is one pass with the tolerances oa and ua. It returns the moves and every
// core's imbalance after them.
func deal(p *rebalance.Problem, imbalance []float64, over, under []int, oa, ua float64) ([]rebalance.CoreMove, []float64) {
	room, excess := map[int]float64{}, map[int]float64{}
	offers := map[int][]int{} // per overloaded core: entries not used up
	load := map[int]float64{} // per entry
	givers, takers := slices.Clone(over), slices.Clone(under)
	for _, c := range under {
		room[c] = imbalance[c]
	}
	for _, c := range over {
		excess[c] = -imbalance[c]
		offers[c] = entriesOf(p, c)
		packets := uint64(0)
		for _, e := range offers[c] {
			packets += p.Packets[e]
		}
		for _, e := range offers[c] {
			load[e] = float64(p.Packets[e]) / float64(packets) * p.Load[c]
		}
	}

	// "repeat while both sets hold cores"
	var moves []rebalance.CoreMove
	for len(givers) > 0 && len(takers) > 0 {
		giver, taker := largest(givers, excess), largest(takers, room)
		heaviest := largest(offers[giver], load)
		offers[giver] = without(offers[giver], heaviest)
		if load[heaviest] < room[taker]+ua {
			moves = append(moves, rebalance.CoreMove{Entry: heaviest, From: giver, To: taker})
			room[taker] -= load[heaviest]
			excess[giver] -= load[heaviest]
			if room[taker] <= 0.01 {
				takers = without(takers, taker)
			}
		}
		if !(excess[giver] > -oa && len(offers[giver]) > 0) {
			givers = without(givers, giver)
		}
	}

	left := slices.Clone(imbalance)
	for _, c := range under {
		left[c] = room[c]
	}
	for _, c := range over {
		left[c] = -excess[c]
	}
	return moves, left
}

// largest is the one with the largest value, the lowest number of equals.
func largest(of []int, value map[int]float64) int {
	return slices.MaxFunc(slices.Sorted(slices.Values(of)), func(a, b int) int { return cmp.Compare(value[a], value[b]) })
}

func without(all []int, one int) []int {
	return slices.DeleteFunc(slices.Clone(all), func(n int) bool { return n == one })
}
