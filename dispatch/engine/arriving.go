package engine

import "rssreplay/dispatch/engine/affinity"

// The packets of a batch that arrive: not those that are sent, nor those that rules drop.

// arriving is the packets of a batch that step has to deal with, as parallel arrays: all,
// or the received ones.
type arriving struct {
	time   []int64
	length []uint32
	flow   []uint32
	entry  []uint16
	nth    []uint32 // Batch.Nth, where the batch has it
}

// arriving is all packets of the batch, by the i-th way of steering.
func (b *Batch) arriving(i int) arriving {
	in := arriving{time: b.Time[:b.N], length: b.Length[:b.N], flow: b.Flow[:b.N], entry: b.steered(i).Entry[:b.N]}
	if b.Nth != nil {
		in.nth = b.Nth[:b.N]
	}
	return in
}

// withoutSent is the packets of a batch in two: the received ones, and when others were sent.
type withoutSent struct {
	of     *Batch
	first  uint32 // its first packet then
	n      int
	time   [BatchSize]int64
	length [BatchSize]uint32
	flow   [BatchSize]uint32
	nth    [BatchSize]uint32 // where the batch has it
	sentAt [BatchSize]int64
}

// received are the packets of b that were received, without their entries.
func (s *schedule) received(b *Batch) arriving {
	if s.without == nil {
		s.without = new(withoutSent)
	}
	w := s.without
	if w.of != b || w.first != b.First {
		w.of, w.first = b, b.First
		// Optimization: no branch on what is received; it could not be foretold.
		n, sent := 0, 0
		for i, entry := range b.Entry[:b.N] {
			w.time[n], w.length[n], w.flow[n], w.sentAt[sent] = b.Time[i], b.Length[i], b.Flow[i], b.Time[i]
			received := isReceived(entry)
			n += received
			sent += 1 - received
		}
		w.n = n
		if b.Nth != nil {
			n = 0
			for i, entry := range b.Entry[:b.N] {
				w.nth[n] = b.Nth[i]
				n += isReceived(entry)
			}
		}
	}
	return arriving{time: w.time[:w.n], length: w.length[:w.n], flow: w.flow[:w.n], nth: w.nth[:w.n]}
}

// isReceived is 0 of Sent, 1 of any other entry.
func isReceived(entry uint16) int { return int((uint32(entry^Sent) + 1<<16 - 1) >> 16) }

// receivedEntries is room for the entries of the received packets of a batch.
type receivedEntries [BatchSize]uint16

// received is those of these entries whose packets were received.
func (r *receivedEntries) received(entries []uint16) []uint16 {
	n := 0
	for _, entry := range entries {
		r[n] = entry
		n += isReceived(entry)
	}
	return r[:n]
}

// admitted is the packets of a batch that no rule drops.
type admitted struct {
	time    [BatchSize]int64
	length  [BatchSize]uint32
	flow    [BatchSize]uint32
	entry   [BatchSize]uint16
	dropped [BatchSize]uint32 // flows of the others
}

// of is those of in; flows is told of the others. It is valid until the next call.
func (a *admitted) of(in *arriving, flows *affinity.Fixed) arriving {
	// Optimization: no branch on what is dropped; it could not be foretold.
	n, dropped := 0, 0
	for i, entry := range in.entry {
		a.time[n], a.length[n], a.flow[n], a.entry[n] = in.time[i], in.length[i], in.flow[i], entry
		a.dropped[dropped] = in.flow[i]
		drops := int(uint32(Dropped-1-int32(entry)) >> 31)
		dropped += drops
		n += 1 - drops
	}
	for _, flow := range a.dropped[:dropped] {
		flows.Drop(flow)
	}
	return arriving{time: a.time[:n], length: a.length[:n], flow: a.flow[:n], entry: a.entry[:n]}
}
