package engine

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/nicmodel"
)

// fastMoving is fastRSS where the table or the affinity changes: rssMSIX and rssHWQueues
// with those that are given while packets arrive, or rssMSIX with a rebalancer.
//
// Optimization: it equals those. Between two moves every flow has one CPU, and its
// packets are taken in the order of their arrival, so that CPUs need not know of each
// other. Only after a move may packets of one flow be on two CPUs at once. From then
// on, until all that had arrived before is done, the engine is unsettled: DPCs start
// in order of time, and who overtakes whom is looked at.
//
// While it is settled, which CPU had a packet's flow before is known when it arrives: its
// entry's, until that is moved for the first time, and what counted tells from then on.
type fastMoving struct {
	*fastRSS
	counted *affinity.Counted  // of flows from the first move of their entry on
	moved   []movedEntry       // per target
	moves   bool               // any was moved
	follow  []uint32           // of a batch, flows of entries that were
	rings   *queueRings        // nil: each CPU has one queue for good
	bytes   []uint64           // per queue
	done    []uint64           // per CPU: accepted packets up to the last tick
	sends   []affinity.SendRef // of the batch, those still to come
	plain   bool               // lines are plain while the engine is settled

	known    uint32                // flows with a packet that arrived
	refused  bigarray.Sparse[bool] // of these, those of which none was accepted
	refusals int                   // how many these are

	changing  bool
	unsettled bool
	marks     []uint64 // per CPU: the packets that it accepted before the latest move
	settles   int64    // all of these are taken, and done then; Never until they are

	// While the engine is unsettled, Model.latest has the flows touched that packets of then
	// are of; noneYet of which none was taken. Once it is settled it has those alone whose
	// latest packet was not the last to arrive, until their next one does.
	touched []uint32
	late    int // settled: how many these are
}

// noneYet stands for the CPU that took a flow's latest packet, where none did; in
// Model.latest, whose 0 says that it is not told there.
const noneYet = math.MaxUint16

