package dispatch

import (
	"math"

	"rssreplay/nicmodel"
)

// lane is a line in closed form: the packets of one hardware queue whose CPU
// serves no other, and that nobody observes.
//
// Optimization: it equals line. It knows the moment at which its DPC next looks
// at the queue, and has nothing to think about until a packet is published after
// that moment: then all that the DPC takes is known, and is worked on in one go.
// When the vector was raised and the ISR ran follows from the DPC.
type lane struct {
	// look is when a DPC next looks at the queue, step (4): at its start, and with
	// drain poll at each decision. What is published at that instant is in the
	// queue. laneIdle while the vector is enabled and nothing is queued.
	look int64

	// The packets that the queue accepted, in order, in rings as long as each
	// other: those below taken are done, those below published wait for a DPC, the
	// others for the NIC to publish them.
	filled, published, taken uint64
	arrival                  []int64
	length                   []uint32 // nil if nobody asks
	flow                     []uint32 // nil if nobody asks

	// The buffers not given back are those from held on, and from taken on once it
	// is freed. Those below returned are free whenever the lane is asked.
	held, returned uint64
	freed          int64
	room           uint64 // the hardware's ring or the memory here, whichever is less

	m      *model
	vector nicmodel.Vector
	cpu    int    // of this cycle
	fixed  bool   // cpu never changes
	called bool   // the ISR of this cycle is charged
	busy   bool   // poll: the DPC has started
	again  int    // poll: packets that this DPC took
	raise  int64  // of this cycle
	oldest int64  // publish time of the oldest packet that waits for the raise
	fills  uint64 // published once the queue holds rx-frames, where that matters, else 0
	end    int64  // of the last DPC

	depth            uint64 // most packets that waited
	bytes            uint64 // steered here
	drops, dropBytes uint64
}

// laneIdle is lane.look outside a cycle: any publication comes after it.
const laneIdle = -1

// newLane is the lane of a queue whose CPU is cpu, or is determined by the
// system where that is negative.
func newLane(m *model, cpu int) lane {
	l := lane{m: m, look: laneIdle, vector: nicmodel.NewVector(&m.cfg.Config), cpu: cpu, fixed: cpu >= 0}
	if !l.fixed || m.cfg.ByteCost > 0 {
		l.length = []uint32{}
	}
	if m.wandering != nil || m.takes != nil {
		l.flow = []uint32{}
	}
	l.grow()
	return l
}

// grow makes the memory for packets twice as large.
func (l *lane) grow() {
	n := max(64, 2*len(l.arrival))
	l.arrival = regrown(l.arrival, n, l.taken, l.filled)
	if l.length != nil {
		l.length = regrown(l.length, n, l.taken, l.filled)
	}
	if l.flow != nil {
		l.flow = regrown(l.flow, n, l.taken, l.filled)
	}
	l.room = uint64(min(n, l.m.cfg.RxRing))
}

// regrown is a ring of n records with those from one number to before another.
func regrown[T any](ring []T, n int, from, to uint64) []T {
	grown := make([]T, n)
	for i := from; i < to; i++ {
		grown[i&uint64(n-1)] = ring[i&uint64(len(ring)-1)]
	}
	return grown
}

// full reports whether no buffer is free at an arrival at now, and makes room
// in memory if there is one.
func (l *lane) full(now int64) bool {
	l.advance(now)
	if l.freed <= now {
		l.held = l.taken
	}
	l.returned = l.held
	used := l.filled - l.held
	if used >= uint64(l.m.cfg.RxRing) {
		return true
	}
	if used >= l.room {
		l.grow()
	}
	return false
}

// tight reports whether n packets more might not find free buffers.
func (l *lane) tight(n uint64) bool {
	for l.filled-l.returned+n > l.room {
		if l.room == uint64(l.m.cfg.RxRing) {
			return true
		}
		l.grow()
	}
	return false
}

// fill fills a buffer for a packet, which the lane was not full for.
func (l *lane) fill(t int64, length, flow uint32) {
	at := l.filled & uint64(len(l.arrival)-1)
	l.arrival[at] = t
	if l.length != nil {
		l.length[at] = length
	}
	if l.flow != nil {
		l.flow[at] = flow
	}
	l.filled++
}

// drop counts a packet that found no free buffer.
func (l *lane) drop(length uint32) {
	l.drops++
	l.dropBytes += uint64(length)
}

// publish publishes the oldest packet that waits for it.
func (l *lane) publish(t int64) {
	if t > l.look {
		l.meet(t)
	}
	l.published++
	if l.published == l.fills {
		l.filledUp(t)
	}
}

// meet does the work that comes before a publication at t, and arms the vector
// if there is no more to come.
func (l *lane) meet(t int64) {
	l.advance(t)
	if l.look == laneIdle {
		l.arm(t)
	}
}

// advance does all work that comes before the arrivals at the instant now.
func (l *lane) advance(now int64) {
	l.returned = l.held
	for laneIdle < l.look && l.look < now {
		if l.m.cfg.Drain == Poll {
			l.poll(now)
		} else {
			l.snapshot()
		}
	}
}

