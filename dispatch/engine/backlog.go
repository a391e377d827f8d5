package engine

import (
	"math/bits"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
)

// secondHop is RSS with message signaled interrupts, or non-RSS receive processing,
// where the stack steers packets on to other CPUs (RPS). Up to the interrupt it is
// rssMSIX or nonRSS; then:
//
//	R1  Each CPU has a run list of pollers, first in, first out: the DPC of a
//	    vector whose ISR ran there, and the CPU's backlog. One of them has its turn
//	    at a time. One that is scheduled where none has starts at once.
//	R2  A turn works dpc-cost, then takes packets one by one. It ends when the
//	    poller's queue is empty, or after its budget if more wait: then the poller
//	    goes to the end of the list. The head of the list starts its turn.
//	R3  A packet from a vector's queue is worked on and indicated there, or steered:
//	    it costs rps-cost, its buffer comes back, and it joins the backlog of its
//	    CPU, or is dropped if too many wait there. One from a backlog is worked on
//	    and indicated.
//	R4  When a vector's DPC ends a turn, the backlogs that its packets joined are
//	    scheduled, if they are neither scheduled nor empty: its own CPU's at once,
//	    ahead of itself, another's by an IPI.
//
// CPUs wait for each other's packets, so that they go on together, one event after
// the other (agenda).
type secondHop struct {
	*Model
	front   frontEnd         // of RSSMSIX
	queues  []nicmodel.Queue // that vectors' DPCs take from: of each CPU, or the one
	vectors []hopVector      // of each CPU, or the one
	hops    []hopCPU
	agenda  agenda
	now     int64 // of the last event

	busyWith int    // the CPU whose events happen; none between them
	bound    moment // when another one's, or an arrival, comes

	inTurns bool // fastHop works in whole turns: no flow has had a second way
}

// notSteered stands for the CPU that a packet is steered to where it is not: also in a
// mask (OfflineCPU).
const notSteered = 0xffff

// target is the CPU that a packet of the queue is steered to, which may be the one where
// it is: it goes through the backlog there. own tells that the stack's own hash chose
// it from several.
func (r *RPS) target(queue uint16, b *Batch, nic *NICHashes, i int) (cpu uint16, own bool) {
	mask := r.CPUs[queue]
	if len(mask) == 0 {
		return notSteered, false
	}
	hash := nic.Hash[i]
	if r.Passed&nic.Kind[i] == 0 {
		hash, own = b.Own[i], len(mask) > 1
	}
	if hash == 0 {
		return notSteered, false
	}
	return mask[rps.Choose(hash, len(mask))], own
}

const none = -1

// hopVector is an interrupt vector.
type hopVector struct {
	nicmodel.Vector
	masked bool
	armed  bool // enabled, and to be raised
	cpu    int  // of this cycle
	worked int64
}

// hopCPU is one CPU: what it will do next, whose turn it has, and its backlog.
type hopCPU struct {
	// When things happen next, each at most once at a time: the CPU's vector is raised
	// (in NonRSS the one vector is, on CPU 0's account), the ISR here ends, an IPI for
	// its backlog comes, and the turn goes on. At one moment in this order.
	raise, isr, ipi, turn moment

	vector int // whose ISR runs here, or whose DPC has a turn or waits for one

	having    poller
	list      [2]poller // that wait for a turn
	listed    int
	doing     doing
	packet    hopPacket // that it is at
	taken     int       // packets, in this turn
	indicated int
	joined    []uint64 // set of CPUs whose backlogs a packet of this turn joined

	backlog   hopQueue
	scheduled bool // the backlog has its turn, waits for one, or an IPI for it is under way
}

// poller is who can have turns on a CPU.
type poller uint8

const (
	nobody    poller = iota
	vectorDPC        // of the vector whose ISR ran there
	backlogNAPI
)

// doing is what a turn is at.
type doing uint8

const (
	starting   doing = iota // dpc-cost
	indicating              // a packet
	steering                // handing one over
)