// movedEntry is what was before the first move of a target's CPU.
type movedEntry struct {
	yes   bool
	cpu   uint16
	flows uint32 // that were known
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

// moves reports whether fastMoving applies: something changes, and flows have one entry each.
func (m *Model) moves(varies bool) bool {
	return (m.mode == RSSMSIX || m.mode == RSSHWQueues && m.closesCycles()) && (m.ownQueues() || m.movesQueues()) &&
		m.changes != nil && (len(m.changes.affinities) == 0 || m.movesQueues()) && !varies && m.observe == nil && !m.cfg.RuleDrops && len(m.cpus) > 1 && len(m.queues) > 1
}

// movesQueues reports whether a CPU may have several queues at once.
func (m *Model) movesQueues() bool {
	return (len(m.cfg.Affinities) > 0 || !m.ownQueues()) && m.homeCPUs == nil && m.cfg.Drain == Snapshot && m.cfg.DPCBudget == 0
}

func newFastMoving(m *Model) *fastMoving {
	counted := m.CountedAffinity
	m.FixedAffinity, m.CountedAffinity = affinity.NewMoving(counted, nil), nil
	e := &fastMoving{
		fastRSS: newFastRSS(m), counted: counted,
		moved: make([]movedEntry, len(m.targets)), bytes: make([]uint64, len(m.queues)),
		done: make([]uint64, len(m.cpus)), marks: make([]uint64, len(m.cpus)),
		plain: m.mode == RSSMSIX && m.homeCPUs == nil && m.cfg.Drain == Snapshot && m.cfg.DPCBudget == 0 && m.cfg.RxFrames == 1 && m.cfg.ByteCost == 0,
	}
	if m.movesQueues() {
		e.rings = newQueueRings(m)
		e.rings.aim(e.lines)
	}
	for c := range e.lines {
		l := &e.lines[c]
		l.rings = e.rings
		l.moving, l.plain, l.aside = &movingLine{of: e}, e.plain, make([]aside, len(l.arrival))
	}
	m.derive = e.derive
	return e
}

func (e *fastMoving) Process(b *Batch) {
	m := e.Model
	m.prepare(b)
	e.sends = b.Sends
	e.counted.Grow(b.Flows)
	if e.moves {
		e.expect(b)
	}
	for from, to := 0, 0; from < b.N; from = to {
		if b.Time[from] >= m.changeAt {
			e.change(b.Time[from])
		}
		if to = b.N; b.Time[to-1] >= m.changeAt {
			for to = from + 1; b.Time[to] < m.changeAt; to++ {
			}
		}
		e.arrive(b, from, to)
	}
	m.arrived(b)
}

// expect prefetches what counted will tell.
func (e *fastMoving) expect(b *Batch) {
	// Optimization: no branch on which entries were moved; it could not be foretold.
	if e.follow == nil {
		e.follow = make([]uint32, BatchSize)
	}
	n, moved := 0, e.moved
	for i, entry := range b.steered(e.steering).Entry[:b.N] {
		e.follow[n] = b.Flow[i]
		if moved[min(int(entry), len(moved)-1)].yes {
			n++
		}
	}
	affinity.Expect(e.counted, e.follow[:n])
}

// arrive lets the packets from one to before another arrive; nothing changes between them.
func (e *fastMoving) arrive(b *Batch, from, to int) {
	e.count(b, from, to)
	in := b.arriving(e.steering)
	if !e.unsettled && to-from == b.N && e.follows(b, &in) {
		from = e.plan.begin
		e.step(b, 0, from)
		if from < b.N {
			e.overdue(b.Time[from])
		}
		if e.clear(&in, from) {
			from = e.together(b, from, e.plan.open)
		}
	}
	e.step(b, from, to)
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
	moves := !slices.Equal(queueCPU, e.changes.queueCPU)
	for i, to := range e.targets {
		e.bursts.Lead(i, to.queue)
		if to.cpu != before[i].cpu {
			moves = true
			if m := &e.moved[i]; !m.yes {
				*m = movedEntry{true, before[i].cpu, e.known}
			}
			e.of[i] = &e.lines[to.cpu]
		}
	}
	if e.rings != nil {
		e.rings.aim(e.lines)
	}
	if moves {
		e.moves = true
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
		e.touched = slices.DeleteFunc(e.touched, func(flow uint32) bool { return *e.latest.At(flow) == 0 })
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

// touch tells Model.latest which CPU took the latest packet of flow, if it does not know.
func (e *fastMoving) touch(flow uint32, last uint16) {
	if flow == NoFlow {
		return
	}
	if latest := e.latest.At(flow); *latest == 0 {
		if last == 0 {
			last = noneYet
		}
		*latest = last
		e.touched = append(e.touched, flow)
	}
}

// settle is the moment when all that arrived before the latest move is done: no packet
// of a flow is on another CPU than its next ones.
func (e *fastMoving) settle(now int64) {
	e.unsettled = false
	for c := range e.lines {
		l := &e.lines[c]
		for i := l.taken; i < l.filled; i++ {
			if flow := l.rest[i].of; flow != NoFlow {
				latest := e.latest.At(flow)
				l.aside[i].before = *latest
				if *latest == noneYet {
					l.aside[i].before = 0
				}
				*latest = uint16(c + 1)
			}
		}
		if e.plain {
			l.becomePlain()
		}
		if e.rings != nil {
			l.giveBackBy(now)
			l.relimit()
		}
	}
	e.touched = slices.DeleteFunc(e.touched, func(flow uint32) bool {
		latest, last := e.latest.At(flow), e.counted.Last(flow)
		if last == 0 || last == int(*latest) {
			*latest = 0
		}
		return *latest == 0
	})
	e.late = len(e.touched)
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

// together is fastRSS's.
func (e *fastMoving) together(b *Batch, from, to int) int {
	entries, times, at := b.steered(e.steering).Entry[:to], b.Time[:to], e.plan.at[:to]
	of, more := e.of, e.cfg.DMABatch+1
	for i := from; i < to; i++ {
		target := min(int(entries[i]), len(of)-1)
		l := of[target]
		if l.filled+more > l.limit && l.tight(more) {
			to = e.plan.next(i + 1)
		}
		e.fill(l, times[i], b.Length[i], b.Flow[i], target)
		l.publishNext(at[i])
	}
	return to
}

// step is fastRSS's.
func (e *fastMoving) step(b *Batch, from, to int) {
	m := e.Model
	entries := b.steered(m.steering).Entry[:to]
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
				l.drop(b.Length[i])
				e.drop(b.Flow[i])
				continue
			}
		}
		e.fill(l, t, b.Length[i], b.Flow[i], target)
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

// drop notes a packet that found no buffer.
func (e *fastMoving) drop(flow uint32) {
	e.FixedAffinity.Drop(flow)
	if flow == e.known {
		e.known++
		e.refusals++
		*e.refused.Ensure(flow) = true
	}
}

// fill fills a buffer of l for a packet.
func (e *fastMoving) fill(l *fastLine, t int64, length, flow uint32, target int) {
	last := uint16(l.on.index + 1)
	// Optimization: most flows are known, and stay; no flow has a number that is known.
	if flow >= e.known || e.moved[target].yes || e.unsettled || e.refusals > 0 {
		last = e.before(l, flow, target)
	}
	a := &l.aside[l.filled]
	if a.before = last; e.rings != nil {
		a.queue = e.targets[target].queue
		e.rings.used[a.queue]++
		e.rings.accepted[a.queue]++
	}
	l.fill(t, length, flow)
}

// before is the CPU, and 1, that has the packet of flow before one that l accepted; 0 if
// there is none.
func (e *fastMoving) before(l *fastLine, flow uint32, target int) (last uint16) {
	if flow == NoFlow {
		return 0
	}
	begins := flow == e.known
	if begins {
		e.known++
	} else if e.refusals > 0 {
		if refused := e.refused.At(flow); refused != nil && *refused {
			*refused, begins = false, true
			e.refusals--
		}
	}
	switch from := &e.moved[target]; {
	case from.yes:
		if !begins && flow < from.flows {
			e.counted.Meet(flow, int(from.cpu)) // unless it is counted since
		}
		last = uint16(e.counted.Took(flow, l.on.index))
	case !begins:
		last = uint16(l.on.index + 1)
	}
	switch {
	case e.unsettled:
		e.touch(flow, last)
	case e.late > 0:
		if latest := e.latest.At(flow); *latest != 0 {
			last, *latest = *latest, 0
			e.late--
		}
	}
	return last
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
		if tells && p.of != NoFlow {
			latest := m.latest.At(p.of)
			last = *latest
			*latest = mark
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

// migrates reports whether the CPU of mark takes a packet of a flow that last was on; both
// are CPUs, and 1.
func migrates(last, mark uint16) bool { return last != mark && last != 0 && last != noneYet }

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
