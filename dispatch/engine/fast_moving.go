package engine

import (
	"math"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
)

// fastMoving is fastRSS where the table or the affinity changes: rssMSIX and rssHWQueues
// with those that are given while packets arrive, or rssMSIX with a rebalancer. And where
// nothing changes, but CPUs have several queues (standStill).
//
// Optimization: it equals those. Between two moves every flow has one CPU, and its
// packets are taken in the order of their arrival, so that CPUs need not know of each
// other. Only after a move may packets of one flow be on two CPUs at once. From then
// on, until all that had arrived before is done, the engine is unsettled: DPCs start
// in order of time, and who overtakes whom is looked at.
type fastMoving struct {
	*fastRSS
	movedFlows
	rings   *queueRings        // nil: each CPU has one queue for good
	bytes   []uint64           // per queue
	done    []uint64           // per CPU: accepted packets up to the last tick
	sends   []affinity.SendRef // of the batch, those still to come
	beside  *movingSends       // what judges them beside step; nil: step does
	plain   bool               // lines are plain while the engine is settled
	parts   *movingParts       // nil if they are not
	planned bool               // no packet of the batch was dropped, so that lists are as planned

	changing bool
	marks    []uint64 // per CPU: the packets that it accepted before the latest move
	settles  int64    // all of these are taken, and done then; Never until they are
}

// onlyMoves reports whether something changes, flows have one entry each, and nobody observes:
// then there are faster engines that count the same.
func (m *Model) onlyMoves() bool { return m.changes != nil && m.isolated() }

// isolated reports whether flows have one entry each and meet several CPUs only by changes,
// and nobody observes.
func (m *Model) isolated() bool {
	return !m.varies && m.observe == nil && !m.cfg.RuleDrops && len(m.cpus) > 1
}

// moves reports whether fastMoving does what the configuration asks.
func (m *Model) moves() bool {
	switch {
	case len(m.queues) == 1 || m.mode != RSSMSIX && m.mode != RSSHWQueues || m.mode == RSSHWQueues && !m.closesCycles():
		return false
	case m.severalQueues():
		return m.cfg.Drain == Snapshot && m.cfg.DPCBudget == 0
	}
	return true
}

// severalQueues reports whether a CPU may have several queues, one after the other or at once.
func (m *Model) severalQueues() bool { return len(m.cfg.Affinities) > 0 || !m.ownQueues() }

// standsStill reports whether nothing changes, and fastMoving does what the configuration asks
// because CPUs have several queues.
func (m *Model) standsStill() bool {
	return m.changes == nil && m.severalQueues() && m.sending == NoSends && m.isolated() && m.moves()
}

// standStill has fastMoving wait for a change that never comes.
func (m *Model) standStill() {
	m.changes = &changes{none: true, table: m.cfg.Table, queueCPU: m.cfg.QueueCPU, arrived: arrivalSeries{interval: m.cfg.Interval, cpus: len(m.cpus)}}
	m.arrives = m.burstsMove()
	m.CountedAffinity, m.FixedAffinity = affinity.NewCounted(len(m.cpus)), nil
	m.latest, m.order = new(bigarray.Array[uint16]), affinity.NewOrder(len(m.cpus))
}

func newFastMoving(m *Model) *fastMoving {
	flows := newMovedFlows(m)
	e := &fastMoving{
		fastRSS: newFastRSS(m), movedFlows: flows, bytes: make([]uint64, len(m.queues)),
		done: make([]uint64, len(m.cpus)), marks: make([]uint64, len(m.cpus)),
		plain: m.mode == RSSMSIX && (m.homeCPUs == nil || m.homeCPUs.KeepsOrder()) && m.takesAtOnce(),
	}
	if m.severalQueues() {
		e.rings = newQueueRings(m)
		e.rings.aim(e.lines)
	}
	for c := range e.lines {
		l := &e.lines[c]
		l.rings = e.rings
		l.moving, l.plain, l.aside = &movingLine{of: e}, e.plain, make([]aside, len(l.arrival))
	}
	if m.homeCPUs != nil && m.homeCPUs.KeepsOrder() {
		e.beside, e.plan = &movingSends{model: m}, newSchedule(&m.cfg.Config)
	}
	if e.parting = newParting(m, e.lines); e.parting != nil {
		e.parts = &movingParts{bytes: make([]uint64, len(e.lines)), migrants: make([][]migrant, len(e.lines))}
	}
	m.derive, m.arrives = e.derive, true
	return e
}

