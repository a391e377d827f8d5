package plain

import "cmp"

// step orders what happens at one instant.
type step int

const (
	ticks       step = iota // of the rebalancer; no event of the simulated time
	changes                 // of the table, then of the affinity; the same
	ends                    // (0) of packets, snapshot DPCs and shares; by CPU
	arrivals                // (1) and sends; in file order
	dmaTimeouts             // (2)
	raises                  // (3) by vector
	starts                  // (4) ISR ends, DPC starts, own shares, decisions; by CPU, then order
)

// order is what comes first on one CPU in the step of starts. Without receive
// packet steering no CPU has two of them at one instant.
type order int

const (
	isrs      order = iota // their starts and ends
	dpcStarts              // and a backlog that an IPI schedules
	ownShares              // of the DPC that dealt
	decisions              // what to take next
)

// event is something that will happen.
type event struct {
	time   int64 // ns
	step   step
	number int // CPU, vector or place in the file
	order  order
	do     func()
}

func (a event) before(b event) bool {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.step, b.step),
		cmp.Compare(a.number, b.number), cmp.Compare(a.order, b.order)) < 0
}

// ends lets do happen at the end of work on a CPU, starts where work may begin.
func (e *machine) ends(time int64, cpu int, do func()) {
	e.pending = append(e.pending, event{time: time, step: ends, number: cpu, do: do})
}

func (e *machine) starts(time int64, cpu int, order order, do func()) {
	e.pending = append(e.pending, event{time: time, step: starts, number: cpu, order: order, do: do})
}

// run owns the time: it lets one event after the other happen, the earliest
// first, until there is none.
//
// At one instant the earliest step that has work is done next, also when work of
// no duration makes an earlier step come up again.
//
// Not specified: whether a step that has come up is done for every CPU before
// an earlier step is looked at again. Here it is not: each piece of work is
// followed by the earliest that there is then. So with costs of 0, CPU 0 runs
// as far as it can at that instant before CPU 1's work of the same step.
func (e *machine) run() {
	for {
		next, ok := e.nextEvent()
		if !ok {
			return
		}
		e.invariant(next.time >= e.now, "time steps back to %d ns", next.time)
		e.now = next.time
		if next.step >= ends {
			e.lastEvent = next.time
		}
		next.do()
	}
}

// nextEvent takes the earliest of all that can happen: work begun, the next
// packet of the file, the DMA timeout, a raise. The last two follow from the
// state as it is now, so a timer with nothing to do is no event.
func (e *machine) nextEvent() (event, bool) {
	var next event
	found := false
	consider := func(candidate event) bool {
		if found && !candidate.before(next) {
			return false
		}
		next, found = candidate, true
		return true
	}

	if time, ok := e.tickTime(); ok {
		consider(event{time: time, step: ticks, number: 0, do: e.tick})
	}
	if e.nextTable < len(e.setup.Tables) {
		consider(event{time: e.setup.Tables[e.nextTable].Time, step: changes, number: 0, do: e.changeTable})
	}
	if e.nextAffinity < len(e.setup.Affinities) {
		consider(event{time: e.setup.Affinities[e.nextAffinity].Time, step: changes, number: 1, do: e.changeAffinity})
	}
	if e.next < len(e.packets) {
		consider(event{time: e.packets[e.next].Time, step: arrivals, number: e.next, do: e.packet})
	}
	if len(e.list) > 0 {
		consider(event{time: e.dmaTimeout(), step: dmaTimeouts, number: 0, do: e.publishList})
	}
	for v := range e.vectors {
		if time, ok := e.raiseTime(v); ok {
			consider(event{time: time, step: raises, number: v, do: func() { e.raise(v) }})
		}
	}
	begun := none
	for i, candidate := range e.pending {
		if consider(candidate) {
			begun = i
		}
	}
	if begun != none {
		e.pending = append(e.pending[:begun], e.pending[begun+1:]...)
	}
	return next, found
}

// packet is step (1) for one packet of the file.
func (e *machine) packet() {
	p := e.next
	e.next++
	if e.packets[p].Sent {
		e.send(p)
		return
	}
	e.arrive(p)
}
