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
// at the times of at, and arrived at those of arrivals. late is as long, and scratch.
func (l *fastLine) publishRun(at, arrivals, late []int64) {
	arrivals, late = arrivals[:len(at)], late[:len(at)]
	met := 0
	if l.moving != nil && l.keepsWork(at[len(at)-1], len(at)) {
		met = l.runMoving(at, arrivals, late)
	} else {
		met = l.runFixed(at, arrivals, late)
	}
	if l.moving != nil && met > 0 { // see leavePlain
		l.countEach(late[:met])
		l.latestBefore, late = l.latest, late[met:]
	}
	l.published += len(at)
	l.filled += len(at)
	l.countEach(late)
	if s := &l.on.series; !s.inLast(arrivals) {
		l.m.crossWindows(s, arrivals)
	}
}

// runFixed is the cycles of publishRun, and the latencies of its packets, where no flow comes
// from another CPU and no change while it works on them. It returns the first packet of the
// last cycle, if that begins behind the first one.
//
// Optimization: it equals meetPlain and endPlain, with what they change in registers: most
// DPCs take a packet or two.
func (l *fastLine) runFixed(at, arrivals, late []int64) (met int) {
	if at[0] > l.quietUntil {
		l.meetPlain(at[0])
	}
	// From here on there is a cycle, and with rx-frames 1 the vector is due at once
	// (nicmodel.Vector.Due), or as soon after the raise before as ITR lets it.
	cost, dpcCost, delay, itr := l.cost, l.m.cfg.DPCCost, l.delay, l.m.cfg.ITR
	raise, raised, poll, end := l.raise, int64(0), l.nextPoll, l.end
	safe, held, taken, freed := l.safe, l.held, l.taken, l.freed
	dpcs, worked, deepest, shallow := uint64(0), int64(0), l.depthMax, math.MaxInt
	if l.rings != nil {
		shallow = l.shallow
	}
	for i, t := range at {
		if t > poll {
			dpcs, worked, met = dpcs+1, worked+end-poll, i
			safe, held, taken, freed = held, taken, l.published+i, end
			if deepest = max(deepest, taken-held); taken-held > shallow {
				l.rings.deepen(l, held, taken)
				shallow = l.shallow
			}
			raised, raise = raise, max(t, end, raise+itr)
			poll = raise + delay
			end = poll + dpcCost
		}
		end += cost
		late[i] = end - arrivals[i]
	}
	if dpcs > 0 {
		l.vector.Raise(raised)
		l.on.DPCs += dpcs
		l.on.DPCTime += worked
		l.depthMax = deepest
	}
	l.raise, l.nextPoll, l.quietUntil, l.end = raise, poll, poll, end
	l.safe, l.held, l.taken, l.freed = safe, held, taken, freed
	return met
}

// runMoving is runFixed where a change may come.
//
// Optimization: what every packet changes stays in registers.
func (l *fastLine) runMoving(at, arrivals, late []int64) (met int) {
	quiet, end, cost, before := l.quietUntil, l.end, l.cost, l.published
	for i, t := range at {
		if t > quiet {
			l.published, l.end = before+i, end
			l.meetPlain(t)
			quiet, end, met = l.quietUntil, l.end, i
		}
		end += cost
		late[i] = end - arrivals[i]
	}
	l.published, l.end = before, end
	return met
}

// countEach counts latencies.
func (l *fastLine) countEach(late []int64) {
	sum, most := l.on.latency.CountEach(late)
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
