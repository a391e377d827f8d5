package engine

import "rssreplay/dispatch/engine/affinity"

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
	return arriving{a.time[:n], a.length[:n], a.flow[:n], a.entry[:n]}
}
