package engine

import (
	"math"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/nicmodel"
)

// fastLine is a line in closed form: the packets of one hardware queue whose CPU
// serves no other, and that nobody observes.
//
// Optimization: it equals line. It knows the moment at which its DPC next looks
// at the queue, and has nothing to think about until a packet is published after
// that moment: then all that the DPC takes is known, and is worked on in one go.
// When the vector was raised and the ISR ran follows from the DPC.
type fastLine struct {
	// quietUntil is a moment up to which a publication changes nothing but the number of
	// packets that wait: nextPoll, where rx-frames does not count them, or less.
	quietUntil int64

	// The packets that the queue accepted, in order: those below taken are done,
	// those below published wait for a DPC, those below filled for the NIC to
	// publish them. Below limit there is a free buffer, and memory, at any moment
	// that the fast line has still to be told of.
	filled, limit, published, taken int
	arrival                         []int64
	rest                            []fastPacket // nil if nobody asks
	moved                           []int64      // indicateCounted's: what TookEach sets
	aside                           []aside      // where flows move; else nil

	// nextPoll is when a DPC next looks at the queue, step (4): at its start, and with
	// drain poll at each decision. What is published at that instant is in the
	// queue. fastIdle while the vector is enabled and nothing is queued.
	nextPoll int64

	// The buffers of the packets from held on are not free, and from taken on at
	// the arrivals from the instant freed on. Those below safe are free whenever
	// the fast line is asked.
	held, safe int
	freed      int64

	raise int64 // of this cycle
	end   int64 // of the last DPC; where plain, of the next one with what is published
	on    *cpu  // of this cycle

	m           *Model
	vector      nicmodel.Vector
	epoch       uint64       // by which work of the cycle
	cycle       *fastCycle   // whose vector it is, of several fast lines; nil: its own
	distributor *distributor // nil: the DPC indicates all
	moving      *movingLine  // nil: no flow comes here from another CPU
	rings       *queueRings  // nil: its packets are of one queue for good
	given       int          // with rings: packets below have given back their buffers there
	alike       int          // with rings: packets from this on are all of queue, see have; MaxInt: none surely are
	queue       uint16       // of these
	migrant     uint64       // where flows move: accepted packets up to the latest that migrates, see cameFrom
	shallow     int          // with rings: so many packets may wait without being more of any queue than ever
	drain       Drain
	budget      int
	delay       int64 // raise to DPC
	cost        int64 // of a packet, where plain
	fixed       bool  // the CPU never changes
	plain       bool  // see publishPlain
	called      bool  // the ISR of this cycle is charged
	busy        bool  // poll: the DPC has started
	again       int   // poll: packets that this DPC took
	fills       int   // published once the queue holds rx-frames, where that matters, else 0
	oldest      int64 // publish time of the oldest packet that waits for the raise
	depthMax    int   // packets that waited

	// Where plain: sum and greatest of the latencies, of the packets from plainFrom on, and
	// the greatest before this cycle.
	lateness, latest, latestBefore int64
	plainFrom                      uint64

	gone             uint64 // accepted packets that arrival has no more
	drops, dropBytes uint64
}

// fastPacket is what some need to know of a packet: with rss-single-queue of is
// the CPU that the hash chose, else its flow, which is first so that it can be expected.
type fastPacket struct{ of, length uint32 }

// fastIdle is fastLine.nextPoll outside a cycle: any publication comes after it.
const fastIdle = -1

// newFastLine is the fast line of a queue whose CPU is on, or is determined by the system
// where that is nil.
func newFastLine(m *Model, on *cpu) fastLine {
	l := fastLine{
		m: m, quietUntil: fastIdle, nextPoll: fastIdle, vector: nicmodel.NewVector(&m.cfg.Config), on: on, fixed: on != nil,
		drain: m.cfg.Drain, budget: m.cfg.DPCBudget, delay: m.cfg.InterruptLatency + m.cfg.ISRCost, cost: m.cfg.PacketCost,
	}
	if !l.fixed || m.cfg.ByteCost > 0 || m.homeCPUs != nil || m.latest != nil {
		l.rest = []fastPacket{}
	}
	l.plain = l.rest == nil && m.takesAtOnce()
	l.makeRoom(1)
	return l
}

