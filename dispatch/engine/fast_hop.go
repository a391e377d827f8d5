package engine

import (
	"math"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/nicmodel"
)

// fastHop is receive packet steering where nobody observes, all work takes time, and all
// packets of a flow have one way: from one queue to one CPU.
//
// Optimization: it equals secondHop, in whole turns instead of events. Only turns of
// vectors' DPCs do something to other CPUs: packets join their backlogs, and at its end
// each schedules these. Once such a turn has started it depends on no other CPU. So it is
// worked on in one go, ahead of the others, and what it does to them is noted for its
// time (hopLine).
//
// What a CPU does not know of yet are the turns that come later. A DPC that takes a packet
// lets it join a backlog rps-cost later, no sooner; so up to rps-cost behind the next
// decision of any DPC, each CPU can go through its backlog alone.
//
// In which order CPUs take the packets of one flow must not matter. Where a batch has a
// flow of a second way, the events go on one by one, for good (wakeUp). Nor must it matter
// for flows of two directions, so that of packets that are sent addresses tell (hopSends).
type fastHop struct {
	*secondHop
	costs  hopCosts
	budget int                 // of a backlog
	room   uint64              // of a backlog: packets that can wait
	lists  *schedule           // nil in NonRSS, and where rules drop packets
	cycles []*hopCycle         // of each vector
	turns  agenda              // of vectors: the next decisions of their DPCs, or moments before which they do not come
	lines  []*hopLine          // of each CPU
	goes   []hopTarget         // as the model's targets; one in NonRSS
	ways   bigarray.Array[way] // per flow
	flows  uint32              // of which the ways are known
	met    []uint64            // set of the flows of which a packet was taken to be indicated
	sent   hopSends

	mostAhead int
	ahead     int   // packets published since advance: mostAhead at most
	time      int64 // of the last arrival of the batches before
}

// hopCycle is a vector's interrupt cycle.
type hopCycle struct {
	queue      *nicmodel.Queue
	vector     *hopVector
	state      hopState
	indicating bool    // turning: the latest packet is indicated here, at decides, and not counted yet
	cpu        int     // raised, turning: of this cycle
	raise      int64   // armed: when
	decides    int64   // turning: when it looks at the queue next
	only       uint16  // the hardware queue whose buffers come here, where deepest is not nil
	deepest    *uint64 // DepthMax of the only hardware queue whose buffers come here; nil if there are several
	seen       int     // else: buffers of those that wait that were there when it looked

	taken, indicated int // packets, in this turn

	// Of this turn, up to a moment when it was not known how it goes on:
	joined  []uint32 // per CPU: packets that joined its backlog
	targets []uint16 // CPUs of which that is not 0, and maybe others
}

// hopTarget is where the packets of a table entry go.
type hopTarget struct {
	queue   uint16
	buffers *nicmodel.Queue // that a vector's DPC takes
	counts  *QueueCounters
	mask    []uint16 // RPS'
}

// hopCosts are Config's times.
//
// Optimization: they are near.
type hopCosts struct{ dpc, packet, byte, rps, ipi, interrupt int64 }

// of is Config.Cost.
func (c *hopCosts) of(length uint32) int64 {
	if c.byte == 0 {
		return c.packet
	}
	return c.packet + c.byte*int64(length)/1000
}

type hopState uint8

const (
	hopIdle    hopState = iota // enabled, and nothing is published
	hopArmed                   // enabled, and to be raised
	hopRaised                  // masked: the DPC has no turn yet
	hopTurning                 // masked: it has its turn
)

// mayBeFast reports whether nobody wants to know all in order of time, and all work
// takes time, so that the events of one moment have one order.
func (e *secondHop) mayBeFast(sends Sends) bool {
	c := e.cfg
	return e.observe == nil && e.changes == nil && sends != PacketSends &&
		c.DPCCost > 0 && c.PacketCost > 0 && c.RPS.Cost > 0 && c.IPILatency > 0
}

