package engine

import "slices"

// lazyHop has each CPU of a secondHop do its events alone, many at once.
//
// Optimization: it equals one event after the other. Others see of a CPU what a
// vector's DPC does there, a packet that joins a backlog or the end of the turn; so the
// agenda has the soonest moment of that for each CPU. All else (an ISR, a backlog's
// turn) it does when that moment comes, or when others look at it: before a packet
// joins its backlog, before that is scheduled, and before a packet is published to its
// vector. In which order CPUs take the packets of one flow must not matter, so that all
// of a flow's packets have one way: from one queue to one CPU. Where a batch has
// others, the lazy times are over for good.
type lazyHop struct {
	on   bool
	last int64 // time of the latest event of any CPU
	time int64 // of the last arrival of the batches before

	done    moment // the latest event that the agenda asked for
	doneCPU int

	to  [BatchSize]uint16 // of the batch's packets: the CPU that each is steered to
	own [BatchSize]bool   // the stack's own hash chose it from several
}

// maySleep reports whether nobody wants to know all in order of time, and all work
// takes time, so that the events of one moment have one order.
func (e *secondHop) maySleep() bool {
	c := e.cfg
	return e.observe == nil && e.changes == nil && e.takes == nil &&
		c.DPCCost > 0 && c.PacketCost > 0 && c.RPS.Cost > 0 && c.IPILatency > 0
}

// aim finds the ways of the packets of a batch before they arrive, and wakes all if a
// flow has two.
func (e *secondHop) aim(b *Batch) {
	z := &e.lazy
	e.ways.Grow(b.Flows)
	if b.N == 0 {
		return
	}
	steered := b.steered(e.steering)
	for i, entry := range steered.Entry[:b.N] {
		if entry >= Sent {
			continue
		}
		queue := uint16(0)
		if e.mode == RSSMSIX {
			queue = e.target(entry).queue
		}
		to, own := e.cfg.RPS.target(queue, b, steered.NIC, i)
		z.to[i], z.own[i] = to, own
		if b.Flow[i] == NoFlow {
			continue
		}
		way := uint32(queue)<<16 | uint32(to) + 1
		had := e.ways.At(b.Flow[i])
		if *had != 0 && *had != way || to == notSteered && e.mode == NonRSS { // the vector's CPU changes there
			e.wakeUp(b.Flows)
			return
		}
		*had = way
	}
	z.time = b.Time[b.N-1]
}

// steer is the CPU that packet i of b, which took a buffer, is steered to.
func (e *secondHop) steer(b *Batch, i int, queue uint16) uint16 {
	if !e.lazy.on {
		return e.Model.steer(b, i, queue)
	}
	if e.lazy.own[i] {
		e.ownHashes++
	}
	return e.lazy.to[i]
}

// outlook is the soonest moment at which others may see what a CPU does.
func (e *secondHop) outlook(c int) moment {
	h := &e.hops[c]
	if !e.lazy.on {
		return h.next()
	}
	least := min(e.cfg.RPS.Cost, e.cfg.PacketCost) // of a packet, with which a vector's turn begins
	when := never
	switch {
	case h.having == vectorDPC && h.doing == starting:
		when = at(h.turn.time()+least, stepEnds)
	case h.having == vectorDPC:
		when = h.turn
	case h.having == backlogNAPI && h.listed > 0:
		when = at(h.turn.time()+e.cfg.DPCCost+least, stepEnds)
	}
	if h.isr != never {
		when = min(when, at(h.isr.time()+e.cfg.DPCCost+least, stepEnds))
	}
	if h.raise != never {
		if e.mode == NonRSS { // it looks at all
			return min(when, h.raise)
		}
		when = min(when, at(h.raise.time()+e.cfg.InterruptLatency+e.cfg.ISRCost+e.cfg.DPCCost+least, stepEnds))
	}
	return when
}

// awake does the events of a CPU up to a moment that the agenda had for it, included.
func (e *secondHop) awake(c int, h *hopCPU, when moment) {
	for next := h.next(); next <= when; next = h.next() {
		e.now = next.time()
		e.do(c, h, next)
		e.lazy.done, e.lazy.doneCPU = next, c
	}
	e.lazy.last = max(e.lazy.last, e.now)
}

