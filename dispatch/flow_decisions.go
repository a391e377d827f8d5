package dispatch

import (
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// flowDecision is the decision on a flow's first packet, 8 bytes.
type flowDecision struct {
	hash  uint32
	entry uint16 // table entry, or Unhashed
	kind  hash.Type
	why   nicmodel.Unhashed // with the two flags in its high bits
}

const (
	// flowVaries is set in flowDecision.why if not all of the flow's packets got
	// the same decision; the differing ones are counted in the table's varied.
	flowVaries nicmodel.Unhashed = 0x80
	// flowOwn is set if the flow's first packet has facts of its own, so that
	// its decision is not that of the others.
	flowOwn nicmodel.Unhashed = 0x40
)

func (r *flowDecision) varies() bool { return r.why&flowVaries != 0 }

func (r *flowDecision) reason() nicmodel.Unhashed { return r.why &^ (flowVaries | flowOwn) }

// decide is the decision on packet i of c as the first one of flow id.
func (w *way) decide(c *chunk, i int, id uint32) (f flowDecision) {
	if w.steering.NTuple() == nil { // Optimization: it equals what follows
		var entry int32
		f.kind, f.why, f.hash, entry = w.steering.HashAndEntry(c.header(i), &c.exts[i])
		if f.entry = engine.Unhashed; entry >= 0 {
			f.entry = uint16(entry)
		}
		if c.has(i, w.varying) {
			f.why |= flowOwn
		}
		return f
	}
	d := c.decide(w.steering, i)
	f = flowDecisionOf(w.steering, &d)
	if c.has(i, w.varying) || w.perPacket {
		f.why |= flowOwn
	}
	if d.Woke != 0 || d.Other != 0 {
		w.asides[id] = asideOf(&d)
	}
	return f
}

// flowDecisionOf is a decision as a flow record has it, without flags.
func flowDecisionOf(s *nicmodel.Steering, d *nicmodel.Decision) flowDecision {
	return flowDecision{hash: d.Hash, entry: entryOf(s, d), kind: d.Type, why: d.Why}
}

// entryOf is a decision as Batch.Entry has it.
func entryOf(s *nicmodel.Steering, d *nicmodel.Decision) uint16 {
	switch {
	case d.Rule != 0 && d.Target < 0:
		return engine.Dropped + d.Rule - 1
	case d.Rule != 0:
		return uint16(s.TableSize() + int(d.Target))
	case d.Entry < 0:
		return engine.Unhashed
	}
	return uint16(d.Entry)
}

// aside is what a decision has of rules beside where the packet goes, as
// nicmodel.Decision has it.
type aside struct{ rule, woke, other uint16 }

func asideOf(d *nicmodel.Decision) aside { return aside{d.Rule, d.Woke, d.Other} }

// way is a way of steering, and what it decided of packets that are no flow's, or of
// a flow otherwise than of its first packet.
type way struct {
	steering  *nicmodel.Steering
	varying   pcaps.Facts      // facts by which packets of one flow may meet different entries
	perPacket bool             // rules compare what flows don't tell
	frames    bool             // rules may take packets without an IP header
	varied    variedFlows      // of engine.NoFlow: packets without an IP header that rules took
	asides    map[uint32]aside // of flows' first packets, where there is one
}

func newWay(s *nicmodel.Steering) way {
	return way{
		steering: s, varying: s.PerPacketFacts(), perPacket: s.NTuple().PerPacket(), frames: s.NTuple().Frames(),
		varied: newVariedFlows(), asides: map[uint32]aside{},
	}
}

// variedCount counts the packets of a flow that met another decision than its
// first packet.
type variedCount struct {
	decision       nicmodel.Decision
	packets, bytes uint64
}

// variedFlows are the flows whose packets met several decisions. A capture can give one
// flow as many as it has packets, so each is found by a hash.
type variedFlows struct {
	of map[uint32][]variedCount
	at map[variedKey]int // the index in of
}

type variedKey struct {
	flow     uint32
	decision nicmodel.Decision
}

func newVariedFlows() variedFlows {
	return variedFlows{map[uint32][]variedCount{}, map[variedKey]int{}}
}

// count counts a packet of a flow.
func (v *variedFlows) count(flow uint32, d nicmodel.Decision, bytes uint64) {
	key := variedKey{flow, d}
	i, ok := v.at[key]
	if !ok {
		i = len(v.of[flow])
		v.at[key] = i
		v.of[flow] = append(v.of[flow], variedCount{decision: d})
	}
	c := &v.of[flow][i]
	c.packets++
	c.bytes += bytes
}

// noHeader is the entry of packet i of c, which has no IP header.
func (w *way) noHeader(c *chunk, i int) uint16 {
	if !w.frames {
		return engine.Unhashed
	}
	d := c.decide(w.steering, i)
	if d.Rule != 0 || d.Woke != 0 || d.Other != 0 {
		w.varied.count(engine.NoFlow, d, uint64(c.wire[i]))
	}
	return entryOf(w.steering, &d)
}

// otherSteering is what a further way of steering decides of the same flows.
type otherSteering struct {
	way
	flows bigarray.Array[flowDecision]
}

// way is the i-th way of steering.
func (t *flowTable) way(i int) *way {
	if i == 0 {
		return &t.first
	}
	return &t.more[i-1].way
}

// ways are all of them.
func (t *flowTable) ways() []*nicmodel.Steering {
	all := []*nicmodel.Steering{t.first.steering}
	for _, other := range t.more {
		all = append(all, other.steering)
	}
	return all
}

// decision is the flow's under the i-th way of steering.
func (t *flowTable) decision(i int, id uint32) *flowDecision {
	if i == 0 {
		return &t.records.At(id).flowDecision
	}
	return t.more[i-1].flows.At(id)
}

// noFlow is what rules took of the packets without an IP header.
func (w *way) noFlow() []variedCount { return w.varied.of[engine.NoFlow] }

// add gives the packets of c, which the table appended to b, their entries.
func (o *otherSteering) add(t *flowTable, c *chunk, b *engine.Batch, from int, into *engine.Steered) {
	flows, first, entries := b.Flow[from:b.N], b.Steered.Entry[from:b.N], into.Entry[from:b.N]
	for i, id := range flows {
		if id == engine.NoFlow {
			if entries[i] = engine.Sent; first[i] != engine.Sent {
				entries[i] = o.noHeader(c, i)
			}
			continue
		}
		d := o.flows.At(id)
		entries[i] = d.entry
		if d.why >= flowOwn || c.has(i, o.varying) {
			entries[i] = o.decideAgain(id, d, t.before(flows, i), c, i, into, from+i)
		}
	}
}

// before is how many packets of flows[i] were received before it, once all of
// flows are counted.
func (t *flowTable) before(flows []uint32, i int) uint64 {
	n := t.records.At(flows[i]).packets
	for _, id := range flows[i:] {
		if id == flows[i] {
			n--
		}
	}
	return n
}

// decideAgain decides packet i of c, the at-th of its batch, whose flow need not meet
// one entry alone, and notes it for the models once the flow does not. before
// packets of the flow were received before it.
func (w *way) decideAgain(id uint32, first *flowDecision, before uint64, c *chunk, i int, into *engine.Steered, at int) uint16 {
	d := c.decide(w.steering, i)
	entry := entryOf(w.steering, &d)
	other := d.Type != first.kind || d.Hash != first.hash || entry != first.entry
	if (w.perPacket || len(w.asides) > 0) && !other {
		was := w.asides[id]
		other = d.Woke != was.woke || d.Other != was.other
	}
	if other {
		w.varied.count(id, d, uint64(c.wire[i]))
		first.why |= flowVaries
	}
	if first.varies() {
		into.Varied = append(into.Varied, engine.VariedRef{Index: uint32(at), Before: before, Entry: first.entry})
	}
	return entry
}
