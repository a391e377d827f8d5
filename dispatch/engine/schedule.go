package engine

import "rssreplay/nicmodel"

// schedule is when the NIC publishes the packets of a batch, as long as it drops
// none of them: models whose lists of completions have the same size and age
// share it.
//
// Optimization: it equals nicmodel.DMAList, packet by packet.
type schedule struct {
	batch   int
	timeout int64

	of    *Batch // planned last
	first uint32 // its first packet then

	// The list that was open at the batch's start: its packets, and when it is
	// published at the latest.
	carried  int
	deadline int64

	// The lists that begin and end in the batch are the packets from begin to
	// before open.
	begin, open int
	at          [BatchSize]int64    // when they are published
	head        [BatchSize + 1]bool // a list begins

	without *withoutSent // nil until some are sent
}

// noList is a deadline that every packet comes after.
const noList = -1

func newSchedule(c *nicmodel.Config) *schedule {
	return &schedule{batch: c.DMABatch, timeout: c.DMATimeout}
}

// plan plans the packets of a batch that are received, at these times, after a list that is
// still open. Where that is done it reports whether it was with such a list.
func (s *schedule) plan(b *Batch, times []int64, l *nicmodel.DMAList) bool {
	listed, due := l.Len(), int64(noList)
	if at, pending := l.Deadline(); pending {
		due = at
	}
	if s.of == b && s.first == b.First {
		return listed == s.carried && due == s.deadline
	}
	s.of, s.first = b, b.First
	s.carried, s.deadline = listed, due

	// Optimization: no branch depends on the times. The first loop finds where
	// lists begin, and when each is published if no further packet joins it, the
	// second gives all packets of a list the time of its last one.
	at, head := s.at[:len(times)], s.head[:len(times)+1]
	for i, t := range times {
		begins := (due - t) >> 63 // all ones if due < t
		listed = listed&^int(begins) + 1
		due ^= (due ^ (t + s.timeout)) & begins
		at[i], head[i] = due, begins != 0
		if listed == s.batch {
			at[i], due = t, noList
		}
	}
	head[len(times)] = true
	s.begin = s.next(0)
	s.open = len(times)
	if due != noList {
		for s.open--; s.open > s.begin && !head[s.open]; s.open-- {
		}
	}
	s.open = max(s.open, s.begin)
	published := int64(0)
	for i := s.open - 1; i >= s.begin; i-- {
		last := at[i]
		if !head[i+1] {
			last = published
		}
		at[i], published = last, last
	}
	return true
}

// next is the first head of a list from i on, or the batch's length.
func (s *schedule) next(i int) int {
	for !s.head[i] {
		i++
	}
	return i
}