// takesAtOnce reports whether a DPC of a fast line takes all that waits, at a fixed cost for
// each, and at one time that is known when the first of it is published.
func (m *Model) takesAtOnce() bool {
	c := m.cfg
	return c.Drain == Snapshot && c.DPCBudget == 0 && c.ByteCost == 0 && c.RxFrames == 1
}

// makeRoom makes room in memory for n packets more.
func (l *fastLine) makeRoom(n int) {
	keep := l.taken
	if l.rings != nil {
		l.giveBack(l.held)
		keep = l.held
	}
	had := l.arrival
	if 2*(l.filled-keep+n) > len(had) {
		l.arrival = make([]int64, max(128, 2*len(had), 2*(l.filled-keep+n)))
	}
	copy(l.arrival, had[keep:l.filled])
	if l.rest != nil {
		had := l.rest
		if len(had) < len(l.arrival) {
			l.rest = make([]fastPacket, len(l.arrival))
		}
		copy(l.rest, had[keep:l.filled])
	}
	if l.aside != nil {
		had := l.aside
		if len(had) < len(l.arrival) {
			l.aside = make([]aside, len(l.arrival))
		}
		copy(l.aside, had[keep:l.filled])
	}
	shift := keep
	l.gone += uint64(shift)
	l.filled -= shift
	l.published -= shift
	l.held -= shift
	l.safe -= shift
	l.fills -= shift
	l.taken -= shift
	l.given -= shift
	if l.alike != math.MaxInt {
		l.alike = max(l.alike-shift, 0)
	}
	l.limitBy()
}

// limitBy finds the limit again.
func (l *fastLine) limitBy() { l.limit = min(l.safe+l.m.cfg.RxRing, len(l.arrival)) }

// full reports whether no buffer is free at an arrival at now, and makes room
// in memory if there is one.
func (l *fastLine) full(now int64) bool {
	l.advance(now)
	used := l.filled - l.taken
	if now < l.freed {
		used += l.working(now)
	}
	if used >= l.m.cfg.RxRing {
		return true
	}
	l.safe = l.filled - used
	if l.limitBy(); l.filled >= l.limit {
		l.makeRoom(1)
	}
	return false
}

// working is how many packets are taken whose buffers come back after now, where
// some do.
func (l *fastLine) working(now int64) int {
	if l.distributor != nil {
		return l.distributor.working(now)
	}
	return l.taken - l.held
}

// tight reports whether n packets more might not find free buffers.
func (l *fastLine) tight(n int) bool {
	if l.filled+n > l.safe+l.m.cfg.RxRing {
		return true
	}
	if l.limitBy(); l.filled+n > l.limit {
		l.makeRoom(n)
	}
	return false
}

// fill fills a buffer for a packet below the limit.
func (l *fastLine) fill(t int64, length, of uint32) {
	l.arrival[l.filled] = t
	if l.rest != nil {
		l.rest[l.filled] = fastPacket{of, length}
	}
	l.filled++
}

// drop counts a packet that found no free buffer.
func (l *fastLine) drop(length uint32) {
	l.drops++
	l.dropBytes += uint64(length)
}

// publish publishes the oldest packet that waits for it, where the fast line is neither
// plain nor in a cycle with others.
func (l *fastLine) publish(t int64) {
	if t > l.quietUntil {
		l.meet(t)
	}
	l.published++
}

// meet does the work that comes before a publication at t, and finds when the
// vector is raised for it.
func (l *fastLine) meet(t int64) {
	l.advance(t)
	if l.nextPoll == fastIdle {
		l.arm(t)
	}
	if l.published+1 == l.fills {
		l.filledUp(t)
	}
	if l.quietUntil = l.nextPoll; l.fills > l.published {
		l.quietUntil = fastIdle
	}
}

