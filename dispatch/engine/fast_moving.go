package engine

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/nicmodel"
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
	plain   bool               // lines are plain while the engine is settled
	parts   *movingParts       // nil if they are not
	planned bool               // no packet of the batch was dropped, so that lists are as planned

	changing bool
	marks    []uint64 // per CPU: the packets that it accepted before the latest move
	settles  int64    // all of these are taken, and done then; Never until they are
}

// aside is what has to be known of an accepted packet besides where flows move.
type aside struct {
	// The CPU, and 1, that has the packet of its flow before it; 0: none. It tells while the
	// engine is settled.
	before uint16
	queue  uint16 // with queueRings
}

// movingLine is what a fast line has to know where flows move.
type movingLine struct {
	of *fastMoving

	// The packets that it took last, where a change may come while it works on them.
	work []movingPacket
	// told is whether the model's order was told of them.
	told bool
}

type movingPacket struct {
	start, end, arrival int64
	flow                uint32
}

// onlyMoves reports whether something changes, flows have one entry each, and nobody observes:
// then there are faster engines that count the same.
func (m *Model) onlyMoves(varies bool) bool { return m.changes != nil && m.isolated(varies) }

// isolated reports whether flows have one entry each and meet several CPUs only by changes,
// and nobody observes.
func (m *Model) isolated(varies bool) bool {
	return !varies && m.observe == nil && !m.cfg.RuleDrops && len(m.cpus) > 1
}

// moves reports whether fastMoving does what the configuration asks.
func (m *Model) moves() bool {
	switch {
	case len(m.queues) == 1 || m.mode != RSSMSIX && m.mode != RSSHWQueues || m.mode == RSSHWQueues && !m.closesCycles():
		return false
	case m.severalQueues():
		return m.homeCPUs == nil && m.cfg.Drain == Snapshot && m.cfg.DPCBudget == 0
	}
	return true
}

// severalQueues reports whether a CPU may have several queues, one after the other or at once.
func (m *Model) severalQueues() bool { return len(m.cfg.Affinities) > 0 || !m.ownQueues() }

// standsStill reports whether nothing changes, and fastMoving does what the configuration asks
// because CPUs have several queues.
func (m *Model) standsStill(sends Sends, varies bool) bool {
	return m.changes == nil && m.severalQueues() && sends == NoSends && m.isolated(varies) && m.moves()
}

// standStill has fastMoving wait for a change that never comes.
func (m *Model) standStill() {
	m.changes = &changes{none: true, table: m.cfg.Table, queueCPU: m.cfg.QueueCPU, arrived: arrivalSeries{interval: m.cfg.Interval, cpus: len(m.cpus)}}
	m.ownsBursts = !m.burstsMove()
	m.CountedAffinity, m.FixedAffinity = affinity.NewCounted(len(m.cpus)), nil
	m.latest, m.order = new(bigarray.Array[uint16]), affinity.NewOrder(len(m.cpus))
}

