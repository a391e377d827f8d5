package engine

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/prefetch"
	"rssreplay/nicmodel"
)

// fastMoving is fastRSS where the table changes: rssMSIX with tables that are given
// while packets arrive, or with a rebalancer.
//
// Optimization: it equals rssMSIX. Between two moves every flow has one CPU, and its
// packets are taken in the order of their arrival, so that CPUs need not know of each
// other. Only after a move may packets of one flow be on two CPUs at once. From then
// on, until all that had arrived before is done, the engine is unsettled: DPCs start
// in order of time, and who overtakes whom is looked at.
type fastMoving struct {
	*fastRSS
	counted *affinity.Counted  // of flows from the first move of their entry on
	moved   []bool             // per target: its CPU was changed
	loads   []EntryLoad        // per target, since the last change; no flows
	bytes   []uint64           // per queue
	done    []uint64           // per CPU: accepted packets up to the last tick
	sends   []affinity.SendRef // of the batch, those still to come

	changing  bool
	unsettled bool
	marks     []uint64 // per CPU: the packets that it accepted before the latest move
	settles   int64    // all of these are taken, and done then; Never until they are
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

// moves reports whether only the table changes, and flows have one entry each: then
// fastMoving applies.
func (m *Model) moves(varies bool) bool {
	return m.mode == RSSMSIX && m.changes != nil && len(m.changes.affinities) == 0 && !varies &&
		m.observe == nil && !m.cfg.RuleDrops && len(m.cpus) > 1 && len(m.queues) > 1 && m.ownQueues()
}

func newFastMoving(m *Model) *fastMoving {
	counted := m.CountedAffinity
	m.FixedAffinity, m.CountedAffinity = affinity.NewMoving(counted, nil), nil
	e := &fastMoving{
		fastRSS: newFastRSS(m), counted: counted,
		moved: make([]bool, len(m.targets)), loads: make([]EntryLoad, len(m.targets)), bytes: make([]uint64, len(m.queues)),
		done: make([]uint64, len(m.cpus)), marks: make([]uint64, len(m.cpus)),
	}
	for c := range e.lines {
		e.lines[c].moving = &movingLine{of: e}
	}
	m.derive = e.derive
	return e
}

func (e *fastMoving) Process(b *Batch) {
	m := e.Model
	m.prepare(b)
	e.sends = b.Sends
	e.counted.Grow(b.Flows)
	prefetch.Records(m.latest.Chunks, b.Flow[:b.N])
	if slices.Contains(e.moved, true) {
		affinity.Expect(e.counted, b.Flow[:b.N])
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

// arrive lets the packets from one to before another arrive; nothing changes between them.
func (e *fastMoving) arrive(b *Batch, from, to int) {
	e.count(b, from, to)
	in := b.arriving(e.steering)
	if !e.unsettled && to-from == b.N && e.follows(b, &in) {
		from = e.plan.begin
		e.step(b, 0, from)
		if e.clear(&in, from) {
			from = e.together(b, from, e.plan.open)
		}
	}
	e.step(b, from, to)
}

// count counts what is known of packets when they arrive.
func (e *fastMoving) count(b *Batch, from, to int) {
	m := e.Model
	entries := b.steered(m.steering).Entry[:to]
	arrived, bursts := &m.changes.arrived, m.bursts
	for i := from; i < to; i++ {
		if entries[i] == Sent {
			continue
		}
		at := min(int(entries[i]), len(m.targets)-1) // see model.target
		load, target := &e.loads[at], m.targets[at]
		load.Packets++
		load.Bytes += uint64(b.Length[i])
		bursts.Arrive(target.queue, b.Time[i])
		arrived.count(b.Time[i], target.cpu)
	}
}

// flush adds up what was counted for the targets as they are.
func (e *fastMoving) flush() {
	for i := range e.loads {
		e.bytes[e.targets[i].queue] += e.loads[i].Bytes
		if e.changes.balancer != nil && i < len(e.changes.entries) {
			e.changes.entries[i] += e.loads[i].Packets
		}
	}
	clear(e.loads)
}

// change makes the changes up to t, the time of an arrival or a send.
func (e *fastMoving) change(t int64) {
	e.flush()
	e.changing = true
	before := slices.Clone(e.targets)
	e.Model.change(t, func(at int64) []int64 {
		e.overdue(at)
		e.advance(at)
		for c := range e.lines {
			accepted := e.lines[c].accepted()
			e.changes.indicate[c], e.done[c] = accepted-e.done[c], accepted
		}
		return e.busy(at)
	})
	moves := false
	for i, to := range e.targets {
		if to.cpu != before[i].cpu {
			e.moved[i], moves = true, true
			e.of[i] = &e.lines[to.cpu]
		}
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
	for c := range e.lines {
		l := &e.lines[c]
		for _, p := range l.moving.work {
			if p.end > t && !l.moving.told {
				e.order.Done(c, p.flow, uint64(p.arrival), p.end)
			}
		}
		l.moving.told = true
		for _, p := range l.rest[l.taken:l.filled] {
			e.counted.Meet(p.of, c)
		}
		e.marks[c] = l.accepted()
	}
	e.unsettled, e.settles = true, nicmodel.Never
}

// until does all work that comes before the arrivals at now, in the order in which it
// happens, as long as the engine is unsettled.
func (e *fastMoving) until(now int64) {
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
	e.unsettled = e.settles > now
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
		e.lines[cpu].publish(t)
	}
}

// busy is what each CPU has begun before the instant now, to which it was advanced.
func (e *fastMoving) busy(now int64) []int64 {
	var busy []int64
	for c := range e.lines {
		l := &e.lines[c]
		begun := e.cpus[c].Busy()
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
		l.fill(times[i], b.Length[i], b.Flow[i])
		l.publish(at[i])
		if e.moved[target] {
			e.countMoved(b.Flow[i], l.on.index)
		}
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
		if l.filled >= l.limit {
			if e.unsettled {
				e.until(t)
			}
			if l.full(t) {
				l.drop(b.Length[i])
				m.FixedAffinity.Drop(b.Flow[i])
				continue
			}
		}
		l.fill(t, b.Length[i], b.Flow[i])
		if e.moved[target] {
			e.countMoved(b.Flow[i], l.on.index)
		}
		if e.list.Add(uint16(l.on.index), t) {
			e.publish(t)
		}
	}
}

// countMoved counts an accepted packet of a flow whose entry was moved.
func (e *fastMoving) countMoved(flow uint32, cpu int) {
	if flow == NoFlow {
		return
	}
	if last := *e.latest.At(flow); last != 0 {
		e.counted.Meet(flow, int(last-1)) // where its packets were before; unsettle met those that were not taken then
	}
	e.counted.Took(flow, cpu)
}

func (e *fastMoving) Finish() {
	if at, pending := e.list.Deadline(); pending {
		e.publish(at)
	}
	if e.unsettled {
		e.until(math.MaxInt64)
	}
	e.fastRSS.Finish()
	e.flush()
}

// derive counts queues and CPUs.
func (e *fastMoving) derive([]EntryLoad, uint64) {
	for q, c := range e.cfg.QueueCPU {
		e.lines[c].counted(&e.queues[q], e.bytes[q])
	}
	e.counted.Enter()
}

// indicateMoving is indicate where another CPU may have taken the flow's packet before.
func (l *fastLine) indicateMoving(n int, start, until int64) (done int, end int64) {
	m, cpu, moving := l.m, l.on, l.moving
	h, mark := &cpu.latency, uint16(cpu.index+1)
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
		if p.of != NoFlow {
			if last := m.latest.At(p.of); *last != mark {
				if *last != 0 {
					end += m.cfg.MigrationCost
					cpu.MigratedPackets++
				}
				*last = mark
			}
		}
		late := end - arrival
		sum, most = sum+late, max(most, late)
		h.Count(late)
		if keeps {
			moving.work = append(moving.work, movingPacket{begun, end, arrival, p.of})
		}
		if tells {
			m.order.Done(cpu.index, p.of, uint64(arrival), end)
		}
	}
	h.Add(uint64(n), sum, most)
	return n, end
}
