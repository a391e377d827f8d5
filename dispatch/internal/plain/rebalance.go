package plain

import (
	"math"

	"rssreplay/dispatch/rebalance"
)

// balancer is RSS++ beside a run.
type balancer struct {
	options  rebalance.Options
	period   int64
	next     int64    // ns: of the next tick
	end      int64    // ns: of the capture; there is no tick after it
	busy     []int64  // per CPU, at the last tick
	counts   []uint64 // per entry, since then
	received []bool   // per CPU: an entry, at the last tick

	steps []rebalance.Step
	told  []rebalance.Period // per step, what it goes by
	moves []uint64           // per entry
}

func newBalancer(s Setup) *balancer {
	b := &balancer{
		options:  *s.Rebalance,
		period:   s.Rebalance.Every,
		next:     s.Rebalance.Every, // one period after time 0
		end:      math.MinInt64,
		busy:     make([]int64, len(s.Config.CPUs)),
		counts:   make([]uint64, len(s.Config.Table)),
		received: make([]bool, len(s.Config.CPUs)),
		moves:    make([]uint64, len(s.Config.Table)),
	}
	if n := len(s.Packets); n > 0 {
		b.end = s.Packets[n-1].Time // a sent one too
	}
	return b
}

// tickTime is when the next tick is: each is one period, as it was then, after
// the one before; the last at the latest when the last packet of the capture comes.
func (e *machine) tickTime() (int64, bool) {
	if e.balancer == nil || e.balancer.next > e.balancer.end {
		return 0, false
	}
	return e.balancer.next, true
}

// tick comes before everything else at its instant: arrivals at that time meet
// the new entries, and work that starts at that time is not in the loads. Work
// counts whole when it starts.
func (e *machine) tick() {
	b := e.balancer

	told := rebalance.Period{Packets: b.counts, QueueCPU: e.queueCPU}
	for cpu := range e.cpus {
		told.Busy = append(told.Busy, e.cpus[cpu].busy()-b.busy[cpu])
	}
	b.told = append(b.told, told)

	// The cores are the CPUs in use with at least one queue; new entries of a core go
	// to its lowest queue.
	lowest := make(map[int]int) // CPU → queue
	for q, cpu := range e.queueCPU {
		if _, any := lowest[cpu]; !any {
			lowest[cpu] = q
		}
	}
	var cores []int
	coreOf := make(map[int]int)
	problem := &rebalance.Problem{Packets: told.Packets, Threshold: b.options.Threshold, LastPass: b.options.LastPass}
	for cpu := range e.cpus {
		if _, any := lowest[cpu]; !any {
			continue
		}
		coreOf[cpu] = len(cores)
		cores = append(cores, cpu)
		// Load: busy ÷ the time since the last tick, at most 1.
		load := float64(told.Busy[cpu]) / float64(b.period)
		problem.Load = append(problem.Load, min(load, 1))
		problem.Resting = append(problem.Resting, b.received[cpu])
	}
	for _, queue := range e.table {
		problem.Core = append(problem.Core, coreOf[e.queueCPU[queue]])
	}

	solution := solve(problem)
	step := rebalance.Step{Time: e.now}
	for _, left := range solution.Left {
		step.ImbalanceLeft += math.Abs(left)
	}
	b.received = make([]bool, len(e.cpus))
	for _, m := range solution.Moves {
		cpu := cores[m.To]
		step.Moves = append(step.Moves, rebalance.Move{Entry: m.Entry, From: int(e.table[m.Entry]), To: lowest[cpu]})
		e.table[m.Entry] = uint16(lowest[cpu])
		b.received[cpu] = true
		b.moves[m.Entry]++
	}
	b.steps = append(b.steps, step)
	e.saw("tick %d moves", len(step.Moves))

	b.counts = make([]uint64, len(e.table))
	for cpu := range e.cpus {
		b.busy[cpu] = e.cpus[cpu].busy()
	}

	// The period: much imbalance left, the shortest; some, halved; else doubled if
	// nothing moved.
	if step.ImbalanceLeft > 0.4 {
		b.period = b.options.Every
	} else if step.ImbalanceLeft > 0.2 {
		b.period /= 2
	} else if len(step.Moves) == 0 {
		b.period *= 2
	}
	b.period = max(b.period, b.options.Every)
	b.period = min(b.period, b.options.Max)
	b.next = e.now + b.period
}

// countEntry counts an arrival that took an entry of the table, for the next tick.
func (e *machine) countEntry(p int) {
	if entry, took := e.entry(p); took && e.balancer != nil {
		e.balancer.counts[entry]++
	}
}

// Rebalanced is what a rebalancer did.
type Rebalanced struct {
	Steps []rebalance.Step // every tick
	Moved Moved
	// MinMaxPercent is the mean of (max − min) ÷ min × 100 of the packets that the
	// CPUs in use indicated, by time of arrival, over the windows from tick to tick
	// that have any; 2000 at most for each, and where min is 0. What comes after the
	// last tick is left out.
	MinMaxPercent float64
	Windows       int // that it is the mean of; 0: there is none
}

func (e *machine) rebalanced() *Rebalanced {
	b := e.balancer
	if b == nil {
		return nil
	}
	r := &Rebalanced{Steps: b.steps, Moved: e.moved(b.moves)}
	sum, from := 0.0, int64(0)
	for _, step := range b.steps {
		counts := make([]uint64, len(e.cpus))
		var least, most, all uint64
		for p, in := range e.indicated {
			if time := e.packets[p].Time; in.cpu != none && time >= from && time < step.Time {
				counts[in.cpu]++
				all++
			}
		}
		least, most = counts[0], counts[0]
		for _, n := range counts {
			least, most = min(least, n), max(most, n)
		}
		from = step.Time
		if all == 0 {
			continue
		}
		r.Windows++
		if least == 0 {
			sum += 2000
		} else {
			sum += min(2000, float64(most-least)/float64(least)*100)
		}
	}
	if r.Windows > 0 {
		r.MinMaxPercent = sum / float64(r.Windows)
	}
	return r
}
