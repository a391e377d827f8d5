package engine

// hopTurn is the latest turn of the backlog of a line that goes ahead.
type hopTurn struct {
	first uint64 // its packets are joins[first:in], of which this one woke the backlog; none: it is counted
	start int64

	// Of the line, before it:
	free, since int64
}

// mayGoAhead has a line go ahead from now on, if nothing that is known waits there.
//
// Optimization: where there is one vector its turns come one after the other, and no backlog is
// joined or woken but from them. So whenever a packet joins a line at which nothing waits for
// anything later, it is known when it is taken: at the end of the backlog's latest turn, which
// goes on, if it joins by then; else in a new turn, which the end of the vector's turn wakes
// (goAhead). The latest turn goes ahead of time, and is undone as far as it has not happened
// yet where anything else comes first.
func (e *fastHop) mayGoAhead(l *hopLine) {
	if !e.alone {
		return
	}
	l.ahead = l.out == l.in && !l.scheduled() && !l.turning && l.vectorFrom == never && l.wakeOut == l.wakeIn
	l.latest.first, l.latest.start = l.in, l.since
}

// goAhead is handOver of the n packets that a whole turn took, which ends at wakes. It takes
// those from the backlogs of lines that go ahead.
func (e *fastHop) goAhead(y *hopCycle, n int, wakes int64) {
	ring, first := y.queue.Ring()
	first -= uint64(n)
	mask, lines, from, rps, costs := uint64(len(ring)-1), e.lines, uint16(y.cpu), e.costs.rps, e.costs
	e.mayGoAhead(lines[from])
	joins := wakes - int64(n)*rps
	for i := range n {
		b := &ring[(first+uint64(i))&mask]
		joins += rps
		l := lines[b.CPU]
		in, last, t := l.in, uint64(len(l.joins)-1), &l.latest
		goesOn := joins <= l.since
		if !l.ahead || in-l.kept >= last || goesOn && in-t.first >= e.oneTurn {
			e.handOver(y, i-n, i-n+1, joins-rps, wakes)
			continue
		}
		takes := l.since
		if !goesOn {
			cpu := l.counts
			cpu.DPCs++
			cpu.DPCTime += l.since - t.start
			cpu.MaxPerDPC = max(cpu.MaxPerDPC, in-t.first)
			scheduled := wakes
			if from != b.CPU {
				scheduled += costs.ipi
				cpu.IPIs++
			}
			// Optimization: field by field; written together it would wait for its parts.
			t.first, t.start, t.free, t.since = in, max(l.free, scheduled), l.free, l.since
			takes = t.start + costs.dpc
		}
		j := &l.joins[in&last]
		j.Buffer, j.wakes, j.taken = *b, wakes, takes
		j.Published, j.CPU = joins, from
		takes += costs.of(b.Length)
		l.since, l.free, l.in, l.out = takes, takes, in+1, in+1
	}
}

// fallBack has a line no longer go ahead: no more is done than what comes before a time.
//
// Optimization: it is inlined.
func (e *fastHop) fallBack(c int, l *hopLine, time int64) {
	if l.ahead {
		e.undo(c, l, time)
	}
}

// undo is fallBack of CPU c, which goes ahead.
func (e *fastHop) undo(c int, l *hopLine, time int64) {
	l.ahead = false
	t, cpu := &l.latest, l.counts
	if l.since < time || t.first == l.in { // it ended, or is counted
		cpu.DPCTime += l.since - t.start
		cpu.MaxPerDPC = max(cpu.MaxPerDPC, l.in-t.first)
		return
	}
	first := &l.joins[t.first&uint64(len(l.joins)-1)]
	scheduled, ipis := first.wakes, uint64(0)
	if int(first.CPU) != c {
		scheduled += e.costs.ipi
		ipis = 1
	}
	if t.start < time { // it has its turn
		l.out, l.decides = l.goneTo(time)
		l.turn, l.taken = true, int(l.out-t.first)
		cpu.DPCTime += l.decides - t.start
	} else {
		l.out = t.first
		cpu.DPCs--
	}
	l.free, l.since = t.free, t.since
	if first.wakes >= time { // nothing woke the backlog
		cpu.IPIs -= ipis
		return
	}
	l.backlogFrom = at(scheduled, afterWake)
}

// begun is what a line that goes ahead begins to work before a time, and is not counted yet.
//
// Optimization: few branches depend on how far the turn is; it could not be foretold.
func (l *hopLine) begun(time int64) int64 {
	t := &l.latest
	all := l.since - t.start
	if uint64(time-t.start-1) < uint64(all-1) { // in the midst of it
		_, decides := l.goneTo(time)
		return decides - t.start
	}
	if time <= t.start {
		all = 0
	}
	return all
}

// goneTo is how far the latest turn of a line that goes ahead is at a time at which it has begun:
// its first packet that is not taken before, and when it looks for that one.
func (l *hopLine) goneTo(time int64) (out uint64, decides int64) {
	mask := uint64(len(l.joins) - 1)
	out, decides = l.in, l.since
	for ; out > l.latest.first && l.joins[(out-1)&mask].taken >= time; out-- {
		decides = l.joins[(out-1)&mask].taken
	}
	return out, decides
}
