package engine

import "math"

// publishPlain is publish where a DPC takes all that waits at a fixed cost for
// each, and the first packet raises the vector: a packet that is published before
// the next DPC starts is the last one of it so far, so that its end is known.
//
// Optimization: it equals publish, and no DPC has to go through its packets.
func (l *fastLine) publishPlain(t, arrival int64) {
	if t > l.quietUntil {
		l.meetPlain(t)
	}
	l.published++
	l.end += l.cost
	late := l.end - arrival
	l.lateness += late
	l.latest = max(l.latest, late)
	l.on.latency.Count(late)
	s := &l.on.series
	if arrival >= s.until {
		l.m.extend(s, arrival)
	}
	s.counts[len(s.counts)-1]++
}

// publishRun is fill and publishPlain of one packet after the other: those that are published
// at the times of at, and arrived at those of arrivals. What it leaves in at, and in doneAt,
// which is as long, is of no use.
func (l *fastLine) publishRun(at, arrivals, doneAt []int64) {
	arrivals, doneAt = arrivals[:len(at)], doneAt[:len(at)]
	met, from := 0, 0
	if l.moving != nil && l.keepsWork(at[len(at)-1], len(at)) {
		met = l.runMoving(at, doneAt)
	} else {
		met = l.runFixed(at, doneAt)
	}
	if l.moving != nil && met > 0 { // see leavePlain
		l.countEach(arrivals[:met], doneAt)
		l.latestBefore, from = l.latest, met
	}
	l.published += len(at)
	l.filled += len(at)
	l.countEach(arrivals[from:], doneAt[from:])
	if s := &l.on.series; !s.inLast(arrivals) {
		l.m.crossWindows(s, arrivals)
	}
}

// runFixed is the cycles of publishRun where no flow comes from another CPU and no change while
// it works on them: it finds when each packet is done. It returns the first packet of the last
// cycle, if that begins behind the first one.
//
// Optimization: it equals meetPlain and endPlain, with what cycles change in registers: most
// DPCs take a packet or two.
func (l *fastLine) runFixed(at, doneAt []int64) (met int) {
	if at[0] > l.quietUntil {
		l.meetPlain(at[0])
	}
	// From here on there is a cycle, and with rx-frames 1 the vector is due at once
	// (nicmodel.Vector.Due), or as soon after the raise before as ITR lets it.
	delay, itr, dpc, cost := l.delay, l.m.cfg.ITR, l.m.cfg.DPCCost, l.cost
	n, poll, end := 0, l.nextPoll, l.end
	for i, t := range at {
		if t > poll {
			at[n] = int64(i)
			n++
			poll = max(t, end, poll-delay+itr) + delay
			end = poll + dpc
		}
		end += cost
		doneAt[i] = end
	}
	if n > 0 {
		l.endCycles(at[:n], doneAt)
		met = int(at[n-1])
	}
	l.raise, l.nextPoll, l.quietUntil, l.end = poll-delay, poll, poll, end
	return met
}

// endCycles is endPlain of the cycles before those that begin with the packets of begins.
func (l *fastLine) endCycles(begins, doneAt []int64) {
	last := len(begins) - 1
	raised := l.raise // of the last one that ends
	if last > 0 {
		raised = doneAt[begins[last-1]] - l.cost - l.m.cfg.DPCCost - l.delay
	}
	l.vector.Raise(raised)
	l.freed = doneAt[begins[last]-1]

	safe, held, taken, deepest, shallow := l.safe, l.held, l.taken, l.depthMax, math.MaxInt
	if l.rings != nil {
		shallow = l.shallow
	}
	for _, i := range begins {
		safe, held, taken = held, taken, l.published+int(i)
		if deepest = max(deepest, taken-held); taken-held > shallow {
			l.rings.deepen(l, held, taken)
			shallow = l.shallow
		}
	}
	l.on.DPCs += uint64(len(begins))
	l.on.DPCTime += doneAt[begins[0]-1] - l.nextPoll + // the first may have packets of flows that moved
		int64(last)*l.m.cfg.DPCCost + (begins[last]-begins[0])*l.cost
	l.safe, l.held, l.taken, l.depthMax = safe, held, taken, deepest
}

// runMoving is runFixed where a change may come.
//
// Optimization: what every packet changes stays in registers.
func (l *fastLine) runMoving(at, doneAt []int64) (met int) {
	quiet, end, cost, before := l.quietUntil, l.end, l.cost, l.published
	for i, t := range at {
		if t > quiet {
			l.published, l.end = before+i, end
			l.meetPlain(t)
			quiet, end, met = l.quietUntil, l.end, i
		}
		end += cost
		doneAt[i] = end
	}
	l.published, l.end = before, end
	return met
}

// countEach counts the latencies of packets that arrived at the times of arrivals and are done
// at those of doneAt.
func (l *fastLine) countEach(arrivals, doneAt []int64) {
	sum, most := l.on.latency.CountEach(arrivals, doneAt)
	l.lateness += sum
	l.latest = max(l.latest, most)
}

// meetPlain is meet for publishPlain.
func (l *fastLine) meetPlain(t int64) {
	if l.nextPoll != fastIdle {
		l.safe = l.held
		l.endPlain()
	}
	l.raiseAt(l.vector.Due(max(t, l.end), t, 1))
	l.quietUntil = l.nextPoll
	l.end = l.nextPoll + l.m.cfg.DPCCost
	l.latestBefore = l.latest
}

// endPlain is a whole cycle, of which the packets are counted.
func (l *fastLine) endPlain() {
	if l.moving != nil && (l.moving.of.changing || l.end >= l.m.changeAt) {
		l.keepWork()
	}
	l.vector.Raise(l.raise)
	l.on.DPCs++
	l.on.DPCTime += l.end - l.nextPoll
	l.deepen(l.published - l.taken)
	l.held, l.taken, l.freed = l.taken, l.published, l.end
}