func newFastHop(hop *secondHop) *fastHop {
	e := &fastHop{secondHop: hop, turns: newAgenda(len(hop.vectors))}
	for v := range hop.vectors {
		e.cycles = append(e.cycles, &hopCycle{queue: &e.queues[v], vector: &e.vectors[v], joined: make([]uint32, len(hop.cpus))})
	}
	for c := range hop.cpus {
		e.lines = append(e.lines, newHopLine(&e.cpus[c]))
	}
	e.mostAhead = mostAhead(len(e.cycles))
	e.goes = e.aimAll()
	e.findDepths()
	c := e.cfg
	e.costs = hopCosts{dpc: c.DPCCost, packet: c.PacketCost, byte: c.ByteCost, rps: c.RPS.Cost, ipi: c.IPILatency, interrupt: c.InterruptLatency + c.ISRCost}
	if e.budget = c.DPCBudget; e.budget == 0 {
		e.budget = backlogBudget
	}
	e.room = uint64(c.RPS.Backlog) + 1
	e.aimed = new(aimed)
	e.sent.homes, e.homeCPUs = e.homeCPUs, nil
	if e.mode == RSSMSIX && !e.cfg.RuleDrops {
		e.lists = newSchedule(&e.cfg.Config)
	}
	e.FixedAffinity = affinity.NewMoving(e.CountedAffinity, e.wayTo)
	return e
}

// aimAll finds where table entries lead.
func (e *fastHop) aimAll() []hopTarget {
	targets := e.targets
	if e.mode == NonRSS {
		targets = make([]target, 1)
	}
	goes := make([]hopTarget, len(targets))
	for i, to := range targets {
		goes[i] = hopTarget{queue: to.queue, buffers: &e.queues[to.cpu], counts: &e.Model.queues[to.queue], mask: e.cfg.RPS.CPUs[to.queue]}
	}
	return goes
}

// findDepths finds the vectors that have one hardware queue.
func (e *fastHop) findDepths() {
	if e.mode == NonRSS {
		e.cycles[0].deepest = &e.Model.queues[0].DepthMax
		return
	}
	served := make([]int, len(e.cycles))
	for q, c := range e.cfg.QueueCPU {
		e.cycles[c].only, e.cycles[c].deepest = uint16(q), &e.Model.queues[q].DepthMax
		served[c]++
	}
	for c, n := range served {
		if n > 1 {
			e.cycles[c].deepest = nil
		}
	}
}

func (e *fastHop) Process(b *Batch) {
	if e.aimed != nil && !e.aim(b) {
		e.wakeUp(b.Flows)
	}
	if e.aimed == nil {
		e.secondHop.Process(b)
		return
	}
	if e.mode == RSSMSIX {
		e.arriveRSS(b)
	} else {
		e.arrive(b)
	}
	if b.N > 0 {
		e.advance(b.Time[b.N-1])
		e.rest(b.Time[b.N-1])
		e.countAll()
	}
}

// arriveRSS lets the packets of b arrive in RSSMSIX, as fastRSS does: in whole lists as long
// as the rings have room.
func (e *fastHop) arriveRSS(b *Batch) {
	e.prepare(b)
	from := 0
	if e.lists != nil && len(b.Sends) == 0 && e.lists.plan(b, b.Time[:b.N], &e.front.list) {
		from = e.lists.begin
		e.front.step(b, e, 0, from)
		if e.clear(b, from) {
			from = e.together(b, from, e.lists.open)
		}
	}
	e.front.step(b, e, from, b.N)
	e.arrived(b)
}

// clear reports whether the plan can be followed from a packet on, where it has a list
// begin: the list is empty, and each ring has room for the packets of one.
func (e *fastHop) clear(b *Batch, from int) bool {
	if from == b.N {
		return false
	}
	if at, overdue := e.front.list.Overdue(b.Time[from]); overdue {
		e.front.publish(at, e)
	}
	if e.front.list.Len() > 0 {
		return false
	}
	for q := range e.Model.queues {
		if !e.rings.Room(uint16(q), e.cfg.DMABatch) {
			return false
		}
	}
	return true
}

