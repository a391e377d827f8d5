package affinity

import (
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/nicmodel"
)

// Order counts the packets that are reordered, where packets of one flow may be on
// several CPUs at once: those whose indication ended strictly later than that of a packet
// of their flow that arrived after them (a reordered packet of RFC 4737).
//
// In the order in which packets are done, of those done at one moment the first to
// arrive first, a packet is late if one of its flow that arrived after it is before
// it. Each CPU is done with its own in that order, and what it takes from some moment
// on is not done before that.
type Order struct {
	cpus     []doneQueue
	pending  int
	look     int                    // Passed looks at them when that many are pending
	arrived  uint64                 // packets so far, received or sent
	furthest bigarray.Array[uint64] // per flow: the latest arrival done, and 1; 0: none
	Late     uint64                 // packets reordered so far
}

// leastLook is how many packets are looked at together, at least.
const leastLook = 1024

// doneQueue is the packets of one CPU that are to be looked at.
type doneQueue struct {
	done []donePacket
	next int
}

type donePacket struct {
	end     int64
	arrival uint64 // number in the replay, or another one in its order
	flow    uint32
}

func (d *donePacket) before(o *donePacket) bool {
	return d.end < o.end || d.end == o.end && d.arrival < o.arrival
}

// NewOrder is of packets that so many CPUs indicate.
func NewOrder(cpus int) *Order {
	return &Order{cpus: make([]doneQueue, cpus), look: leastLook}
}

// Grow makes room for so many flows in all, and for packets that come now.
func (o *Order) Grow(flows uint32, packets int) {
	o.furthest.Grow(flows)
	o.arrived += uint64(packets)
}

// Indicated notes that a CPU will be done with a packet at end.
func (o *Order) Indicated(cpu int, flow, packet uint32, end int64) {
	// The number is known modulo 2³², and no packet is in the NIC that long.
	o.Done(cpu, flow, o.arrived-uint64(uint32(o.arrived)-packet), end)
}

// Done is Indicated by any number that ascends in order of arrival; packets of one
// CPU may share it.
func (o *Order) Done(cpu int, flow uint32, arrival uint64, end int64) {
	if flow == NoFlow {
		return
	}
	q := &o.cpus[cpu]
	q.done = append(q.done, donePacket{end, arrival, flow})
	for i := len(q.done) - 1; i > 0 && q.done[i].before(&q.done[i-1]); i-- { // of one moment
		q.done[i], q.done[i-1] = q.done[i-1], q.done[i]
	}
	o.pending++
}

// Due reports whether enough are pending for Passed to look at them.
func (o *Order) Due() bool { return o.pending >= o.look }

// Passed is told that no packet is taken before now any more. It looks at those that
// are done by then once there are enough of them, or at the end of time.
func (o *Order) Passed(now int64) {
	if !o.Due() && now < nicmodel.Never {
		return
	}
	for {
		var first *doneQueue
		for i := range o.cpus {
			q := &o.cpus[i]
			if q.next < len(q.done) && q.done[q.next].end < now &&
				(first == nil || q.done[q.next].before(&first.done[first.next])) {
				first = q
			}
		}
		if first == nil {
			break
		}
		d := &first.done[first.next]
		first.next++
		o.pending--
		if furthest := o.furthest.At(d.flow); d.arrival+1 < *furthest {
			o.Late++
		} else {
			*furthest = d.arrival + 1
		}
	}
	for i := range o.cpus {
		q := &o.cpus[i]
		q.done = append(q.done[:0], q.done[q.next:]...)
		q.next = 0
	}
	o.look = max(leastLook, 2*o.pending) // looking at them again pays
}
