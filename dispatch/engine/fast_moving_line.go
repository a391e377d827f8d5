package engine

// aside is what has to be known of an accepted packet besides where flows move.
type aside struct {
	// The CPU, and 1, that has the packet of its flow before it; 0: none. It tells while the
	// engine is settled.
	before uint16
	queue  uint16 // with queueRings; see fastLine.queueOf
}

// movingLine is what a fast line has to know where flows move.
type movingLine struct {
	of *fastMoving

	// The packets that it took last, where a change may come while it works on them.
	work []movingPacket
	// told is whether the model's order was told of them.
	told bool
}

type movingPacket struct {
	start, end, arrival int64
	flow                uint32
}

// cameFrom notes for packet i that the CPU of last, and 1, has the packet of its flow before
// it, while the engine is settled. cpu will take it, or has.
//
// Optimization: most DPCs take none that migrates, and need not look for it.
func (l *fastLine) cameFrom(i int, last uint16, cpu int) {
	l.aside[i].before = last
	if migrates(last, uint16(cpu+1)) {
		l.migrant = l.gone + uint64(i) + 1
	}
}

// mayMigrate reports whether any packet that is not taken may migrate, as cameFrom noted.
func (l *fastLine) mayMigrate() bool { return l.migrant > l.gone+uint64(l.taken) }

// indicateMoving is indicate where another CPU may have taken the flow's packet before.
func (l *fastLine) indicateMoving(n int, start int64) (end int64) {
	m, moving := l.m, l.moving
	tells := moving.of.unsettled
	keeps := tells || moving.of.changing || m.cfg.ByteCost > 0 || start+int64(n)*(m.cfg.PacketCost+m.cfg.MigrationCost) >= m.changeAt
	moving.work, moving.told = moving.work[:0], tells
	if !keeps {
		return l.indicateSettled(n, start)
	}
	return l.indicateEach(n, start)
}

// indicateEach is indicateMoving of one packet after the other, and keeps what it works on: a
// change may come meanwhile.
func (l *fastLine) indicateEach(n int, start int64) (end int64) {
	m, cpu, moving := l.m, l.on, l.moving
	h, mark, tells := &cpu.latency, uint16(cpu.index+1), moving.of.unsettled
	rest, asides := l.rest[l.taken:l.taken+n], l.aside[l.taken:l.taken+n]
	end = start
	sum, most := int64(0), h.Max
	for i, arrival := range l.arrival[l.taken : l.taken+n] {
		p, begun := &rest[i], end
		end += m.cfg.cost(p.length)
		last := asides[i].before
		if tells {
			last = moving.of.take(p.of, cpu.index)
		}
		if migrates(last, mark) {
			end += m.cfg.MigrationCost
			cpu.MigratedPackets++
		}
		late := end - arrival
		sum, most = sum+late, max(most, late)
		h.Count(late)
		moving.work = append(moving.work, movingPacket{begun, end, arrival, p.of})
		if tells && l.rings != nil {
			l.rings.depth[l.queueOf(l.taken+i)]--
		}
		if tells {
			m.order.Done(cpu.index, p.of, uint64(arrival), end)
		}
	}
	h.Add(uint64(n), sum, most)
	return end
}

// indicateSettled is indicateMoving of all n packets at once, where nothing is to be told of
// them.
func (l *fastLine) indicateSettled(n int, start int64) (end int64) {
	cpu, cost, done := l.on, l.m.cfg.PacketCost, 0
	arrival := l.arrival[l.taken : l.taken+n]
	end = start
	if !l.mayMigrate() {
		return cpu.latency.Run(arrival, end, cost)
	}
	for i, a := range l.aside[l.taken : l.taken+n] {
		if migrates(a.before, uint16(cpu.index+1)) {
			end = cpu.latency.Run(arrival[done:i], end, cost) + l.m.cfg.MigrationCost
			cpu.MigratedPackets++
			done = i
		}
	}
	return cpu.latency.Run(arrival[done:], end, cost)
}

