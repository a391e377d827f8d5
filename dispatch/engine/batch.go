package engine

import (
	"slices"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
)

// Values of Batch.Entry that are no table entry. Behind the entries of the table come
// those of Config.Ruled.
const (
	Unhashed = 0xbfff // received, without a hash: goes to the default queue
	Sent     = 0xc000 // not received
	// Dropped, and any number above, was received and dropped by a rule: nothing
	// behind the NIC sees it.
	Dropped = 0xc001
)

// NoFlow stands for a flow that a packet does not have.
const NoFlow = affinity.NoFlow

// maxRuled is the most queues that rules can lead to: their entries lie behind the
// table's, and below Unhashed.
const maxRuled = Unhashed - 1 - nicmodel.MaxTableSize

// BatchSize is the number of packets that go from the flow table to the models
// at once: enough to hide the hand-over, and few enough that the arrays of a
// batch stay in the second-level cache.
const BatchSize = 4096

// Batch is a run of packets on their way from the flow table to the models, as
// parallel arrays, in file order. The models only read it.
type Batch struct {
	First  uint32            // number of its first packet in the replay, modulo 2³²
	Flows  uint32            // flows met so far: every Flow is below
	N      int               // packets: the arrays below hold as many
	Time   [BatchSize]int64  // ns since the first packet, never going back
	Length [BatchSize]uint32 // on the wire, bytes
	Flow   [BatchSize]uint32 // of received packets; NoFlow where there is none

	Steered            // by the first scenario
	More    []*Steered // by the others that steer otherwise

	// Nth is how many packets of its flow were received before each, modulo 2³², where a
	// scenario's table or affinity changes; else nil.
	Nth *[BatchSize]uint32

	// Own is the hashes that the stack makes itself, where a scenario has RPS; else nil.
	Own *[BatchSize]uint32

	// Alike tells that all packets of a flow, in this batch and those before, have the same
	// entries and hashes. It is known only where a scenario has RPS.
	Alike bool

	Sends []affinity.SendRef // of each packet whose Entry is Sent, in order

	readers int32 // models that have not finished with it
}

// Steered is which entries the packets of a batch meet, by one way of steering.
type Steered struct {
	Entry  [BatchSize]uint16 // table entry, one of Config.Ruled, Unhashed, Sent, or Dropped and above
	NIC    *NICHashes        // where a scenario has RPS; else nil
	Varied []VariedRef       // the received packets of flows that more than one entry has met, in order
}

// steered is the batch's packets by the i-th way of steering.
func (b *Batch) steered(i int) *Steered {
	if i == 0 {
		return &b.Steered
	}
	return b.More[i-1]
}

// endBefore is where times end that are before t, from one on.
func endBefore(times []int64, from int, t int64) int {
	if n := len(times); n == 0 || times[n-1] < t {
		return n
	}
	to := from
	for times[to] < t {
		to++
	}
	return to
}

// Varies reports whether the batch has packets of a flow that more than one entry has met, by
// any way of steering.
func (b *Batch) Varies() bool {
	return len(b.Varied) > 0 || slices.ContainsFunc(b.More, func(s *Steered) bool { return len(s.Varied) > 0 })
}

// VariedRef is a received packet of a flow whose packets do not all meet the
// same table entry (a home address in some of them, say). Under RSS such a flow's
// CPU is not fixed, so the models count it packet by packet from then on.
type VariedRef struct {
	Index  uint32 // in the batch
	Before uint64 // packets of the flow received before this one
	Entry  uint16 // that all packets of the flow met up to the first different one
}

// variedRefs are those of a batch that are still to come.
type variedRefs []VariedRef

// of is the one of the i-th packet, nil where it has none, and those after it.
func (v variedRefs) of(i int) (*VariedRef, variedRefs) {
	if len(v) == 0 || v[0].Index != uint32(i) {
		return nil, v
	}
	return &v[0], v[1:]
}

// Sends says which of a capture's packets may be sent ones.
type Sends uint8

const (
	NoSends     Sends = iota // none
	FlowSends                // those of some flows, all of them: no SendRef has Same
	PacketSends              // any: packets of one flow may be sent and received
)

// Reset empties the batch for packets from number first on; what it has room for stays.
func (b *Batch) Reset(first uint32) {
	b.First, b.Flows, b.N, b.Alike = first, 0, 0, true
	b.Sends, b.Varied = b.Sends[:0], b.Varied[:0]
	for _, s := range b.More {
		s.Varied = s.Varied[:0]
	}
}

// NICHashes are the hashes that the NIC gives the packets of a batch, and their kinds, by
// one way of steering.
type NICHashes struct {
	Hash [BatchSize]uint32
	Kind [BatchSize]rps.Hashes
}
