package engine

// hopTurn is the latest turn of the backlog of a line that goes ahead.
type hopTurn struct {
	first uint64 // its packets are joins[first:in]; none: it is counted
	start int64
	wakes int64  // the end of the turn that woke the backlog
	by    uint16 // the CPU of that one

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

// goAhead is handOverAll, and takes the packets from the backlogs of lines that go ahead.
func (e *fastHop) goAhead(y *hopCycle, n int, wakes int64) {
	ring, first := y.queue.Ring()
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
			e.handOver(y, i, i+1, joins-rps, wakes)
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
			t.first, t.start, t.wakes, t.by, t.free, t.since = in, max(l.free, scheduled), wakes, from, l.free, l.since
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
	decides, scheduled, ipis := l.since, t.wakes, uint64(0)
	if int(t.by) != c {
		scheduled += e.costs.ipi
		ipis = 1
	}
	l.free, l.since = t.free, t.since
	switch {
	case t.wakes >= time: // nothing woke the backlog
		cpu.DPCs--
		cpu.IPIs -= ipis
		l.out = t.first
		return
	case t.start >= time: // it waits for its turn
		cpu.DPCs--
		l.out = t.first
	default: // it has its turn
		mask := uint64(len(l.joins) - 1)
		for l.out > t.first && l.joins[(l.out-1)&mask].taken >= time {
			l.out--
			decides = l.joins[l.out&mask].taken
		}
		cpu.DPCTime += decides - t.start
		l.turn, l.decides, l.taken = true, decides, int(l.out-t.first)
	}
	l.backlogFrom = at(scheduled, afterWake)
}

// begun is what a line that goes ahead begins to work before a time, and is not counted yet.
func (e *fastHop) begun(l *hopLine, time int64) int64 {
	t, end, mask := &l.latest, l.since, uint64(len(l.joins)-1)
	if t.start >= time {
		return 0
	}
	for i := l.in; i > t.first && l.joins[(i-1)&mask].taken >= time; i-- {
		end = l.joins[(i-1)&mask].taken
	}
	return end - t.start
}