// together lets the packets from one to before another arrive and be published, whole
// lists, as long as there is room for one more; it returns the first that it left out.
func (e *fastHop) together(b *Batch, from, to int) int {
	entries, at := b.steered(e.steering).Entry[:to], e.lists.at[:to]
	more := e.cfg.DMABatch + 1 // this packet and a list
	for i := from; i < to; {
		if e.ahead >= e.mostAhead {
			e.armAll()
			e.follow(b.Time[i])
		}
		if i = e.fill(b, i, to, at, more); i == to || e.ahead >= e.mostAhead {
			continue
		}
		e.armAll()
		goes := e.target(entries[i])
		if e.catchUp(b.Time[i], goes.cpu); !e.rings.Room(goes.queue, more) {
			to = e.lists.next(i + 1) // the rest of this list has room still
			i = e.fill(b, i, i+1, at, 1)
		}
	}
	e.armAll()
	return to
}

// arrive lets the packets of b arrive in NonRSS.
func (e *fastHop) arrive(b *Batch) {
	m := e.Model
	m.prepare(b)
	entries, sends := b.steered(m.steering).Entry[:b.N], b.Sends
	for i := 0; i < b.N; {
		t := b.Time[i]
		if e.ahead >= e.mostAhead {
			e.armAll()
			e.follow(t)
		}
		if i = e.fill(b, i, b.N, b.Time[:], 1); i == b.N || e.ahead >= e.mostAhead {
			continue
		}
		t = b.Time[i]
		switch entry := entries[i]; {
		case entry == Sent:
			e.armAll()
			e.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
		case entry > Sent:
			m.ruledOut(t, b.Flow[i], b.First+uint32(i))
		default:
			e.armAll()
			if e.catchUp(t, 0); !m.rings.Full(0) {
				continue
			}
			m.receive(t, 0, b.Length[i], b.Flow[i], b.First+uint32(i)) // drops it
		}
		i++
	}
	e.armAll()
	m.arrived(b)
}

// fill lets the received packets from one to before another arrive and be published at the
// times of at, as long as each finds room for more buffers, and not too many are ahead; it
// returns the first that it left out. No buffer is filled and not published, and armAll is to
// follow.
func (e *fastHop) fill(b *Batch, from, to int, at []int64, more int) int {
	to = min(to, from+e.mostAhead-e.ahead)
	entries, times, lengths, flows, at := b.steered(e.steering).Entry[:to], b.Time[:to], b.Length[:to], b.Flow[:to], at[:to]
	ways, own, goes, last := e.aimed.way[:to], e.aimed.own[:to], e.goes, len(e.goes)-1
	i := from
	// Optimization: what changes in this loop stays in registers, as it calls nothing.
	for ; i < to; i++ {
		entry := entries[i]
		g := &goes[min(int(entry), last)] // see Model.target
		if entry >= Sent || !e.rings.Room(g.queue, more) || !g.buffers.HasSlot() {
			break
		}
		e.rings.Take(g.queue)
		g.counts.Packets++
		g.counts.Bytes += uint64(lengths[i])
		if own[i] {
			e.ownHashes++
		}
		buf := g.buffers.FillPublished()
		buf.Arrival, buf.Published, buf.Length, buf.Flow = times[i], at[i], lengths[i], flows[i]
		buf.Packet, buf.Queue, buf.CPU = b.First+uint32(i), g.queue, ways[i].cpu()
	}
	e.ahead += i - from
	if i == to || entries[i] >= Sent {
		return i
	}
	g := &goes[min(int(entries[i]), last)]
	if g.buffers.HasSlot() || !e.rings.Room(g.queue, more) {
		return i
	}
	g.buffers.Grow()
	return e.fill(b, i, to, at, more)
}