// advance does all work that comes before the arrivals at the instant now.
func (l *fastLine) advance(now int64) {
	if l.cycle != nil {
		l.cycle.advance(now)
		return
	}
	l.safe = l.held // some of the buffers that this gives back may come back after the next arrivals
	for fastIdle < l.nextPoll && l.nextPoll < now {
		switch {
		case l.plain:
			l.endPlain()
			l.nextPoll = fastIdle
		case l.drain == Poll:
			l.poll(now)
		default:
			l.snapshot()
		}
	}
}

// arm finds when the vector is raised for a packet that is published to the
// empty queue at t.
func (l *fastLine) arm(t int64) {
	l.called, l.oldest, l.fills = false, t, 0
	if frames := l.m.cfg.RxFrames; frames > 1 {
		l.fills = l.taken + frames
	}
	l.raiseAt(l.vector.Due(max(t, l.end), t, 1))
}

// filledUp finds it anew when the queue holds rx-frames at t.
func (l *fastLine) filledUp(t int64) {
	l.fills = 0
	l.raiseAt(min(l.raise, l.vector.Due(max(t, l.end), l.oldest, l.m.cfg.RxFrames)))
}

func (l *fastLine) raiseAt(t int64) { l.raise, l.nextPoll = t, t+l.delay }

// interrupt raises the vector and runs the ISR.
func (l *fastLine) interrupt() {
	l.called, l.fills = true, 0
	l.vector.Raise(l.raise)
	if !l.fixed {
		l.on = &l.m.cpus[l.m.systemCPU()]
	}
	l.on.Interrupts++
	l.on.ISRTime += l.m.cfg.ISRCost
}

// charge runs the ISR of a raise before now, whose CPU what happens from now on
// no longer decides.
func (l *fastLine) charge(now int64) {
	if l.nextPoll != fastIdle && !l.called && l.raise < now {
		l.interrupt()
	}
}

// snapshot is a whole DPC with drain snapshot: it takes what waits at its start.
// Where the budget leaves some of it, it starts anew at its end.
func (l *fastLine) snapshot() {
	if !l.called {
		l.interrupt()
	}
	n, start := l.published-l.taken, l.nextPoll
	l.deepen(n)
	l.nextPoll = fastIdle
	again := false
	if budget := l.budget; budget > 0 && n > budget {
		n, again = budget, true
	}
	c := l.on
	c.DPCs++
	l.held = l.taken
	if l.distributor != nil {
		l.end, l.freed = l.distributor.deal(l, start)
		l.m.masked += l.end - l.raise
	} else {
		l.end = l.indicate(n, start, start+l.m.cfg.DPCCost)
		l.freed = l.end
		c.DPCTime += l.end - start
		c.MaxPerDPC = max(c.MaxPerDPC, uint64(n))
	}
	if again {
		l.nextPoll = l.end
	}
}

// deepen notes that n packets wait for a DPC.
func (l *fastLine) deepen(n int) {
	l.depthMax = max(l.depthMax, n)
	if l.rings != nil && n > l.shallow {
		l.rings.deepen(l, l.taken, l.published)
	}
}

// indicate works on the n oldest packets, at least one, which are taken at the time takenAt,
// one after the other from start. It returns when the last of them is done.
func (l *fastLine) indicate(n int, takenAt, start int64) (end int64) {
	m, cpu := l.m, l.on
	switch {
	case m.CountedAffinity != nil:
		end = l.indicateCounted(n, start)
	case l.moving != nil:
		end = l.indicateMoving(n, start)
	default:
		end = l.indicateFixed(n, start)
	}
	arrival := l.arrival[l.taken : l.taken+n]
	if !cpu.series.inLast(arrival) {
		m.crossWindows(&cpu.series, arrival)
	}
	if m.homeCPUs != nil {
		l.tookFlows(n, takenAt)
	}
	l.taken += n
	return end
}