// hopPacket is a packet that was taken, or waits in a backlog.
type hopPacket struct {
	arrival              int64
	length, flow, packet uint32
	queue, target        uint16 // its hardware queue, and the CPU that it is steered to
}

// hopQueue is a backlog, first in, first out.
type hopQueue struct {
	packets []hopPacket // length a power of two
	out, in uint64
}

func (q *hopQueue) len() int { return int(q.in - q.out) }

func (q *hopQueue) push(p *hopPacket) {
	if q.in-q.out == uint64(len(q.packets)) {
		q.packets = moreRoom(q.packets, q.out, q.in)
	}
	q.packets[q.in&uint64(len(q.packets)-1)] = *p
	q.in++
}

func (q *hopQueue) pop() *hopPacket {
	p := &q.packets[q.out&uint64(len(q.packets)-1)]
	q.out++
	return p
}

// backlogBudget is a backlog's where dpc-budget is 0. A vector's DPC has no limit then.
const backlogBudget = 64

func newSecondHop(m *Model) *secondHop {
	e := &secondHop{Model: m, hops: make([]hopCPU, len(m.cpus)), agenda: newAgenda(len(m.cpus))}
	e.busyWith = none
	if m.mode == RSSMSIX {
		e.front = newFrontEnd(m)
		e.queues = e.front.queues
	} else {
		e.queues = make([]nicmodel.Queue, 1)
	}
	for range e.queues {
		e.vectors = append(e.vectors, hopVector{Vector: nicmodel.NewVector(&m.cfg.Config)})
	}
	for c := range e.hops {
		h := &e.hops[c]
		h.raise, h.isr, h.ipi, h.turn = never, never, never, never
		h.joined = make([]uint64, (len(m.cpus)+63)/64)
	}
	e.front.hop = e
	return e
}

// steer is the CPU that packet i of b, which took a buffer, is steered to.
func (e *secondHop) steer(b *Batch, i int, queue uint16) uint16 {
	if !e.inTurns {
		e.arrivals.add(b.First+uint32(i), b.Flow[i])
	}
	to, own := e.cfg.RPS.target(queue, b, b.steered(e.steering).NIC, i)
	if own {
		e.ownHashes++
	}
	return to
}

func (e *secondHop) Process(b *Batch) {
	if e.mode == RSSMSIX {
		e.front.process(b, e)
		return
	}
	m := e.Model
	m.prepare(b)
	entries, sends := b.steered(m.steering).Entry[:b.N], b.Sends
	for i, t := range b.Time[:b.N] {
		if t >= m.changeAt {
			m.change(t, nil)
		}
		if entries[i] >= Sent {
			if entries[i] != Sent {
				m.ruledOut(t, b.Flow[i], b.First+uint32(i))
				continue
			}
			e.catchUpAll(t)
			m.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
			continue
		}
		e.catchUpAll(t)
		if !m.receive(t, 0, b.Length[i], b.Flow[i], b.First+uint32(i)) {
			continue
		}
		buf := e.queues[0].Fill()
		buf.Arrival, buf.Length, buf.Flow, buf.Packet, buf.Queue = t, b.Length[i], b.Flow[i], b.First+uint32(i), 0
		buf.CPU = e.steer(b, i, 0)
		m.event(Fill, t, -1, 0, int64(buf.Packet))
		e.filled(t, 0)
	}
	m.arrived(b)
}

// catchUp, catchUpAll, busy and publish are the backEnd.
func (e *secondHop) catchUp(now int64, _ uint16) { e.catchUpAll(now) }

func (e *secondHop) catchUpAll(now int64) { e.until(at(now, stepArrivals)) }

// busy is what each CPU has begun: all is charged at its start, but an ISR when it is
// raised.
func (e *secondHop) busy(now int64) []int64 {
	var busy []int64
	for c := range e.hops {
		begun := e.cpus[c].busy()
		if h := &e.hops[c]; h.isr != never && h.isr.time()-e.cfg.ISRCost >= now {
			begun -= e.cfg.ISRCost
		}
		busy = append(busy, begun)
	}
	return busy
}