// armAll arms the vectors for whose queues packets were published, if they are neither armed
// nor masked, or packets are counted until they are raised.
func (e *fastHop) armAll() {
	counts := e.cfg.RxFrames > 1
	for v := range e.cycles {
		y := e.cycles[v]
		if y.state == hopIdle && y.queue.Waiting() > 0 || y.state == hopArmed && counts {
			e.arm(v)
			e.turns.set(v, e.soonest(y))
		}
	}
}

// catchUp does all that gives buffers of a CPU's queue back before the arrivals at now.
func (e *fastHop) catchUp(now int64, cpu uint16) {
	e.advance(now)
	e.complete(int(cpu), now)
}

// complete completes the latest packet of a turn, if its end comes before the arrivals at
// now; all decisions before now are done.
func (e *fastHop) complete(v int, now int64) {
	y, q := e.cycles[v], &e.queues[v]
	if y.state != hopTurning || y.decides > now {
		return
	}
	if y.indicating {
		e.indicatedAt(y, q, 0, now)
	}
	e.giveBack(y)
}

func (e *fastHop) publish(t int64, cpus []uint16) {
	if e.ahead >= e.mostAhead {
		e.follow(t)
	}
	for _, cpu := range cpus {
		e.enqueue(int(cpu), t)
	}
}

// enqueue publishes the oldest filled buffer of vector v's queue. What comes before need
// not have happened.
func (e *fastHop) enqueue(v int, t int64) {
	y := e.cycles[v]
	q := y.queue
	q.Publish(t)
	e.ahead++
	if y.state == hopIdle || y.state == hopArmed && y.vector.Fills(q.Waiting()) {
		e.arm(v)
		e.turns.set(v, e.soonest(y))
	}
}

// arm finds when a vector is raised whose queue was empty, by what is published so far.
func (e *fastHop) arm(v int) {
	y := e.cycles[v]
	q, vector := y.queue, y.vector
	oldest := q.Peek(0).Published
	y.state, y.raise = hopArmed, vector.Due(oldest, oldest, 1)
	if frames := e.cfg.RxFrames; frames > 1 && q.Waiting() >= frames {
		if filled := q.Peek(frames - 1).Published; filled <= y.raise {
			y.raise = vector.Due(filled, oldest, frames)
		}
	}
}

// soonest is when the DPC of an armed vector can first look at its queue.
func (e *fastHop) soonest(y *hopCycle) moment {
	return moment(y.raise + e.costs.interrupt + e.costs.dpc)
}

// slack is how many packets a turn hands over at most ahead of another vector's next
// decision: few, so that those of the other need not be put in among many, and more than
// most turns have.
const slack = 64

// mostAhead is how many packets are published before follow: few enough that they stay in
// the first-level cache, and as many as there are vectors to look at (armAll).
func mostAhead(vectors int) int { return max(256, vectors) }

// follow is advance once many packets are published.
func (e *fastHop) follow(end int64) {
	e.advance(end)
	e.countAll()
}

// advance does all decisions of vectors' DPCs that come before the arrivals at end.
func (e *fastHop) advance(end int64) {
	e.ahead = 0
	for {
		v, first := e.turns.first()
		if first >= moment(end) {
			return
		}
		// What joins backlogs before limit is known, and all that is published before end.
		limit, pause := end, end
		if others := e.turns.others(v); others < moment(end) {
			limit = min(end, int64(others)+e.costs.rps)
			pause = min(end, int64(others)+slack*e.costs.rps)
		}
		e.turns.set(v, e.goOnWith(v, limit, pause))
	}
}

// goOnWith goes on with the cycle of a vector up to the end of its turn, its turn up to
// pause, or its CPU's backlog up to limit; it returns when its next decision comes, or the
// moment before which it does not.
func (e *fastHop) goOnWith(v int, limit, pause int64) moment {
	y := e.cycles[v]
	if y.state == hopArmed {
		e.interrupt(v)
	}
	if y.state == hopRaised {
		if next := e.run(y.cpu, limit); y.state == hopRaised {
			return moment(next + e.costs.dpc)
		}
	}
	return e.takeTurn(v, pause)
}