// tookFlows notes that the flows of the oldest n packets are taken at a time.
//
// Optimization: where flows move, and sent packets are judged beside arrivals, it is noted of
// those that another CPU had before.
func (l *fastLine) tookFlows(n int, at int64) {
	m, cpu := l.m, l.on.index
	if l.moving == nil || l.moving.of.beside == nil {
		for _, p := range l.rest[l.taken : l.taken+n] {
			m.takeOf(cpu, p.of, at)
		}
		return
	}
	sent, unsettled := l.moving.of.beside, l.moving.of.unsettled
	for i, a := range l.aside[l.taken : l.taken+n] {
		if unsettled || a.before != uint16(cpu+1) {
			sent.take(l.rest[l.taken+i].of, at, cpu)
		}
	}
}

// indicateFixed is indicate where a flow stays on a CPU, so that costs are fixed but
// for byte-cost.
func (l *fastLine) indicateFixed(n int, start int64) (end int64) {
	m, h := l.m, &l.on.latency
	arrival := l.arrival[l.taken : l.taken+n]
	if m.cfg.ByteCost == 0 {
		return h.Run(arrival, start, m.cfg.PacketCost)
	}
	end = start
	for i, p := range l.rest[l.taken : l.taken+n] {
		end = h.Run(arrival[i:i+1], end, m.cfg.cost(p.length))
	}
	return end
}

// indicateCounted is indicate where any CPU may have taken the flow's packet before.
func (l *fastLine) indicateCounted(n int, start int64) (end int64) {
	m, cpu, rest := l.m, l.on, l.rest[l.taken:l.taken+n]
	if len(l.moved) < n {
		l.moved = make([]int64, len(l.arrival))
	}
	// Optimization: two loops, each with all that it asks for in registers, take less than one.
	moved := l.moved[:n]
	affinity.TookEach(m.CountedAffinity, rest, cpu.index, moved)
	packetCost, byteCost, migrationCost := m.cfg.PacketCost, m.cfg.ByteCost, m.cfg.MigrationCost
	h := &cpu.latency
	end = start
	sum, most, bytes, migrated := int64(0), h.Max, uint64(0), int64(0)
	for i, arrival := range l.arrival[l.taken : l.taken+n] {
		length := rest[i].length
		if byteCost > 0 {
			end += byteCost * int64(length) / 1000
		}
		end += packetCost + migrationCost*moved[i]
		bytes += uint64(length)
		migrated += moved[i]
		late := end - arrival
		sum, most = sum+late, max(most, late)
		h.Count(late)
	}
	h.Add(uint64(n), sum, most)
	cpu.Packets += uint64(n)
	cpu.Bytes += bytes
	cpu.MigratedPackets += uint64(migrated)
	return end
}

// run advances the fast line to its end: every queue empty.
func (l *fastLine) run() {
	l.advance(math.MaxInt64)
	l.m.at(l.end)
}

// accepted is the packets that found a buffer so far.
func (l *fastLine) accepted() uint64 { return l.gone + uint64(l.filled) }

// counted adds what was not counted packet by packet: that of the hardware queue
// and, where it never changes, of the CPU. bytes were steered to it.
func (l *fastLine) counted(q *QueueCounters, bytes uint64) {
	accepted := l.accepted()
	*q = QueueCounters{Packets: accepted + l.drops, Bytes: bytes, Drops: l.drops, DepthMax: uint64(l.depthMax)}
	c := l.on
	if l.fixed {
		c.Packets, c.Bytes = accepted, bytes-l.dropBytes
	}
	if l.plain {
		c.latency.Add(accepted-l.plainFrom, l.lateness, max(l.latest, c.latency.Max))
		c.Interrupts, c.ISRTime = c.DPCs, int64(c.DPCs)*l.m.cfg.ISRCost
	}
	if l.plain || l.cycle != nil {
		c.MaxPerDPC = uint64(l.depthMax)
	}
}
