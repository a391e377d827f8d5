package engine

// movingParts is what a parting has of packets besides where flows move.
type movingParts struct {
	rest  [BatchSize]fastPacket
	aside [BatchSize]aside
}

// parted is fastRSS's.
func (e *fastMoving) parted(b *Batch, in *arriving, from, to int) int {
	p, parts := e.parting, e.parts
	for from < to {
		end := min(from+p.most, to)
		entries := in.entry[from:end]
		if !e.hasRoom(entries) {
			break
		}
		e.part(b, in, from, end)
		if e.rings != nil {
			e.bursts.Count(in.time[from:end], entries, Sent)
		}
		packets, until := e.changes.arrived.window(in.time[from])
		crosses := in.time[end-1] >= until
		begin := 0
		for c, end := range p.ends {
			if end == begin {
				continue
			}
			l, times := &e.lines[c], p.time[begin:end]
			bytes := l.takeIn(times, parts.rest[begin:end], parts.aside[begin:end])
			if e.rings == nil {
				queue := p.queueOf[c]
				e.bytes[queue] += bytes
				e.bursts.ArriveAll(queue, times)
			} else {
				e.rings.fill(parts.rest[begin:end], parts.aside[begin:end], e.bytes)
			}
			if !crosses {
				packets[c] += uint64(len(times))
			}
			l.publishParted(p.at[begin:end], times, p.late[:end-begin], e.moves)
			begin = end
		}
		if crosses {
			for i, cpu := range p.cpus[:len(entries)] {
				e.changes.arrived.count(in.time[from+i], cpu)
			}
		}
		if balanced := e.changes.entries; balanced != nil {
			for _, entry := range entries {
				if int(entry) < len(balanced) {
					balanced[entry]++
				}
			}
		}
		from = end
	}
	return from
}

// part parts the packets from one to before another, whose CPUs hasRoom has found.
func (e *fastMoving) part(b *Batch, in *arriving, from, to int) {
	p, parts := e.parting, e.parts
	at, times, flows, lengths, entries := e.plan.at[from:to], in.time[from:to], in.flow[from:to], in.length[from:to], in.entry[from:to]
	targets, looks := e.targets, e.refusals > 0
	last := len(targets) - 1
	for i, cpu := range p.cpus[:len(times)] {
		k, target := p.ends[cpu], min(int(entries[i]), last)
		p.ends[cpu] = k + 1
		p.at[k], p.time[k] = at[i], times[i]
		parts.rest[k] = fastPacket{flows[i], lengths[i]}
		a := &parts.aside[k]
		a.before = cpu + 1
		if looks || e.mayTurn(b, from+i, target) { // see before
			a.before = e.look(b, from+i, target, int(cpu))
		}
		a.queue = targets[target].queue
	}
}

// takeIn is fill of packets that arrive at these times, but that they are still to be counted
// as filled; it returns their bytes.
func (l *fastLine) takeIn(times []int64, rest []fastPacket, asides []aside) (bytes uint64) {
	copy(l.arrival[l.filled:], times)
	copy(l.aside[l.filled:], asides)
	copy(l.rest[l.filled:], rest)
	for _, p := range rest {
		bytes += uint64(p.length)
	}
	return bytes
}

// publishParted is publishMoving of packets that takeIn has, as publishRun has them; migrate
// tells that some may.
func (l *fastLine) publishParted(at, arrivals, late []int64, migrate bool) {
	if !migrate {
		l.publishRun(at, arrivals, late)
		return
	}
	mark, done := uint16(l.on.index+1), 0
	run := func(to int) {
		if done < to {
			l.publishRun(at[done:to], arrivals[done:to], late[done:to])
		}
	}
	for i, a := range l.aside[l.filled:][:len(at)] {
		if migrates(a.before, mark) {
			run(i)
			l.filled++
			l.publishMoving(at[i])
			done = i + 1
		}
	}
	run(len(at))
}
