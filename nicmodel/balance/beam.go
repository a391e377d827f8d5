package balance

import (
	"cmp"
	"math/bits"
	"slices"

	"rssreplay/nicmodel"
)

const (
	// beamWidth is how many tables are kept after each move.
	beamWidth = 32
	// beamTargets is how many CPUs, the least loaded ones, an entry is tried on.
	beamTargets = 8
	// beamWork bounds the search: ways tried, with the cost of keeping one counted
	// as that of its table's entries.
	beamWork = 4_000_000
)

// Fewer is the best table found with few entries moved: at index k with at most k
// moves from the table now, from 0, which is that table, to most, or as far as
// moves helped.
//
// It is a beam search. As long as a CPU has the greatest load it must lose an
// entry, so each step moves one off that CPU, in every way, and keeps those
// tables whose loads have the least squares: a heavy entry that goes where it
// makes another peak is not given up, for lighter ones can leave there next.
func (b *Task) Fewer(now nicmodel.IndirectionTable, most int) []Moved {
	s := beamSearch{Task: b, now: now, queues: b.firstQueues(), width: beamWidth}
	if cost := (beamTargets + 2) * len(now); most > 0 {
		s.width = max(1, min(beamWidth, beamWork/(cost*most)))
	}
	first := &beamTable{loads: b.CPULoads(now), cpus: make([]uint16, len(now))}
	for i, queue := range now {
		first.cpus[i] = uint16(b.QueueCPU[queue])
	}
	best, least := first, slices.Max(first.loads)
	found := []Moved{{Table: slices.Clone(now)}}
	kept := []*beamTable{first}
	for k := 1; k <= most && least > b.Bound(); k++ {
		if kept = s.step(kept); len(kept) == 0 {
			break
		}
		for _, t := range kept {
			if peak := slices.Max(t.loads); peak < least {
				best, least = t, peak
			}
		}
		next := found[k-1]
		if best.moves > next.Moves {
			next = Moved{Table: s.table(best), Moves: best.moves}
		}
		found = append(found, next)
	}
	return found
}

// beamSearch is Fewer at work.
type beamSearch struct {
	*Task
	now    nicmodel.IndirectionTable
	queues []int // per CPU, as firstQueues has it
	width  int
	ways   []beamWay // the best of a step so far, the best first
}

// beamTable is a table on the way.
type beamTable struct {
	loads []uint64 // per CPU
	cpus  []uint16 // per entry
	moved uint64   // tells sets of moves apart
	moves int
}

// beamWay is a table and one more move.
type beamWay struct {
	of        *beamTable
	entry, to int
	squares   float64 // what the move takes from the sum of the squares of the loads, negated
	moved     uint64
}

// step is the best tables with one more move.
func (s *beamSearch) step(kept []*beamTable) []*beamTable {
	s.ways = s.ways[:0]
	for _, t := range kept {
		s.expand(t)
	}
	var next []*beamTable
	for _, w := range s.ways {
		t := &beamTable{loads: slices.Clone(w.of.loads), cpus: slices.Clone(w.of.cpus), moved: w.moved, moves: w.of.moves + 1}
		load := s.Entries[w.entry]
		t.loads[t.cpus[w.entry]] -= load
		t.loads[w.to] += load
		t.cpus[w.entry] = uint16(w.to)
		next = append(next, t)
	}
	return next
}

// keep adds a way if it is among the best.
//
// Optimization: a step has thousands of ways, of which nearly all end at the first
// comparison; to sort them took most of the time of suggest.
func (s *beamSearch) keep(w beamWay) {
	if len(s.ways) == s.width && !w.before(&s.ways[s.width-1]) {
		return
	}
	at := 0
	for i := range s.ways {
		if s.ways[i].moved == w.moved { // the same moves in another order
			return
		}
		if s.ways[i].before(&w) {
			at = i + 1
		}
	}
	if len(s.ways) == s.width {
		s.ways = s.ways[:s.width-1]
	}
	s.ways = slices.Insert(s.ways, at, w)
}

// before says whether a way is better than another, and which of two that are as good comes first.
func (w *beamWay) before(other *beamWay) bool {
	return w.squares < other.squares || w.squares == other.squares && w.moved < other.moved
}

// expand looks at the ways on from a table.
func (s *beamSearch) expand(t *beamTable) {
	from, sum := 0, 0.0
	for cpu, load := range t.loads {
		if sum += squareOf(load); load > t.loads[from] {
			from = cpu
		}
	}
	var to []int
	for cpu := range t.loads {
		if cpu != from && s.queues[cpu] >= 0 {
			to = append(to, cpu)
		}
	}
	slices.SortStableFunc(to, func(a, b int) int { return cmp.Compare(t.loads[a], t.loads[b]) })
	to = to[:min(len(to), beamTargets)]
	for i, cpu := range t.cpus {
		load := s.Entries[i]
		if int(cpu) != from || load == 0 || s.QueueCPU[s.now[i]] != from { // moved before: it could have gone on at once
			continue
		}
		for _, to := range to {
			before := squareOf(t.loads[from]) + squareOf(t.loads[to])
			after := squareOf(t.loads[from]-load) + squareOf(t.loads[to]+load)
			s.keep(beamWay{t, i, to, sum - before + after, t.moved ^ scatter(i, to)})
		}
	}
}

// scatter is a number that tells one move from another.
func scatter(entry, to int) uint64 {
	hi, lo := bits.Mul64(uint64(entry)<<20|uint64(to)+1, 0x9e3779b97f4a7c15)
	return (hi ^ lo) * 0xd6e8feb86659fd93
}

// table is a table with the moves of t: each entry on the queue that it has now
// if that is on its CPU.
func (s *beamSearch) table(t *beamTable) nicmodel.IndirectionTable {
	table := slices.Clone(s.now)
	for i, cpu := range t.cpus {
		s.move(table, s.now, i, int(cpu), s.queues)
	}
	return table
}
