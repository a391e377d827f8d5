package dispatch

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/dispatch/internal/prefetch"
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

// flowTable gives every flow a number, in order of first appearance, and counts
// its packets. Open addressing with 4-byte slots; a record holds the whole
// tuple, and is compared whole. The hash is seeded anew in each run, so that no
// capture can be made to collide.
type flowTable struct {
	first   way
	seed    [7]uint64
	slots   []slot // length a power of two
	n       uint32
	records bigarray.Array[flowRecord]
	leadTo  ends // where the flows lead to
	more    []*otherSteering

	flowSends bool // the sent packets are those of some flows, all of them (engine.FlowSends)

	notIP      [pcaps.NumReasons]uint64 // received packets without an IP header
	notIPBytes uint64

	odd bool // a packet was walked that has a flow: others of the flow may have another hash

	nth       [chunkPackets]uint32 // of a chunk's packets: Batch.Nth
	own, back probe                // of a chunk's tuples, and of the reverse ones of its sent packets
	reversed  [chunkPackets]pcaps.Tuple
}

// probe is where tuples lead to in the table, worked out stage by stage.
type probe struct {
	hashes [chunkPackets]uint32
	ids    [chunkPackets]uint32 // NoFlow where there is none
	far    [group]uint8         // places in a group of tuples that are in neither of their first two slots
}

// group is how many tuples are asked for at once.
const group = prefetch.Group

// slot is 0 while it is empty. Else its low bits, as many as choose a slot, are the
// flow's number and 1, which is below the number of slots; and the bits
// above them are those of its hash: the hash's low bits chose the slot.
type slot uint32

func newSlot(hash, mask, id uint32) slot { return slot(hash&^mask | (id + 1)) }

// fits tells whether a slot that is not empty can be of a flow with that hash.
func (s slot) fits(hash, mask uint32) bool { return (uint32(s)^hash)&^mask == 0 }

// misfits is 1 where a slot that is not empty can't be of a flow with that hash, else 0.
func (s slot) misfits(hash, mask uint32) int {
	return int((uint64((uint32(s)^hash)&^mask) + 1<<32 - 1) & (uint64(s) + 1<<32 - 1) >> 32)
}

// id is the flow of a slot; NoFlow of an empty one.
func (s slot) id(mask uint32) uint32 { return uint32(s)&mask - 1 }