func (e *fastMoving) Process(b *Batch) {
	m := e.Model
	m.prepare(b)
	e.sends = b.Sends
	e.begin(b)
	in, sentAt := e.received(b)
	e.planned = e.follows(b, &in)
	for from, sent := 0, 0; from < len(in.time) || sent < len(sentAt); {
		if t := firstOf(in.time[from:], sentAt[sent:]); t >= m.changeAt {
			e.change(t)
		}
		to, until := endBefore(in.time, from, m.changeAt), endBefore(sentAt, sent, m.changeAt)
		e.arrive(&in, from, to)
		e.judge(sentAt[sent:until])
		from, sent = to, until
	}
	if e.beside != nil && b.N > 0 {
		e.beside.sort()
		e.beside.tell(b.Time[b.N-1])
	}
	m.arrived(b)
}

// stretch is how many packets arrive one by one before it is tried again whether they can
// follow the plan.
const stretch = 64

// arrive lets the packets from one to before another arrive; nothing changes between them.
//
// Optimization: whole lists of them follow the plan, which changes do not touch.
func (e *fastMoving) arrive(in *arriving, from, to int) {
	for from < to {
		if e.planned && !e.unsettled {
			head := min(e.plan.next(from), to)
			e.step(in, from, head)
			from = head
			end := e.lists(from, to)
			if from < end {
				e.overdue(in.time[from])
			}
			if from < end && e.planned && e.clear(in, from) {
				if e.parts != nil {
					from = e.parted(in, from, end)
				}
				from = e.together(in, from, end)
			}
		}
		end := min(from+stretch, to)
		e.step(in, from, end)
		from = end
	}
}

// lists is where the last list ends, of those from one to before another packet, that is
// published before the next change.
func (e *fastMoving) lists(from, to int) int {
	before := func(i int) int {
		for i > from && !e.plan.head[i] {
			i--
		}
		return i
	}
	end := before(min(to, e.plan.open))
	if end > from && e.plan.at[end-1] >= e.changeAt {
		end = before(end - 1)
	}
	return end
}

// count counts what is known of packets when they arrive.
func (e *fastMoving) count(in *arriving, from, to int) {
	times, entries, lengths := in.time[:to], in.entry[:to], in.length[:to]
	if e.ownsBursts {
		e.bursts.Count(times[from:], entries[from:], Sent)
	}
	targets, bytes, balanced := e.targets, e.bytes, e.changes.entries
	for {
		for from < to && entries[from] == Sent { // of no window
			from++
		}
		if from == to {
			return
		}
		packets, until := e.changes.arrived.window(times[from])
		for ; from < to && times[from] < until; from++ {
			if entries[from] == Sent {
				continue
			}
			at := min(int(entries[from]), len(targets)-1) // see model.target
			target := targets[at]
			packets[target.cpu]++
			bytes[target.queue] += uint64(lengths[from])
			if at < len(balanced) {
				balanced[at]++
			}
		}
	}
}

// advance does all work of all fast lines that comes before the arrivals at now.
func (e *fastMoving) advance(now int64) {
	if e.unsettled {
		e.until(now)
	}
	for c := range e.lines {
		// Optimization: most have nothing to do.
		if l := &e.lines[c]; fastIdle < l.nextPoll && l.nextPoll < now || l.cycle != nil {
			l.advance(now)
		}
	}
}

// overdue publishes the list if its time is over at now.
func (e *fastMoving) overdue(now int64) {
	if at, overdue := e.list.Overdue(now); overdue {
		e.publish(at)
	}
}

func (e *fastMoving) publish(t int64) {
	if e.unsettled {
		e.until(t)
	}
	for _, cpu := range e.list.Empty() {
		l := &e.lines[cpu]
		if e.rings != nil && e.unsettled {
			e.rings.published(l.queueOf(l.published))
		}
		l.publishNext(t)
	}
}

