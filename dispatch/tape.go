package dispatch

import (
	"cmp"
	"slices"

	"rssreplay/dispatch/engine"
)

// Tape keeps the packets of a replay as the models get them, so that models can be run
// on them over and over: see Options.Tape.
type Tape struct {
	batches []*engine.Batch
	packets int
	sends   engine.Sends // which packets are sent ones
}

// add copies a batch.
func (t *Tape) add(b *engine.Batch) {
	if b.N == 0 {
		return
	}
	kept := new(engine.Batch)
	copyBatch(kept, b)
	t.batches = append(t.batches, kept)
	t.packets += b.N
	for _, ref := range b.Sends {
		if t.sends = max(t.sends, engine.FlowSends); ref.Same != engine.NoFlow {
			t.sends = engine.PacketSends
		}
	}
}

// copyBatch makes to a copy of from that shares no memory with it.
func copyBatch(to, from *engine.Batch) {
	to.First, to.Flows, to.N, to.Alike = from.First, from.Flows, from.N, from.Alike
	copy(to.Time[:], from.Time[:from.N])
	copy(to.Length[:], from.Length[:from.N])
	copy(to.Flow[:], from.Flow[:from.N])
	to.Sends = append(to.Sends[:0], from.Sends...)
	for len(to.More) < len(from.More) {
		to.More = append(to.More, new(engine.Steered))
	}
	if from.Nth != nil {
		if to.Nth == nil {
			to.Nth = new([engine.BatchSize]uint32)
		}
		copy(to.Nth[:], from.Nth[:from.N])
	}
	if from.Own != nil {
		if to.Own == nil {
			to.Own = new([engine.BatchSize]uint32)
		}
		copy(to.Own[:], from.Own[:from.N])
	}
	copySteered(&to.Steered, &from.Steered, from.N)
	for i, more := range from.More {
		copySteered(to.More[i], more, from.N)
	}
}

func copySteered(to, from *engine.Steered, n int) {
	copy(to.Entry[:], from.Entry[:n])
	if from.NIC != nil {
		if to.NIC == nil {
			to.NIC = new(engine.NICHashes)
		}
		copy(to.NIC.Hash[:], from.NIC.Hash[:n])
		copy(to.NIC.Kind[:], from.NIC.Kind[:n])
	}
	to.Varied = append(to.Varied[:0], from.Varied...)
}

// duration is the time from the first packet to the last, scaled.
func (t *Tape) duration(scale Scale) int64 {
	if len(t.batches) == 0 {
		return 0
	}
	last := t.batches[len(t.batches)-1]
	return scale.clamped(last.Time[last.N-1]) - scale.clamped(t.batches[0].Time[0])
}

// clamped is of, at most engine.MaxSpan, as a timeline has it.
func (s Scale) clamped(t int64) int64 { return min(s.of(t), engine.MaxSpan) }

// time is when a packet comes, by its number on the tape.
func (t *Tape) time(packet uint32) int64 {
	i, _ := slices.BinarySearchFunc(t.batches, packet, func(b *engine.Batch, packet uint32) int {
		return cmp.Compare(b.First+uint32(b.N)-1, packet)
	})
	return t.batches[i].Time[packet-t.batches[i].First]
}

// play runs the models of set on the tape; it is used up then.
func (t *Tape) play(set *engine.ModelSet, scale Scale) {
	set.Start()
	more := 0
	if len(t.batches) > 0 {
		more = len(t.batches[0].More)
	}
	b := set.Next(0, more)
	for _, kept := range t.batches {
		copyBatch(b, kept)
		for i := range b.N {
			b.Time[i] = scale.clamped(b.Time[i])
		}
		first := b.First + uint32(b.N)
		set.Send(b)
		b = set.Next(first, more)
	}
	set.Finish(b)
}
