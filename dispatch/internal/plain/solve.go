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

	best := rebalance.Solution{Q: math.Inf(1)}
	var sumOver, sumUnder float64 // |excess| and |room| that the last pass left
	try := func(number int, oa, ua float64) float64 {
		moves, left := deal(p, imbalance, over, under, oa, ua)
		q := 0.0
		sumOver, sumUnder = 0, 0
		for _, c := range over {
			q += float64(left[c] * left[c])
			sumOver += math.Abs(left[c])
		}
		for _, c := range under {
			q += float64(left[c] * left[c])
			sumUnder += math.Abs(left[c])
		}
		if q < best.Q || p.LastPass {
			best = rebalance.Solution{Moves: moves, Left: left, Q: q, Pass: number}
		}
		best.Passes = number
		return q
	}

	// Passes up to the tenth, which in the authors' code repeats the ninth, until Q
	// is below 0.01.
	oa, ua := -0.01, -0.01
	bottomO, bottomU := oa, ua
	var topO, topU, m float64
	middle := func() {
		oa = bottomO + float64((topO-bottomO)*m)
		ua = bottomU + float64((topU-bottomU)*m)
	}
	lastPass := 10
	if p.LastPass {
		lastPass = 9
	}
	phase := 0
	last := 0.0
	for pass := 1; pass <= lastPass; pass++ {
		q := try(pass, oa, ua)
		if q < 0.01 {
			break
		}
		noWorse := q <= last
		last = q
		switch {
		case phase == 0: // after pass 1: the sums that it left
			oa, ua, phase = sumOver, sumUnder, 1
		case phase == 1 && noWorse:
			oa, ua = oa*1.5, ua*1.5
		case phase == 1:
			topO, topU = oa, ua
			oa, ua = oa/2, ua/2
			m, phase = 0.5, 2
		case phase == 2 && noWorse:
			m /= 2
			middle()
		case phase == 2:
			bottomO, bottomU = oa, ua
			m, phase = 0.5, 3
			middle()
		case phase == 3 && noWorse:
			m = (1 + m) / 2
			middle()
		case phase == 3:
			topO, topU = oa, ua
			m, phase = 0.5, 2
			middle()
		}
		if phase == 2 && m < 0.01 || phase == 3 && m > 0.99 {
			break
		}
	}
	slices.SortFunc(best.Moves, func(a, b rebalance.CoreMove) int { return cmp.Compare(a.Entry, b.Entry) })
	return best
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
