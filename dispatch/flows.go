package dispatch

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// flowRecord is one flow, 64 bytes.
type flowRecord struct {
	tuple   pcaps.Tuple
	packets uint64 // received
	bytes   uint64
	flowDecision
}

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

// flowTable gives every flow a number, in order of first appearance, and counts
// its packets. Open addressing with 8-byte slots; a record holds the whole
// tuple, and is compared whole. The hash is seeded anew in each run, so that no
// capture can be made to collide.
type flowTable struct {
	steering *nicmodel.Steering
	varying  pcaps.Facts // facts by which packets of one flow may meet different entries
	seed     [6]uint64
	slots    []slot // length a power of two
	n        uint32
	records  chunked[flowRecord]
	varied   map[uint32][]variedCount
	more     []*otherSteering

	notIP      [pcaps.NumReasons]uint64 // received packets without an IP header
	notIPBytes uint64

	// One chunk's work, stage by stage.
	hashes [chunkPackets]uint32
	found  [chunkPackets]slot
}

// slot is empty while id is 0; else id-1 is the flow and tag the hash, whose
// low bits also chose the slot.
type slot struct{ tag, id uint32 }

// variedCount counts the packets of a flow that met another decision than its
// first packet.
type variedCount struct {
	decision       nicmodel.Decision
	packets, bytes uint64
}

// otherSteering is what a further way of steering decides of the same flows.
type otherSteering struct {
	steering *nicmodel.Steering
	varying  pcaps.Facts
	flows    chunked[flowDecision]
	varied   map[uint32][]variedCount
}

// newFlowTable is an empty table whose flows are steered by s, and by each of
// more.
func newFlowTable(s *nicmodel.Steering, more ...*nicmodel.Steering) *flowTable {
	t := &flowTable{steering: s, varying: s.OwnFacts(), slots: make([]slot, 1<<12), varied: map[uint32][]variedCount{}}
	for _, s := range more {
		t.more = append(t.more, &otherSteering{steering: s, varying: s.OwnFacts(), varied: map[uint32][]variedCount{}})
	}
	for i := range t.seed {
		t.seed[i] = rand.Uint64() // decides only where a flow lies, never what is reported
	}
	return t
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func (t *flowTable) hash(k *pcaps.Tuple) uint32 {
	s := &t.seed
	h := mix(k[0]^s[0], k[1]^s[1]) ^ mix(k[2]^s[2], k[3]^s[3])
	return uint32(mix(h^s[4], k[4]^s[5]) >> 16)
}

// add finds or makes the flows of the received packets of c, counts them, and
// appends all packets of c to b. sent tells the packets that were not received.
func (t *flowTable) add(c *chunk, sent *[chunkPackets]bool, b *Batch) {
	n := c.n
	mask := uint32(len(t.slots) - 1)
	// Optimization: three loops that each wait for one kind of memory, so that
	// the waits of a chunk's packets overlap; equal to find per packet.
	for i := range n {
		t.hashes[i] = t.hash(&c.tuples[i])
	}
	for i := range n {
		t.found[i] = t.slots[t.hashes[i]&mask]
	}
	var first [chunkPackets]uint64
	for i := range n {
		s := t.found[i]
		for at := t.hashes[i]; s.id != 0 && s.tag != t.hashes[i]; {
			at++
			s = t.slots[at&mask]
		}
		if t.found[i] = s; s.id != 0 {
			first[i] = t.records.at(s.id - 1).tuple[4]
		}
	}
	from := b.N
	b.N += n
	copy(b.Time[from:], c.times[:n])
	copy(b.Length[from:], c.wire[:n])
	flows, entries := b.Flow[from:b.N], b.Entry[from:b.N]
	for i := range n {
		if sent[i] {
			flows[i], entries[i] = NoFlow, Sent
			b.Sends = append(b.Sends, t.sendRef(c, i))
			continue
		}
		tuple := &c.tuples[i]
		if !tuple.IsIP() {
			t.notIP[c.headers[i].Reason]++
			t.notIPBytes += uint64(c.wire[i])
			flows[i], entries[i] = NoFlow, Unhashed
			continue
		}
		id := t.found[i].id - 1
		if first[i] != tuple[4] || !t.records.at(id).tuple.Equal(tuple) {
			id = t.findOrMake(c, i)
		}
		r := t.records.at(id)
		r.packets++
		r.bytes += uint64(c.wire[i])
		entry := r.entry
		if r.why >= flowOwn || c.has(i, t.varying) {
			entry = vary(t.steering, t.varied, id, &r.flowDecision, r.packets-1, c, i, &b.Steered, from+i)
		}
		flows[i], entries[i] = id, entry
	}
	b.Flows = t.n
	for k, other := range t.more {
		other.add(t, c, b, from, b.More[k])
	}
}

// add gives the packets of c, which the table appended to b, their entries.
func (o *otherSteering) add(t *flowTable, c *chunk, b *Batch, from int, into *Steered) {
	flows, first, entries := b.Flow[from:b.N], b.Steered.Entry[from:b.N], into.Entry[from:b.N]
	for i, id := range flows {
		if id == NoFlow {
			entries[i] = first[i] // Sent, or no IP header
			continue
		}
		d := o.flows.at(id)
		entries[i] = d.entry
		if d.why >= flowOwn || c.has(i, o.varying) {
			entries[i] = vary(o.steering, o.varied, id, d, t.before(flows, i), c, i, into, from+i)
		}
	}
}

// before is how many packets of flows[i] were received before it, once all of
// flows are counted.
func (t *flowTable) before(flows []uint32, i int) uint64 {
	n := t.records.at(flows[i]).packets
	for _, id := range flows[i:] {
		if id == flows[i] {
			n--
		}
	}
	return n
}

// find is the number of the flow with that key and hash.
func (t *flowTable) find(k *pcaps.Tuple, tag uint32) (id uint32, ok bool) {
	mask := uint32(len(t.slots) - 1)
	for at := tag & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s.id == 0 {
			return at, false
		}
		if s.tag == tag && t.records.at(s.id-1).tuple.Equal(k) {
			return s.id - 1, true
		}
	}
}

