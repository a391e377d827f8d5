package dispatch

import "rssreplay/nicmodel"

// schedule is when the NIC publishes the packets of a batch, as long as it drops
// none of them: models that count lists of the same size and age share it.
//
// Optimization: it equals nicmodel.DMAList, packet by packet.
type schedule struct {
	batch   int
	timeout int64
	of      *Batch // planned last
	first   uint32 // its first packet then

	at   [batchSize]int64    // publish time of the packets from begin to before open
	head [batchSize + 1]bool // the packet is the first of a list

	// The list that was open at the batch's start: its packets, and when it is
	// published at the latest; and where it ends, the batch's length if it does not.
	carried  int
	deadline int64
	begin    int
	open     int // first packet of the list that the batch does not fill, or its length

	listed int   // packets in the open list
	due    int64 // its deadline
}

func newSchedule(c *nicmodel.Config) *schedule {
	return &schedule{batch: c.DMABatch, timeout: c.DMATimeout}
}

// plan plans the next batch, whose packets are all received ones, unless that
// is done.
func (s *schedule) plan(b *Batch) {
	if s.of == b && s.first == b.First {
		return
	}
	s.of, s.first = b, b.First
	s.carried, s.deadline = s.listed, s.due

	// Optimization: no branch depends on the times. The first loop finds where
	// lists begin, and at what time each ends if no further packet joins it, the
	// second gives all packets of a list the time of its last one.
	listed, due := s.listed, s.due
	times, at := b.Time[:b.N], s.at[:b.N]
	for i, t := range times {
		begins := listed == 0 || listed == s.batch || due < t
		s.head[i] = begins
		listed++
		if begins {
			listed = 1
		}
		if begins {
			due = t + s.timeout
		}
		at[i] = due
		if listed == s.batch {
			at[i] = t
		}
	}
	if listed == s.batch {
		listed = 0
	}
	s.listed, s.due = listed, due
	s.head[b.N] = true
	s.begin = s.next(0)
	s.open = b.N
	if listed > 0 {
		for s.open--; s.open > s.begin && !s.head[s.open]; s.open-- {
		}
	}
	s.open = max(s.open, s.begin)
	for i := s.open - 2; i >= s.begin; i-- {
		if !s.head[i+1] {
			at[i] = at[i+1]
		}
	}
}

// next is the first head of a list from i on, or the batch's length.
func (s *schedule) next(i int) int {
	for !s.head[i] {
		i++
	}
	return i
}

// joins reports whether a list of pending packets and that deadline is the one
// that was open at the batch's start.
func (s *schedule) joins(deadline int64, pending int) bool {
	return pending == s.carried && (pending == 0 || deadline == s.deadline)
}
