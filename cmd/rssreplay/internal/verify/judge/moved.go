package judge

import (
	"fmt"
	"slices"
	"strings"
)

// This file is the table that was changed by hand: a few entries lead to other queues, and
// all else is as claimed. Then most queues count exactly what was predicted, and what the
// others have too little is exactly what some of their entries bring. Not looked for: an entry
// that leads to a queue which another one leaves.

const (
	maxMoved = 3 // entries: of more there are so many choices that some fit
	// leastMoved is so few packets that the ends of what was counted can look like them:
	// some that the capture lacks on one queue, as many that it has alone on another.
	leastMoved = 10
)

// entryMove is an entry of the claimed table that leads to another queue.
type entryMove struct{ entry, to int }

// moved is the fewest entries that explain every counter to the packet if they lead
// elsewhere; not where as few would explain what a random key gives.
func (s *search) moved() (Explanation, bool) {
	if s.claim.Keyless || s.claim.Fit.Residual < outlyingShare {
		return Explanation{}, false
	}
	moves, others := s.movesTo(s.Seen)
	var packets uint64
	for _, m := range moves {
		packets += s.loads[m.entry]
	}
	if packets < leastMoved {
		return Explanation{}, false
	}
	null := Null{Least: 1}
	for _, counters := range s.keys.upTo(allKeys) {
		null.Trials++
		if chance, _ := s.movesTo(counters); len(chance) > 0 && len(chance) <= len(moves) {
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
	if others > 0 {
		e.Summary += fmt.Sprintf(" (so it does with %d other choices of as many entries)", others)
	}
	return e, true
}

// movesTo is the fewest entries that have to lead elsewhere for the claim to predict exactly
// these counters, at most maxMoved of them, and how many other choices of as many do as well.
func (s *search) movesTo(counters []uint64) (moves []entryMove, others int) {
	left := make([]int64, max(len(counters), len(s.claim.Predicted))) // counted, and not predicted
	var sum int64
	lack, excess := 0, 0
	for q := range left {
		left[q] = int64(at(counters, q)) - int64(at(s.claim.Predicted, q))
		switch sum += left[q]; {
		case left[q] < 0:
			lack++
		case left[q] > 0:
			excess++
		}
	}
	if sum != 0 || lack == 0 {
		return nil, 0
	}
	for n := max(lack, excess); n <= maxMoved; n++ {
		m := mover{search: s, left: left}
		if m.choose(n, 0); m.found != nil {
			return m.found, m.choices - 1
		}
	}
	return nil, 0
}

// mover tries each choice of entries.
type mover struct {
	*search
	left    []int64 // of each queue, counted and not predicted by the choice
	chosen  []entryMove
	found   []entryMove // the first choice that leaves nothing
	choices int         // that leave nothing
}

// choose tries n more entries, from one on.
func (m *mover) choose(n, from int) {
	for entry := from; entry < len(m.loads); entry++ {
		load, queue := int64(m.loads[entry]), int(m.config.Table[entry])
		if load == 0 || -m.left[queue] < load {
			continue
		}
		for to := range m.left {
			if m.left[to] < load {
				continue
			}
			m.left[queue] += load
			m.left[to] -= load
			m.chosen = append(m.chosen, entryMove{entry, to})
			switch done := !slices.ContainsFunc(m.left, func(n int64) bool { return n != 0 }); {
			case n == 1 && done:
				if m.choices++; m.found == nil {
					m.found = slices.Clone(m.chosen)
				}
			case n > 1 && !done:
				m.choose(n-1, entry+1)
			}
			m.chosen = m.chosen[:len(m.chosen)-1]
			m.left[queue] -= load
			m.left[to] += load
		}
	}
}
