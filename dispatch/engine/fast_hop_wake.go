package engine

import "slices"

// wakeUp has the events go on one by one, before the batch whose ways were looked at.
func (e *fastHop) wakeUp(flows uint32) {
	e.countAll()
	e.now = e.time // and no later: the NIC's list of completions may be due before the next arrival
	// What has been taken so far is not counted; from now on packets are.
	e.CountedAffinity.Grow(flows)
	e.latest.Grow(flows)
	e.chargeSends(e.now)
	if e.homeCPUs = e.sent.homes; e.homeCPUs != nil {
		e.homeCPUs.Grow(flows)
	}
	for i, word := range e.met {
		for bit := range uint32(64) {
			if word>>bit&1 != 0 {
				flow := 64*uint32(i) + bit
				cpu := e.wayTo(flow)
				e.CountedAffinity.Meet(flow, cpu)
				*e.latest.At(flow) = uint16(cpu + 1)
				if e.homeCPUs != nil {
					e.taken++
					e.homeCPUs.Took(flow, e.taken, cpu)
				}
			}
		}
	}
	for v := range e.cycles {
		e.complete(v, e.now)
		e.takeBack(v)
	}
	for c := range e.lines {
		e.look(c, e.lines[c], e.now)
		e.lines[c].countWaiting(e.now)
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
	e.inTurns, e.lines, e.cycles, e.met = false, nil, nil, nil
}

// wakeVector has a vector, and the turn of its DPC, where secondHop has them. It appends
// the packets of its queue, and the one on its way to a backlog: they are to be settled.
func (e *fastHop) wakeVector(waiting []hopPacket, v int) []hopPacket {
	y, q, vector := e.cycles[v], &e.queues[v], &e.vectors[v]
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
	h, l := &e.hops[y.cpu], e.lines[y.cpu]
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

// countWaiting counts how many wait that joined up to now, and up to which all is done.
func (l *hopLine) countWaiting(now int64) {
	mask := uint64(len(l.joins) - 1)
	for i := l.out; i < l.in && l.joins[i&mask].Published <= now; i++ {
		if i < l.most {
			continue
		}
		before := i - l.most
		if before >= l.out || l.joins[before&mask].taken >= l.joins[i&mask].Published {
			l.most++
		}
	}
}

// takeBack takes back the packet of a turn that joins a backlog later than now.
func (e *fastHop) takeBack(v int) {
	y := e.cycles[v]
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
	for l.joins[i&mask].Published != time || l.joins[i&mask].CPU != from {
		i--
	}
	for l.in--; i < l.in; i++ {
		l.joins[i&mask] = l.joins[(i+1)&mask]
	}
}

// wakeLine has a CPU's backlog where secondHop has it, after wakeVector. It appends the
// packets that wait there.
func (e *fastHop) wakeLine(waiting []hopPacket, c int) []hopPacket {
	l, h := e.lines[c], &e.hops[c]
	mask := uint64(len(l.joins) - 1)
	for i := l.out; i < l.in; i++ {
		j := &l.joins[i&mask]
		p := hopPacket{arrival: j.Arrival, length: j.Length, flow: j.Flow, packet: j.Packet, queue: j.Queue, target: uint16(c)}
		h.backlog.push(&p)
		waiting = append(waiting, p)
	}
	h.scheduled = l.scheduled()
	switch from := l.backlogFrom.time(); {
	case l.turn:
		h.having, h.taken, h.indicated = backlogNAPI, l.taken, l.taken
		h.doing, h.turn = starting, at(l.decides, stepStarts)
		if l.taken > 0 { // it is counted, and its end is not seen
			j := &l.joins[(l.out-1)&mask]
			e.order.Indicated(0, j.Flow, j.Packet, l.decides)
		}
	case !l.scheduled():
	case from >= e.now:
		h.ipi = at(from, stepStarts)
		e.cpus[c].IPIs--
	default:
		h.wait(backlogNAPI)
	}
	return waiting
}
