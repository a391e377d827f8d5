package dispatch

import "rssreplay/nicmodel"

// rssHWQueues is RSS with hardware queuing, whose NIC has one interrupt:
//
//	HWQ-1  The NIC (1a) fills buffers by DMA, (1b) computes the hash, (1c)
//	       queues each buffer for a CPU and tells the driver the assignments,
//	       in a list after some number of packets, (1d) interrupts the system.
//	HWQ-2  The ISR runs on a system-determined CPU, which may have no buffers.
//	HWQ-3  A DPC is queued for each CPU with a non-empty queue; all must
//	       complete before interrupts are enabled.
//	HWQ-4  Each DPC (4a) indicates all buffers of its queue; (4b) the last one
//	       to complete (an atomic counter) enables the interrupts.
type rssHWQueues struct {
	*model
	front  frontEnd
	vector nicmodel.Vector
	spread spread
	state  lineState // idle, armed, raised, or snapshot for a cycle whose DPCs run
	time   int64     // of the next event
	ready  int64     // the first instant whose arrivals come after it
	cpu    int       // of the ISR of this cycle
}

func newRSSHWQueues(m *model) *rssHWQueues {
	e := &rssHWQueues{
		model: m, front: newFrontEnd(m), vector: nicmodel.NewVector(&m.cfg.Config), ready: nicmodel.Never,
	}
	e.spread = newSpread(m, e.front.queues)
	return e
}

func (e *rssHWQueues) process(b *Batch) { e.front.process(b, e) }

func (e *rssHWQueues) finish() {
	e.front.finish(e)
	for e.state != idle {
		e.catchUpAll(e.ready)
	}
}

func (e *rssHWQueues) catchUp(now int64, _ uint16) { e.catchUpAll(now) }

func (e *rssHWQueues) catchUpAll(now int64) {
	for e.ready <= now {
		switch e.state {
		case armed:
			e.raise(e.time)
		case raised:
			e.isrEnd(e.time)
		case snapshot:
			t := e.spread.advance()
			if e.ready = e.spread.ready(); len(e.spread.active) == 0 {
				e.enable(t)
			}
		}
	}
}

func (e *rssHWQueues) publish(t int64, cpus []uint16) {
	e.catchUpAll(t)
	for _, cpu := range cpus {
		b := e.front.queues[cpu].Publish(t)
		e.published(b.Queue)
		e.spread.waiting++
		if e.observe != nil {
			e.event(Publish, t, int(cpu), int(b.Queue), int64(b.Packet))
			if e.state != idle && e.state != armed {
				e.event(More, t, int(cpu), int(b.Queue), int64(b.Packet))
			}
		}
		if e.state == idle || e.state == armed && e.vector.Fills(e.spread.waiting) {
			e.arm(t)
		}
	}
}

// arm sets the raise of the enabled vector. With one vector for the NIC, its
// queue is the union of all: the oldest publish time of all, the packets of all.
func (e *rssHWQueues) arm(now int64) {
	oldest := int64(nicmodel.Never)
	for c := range e.spread.dpcs {
		if q := e.spread.dpcs[c].queue; q.Waiting() > 0 {
			oldest = min(oldest, q.Peek(0).Published)
		}
	}
	e.state, e.time = armed, e.vector.Due(now, oldest, e.spread.waiting)
	e.ready = e.time + 1
}

func (e *rssHWQueues) raise(t int64) {
	e.vector.Raise(t)
	e.cpu = e.systemCPU()
	e.event(Raise, t, e.cpu, -1, -1)
	e.isr(e.cpu)
	start := t + e.cfg.InterruptLatency
	e.event(ISRStart, start, e.cpu, -1, -1)
	e.state, e.time = raised, start+e.cfg.ISRCost
	e.ready = e.time + 1
}

// isrEnd queues a DPC for every CPU with a non-empty queue: on the ISR's own
// CPU it starts as part of the ISR's end, on others ipi-latency later.
func (e *rssHWQueues) isrEnd(t int64) {
	e.event(ISREnd, t, e.cpu, -1, -1)
	for c := range e.spread.dpcs {
		if e.spread.dpcs[c].queue.Waiting() == 0 {
			continue
		}
		if c == e.cpu {
			e.spread.add(c, dpcStart, t)
			e.spread.start(c, t)
		} else {
			e.event(DPCQueue, t, c, -1, -1)
			e.spread.add(c, dpcStart, t+e.cfg.IPILatency)
		}
	}
	e.state = snapshot
	e.ready = e.spread.ready()
}

// enable ends the cycle.
func (e *rssHWQueues) enable(t int64) {
	e.event(Enable, t, e.cpu, -1, -1)
	if e.spread.waiting > 0 {
		e.arm(t)
	} else {
		e.state, e.ready = idle, nicmodel.Never
	}
}
