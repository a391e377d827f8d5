package dispatch

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/hash"
)

// MaxFolds is the most folds that a capture is cut into.
const MaxFolds = 8

// Fold is what the received packets of one fold of a capture are, and what they
// load under the options' own steering.
type Fold struct {
	Packets  uint64
	Flows    uint64 // with a packet in it
	Entries  []engine.EntryLoad
	Unhashed engine.EntryLoad
	Ruled    []engine.EntryLoad // what rules lead to each of the queues of engine.Config.Ruled
}

// Loads is the fold as a whole replay has its loads.
func (f *Fold) Loads(c *engine.Config) *Loads {
	l := &Loads{Entries: f.Entries, Unhashed: f.Unhashed}
	if len(f.Ruled) > 0 {
		l.Ruled = make([]engine.EntryLoad, len(c.QueueCPU))
	}
	for i, of := range f.Ruled {
		countEntry(&l.Ruled[c.Ruled[i]], of.Packets, of.Bytes)
	}
	return l
}

// load is where packets of an entry, as engine.Batch has it, are counted; nil for those
// that a rule drops.
func (f *Fold) load(entry uint16) *engine.EntryLoad {
	switch {
	case entry == engine.Unhashed:
		return &f.Unhashed
	case int(entry) < len(f.Entries):
		return &f.Entries[entry]
	case int(entry) < len(f.Entries)+len(f.Ruled):
		return &f.Ruled[int(entry)-len(f.Entries)]
	}
	return nil
}

// Cut asks for folds of equal numbers of received packets. The zero value asks for
// none.
type Cut struct {
	Folds int // at most MaxFolds
	// Received is the packets in all, which a former pass counted; 0: that is not known.
	// Then the folds have nearly equal numbers, and tell of packets alone, no bytes and
	// no times; and there are none of some captures: of those with more than 8,192
	// flows, with so few packets that the folds would be unequal, or with flows whose
	// packets meet several entries.
	Received uint64
}

// folds counts the folds of a capture.
type folds struct {
	Cut
	of      []Fold
	seen    uint64                           // received packets
	packets bigarray.Array[[MaxFolds]uint32] // per flow and fold; what is more than a uint32 holds is not counted
}

func newFolds(c Cut, cfg *engine.Config) *folds {
	p := &folds{Cut: c}
	for range c.Folds {
		of := Fold{Entries: make([]engine.EntryLoad, len(cfg.Table))}
		if len(cfg.Ruled) > 0 {
			of.Ruled = make([]engine.EntryLoad, len(cfg.Ruled))
		}
		p.of = append(p.of, of)
	}
	return p
}

// add counts the packets of a batch from one of them on.
func (p *folds) add(b *engine.Batch, from int) {
	p.packets.Grow(b.Flows)
	for i := from; i < b.N; i++ {
		if b.Entry[i] == engine.Sent {
			continue
		}
		// Packet i, from 0, belongs to fold ⌊i × folds ÷ received⌋.
		at := min(int(p.seen*uint64(p.Folds)/p.Received), p.Folds-1)
		p.seen++
		of := &p.of[at]
		of.Packets++
		if id := b.Flow[i]; id != engine.NoFlow {
			n := &p.packets.At(id)[at]
			if *n == 0 {
				of.Flows++
			}
			if *n < math.MaxUint32 {
				*n++
			}
		}
		if load := of.load(b.Entry[i]); load != nil {
			load.Packets++
			load.Bytes += uint64(b.Length[i])
		}
	}
}

// Folds is the folds of the capture that Options.Cut asked for; nil if there are none.
func (r *Result) Folds() []Fold {
	if r.folds == nil {
		return nil
	}
	return r.folds.of
}

// InFolds is the packets of a flow in each fold. It must not be changed.
func (r *Result) InFolds(id uint32) []uint32 { return r.folds.packets.At(id)[:len(r.folds.of)] }

// Known is how many of the packets of a fold are of flows that have packets in one of the
// others named, too, or whose hash without ports such a flow has: of a resolver that asks
// from another port each time the NIC sees no flow, but its addresses.
func (r *Result) Known(fold int, others []int) uint64 {
	in := func(id uint32) bool {
		packets := r.folds.packets.At(id)
		return slices.ContainsFunc(others, func(other int) bool { return packets[other] > 0 })
	}
	addresses := map[flowDecision]bool{} // with packets in the others
	hashed := func(id uint32) (flowDecision, bool) {
		d := &r.flows.records.At(id).flowDecision
		return flowDecision{hash: d.hash, kind: d.kind}, d.kind != hash.None && !d.kind.Ports()
	}
	for id := range r.flows.n {
		if d, ok := hashed(id); ok && in(id) {
			addresses[d] = true
		}
	}
	var known uint64
	for id := range r.flows.n {
		if packets := r.folds.packets.At(id)[fold]; packets > 0 {
			if d, ok := hashed(id); ok && addresses[d] || !ok && in(id) {
				known += uint64(packets)
			}
		}
	}
	return known
}
