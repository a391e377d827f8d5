package engine

// arrivalOrder has affinity.Counted count packets in order of arrival, whichever CPU is
// done with them first.
type arrivalOrder struct {
	waits       []awaited // length a power of two
	first, next uint64    // packets from first on are here, up to before next; numbers of the replay
	ticks       []uint64  // the first packet after each tick whose window is not closed
}

// awaited is a packet of which it is not yet known where it is indicated, or one behind
// such a packet.
type awaited struct {
	flow  uint32
	cpu   uint16 // if it is known; notSteered: nowhere
	known bool
}

// add notes a packet that took a buffer; their numbers ascend, modulo 2³².
func (o *arrivalOrder) add(packet, flow uint32) {
	// Those between were sent or dropped.
	number := o.next + uint64(packet-uint32(o.next))
	if o.first == o.next {
		o.first, o.next = number, number
	}
	for o.next <= number {
		if o.next-o.first == uint64(len(o.waits)) {
			o.waits = moreRoom(o.waits, o.first, o.next)
		}
		*o.at(o.next) = awaited{flow: flow, cpu: notSteered, known: o.next < number}
		o.next++
	}
}

func (o *arrivalOrder) at(number uint64) *awaited { return &o.waits[number&uint64(len(o.waits)-1)] }

// moreRoom is a ring of twice the length, a power of two, with the same records from one to
// before another.
func moreRoom[T any](ring []T, from, to uint64) []T {
	more := make([]T, max(64, 2*len(ring)))
	for i := from; i != to; i++ {
		more[i&uint64(len(more)-1)] = ring[i&uint64(len(ring)-1)]
	}
	return more
}

// settle notes where a packet is indicated, or that it is not (notSteered), and counts
// those of which it is known, up to the first of which it is not.
func (m *Model) settle(packet uint32, cpu uint16) {
	o := m.arrivals
	w := o.at(o.first + uint64(packet-uint32(o.first)))
	w.cpu, w.known = cpu, true
	for o.first < o.next {
		w := o.at(o.first)
		if !w.known {
			break
		}
		if w.cpu != notSteered {
			m.CountedAffinity.Took(w.flow, int(w.cpu))
			if m.changes != nil && m.changes.balancer != nil {
				m.changes.indicate[w.cpu]++
			}
		}
		o.first++
		m.closeWindows()
	}
}

// ticked closes the window of the packets that arrived since the last tick, as soon as
// it is known where they are indicated.
func (m *Model) ticked() {
	m.arrivals.ticks = append(m.arrivals.ticks, m.arrivals.next)
	m.closeWindows()
}

func (m *Model) closeWindows() {
	for o := m.arrivals; len(o.ticks) > 0 && o.ticks[0] <= o.first; o.ticks = o.ticks[1:] {
		m.changes.closeWindow()
	}
}
