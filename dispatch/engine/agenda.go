package engine

import (
	"math"
	"math/bits"
)

// moment orders what happens: by time, then by step. Times are below 2⁶², as MaxSpan
// and CheckWork have it.
type moment uint64

// The steps of one instant, in their order. DMA timeouts come between arrivals and
// raises.
const (
	stepEnds     = iota // of packets
	stepArrivals        // and sends
	stepRaises
	stepStarts // ISR ends, turns that start, decisions

	stepBits = 2
)

const never moment = math.MaxUint64

func at(t int64, step moment) moment { return moment(t)<<stepBits | step }

func (m moment) time() int64 { return int64(m >> stepBits) }

// agenda is the next moment of each CPU, and which of them comes first: of several at
// one moment the lowest CPU's.
//
// It is a tournament: a node has the winner of its two children, 2i and 2i + 1; the
// CPUs' own are those from size on.
type agenda struct {
	size  int // a power of two
	nodes []appointment
}

// appointment is when a CPU goes on.
type appointment struct {
	when moment
	cpu  uint64
}

func newAgenda(cpus int) agenda {
	size := 1
	for size < cpus {
		size *= 2
	}
	a := agenda{size: size, nodes: make([]appointment, 2*size)}
	for c := range size {
		a.nodes[size+c] = appointment{never, uint64(c)}
	}
	for node := size - 1; node > 0; node-- {
		a.nodes[node] = a.nodes[2*node]
	}
	return a
}

// first is the CPU that comes first, and when: never if none does.
func (a *agenda) first() (cpu int, when moment) {
	n := &a.nodes[1]
	return int(n.cpu), n.when
}

// others is when any other CPU comes than the first one, cpu.
func (a *agenda) others(cpu int) moment {
	when := never
	for node := a.size + cpu; node > 1; node /= 2 {
		when = min(when, a.nodes[node^1].when)
	}
	return when
}

// set gives a CPU another moment.
//
// Optimization: no branch depends on who comes first; it could not be foretold.
func (a *agenda) set(cpu int, when moment) {
	nodes, node := a.nodes, a.size+cpu
	winner := appointment{when, uint64(cpu)}
	nodes[node] = winner
	for ; node > 1; node /= 2 {
		other := &nodes[node^1]
		// The other is before, or at the same moment and on the left, where CPUs are lower.
		_, before := bits.Sub64(uint64(other.when), uint64(winner.when), uint64(node&1))
		winner.when ^= (winner.when ^ other.when) & -moment(before)
		winner.cpu ^= (winner.cpu ^ other.cpu) & -before
		nodes[node/2] = winner
	}
}
