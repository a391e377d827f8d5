package plain

import (
	"slices"
	"testing"
)

func TestArrivals(t *testing.T) {
	const s = int64(1e9)
	tests := []struct {
		name                  string
		stamps, want          []int64
		regressions, restarts uint64
	}{
		{"none", nil, nil, 0, 0},
		{"from the first on", []int64{5 * s, 5*s + 3}, []int64{0, 3}, 0, 0},
		{"a small step back is clamped", []int64{0, 10, 7, 12}, []int64{0, 10, 10, 12}, 1, 0},
		{"before the first packet", []int64{10, 7, 12}, []int64{0, 0, 2}, 1, 0},
		{"1 s back is a step", []int64{0, 2 * s, s, s}, []int64{0, 2 * s, 2 * s, 2 * s}, 2, 0},
		{
			"more than that is a new piece: its first packet arrives at once, the gaps in it stay",
			[]int64{0, 2 * s, s - 9, s - 4, s + 1}, []int64{0, 2 * s, 2 * s, 2*s + 5, 2*s + 10}, 0, 1,
		},
		{
			"one record alone is clamped, however far back",
			[]int64{0, 9 * s, 2 * s, 9*s + 1}, []int64{0, 9 * s, 9 * s, 9*s + 1}, 1, 0,
		},
		{
			"the next one just inside 1 s",
			[]int64{0, 9 * s, 2 * s, 8 * s, 9*s + 1}, []int64{0, 9 * s, 9 * s, 9 * s, 9*s + 1}, 2, 0,
		},
		{"the last one", []int64{0, 9 * s, 2 * s}, []int64{0, 9 * s, 9 * s}, 1, 0},
		{
			"three pieces, a step back within one",
			[]int64{0, 5 * s, 0, 1 * s, 1*s - 7, 5 * s, 3, 9},
			[]int64{0, 5 * s, 5 * s, 6 * s, 6 * s, 10 * s, 10 * s, 10*s + 6}, 1, 2,
		},
	}
	for _, test := range tests {
		times, regressions, restarts := Arrivals(test.stamps)
		if !slices.Equal(times, test.want) || regressions != test.regressions || restarts != test.restarts {
			t.Errorf("%s: %v, %d regressions, %d restarts; want %v, %d, %d", test.name,
				times, regressions, restarts, test.want, test.regressions, test.restarts)
		}
	}
}
