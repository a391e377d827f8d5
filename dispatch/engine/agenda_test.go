package engine

import (
	"math/rand/v2"
	"testing"
)

// The first of an agenda is the one that a look at all moments finds, of several at one moment
// the lowest CPU; few moments make many ties.
func TestAgenda(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for cpus := 1; cpus <= 9; cpus++ {
		a, moments := newAgenda(cpus), make([]moment, cpus)
		for c := range moments {
			moments[c] = never
		}
		for range 500 {
			c, when := r.IntN(cpus), moment(r.IntN(6))
			if when == 5 {
				when = never
			}
			a.set(c, when)
			moments[c] = when
			first, others := 0, never
			for c, when := range moments {
				if when < moments[first] {
					first = c
				}
			}
			for c, when := range moments {
				if c != first {
					others = min(others, when)
				}
			}
			if got, at := a.first(); got != first || at != moments[first] || a.others(got) != others {
				t.Fatalf("%v: CPU %d comes first, at %d, and others at %d; want CPU %d and %d", moments, got, at, a.others(got), first, others)
			}
		}
	}
}