// together is fastRSS's.
func (e *fastMoving) together(in *arriving, from, to int) int {
	if from == to {
		return to
	}
	times, lengths, flows, entries, at := in.time[:to], in.length[:to], in.flow[:to], in.entry[:to], e.plan.at[:to]
	of, targets, more, looks := e.of, e.targets, e.cfg.DMABatch+1, e.refusals > 0
	for i := from; i < to; i++ {
		target := min(int(entries[i]), len(of)-1)
		l, cpu := of[target], targets[target].cpu
		if l.filled+more > l.limit && l.tight(more) {
			to = e.plan.next(i + 1)
		}
		before := cpu + 1
		if looks || e.mayTurn(flows[i], entries[i]) { // see stays
			before = e.look(in, i, target, int(cpu))
		}
		l.cameFrom(l.filled, before, int(cpu))
		if e.rings != nil {
			queue := targets[target].queue
			l.aside[l.filled].queue = queue
			e.rings.fill(queue, 1)
		}
		l.fill(times[i], lengths[i], flows[i])
		if l.cycle != nil {
			l.publishInCycle(at[i])
		} else {
			l.publishNext(at[i])
		}
	}
	e.count(in, from, to)
	return to
}

// step is fastRSS's.
func (e *fastMoving) step(in *arriving, from, to int) {
	m := e.Model
	e.count(in, from, to)
	entries := in.entry
	for i := from; i < to; i++ {
		t := in.time[i]
		e.overdue(t)
		if entries[i] == Sent {
			e.advance(t)
			m.toSend(e.sends)
			m.send(t, e.sends[0], 0) // nobody observes which it is
			e.sends = e.sends[1:]
			continue
		}
		target := min(int(entries[i]), len(e.of)-1)
		l := e.of[target]
		if l.filled >= l.limit || e.unsettled && e.rings != nil {
			if e.unsettled {
				e.until(t)
			}
			if e.full(l, t, target) {
				e.planned = false
				l.drop(in.length[i])
				e.FixedAffinity.Drop(in.flow[i])
				e.drop(in.flow[i], in.nth[i])
				continue
			}
		}
		e.fill(l, in, i, target)
		if e.list.Add(uint16(l.on.index), t) {
			e.publish(t)
		}
	}
}

// full is fastLine's, for a packet that arrives for a target.
func (e *fastMoving) full(l *fastLine, t int64, target int) bool {
	if e.rings == nil {
		return l.full(t)
	}
	l.advance(t)
	if !e.unsettled {
		l.giveBackBy(t)
	} else {
		for c := range e.lines { // any may have had the queue
			e.lines[c].giveBackBy(t)
		}
	}
	queue := e.targets[target].queue
	if e.rings.used[queue] == e.cfg.RxRing {
		e.rings.drops[queue]++
		return true
	}
	most := 0
	for _, q := range e.rings.on[l.on.index] {
		most = max(most, e.rings.used[q])
	}
	l.safe = l.filled - most
	if l.limitBy(); l.filled == len(l.arrival) {
		l.makeRoom(1)
	}
	return false
}

// fill fills a buffer of l for packet i of in.
func (e *fastMoving) fill(l *fastLine, in *arriving, i, target int) {
	cpu := l.on.index
	last := uint16(cpu + 1)
	if !e.stays(in, i) {
		last = e.look(in, i, target, cpu)
	}
	l.cameFrom(l.filled, last, cpu)
	if e.rings != nil {
		queue := e.targets[target].queue
		l.aside[l.filled].queue = queue
		e.rings.fill(queue, 1)
	}
	l.fill(in.time[i], in.length[i], in.flow[i])
}

func (e *fastMoving) Finish() {
	if at, pending := e.list.Deadline(); pending {
		e.publish(at)
	}
	if e.unsettled {
		e.until(math.MaxInt64)
	}
	e.fastRSS.Finish()
}

// derive counts queues and CPUs.
func (e *fastMoving) derive([]EntryLoad, uint64) {
	if r := e.rings; r == nil {
		for q, c := range e.cfg.QueueCPU {
			e.lines[c].counted(&e.queues[q], e.bytes[q])
		}
	} else {
		r.passBytes(e.bytes)
		var of QueueCounters // of several
		for c := range e.lines {
			e.lines[c].counted(&of, r.onCPU[c])
		}
		for q := range e.queues {
			e.queues[q] = QueueCounters{Packets: r.accepted[q] + r.drops[q], Bytes: e.bytes[q], Drops: r.drops[q], DepthMax: uint64(r.depthMax[q])}
		}
	}
	e.counted.Enter()
}