// interrupt raises a vector, and runs the ISR.
func (e *fastHop) interrupt(v int) {
	y := e.cycles[v]
	vector := y.vector
	vector.Raise(y.raise)
	y.state, y.cpu = hopRaised, v
	if e.mode == NonRSS {
		y.cpu = e.systemCPU(y.raise)
	}
	e.isr(y.cpu)
	vector.worked += e.cfg.ISRCost
	l := e.lines[y.cpu]
	l.vector, l.vectorFrom = v, at(y.raise+e.costs.interrupt, afterISR)
}

// systemCPU is Model.systemCPU at a time, up to which backlogs need not be worked on.
//
// Optimization: what a CPU was busy so far is the least that it will have been then. So only
// those that were less busy so far than all before them have to get there.
func (e *fastHop) systemCPU(now int64) int {
	e.chargeSends(now)
	if e.cfg.ISRCPU != LeastBusy {
		return e.Model.systemCPU()
	}
	least, busy := 0, int64(math.MaxInt64)
	for c, l := range e.lines {
		if e.cpus[c].Busy() >= busy {
			continue
		}
		if l.ran < now && !l.idle() {
			e.run(c, now)
		}
		if b := e.cpus[c].Busy(); b < busy {
			least, busy = c, b
		}
	}
	return least
}

// takeTurn goes on with the turn of a vector's DPC, up to its end or to the first
// decision at pause or later. It returns the moment of the vector's next decision.
func (e *fastHop) takeTurn(v int, pause int64) moment {
	y := e.cycles[v]
	q := y.queue
	begun, now, n := y.decides, y.decides, 0
	most, ends := q.Waiting(), false // packets that it may take
	if budget := e.cfg.DPCBudget; budget > 0 {
		most = min(most, budget-y.taken)
	}
	ring, first := q.Ring()
	mask := uint64(len(ring) - 1)
	for now < pause {
		if y.indicating {
			e.indicatedAt(y, q, n, now)
		}
		from, start := n, now
		b := &ring[(first+uint64(n))&mask]
		for ; n < most && now < pause && b.Published <= now && b.CPU != notSteered; b = &ring[(first+uint64(n))&mask] {
			n++
			now += e.costs.rps
		}
		ends = now < pause && (n == most || b.Published > now)
		if n > from {
			e.deepen(y, from, n, start, e.costs.rps)
			e.handOver(y, from, n, start, ends)
		}
		if ends || now >= pause {
			break
		}
		e.deepen(y, n, n+1, now, 0)
		e.meet(b.Flow)
		y.indicating = true
		n++
		now += e.costs.of(b.Length)
	}
	y.taken += n
	y.decides, y.seen = now, max(y.seen-n, 0)
	e.lines[y.cpu].counts.DPCTime += now - begun
	y.vector.worked += now - begun
	switch {
	case ends:
		q.Take(n)
		e.giveBack(y)
		return e.endOf(v, q.Waiting() > 0 && q.Peek(0).Published <= now)
	case n > 0: // the last one's buffer does not come back before the next decision
		q.Take(n - 1)
		e.giveBack(y)
		q.Take(1)
	}
	return moment(now)
}