func (e *secondHop) publish(t int64, cpus []uint16) {
	e.catchUpAll(t)
	for _, cpu := range cpus {
		e.filled(t, int(cpu))
	}
}

// filled publishes the oldest filled buffer of vector v's queue; all that comes before
// that has happened.
func (e *secondHop) filled(t int64, v int) {
	b, vector := e.queues[v].Publish(t), &e.vectors[v]
	e.published(b.Queue)
	if e.observe != nil {
		cpu := -1 // the system determines it when it is interrupted
		if e.mode == RSSMSIX {
			cpu = v
		}
		e.event(Publish, t, cpu, int(b.Queue), int64(b.Packet))
		if vector.masked {
			e.event(More, t, cpu, int(b.Queue), int64(b.Packet))
		}
	}
	if !vector.masked && (!vector.armed || vector.Fills(e.queues[v].Waiting())) {
		e.arm(v, t)
	}
}

func (e *secondHop) arm(v int, now int64) {
	q := &e.queues[v]
	e.vectors[v].armed = true
	e.hops[v].raise = at(e.vectors[v].Due(now, q.Peek(0).Published, q.Waiting()), stepRaises)
	e.plan(v)
}

// next is when a CPU goes on.
func (h *hopCPU) next() moment { return min(h.raise, h.isr, h.ipi, h.turn) }

// plan has the agenda know when a CPU goes on; of the one that is at it that is for
// until to do.
func (e *secondHop) plan(c int) {
	if c == e.busyWith {
		return
	}
	when := e.hops[c].next()
	e.agenda.set(c, when)
	e.bound = min(e.bound, when)
}

// until does all that comes before a moment.
func (e *secondHop) until(end moment) {
	for {
		c, when := e.agenda.first()
		if when >= end {
			return
		}
		// Optimization: what comes before any other CPU's next event is done at once, and
		// the agenda told afterwards.
		h := &e.hops[c]
		e.busyWith, e.bound = c, min(end, e.agenda.others(c))
		for {
			e.now = when.time()
			e.do(c, h, when)
			if when = h.next(); when >= e.bound {
				break
			}
		}
		e.busyWith = none
		e.agenda.set(c, when)
	}
}

// do does the next event of a CPU.
func (e *secondHop) do(c int, h *hopCPU, when moment) {
	switch when {
	case h.isr:
		h.isr = never
		e.event(ISREnd, e.now, c, -1, -1)
		e.schedule(c, vectorDPC)
	case h.ipi:
		h.ipi = never
		e.cpus[c].IPIs++
		e.event(IPI, e.now, c, -1, -1)
		e.schedule(c, backlogNAPI)
	case h.turn:
		e.goOn(c)
	default:
		h.raise = never
		e.raise(c)
	}
}

// raise raises a vector, which masks it, and runs the ISR.
func (e *secondHop) raise(v int) {
	vector := &e.vectors[v]
	vector.armed, vector.masked = false, true
	vector.Raise(e.now)
	if vector.cpu = v; e.mode == NonRSS {
		vector.cpu = e.systemCPU()
	}
	e.event(Raise, e.now, vector.cpu, -1, -1)
	e.isr(vector.cpu)
	vector.worked += e.cfg.ISRCost
	start := e.now + e.cfg.InterruptLatency
	e.event(ISRStart, start, vector.cpu, -1, -1)
	h := &e.hops[vector.cpu]
	h.isr, h.vector = at(start+e.cfg.ISRCost, stepStarts), v
	e.plan(vector.cpu)
}

// schedule gives a poller its turn at once if none has one on that CPU (R1).
func (e *secondHop) schedule(c int, p poller) {
	if h := &e.hops[c]; h.having != nobody {
		h.wait(p)
		return
	}
	e.startTurn(c, p)
}

// wait puts a poller at the end of the list.
func (h *hopCPU) wait(p poller) {
	h.list[h.listed] = p
	h.listed++
}

