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