// deepen counts how many buffers wait when the DPC of a vector takes those from one to before
// another, the first at now, each cost after the one before.
func (e *fastHop) deepen(y *hopCycle, from, to int, now, cost int64) {
	ring, first := y.queue.Ring()
	mask, waiting := uint64(len(ring)-1), y.queue.Waiting()
	if y.deepest == nil {
		for n := from; n < to; n++ {
			for ; y.seen < waiting && ring[(first+uint64(y.seen))&mask].Published <= now; y.seen++ {
				e.published(ring[(first+uint64(y.seen))&mask].Queue)
			}
			e.depth[ring[(first+uint64(n))&mask].Queue]--
			now += cost
		}
		return
	}
	// Optimization: all that waits is from one hardware queue. It is deeper than ever if one
	// more than ever are published; and if they are not at the end, they never were.
	deepest := int(*y.deepest)
	if from+deepest >= waiting || ring[(first+uint64(from+deepest))&mask].Published > now+int64(to-1-from)*cost {
		return
	}
	for n := from; n < to; n++ {
		for ; n+deepest < waiting && ring[(first+uint64(n+deepest))&mask].Published <= now; deepest++ {
		}
		now += cost
	}
	*y.deepest = uint64(deepest)
}

// handOver has the packets from one to before another join the backlogs that they are steered
// to; the DPC of the vector takes the first at now, and ends its turn with the last if ends.
func (e *fastHop) handOver(y *hopCycle, first, to int, now int64, ends bool) {
	ring, start := y.queue.Ring()
	mask, lines, cost, from := uint64(len(ring)-1), e.lines, e.costs.rps, uint16(y.cpu)
	wakes := notKnown
	if ends {
		wakes = now + int64(to-first)*cost
	}
	lines[from].counts.SteeredAway += uint64(to - first)
	for n := first; n < to; n++ {
		b := &ring[(start+uint64(n))&mask]
		now += cost
		if !ends {
			y.joins(b.CPU)
		}
		l := lines[b.CPU]
		i := l.in
		if i-l.kept >= uint64(len(l.joins))-1 {
			l.joins = moreRoom(l.joins, l.kept-1, i)
		}
		joins := l.joins
		last := uint64(len(joins) - 1)
		if before := &joins[(i-1)&last]; before.Published > now || before.Published == now && before.CPU > from {
			i = l.before(now, from)
		}
		l.in++
		j := &joins[i&last]
		j.Buffer, j.wakes = *b, wakes
		j.Published, j.CPU = now, from
	}
}

// joins notes that a packet of this turn joined the backlog of a CPU.
func (y *hopCycle) joins(to uint16) {
	if y.joined[to] == 0 {
		y.targets = append(y.targets, to)
	}
	y.joined[to]++
}

// giveBack gives the buffers back that were taken.
func (e *fastHop) giveBack(y *hopCycle) {
	if y.deepest == nil {
		y.queue.ReturnTo(&e.rings)
		return
	}
	e.rings.Return(y.only, uint32(y.queue.Taken()))
	y.queue.Return()
}

// indicatedAt counts the packet that a vector's DPC indicated itself up to end, after which
// it took n others.
func (e *fastHop) indicatedAt(y *hopCycle, q *nicmodel.Queue, n int, end int64) {
	b, cpu := q.Peek(n-1), &e.cpus[y.cpu]
	y.indicating = false
	y.indicated++
	cpu.Packets++
	cpu.Bytes += uint64(b.Length)
	late := end - b.Arrival
	cpu.latency.Count(late)
	cpu.latency.Add(1, late, max(cpu.latency.Max, late))
	e.inWindow(&cpu.series, b.Arrival)
}

// endOf ends the turn of a vector's DPC, with its queue empty or its budget spent.
func (e *fastHop) endOf(v int, spent bool) moment {
	y := e.cycles[v]
	now, c := y.decides, y.cpu
	l := e.lines[c]
	l.counts.MaxPerDPC = max(l.counts.MaxPerDPC, uint64(y.indicated))
	for _, to := range y.targets {
		if n := y.joined[to]; n > 0 {
			e.lines[to].wake(now, uint16(c), n)
			y.joined[to] = 0
		}
	}
	y.targets = y.targets[:0]
	l.turning, l.free = false, now
	if spent {
		y.state, l.vector, l.vectorFrom = hopRaised, v, at(now, afterSpent)
		return moment(now + e.costs.dpc)
	}
	y.state = hopIdle
	if y.queue.Waiting() == 0 {
		return never
	}
	e.arm(v)
	return e.soonest(y)
}