// findOrMake is find for packet i of the chunk, or a new flow, steered by it.
func (t *flowTable) findOrMake(c *chunk, i int) uint32 {
	at, ok := t.find(&c.tuples[i], t.hashes[i])
	if ok {
		return at
	}
	h, ext := c.header(i), &c.exts[i]
	id := t.n
	t.n++
	t.slots[at] = slot{t.hashes[i], t.n}
	t.records.grow(t.n)
	r := t.records.at(id)
	*r = flowRecord{tuple: c.tuples[i], flowDecision: decide(t.steering, t.varying, h, ext)}
	for _, other := range t.more {
		other.flows.grow(t.n)
		*other.flows.at(id) = decide(other.steering, other.varying, h, ext)
	}
	if t.n > uint32(len(t.slots)/2) {
		t.double()
	}
	return id
}

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
		return Unhashed
	}
	return uint16(d.Entry)
}

// double makes the table twice as large, from the tags alone.
func (t *flowTable) double() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		at := s.tag & mask
		for t.slots[at].id != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = s
	}
}

// vary decides packet i of c, the at-th of its batch, whose flow need not meet
// one entry alone, and notes it for the models once the flow does not. before
// packets of the flow were received before it.
func vary(s *nicmodel.Steering, varied map[uint32][]variedCount, id uint32, first *flowDecision, before uint64, c *chunk, i int, into *Steered, at int) uint16 {
	d := s.Decide(c.header(i), &c.exts[i])
	if d.Type != first.kind || d.Hash != first.hash || entryOf(d) != first.entry {
		counts := varied[id]
		k := slices.IndexFunc(counts, func(v variedCount) bool { return v.decision == d })
		if k < 0 {
			k = len(counts)
			counts = append(counts, variedCount{decision: d})
		}
		counts[k].packets++
		counts[k].bytes += uint64(c.wire[i])
		varied[id] = counts
		first.why |= flowVaries
	}
	if first.varies() {
		into.Varied = append(into.Varied, VariedRef{Index: uint32(at), Before: before, Entry: first.entry})
	}
	return entryOf(d)
}

// sendRef is the connection of the sent packet i, among the flows received so
// far: a later one can't have been taken by then.
func (t *flowTable) sendRef(c *chunk, i int) SendRef {
	ref := SendRef{NoFlow, NoFlow}
	if !c.tuples[i].IsIP() {
		return ref
	}
	if id, ok := t.find(&c.tuples[i], t.hashes[i]); ok {
		ref.Same = id
	}
	back := c.tuples[i].Reverse()
	if id, ok := t.find(&back, t.hash(&back)); ok {
		ref.Answers = id
	}
	return ref
}

// reverses is, per flow, the flow in the other direction, or NoFlow. A flow
// that is its own reverse has none.
func (t *flowTable) reverses() []uint32 {
	back := make([]uint32, t.n)
	for id := range t.n {
		back[id] = NoFlow
	}
	var keys [chunkPackets]pcaps.Tuple
	var tags [chunkPackets]uint32
	for from := uint32(0); from < t.n; from += chunkPackets {
		n := min(t.n-from, chunkPackets)
		for i := range n {
			keys[i] = t.records.at(from + i).tuple.Reverse()
			tags[i] = t.hash(&keys[i])
		}
		mask := uint32(len(t.slots) - 1)
		var empty [chunkPackets]bool
		for i := range n {
			empty[i] = t.slots[tags[i]&mask].id == 0
		}
		for i := range n {
			if empty[i] || back[from+i] != NoFlow {
				continue
			}
			if id, ok := t.find(&keys[i], tags[i]); ok && id != from+i {
				back[from+i], back[id] = id, from+i
			}
		}
	}
	return back
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
		return &t.records.at(id).flowDecision
	}
	return t.more[i-1].flows.at(id)
}

// variedOf is the packets of flows that met other decisions, by the i-th way.
func (t *flowTable) variedOf(i int) map[uint32][]variedCount {
	if i == 0 {
		return t.varied
	}
	return t.more[i-1].varied
}

// Flow is one flow as the capture shows it (MODEL.md section 2), with the
// decision on its first packet.
type Flow struct {
	ID              uint32
	Version         int // 4 or 6
	Protocol        int // number of the IANA registry, -1 where the walk ended before it
	Source          netip.Addr
	Destination     netip.Addr
	HasPorts        bool
	SourcePort      uint16
	DestinationPort uint16
	Packets, Bytes  uint64 // received
	HashType        hash.Type
	Hash            uint32 // means nothing with HashType None
	Entry           int    // -1: unhashed
	Varies          bool   // later packets met other entries
}

func (t *flowTable) flow(steering int, id uint32) Flow {
	r, d := t.records.at(id), t.decision(steering, id)
	f := Flow{
		ID: id, Version: r.tuple.Version(), Protocol: r.tuple.Protocol(),
		Source: r.tuple.Source(), Destination: r.tuple.Destination(),
		Packets: r.packets, Bytes: r.bytes, HashType: d.kind, Hash: d.hash, Entry: int(d.entry),
		Varies: d.varies(),
	}
	f.SourcePort, f.DestinationPort, f.HasPorts = r.tuple.Ports()
	if d.entry == Unhashed {
		f.Entry = -1
	}
	return f
}
