package engine

import (
	"math"
	"slices"
)

// queueRings is the rings of hardware queues, where CPUs may have several, for the fast
// lines that have their packets.
type queueRings struct {
	m        *Model
	used     []int    // per queue: buffers that are not known to be free
	accepted []uint64 // per queue
	drops    []uint64 // per queue

	// Per queue: how many packets waited for a DPC at most; and, while a queue may have some
	// on several CPUs, how many do.
	depthMax, depth []int

	on      [][]uint16 // per CPU: the queues that packets come to there
	several bool       // there is a CPU with more than one

	onCPU  []uint64 // per CPU: bytes of the packets that arrived for it
	passed []uint64 // per queue: bytes that these have

	waiting []int // of deepen
}

func newQueueRings(m *Model) *queueRings {
	n := len(m.queues)
	return &queueRings{
		m: m, used: make([]int, n), accepted: make([]uint64, n), drops: make([]uint64, n),
		depthMax: make([]int, n), depth: make([]int, n), waiting: make([]int, n),
		on: make([][]uint16, len(m.cpus)), onCPU: make([]uint64, len(m.cpus)), passed: make([]uint64, n),
	}
}

// aim finds which queues packets come to from now on.
func (r *queueRings) aim(lines []fastLine) {
	for c := range r.on {
		r.on[c] = r.on[c][:0]
		lines[c].shallow = 0
		lines[c].relimit()
	}
	for _, to := range r.m.targets {
		if !slices.Contains(r.on[to.cpu], to.queue) {
			r.on[to.cpu] = append(r.on[to.cpu], to.queue)
		}
	}
	r.several = false
	for c, queues := range r.on {
		r.several = r.several || len(queues) > 1
		lines[c].have(queues)
	}
}

// have has the line's packets come from these queues from now on.
//
// Optimization: where that is one, nobody has to note it packet by packet, but of those that
// are still there when it changes.
func (l *fastLine) have(queues []uint16) {
	for i := max(l.given, l.alike); i < l.filled; i++ {
		l.aside[i].queue = l.queue
	}
	if l.alike = math.MaxInt; len(queues) == 1 {
		l.alike, l.queue = l.filled, queues[0]
	}
}

// queueOf is the queue of a packet that has not given back its buffer.
func (l *fastLine) queueOf(i int) uint16 {
	if i >= l.alike {
		return l.queue
	}
	return l.aside[i].queue
}

// fill fills buffers of a queue for n packets.
func (r *queueRings) fill(queue uint16, n int) {
	r.used[queue] += n
	r.accepted[queue] += uint64(n)
}

// relimit finds the limit of a line anew: no queue has more packets than the line.
func (l *fastLine) relimit() {
	l.safe = l.held
	l.limitBy()
}

// passBytes counts what arrived for the queues so far at their CPUs.
func (r *queueRings) passBytes(bytes []uint64) {
	for q, c := range r.m.changes.queueCPU {
		r.onCPU[c] += bytes[q] - r.passed[q]
		r.passed[q] = bytes[q]
	}
}

// deepen notes that the packets of a line from one to before another wait for a DPC.
func (r *queueRings) deepen(l *fastLine, from, to int) {
	if from >= l.alike {
		l.shallow = max(r.depthMax[l.queue], to-from)
		r.depthMax[l.queue] = l.shallow
		return
	}
	for i := from; i < to; i++ {
		queue := l.queueOf(i)
		r.waiting[queue]++
		r.depthMax[queue] = max(r.depthMax[queue], r.waiting[queue])
	}
	for i := from; i < to; i++ {
		r.waiting[l.queueOf(i)] = 0
	}
	l.shallow = to - from
	for _, q := range r.on[l.on.index] {
		l.shallow = min(l.shallow, r.depthMax[q])
	}
}

// count adds what waits in a line to the packets of each queue.
func (r *queueRings) count(into []int, l *fastLine) {
	for i := l.taken; i < l.published; i++ {
		into[l.queueOf(i)]++
	}
}

// unsettle is the moment when queues may have moved to other lines.
func (r *queueRings) unsettle(lines []fastLine) {
	clear(r.depth)
	for c := range lines {
		r.count(r.depth, &lines[c])
	}
	for q, n := range r.depth {
		r.depthMax[q] = max(r.depthMax[q], n)
	}
}

// published notes a packet that waits from now on, while a queue may have some on several CPUs.
func (r *queueRings) published(queue uint16) {
	r.depth[queue]++
	r.depthMax[queue] = max(r.depthMax[queue], r.depth[queue])
}

// giveBack gives back the buffers of the packets below one.
func (l *fastLine) giveBack(to int) {
	for ; l.given < min(to, l.alike); l.given++ {
		l.rings.used[l.aside[l.given].queue]--
	}
	if l.given < to {
		l.rings.used[l.queue] -= to - l.given
		l.given = to
	}
}

// giveBackBy gives back those that arrivals at now find free, to which the line was
// advanced.
func (l *fastLine) giveBackBy(now int64) {
	if to := l.held; now < l.freed {
		l.giveBack(to)
	} else {
		l.giveBack(l.taken)
	}
}
