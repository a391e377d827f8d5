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
	bytes uint64 // received

	changing bool
	mark     uint64 // the packets that were accepted before the latest move

	// The packets that were dealt last and that a change may come before the end of, and
	// whether the model's order was told of them.
	work []singlePacket
	told bool

	// alone tells that no packet of those that were dealt last migrates, and nothing is to be
	// told of them.
	alone bool
}

// singlePacket is a packet that was dealt to a CPU.
type singlePacket struct {
	cpu int
	movingPacket
}

func newFastMovingSingleQueue(m *Model) *fastMovingSingleQueue {
	flows := newMovedFlows(m)
	e := &fastMovingSingleQueue{fastRSSSingleQueue: newFastRSSSingleQueue(m), movedFlows: flows}
	e.line.aside = make([]aside, len(e.line.arrival))
	e.line.distributor.moving = e
	m.derive = e.derive
	return e
}

func (e *fastMovingSingleQueue) Process(b *Batch) {
	m, l := e.Model, &e.line
	m.prepare(b)
	entries := b.steered(m.steering).Entry[:b.N]
	e.begin(b)
	for i, t := range b.Time[:b.N] {
		if t >= m.changeAt {
			e.change(t)
		}
		if e.unsettled {
			e.until(t)
		}
		entry := min(int(entries[i]), len(m.targets)-1) // see model.target
		cpu, length, flow := int(m.targets[entry].cpu), b.Length[i], b.Flow[i]
		e.bytes += uint64(length)
		m.changes.arrived.count(t, uint16(cpu))
		if l.filled >= l.limit && l.full(t) {
			l.drops++
			m.FixedAffinity.Drop(flow)
			e.drop(flow, b.Nth[i])
			continue
		}
		m.cpus[cpu].Bytes += uint64(length)
		l.aside[l.filled].before = e.before(b, i, entry, cpu)
		l.fill(t, flow, uint32(cpu)) // no cost asks for the length
		l.publish(t)
	}
	m.arrived(b)
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
		l.aside[i].before = e.take(l.rest[i].length, int(l.rest[i].of))
	}
	e.release()
}

// deal tells the shares which packets of those that wait in l, which is taken at start, they
// have.
func (e *fastMovingSingleQueue) deal(l *fastLine, shares []share, start int64) {
	e.work, e.told = e.work[:0], e.unsettled
	if e.alone = !e.unsettled && !e.changing && e.doneBefore(l, start, e.changeAt) && !e.migrates(l); e.alone {
		return
	}
	for c := range shares {
		shares[c].packets = shares[c].packets[:0]
	}
	for i := l.taken; i < l.published; i++ {
		s := &shares[l.rest[i].of]
		s.packets = append(s.packets, i)
	}
}

// doneBefore reports whether all that waits in l, which is taken at start, is surely done
// before t.
func (e *fastMovingSingleQueue) doneBefore(l *fastLine, start, t int64) bool {
	c, n := e.cfg, int64(l.published-l.taken)
	return start+2*c.DPCCost+c.IPILatency+n*(c.DistributeCost+c.PacketCost+c.MigrationCost) < t
}

// migrates reports whether any packet that waits in l does.
func (e *fastMovingSingleQueue) migrates(l *fastLine) bool {
	to := l.rest[l.taken:l.published]
	for i, a := range l.aside[l.taken:l.published] {
		if migrates(a.before, uint16(to[i].of+1)) {
			return true
		}
	}
	return false
}

// indicate is Histogram.Run of a share, which c takes: the cost of a packet depends on where
// its flow was.
func (e *fastMovingSingleQueue) indicate(c *cpu, s *share, start int64) (end int64) {
	if e.alone {
		return c.latency.Run(s.arrival, start, e.cfg.PacketCost)
	}
	l, h, cost, n := &e.line, &c.latency, e.cfg.PacketCost, len(s.packets)
	keeps := e.unsettled || e.changing || start+int64(n)*(cost+e.cfg.MigrationCost) >= e.changeAt
	end = start
	sum, most := int64(0), h.Max
	for k, i := range s.packets {
		flow, last, begun, arrival := l.rest[i].length, l.aside[i].before, end, s.arrival[k]
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

// derive counts the queue.
func (e *fastMovingSingleQueue) derive([]EntryLoad, uint64) {
	e.line.counted(&e.queues[0], e.bytes)
	e.counted.Enter()
}
