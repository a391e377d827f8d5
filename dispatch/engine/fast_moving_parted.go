package engine

// movingParts is what a parting has of packets besides where flows move.
type movingParts struct {
	bytes    []uint64          // per CPU
	places   [BatchSize]uint16 // in their order of arrival: where each is among all
	migrants [][]migrant       // per CPU: those that publishMoving is to publish

	// Where a change asks for it.
	rest  [BatchSize]fastPacket
	aside [BatchSize]aside
}

// migrant is a parted packet whose flow comes from another CPU, or begins and takes are told of.
type migrant struct {
	place  int
	before uint16 // aside's
	flow   uint32
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
		e.part(in, from, end, keeps)
		e.countParted(in, from, end)
		begin := 0
		for c, end := range p.ends {
			if end == begin {
				continue
			}
			l, times := &e.lines[c], p.time[begin:end]
			if keeps {
				l.takeIn(times, parts.rest[begin:end], parts.aside[begin:end])
			}
			l.publishParted(p.at[begin:end], times, p.doneAt[:end-begin], parts.migrants[c], begin)
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
// a change asks for if keeps.
func (e *fastMoving) part(in *arriving, from, to int, keeps bool) {
	p, parts := e.parting, e.parts
	at, times, lengths := e.plan.at[from:to], in.time[from:to], in.length[from:to]
	ends, bytes, places := p.ends, parts.bytes, parts.places[:len(times)]
	at, lengths = at[:len(times)], lengths[:len(times)]
	clear(bytes)
	for i, cpu := range p.cpus[:len(times)] {
		k := ends[cpu]
		ends[cpu] = k + 1
		p.at[k], p.time[k] = at[i], times[i]
		bytes[cpu] += uint64(lengths[i])
		places[i] = uint16(k)
	}
	if keeps {
		e.keep(in, from, to)
	}
	for c := range parts.migrants {
		parts.migrants[c] = parts.migrants[c][:0]
	}
	if e.moves || keeps || e.refusals > 0 || e.beside != nil {
		e.lookAt(in, from, to)
	}
}

// lookAt looks at those of the packets from one to before another, which are parted.
func (e *fastMoving) lookAt(in *arriving, from, to int) {
	parts, last, tells := e.parts, len(e.targets)-1, e.beside != nil
	for i := e.nextTurn(in, from, to); i < to; i = e.nextTurn(in, i+1, to) {
		cpu, place := e.parting.cpus[i-from], int(parts.places[i-from])
		before := e.look(in, i, min(int(in.entry[i]), last), int(cpu))
		parts.aside[place].before = before
		if migrates(before, cpu+1) || tells && before == 0 {
			parts.migrants[cpu] = append(parts.migrants[cpu], migrant{place, before, in.flow[i]})
		}
	}
}

// keep keeps what a change asks for of the packets from one to before another; lookAt tells
// it where flows were before.
func (e *fastMoving) keep(in *arriving, from, to int) {
	p, parts, targets := e.parting, e.parts, e.targets
	flows, lengths, entries := in.flow[from:to], in.length[from:to], in.entry[from:to]
	for i, place := range parts.places[:to-from] {
		target := min(int(entries[i]), len(targets)-1)
		parts.rest[place], parts.aside[place] = fastPacket{flows[i], lengths[i]}, aside{p.cpus[i] + 1, targets[target].queue}
	}
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
// them, and of which the first one's place is begin.
func (l *fastLine) publishParted(at, arrivals, doneAt []int64, migrants []migrant, begin int) {
	done := 0
	run := func(to int) {
		if done < to {
			l.publishRun(at[done:to], arrivals[done:to], doneAt[done:to])
		}
	}
	for _, m := range migrants {
		i := m.place - begin
		run(i)
		l.filled++
		l.publishMoving(at[i], arrivals[i], m.before, m.flow)
		done = i + 1
	}
	run(len(at))
}
