package engine

import "rssreplay/nicmodel"

// rssSingleQueue is RSS with a single hardware receive queue, which the first
// DPC of each cycle deals out:
//
//	SQ-1  The NIC fills buffers and interrupts the system.
//	SQ-2  It may fill more, but does not interrupt again until enabled.
//	SQ-3  The ISR runs on a system-determined CPU,
//	SQ-4  disables the interrupts and requests a DPC.
//	SQ-5  That DPC, on the current CPU, (5a) assigns each buffer by its hash to
//	      the receive queue of a CPU, (5b) queues a DPC for each other CPU with
//	      a non-empty queue, (5c) processes its own CPU's queue.
//	SQ-6  Each DPC (6a) indicates its queue; (6b) the last to complete (an
//	      atomic counter) enables the interrupts.
//
// drain poll and dpc-budget do not apply here.
type rssSingleQueue struct {
	cycle
	queue  nicmodel.Queue   // the hardware queue
	shares []nicmodel.Queue // the software queue of each CPU
}

func newRSSSingleQueue(m *Model) *rssSingleQueue {
	e := &rssSingleQueue{shares: make([]nicmodel.Queue, len(m.cpus))}
	e.cycle = newCycle(m, e.shares, e)
	return e
}

func (e *rssSingleQueue) Process(b *Batch) {
	m := e.Model
	m.prepare(b)
	steered, sends := b.steered(m.steering), b.Sends
	var ref *VariedRef
	varied := variedRefs(steered.Varied)
	for i, t := range b.Time[:b.N] {
		if e.ready <= t {
			e.advance(t)
		}
		if t >= m.changeAt {
			m.change(t, nil)
		}
		ref, varied = varied.of(i)
		entry := steered.Entry[i]
		if entry >= Sent {
			if entry != Sent {
				m.ruledOut(t, b.Flow[i], b.First+uint32(i))
				continue
			}
			m.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
			continue
		}
		to := m.target(entry)
		accepted := m.receive(t, 0, b.Length[i], b.Flow[i], b.First+uint32(i))
		if ref != nil && accepted && m.FixedAffinity != nil {
			m.metSeveral(ref, b.Flow[i], to.cpu)
		}
		if m.changes != nil {
			m.movable(t, entry, b.Flow[i], to, accepted)
		}
		if !accepted {
			continue
		}
		buf := e.queue.Fill()
		*buf = nicmodel.Buffer{Arrival: t, Length: b.Length[i], Flow: b.Flow[i], Packet: b.First + uint32(i), CPU: to.cpu}
		e.queue.Publish(t)
		packet := buf.Packet
		m.event(Fill, t, -1, 0, int64(packet))
		m.event(Publish, t, -1, 0, int64(packet))
		m.published(0)
		if e.masked() {
			m.event(More, t, -1, 0, int64(packet))
		}
		e.filled(t, e.queue.Waiting())
	}
	m.arrived(b)
}

func (e *rssSingleQueue) Finish() { e.runOut() }

func (e *rssSingleQueue) oldest() (published int64, waiting int) {
	if waiting = e.queue.Waiting(); waiting > 0 {
		published = e.queue.Peek(0).Published
	}
	return published, waiting
}

// isrEnd is the first DPC, at the ISR's end: it takes every buffer from the
// hardware queue and deals them out, then indicates its own share at once.
func (e *rssSingleQueue) isrEnd(t int64) {
	e.event(DPCStart, t, e.cpu, 0, -1)
	n := e.queue.Waiting()
	cost := e.cfg.DPCCost + e.cfg.DistributeCost*int64(n)
	e.cpus[e.cpu].DPCs++
	e.cpus[e.cpu].DPCTime += cost
	e.dequeued(&e.queue, n)
	for i := range n {
		b := *e.queue.Peek(i)
		e.event(Deal, t, int(b.CPU), 0, int64(b.Packet))
		share := &e.shares[b.CPU]
		*share.Fill() = b
		share.Publish(b.Published)
	}
	e.queue.Take(n)
	e.queue.Return() // the rings' count follows the shares
	e.next(dealing, t+cost)
}

// dealt is the end of the dealing: the first DPC goes on with its own share,
// and every other CPU with a share gets a DPC ipi-latency later.
func (e *rssSingleQueue) dealt(t int64) {
	for c := range e.set.dpcs {
		switch {
		case e.shares[c].Waiting() == 0:
		case c == e.cpu:
			e.event(ShareStart, t, c, -1, -1)
			e.set.add(c, t)
			e.set.share(c, t, t)
		default:
			e.event(DPCQueue, t, c, -1, -1)
			e.set.add(c, t+e.cfg.IPILatency)
		}
	}
	if own := &e.set.dpcs[e.cpu]; own.queue.Taken() == 0 {
		e.event(DPCEnd, t, e.cpu, -1, -1)
	}
	e.run()
}
