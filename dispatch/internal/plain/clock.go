package plain

// step orders what happens at one instant.
type step int

const (
	ticks       step = iota // of the rebalancer; no event of the simulated time
	changes                 // of the table, then of the affinity; the same
	ends                    // (0) of packets, snapshot DPCs and shares; by CPU
	arrivals                // (1) and sends; in file order
	dmaTimeouts             // (2)
	raises                  // (3) by vector
	starts                  // (4) ISR ends, DPC starts, own shares, poll decisions; by CPU
)

// event is something that will happen.
type event struct {
	time   int64 // ns
	step   step
	number int // CPU, vector or place in the file
	do     func()
}

func (a event) before(b event) bool {
	if a.time != b.time {
		return a.time < b.time
	}
	if a.step != b.step {
		return a.step < b.step
	}
	return a.number < b.number
}

// at lets do happen at time, in a step of that instant.
func (e *engine) at(time int64, step step, cpu int, do func()) {
	e.pending = append(e.pending, event{time, step, cpu, do})
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
func (e *engine) run() {
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
func (e *engine) nextEvent() (event, bool) {
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
		consider(event{time, ticks, 0, e.tick})
	}
	if e.nextTable < len(e.setup.Tables) {
		consider(event{e.setup.Tables[e.nextTable].Time, changes, 0, e.changeTable})
	}
	if e.nextAffinity < len(e.setup.Affinities) {
		consider(event{e.setup.Affinities[e.nextAffinity].Time, changes, 1, e.changeAffinity})
	}
	if e.next < len(e.packets) {
		consider(event{e.packets[e.next].Time, arrivals, e.next, e.packet})
	}
	if len(e.list) > 0 {
		consider(event{e.dmaTimeout(), dmaTimeouts, 0, e.publishList})
	}
	for v := range e.vectors {
		if time, ok := e.raiseTime(v); ok {
			consider(event{time, raises, v, func() { e.raise(v) }})
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
func (e *engine) packet() {
	p := e.next
	e.next++
	if e.packets[p].Sent {
		e.send(p)
		return
	}
	e.arrive(p)
}
