package engine

import (
	"slices"

	"rssreplay/nicmodel"
)

// change makes the changes up to t, the time of an arrival or a send.
func (e *fastMoving) change(t int64) {
	e.changing = true
	if e.rings != nil {
		e.rings.passBytes(e.bytes)
	}
	before, queueCPU := slices.Clone(e.targets), e.changes.queueCPU
	e.Model.change(t, func(at int64) []int64 {
		e.overdue(at)
		e.advance(at)
		for c := range e.lines {
			accepted := e.lines[c].accepted()
			e.changes.indicate[c], e.done[c] = accepted-e.done[c], accepted
		}
		return e.busy(at)
	})
	moves := e.move(before, e.targets) || !slices.Equal(queueCPU, e.changes.queueCPU)
	for i, to := range e.targets {
		if e.ownsBursts {
			e.bursts.Lead(i, to.queue)
		}
		e.of[i] = &e.lines[to.cpu]
	}
	if e.rings != nil {
		e.rings.aim(e.lines)
	}
	if e.parting != nil {
		e.parting.aim(e.Model, e.changes.queueCPU)
	}
	if moves {
		e.overdue(t)
		e.advance(t)
		e.unsettle(t)
	}
	e.changing = false
}

// unsettle is the moment of a move: some of the packets that are not done are of flows
// whose next ones go elsewhere.
func (e *fastMoving) unsettle(t int64) {
	if !e.unsettled {
		e.forget()
		for c := range e.lines {
			l := &e.lines[c]
			if l.plain {
				l.leavePlain()
			}
			for i := l.taken; i < l.filled; i++ {
				e.touch(l.rest[i].of, l.aside[i].before)
			}
		}
	}
	if e.rings != nil {
		e.rings.unsettle(e.lines)
	}
	for c := range e.lines {
		l := &e.lines[c]
		for _, p := range l.moving.work {
			if p.end > t && !l.moving.told {
				e.order.Done(c, p.flow, uint64(p.arrival), p.end)
			}
		}
		l.moving.told = true
		e.marks[c] = l.accepted()
	}
	e.unsettled, e.settles = true, nicmodel.Never
}

// settle is the moment when all that arrived before the latest move is done: no packet
// of a flow is on another CPU than its next ones.
func (e *fastMoving) settle(now int64) {
	for c := range e.lines {
		l := &e.lines[c]
		for i := l.taken; i < l.filled; i++ {
			last := e.take(l.rest[i].of, c)
			l.cameFrom(i, last, c)
		}
		if e.plain {
			l.becomePlain()
		}
		if e.rings != nil {
			l.giveBackBy(now)
			l.relimit()
		}
	}
	e.release()
}

// until does all work that comes before the arrivals at now, in the order in which it
// happens, as long as the engine is unsettled.
func (e *fastMoving) until(now int64) {
	if c := e.lines[0].cycle; c != nil {
		c.advance(now)
		e.order.Passed(now)
	}
	for {
		var first *fastLine
		for c := range e.lines {
			if l := &e.lines[c]; l.nextPoll != fastIdle && l.nextPoll < now && (first == nil || l.nextPoll < first.nextPoll) {
				first = l
			}
		}
		if first == nil {
			break
		}
		at := first.nextPoll
		first.advance(at + 1)
		e.order.Passed(at)
	}
	if e.settles == nicmodel.Never {
		ends := int64(0)
		for c := range e.lines {
			l := &e.lines[c]
			if l.gone+uint64(l.taken) < e.marks[c] {
				return
			}
			ends = max(ends, l.freed)
		}
		e.settles = ends
	}
	if e.settles <= now {
		e.settle(now)
	}
}

// busy is what each CPU has begun before the instant now, to which it was advanced.
func (e *fastMoving) busy(now int64) []int64 {
	var busy []int64
	for c := range e.lines {
		l := &e.lines[c]
		begun := e.cpus[c].busy()
		if e.plain {
			begun += int64(e.cpus[c].DPCs)*e.cfg.ISRCost - e.cpus[c].ISRTime // see counted
		}
		for _, p := range l.moving.work {
			if p.start >= now {
				begun -= p.end - p.start
			}
		}
		if l.nextPoll != fastIdle && !l.called && l.raise+e.cfg.InterruptLatency < now {
			begun += e.cfg.ISRCost // of an ISR that is charged with its DPC
		}
		busy = append(busy, begun)
	}
	return busy
}
