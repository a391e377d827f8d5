package nicmodel

// Buffer is one receive buffer from its packet's arrival until the driver gets
// it back: 32 bytes, no pointers. Times are ns since the first packet.
type Buffer struct {
	Arrival   int64
	Published int64  // when its completion reached its receive queue
	Length    uint32 // on the wire, bytes
	Flow      uint32 // flow id, all ones: none
	Packet    uint32 // number of the packet in the replay, from 0, modulo 2³²
	Queue     uint16 // hardware queue whose ring it came from
	CPU       uint16 // index of the CPU that software chose for it, where any does
}

// Rings counts the buffers of each hardware queue that are not free. The
// driver allocated size of each at initialization; a packet takes one at its
// arrival, and is dropped where none is free.
type Rings struct {
	size uint32
	used []uint32
}

// NewRings makes queues rings of size buffers each, all free.
func NewRings(queues, size int) Rings {
	return Rings{size: uint32(size), used: make([]uint32, queues)}
}

// Full reports whether queue has no free buffer.
func (r *Rings) Full(queue uint16) bool { return r.used[queue] >= r.size }

// Room reports whether queue has n free buffers.
func (r *Rings) Room(queue uint16, n int) bool { return int(r.used[queue])+n <= int(r.size) }

// Take takes one buffer of queue, which must not be full.
func (r *Rings) Take(queue uint16) { r.used[queue]++ }

// Return gives n buffers of queue back.
func (r *Rings) Return(queue uint16, n uint32) { r.used[queue] -= n }

// Queue is a CPU's receive queue, or the hardware queue where there is one for
// the NIC: first in, first out. Its buffers are filled, then published and
// waiting, then taken by a DPC, then returned; the memory it needs is bounded
// by the rings that feed it.
type Queue struct {
	buf                          []Buffer // length a power of two
	returned, taken, end, filled uint64   // buf[returned:taken] are a DPC's, buf[taken:end] wait, buf[end:filled] are not published
}

// Waiting is the number of buffers published and not yet taken.
func (q *Queue) Waiting() int { return int(q.end - q.taken) }

// Untaken is the number of buffers filled and not yet taken, published or not.
func (q *Queue) Untaken() int { return int(q.filled - q.taken) }

// Taken is the number of buffers taken and not yet returned.
func (q *Queue) Taken() int { return int(q.taken - q.returned) }

// Fill is the next buffer, for the NIC to fill in place, all fields but
// Published; it is valid until the next Fill.
//
// Optimization: a buffer is written once, where it stays; copying one that was
// just written field by field waits for the writes.
func (q *Queue) Fill() *Buffer {
	if q.filled-q.returned == uint64(len(q.buf)) {
		q.Grow()
	}
	b := &q.buf[q.filled&uint64(len(q.buf)-1)]
	q.filled++
	return b
}

// HasSlot reports whether FillPublished has memory for a buffer; else Grow makes some.
func (q *Queue) HasSlot() bool { return q.filled-q.returned < uint64(len(q.buf)) }

// FillPublished is Fill and Publish at once, where all buffers that are filled are published
// and HasSlot says so: for the NIC to fill in place, Published too.
//
// Optimization: it is inlined, and calls nothing.
func (q *Queue) FillPublished() *Buffer {
	b := &q.buf[q.filled&uint64(len(q.buf)-1)]
	q.filled++
	q.end = q.filled
	return b
}

// Publish publishes the oldest filled buffer at t.
func (q *Queue) Publish(t int64) *Buffer {
	b := &q.buf[q.end&uint64(len(q.buf)-1)]
	b.Published = t
	q.end++
	return b
}

// Grow makes memory for twice as many buffers.
func (q *Queue) Grow() {
	buf := make([]Buffer, max(64, 2*len(q.buf)))
	for i := q.returned; i < q.filled; i++ {
		buf[i&uint64(len(buf)-1)] = q.buf[i&uint64(len(q.buf)-1)]
	}
	q.buf = buf
}

// Peek is the i-th untaken buffer, 0 the oldest; valid until the next Fill.
func (q *Queue) Peek(i int) *Buffer {
	return &q.buf[(q.taken+uint64(i))&uint64(len(q.buf)-1)]
}

// Ring is where the untaken buffers are, for loops over many of them: Peek(i) is that of
// number first + i, modulo its length, a power of two.
func (q *Queue) Ring() (ring []Buffer, first uint64) { return q.buf, q.taken }

// Take moves the n oldest waiting buffers to the taken ones.
func (q *Queue) Take(n int) { q.taken += uint64(n) }

// ReturnTo gives all taken buffers back to their rings.
func (q *Queue) ReturnTo(r *Rings) {
	mask := uint64(len(q.buf) - 1)
	for i := q.returned; i < q.taken; i++ {
		r.used[q.buf[i&mask].Queue]--
	}
	q.returned = q.taken
}

// Return forgets all taken buffers, whose ring the caller looks after.
func (q *Queue) Return() { q.returned = q.taken }
