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

// decide is the decision on a flow's first packet; own are the facts that are
// the packet's and not the flow's.
func decide(s *nicmodel.Steering, own pcaps.Facts, h *pcaps.Header, ext *pcaps.Extension) flowDecision {
	d := s.Decide(h, ext)
	f := flowDecision{hash: d.Hash, entry: entryOf(d), kind: d.Type, why: d.Why}
	if h.Facts&own != 0 {
		f.why |= flowOwn
	}
	return f
}

// entryOf is a decision as Batch.Entry has it.
func entryOf(d nicmodel.Decision) uint16 {
	if d.Entry < 0 {
		return engine.Unhashed
	}
	return uint16(d.Entry)
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

// otherSteering is what a further way of steering decides of the same flows.
type otherSteering struct {
	steering *nicmodel.Steering
	varying  pcaps.Facts
	flows    bigarray.Array[flowDecision]
	varied   variedFlows
}

// way is the i-th way of steering.
func (t *flowTable) way(i int) *nicmodel.Steering {
	if i == 0 {
		return t.steering
	}
	return t.more[i-1].steering
}

// decision is the flow's under the i-th way of steering.
func (t *flowTable) decision(i int, id uint32) *flowDecision {
	if i == 0 {
		return &t.records.At(id).flowDecision
	}
	return t.more[i-1].flows.At(id)
}

// variedOf is the packets of flows that met other decisions, by the i-th way.
func (t *flowTable) variedOf(i int) map[uint32][]variedCount {
	if i == 0 {
		return t.varied.of
	}
	return t.more[i-1].varied.of
}

// add gives the packets of c, which the table appended to b, their entries.
func (o *otherSteering) add(t *flowTable, c *chunk, b *engine.Batch, from int, into *engine.Steered) {
	flows, first, entries := b.Flow[from:b.N], b.Steered.Entry[from:b.N], into.Entry[from:b.N]
	for i, id := range flows {
		if id == engine.NoFlow {
			entries[i] = first[i] // Sent, or no IP header
			continue
		}
		d := o.flows.At(id)
		entries[i] = d.entry
		if d.why >= flowOwn || c.has(i, o.varying) {
			entries[i] = decideAgain(o.steering, &o.varied, id, d, t.before(flows, i), c, i, into, from+i)
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
func decideAgain(s *nicmodel.Steering, varied *variedFlows, id uint32, first *flowDecision, before uint64, c *chunk, i int, into *engine.Steered, at int) uint16 {
	d := s.Decide(c.header(i), &c.exts[i])
	if d.Type != first.kind || d.Hash != first.hash || entryOf(d) != first.entry {
		varied.count(id, d, uint64(c.wire[i]))
		first.why |= flowVaries
	}
	if first.varies() {
		into.Varied = append(into.Varied, engine.VariedRef{Index: uint32(at), Before: before, Entry: first.entry})
	}
	return entryOf(d)
}
