package dispatch

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The n largest are the first n of all, sorted.
func TestLargest(t *testing.T) {
	r := &Replayed{flows: &flowTable{}}
	random := rand.New(rand.NewPCG(1, 2))
	const flows = 5000
	r.flows.n = flows
	r.flows.records.Grow(flows)
	var sizes []size
	for id := range uint32(flows) {
		f := r.flows.records.At(id)
		f.packets, f.bytes = uint64(random.IntN(40)), uint64(random.IntN(5)) // many are equal
		if id%50 == 0 {
			f.packets = 4095 + uint64(random.IntN(3))*uint64(random.IntN(1e9))
		}
		if id%70 == 0 {
			f.bytes += 1<<32 - 2
		}
		sizes = append(sizes, size{f.packets, f.bytes, id})
	}
	slices.SortFunc(sizes, larger)
	for _, keep := range []func(uint32) bool{
		func(uint32) bool { return true },
		func(id uint32) bool { return id%3 == 0 },
		func(uint32) bool { return false },
	} {
		var want []uint32
		for _, s := range sizes {
			if keep(s.id) {
				want = append(want, s.id)
			}
		}
		for _, n := range []int{-1, 0, 1, 20, 1023, 1025, flows, flows + 1} {
			first := want
			if n >= 0 && n < len(want) {
				first = want[:n]
			}
			if got := r.LargestOf(n, keep); !slices.Equal(got, first) {
				t.Errorf("n %d: %v, want %v", n, got, first)
			}
		}
	}
}
