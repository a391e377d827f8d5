package engine

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
//
// Optimization: what every packet changes stays in registers.
func (l *fastLine) publishRun(at, arrivals, late []int64) {
	quiet, end, cost := l.quietUntil, l.end, l.cost
	arrivals, late = arrivals[:len(at)], late[:len(at)]
	before := l.published
	for i, t := range at {
		if t > quiet {
			l.published, l.end = before+i, end
			l.meetPlain(t)
			quiet, end = l.quietUntil, l.end
		}
		end += cost
		late[i] = end - arrivals[i]
	}
	l.published, l.end = before+len(at), end
	l.filled += len(at)
	sum, most := l.on.latency.CountEach(late)
	l.lateness += sum
	l.latest = max(l.latest, most)
	if s := &l.on.series; !s.inLast(arrivals) {
		l.m.crossWindows(s, arrivals)
	}
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
