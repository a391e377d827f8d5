package engine

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
	cycle
	front frontEnd
}

func newRSSHWQueues(m *Model) *rssHWQueues {
	e := &rssHWQueues{front: newFrontEnd(m)}
	e.cycle = newCycle(m, e.front.queues, e)
	return e
}

func (e *rssHWQueues) Process(b *Batch) { e.front.process(b, e) }

func (e *rssHWQueues) Finish() {
	e.front.finish(e)
	e.runOut()
}

func (e *rssHWQueues) catchUp(now int64, _ uint16) { e.advance(now) }

func (e *rssHWQueues) catchUpAll(now int64) { e.advance(now) }

// busy is never asked for: no rebalancer runs here.
func (e *rssHWQueues) busy(int64) []int64 { return nil }

func (e *rssHWQueues) publish(t int64, cpus []uint16) {
	e.advance(t)
	for _, cpu := range cpus {
		b := e.front.queues[cpu].Publish(t)
		e.published(b.Queue)
		e.set.waiting++
		if e.observe != nil {
			e.event(Publish, t, int(cpu), int(b.Queue), int64(b.Packet))
			if e.masked() {
				e.event(More, t, int(cpu), int(b.Queue), int64(b.Packet))
			}
		}
		e.filled(t, e.set.waiting)
	}
}

// oldest is over all CPUs: with one vector for the NIC, its queue is the union
// of all.
func (e *rssHWQueues) oldest() (published int64, waiting int) {
	published = nicmodel.Never
	for c := range e.front.queues {
		if q := &e.front.queues[c]; q.Waiting() > 0 {
			published = min(published, q.Peek(0).Published)
		}
	}
	return published, e.set.waiting
}

// isrEnd queues a DPC for every CPU with a non-empty queue: on the ISR's own
// CPU it starts as part of the ISR's end, on others ipi-latency later.
func (e *rssHWQueues) isrEnd(t int64) {
	for c := range e.front.queues {
		switch {
		case e.front.queues[c].Waiting() == 0:
		case c == e.cpu:
			e.set.add(c, t)
			e.set.start(c, t)
		default:
			e.event(DPCQueue, t, c, -1, -1)
			e.set.add(c, t+e.cfg.IPILatency)
		}
	}
	e.run()
}

// dealt never comes: the NIC dealt the buffers out.
func (e *rssHWQueues) dealt(int64) {}
