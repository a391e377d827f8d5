package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// This file is the table that was changed by hand: a few entries lead to other queues, and
// all else is as claimed. Then most queues count exactly what was predicted, and what the
// others have too little or too much is exactly what some entries bring.

const (
	maxMoved = 3 // entries: of more there are so many choices that some fit
	// leastMoved is so few packets that the ends of what was counted can look like them:
	// some that the capture lacks on one queue, as many that it has alone on another.
	leastMoved = 10
	// byChance is the share of random keys whose entries may fit as well. Of a single entry,
	// which is the likeliest of all, it is only said where there are more.
	byChance = 0.01
	// maxChoices are as many choices of entries as are counted; each may be found in every
	// order of its moves.
	maxChoices = 1000
	maxFound   = maxChoices * 6
)

// entryMove is an entry of the claimed table that leads to another queue.
type entryMove struct{ entry, to int }

// moved is the fewest entries that explain every counter to the packet if they lead
// elsewhere; not where as few would explain what a random key gives, or as few of a
// random key's entries what was counted.
func (s *search) moved() (Explanation, bool) {
	if s.claim.Keyless || s.claim.Left < outlyingShare {
		return Explanation{}, false
	}
	left := missed(s.Seen, s.claim.Predicted)
	moves, others := s.mover(s.loads).fewest(left, maxMoved)
	var packets uint64
	for _, m := range moves {
		packets += s.loads[m.entry]
	}
	if packets < leastMoved {
		return Explanation{}, false
	}
	chance := s.movedByChance(left, len(moves))
	often := float64(chance) > byChance*firstKeys
	if often && len(moves) > 1 {
		return Explanation{}, false
	}
	null := Null{Least: 1}
	own := s.mover(s.loads)
	for _, counters := range s.keys.upTo(allKeys) {
		null.Trials++
		if own.some(missed(counters, s.claim.Predicted), len(moves)) {
			return Explanation{}, false
		}
	}
	e := Explanation{Null: null, Fit: Fit{Alpha: 1, Exact: true}, Explained: Total(s.Seen), Queues: slices.Clone(s.Seen)}
	e.ID, e.Changes, e.Config = "moved-entries", len(moves), s.config
	e.Config.Table = slices.Clone(s.config.Table)
	var lead []string
	for _, m := range moves {
		e.Config.Table[m.entry] = uint16(m.to)
		lead = append(lead, fmt.Sprintf("entry %d leads to queue %d, not to %d", m.entry, m.to, s.config.Table[m.entry]))
	}
	// Where a single flow meets an entry, a rule on it, or other fields of its kind that are
	// hashed, give the same counters.
	ruled := "something else (a rule, say) takes its packets there"
	if len(moves) > 1 {
		ruled = "something else (rules, say) takes their packets there"
	}
	e.Summary = fmt.Sprintf("%s, or %s; then each queue counts exactly what is predicted", strings.Join(lead, ", "), ruled)
	switch {
	case often:
		e.Summary += fmt.Sprintf(" (so it does with an entry under %d of %d random keys: it may be chance)", chance, firstKeys)
	case others >= maxChoices:
		e.Summary += fmt.Sprintf(" (so it does with more than %d other choices of as many entries)", maxChoices)
	case others > 0:
		e.Summary += fmt.Sprintf(" (so it does with %d other choices of as many entries)", others)
	}
	return e, true
}

// movedByChance is how many of the first random keys have entries of which as few would
// explain the same counters: their loads have nothing to do with these.
func (s *search) movedByChance(left []int64, moves int) (n int) {
	found := make([]bool, firstKeys)
	parallel(firstKeys, func() func(int) {
		return func(i int) {
			if key, err := hash.NewTable(RandomKey(i, s.config), s.in.longest()); err == nil {
				found[i] = s.mover(s.in.entries(key, &s.config)).some(left, moves)
			}
		}
	})
	for _, is := range found {
		if is {
			n++
		}
	}
	return n
}

// missed is what each queue counted and was not predicted for it.
func missed(counters, predicted []uint64) []int64 {
	left := make([]int64, max(len(counters), len(predicted)))
	for q := range left {
		left[q] = int64(at(counters, q)) - int64(at(predicted, q))
	}
	return left
}

// mover looks for entries that have to lead elsewhere.
type mover struct {
	table  nicmodel.IndirectionTable
	loads  []uint64 // of its entries
	byLoad [][]int  // the entries of each queue that have a load, by that
	left   []int64  // of each queue, counted and not predicted by the choice
	open   int      // queues of which something is left
	chosen []entryMove
	first  bool // ends at the first choice
	found  [][]entryMove
}

func (s *search) mover(loads []uint64) *mover { return newMover(s.config.Table, loads) }

