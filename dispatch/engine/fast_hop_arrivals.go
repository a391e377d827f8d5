package engine

import (
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
)

// hopTarget is where the packets of a table entry go.
type hopTarget struct {
	queue   uint16
	buffers *nicmodel.Queue // that a vector's DPC takes
	counts  *QueueCounters
	mask    []uint16 // RPS'; of notSteered alone if it is empty
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
		if len(goes[i].mask) == 0 {
			goes[i].mask = []uint16{notSteered}
		}
	}
	return goes
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
	steered := b.steered(e.steering)
	entries, times, lengths, flows, at := steered.Entry[:to], b.Time[:to], b.Length[:to], b.Flow[:to], at[:to]
	hashes, kinds, own, passed := steered.NIC.Hash[:to], steered.NIC.Kind[:to], b.Own[:to], e.cfg.RPS.Passed
	goes, last := e.goes, len(e.goes)-1
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
		// As RPS.target.
		hash := hashes[i]
		if passed&kinds[i] == 0 {
			if hash = own[i]; len(g.mask) > 1 {
				e.ownHashes++
			}
		}
		cpu := uint16(notSteered)
		if hash != 0 {
			cpu = g.mask[rps.Choose(hash, len(g.mask))]
		}
		buf := g.buffers.FillPublished()
		buf.Arrival, buf.Published, buf.Length, buf.Flow = times[i], at[i], lengths[i], flows[i]
		buf.Packet, buf.Queue, buf.CPU = b.First+uint32(i), g.queue, cpu
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
	}
}
