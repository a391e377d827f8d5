package measure

import "slices"

// The windows of bursts, in ns.
const (
	shortBurst = 50_000
	longBurst  = 500_000
)

// Bursts finds the most packets that arrive for each hardware queue within any window
// of a given length. Models whose packets go to the same queues share it.
type Bursts struct {
	queueOf []uint16 // per table entry, then of packets without a hash; nil: one queue
	queues  []queueBursts
}

// queueBursts are those of one queue.
//
// Each packet can make the most within a window one more than it was, and does if the
// one that many places before it arrived in the window that it ends. So a packet costs
// a look at one former arrival for each window, however many it holds, and the answer
// is nearly always no.
//
// Optimization: it is asked of burstStride packets at once, whether the first of them
// lies in a window with the one that is as many places before the last. Where that is
// not so, it is of none of them.
type queueBursts struct {
	times       []int64 // of the latest arrivals, in a ring; its length is a power of two
	n           uint64  // arrivals so far
	looked      uint64  // those below are looked at
	short, long uint64
	runs        *burstRuns // instead of times, once these would be too many
}

// burstStride is how many arrivals of a queue are looked at together: few enough that
// they seldom are as many as make a greatest burst.
const burstStride = 8

// maxTimes is how many arrivals within longBurst a queue keeps one by one: at 32 million
// packets a second. A capture whose clock stands still for longer is kept in runs.
const maxTimes = 1 << 14

// burstRuns are the latest arrivals of a queue, packets of one instant as one run: so a
// burst takes room by its length in ns alone.
type burstRuns struct {
	runs              []run  // in a ring; its length is a power of two
	numRuns           uint64 // so far
	n                 uint64 // arrivals so far
	shortRun, longRun uint64 // the first runs within the windows that end now
}

// run is arrivals at one instant.
type run struct {
	time  int64
	first uint64 // the number of the first of them
}

// NewBursts is of so many hardware queues; queueOf is the queue of each table entry, then
// of packets without a hash.
func NewBursts(queues int, queueOf []uint16) *Bursts {
	b := &Bursts{queues: make([]queueBursts, queues)}
	for q := range b.queues {
		b.queues[q].times = make([]int64, 64)
	}
	if queues > 1 {
		b.queueOf = queueOf
	}
	return b
}

// Same reports whether both count the same arrivals, of packets that are steered alike.
func (b *Bursts) Same(o *Bursts) bool {
	return len(b.queues) == len(o.queues) && slices.Equal(b.queueOf, o.queueOf)
}

// Count counts the packets of a batch that arrive: those whose entry is below none.
func (b *Bursts) Count(times []int64, entries []uint16, none uint16) {
	queues, queueOf := b.queues, b.queueOf
	if queueOf == nil {
		q := &queues[0]
		for i, entry := range entries[:len(times)] {
			if entry < none && q.put(times[i]) {
				q.look()
			}
		}
	} else {
		last := len(queueOf) - 1
		for i, entry := range entries[:len(times)] {
			if entry < none {
				if q := &queues[queueOf[min(int(entry), last)]]; q.put(times[i]) { // as Model.target
					q.look()
				}
			}
		}
	}
	for q := range queues {
		queues[q].look()
	}
}

// Lead has the packets of a table entry go to another queue from now on.
func (b *Bursts) Lead(entry int, queue uint16) {
	if b.queueOf != nil {
		b.queueOf[entry] = queue
	}
}

// Arrive counts a packet that arrives for a queue.
func (b *Bursts) Arrive(queue uint16, t int64) { b.queues[queue].arrive(t) }

// ArriveAll counts packets that arrive for a queue at these times.
//
// Optimization: it is Arrive of each, burstStride at a time.
func (b *Bursts) ArriveAll(queue uint16, times []int64) {
	q := &b.queues[queue]
	for len(times) > 0 {
		if len(times) < burstStride || q.n%burstStride != 0 {
			q.arrive(times[0])
			times = times[1:]
			continue
		}
		at := q.n & uint64(len(q.times)-1)
		*(*[burstStride]int64)(q.times[at:]) = *(*[burstStride]int64)(times)
		q.n += burstStride
		q.look()
		times = times[burstStride:]
	}
}

