package engine

import "rssreplay/nicmodel"

// rssMSIX is RSS with message signaled interrupts:
//
//	MSI-1  The NIC (1a) uses DMA to fill buffers with received data, (1b)
//	       computes a hash value, (1c) queues the buffer to a CPU and provides
//	       the assignments to the driver, a list after some number of packets,
//	       (1d) using MSI-X, interrupts the CPU of a non-empty queue.
//	MSI-2  It can add buffers to the queue at any time, but does not interrupt
//	       that CPU again until the driver enables its interrupts.
//	MSI-3  The ISR is called on the current CPU,
//	MSI-4  disables interrupts on it and queues a DPC on it.
//	MSI-5  The DPC (5a) indicates the received buffers in its queue and (5b)
//	       enables interrupts for the current CPU. No atomic operation tracks
//	       the progress of other DPCs.
//
// Each CPU's vector, queue and DPC are a line of their own. Where a flow may meet
// several CPUs, what a packet costs on one of them depends on what another took
// before, and the lines go on together, one event after the other.
type rssMSIX struct {
	*Model
	front frontEnd
	lines []line
}

func newRSSMSIX(m *Model) *rssMSIX {
	e := &rssMSIX{Model: m, front: newFrontEnd(m)}
	e.lines = make([]line, len(m.cfg.CPUs))
	for c := range e.lines {
		e.lines[c] = newLine(m, &e.front.queues[c])
		e.lines[c].cpu, e.lines[c].fixed = c, true
	}
	return e
}

func (e *rssMSIX) Process(b *Batch) { e.front.process(b, e) }

func (e *rssMSIX) catchUp(now int64, cpu uint16) {
	if e.latest != nil {
		e.together(now)
	} else {
		e.lines[cpu].advance(now)
	}
}

func (e *rssMSIX) publish(t int64, cpus []uint16) {
	if e.latest != nil {
		e.together(t)
	}
	for _, cpu := range cpus {
		l := &e.lines[cpu]
		if l.ready <= t {
			l.advance(t)
		}
		l.publish(t)
	}
}

func (e *rssMSIX) catchUpAll(now int64) {
	if e.latest != nil {
		e.together(now)
		return
	}
	for c := range e.lines {
		e.lines[c].advance(now)
	}
}

func (e *rssMSIX) busy(now int64) []int64 {
	var busy []int64
	for c := range e.lines {
		begun := e.cpus[c].busy() - e.changes.ahead(c, now)
		if l := &e.lines[c]; l.state == raised && l.time-e.cfg.ISRCost >= now {
			begun -= e.cfg.ISRCost // charged when it was raised, and called later
		}
		busy = append(busy, begun)
	}
	return busy
}

// together does all work of all lines that comes before the arrivals at now, in the
// order in which it happens.
func (e *rssMSIX) together(now int64) {
	for {
		var first *line
		for c := range e.lines {
			if l := &e.lines[c]; l.ready <= now && (first == nil || !first.before(l)) {
				first = l
			}
		}
		if first == nil {
			return
		}
		first.step()
	}
}

func (e *rssMSIX) Finish() {
	e.front.finish(e)
	if e.latest != nil {
		e.together(nicmodel.Never - 1)
	}
	for c := range e.lines {
		e.lines[c].run()
	}
}
