package engine

import (
	"slices"

	"rssreplay/dispatch/internal/prefetch"
)

// aimed is the ways of the packets of a batch.
type aimed struct {
	way [BatchSize]way
	own [BatchSize]bool // the stack's own hash chose the CPU from several
}

// way is a packet's queue and the CPU that it is steered to, or notSteered, and 1; 0: none.
type way uint32

func wayOf(queue, cpu uint16) way { return (way(queue)<<16 | way(cpu)) + 1 }

func (w way) queue() uint16 { return uint16((w - 1) >> 16) }
func (w way) cpu() uint16   { return uint16(w - 1) }

// aim finds the ways of the packets of a batch before they arrive, and reports whether
// each flow has one.
func (e *fastHop) aim(b *Batch) bool {
	e.ways.Grow(b.Flows)
	if missing := int(b.Flows+63)/64 - len(e.met); missing > 0 {
		e.met = append(e.met, make([]uint64, missing)...)
	}
	// Optimization: few at once, so that what is expected is still there when it is asked for.
	const together = 512
	for from := 0; from < b.N; from += together {
		if !e.aimSome(b, from, min(from+together, b.N)) {
			return false
		}
	}
	return true
}

// aimSome is aim of the packets from one to before another.
func (e *fastHop) aimSome(b *Batch, from, to int) bool {
	prefetch.Records(e.ways.Chunks, b.Flow[from:to])
	steered, ways := b.steered(e.steering), e.aimed.way[:to]
	for i := from; i < to; i++ {
		entry := steered.Entry[i]
		if entry >= Sent {
			ways[i] = 0
			continue
		}
		queue := uint16(0)
		if e.mode == RSSMSIX {
			queue = e.target(entry).queue
		}
		cpu, own := e.cfg.RPS.target(queue, b, steered.NIC, i)
		ways[i], e.aimed.own[i] = wayOf(queue, cpu), own
	}
	flows := b.Flow[:to]
	for i := from; i < to; i++ {
		way := ways[i]
		if way == 0 || flows[i] == NoFlow {
			continue
		}
		had := e.ways.At(flows[i])
		if *had != 0 && *had != way || way.cpu() == notSteered && e.mode == NonRSS { // the vector's CPU changes there
			return false
		}
		*had = way
	}
	return true
}

// meet notes that a packet of flow is taken to be indicated.
func (e *fastHop) meet(flow uint32) {
	if flow != NoFlow {
		e.met[flow/64] |= 1 << (flow % 64)
	}
}

// wayTo is the CPU where a flow's packets are indicated that have one way.
func (e *fastHop) wayTo(flow uint32) int {
	way := *e.ways.At(flow)
	if to := way.cpu(); to != notSteered {
		return int(to)
	}
	return e.cfg.QueueCPU[way.queue()]
}

// wakeUp has the events go on one by one, before the batch whose ways were looked at.
func (e *fastHop) wakeUp(flows uint32) {
	e.now = e.time // and no later: the NIC's list of completions may be due before the next arrival
	// What has been taken so far is not counted; from now on packets are.
	e.CountedAffinity.Grow(flows)
	e.latest.Grow(flows)
	for i, word := range e.met {
		for bit := range uint32(64) {
			if word>>bit&1 != 0 {
				flow := 64*uint32(i) + bit
				cpu := e.wayTo(flow)
				e.CountedAffinity.Meet(flow, cpu)
				*e.latest.At(flow) = uint16(cpu + 1)
			}
		}
	}
	for v := range e.cycles {
		e.complete(v, e.now)
		e.takeBack(v)
	}
	for c := range e.lines {
		e.look(c, &e.lines[c], e.now)
		e.cpus[c].BacklogMax = e.lines[c].most
	}
	var waiting []hopPacket
	for v := range e.cycles {
		waiting = e.wakeVector(waiting, v)
	}
	for c := range e.lines {
		waiting = e.wakeLine(waiting, c)
	}
	slices.SortFunc(waiting, func(a, b hopPacket) int { return int(int32(a.packet - b.packet)) })
	for _, p := range waiting {
		e.arrivals.add(p.packet, p.flow)
	}
	for c := range e.hops {
		e.plan(c)
	}
	e.aimed, e.lines, e.cycles, e.met = nil, nil, nil, nil
}

