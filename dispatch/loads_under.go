package dispatch

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// Loads is what the entries of an indirection table meet: received packets,
// those that a ring would drop included.
type Loads struct {
	Entries []engine.EntryLoad
	// Unhashed is what has no hash and goes to the default queue; its Flows are
	// those of IP packets.
	Unhashed engine.EntryLoad
	// Ruled is what rules take, per queue; it goes there whatever the table. What they
	// drop is nowhere.
	Ruled []engine.EntryLoad
	// Moved is what goes to another CPU than in the replay; of a flow all or some.
	Moved engine.EntryLoad
	// Assumed counts the packets whose place is not certain: see LoadsUnder.
	Assumed uint64
}

// countEntry adds packets to a load. Of which flows they are is counted apart.
func countEntry(l *engine.EntryLoad, packets, bytes uint64) {
	l.Packets += packets
	l.Bytes += bytes
}

// Queues is the load of each queue under the steering that the loads are of, or
// one whose table differs in its entries' queues alone. A flow that meets several
// entries of a queue counts at each.
func (l *Loads) Queues(s *nicmodel.Steering) []engine.EntryLoad {
	config := s.Config()
	queues := make([]engine.EntryLoad, len(config.QueueCPU))
	sum := func(queue int, of engine.EntryLoad) {
		countEntry(&queues[queue], of.Packets, of.Bytes)
		queues[queue].Flows += of.Flows
	}
	for i, queue := range config.Table {
		sum(int(queue), l.Entries[i])
	}
	sum(config.DefaultQueue, l.Unhashed)
	for queue, of := range l.Ruled {
		sum(queue, of)
	}
	return queues
}

// LoadsUnder is what each entry would meet under another way of steering, from the
// flows alone and without another pass over the capture. It may be called by
// several goroutines at once.
//
// It is exact where both ways hash alike, whatever their tables. Else each flow
// is hashed anew from what tells flows apart, which does not tell of a packet's
// extension headers and VLAN tags. What a rule of the NIC's parser did to a
// packet it does again if both ways have that rule; otherwise, and for the types
// ending in _ex where a packet had addresses of its own, the packet is taken as
// one without any of that, and counted as assumed. What had no effect under the
// steering replayed, a home address without a type that reads it or a rule that
// barred no enabled type, is not seen, and not counted either.
func (r *Replayed) LoadsUnder(s *nicmodel.Steering) Loads {
	by := r.flows.way(r.steering)
	now := by.steering
	w := loadsUnder{
		way: by,
		cfg: r.cfg, config: s.Config(), now: now, then: s, sameHashes: now.SameHashes(s), sameRules: now.Config().Rules == s.Config().Rules,
		reads: s.PerPacketFacts()&pcaps.HomeAddress != 0,
		loads: Loads{Entries: make([]engine.EntryLoad, len(s.Config().Table))},
	}
	if len(now.Targets()) > 0 {
		w.loads.Ruled = make([]engine.EntryLoad, len(s.Config().QueueCPU))
	}
	var met []int32
	for id := range r.flows.n {
		f, d := r.flows.records.At(id), r.flows.decision(r.steering, id)
		f.tuple.Header(&w.header)
		w.own = d.why&(flowOwn|flowVaries) != 0
		packets, bytes := f.packets, f.bytes
		met = met[:0]
		if d.varies() {
			for _, v := range by.varied.of[id] {
				met = append(met, w.count(flowDecisionOf(now, &v.decision), v.packets, v.bytes))
				packets -= v.packets
				bytes -= v.bytes
			}
		}
		entry := w.count(*d, packets, bytes)
		w.countFlow(entry)
		if w.moved {
			w.loads.Moved.Flows++
			w.moved = false
		}
		for i, other := range met {
			if other != entry && !slices.Contains(met[:i], other) {
				w.countFlow(other)
			}
		}
	}
	packets, bytes := uint64(0), r.flows.notIPBytes
	for _, n := range r.flows.notIP {
		packets += n
	}
	for _, v := range by.noFlow() {
		if d := flowDecisionOf(now, &v.decision); d.entry != engine.Unhashed {
			w.count(d, v.packets, v.bytes)
			packets -= v.packets
			bytes -= v.bytes
		}
	}
	countEntry(&w.loads.Unhashed, packets, bytes)
	if s.CPU(uint16(s.Config().DefaultQueue)) != r.cfg.QueueCPU[r.cfg.DefaultQueue] {
		countEntry(&w.loads.Moved, packets, bytes)
	}
	return w.loads
}

// loadsUnder is LoadsUnder at work on a flow.
type loadsUnder struct {
	way                   *way
	cfg                   *engine.Config
	config                nicmodel.SteeringConfig // then's
	now, then             *nicmodel.Steering
	sameHashes, sameRules bool
	reads                 bool         // then reads addresses that flows don't have
	header                pcaps.Header // the flow's
	own                   bool         // some packets of it were decided on their own
	moved                 bool         // some packets of it are
	loads                 Loads
}

// at is the load of an entry, -1 for none.
func (w *loadsUnder) at(entry int32) *engine.EntryLoad {
	if entry < 0 {
		return &w.loads.Unhashed
	}
	return &w.loads.Entries[entry]
}

// ruledOut is where packets go that a rule drops.
const ruledOut = math.MinInt32

// countFlow counts a flow where its packets go: see count.
func (w *loadsUnder) countFlow(to int32) {
	switch {
	case to == ruledOut:
	case to < -1:
		w.loads.Ruled[w.cfg.Queue(uint16(^to))].Flows++
	default:
		w.at(to).Flows++
	}
}

// count steers packets of the flow that got one decision in the replay, and counts them.
// It returns their entry: −1 for none, ^entry where a rule takes them, or ruledOut.
func (w *loadsUnder) count(was flowDecision, packets, bytes uint64) int32 {
	if rule := w.way.ruleOf(was.entry); rule >= 0 { // the rules are the same
		if was.entry < engine.Dropped {
			countEntry(&w.loads.Ruled[w.cfg.Queue(was.entry)], packets, bytes)
			return ^int32(was.entry)
		}
		return ruledOut
	}
	entry := int32(-1)
	switch {
	case !w.sameHashes:
		entry = w.rehash(&was, packets)
	case was.kind != hash.None:
		entry = w.then.Entry(was.hash)
	}
	countEntry(w.at(entry), packets, bytes)
	queue := w.config.DefaultQueue
	if entry >= 0 {
		queue = int(w.config.Table[entry])
	}
	if w.config.QueueCPU[queue] != w.cfg.QueueCPU[w.cfg.Queue(was.entry)] {
		countEntry(&w.loads.Moved, packets, bytes)
		w.moved = true
	}
	return entry
}

// rehash is the entry of packets that got the decision was, where they are hashed in
// another way; −1 for none.
func (w *loadsUnder) rehash(was *flowDecision, packets uint64) int32 {
	h := &w.header
	if w.own {
		// The only reasons for less than the flow's own type are rules.
		plain, _ := w.now.HashType(h)
		ruled := was.reason() == nicmodel.NICRule
		barred := ruled || plain.Ports() && was.kind != hash.None && !was.kind.Ports()
		switch {
		case !w.sameRules || !barred && w.reads:
			w.loads.Assumed += packets
		case ruled:
			return -1
		case barred:
			addresses := w.header
			addresses.Facts &^= pcaps.HasPorts
			h = &addresses
		}
	}
	return w.then.ByTable(h, nil).Entry
}