// run does the events of a CPU that come before a moment; others see none of them.
func (e *secondHop) run(c int, end moment) {
	h, now := &e.hops[c], e.now
	next := h.next()
	if next >= end {
		return
	}
	for ; next < end; next = h.next() {
		e.now = next.time()
		e.do(c, h, next)
	}
	e.lazy.last = max(e.lazy.last, e.now)
	e.now = now
}

// awakeFor has another CPU do what comes before the event of CPU c that happens: of one
// moment the lowest CPU's comes first.
func (e *secondHop) awakeFor(c, other int, step moment) {
	if !e.lazy.on || c == other {
		return
	}
	end := at(e.now, step)
	if other < c {
		end++
	}
	e.run(other, end)
}

// awakeAll has all CPUs do what comes before the vector is raised now.
func (e *secondHop) awakeAll() {
	if !e.lazy.on || e.cfg.ISRCPU != LeastBusy {
		return
	}
	// A vector that is enabled is raised at once where packets wait, after what ended its turn.
	end, last := at(e.now, stepRaises), none
	if e.lazy.done > end {
		end, last = e.lazy.done, e.lazy.doneCPU
	}
	for c := range e.hops {
		if c < last {
			e.run(c, end+1)
		} else {
			e.run(c, end)
		}
	}
}

// meet does all that comes before a packet arrives for a vector's queue at now and that
// it could see.
func (e *secondHop) meet(v int, now int64) {
	e.catchUpAll(now)
	if !e.lazy.on {
		return
	}
	if e.mode == NonRSS {
		v = e.vectors[0].cpu
	}
	e.run(v, at(now, stepArrivals))
}

// takeAimed notes a packet that CPU c takes to indicate it.
func (e *secondHop) takeAimed(c int, p *hopPacket) {
	if p.flow == NoFlow {
		return
	}
	*e.latest.At(p.flow) = uint16(c + 1)
}

// wayTo is the CPU where a flow's packets are indicated that have one way.
func (e *secondHop) wayTo(flow uint32) int {
	way := *e.ways.At(flow) - 1
	if to := uint16(way); to != notSteered {
		return int(to)
	}
	return e.cfg.QueueCPU[way>>16]
}

// wakeUp ends the lazy times before the batch whose ways were looked at.
func (e *secondHop) wakeUp(flows uint32) {
	now := e.lazy.time // and no later: the NIC's list of completions may be due before the next arrival
	e.catchUpAll(now)
	for c := range e.hops {
		e.run(c, at(now, stepArrivals))
	}
	// What has been taken so far is not counted; from now on packets are.
	e.CountedAffinity.Grow(flows)
	e.latest.Grow(flows)
	for flow := range flows {
		if last := *e.latest.At(flow); last != 0 {
			e.CountedAffinity.Meet(flow, int(last-1))
		}
	}
	var waiting []hopPacket
	for c := range e.hops {
		h := &e.hops[c]
		switch {
		case h.having == vectorDPC && h.doing == steering:
			waiting = append(waiting, h.packet)
		case h.having == backlogNAPI && h.doing == indicating:
			e.order.Indicated(0, h.packet.flow, h.packet.packet, h.turn.time())
		}
		for i := h.backlog.out; i < h.backlog.in; i++ {
			waiting = append(waiting, h.backlog.packets[i&uint64(len(h.backlog.packets)-1)])
		}
	}
	for v := range e.queues {
		for i := range e.queues[v].Untaken() {
			b := e.queues[v].Peek(i)
			waiting = append(waiting, hopPacket{packet: b.Packet, flow: b.Flow})
		}
	}
	slices.SortFunc(waiting, func(a, b hopPacket) int { return int(int32(a.packet - b.packet)) })
	for _, p := range waiting {
		e.arrivals.add(p.packet, p.flow)
	}
	e.lazy = lazyHop{}
	for c := range e.hops {
		e.plan(c)
	}
	e.now = now
}
