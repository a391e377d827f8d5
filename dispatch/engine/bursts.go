package engine

import "slices"

// The windows of QueueCounters' bursts, in ns.
const (
	shortBurst = 50_000
	longBurst  = 500_000
)

// bursts finds the most packets that arrive for each hardware queue within any window
// of a given length. Models whose packets go to the same queues share it.
type bursts struct {
	queueOf []uint16 // per table entry, then of packets without a hash
	queues  []queueBursts
}

// queueBursts are those of one queue.
//
// Each packet can make the most within a window one more than it was, and does if the
// one that many places before it arrived in the window that it ends. So a packet costs
// a look at one former arrival for each window, however many it holds.
type queueBursts struct {
	arrivals    []int64 // the latest ones, in a ring; length a power of two above long
	n           uint64  // arrivals so far
	short, long uint64
}

func newBursts(m *Model) *bursts {
	b := &bursts{queues: make([]queueBursts, len(m.queues))}
	for q := range b.queues {
		b.queues[q].arrivals = make([]int64, 16)
	}
	if len(m.queues) > 1 {
		for _, to := range m.targets {
			b.queueOf = append(b.queueOf, to.queue)
		}
	}
	return b
}

// same reports whether both count the same arrivals, of packets that are steered alike.
func (b *bursts) same(o *bursts) bool {
	return len(b.queues) == len(o.queues) && slices.Equal(b.queueOf, o.queueOf)
}

// count counts the received packets of a batch.
func (b *bursts) count(times []int64, entries []uint16) {
	if b.queueOf == nil {
		q := &b.queues[0]
		for i, entry := range entries[:len(times)] {
			if entry < Sent {
				q.arrive(times[i])
			}
		}
		return
	}
	last := len(b.queueOf) - 1
	for i, entry := range entries[:len(times)] {
		if entry < Sent {
			b.queues[b.queueOf[min(int(entry), last)]].arrive(times[i]) // see model.target
		}
	}
}

func (q *queueBursts) arrive(t int64) {
	mask := uint64(len(q.arrivals) - 1)
	q.arrivals[q.n&mask] = t
	if t-q.arrivals[(q.n-q.short)&mask] < shortBurst {
		q.short++
	}
	if t-q.arrivals[(q.n-q.long)&mask] < longBurst {
		q.more()
	}
	q.n++
}

// more counts one more in the longer window, and keeps room for as many.
func (q *queueBursts) more() {
	if q.long++; q.long < uint64(len(q.arrivals)) {
		return
	}
	had := q.arrivals
	q.arrivals = make([]int64, 2*len(had))
	for i := range min(q.n+1, uint64(len(had))) {
		q.arrivals[(q.n-i)&uint64(len(q.arrivals)-1)] = had[(q.n-i)&uint64(len(had)-1)]
	}
}
