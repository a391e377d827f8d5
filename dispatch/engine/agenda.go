package engine

import "math"

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
	size    int // a power of two
	moments []moment
	winners []uint16
}

func newAgenda(cpus int) agenda {
	size := 1
	for size < cpus {
		size *= 2
	}
	a := agenda{size: size, moments: make([]moment, size), winners: make([]uint16, 2*size)}
	for c := range size {
		a.moments[c], a.winners[size+c] = never, uint16(c)
	}
	for node := size - 1; node > 0; node-- {
		a.winners[node] = a.winners[2*node]
	}
	return a
}

// first is the CPU that comes first, and when: never if none does.
func (a *agenda) first() (cpu int, when moment) {
	c := a.winners[1]
	return int(c), a.moments[c]
}

// others is when any other CPU comes than the first one, cpu.
func (a *agenda) others(cpu int) moment {
	when := never
	for node := a.size + cpu; node > 1; node /= 2 {
		when = min(when, a.moments[a.winners[node^1]])
	}
	return when
}

// set gives a CPU another moment.
func (a *agenda) set(cpu int, when moment) {
	a.moments[cpu] = when
	for node := (a.size + cpu) / 2; node > 0; node /= 2 {
		winner, right := a.winners[2*node], a.winners[2*node+1]
		if a.moments[right] < a.moments[winner] {
			winner = right
		}
		a.winners[node] = winner
	}
}