func newFastMoving(m *Model) *fastMoving {
	flows := newMovedFlows(m)
	e := &fastMoving{
		fastRSS: newFastRSS(m), movedFlows: flows, bytes: make([]uint64, len(m.queues)),
		done: make([]uint64, len(m.cpus)), marks: make([]uint64, len(m.cpus)),
		plain: m.mode == RSSMSIX && m.homeCPUs == nil && m.cfg.Drain == Snapshot && m.cfg.DPCBudget == 0 && m.cfg.RxFrames == 1 && m.cfg.ByteCost == 0,
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
	if e.parting = newParting(m, e.lines); e.parting != nil {
		e.parts = new(movingParts)
	}
	m.derive = e.derive
	return e
}

func (e *fastMoving) Process(b *Batch) {
	m := e.Model
	m.prepare(b)
	e.sends = b.Sends
	e.begin(b)
	in := b.arriving(m.steering)
	e.planned = e.follows(b, &in)
	for from, to := 0, 0; from < b.N; from = to {
		if b.Time[from] >= m.changeAt {
			e.change(b.Time[from])
		}
		if to = b.N; b.Time[to-1] >= m.changeAt {
			for to = from + 1; b.Time[to] < m.changeAt; to++ {
			}
		}
		e.arrive(b, &in, from, to)
	}
	m.arrived(b)
}

// stretch is how many packets arrive one by one before it is tried again whether they can
// follow the plan.
const stretch = 64

// arrive lets the packets from one to before another arrive; nothing changes between them.
//
// Optimization: whole lists of them follow the plan, which changes do not touch.
func (e *fastMoving) arrive(b *Batch, in *arriving, from, to int) {
	for from < to {
		if e.planned && !e.unsettled {
			head := min(e.plan.next(from), to)
			e.step(b, from, head)
			from = head
			end := e.lists(from, to)
			if from < end {
				e.overdue(b.Time[from])
			}
			if from < end && e.planned && e.clear(in, from) {
				if e.parts != nil {
					from = e.parted(b, in, from, end)
				}
				from = e.together(b, from, end)
			}
		}
		end := min(from+stretch, to)
		e.step(b, from, end)
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
func (e *fastMoving) count(b *Batch, from, to int) {
	times, entries, lengths := b.Time[:to], b.steered(e.steering).Entry[:to], b.Length[:to]
	e.bursts.Count(times[from:], entries[from:], Sent)
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

// change makes the changes up to t, the time of an arrival or a send.
func (e *fastMoving) change(t int64) {
	e.changing = true
	if e.rings != nil {
		e.rings.passBytes(e.bytes)
	}
	before, queueCPU := slices.Clone(e.targets), e.changes.queueCPU
	e.Model.change(t, func(at int64) []int64 {
		e.overdue(at)
		e.advance(at)
		for c := range e.lines {
			accepted := e.lines[c].accepted()
			e.changes.indicate[c], e.done[c] = accepted-e.done[c], accepted
		}
		return e.busy(at)
	})
	moves := e.move(before, e.targets) || !slices.Equal(queueCPU, e.changes.queueCPU)
	for i, to := range e.targets {
		e.bursts.Lead(i, to.queue)
		e.of[i] = &e.lines[to.cpu]
	}
	if e.rings != nil {
		e.rings.aim(e.lines)
	}
	if e.parting != nil {
		e.parting.aim(e.Model, e.changes.queueCPU)
	}
	if moves {
		e.overdue(t)
		e.advance(t)
		e.unsettle(t)
	}
	e.changing = false
}

// unsettle is the moment of a move: some of the packets that are not done are of flows
// whose next ones go elsewhere.
func (e *fastMoving) unsettle(t int64) {
	if !e.unsettled {
		e.forget()
		for c := range e.lines {
			l := &e.lines[c]
			if l.plain {
				l.leavePlain()
			}
			for i := l.taken; i < l.filled; i++ {
				e.touch(l.rest[i].of, l.aside[i].before)
			}
		}
	}
	if e.rings != nil {
		e.rings.unsettle(e.lines)
	}
	for c := range e.lines {
		l := &e.lines[c]
		for _, p := range l.moving.work {
			if p.end > t && !l.moving.told {
				e.order.Done(c, p.flow, uint64(p.arrival), p.end)
			}
		}
		l.moving.told = true
		e.marks[c] = l.accepted()
	}
	e.unsettled, e.settles = true, nicmodel.Never
}

// settle is the moment when all that arrived before the latest move is done: no packet
// of a flow is on another CPU than its next ones.
func (e *fastMoving) settle(now int64) {
	for c := range e.lines {
		l := &e.lines[c]
		for i := l.taken; i < l.filled; i++ {
			l.aside[i].before = e.take(l.rest[i].of, c)
		}
		if e.plain {
			l.becomePlain()
		}
		if e.rings != nil {
			l.giveBackBy(now)
			l.relimit()
		}
	}
	e.release()
}

// until does all work that comes before the arrivals at now, in the order in which it
// happens, as long as the engine is unsettled.
func (e *fastMoving) until(now int64) {
	if c := e.lines[0].cycle; c != nil {
		c.advance(now)
		e.order.Passed(now)
	}
	for {
		var first *fastLine
		for c := range e.lines {
			if l := &e.lines[c]; l.nextPoll != fastIdle && l.nextPoll < now && (first == nil || l.nextPoll < first.nextPoll) {
				first = l
			}
		}
		if first == nil {
			break
		}
		at := first.nextPoll
		first.advance(at + 1)
		e.order.Passed(at)
	}
	if e.settles == nicmodel.Never {
		ends := int64(0)
		for c := range e.lines {
			l := &e.lines[c]
			if l.gone+uint64(l.taken) < e.marks[c] {
				return
			}
			ends = max(ends, l.freed)
		}
		e.settles = ends
	}
	if e.settles <= now {
		e.settle(now)
	}
}

// advance does all work of all fast lines that comes before the arrivals at now.
func (e *fastMoving) advance(now int64) {
	if e.unsettled {
		e.until(now)
	}
	for c := range e.lines {
		e.lines[c].advance(now)
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
			e.rings.published(l.aside[l.published].queue)
		}
		l.publishNext(t)
	}
}

// busy is what each CPU has begun before the instant now, to which it was advanced.
func (e *fastMoving) busy(now int64) []int64 {
	var busy []int64
	for c := range e.lines {
		l := &e.lines[c]
		begun := e.cpus[c].Busy()
		if e.plain {
			begun += int64(e.cpus[c].DPCs)*e.cfg.ISRCost - e.cpus[c].ISRTime // see counted
		}
		for _, p := range l.moving.work {
			if p.start >= now {
				begun -= p.end - p.start
			}
		}
		if l.nextPoll != fastIdle && !l.called && l.raise+e.cfg.InterruptLatency < now {
			begun += e.cfg.ISRCost // of an ISR that is charged with its DPC
		}
		busy = append(busy, begun)
	}
	return busy
}

// movingParts is what a parting has of packets besides where flows move.
type movingParts struct {
	rest  [BatchSize]fastPacket
	aside [BatchSize]aside
}

// parted is fastRSS's.
func (e *fastMoving) parted(b *Batch, in *arriving, from, to int) int {
	p, parts := e.parting, e.parts
	for from < to {
		end := min(from+p.most, to)
		entries := in.entry[from:end]
		if !e.hasRoom(entries) {
			break
		}
		e.part(b, in, from, end)
		if e.rings != nil {
			e.bursts.Count(in.time[from:end], entries, Sent)
		}
		packets, until := e.changes.arrived.window(in.time[from])
		crosses := in.time[end-1] >= until
		begin := 0
		for c, end := range p.ends {
			if end == begin {
				continue
			}
			l, times := &e.lines[c], p.time[begin:end]
			bytes := l.takeIn(times, parts.rest[begin:end], parts.aside[begin:end])
			if e.rings == nil {
				queue := p.queueOf[c]
				e.bytes[queue] += bytes
				e.bursts.ArriveAll(queue, times)
			} else {
				e.rings.fill(parts.rest[begin:end], parts.aside[begin:end], e.bytes)
			}
			if !crosses {
				packets[c] += uint64(len(times))
			}
			l.publishParted(p.at[begin:end], times, p.late[:end-begin], e.moves)
			begin = end
		}
		if crosses {
			for i, cpu := range p.cpus[:len(entries)] {
				e.changes.arrived.count(in.time[from+i], cpu)
			}
		}
		if balanced := e.changes.entries; balanced != nil {
			for _, entry := range entries {
				if int(entry) < len(balanced) {
					balanced[entry]++
				}
			}
		}
		from = end
	}
	return from
}

// part parts the packets from one to before another, whose CPUs hasRoom has found.
func (e *fastMoving) part(b *Batch, in *arriving, from, to int) {
	p, parts := e.parting, e.parts
	at, times, flows, lengths, entries := e.plan.at[from:to], in.time[from:to], in.flow[from:to], in.length[from:to], in.entry[from:to]
	targets, looks := e.targets, e.refusals > 0
	last := len(targets) - 1
	for i, cpu := range p.cpus[:len(times)] {
		k, target := p.ends[cpu], min(int(entries[i]), last)
		p.ends[cpu] = k + 1
		p.at[k], p.time[k] = at[i], times[i]
		parts.rest[k] = fastPacket{flows[i], lengths[i]}
		a := &parts.aside[k]
		a.before = cpu + 1
		if looks || e.mayTurn(b, from+i, target) { // see before
			a.before = e.look(b, from+i, target, int(cpu))
		}
		a.queue = targets[target].queue
	}
}

// together is fastRSS's.
func (e *fastMoving) together(b *Batch, from, to int) int {
	if from == to {
		return to
	}
	entries, at := b.steered(e.steering).Entry[:to], e.plan.at[:to]
	of, more := e.of, e.cfg.DMABatch+1
	for i := from; i < to; i++ {
		target := min(int(entries[i]), len(of)-1)
		l := of[target]
		if l.filled+more > l.limit && l.tight(more) {
			to = e.plan.next(i + 1)
		}
		e.fill(l, b, i, target)
		l.publishNext(at[i])
	}
	e.count(b, from, to)
	return to
}

// step is fastRSS's.
func (e *fastMoving) step(b *Batch, from, to int) {
	m := e.Model
	e.count(b, from, to)
	entries := b.steered(m.steering).Entry[:b.N]
	for i := from; i < to; i++ {
		t := b.Time[i]
		e.overdue(t)
		if entries[i] == Sent {
			e.advance(t)
			m.send(t, e.sends[0], b.First+uint32(i))
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
				l.drop(b.Length[i])
				e.FixedAffinity.Drop(b.Flow[i])
				e.drop(b.Flow[i], b.Nth[i])
				continue
			}
		}
		e.fill(l, b, i, target)
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

// fill fills a buffer of l for packet i of b.
func (e *fastMoving) fill(l *fastLine, b *Batch, i, target int) {
	a := &l.aside[l.filled]
	if a.before = e.before(b, i, target, l.on.index); e.rings != nil {
		a.queue = e.targets[target].queue
		e.rings.used[a.queue]++
		e.rings.accepted[a.queue]++
	}
	l.fill(b.Time[i], b.Length[i], b.Flow[i])
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

// indicateMoving is indicate where another CPU may have taken the flow's packet before.
func (l *fastLine) indicateMoving(n int, start, until int64) (done int, end int64) {
	m, cpu, moving := l.m, l.on, l.moving
	h, mark := &cpu.latency, uint16(cpu.index+1)
	asides := l.aside[l.taken : l.taken+n]
	tells := moving.of.unsettled
	keeps := tells || moving.of.changing || m.cfg.ByteCost > 0 || start+int64(n)*(m.cfg.PacketCost+m.cfg.MigrationCost) >= m.changeAt
	moving.work, moving.told = moving.work[:0], tells
	if !keeps && until == math.MaxInt64 {
		return n, l.indicateSettled(l.arrival[l.taken:l.taken+n], asides, start)
	}
	rest := l.rest[l.taken : l.taken+n]
	end = start
	sum, most := int64(0), h.Max
	for i, arrival := range l.arrival[l.taken : l.taken+n] {
		if end >= until {
			n = i
			break
		}
		p, begun := &rest[i], end
		end += m.cfg.Cost(p.length)
		last := asides[i].before
		if tells {
			last = moving.of.take(p.of, cpu.index)
		}
		if migrates(last, mark) {
			end += m.cfg.MigrationCost
			cpu.MigratedPackets++
		}
		late := end - arrival
		sum, most = sum+late, max(most, late)
		h.Count(late)
		if keeps {
			moving.work = append(moving.work, movingPacket{begun, end, arrival, p.of})
		}
		if tells && l.rings != nil {
			l.rings.depth[asides[i].queue]--
		}
		if tells {
			m.order.Done(cpu.index, p.of, uint64(arrival), end)
		}
	}
	h.Add(uint64(n), sum, most)
	return n, end
}

// indicateSettled is indicateMoving of all packets at once, where nothing is to be told of
// them.
func (l *fastLine) indicateSettled(arrival []int64, asides []aside, start int64) (end int64) {
	cpu, cost, done := l.on, l.m.cfg.PacketCost, 0
	end = start
	for i, a := range asides {
		if migrates(a.before, uint16(cpu.index+1)) {
			end = cpu.latency.Run(arrival[done:i], end, cost) + l.m.cfg.MigrationCost
			cpu.MigratedPackets++
			done = i
		}
	}
	return cpu.latency.Run(arrival[done:], end, cost)
}

// publishNext publishes the oldest packet that waits for it, where flows move.
func (l *fastLine) publishNext(t int64) {
	switch {
	case l.plain:
		l.publishMoving(t)
	case l.cycle != nil:
		l.publishInCycle(t)
	default:
		l.publish(t)
	}
}

// takeIn is fill of packets that arrive at these times, but that they are still to be counted
// as filled; it returns their bytes.
func (l *fastLine) takeIn(times []int64, rest []fastPacket, asides []aside) (bytes uint64) {
	copy(l.arrival[l.filled:], times)
	copy(l.aside[l.filled:], asides)
	copy(l.rest[l.filled:], rest)
	for _, p := range rest {
		bytes += uint64(p.length)
	}
	return bytes
}

// publishParted is publishMoving of packets that takeIn has, as publishRun has them; migrate
// tells that some may.
func (l *fastLine) publishParted(at, arrivals, late []int64, migrate bool) {
	if !migrate {
		l.publishRun(at, arrivals, late)
		return
	}
	mark, done := uint16(l.on.index+1), 0
	run := func(to int) {
		if done < to {
			l.publishRun(at[done:to], arrivals[done:to], late[done:to])
		}
	}
	for i, a := range l.aside[l.filled:][:len(at)] {
		if migrates(a.before, mark) {
			run(i)
			l.filled++
			l.publishMoving(at[i])
			done = i + 1
		}
	}
	run(len(at))
}

// publishMoving is publishPlain of the oldest packet that waits for it, where another CPU may have taken its
// flow's packet before.
func (l *fastLine) publishMoving(t int64) {
	i := l.published
	if migrates(l.aside[i].before, uint16(l.on.index+1)) {
		if t > l.quietUntil {
			l.meetPlain(t)
		}
		l.end += l.m.cfg.MigrationCost
		l.on.MigratedPackets++
	}
	l.publishPlain(t, l.arrival[i])
}

// eachEnd calls f with when the DPC begins and ends with each packet that waits, of a plain
// line.
func (l *fastLine) eachEnd(f func(i int, start, end int64)) {
	end := l.nextPoll + l.m.cfg.DPCCost
	for i := l.taken; i < l.published; i++ {
		start := end
		end += l.cost
		if migrates(l.aside[i].before, uint16(l.on.index+1)) {
			end += l.m.cfg.MigrationCost
		}
		f(i, start, end)
	}
}

// keepWork keeps what a plain line works on: a change may come meanwhile.
func (l *fastLine) keepWork() {
	moving := l.moving
	moving.work, moving.told = moving.work[:0], false
	l.eachEnd(func(i int, start, end int64) {
		moving.work = append(moving.work, movingPacket{start, end, l.arrival[i], l.rest[i].of})
	})
}

// leavePlain makes the line one whose packets are counted when they are taken: what was
// counted of those that wait is taken back.
func (l *fastLine) leavePlain() {
	cpu, waiting := l.on, l.published-l.taken
	l.eachEnd(func(i int, _, end int64) {
		late := end - l.arrival[i]
		cpu.latency.Uncount(late)
		l.lateness -= late
		if migrates(l.aside[i].before, uint16(cpu.index+1)) {
			cpu.MigratedPackets--
		}
	})
	l.m.uncount(&cpu.series, l.arrival[l.taken:l.published])
	if waiting > 0 {
		l.latest = l.latestBefore
	}
	cpu.latency.Add(l.gone+uint64(l.taken)-l.plainFrom, l.lateness, max(l.latest, cpu.latency.Max))
	l.plain, l.lateness, l.latest, l.latestBefore = false, 0, 0, 0
}

// becomePlain makes it plain again.
func (l *fastLine) becomePlain() {
	waiting := l.published - l.taken
	l.plain, l.called, l.plainFrom, l.published = true, false, l.gone+uint64(l.taken), l.taken
	if l.quietUntil = l.nextPoll; waiting > 0 {
		l.end = l.nextPoll + l.m.cfg.DPCCost
	}
	for ; waiting > 0; waiting-- {
		l.publishMoving(l.quietUntil)
	}
}