// newFlowTable is an empty table whose flows are steered by s, and by each of
// more.
func newFlowTable(s *nicmodel.Steering, more ...*nicmodel.Steering) *flowTable {
	t := &flowTable{first: newWay(s), slots: make([]slot, 1<<12)}
	for _, s := range more {
		t.more = append(t.more, &otherSteering{way: newWay(s)})
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

// hash sets hashes to those of tuples.
//
// Optimization: the seed stays in registers.
func (t *flowTable) hash(hashes []uint32, tuples []pcaps.Tuple) {
	s := t.seed
	hashes = hashes[:len(tuples)]
	for i := range tuples {
		k := &tuples[i]
		// All go through two products: one alone has ports that are one after the other in few
		// places of the table, with one seed of fifty.
		h := mix(k[0]^s[0], k[1]^s[1]) ^ mix(k[2]^s[2], k[3]^s[3]) ^ mix(k[4]^s[4], s[5])
		hashes[i] = uint32(mix(h, s[6]) >> 16)
	}
}

// add finds or makes the flows of the received packets of c, counts them, and
// appends all packets of c to b.
func (t *flowTable) add(c *chunk, b *engine.Batch) {
	if c.sends && !t.flowSends {
		n := 0
		for i, sent := range c.sent[:c.n] {
			if sent {
				t.reversed[n] = c.tuples[i].Reverse()
				n++
			}
		}
		t.look(&t.back, t.reversed[:n])
	}
	t.count(c, b)
	for k, other := range t.more {
		other.add(t, c, b, b.N-c.n, b.More[k])
	}
	if b.Own != nil {
		t.hashes(c, b)
	}
	if b.Nth != nil {
		copy(b.Nth[b.N-c.n:], t.nth[:c.n])
	}
}

// look sets p to where tuples lead to.
func (t *flowTable) look(p *probe, tuples []pcaps.Tuple) {
	t.begin(p, tuples)
	for i := 0; i < len(tuples); i += group {
		t.ahead(p, tuples, i)
	}
}

// begin is to be called before ahead, of new tuples.
func (t *flowTable) begin(p *probe, tuples []pcaps.Tuple) {
	t.ahead(p, tuples, -2*group)
	t.ahead(p, tuples, -group)
}

// ahead is to be called before a group of tuples is worked on, which begins with the i-th:
// from then on p says where they lead to.
//
// Optimization: the memory fetches while other tuples are worked on. The group after the
// next is hashed, whose slots are on their way then; and the slots of the next are loaded,
// whose records are. What is found is what find would find, or another flow, or none.
func (t *flowTable) ahead(p *probe, tuples []pcaps.Tuple, i int) {
	n := len(tuples)
	if from := i + 2*group; from < n {
		to := min(from+group, n)
		t.hash(p.hashes[from:to], tuples[from:to])
		prefetch.Slots(t.slots, p.hashes[from:to])
	}
	if from := i + group; 0 <= from && from < n {
		to := min(from+group, n)
		t.loadSlots(p, from, to)
		prefetch.Records(t.records.Chunks, p.ids[from:to])
	}
}

// loadSlots sets the ids of a group to the flows of the first slots that fit its hashes.
func (t *flowTable) loadSlots(p *probe, from, to int) {
	slots, hashes, ids := t.slots, p.hashes[from:to], p.ids[from:to]
	mask := uint32(len(slots) - 1)
	// Optimization: no branch on which slots fit; it could not be foretold.
	far := 0
	for i, hash := range hashes {
		s, next := slots[hash&mask], slots[(hash+1)&mask]
		if !s.fits(hash, mask) {
			s = next
		}
		ids[i] = s.id(mask)
		p.far[far] = uint8(i)
		far += s.misfits(hash, mask)
	}
	for _, i := range p.far[:far] {
		at := hashes[i] + 2
		for s := slots[at&mask]; ; s = slots[at&mask] {
			if s == 0 || s.fits(hashes[i], mask) {
				ids[i] = s.id(mask)
				break
			}
			at++
		}
	}
}

// count counts the packets with the flows that were found, or that it makes.
func (t *flowTable) count(c *chunk, b *engine.Batch) {
	from, sends := b.N, 0
	b.N += c.n
	copy(b.Time[from:], c.times[:c.n])
	copy(b.Length[from:], c.wire[:c.n])
	flows, entries := b.Flow[from:b.N], b.Entry[from:b.N]
	if !c.walks && !c.sends {
		t.countPlain(c, b, flows, entries)
		return
	}
	tuples := c.tuples[:c.n]
	t.begin(&t.own, tuples)
	for i := range tuples {
		if i%group == 0 {
			t.ahead(&t.own, tuples, i)
		}
		tuple := &tuples[i]
		if c.wasSent(i) {
			flows[i], entries[i] = engine.NoFlow, engine.Sent
			ref := affinity.SendRef{Answers: engine.NoFlow, Same: engine.NoFlow}
			switch {
			case !tuple.IsIP():
			case t.flowSends:
				ref.Answers = t.known(&t.own, i, tuple)
			default:
				ref.Same = t.known(&t.own, i, tuple)
				ref.Answers = t.known(&t.back, sends, &t.reversed[sends])
			}
			sends++
			b.Sends = append(b.Sends, ref)
			continue
		}
		if !tuple.IsIP() {
			t.notIP[c.headers[i].Reason]++
			t.notIPBytes += uint64(c.wire[i])
			t.nth[i] = 0
			flows[i], entries[i] = engine.NoFlow, t.first.noHeader(c, i)
			continue
		}
		id, r := t.own.ids[i], (*flowRecord)(nil)
		if id != engine.NoFlow {
			r = t.records.At(id)
		}
		if r == nil || !r.tuple.Equal(tuple) {
			id = t.findOrMake(c, i)
			r = t.records.At(id)
		}
		t.nth[i] = uint32(r.packets)
		r.packets++
		r.bytes += uint64(c.wire[i])
		entry := r.entry
		if r.why >= flowOwn || c.has(i, t.first.varying) {
			entry = t.first.decideAgain(id, &r.flowDecision, r.packets-1, c, i, &b.Steered, from+i)
		}
		flows[i], entries[i] = id, entry
	}
	b.Flows = t.n
}

// countPlain is count where all packets are plain and received; it sets what b has of them.
//
// Optimization: most chunks are so, and little is asked of a packet then.
func (t *flowTable) countPlain(c *chunk, b *engine.Batch, flows []uint32, entries []uint16) {
	n := len(flows)
	tuples, ids, wire, entries, nth := c.tuples[:n], t.own.ids[:n], c.wire[:n], entries[:n], t.nth[:n]
	t.begin(&t.own, tuples)
	for i := range ids {
		if i%group == 0 {
			t.ahead(&t.own, tuples, i)
		}
		id, r := ids[i], (*flowRecord)(nil)
		if id != engine.NoFlow {
			r = t.records.At(id)
		}
		if r == nil || !r.tuple.Equal(&tuples[i]) {
			id = t.findOrMake(c, i)
			r = t.records.At(id)
		}
		nth[i] = uint32(r.packets)
		r.packets++
		r.bytes += uint64(wire[i])
		flows[i], entries[i] = id, r.entry
		if r.why >= flowOwn {
			entries[i] = t.first.decideAgain(id, &r.flowDecision, r.packets-1, c, i, &b.Steered, b.N-n+i)
		}
	}
	b.Flows = t.n
}

// find is the number of the flow with that tuple and hash, or else the slot where
// it would be entered.
func (t *flowTable) find(k *pcaps.Tuple, hash uint32) (at uint32, ok bool) {
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := t.slots[at]
		if s == 0 {
			return at, false
		}
		if s.fits(hash, mask) {
			if id := s.id(mask); t.records.At(id).tuple.Equal(k) {
				return id, true
			}
		}
	}
}

// findOrMake is find for packet i of the chunk, or makes a new flow, steered by it.
func (t *flowTable) findOrMake(c *chunk, i int) uint32 {
	at, ok := t.find(&c.tuples[i], t.own.hashes[i])
	if ok {
		return at
	}
	id := t.n
	t.n++
	t.slots[at] = newSlot(t.own.hashes[i], uint32(len(t.slots)-1), id)
	t.records.Grow(t.n)
	r := t.records.At(id)
	r.tuple, r.flowDecision = c.tuples[i], t.first.decide(c, i, id)
	t.leadTo.add(destination(&r.tuple))
	for _, other := range t.more {
		other.flows.Grow(t.n)
		*other.flows.At(id) = other.decide(c, i, id)
	}
	if t.n > t.most() {
		t.grow()
	}
	return id
}

// manySlots are as many as take 1 MB.
const manySlots = 1 << 18

// most is how many flows the table has before it grows. A large one gets fuller: to look
// at some slots more costs less than to make it anew, and than the memory that it is in.
func (t *flowTable) most() uint32 {
	if len(t.slots) > manySlots {
		return uint32(len(t.slots) / 4 * 3)
	}
	return uint32(len(t.slots) / 2)
}

// grow makes the table twice as large, or a small one four times: that makes it anew half
// as often.
func (t *flowTable) grow() {
	size := 2 * len(t.slots)
	if 2*size <= manySlots {
		size *= 2
	}
	t.slots = bigarray.Touched[slot](size)
	mask := uint32(size - 1)
	var hashes [chunkPackets]uint32
	var tuples [chunkPackets]pcaps.Tuple
	for from := uint32(0); from < t.n; from += chunkPackets {
		n := min(t.n-from, chunkPackets)
		hashes, tuples := hashes[:n], tuples[:n]
		for i := range tuples {
			tuples[i] = t.records.At(from + uint32(i)).tuple
		}
		t.hash(hashes, tuples)
		prefetch.Slots(t.slots, hashes)
		for i, hash := range hashes {
			at := hash & mask
			for t.slots[at] != 0 {
				at = (at + 1) & mask
			}
			t.slots[at] = newSlot(hash, mask, from+uint32(i))
		}
	}
}

// known is the flow of the i-th tuple of p among the flows received so far: a later
// one can't have been taken by then. NoFlow if there is none.
func (t *flowTable) known(p *probe, i int, tuple *pcaps.Tuple) uint32 {
	if id := p.ids[i]; id != engine.NoFlow && t.records.At(id).tuple.Equal(tuple) {
		return id
	}
	if id, ok := t.find(tuple, p.hashes[i]); ok {
		return id
	}
	return engine.NoFlow
}

// reverses is, per flow, the flow in the other direction, or NoFlow; nil where no flow has
// one. A flow that is its own reverse has none.
func (t *flowTable) reverses() []uint32 {
	var back []uint32
	var keys [chunkPackets]pcaps.Tuple
	var ids [chunkPackets]uint32
	n := 0
	for id := range t.n {
		// Optimization: a flow has a reverse only if one leads to where it comes from. In most
		// captures few places are led to, and next to nothing has to be looked for.
		if tuple := &t.records.At(id).tuple; t.leadTo.has(source(tuple)) {
			ids[n], keys[n] = id, tuple.Reverse()
			n++
		}
		if n == 0 || n < len(keys) && id+1 < t.n {
			continue
		}
		t.look(&t.back, keys[:n])
		for i, id := range ids[:n] {
			if t.back.ids[i] == engine.NoFlow || back != nil && back[id] != engine.NoFlow {
				continue
			}
			other := t.known(&t.back, i, &keys[i])
			if other == engine.NoFlow || other == id {
				continue
			}
			if back == nil {
				back = slices.Repeat([]uint32{engine.NoFlow}, int(t.n))
			}
			back[id], back[other] = other, id
		}
		n = 0
	}
	return back
}

// ends is a set of ends of flows, addresses with ports, that may have some more.
type ends [1 << 11]uint64

// source and destination are where a flow's packets come from and lead to, as ends has it.
func source(t *pcaps.Tuple) uint64      { return end(t[0], t[1], t[4]&0xffff) }
func destination(t *pcaps.Tuple) uint64 { return end(t[2], t[3], t[4]>>16&0xffff) }

func end(a, b, port uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15
	return ((a^port<<32)*odd ^ b) * odd >> 47 // 17 bits
}

func (e *ends) add(end uint64)      { e[end>>6] |= 1 << (end & 63) }
func (e *ends) has(end uint64) bool { return e[end>>6]>>(end&63)&1 != 0 }

// Flow is one flow as the capture shows it, with the
// decision on its first packet.
type Flow struct {
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
	Entry           int    // -1: unhashed, or a rule took it
	Rule            int    // that took it, by its place among the steering's and 1; 0: none
	Queue           int    // that its first packet came to, by the table as it was given; -1: a rule dropped it
	Varies          bool   // later packets met other entries
}

// flow is flow id of a scenario with that configuration and steering: scenarios share a
// way of steering if it gives their packets the same entries, wherever these lead.
func (t *flowTable) flow(cfg *engine.Config, steering int, id uint32) Flow {
	r, d := t.records.At(id), t.decision(steering, id)
	f := Flow{
		Version: r.tuple.Version(), Protocol: r.tuple.Protocol(),
		Source: r.tuple.Source(), Destination: r.tuple.Destination(),
		Packets: r.packets, Bytes: r.bytes, HashType: d.kind, Hash: d.hash, Entry: int(d.entry),
		Varies: d.varies(), Queue: queueOf(cfg, d.entry),
	}
	f.SourcePort, f.DestinationPort, f.HasPorts = r.tuple.Ports()
	switch rule := t.way(steering).ruleOf(d.entry); {
	case rule >= 0:
		f.Entry, f.Rule = -1, rule+1
	case d.entry == engine.Unhashed:
		f.Entry = -1
	}
	return f
}

// queueOf is the queue that an entry, as Batch.Entry has it, leads to; -1: a rule drops
// what it is of.
func queueOf(cfg *engine.Config, entry uint16) int {
	if entry >= engine.Dropped {
		return -1
	}
	return int(cfg.Queue(entry))
}
