package engine

import (
	"math"

	"rssreplay/nicmodel"
)

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

type hopState uint8

const (
	hopIdle    hopState = iota // enabled, and nothing is published
	hopArmed                   // enabled, and to be raised
	hopRaised                  // masked: the DPC has no turn yet
	hopTurning                 // masked: it has its turn
)

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

// arm finds when a vector is raised whose queue was empty, by what is published so far, and so
// when its DPC can first look at the queue.
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
	e.turns.set(v, moment(y.raise+e.costs.interrupt+e.costs.dpc))
}

// interruptBefore raises a vector, and runs the ISR, if that comes before the arrivals at end.
func (e *fastHop) interruptBefore(v int, end int64) {
	if y := e.cycles[v]; y.state == hopArmed && y.raise < end {
		e.interrupt(v)
	}
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
	l, from := e.lines[y.cpu], y.raise+e.costs.interrupt
	e.fallBack(y.cpu, l, from)
	l.vector, l.vectorFrom = v, at(from, afterISR)
}

// systemCPU is Model.systemCPU at a time, up to which backlogs need not be worked on.
func (e *fastHop) systemCPU(now int64) int {
	e.chargeSends(now)
	if e.cfg.ISRCPU != LeastBusy {
		return e.Model.systemCPU()
	}
	least, busy := 0, int64(math.MaxInt64)
	for c, l := range e.lines {
		if !l.ahead && l.ran < now {
			e.run(c, now)
		}
		b := l.counts.busy()
		if l.ahead {
			b += l.begun(now)
		}
		if b < busy {
			least, busy = c, b
		}
	}
	return least
}

// startTurn starts the turn of the vector's DPC that waits for one.
func (e *fastHop) startTurn(l *hopLine, now int64) {
	y := e.cycles[l.vector]
	y.state, y.decides, y.taken, y.indicated = hopTurning, now+e.costs.dpc, 0, 0
	y.vector.worked += e.costs.dpc
	l.turning, l.vectorFrom = true, never
}

// wholeTurn does a turn of a vector's DPC from its start to its end, before pause, if all its
// packets are of one hardware queue and steered; else it reports that it did nothing.
//
// Optimization: it equals takeTurn. Which vector is next is found first: it is known then while
// packets are handed over, where branches go that could not be foretold.
func (e *fastHop) wholeTurn(v int, pause int64) (done bool) {
	y, cost := e.cycles[v], e.costs.rps
	if y.taken > 0 || y.deepest == nil || e.cfg.DPCBudget > 0 {
		return false
	}
	q, start, now := y.queue, y.decides, y.decides
	ring, first := q.Ring()
	mask, published, to := uint64(len(ring)-1), first+uint64(q.Waiting()), first
	for ; to < published && ring[to&mask].Published <= now; to++ {
		if now >= pause || ring[to&mask].CPU == notSteered {
			return false
		}
		now += cost
	}
	if now >= pause {
		return false
	}
	if deeper := first + *y.deepest; deeper < published && ring[deeper&mask].Published < now {
		e.deepen(y, 0, int(to-first), start, cost)
	}
	own, n := e.lines[y.cpu], to-first
	own.turning, own.free = false, now
	own.counts.SteeredAway += n
	own.counts.DPCTime += now - start
	y.vector.worked += now - start
	q.Take(int(n))
	q.Return()
	e.rings.Return(y.only, uint32(n))
	e.enable(v)
	if e.alone {
		e.goAhead(y, int(n), now)
	} else {
		e.handOver(y, -int(n), 0, start, now)
	}
	return true
}

// enable ends the interrupt cycle of a vector.
func (e *fastHop) enable(v int) {
	y := e.cycles[v]
	y.state = hopIdle
	if y.queue.Waiting() > 0 {
		e.arm(v)
	} else {
		e.turns.set(v, never)
	}
}

// takeTurn goes on with the turn of a vector's DPC, up to its end or to the first
// decision at pause or later.
func (e *fastHop) takeTurn(v int, pause int64) {
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
			wakes := notKnown
			if ends {
				wakes = now
			}
			e.handOver(y, from, n, start, wakes)
			e.lines[y.cpu].counts.SteeredAway += uint64(n - from)
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
		e.endOf(v, q.Waiting() > 0 && q.Peek(0).Published <= now)
		return
	case n > 0: // the last one's buffer does not come back before the next decision
		q.Take(n - 1)
		e.giveBack(y)
		q.Take(1)
	}
	e.turns.set(v, moment(now))
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
// to; the DPC of the vector takes the first at now, and ends its turn at wakes. They are
// numbered from the oldest that waits: of those that were taken already the last is -1.
func (e *fastHop) handOver(y *hopCycle, first, to int, now, wakes int64) {
	ring, start := y.queue.Ring()
	mask, lines, cost, from := uint64(len(ring)-1), e.lines, e.costs.rps, uint16(y.cpu)
	for n := first; n < to; n++ {
		b := &ring[(start+uint64(n))&mask]
		now += cost
		if wakes == notKnown {
			y.joins(b.CPU)
		}
		l := lines[b.CPU]
		e.fallBack(int(b.CPU), l, now)
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
func (e *fastHop) endOf(v int, spent bool) {
	y := e.cycles[v]
	now, c := y.decides, y.cpu
	l := e.lines[c]
	l.counts.MaxPerDPC = max(l.counts.MaxPerDPC, uint64(y.indicated))
	for _, to := range y.targets {
		if n := y.joined[to]; n > 0 {
			e.fallBack(int(to), e.lines[to], now)
			e.lines[to].wake(now, uint16(c), n)
			y.joined[to] = 0
		}
	}
	y.targets = y.targets[:0]
	l.turning, l.free = false, now
	if spent {
		y.state, l.vector, l.vectorFrom = hopRaised, v, at(now, afterSpent)
		e.turns.set(v, moment(now+e.costs.dpc))
		return
	}
	e.enable(v)
}
