package engine

import (
	"math"
	"slices"
)

// fastMovingSingleQueue is fastRSSSingleQueue where the table or the affinity changes.
//
// Optimization: it equals rssSingleQueue. CPUs take their shares of the one queue one after
// the other, so that which one had a flow before is known from the flows alone; and who
// overtakes whom is looked at only while the engine is unsettled: from a move on, until all
// that had arrived before is done.
type fastMovingSingleQueue struct {
	*fastRSSSingleQueue
	movedFlows
	bytes []uint64 // per CPU: of the packets that arrive for it

	changing bool
	mark     uint64 // the packets that were accepted before the latest move

	// The packets that were dealt last and that a change may come before the end of, and
	// whether the model's order was told of them.
	work []singlePacket
	told bool

	packets [][]int // per CPU: places in the line of those that were dealt to it last
}

// singlePacket is a packet that was dealt to a CPU.
type singlePacket struct {
	cpu int
	movingPacket
}

func newFastMovingSingleQueue(m *Model) *fastMovingSingleQueue {
	flows := newMovedFlows(m)
	e := &fastMovingSingleQueue{fastRSSSingleQueue: newFastRSSSingleQueue(m), movedFlows: flows, bytes: make([]uint64, len(m.cpus)), packets: make([][]int, len(m.cpus))}
	e.line.aside = make([]aside, len(e.line.arrival))
	e.line.distributor.moving = e
	m.derive = e.derive
	return e
}

func (e *fastMovingSingleQueue) Process(b *Batch) {
	m := e.Model
	m.prepare(b)
	e.begin(b)
	in := b.arriving(m.steering)
	for from, to := 0, 0; from < b.N; from = to {
		if b.Time[from] >= m.changeAt {
			e.change(b.Time[from])
		}
		to = endBefore(in.time, from, m.changeAt)
		e.count(&in, from, to)
		e.arrive(&in, from, to)
	}
	m.arrived(b)
}

// count counts what is known of packets when they arrive, of those from one to before
// another.
func (e *fastMovingSingleQueue) count(in *arriving, from, to int) {
	times, entries, lengths := in.time[:to], in.entry[:to], in.length[:to]
	targets, bytes := e.targets, e.bytes
	for from < to {
		packets, until := e.changes.arrived.window(times[from])
		for ; from < to && times[from] < until; from++ {
			cpu := targets[min(int(entries[from]), len(targets)-1)].cpu // see model.target
			packets[cpu]++
			bytes[cpu] += uint64(lengths[from])
		}
	}
}

// arrive lets the packets from one to before another arrive; nothing changes between them.
func (e *fastMovingSingleQueue) arrive(in *arriving, from, to int) {
	l, targets := &e.line, e.targets
	times, entries, flows := in.time[:to], in.entry[:to], in.flow[:to]
	for i := from; i < to; i++ {
		t := times[i]
		if e.unsettled {
			e.until(t)
		}
		target := min(int(entries[i]), len(targets)-1)
		cpu := int(targets[target].cpu)
		if l.filled >= l.limit && l.full(t) {
			l.drops++
			e.dropBytes[cpu] += uint64(in.length[i])
			e.FixedAffinity.Drop(flows[i])
			e.drop(flows[i], in.nth[i])
			continue
		}
		last := uint16(cpu + 1)
		if !e.stays(in, i) {
			last = e.look(in, i, target, cpu)
		}
		l.cameFrom(l.filled, last, cpu)
		l.fill(t, flows[i], uint32(cpu)) // no cost asks for the length
		l.publish(t)
	}
}

// change makes the changes up to t, the time of an arrival.
func (e *fastMovingSingleQueue) change(t int64) {
	e.changing = true
	e.line.advance(t)
	e.changing = false
	before := slices.Clone(e.targets)
	e.Model.change(t, nil)
	if e.move(before, e.targets) {
		e.unsettle(t)
	}
}

// unsettle is fastMoving's.
func (e *fastMovingSingleQueue) unsettle(t int64) {
	l := &e.line
	if !e.unsettled {
		e.forget()
		for i := l.taken; i < l.filled; i++ {
			e.touch(l.rest[i].length, l.aside[i].before)
		}
	}
	if !e.told {
		for _, p := range e.work {
			if p.end > t {
				e.order.Done(p.cpu, p.flow, uint64(p.arrival), p.end)
			}
		}
	}
	e.unsettled, e.told, e.mark = true, true, l.accepted()
}