func (e *secondHop) startTurn(c int, p poller) {
	h, cpu := &e.hops[c], &e.cpus[c]
	kind := DPCStart
	if p == backlogNAPI {
		kind = BacklogStart
	}
	e.event(kind, e.now, c, -1, -1)
	cpu.DPCs++
	h.having, h.doing, h.taken, h.indicated = p, starting, 0, 0
	e.work(c, e.cfg.DPCCost, stepStarts)
}

// work charges what a turn does, up to the moment when it goes on.
func (e *secondHop) work(c int, cost int64, step moment) {
	h := &e.hops[c]
	e.cpus[c].DPCTime += cost
	if h.having == vectorDPC {
		e.vectors[h.vector].worked += cost
	}
	h.turn = at(e.now+cost, step)
}

// goOn goes on with the turn of a CPU.
func (e *secondHop) goOn(c int) {
	h := &e.hops[c]
	if h.turn&(1<<stepBits-1) == stepStarts {
		e.decide(c)
		return
	}
	if h.doing == indicating {
		e.indicated(c)
	} else {
		e.join(c)
	}
	h.turn = at(e.now, stepStarts)
}

// decide takes the oldest packet. The turn ends when there is none, or when the budget
// is spent and more wait (R2).
func (e *secondHop) decide(c int) {
	h := &e.hops[c]
	var waiting, budget int
	if h.having == vectorDPC {
		waiting = e.queues[h.vector].Waiting()
	} else {
		waiting, budget = h.backlog.len(), backlogBudget
	}
	if e.cfg.DPCBudget > 0 {
		budget = e.cfg.DPCBudget
	}
	switch {
	case waiting == 0:
		e.endTurn(c, false)
		return
	case budget > 0 && h.taken == budget:
		e.endTurn(c, true)
		return
	}
	h.taken++
	cpu := &e.cpus[c]
	if h.having == backlogNAPI {
		cpu.FromBacklog++
		h.packet = *h.backlog.pop()
		e.takeToIndicate(c)
		return
	}
	q := &e.queues[h.vector]
	b := q.Peek(0)
	h.packet = hopPacket{arrival: b.Arrival, length: b.Length, flow: b.Flow, packet: b.Packet, queue: b.Queue, target: b.CPU}
	e.depth[b.Queue]--
	q.Take(1)
	if b.CPU == notSteered {
		e.takeToIndicate(c)
		return
	}
	cpu.SteeredAway++
	h.doing = steering
	if e.observe != nil {
		e.observe(Event{Mode: e.mode, Kind: Steer, Time: e.now, CPU: c, Queue: int(b.Queue), Packet: int64(b.Packet), Latest: int(b.CPU)})
	}
	e.work(c, e.cfg.RPS.Cost, stepEnds)
}

// takeToIndicate begins to work on a packet that is to be indicated.
func (e *secondHop) takeToIndicate(c int) {
	h, p := &e.hops[c], &e.hops[c].packet
	h.doing = indicating
	cost, from := e.cfg.cost(p.length), noCPU
	if p.flow != NoFlow {
		last := e.latest.At(p.flow)
		if *last != 0 && int(*last) != c+1 {
			from = int(*last) - 1
			cost += e.cfg.MigrationCost
			e.cpus[c].MigratedPackets++
		}
		*last = uint16(c + 1)
		if e.homeCPUs != nil {
			e.taken++
			e.homeCPUs.Took(p.flow, e.taken, c)
		}
	}
	if e.observe != nil {
		e.observe(Event{Mode: e.mode, Kind: Take, Time: e.now, CPU: c, Queue: int(p.queue), Packet: int64(p.packet), Latest: from})
	}
	e.settle(p.packet, uint16(c))
	e.work(c, cost, stepEnds)
}