// Finish looks at the last arrivals.
func (b *Bursts) Finish() {
	for i := range b.queues {
		b.queues[i].look()
	}
}

// Most is the most packets that arrived for a queue within any 50 µs, and any 500 µs, up to
// Finish. Several may ask at once.
func (b *Bursts) Most(queue int) (short, long uint64) {
	q := &b.queues[queue]
	return q.short, q.long
}

// arrive takes an arrival at t, which look is to look at at last.
func (q *queueBursts) arrive(t int64) {
	if q.put(t) {
		q.look()
	}
}

// put keeps an arrival at t, and tells that it is time to look.
//
// Optimization: it is inlined.
func (q *queueBursts) put(t int64) bool {
	times, n := q.times, q.n
	times[n&uint64(len(times)-1)] = t
	q.n = n + 1
	return n%burstStride == burstStride-1
}

// look looks at the arrivals, at most burstStride, that it did not look at so far.
func (q *queueBursts) look() {
	first, end := q.looked, q.n
	if first == end {
		return
	}
	q.looked = end
	at := func(i uint64) int64 { return q.times[i&uint64(len(q.times)-1)] }
	if q.runs != nil {
		for i := first; i < end; i++ {
			q.arriveInRuns(at(i))
		}
		return
	}
	if at(first)-at(end-1-q.short) < shortBurst {
		for i := first; i < end; i++ {
			if at(i)-at(i-q.short) < shortBurst {
				q.short++
			}
		}
	}
	if at(first)-at(end-1-q.long) < longBurst {
		for i := first; i < end; i++ {
			if at(i)-at(i-q.long) < longBurst {
				q.long++
			}
		}
		if q.long+burstStride > uint64(len(q.times)) {
			q.grow()
		}
	}
}

// grow makes room for twice as many arrivals, or makes runs of them.
func (q *queueBursts) grow() {
	had := q.times
	at := func(i uint64) int64 { return had[i&uint64(len(had)-1)] }
	first := q.n - q.long
	if len(had) < maxTimes {
		q.times = make([]int64, 2*len(had))
		for i := first; i < q.n; i++ {
			q.times[i&uint64(len(q.times)-1)] = at(i)
		}
		return
	}
	q.times, q.runs = make([]int64, burstStride), &burstRuns{runs: make([]run, 16)}
	for i := first; i < q.n; i++ {
		q.runs.add(at(i))
	}
}

// arriveInRuns takes an arrival at t with runs.
func (q *queueBursts) arriveInRuns(t int64) {
	r := q.runs
	r.add(t)
	mask := uint64(len(r.runs) - 1)
	for t-r.runs[r.shortRun&mask].time >= shortBurst {
		r.shortRun++
	}
	for t-r.runs[r.longRun&mask].time >= longBurst {
		r.longRun++
	}
	q.short = max(q.short, r.n-r.runs[r.shortRun&mask].first)
	q.long = max(q.long, r.n-r.runs[r.longRun&mask].first)
}

// add adds an arrival at t.
func (r *burstRuns) add(t int64) {
	mask := uint64(len(r.runs) - 1)
	if r.numRuns == 0 || r.runs[(r.numRuns-1)&mask].time != t {
		if r.numRuns-r.longRun > mask {
			r.grow()
			mask = uint64(len(r.runs) - 1)
		}
		r.runs[r.numRuns&mask] = run{time: t, first: r.n}
		r.numRuns++
	}
	r.n++
}

// grow makes room for twice as many runs.
func (r *burstRuns) grow() {
	had := r.runs
	r.runs = make([]run, 2*len(had))
	for i := r.longRun; i < r.numRuns; i++ {
		r.runs[i&uint64(len(r.runs)-1)] = had[i&uint64(len(had)-1)]
	}
}
