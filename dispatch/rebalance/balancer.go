package rebalance

import (
	"errors"
	"math"

	"rssreplay/nicmodel"
)

// Options are RSS++'s parameters, by the names of its DeviceBalancer.
type Options struct {
	Every     int64   // TIMER, ns: the first and the shortest period; above 0
	Max       int64   // TIMER_MAX, ns: the longest period; at least Every
	Threshold float64 // IMBALANCE_THRESHOLD: from 0 on; RSS++'s is 0.02

	// LastPass keeps the last pass of the search, as the published code does, which
	// never stores its best one. It was worse than the best in 257 of 5000 random
	// problems, there by 3 times in Q.
	LastPass bool
}

// Validate reports what makes no sense, by its flag's name.
func (o Options) Validate() error {
	switch {
	case o.Every <= 0:
		return errors.New("--rebalance-every must be above 0")
	case o.Max < o.Every:
		return errors.New("--rebalance-max must be at least --rebalance-every")
	case o.Max > math.MaxInt64/4:
		return errors.New("--rebalance-max is too long")
	case !(o.Threshold >= 0 && o.Threshold <= 1):
		return errors.New("--rebalance-threshold must be from 0 to 1")
	}
	return nil
}

// Move is an entry that goes from one queue to another.
type Move struct{ Entry, From, To int }

// Step is what one tick did. Every tick is one, whether or not entries moved.
type Step struct {
	Time          int64   // ns
	ImbalanceLeft float64 // sum of |imbalance| over the cores, after the moves
	Moves         []Move  // by entry
}

// Balancer is RSS++ between two ticks: its clock and what it remembers.
type Balancer struct {
	options  Options
	period   int64  // until the next tick
	next     int64  // ns: its time
	received []bool // per CPU: it received an entry at the last tick
}

// New is a balancer of so many CPUs before its first tick, which is one period
// after time 0. The options must be valid.
func New(o Options, cpus int) *Balancer {
	return &Balancer{options: o, period: o.Every, next: o.Every, received: make([]bool, cpus)}
}

// Next is the time of the next tick, in ns. What arrives at that time arrives
// after it.
func (b *Balancer) Next() int64 { return b.next }

// Period is what happened since the tick before, or since time 0.
type Period struct {
	Busy     []int64  // per CPU: ns of work that began
	Packets  []uint64 // per entry: arrivals that took it, dropped ones too
	QueueCPU []int    // per queue: its CPU
}

// Tick is the tick at Next. It moves entries in table, whose queues are those of
// QueueCPU, and chooses when the next tick is.
//
// The cores are the CPUs that have a queue; an entry that moves to one goes to
// its lowest queue.
func (b *Balancer) Tick(p Period, table nicmodel.IndirectionTable) Step {
	queueOf := make([]int, len(p.Busy)) // per CPU: its lowest queue
	for c := range queueOf {
		queueOf[c] = -1
	}
	for q := len(p.QueueCPU) - 1; q >= 0; q-- {
		queueOf[p.QueueCPU[q]] = q
	}

	problem := Problem{Packets: p.Packets, Threshold: b.options.Threshold, LastPass: b.options.LastPass}
	var cpus []int                     // per core
	coreOf := make([]int, len(p.Busy)) // per CPU
	for c, queue := range queueOf {
		if queue < 0 {
			continue
		}
		coreOf[c] = len(cpus)
		cpus = append(cpus, c)
		problem.Load = append(problem.Load, min(1, float64(p.Busy[c])/float64(b.period)))
		problem.Resting = append(problem.Resting, b.received[c])
	}
	for _, q := range table {
		problem.Core = append(problem.Core, coreOf[p.QueueCPU[q]])
	}

	step := Step{Time: b.next}
	solution := problem.Solve()
	for _, left := range solution.Left {
		step.ImbalanceLeft += math.Abs(left)
	}
	clear(b.received)
	for _, m := range solution.Moves {
		cpu := cpus[m.To]
		step.Moves = append(step.Moves, Move{m.Entry, int(table[m.Entry]), queueOf[cpu]})
		table[m.Entry] = uint16(queueOf[cpu])
		b.received[cpu] = true
	}

	switch {
	case step.ImbalanceLeft > 0.4:
		b.period = b.options.Every
	case step.ImbalanceLeft > 0.2:
		b.period /= 2
	case len(step.Moves) == 0:
		b.period *= 2
	}
	b.period = min(max(b.period, b.options.Every), b.options.Max)
	b.next += b.period
	return step
}
