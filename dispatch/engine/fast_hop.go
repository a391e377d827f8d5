package engine

import (
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
)

// fastHop is receive packet steering where nobody observes, all work takes time, and all
// packets of a flow have one way: from one queue to one CPU.
//
// Optimization: it equals secondHop, in whole turns instead of events. Only turns of
// vectors' DPCs do something to other CPUs: packets join their backlogs, and at its end
// each schedules these. Once such a turn has started it depends on no other CPU. So it is
// worked on in one go, ahead of the others, and what it does to them is noted for its
// time (hopLine).
//
// What a CPU does not know of yet are the turns that come later. A DPC that takes a packet
// lets it join a backlog rps-cost later, no sooner; so up to rps-cost behind the next
// decision of any DPC, each CPU can go through its backlog alone.
//
// In which order CPUs take the packets of one flow must not matter. Where a batch has a
// flow of a second way, the events go on one by one, for good (wakeUp). Nor must it matter
// for flows of two directions, so that of packets that are sent addresses tell (hopSends).
type fastHop struct {
	*secondHop
	costs   hopCosts
	budget  int                 // of a backlog
	room    uint64              // of a backlog: packets that can wait
	oneTurn uint64              // packets that a turn of a backlog takes at most, and that find room at any time
	lists   *schedule           // nil in NonRSS, and where rules drop packets
	cycles  []*hopCycle         // of each vector
	alone   bool                // only one
	turns   agenda              // of vectors: the next decisions of their DPCs, or moments before which they do not come
	lines   []*hopLine          // of each CPU
	goes    []hopTarget         // as the model's targets; one in NonRSS
	ways    bigarray.Array[way] // per flow
	flows   uint32              // of which the ways are known
	met     []uint64            // set of the flows of which a packet was taken to be indicated
	sent    hopSends

	mostAhead int
	ahead     int   // packets published since advance: mostAhead at most
	time      int64 // of the last arrival of the batches before
}

// hopCosts are Config's times.
//
// Optimization: they are near.
type hopCosts struct{ dpc, packet, byte, rps, ipi, interrupt int64 }

// of is Config.cost.
func (c *hopCosts) of(length uint32) int64 {
	if c.byte == 0 {
		return c.packet
	}
	return c.packet + c.byte*int64(length)/1000
}

// mayBeFast reports whether nobody wants to know all in order of time, and all work
// takes time, so that the events of one moment have one order.
func (e *secondHop) mayBeFast() bool {
	c := e.cfg
	return e.observe == nil && e.changes == nil && e.sending != PacketSends &&
		c.DPCCost > 0 && c.PacketCost > 0 && c.RPS.Cost > 0 && c.IPILatency > 0
}

func newFastHop(hop *secondHop) *fastHop {
	e := &fastHop{secondHop: hop, turns: newAgenda(len(hop.vectors))}
	for v := range hop.vectors {
		e.cycles = append(e.cycles, &hopCycle{queue: &e.queues[v], vector: &e.vectors[v], joined: make([]uint32, len(hop.cpus))})
	}
	for c := range hop.cpus {
		e.lines = append(e.lines, newHopLine(&e.cpus[c]))
	}
	e.alone = len(e.cycles) == 1
	e.mostAhead = mostAhead(len(e.cycles))
	e.goes = e.aimAll()
	e.findDepths()
	c := e.cfg
	e.costs = hopCosts{dpc: c.DPCCost, packet: c.PacketCost, byte: c.ByteCost, rps: c.RPS.Cost, ipi: c.IPILatency, interrupt: c.InterruptLatency + c.ISRCost}
	if e.budget = c.DPCBudget; e.budget == 0 {
		e.budget = backlogBudget
	}
	e.room = uint64(c.RPS.Backlog) + 1
	e.oneTurn = min(uint64(e.budget), e.room)
	e.inTurns = true
	e.sent.homes, e.homeCPUs = e.homeCPUs, nil
	if e.mode == RSSMSIX && !e.cfg.RuleDrops {
		e.lists = newSchedule(&e.cfg.Config)
	}
	e.FixedAffinity = affinity.NewMoving(e.CountedAffinity, e.wayTo)
	return e
}

func (e *fastHop) Process(b *Batch) {
	if e.inTurns && !e.haveOneWay(b) {
		e.wakeUp(b.Flows)
	}
	if !e.inTurns {
		e.secondHop.Process(b)
		return
	}
	if e.mode == RSSMSIX {
		e.arriveRSS(b)
	} else {
		e.arrive(b)
	}
	if b.N > 0 {
		e.advance(b.Time[b.N-1])
		e.rest(b.Time[b.N-1])
		e.countAll()
	}
}

// slack is how many packets a turn hands over at most ahead of another vector's next
// decision: few, so that those of the other need not be put in among many, and more than
// most turns have.
const slack = 64

// advance does all decisions of vectors' DPCs that come before the arrivals at end.
func (e *fastHop) advance(end int64) {
	e.ahead = 0
	for {
		v, first := e.turns.first()
		if first >= moment(end) {
			return
		}
		// What joins backlogs before limit is known, and all that is published before end.
		limit, pause := end, end
		if others := e.turns.others(v); others < moment(end) {
			limit = min(end, int64(others)+e.costs.rps)
			pause = min(end, int64(others)+slack*e.costs.rps)
		}
		e.goOnWith(v, limit, pause)
	}
}

// goOnWith goes on with the cycle of a vector up to the end of its turn, its turn up to
// pause, or its CPU's backlog up to limit; turns knows then when its next decision comes.
func (e *fastHop) goOnWith(v int, limit, pause int64) {
	y := e.cycles[v]
	if y.state == hopArmed {
		e.interrupt(v)
	}
	if y.state == hopRaised {
		if next := e.run(y.cpu, limit); y.state == hopRaised {
			e.turns.set(v, moment(next+e.costs.dpc))
			return
		}
	}
	if !e.wholeTurn(v, pause) {
		e.takeTurn(v, pause)
	}
}

// mostAhead is how many packets are published before follow: few enough that they stay in
// the first-level cache, and as many as there are vectors to look at (armAll).
func mostAhead(vectors int) int { return max(256, vectors) }

// follow is advance once many packets are published.
func (e *fastHop) follow(end int64) {
	e.advance(end)
	e.countAll()
}

// rest does all else that comes before the arrivals at end, after advance.
func (e *fastHop) rest(end int64) {
	e.time = end
	for v := range e.cycles {
		e.interruptBefore(v, end)
	}
	for c := range e.lines {
		e.run(c, end)
	}
}

// vectorOn is the vector whose DPCs may have turns on a CPU, of all that there are.
func (e *fastHop) vectorOn(c int) int {
	if e.mode == RSSMSIX {
		return c
	}
	return 0
}

func (e *fastHop) Finish() {
	if !e.inTurns {
		e.secondHop.Finish()
		return
	}
	if e.mode == RSSMSIX {
		e.front.finish(e)
	}
	end := never.time()
	e.advance(end)
	e.rest(end)
	e.countAll()
	e.chargeSends(end)
	for c := range e.lines {
		e.at(e.lines[c].free)
		e.cpus[c].BacklogMax = e.lines[c].most
	}
	for v := range e.vectors {
		e.vectorWork = max(e.vectorWork, e.vectors[v].worked)
	}
}
