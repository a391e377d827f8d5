package engine

// poll is what a DPC with drain poll does before now: at its start, and at each
// of its decisions.
func (l *fastLine) poll(now int64) {
	if !l.called {
		l.interrupt()
	}
	if !l.busy {
		l.busy = true
		l.startPoll()
	}
	c := l.on
	for l.nextPoll < now {
		waiting := l.published - l.taken
		l.depthMax = max(l.depthMax, waiting)
		switch {
		case waiting == 0:
			l.end, l.busy, l.nextPoll = l.nextPoll, false, fastIdle
			return
		case l.budget > 0 && l.again == l.budget:
			l.startPoll()
		default:
			n := l.polled(waiting, now)
			end := l.indicate(n, l.nextPoll, l.nextPoll)
			l.again += n
			c.MaxPerDPC = max(c.MaxPerDPC, uint64(l.again))
			l.held = l.taken - 1
			c.DPCTime += end - l.nextPoll
			l.nextPoll, l.freed = end, end
		}
	}
}

// polled is how many of the packets that wait the DPC surely takes one after the other
// before now.
//
// Optimization: it is 1, but where nobody needs to know when each was taken, and there is a
// most that each costs.
func (l *fastLine) polled(waiting int, now int64) int {
	cost := l.m.cfg.PacketCost
	if l.m.CountedAffinity != nil || l.moving != nil {
		cost += l.m.cfg.MigrationCost
	}
	if waiting == 1 || now-l.nextPoll <= cost || l.m.homeCPUs != nil || l.m.cfg.ByteCost > 0 {
		return 1
	}
	n := waiting
	if l.budget > 0 {
		n = min(n, l.budget-l.again)
	}
	if left := now - l.nextPoll; int64(n-1)*cost >= left { // seldom, for a division takes long
		n = int((left-1)/cost) + 1
	}
	return n
}

func (l *fastLine) startPoll() {
	l.on.DPCs++
	l.on.DPCTime += l.m.cfg.DPCCost
	l.nextPoll += l.m.cfg.DPCCost
	l.again = 0
}