// wakeVector has a vector, and the turn of its DPC, where secondHop has them. It appends
// the packets of its queue, and the one on its way to a backlog: they are to be settled.
func (e *fastHop) wakeVector(waiting []hopPacket, v int) []hopPacket {
	y, q, vector := &e.cycles[v], &e.queues[v], &e.vectors[v]
	for i := y.seen; i < q.Waiting(); i++ {
		e.published(q.Peek(i).Queue)
	}
	for i := range q.Untaken() {
		b := q.Peek(i)
		waiting = append(waiting, hopPacket{packet: b.Packet, flow: b.Flow})
	}
	switch y.state {
	case hopIdle:
		return waiting
	case hopArmed:
		vector.armed = true
		e.hops[v].raise = at(y.raise, stepRaises)
		return waiting
	}
	vector.masked, vector.cpu = true, y.cpu
	h, l := &e.hops[y.cpu], &e.lines[y.cpu]
	h.vector = v
	if y.state == hopRaised {
		if from := l.vectorFrom.time(); from >= e.now {
			h.isr = at(from, stepStarts)
		} else {
			h.wait(vectorDPC)
		}
		return waiting
	}
	h.having, h.taken, h.indicated = vectorDPC, y.taken, y.indicated
	h.doing, h.turn = starting, at(y.decides, stepStarts)
	if y.taken > 0 && y.decides > e.now {
		b := q.Peek(-1)
		h.packet = hopPacket{arrival: b.Arrival, length: b.Length, flow: b.Flow, packet: b.Packet, queue: b.Queue, target: b.CPU}
		h.doing, h.turn = indicating, at(y.decides, stepEnds)
		if b.CPU != notSteered {
			h.doing = steering
			waiting = append(waiting, h.packet)
		}
	}
	for _, to := range y.targets {
		if y.joined[to] > 0 {
			h.joined[to/64] |= 1 << (to % 64)
		}
	}
	return waiting
}

// takeBack takes back the packet of a turn that joins a backlog later than now.
func (e *fastHop) takeBack(v int) {
	y := &e.cycles[v]
	if y.state != hopTurning || y.taken == 0 || y.decides <= e.now || y.indicating {
		return
	}
	to := e.queues[v].Peek(-1).CPU
	e.lines[to].leave(y.decides, uint16(y.cpu))
	y.joined[to]--
}

// leave takes back the packet of a CPU that was to join at a time.
func (l *hopLine) leave(time int64, from uint16) {
	mask, i := uint64(len(l.joins)-1), l.in-1
	for l.joins[i&mask].time != time || l.joins[i&mask].from != from {
		i--
	}
	for l.in--; i < l.in; i++ {
		l.joins[i&mask] = l.joins[(i+1)&mask]
	}
}

// wakeLine has a CPU's backlog where secondHop has it, after wakeVector. It appends the
// packets that wait there.
func (e *fastHop) wakeLine(waiting []hopPacket, c int) []hopPacket {
	l, h := &e.lines[c], &e.hops[c]
	mask := uint64(len(l.joins) - 1)
	for i := l.out; i < l.in; i++ {
		j := &l.joins[i&mask]
		p := hopPacket{arrival: j.arrival, length: j.length, flow: j.flow, packet: j.packet, queue: j.queue, target: uint16(c)}
		h.backlog.push(&p)
		waiting = append(waiting, p)
	}
	h.scheduled = l.scheduled
	switch from := l.backlogFrom.time(); {
	case l.turn:
		h.having, h.taken, h.indicated = backlogNAPI, l.taken, l.taken
		h.doing, h.turn = starting, at(l.decides, stepStarts)
		if l.taken > 0 { // it is counted, and its end is not seen
			j := &l.joins[(l.out-1)&mask]
			e.order.Indicated(0, j.flow, j.packet, l.decides)
		}
	case !l.scheduled:
	case from >= e.now:
		h.ipi = at(from, stepStarts)
		e.cpus[c].IPIs--
	default:
		h.wait(backlogNAPI)
	}
	return waiting
}