// publishNext publishes the oldest packet that waits for it, where flows move.
func (l *fastLine) publishNext(t int64) {
	switch {
	case l.plain:
		l.publishMoving(t, l.arrival[l.published], l.aside[l.published].before, l.rest[l.published].of)
	case l.cycle != nil:
		l.publishInCycle(t)
	default:
		l.publish(t)
	}
}

// publishMoving is publishPlain of the oldest packet that waits for it, where the CPU of
// before took its flow's packet before.
func (l *fastLine) publishMoving(t, arrival int64, before uint16, flow uint32) {
	if migrates(before, uint16(l.on.index+1)) {
		if t > l.quietUntil {
			l.meetPlain(t)
		}
		l.end += l.m.cfg.MigrationCost
		l.on.MigratedPackets++
	}
	l.publishPlain(t, arrival)
	if sent := l.moving.of.beside; sent != nil && before != uint16(l.on.index+1) {
		sent.take(flow, l.nextPoll, l.on.index)
	}
}

// doneBy is a moment by which a plain line is surely done with all that waits and n packets
// more, which are published up to t.
//
// A DPC that started before t may be under way, or one that waits now; then comes the last
// one, which starts delay after the end of that, or itr and delay after a raise before t.
func (l *fastLine) doneBy(t int64, n int) int64 {
	c := l.m.cfg
	return max(l.end, t+c.ITR+c.DPCCost) + l.delay + c.DPCCost + int64(n)*(c.PacketCost+c.MigrationCost)
}

// keepsWork reports whether endPlain has to be asked whether it keeps work, as long as n packets
// are published up to t.
func (l *fastLine) keepsWork(t int64, n int) bool { return l.doneBy(t, n) >= l.m.changeAt }

// eachEnd calls f with when the DPC begins and ends with each packet that waits, of a plain
// line. Of those that were parted to be done before the next change (fastMoving.parted) it
// tells something that was over by then.
func (l *fastLine) eachEnd(f func(i int, start, end int64)) {
	cost := func(i int) int64 {
		if migrates(l.aside[i].before, uint16(l.on.index+1)) {
			return l.cost + l.m.cfg.MigrationCost
		}
		return l.cost
	}
	start := l.end
	for i := l.taken; i < l.published; i++ {
		start -= cost(i)
	}
	for i := l.taken; i < l.published; i++ {
		end := start + cost(i)
		f(i, start, end)
		start = end
	}
}

// keepWork keeps what a plain line works on: a change may come meanwhile.
func (l *fastLine) keepWork() {
	moving := l.moving
	moving.work, moving.told = moving.work[:0], false
	l.eachEnd(func(i int, start, end int64) {
		moving.work = append(moving.work, movingPacket{start, end, l.arrival[i], l.rest[i].of})
	})
}

// leavePlain makes the line one whose packets are counted when they are taken: what was
// counted of those that wait is taken back.
func (l *fastLine) leavePlain() {
	cpu, waiting := l.on, l.published-l.taken
	l.eachEnd(func(i int, _, end int64) {
		late := end - l.arrival[i]
		cpu.latency.Uncount(late)
		l.lateness -= late
		if migrates(l.aside[i].before, uint16(cpu.index+1)) {
			cpu.MigratedPackets--
		}
	})
	l.m.uncount(&cpu.series, l.arrival[l.taken:l.published])
	if waiting > 0 {
		l.latest = l.latestBefore
	}
	cpu.latency.Add(l.gone+uint64(l.taken)-l.plainFrom, l.lateness, max(l.latest, cpu.latency.Max))
	l.plain, l.lateness, l.latest, l.latestBefore = false, 0, 0, 0
}

// becomePlain makes it plain again.
func (l *fastLine) becomePlain() {
	waiting := l.published - l.taken
	l.plain, l.called, l.plainFrom, l.published = true, false, l.gone+uint64(l.taken), l.taken
	if l.quietUntil = l.nextPoll; waiting > 0 {
		l.end = l.nextPoll + l.m.cfg.DPCCost
	}
	for ; waiting > 0; waiting-- {
		l.publishMoving(l.quietUntil, l.arrival[l.published], l.aside[l.published].before, l.rest[l.published].of)
	}
}