// indicated is the end of a packet's work.
func (e *secondHop) indicated(c int) {
	h, cpu := &e.hops[c], &e.cpus[c]
	p := &h.packet
	h.indicated++
	cpu.Packets++
	cpu.Bytes += uint64(p.length)
	late := e.now - p.arrival
	cpu.latency.Count(late)
	cpu.latency.Add(1, late, max(cpu.latency.Max, late))
	e.inWindow(&cpu.series, p.arrival)
	e.order.Indicated(0, p.flow, p.packet, e.now)
	if e.order.Due() {
		e.order.Passed(e.now)
	}
	e.event(Indicate, e.now, c, int(p.queue), int64(p.packet))
	if h.having == vectorDPC {
		e.giveBack(h)
	}
}

// giveBack gives the buffer back that the turn of a vector's DPC took.
func (e *secondHop) giveBack(h *hopCPU) { e.queues[h.vector].ReturnTo(&e.rings) }

// join is the end of handing a packet over (R3).
func (e *secondHop) join(c int) {
	h := &e.hops[c]
	p := &h.packet
	e.giveBack(h)
	to, cpu := &e.hops[p.target], &e.cpus[p.target]
	if to.backlog.len() > e.cfg.RPS.Backlog {
		cpu.BacklogDrops++
		if e.FixedAffinity != nil {
			e.FixedAffinity.Drop(p.flow)
		}
		e.settle(p.packet, notSteered)
		e.handed(BacklogDrop, p, c)
		return
	}
	to.backlog.push(p)
	cpu.BacklogMax = max(cpu.BacklogMax, uint64(to.backlog.len()))
	h.joined[p.target/64] |= 1 << (p.target % 64)
	e.handed(Join, p, c)
}

// handed tells what became of a packet that CPU c handed over.
func (e *secondHop) handed(kind EventKind, p *hopPacket, c int) {
	if e.observe != nil {
		e.observe(Event{Mode: e.mode, Kind: kind, Time: e.now, CPU: int(p.target), Queue: int(p.queue), Packet: int64(p.packet), Latest: c})
	}
}

// endTurn ends a turn, with its queue empty or its budget spent (R2, R4).
func (e *secondHop) endTurn(c int, spent bool) {
	h, cpu := &e.hops[c], &e.cpus[c]
	e.event(DPCEnd, e.now, c, -1, -1)
	cpu.MaxPerDPC = max(cpu.MaxPerDPC, uint64(h.indicated))
	had := h.having
	h.having, h.turn = nobody, never
	if had == backlogNAPI {
		h.scheduled = spent
	} else {
		e.wake(c)
		if !spent {
			e.enable(h.vector)
		}
	}
	if spent {
		h.wait(had)
	}
	if h.listed > 0 {
		head := h.list[0]
		h.list[0] = h.list[1]
		h.listed--
		e.startTurn(c, head)
	}
}

// wake schedules the backlogs that packets of the turn joined, the lowest CPU first, if
// they are neither scheduled nor empty.
func (e *secondHop) wake(c int) {
	h := &e.hops[c]
	for i, word := range h.joined {
		h.joined[i] = 0
		for ; word != 0; word &= word - 1 {
			other := 64*i + bits.TrailingZeros64(word)
			to := &e.hops[other]
			if to.scheduled || to.backlog.len() == 0 {
				continue
			}
			to.scheduled = true
			if other == c {
				h.wait(backlogNAPI)
				continue
			}
			to.ipi = at(e.now+e.cfg.IPILatency, stepStarts)
			e.plan(other)
		}
	}
}

// enable ends an interrupt cycle.
func (e *secondHop) enable(v int) {
	vector := &e.vectors[v]
	vector.masked = false
	e.event(Enable, e.now, vector.cpu, -1, -1)
	if e.queues[v].Waiting() > 0 {
		e.arm(v, e.now)
	}
}

func (e *secondHop) Finish() {
	if e.mode == RSSMSIX {
		e.front.finish(e)
	}
	e.until(never)
	e.at(e.now)
	for v := range e.vectors {
		e.vectorWork = max(e.vectorWork, e.vectors[v].worked)
	}
}
