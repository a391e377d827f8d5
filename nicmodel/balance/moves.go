package balance

import (
	"slices"

	"rssreplay/nicmodel"
)

// Moved is a table, and how many of its entries are on another CPU than in the
// one that it was made of.
type Moved struct {
	Table nicmodel.IndirectionTable
	Moves int
	// Fewest: no table that keeps the limit moves fewer. Otherwise the search was
	// ended, and there may be one.
	Fewest bool
}

// searchNodes bounds the search for the fewest moves: a fraction of a second.
const searchNodes = 200_000

// FewestMoves changes as few entries of the table now as it can so that no CPU
// has more load than limit; nil if none that was found does with most moves.
//
// It tries one move, then two and so on. Of the CPUs above the limit the most
// loaded one must lose an entry, so only its entries are tried, everywhere; a way
// that needs more moves than are left is given up. Where that takes too long, it
// takes what Fewer finds.
func (b *Task) FewestMoves(now nicmodel.IndirectionTable, limit uint64, most int) *Moved {
	s := moveSearch{
		Task: b, now: now, table: slices.Clone(now), limit: limit, loads: b.CPULoads(now),
		queues: b.firstQueues(), moved: make([]bool, len(now)), left: searchNodes,
	}
	s.of = make([][]int, len(b.Fixed))
	for _, i := range b.byLoad() {
		cpu := b.QueueCPU[now[i]]
		s.of[cpu] = append(s.of[cpu], i)
	}
	if limit < b.Bound() {
		return nil
	}
	least := s.needed()
	if least < 0 {
		return nil
	}
	for moves := least; moves <= most; moves++ {
		if s.search(moves) {
			return &Moved{Table: s.table, Moves: moves, Fewest: true}
		}
		if s.left < 0 {
			break
		}
	}
	if s.left >= 0 {
		return nil // all was tried
	}
	for _, found := range b.Fewer(now, most) {
		if b.Peak(found.Table) <= limit {
			found.Fewest = found.Moves == least
			return &found
		}
	}
	return nil
}

// moveSearch is FewestMoves at work.
type moveSearch struct {
	*Task
	now, table nicmodel.IndirectionTable
	limit      uint64
	loads      []uint64
	queues     []int   // per CPU, as firstQueues has it
	of         [][]int // per CPU: the entries that were there at first, the heaviest first
	moved      []bool  // per entry
	left       int     // ways that are still tried; below 0 the search has ended
}

// needed is a number of moves that no way on does without: each CPU above the
// limit must lose its heaviest entries until it is not; -1 if that is not enough.
func (s *moveSearch) needed() int {
	n := 0
	for cpu, load := range s.loads {
		for _, i := range s.of[cpu] {
			if load <= s.limit {
				break
			}
			if !s.moved[i] {
				load -= s.Entries[i]
				n++
			}
		}
		if load > s.limit {
			return -1
		}
	}
	return n
}

// search finds a way with the given number of moves at most.
func (s *moveSearch) search(moves int) bool {
	from := 0
	for cpu, load := range s.loads {
		if load > s.loads[from] {
			from = cpu
		}
	}
	if s.loads[from] <= s.limit {
		return true
	}
	if s.left--; moves == 0 || s.left < 0 {
		return false
	}
	if needed := s.needed(); needed < 0 || needed > moves {
		return false
	}
	tried := ^uint64(0)
	for _, i := range s.of[from] {
		load := s.Entries[i]
		if s.moved[i] || load == tried { // entries of one load are alike
			continue
		}
		tried = load
		for to := range s.loads {
			if to == from || s.queues[to] < 0 || s.alike(to) {
				continue
			}
			s.shift(i, from, to)
			if s.search(moves - 1) {
				return true
			}
			s.shift(i, to, from)
		}
	}
	return false
}

// alike reports whether a CPU before this one has the same load, and neither has
// an entry to lose: what is tried with that one need not be tried with this one.
func (s *moveSearch) alike(cpu int) bool {
	if len(s.of[cpu]) > 0 {
		return false
	}
	for other := range cpu {
		if s.loads[other] == s.loads[cpu] && len(s.of[other]) == 0 && s.queues[other] >= 0 {
			return true
		}
	}
	return false
}

// shift moves entry i, or moves it back to where it was at first.
func (s *moveSearch) shift(i, from, to int) {
	s.loads[from] -= s.Entries[i]
	s.loads[to] += s.Entries[i]
	s.moved[i] = !s.moved[i]
	s.move(s.table, s.now, i, to, s.queues)
}
