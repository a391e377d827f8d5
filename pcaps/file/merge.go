package file

import (
	"cmp"
	"container/heap"

	"rssreplay/pcaps"
)

// mergeRecords is how many records of each capture are at hand while merging.
const mergeRecords = 256

// merge is the open captures of a merged set, the one with the earliest next
// record first. It is a heap.Interface.
type merge []*cursor

// cursor is the next records of an open capture.
type cursor struct {
	*capture
	place int // in the order of reading, for equal times
	recs  []pcaps.Record
	buf   []pcaps.Record
	time  int64 // of recs[0]; with no recs, of the record before
}

func (m merge) Len() int      { return len(m) }
func (m merge) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(c any)   { *m = append(*m, c.(*cursor)) }

func (m merge) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(m[i].time, m[j].time), cmp.Compare(m[i].place, m[j].place)) < 0
}

func (m *merge) Pop() any {
	last := len(*m) - 1
	c := (*m)[last]
	(*m)[last] = nil
	*m = (*m)[:last]
	return c
}

// read is Set.Read: it goes by the next record of each capture, and keeps the
// order within each.
func (m *merge) read(s *Set, recs []pcaps.Record) (n int, err error) {
	for n < len(recs) {
		if err := m.open(s); err != nil {
			return n, err
		}
		if len(*m) == 0 {
			break
		}
		c := (*m)[0]
		if len(c.recs) == 0 {
			if n > 0 {
				return n, nil // refilling takes the bytes that recs point to
			}
			if err := c.fill(s); err != nil {
				if err := s.ended(err); err != nil {
					return 0, err
				}
				heap.Pop(m)
			} else {
				heap.Fix(m, 0)
			}
			continue
		}
		recs[n] = c.recs[0]
		n++
		if c.recs = c.recs[1:]; len(c.recs) > 0 {
			c.time = c.recs[0].Time
			heap.Fix(m, 0)
		}
		// Else its next time is not known, and it stays the first until it is.
	}
	if n < len(recs) {
		return n, s.end()
	}
	return n, nil
}

// open opens the captures that begin before the earliest record that is at hand.
func (m *merge) open(s *Set) error {
	for s.at < len(s.captures) {
		next := s.captures[s.at]
		if len(*m) > 0 && (!next.hasFirst || next.first > (*m)[0].time) {
			return nil
		}
		c := &cursor{capture: next, place: s.at, buf: make([]pcaps.Record, mergeRecords)}
		s.at++
		if err := c.fill(s); err == nil {
			heap.Push(m, c)
		} else if err := s.ended(err); err != nil {
			return err
		}
	}
	return nil
}

// fill reads the capture's next records.
func (c *cursor) fill(s *Set) error {
	n, err := s.readFrom(c.capture, c.buf)
	if c.recs = c.buf[:n]; n > 0 {
		c.time = c.recs[0].Time
	}
	return err
}