// until does all work that comes before the arrivals at now, as long as the engine is
// unsettled.
func (e *fastMovingSingleQueue) until(now int64) {
	l := &e.line
	l.advance(now)
	e.order.Passed(now)
	if l.gone+uint64(l.taken) < e.mark || l.freed > now {
		return
	}
	for i := l.taken; i < l.filled; i++ {
		cpu := int(l.rest[i].of)
		l.cameFrom(i, e.take(l.rest[i].length, cpu), cpu)
	}
	e.release()
}

// alike reports whether no packet migrates of those that wait in l, which is taken at start,
// and nothing is to be told of them.
func (e *fastMovingSingleQueue) alike(l *fastLine, start int64) bool {
	e.work, e.told = e.work[:0], e.unsettled
	return !e.unsettled && !e.changing && e.doneBefore(l, start, e.changeAt) && !l.mayMigrate()
}

// deal is the distributor's, of packets that are not alike.
func (e *fastMovingSingleQueue) deal(l *fastLine, dealt int64) (end, back int64) {
	for c := range e.packets {
		e.packets[c] = e.packets[c][:0]
	}
	for i := l.taken; i < l.published; i++ {
		of := l.rest[i].of
		e.packets[of] = append(e.packets[of], i)
	}
	take := func(i int) {
		s, c, n := &e.line.distributor.shares[i], &e.cpus[i], len(e.packets[i])
		if s.n = n; n == 0 {
			return
		}
		begin, work := dealt, dealt
		if c != l.on {
			c.DPCs++
			begin += e.cfg.IPILatency
			work = begin + e.cfg.DPCCost
		}
		done := e.indicate(c, e.packets[i], work)
		if s.back = done; done == begin {
			s.back++ // it begins in step (4), after the arrivals
		}
		c.DPCTime += done - begin
		c.Packets += uint64(n)
		c.MaxPerDPC = max(c.MaxPerDPC, uint64(n))
		end, back = max(end, done), max(back, s.back)
	}
	own := l.on.index
	take(own) // it needs no other DPC
	for i := range e.packets {
		if i != own {
			take(i)
		}
	}
	return end, back
}

// doneBefore reports whether all that waits in l, which is taken at start, is surely done
// before t.
func (e *fastMovingSingleQueue) doneBefore(l *fastLine, start, t int64) bool {
	c, n := e.cfg, int64(l.published-l.taken)
	return start+2*c.DPCCost+c.IPILatency+n*(c.DistributeCost+c.PacketCost+c.MigrationCost) < t
}

// indicate is Histogram.Run of packets at these places in the line, which c takes: the cost of
// each depends on where its flow was.
func (e *fastMovingSingleQueue) indicate(c *cpu, places []int, start int64) (end int64) {
	l, h, cost, n := &e.line, &c.latency, e.cfg.PacketCost, len(places)
	keeps := e.unsettled || e.changing || start+int64(n)*(cost+e.cfg.MigrationCost) >= e.changeAt
	end = start
	sum, most := int64(0), h.Max
	for _, i := range places {
		flow, last, begun, arrival := l.rest[i].length, l.aside[i].before, end, l.arrival[i]
		e.inWindow(&c.series, arrival)
		if e.unsettled {
			last = e.take(flow, c.index)
		}
		end += cost
		if migrates(last, uint16(c.index+1)) {
			end += e.cfg.MigrationCost
			c.MigratedPackets++
		}
		late := end - arrival
		sum, most = sum+late, max(most, late)
		h.Count(late)
		if keeps {
			e.work = append(e.work, singlePacket{c.index, movingPacket{begun, end, arrival, flow}})
		}
		if e.unsettled {
			e.order.Done(c.index, flow, uint64(arrival), end)
		}
	}
	h.Add(uint64(n), sum, most)
	return end
}

func (e *fastMovingSingleQueue) Finish() {
	if e.unsettled {
		e.until(math.MaxInt64)
	}
	e.fastRSSSingleQueue.Finish()
}

// derive counts the queue and the CPUs.
func (e *fastMovingSingleQueue) derive([]EntryLoad, uint64) {
	total := uint64(0)
	for c, bytes := range e.bytes {
		e.cpus[c].Bytes = bytes - e.dropBytes[c]
		total += bytes
	}
	e.line.counted(&e.queues[0], total)
	e.counted.Enter()
}