// arm finds when the vector is raised for a packet that is published to the
// empty queue at t.
func (l *lane) arm(t int64) {
	l.called, l.oldest, l.fills = false, t, 0
	if frames := l.m.cfg.RxFrames; frames > 1 {
		l.fills = l.taken + uint64(frames)
	}
	l.raiseAt(l.vector.Due(max(t, l.end), t, 1))
}

// filledUp finds it anew when the queue holds rx-frames at t.
func (l *lane) filledUp(t int64) {
	l.raiseAt(min(l.raise, l.vector.Due(max(t, l.end), l.oldest, l.m.cfg.RxFrames)))
}

func (l *lane) raiseAt(t int64) {
	l.raise, l.look = t, t+l.m.cfg.InterruptLatency+l.m.cfg.ISRCost
}

// interrupt raises the vector and runs the ISR, if that has not been done.
func (l *lane) interrupt() {
	if l.called {
		return
	}
	l.called, l.fills = true, 0
	l.vector.Raise(l.raise)
	if !l.fixed {
		l.cpu = l.m.systemCPU()
	}
	l.m.isr(l.cpu)
}

// charge runs the ISR of a raise before now, whose CPU what happens from now on
// no longer decides.
func (l *lane) charge(now int64) {
	if l.look != laneIdle && l.raise < now {
		l.interrupt()
	}
}

// startDPC charges the start of a DPC, which starts at look.
func (l *lane) startDPC() {
	c := &l.m.cpus[l.cpu]
	c.DPCs++
	c.DPCTime += l.m.cfg.DPCCost
}

// snapshot is a whole DPC with drain snapshot: it takes what waits at its start.
// Where the budget leaves some of it, it starts anew at its end.
func (l *lane) snapshot() {
	l.interrupt()
	l.startDPC()
	n, t := l.published-l.taken, l.look
	l.depth = max(l.depth, n)
	again := false
	if budget := uint64(l.m.cfg.DPCBudget); budget > 0 && n > budget {
		n, again = budget, true
	}
	c := &l.m.cpus[l.cpu]
	c.MaxPerDPC = max(c.MaxPerDPC, n)
	l.held = l.taken
	l.end = l.indicate(n, t, t+l.m.cfg.DPCCost)
	l.freed = l.end
	if l.look = laneIdle; again {
		l.look = l.end
	}
}

// poll is what a DPC with drain poll does before now: at its start, and at each
// of its decisions.
func (l *lane) poll(now int64) {
	if !l.busy {
		l.interrupt()
		l.busy = true
		l.startDPC()
		l.again = 0
		l.look += l.m.cfg.DPCCost
	}
	c := &l.m.cpus[l.cpu]
	for l.look < now {
		waiting := l.published - l.taken
		l.depth = max(l.depth, waiting)
		switch {
		case waiting == 0:
			l.end, l.busy, l.look = l.look, false, laneIdle
			return
		case l.m.cfg.DPCBudget > 0 && l.again == l.m.cfg.DPCBudget:
			l.startDPC()
			l.again = 0
			l.look += l.m.cfg.DPCCost
		default:
			l.again++
			c.MaxPerDPC = max(c.MaxPerDPC, uint64(l.again))
			l.held = l.taken
			l.look = l.indicate(1, l.look, l.look)
			l.freed = l.look
		}
	}
}

// indicate works on the n oldest packets, which are taken at the time takenAt,
// one after the other from start, and returns when the last of them is done.
func (l *lane) indicate(n uint64, takenAt, start int64) int64 {
	m := l.m
	cpu := &m.cpus[l.cpu]
	end := start
	for n > 0 {
		// The packets up to where the rings turn.
		from := l.taken & uint64(len(l.arrival)-1)
		to := min(from+n, uint64(len(l.arrival)))
		arrival := l.arrival[from:to]
		if m.cfg.ByteCost == 0 {
			end = cpu.latency.run(arrival, end, m.cfg.PacketCost)
		} else {
			end = cpu.latency.runOf(arrival, l.length[from:to], end, m.cfg)
		}
		m.inWindows(&cpu.series, arrival)
		if !l.fixed {
			cpu.Packets += to - from
			for _, length := range l.length[from:to] {
				cpu.Bytes += uint64(length)
			}
		}
		if l.flow != nil {
			m.indicated(l.cpu, l.flow[from:to], takenAt)
		}
		l.taken += to - from
		n -= to - from
	}
	cpu.DPCTime += end - start
	return end
}

// run advances the lane to its end: every queue empty.
func (l *lane) run() {
	l.advance(math.MaxInt64)
	l.m.at(l.end)
}

// counted adds what was not counted packet by packet: that of the hardware queue
// and, where it never changes, of the CPU.
func (l *lane) counted(q *QueueCounters) {
	*q = QueueCounters{Packets: l.filled + l.drops, Bytes: l.bytes, Drops: l.drops, DepthMax: l.depth}
	if l.fixed {
		c := &l.m.cpus[l.cpu]
		c.Packets, c.Bytes = l.filled, l.bytes-l.dropBytes
	}
}