func newMover(table nicmodel.IndirectionTable, loads []uint64) *mover {
	m := &mover{table: table, loads: loads, byLoad: make([][]int, int(slices.Max(table))+1)}
	for entry, load := range loads {
		if load > 0 {
			m.byLoad[table[entry]] = append(m.byLoad[table[entry]], entry)
		}
	}
	for _, of := range m.byLoad {
		slices.SortFunc(of, func(a, b int) int { return cmp.Compare(loads[a], loads[b]) })
	}
	return m
}

// some reports whether at most so many entries leave nothing.
func (m *mover) some(left []int64, most int) bool {
	m.first = true
	moves, _ := m.fewest(left, most)
	return moves != nil
}

// fewest is the fewest entries that leave nothing, at most so many, and how many other
// choices of as many do as well. Of several choices it is the first that takes no entry
// from a queue to which it leads another.
func (m *mover) fewest(left []int64, most int) (moves []entryMove, others int) {
	var sum int64
	m.left, m.open, m.found = slices.Clone(left), 0, nil
	for _, n := range left {
		if sum += n; n != 0 {
			m.open++
		}
	}
	if sum != 0 || m.open == 0 {
		return nil, 0
	}
	for n := (m.open + 1) / 2; n <= most; n++ {
		if m.choose(n); len(m.found) == 0 {
			continue
		}
		if m.first {
			return m.found[0], 0
		}
		slices.SortFunc(m.found, func(a, b []entryMove) int {
			return cmp.Or(cmp.Compare(m.through(a), m.through(b)), slices.CompareFunc(a, b, entryMove.compare))
		})
		all := slices.CompactFunc(m.found, slices.Equal)
		return all[0], len(all) - 1
	}
	return nil, 0
}

// through is how many of the moves leave a queue to which another one leads.
func (m *mover) through(moves []entryMove) (n int) {
	for _, a := range moves {
		if slices.ContainsFunc(moves, func(b entryMove) bool { return int(m.table[a.entry]) == b.to }) {
			n++
		}
	}
	return n
}

func (m entryMove) compare(other entryMove) int {
	return cmp.Or(cmp.Compare(m.entry, other.entry), cmp.Compare(m.to, other.to))
}

// choose tries n more entries: one of them has to leave a queue of which something is left,
// or to lead there.
func (m *mover) choose(n int) {
	if m.open > 2*n {
		return
	}
	queue := slices.IndexFunc(m.left, func(n int64) bool { return n != 0 })
	// Optimization: an entry changes what is left of two queues, so that where more are open
	// than the others can close, it has to close one: it brings what is left there.
	if m.open <= 2*(n-1) {
		for _, of := range m.byLoad {
			m.each(of, queue, n)
		}
		return
	}
	for q, left := range m.left {
		if left = max(left, -left); left == 0 || slices.ContainsFunc(m.left[:q], func(n int64) bool { return n == left || n == -left }) {
			continue
		}
		for _, of := range m.byLoad {
			at, _ := slices.BinarySearchFunc(of, left, func(entry int, load int64) int { return cmp.Compare(int64(m.loads[entry]), load) })
			end := at
			for end < len(of) && int64(m.loads[of[end]]) == left {
				end++
			}
			m.each(of[at:end], queue, n)
		}
	}
}

// each tries each of some entries of one queue, with n left to be chosen.
func (m *mover) each(entries []int, queue, n int) {
	for _, entry := range entries {
		switch {
		case slices.ContainsFunc(m.chosen, func(c entryMove) bool { return c.entry == entry }):
		case int(m.table[entry]) != queue:
			m.try(entry, queue, n)
		default:
			for to := range m.left {
				if to != queue {
					m.try(entry, to, n)
				}
			}
		}
	}
}

// try is choose with the entry leading there.
func (m *mover) try(entry, to, n int) {
	if len(m.found) >= maxFound || m.first && len(m.found) > 0 {
		return
	}
	from, load := int(m.table[entry]), int64(m.loads[entry])
	m.add(from, load)
	m.add(to, -load)
	m.chosen = append(m.chosen, entryMove{entry, to})
	switch {
	case m.open == 0 && n == 1:
		found := slices.Clone(m.chosen)
		slices.SortFunc(found, entryMove.compare)
		m.found = append(m.found, found)
	case m.open > 0 && n > 1:
		m.choose(n - 1)
	}
	m.chosen = m.chosen[:len(m.chosen)-1]
	m.add(to, load)
	m.add(from, -load)
}

// add changes what is left of a queue.
func (m *mover) add(queue int, load int64) {
	if m.left[queue] != 0 {
		m.open--
	}
	if m.left[queue] += load; m.left[queue] != 0 {
		m.open++
	}
}
