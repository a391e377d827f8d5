package rebalance

import (
	"cmp"
	"math"
	"slices"
)

// Problem is a tick as the solver sees it.
type Problem struct {
	Load    []float64 // per core: the share of the period that it worked, from 0 to 1
	Resting []bool    // per core: it received an entry at the tick before
	Core    []int     // per entry: the core that it points to
	Packets []uint64  // per entry: that took it in the period

	Threshold float64 // imbalances from −Threshold to it are left alone
	LastPass  bool    // the last pass counts, not the best one; see Options
}

// Solution is what the solver decided.
type Solution struct {
	Moves  []CoreMove // by entry
	Left   []float64  // per core: its imbalance if the moved entries keep their load
	Q      float64    // sum of the squares of what is left on the cores that took part
	Passes int        // that were tried; 0 where no core took part
	Pass   int        // the one that counts
}

// CoreMove is an entry that goes from one core to another.
type CoreMove struct{ Entry, From, To int }

const (
	fits    = 0.01 // an underloaded core with no more room than this takes no more
	solved  = 0.01 // a Q below it ends the search
	passes  = 10   // at most
	nearest = 0.01 // how close the search comes to its bounds
)

// core is one that takes part.
type core struct {
	number int
	start  float64 // room or excess before the pass
	left   float64 // in the pass
	out    bool    // left its set in this pass

	entries []load // an overloaded core's, the heaviest first
	next    int    // the first that this pass has not used
}

// load is an entry that can move, and the load that goes with it.
type load struct {
	entry int
	load  float64
}

// Solve decides which entries move.
//
// A pass has two tolerances, for the overloaded and the underloaded cores. While
// both have a core left, the overloaded one with the most excess offers its
// heaviest entry that was not offered yet. The underloaded core with the most
// room takes it if the entry's load is below its room and the second tolerance
// together: excess and room fall by the load, and the core is done when its room
// is 0.01 or less. Else the entry stays where it is. The overloaded core goes on
// while its excess is above minus the first tolerance and it has entries.
//
// The first pass has −0.01 and −0.01; the second the sums of excess and room that
// the first left; search chooses the others.
func (p *Problem) Solve() Solution {
	imbalance := p.imbalance()
	over, under := p.sides(imbalance)
	s := Solution{Left: imbalance}
	if len(over) == 0 || len(under) == 0 {
		return s
	}

	limit := passes
	if p.LastPass {
		limit-- // the authors' tenth pass repeats their ninth
	}
	to, best := make([]int, len(p.Packets)), make([]int, len(p.Packets))
	s.Q = math.Inf(1)
	search := newSearch()
	for {
		q := pass(over, under, search.tolerance, to)
		s.Passes++
		if q < s.Q || p.LastPass {
			s.Q, s.Pass = q, s.Passes
			copy(best, to)
			for _, c := range over {
				s.Left[c.number] = -c.left
			}
			for _, c := range under {
				s.Left[c.number] = c.left
			}
		}
		if q < solved || s.Passes == limit || !search.after(q, over, under) {
			break
		}
	}
	for _, c := range over {
		for _, l := range c.entries {
			if best[l.entry] != c.number {
				s.Moves = append(s.Moves, CoreMove{l.entry, c.number, best[l.entry]})
			}
		}
	}
	slices.SortFunc(s.Moves, func(a, b CoreMove) int { return cmp.Compare(a.Entry, b.Entry) })
	return s
}

// imbalance is each core's.
func (p *Problem) imbalance() []float64 {
	sum := 0.0
	for _, l := range p.Load {
		sum += l
	}
	target := sum / float64(len(p.Load))
	imbalance := make([]float64, len(p.Load))
	for c, l := range p.Load {
		if !p.Resting[c] {
			imbalance[c] = target - l
		}
	}
	return imbalance
}

// sides are the overloaded and the underloaded cores, by number.
func (p *Problem) sides(imbalance []float64) (over, under []core) {
	entries := make([][]load, len(p.Load)) // with packets
	packets := make([]uint64, len(p.Load))
	for e, n := range p.Packets {
		if n > 0 {
			entries[p.Core[e]] = append(entries[p.Core[e]], load{entry: e})
			packets[p.Core[e]] += n
		}
	}
	for c, i := range imbalance {
		switch {
		case i > p.Threshold:
			under = append(under, core{number: c, start: i})
		case i < -p.Threshold && len(entries[c]) > 1:
			for k := range entries[c] {
				l := &entries[c][k]
				l.load = float64(p.Packets[l.entry]) / float64(packets[c]) * p.Load[c]
			}
			slices.SortStableFunc(entries[c], func(a, b load) int { return cmp.Compare(b.load, a.load) })
			over = append(over, core{number: c, start: -i, entries: entries[c]})
		}
	}
	return over, under
}

// pass deals the entries of the overloaded cores out, sets to for each of them,
// and returns Q.
func pass(over, under []core, t tolerance, to []int) (q float64) {
	for i := range over {
		c := &over[i]
		c.left, c.out, c.next = c.start, false, 0
		for _, l := range c.entries {
			to[l.entry] = c.number
		}
	}
	for i := range under {
		under[i].left, under[i].out = under[i].start, false
	}
	for {
		giver, taker := most(over), most(under)
		if giver == nil || taker == nil {
			break
		}
		l := giver.entries[giver.next]
		giver.next++
		if l.load < taker.left+t.under {
			to[l.entry] = taker.number
			giver.left -= l.load
			taker.left -= l.load
			taker.out = taker.left <= fits
		}
		giver.out = giver.left <= -t.over || giver.next == len(giver.entries)
	}
	for _, c := range over {
		q += float64(c.left * c.left) // converted: never fused with the sum
	}
	for _, c := range under {
		q += float64(c.left * c.left)
	}
	return q
}

// most is the core with the most left of those that are not out, nil if all are.
func most(cores []core) *core {
	var found *core
	for i := range cores {
		if c := &cores[i]; !c.out && (found == nil || c.left > found.left) {
			found = c
		}
	}
	return found
}
