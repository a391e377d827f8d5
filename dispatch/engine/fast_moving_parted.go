package engine

// movingParts is what a parting has of packets besides where flows move.
type movingParts struct {
	bytes  []uint64          // per CPU
	before [BatchSize]uint16 // aside's, where any target was moved, or takes are told of
	flow   [BatchSize]uint32 // where these are
	rest   [BatchSize]fastPacket
	aside  [BatchSize]aside
}

// parted is fastRSS's.
//
// Optimization: what a change asks for of the packets of each line is kept only where it may
// come before they are done, or where not all of a line are of one queue.
func (e *fastMoving) parted(in *arriving, from, to int) int {
	p, parts := e.parting, e.parts
	for from < to {
		end := min(from+p.most, to)
		if !e.hasRoom(in.entry[from:end]) {
			break
		}
		keeps := e.rings != nil && e.rings.several || e.mayMeetChange(from, end)
		turned := e.part(in, from, end, keeps)
		e.countParted(in, from, end)
		begin := 0
		for c, end := range p.ends {
			if end == begin {
				continue
			}
			l, times, before := &e.lines[c], p.time[begin:end], parts.before[begin:end]
			if keeps {
				l.takeIn(times, parts.rest[begin:end], parts.aside[begin:end])
			}
			if !turned {
				before = nil
			}
			l.publishParted(p.at[begin:end], times, p.late[:end-begin], before, parts.flow[begin:end])
			begin = end
		}
		from = end
	}
	return from
}

// mayMeetChange reports whether the next change may come before the lines are done with the
// packets from one to before another, whose CPUs hasRoom has found.
func (e *fastMoving) mayMeetChange(from, to int) bool {
	begins, end, last := e.parting.ends, to-from, e.plan.at[to-1]
	for c := len(begins) - 1; c >= 0; c-- {
		if begins[c] < end && e.lines[c].doneBy(last, end-begins[c]) >= e.changeAt {
			return true
		}
		end = begins[c]
	}
	return false
}

// part parts the packets from one to before another, whose CPUs hasRoom has found, with what
// a change asks for if keeps. It reports whether publishParted has to look for any of them.
func (e *fastMoving) part(in *arriving, from, to int, keeps bool) (turned bool) {
	p, parts := e.parting, e.parts
	at, times, flows, lengths, entries := e.plan.at[from:to], in.time[from:to], in.flow[from:to], in.length[from:to], in.entry[from:to]
	targets, looks, tells := e.targets, e.refusals > 0, e.beside != nil
	asks := e.moves || looks || keeps || tells
	last, bytes := len(targets)-1, parts.bytes
	clear(bytes)
	if !asks {
		p.part(at, times)
		for i, cpu := range p.cpus[:len(times)] {
			bytes[cpu] += uint64(lengths[i])
		}
		return false
	}
	for i, cpu := range p.cpus[:len(times)] {
		k := p.ends[cpu]
		p.ends[cpu] = k + 1
		p.at[k], p.time[k] = at[i], times[i]
		bytes[cpu] += uint64(lengths[i])
		target, before := min(int(entries[i]), last), cpu+1
		if looks || e.mayTurn(in, from+i, target) { // see stays
			before = e.look(in, from+i, target, int(cpu))
			turned = turned || tells || migrates(before, cpu+1)
		}
		parts.before[k], parts.flow[k] = before, flows[i]
		if keeps {
			parts.rest[k], parts.aside[k] = fastPacket{flows[i], lengths[i]}, aside{before, targets[target].queue}
		}
	}
	return turned
}

// countParted counts what is known of packets when they arrive, of those from one to before
// another that are parted.
func (e *fastMoving) countParted(in *arriving, from, to int) {
	p, times, entries, rings := e.parting, in.time[from:to], in.entry[from:to], e.rings
	packets, until := e.changes.arrived.window(times[0])
	crosses := times[len(times)-1] >= until
	begin := 0
	for c, end := range p.ends {
		switch {
		case end == begin:
		case rings == nil:
			e.countOfQueue(p.queueOf[c], c, begin, end)
		case len(rings.on[c]) == 1:
			queue := rings.on[c][0]
			rings.fill(queue, end-begin)
			e.countOfQueue(queue, c, begin, end)
		default:
			e.countOfQueues(begin, end)
		}
		if !crosses {
			packets[c] += uint64(end - begin)
		}
		begin = end
	}
	if crosses {
		for i, cpu := range p.cpus[:len(times)] {
			e.changes.arrived.count(times[i], cpu)
		}
	}
	if balanced := e.changes.entries; balanced != nil {
		for _, entry := range entries {
			if int(entry) < len(balanced) {
				balanced[entry]++
			}
		}
	}
}

// countOfQueue is countParted of the parted packets from one to before another, which are a
// CPU's, and all of one queue.
func (e *fastMoving) countOfQueue(queue uint16, cpu, from, to int) {
	e.bytes[queue] += e.parts.bytes[cpu]
	if e.ownsBursts {
		e.bursts.ArriveAll(queue, e.parting.time[from:to])
	}
}

// countOfQueues is countOfQueue where they are of several queues.
func (e *fastMoving) countOfQueues(from, to int) {
	rest, times := e.parts.rest[from:to], e.parting.time[from:to]
	for i, a := range e.parts.aside[from:to] {
		e.rings.fill(a.queue, 1)
		e.bytes[a.queue] += uint64(rest[i].length)
		if e.ownsBursts {
			e.bursts.Arrive(a.queue, times[i])
		}
	}
}

// takeIn is fill of packets that arrive at these times, but that they are still to be counted
// as filled.
func (l *fastLine) takeIn(times []int64, rest []fastPacket, asides []aside) {
	copy(l.arrival[l.filled:], times)
	copy(l.aside[l.filled:], asides)
	copy(l.rest[l.filled:], rest)
}

// publishParted is publishMoving of packets that the line has room for, as publishRun has
// them; before is nil if none migrates, and no take is told of.
func (l *fastLine) publishParted(at, arrivals, late []int64, before []uint16, flows []uint32) {
	mark, done, tells := uint16(l.on.index+1), 0, l.moving.of.beside != nil
	run := func(to int) {
		if done < to {
			l.publishRun(at[done:to], arrivals[done:to], late[done:to])
		}
	}
	for i, last := range before {
		if migrates(last, mark) || tells && last == 0 {
			run(i)
			l.filled++
			l.publishMoving(at[i], arrivals[i], last, flows[i])
			done = i + 1
		}
	}
	run(len(at))
}
