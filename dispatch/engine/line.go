package engine

import "rssreplay/nicmodel"

// line is one interrupt line whose DPC runs on the CPU of its ISR: a vector, a
// receive queue and the interrupt cycle between them. RSS with MSI-X has one
// per CPU, which share nothing but the NIC's list of completions; non-RSS has
// one.
//
// A line is advanced lazily: only when something is published to it, or its
// ring looks full, or a sent packet asks what it has done. Then it does all of
// its work that comes before that moment: every event
// before the instant, and at the instant step (0), the ends of packets and DPCs.
type line struct {
	m      *Model
	vector nicmodel.Vector
	queue  *nicmodel.Queue
	state  lineState
	time   int64 // of the next event
	ready  int64 // the first instant whose arrivals come after the next event

	cpu   int  // of this cycle
	fixed bool // cpu never changes
	taken int  // packets that this DPC took
	again bool // snapshot: some buffers remained when the DPC started
}

type lineState uint8

const (
	idle       lineState = iota // enabled, and nothing queued
	armed                       // enabled: the vector is raised at time, step (3)
	raised                      // masked: the ISR ends at time, step (4)
	dealing                     // masked, rss-single-queue: the dealing ends at time, step (4)
	restarting                  // masked: the DPC starts anew at time, step (4)
	snapshot                    // masked: the DPC ends at time, step (0)
	deciding                    // masked: poll decides at time, step (4)
	polling                     // masked: the packet ends at time, step (0)
)

func newLine(m *Model, queue *nicmodel.Queue) line {
	return line{m: m, queue: queue, vector: nicmodel.NewVector(&m.cfg.Config), ready: nicmodel.Never}
}

func (l *line) next(state lineState, t int64) {
	l.state, l.time, l.ready = state, t, t
	if state != snapshot && state != polling {
		l.ready++ // steps (3) and (4) come after the arrivals of their instant
	}
}

// advance does all work that comes before the arrivals at the instant now.
func (l *line) advance(now int64) {
	for l.ready <= now {
		l.step()
	}
}

// step does the next event.
func (l *line) step() {
	switch l.state {
	case armed:
		l.raise(l.time)
	case raised:
		l.m.event(ISREnd, l.time, l.cpu, -1, -1)
		l.startDPC(l.time)
	case snapshot:
		l.giveBack()
		l.m.event(DPCEnd, l.time, l.cpu, -1, -1)
		if l.again {
			l.next(restarting, l.time)
		} else {
			l.enable(l.time)
		}
	case restarting:
		l.startDPC(l.time)
	case deciding:
		l.decide(l.time)
	case polling:
		l.giveBack()
		l.next(deciding, l.time)
	}
}

// before reports whether the next event of l comes before that of o, a line of a
// higher CPU.
func (l *line) before(o *line) bool {
	return l.time < o.time || l.time == o.time && l.place() <= o.place()
}

// place orders the steps in which the next event can be.
func (l *line) place() int {
	switch l.state {
	case snapshot, polling:
		return 0
	case armed:
		return 3
	}
	return 4
}

// publish publishes the oldest filled buffer; the line was advanced to that
// moment.
func (l *line) publish(t int64) {
	b := l.queue.Publish(t)
	l.m.published(b.Queue)
	if l.m.observe != nil {
		cpu := -1 // the system determines it when it is interrupted
		if l.fixed {
			cpu = l.cpu
		}
		l.m.event(Publish, t, cpu, int(b.Queue), int64(b.Packet))
		if l.state != idle && l.state != armed {
			l.m.event(More, t, cpu, int(b.Queue), int64(b.Packet))
		}
	}
	if l.state == idle || l.state == armed && l.vector.Fills(l.queue.Waiting()) {
		l.arm(t)
	}
}

func (l *line) arm(now int64) {
	l.next(armed, l.vector.Due(now, l.queue.Peek(0).Published, l.queue.Waiting()))
}

// raise raises the vector, which masks it, and runs the ISR.
func (l *line) raise(t int64) {
	l.vector.Raise(t)
	if !l.fixed {
		l.cpu = l.m.systemCPU()
	}
	l.m.event(Raise, t, l.cpu, -1, -1)
	l.m.isr(l.cpu)
	start := t + l.m.cfg.InterruptLatency
	l.m.event(ISRStart, start, l.cpu, -1, -1)
	l.next(raised, start+l.m.cfg.ISRCost)
}

// startDPC starts the DPC, and with drain snapshot does all of it.
func (l *line) startDPC(t int64) {
	l.m.event(DPCStart, t, l.cpu, -1, -1)
	c := &l.m.cpus[l.cpu]
	c.DPCs++
	c.DPCTime += l.m.cfg.DPCCost
	if l.m.cfg.Drain == Poll {
		l.taken = 0
		l.next(deciding, t+l.m.cfg.DPCCost)
		return
	}
	n := l.queue.Waiting()
	l.again = false
	if budget := l.m.cfg.DPCBudget; budget > 0 && n > budget {
		n, l.again = budget, true
	}
	c.MaxPerDPC = max(c.MaxPerDPC, uint64(n))
	l.next(snapshot, l.work(n, t, t+l.m.cfg.DPCCost))
}

// decide is a poll DPC after its start and after each packet: take the oldest
// packet, start anew where the budget is used up, or end.
func (l *line) decide(t int64) {
	switch {
	case l.queue.Waiting() == 0:
		l.m.event(DPCEnd, t, l.cpu, -1, -1)
		l.enable(t)
	case l.m.cfg.DPCBudget > 0 && l.taken == l.m.cfg.DPCBudget:
		l.m.event(DPCEnd, t, l.cpu, -1, -1)
		l.startDPC(t)
	default:
		l.taken++
		c := &l.m.cpus[l.cpu]
		c.MaxPerDPC = max(c.MaxPerDPC, uint64(l.taken))
		l.next(polling, l.work(1, t, t))
	}
}

func (l *line) work(n int, takenAt, start int64) int64 {
	l.m.dequeued(l.queue, n)
	return l.m.indicate(l.cpu, l.queue, n, takenAt, start)
}

// giveBack returns the buffers that were taken.
func (l *line) giveBack() { l.queue.ReturnTo(&l.m.rings) }

// enable ends the cycle.
func (l *line) enable(t int64) {
	l.m.event(Enable, t, l.cpu, -1, -1)
	if l.queue.Waiting() > 0 {
		l.arm(t)
	} else {
		l.state, l.ready = idle, nicmodel.Never
	}
}

// run advances the line to its end: every queue empty.
func (l *line) run() {
	for l.state != idle {
		l.advance(l.ready)
	}
	l.m.at(l.time) // its last event ended its last cycle
}
