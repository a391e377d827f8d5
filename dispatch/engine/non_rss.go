package engine

import "rssreplay/nicmodel"

// nonRSS is non-RSS receive processing:
//
//	NON-1  The NIC uses DMA to fill a buffer and interrupts the system.
//	NON-2  It can fill additional buffers at any time in this interrupt cycle,
//	       but does not interrupt again until the driver enables interrupts.
//	NON-3  The ISR is called on a system-determined CPU,
//	NON-4  disables the interrupts and requests a DPC.
//	NON-5  The DPC is called on the current CPU,
//	NON-6  indicates all of the received buffers up the driver stack,
//	NON-7  and enables the interrupts.
//
// One hardware queue, one vector: one line, whose CPU changes with each cycle.
type nonRSS struct {
	*Model
	line line
}

func newNonRSS(m *Model) *nonRSS {
	return &nonRSS{Model: m, line: newLine(m, new(nicmodel.Queue))}
}

func (e *nonRSS) Process(b *Batch) {
	m, l := e.Model, &e.line
	m.prepare(b)
	entries, sends := b.steered(m.steering).Entry[:b.N], b.Sends
	for i, t := range b.Time[:b.N] {
		if l.ready <= t {
			l.advance(t)
		}
		if t >= m.changeAt {
			m.change(t, nil)
		}
		if entries[i] >= Sent {
			if entries[i] != Sent {
				m.ruledOut(t, b.Flow[i], b.First+uint32(i))
				continue
			}
			m.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
			continue
		}
		if !m.receive(t, 0, b.Length[i], b.Flow[i], b.First+uint32(i)) {
			continue
		}
		buf := l.queue.Fill()
		buf.Arrival, buf.Length, buf.Flow, buf.Packet, buf.Queue = t, b.Length[i], b.Flow[i], b.First+uint32(i), 0
		m.event(Fill, t, -1, 0, int64(buf.Packet))
		l.publish(t)
	}
	m.arrived(b)
}

func (e *nonRSS) Finish() { e.line.run() }