// rest does all else that comes before the arrivals at end, after advance.
func (e *fastHop) rest(end int64) {
	e.time = end
	for v := range e.cycles {
		e.interruptBefore(v, end)
	}
	for c := range e.lines {
		e.run(c, end)
	}
}

// vectorOn is the vector whose DPCs may have turns on a CPU, of all that there are.
func (e *fastHop) vectorOn(c int) int {
	if e.mode == RSSMSIX {
		return c
	}
	return 0
}

// interruptBefore raises a vector, and runs the ISR, if that comes before the arrivals at end.
func (e *fastHop) interruptBefore(v int, end int64) {
	if y := e.cycles[v]; y.state == hopArmed && y.raise < end {
		e.interrupt(v)
		e.turns.set(v, e.soonest(y))
	}
}

func (e *fastHop) Finish() {
	if e.aimed == nil {
		e.secondHop.Finish()
		return
	}
	if e.mode == RSSMSIX {
		e.front.finish(e)
	}
	end := never.time()
	e.advance(end)
	e.rest(end)
	e.countAll()
	e.chargeSends(end)
	for c := range e.lines {
		e.at(e.lines[c].free)
		e.cpus[c].BacklogMax = e.lines[c].most
	}
	for v := range e.vectors {
		e.vectorWork = max(e.vectorWork, e.vectors[v].worked)
	}
}

// hopSends is the sent packets of a fastHop, which are those of whole flows (FlowSends).
//
// Optimization: they equal Model.send and affinity.HomeCPUs. All packets of a flow are taken
// by one CPU, so that it is both the home CPU of the connection and the one of its latest
// take, from when the first is taken; and nothing but the choice of the least busy CPU
// depends on what was sent.
type hopSends struct {
	homes *affinity.HomeCPUs // that are not kept; nil: no packet may be sent
	later []hopSend          // that are not charged yet: an interrupt may come before them
}

// hopSend is a packet that a CPU sends at a time.
type hopSend struct {
	time int64
	cpu  int
}

// send processes a sent packet at its time; those that arrived before are published.
func (e *fastHop) send(t int64, ref affinity.SendRef, _ uint32) {
	on := e.cfg.QueueCPU[e.cfg.DefaultQueue]
	if ref.Answers != NoFlow && e.takenBefore(ref.Answers, t) {
		on = e.wayTo(ref.Answers)
		e.judged++
		e.matches++
	}
	if e.mode == NonRSS && e.cfg.ISRCPU == LeastBusy {
		e.sent.later = append(e.sent.later, hopSend{time: t, cpu: on})
		return
	}
	e.chargeSend(on)
}

func (e *fastHop) chargeSend(on int) {
	e.cpus[on].SendPackets++
	e.cpus[on].SendTime += e.cfg.SendCost
}

// chargeSends charges what was sent up to now.
func (e *fastHop) chargeSends(now int64) {
	later, n := e.sent.later, 0
	for ; n < len(later) && later[n].time <= now; n++ {
		e.chargeSend(later[n].cpu)
	}
	if n > 0 {
		e.sent.later = later[:copy(later, later[n:])]
	}
}

// takenBefore reports whether a packet of the flow was taken to be indicated before the
// arrivals at t, up to which nothing more is to be published.
func (e *fastHop) takenBefore(flow uint32, t int64) bool {
	way := *e.ways.At(flow)
	if e.hasMet(flow) || way == 0 { // no vector's DPC, and no CPU, has got to t
		return way != 0
	}
	e.advance(t)
	if to := way.cpu(); to != notSteered {
		e.interruptBefore(e.vectorOn(int(to)), t)
		e.run(int(to), t)
		e.count(e.lines[to])
	}
	return e.hasMet(flow)
}
