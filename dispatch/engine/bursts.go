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
// a look at one former arrival for each window, however many it holds. Packets of one
// instant are kept as one run, so that a burst takes room by its length in ns alone.
type queueBursts struct {
	runs    []run  // the latest ones, in a ring; its length is a power of two
	numRuns uint64 // so far
	n       uint64 // arrivals so far

	short, long       uint64
	shortRun, longRun uint64 // the runs of arrivals n − short and n − long, or earlier ones
}

// run is arrivals at one instant.
type run struct {
	time int64
	end  uint64 // the number of the first arrival after them
}

func newBursts(m *Model) *bursts {
	b := &bursts{queues: make([]queueBursts, len(m.queues))}
	for q := range b.queues {
		b.queues[q].runs = make([]run, 16)
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
	mask := uint64(len(q.runs) - 1)
	if q.numRuns == 0 || q.runs[(q.numRuns-1)&mask].time != t {
		if q.numRuns-q.longRun > mask {
			q.grow()
			mask = uint64(len(q.runs) - 1)
		}
		q.runs[q.numRuns&mask] = run{time: t, end: q.n}
		q.numRuns++
	}
	q.runs[(q.numRuns-1)&mask].end++
	for q.runs[q.shortRun&mask].end <= q.n-q.short {
		q.shortRun++
	}
	if t-q.runs[q.shortRun&mask].time < shortBurst {
		q.short++
	}
	for q.runs[q.longRun&mask].end <= q.n-q.long {
		q.longRun++
	}
	if t-q.runs[q.longRun&mask].time < longBurst {
		q.long++
	}
	q.n++
}

// grow makes room for twice as many runs.
func (q *queueBursts) grow() {
	had := q.runs
	q.runs = make([]run, 2*len(had))
	for i := q.longRun; i < q.numRuns; i++ {
		q.runs[i&uint64(len(q.runs)-1)] = had[i&uint64(len(had)-1)]
	}
}
