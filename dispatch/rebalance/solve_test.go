package rebalance

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// within compares numbers as they stand in a text.
var within = cmpopts.EquateApprox(0, 1e-9)

// spread is a problem of len(packets) entries that go round the cores.
func spread(load []float64, packets []uint64) *Problem {
	p := &Problem{Load: load, Resting: make([]bool, len(load)), Packets: packets, Threshold: 0.02}
	for e := range packets {
		p.Core = append(p.Core, e%len(load))
	}
	return p
}

// The results of these two were made by the authors' solver, compiled and run.
// Nothing in them is a tie.

// Pass 1 moves entries 4 and 12 to core 3 (0 and 8 do not fit) and leaves an
// excess of 0.145, rooms of 0.095 and 0.055: Q 0.033075. Pass 2, with tolerances of
// 0.145 and 0.150, solves it.
func TestSolveStep(t *testing.T) {
	packets := []uint64{500, 9, 9, 9, 240, 9, 9, 9, 150, 9, 9, 9, 50, 9, 9, 9}
	p := spread([]float64{0.94, 0.51, 0.41, 0.16}, packets)
	// Core 0 has 940 packets, so that an entry's load is its packets in thousandths.
	want := Solution{
		Moves:  []CoreMove{{4, 0, 3}, {8, 0, 3}, {12, 0, 2}},
		Left:   []float64{0.005, -0.005, 0.045, -0.045},
		Q:      0.004075,
		Passes: 2,
		Pass:   2,
	}
	if diff := cmp.Diff(want, p.Solve(), within); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	over, under := p.sides(p.imbalance())
	to := make([]int, len(packets))
	if q := pass(over, under, tolerance{-0.01, -0.01}, to); math.Abs(q-0.033075) > 1e-9 {
		t.Errorf("pass 1: Q %v", q)
	}
	if got := []int{to[0], to[4], to[8], to[12]}; !cmp.Equal(got, []int{0, 3, 0, 3}) {
		t.Errorf("pass 1: entries 0, 4, 8 and 12 go to %v", got)
	}
	left := []float64{over[0].left, under[0].left, under[1].left}
	if diff := cmp.Diff([]float64{0.145, 0.095, 0.055}, left, within); diff != "" {
		t.Errorf("pass 1 leaves (-want +got):\n%s", diff)
	}
	s := newSearch()
	s.after(0.033075, over, under)
	if diff := cmp.Diff([]float64{0.145, 0.150}, []float64{s.over, s.under}, within); diff != "" {
		t.Errorf("tolerances of pass 2 (-want +got):\n%s", diff)
	}
}

// TestSearch follows the tolerances from a first pass that leaves 0.2 above and 0.4 below the
// target, by whether each pass after it makes Q no worse (+) or worse (-). Less than 0.01 of the
// way from a bound the search ends.
func TestSearch(t *testing.T) {
	for _, test := range []struct {
		passes string
		want   []tolerance
		left   int // passes until the end
	}{
		{"++-++", []tolerance{{0.3, 0.6}, {0.45, 0.9}, {0.225, 0.45}, {0.105, 0.2175}, {0.0475, 0.10375}}, 4},
		{"--++-+-", []tolerance{{0.1, 0.2}, {0.15, 0.3}, {0.175, 0.35}, {0.1875, 0.375}, {0.14375, 0.2875}, {0.121875, 0.24375}, {0.1546875, 0.309375}}, 6},
	} {
		s, q := newSearch(), 8.0
		s.after(q, []core{{left: 0.15}, {left: -0.05}}, []core{{left: 0.4}})
		got := []tolerance{s.tolerance}
		for _, sign := range test.passes {
			if sign == '-' {
				q++
			}
			if !s.after(q, nil, nil) {
				t.Errorf("%s ends after %d", test.passes, len(got))
			}
			got = append(got, s.tolerance)
		}
		if diff := cmp.Diff(append([]tolerance{{0.2, 0.4}}, test.want...), got, within, cmp.AllowUnexported(tolerance{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.passes, diff)
		}
		left := 1
		for s.after(q, nil, nil) {
			left++
		}
		if left != test.left {
			t.Errorf("%s ends after %d more passes, want %d", test.passes, left, test.left)
		}
	}
}

// Two heavy entries on each of two cores. Pass 1 moves nothing (Q 0.30), all
// others move one of each: the target is passed on both cores that take.
func TestSolveGiants(t *testing.T) {
	packets := []uint64{400, 300, 9, 9, 300, 300, 9, 9}
	p := spread([]float64{0.90, 0.60, 0.30, 0.20}, packets)
	want := Solution{
		Moves:  []CoreMove{{0, 0, 3}, {1, 1, 2}},
		Left:   []float64{0.5 - 0.9 + 0.9*4/7, 0.5 - 0.6 + 0.3, 0.5 - 0.6, 0.5 - 0.2 - 0.9*4/7},
		Passes: 10,
		Pass:   2,
	}
	got := p.Solve()
	if diff := cmp.Diff(want, got, within, cmpopts.IgnoreFields(Solution{}, "Q")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if math.Abs(got.Q-0.108980) > 5e-7 { // as printed
		t.Errorf("Q %v, want 0.108980", got.Q)
	}
	over, under := p.sides(p.imbalance())
	if q := pass(over, under, tolerance{-0.01, -0.01}, make([]int, len(packets))); math.Abs(q-0.30) > 1e-9 {
		t.Errorf("pass 1: Q %v, want 0.30", q)
	}
	// With the last pass the moves are the same; there are 9, since the tenth is the
	// ninth again.
	p.LastPass = true
	if got := p.Solve(); !cmp.Equal(got.Moves, want.Moves) || got.Passes != 9 || got.Pass != 9 {
		t.Errorf("last pass: %+v", got)
	}
}

func TestSolveLeavesAlone(t *testing.T) {
	tests := []struct {
		name string
		p    *Problem
		left []float64
	}{
		{"one core", spread([]float64{0.9}, []uint64{5, 5}), []float64{0}},
		{"an even load", spread([]float64{0.5, 0.5}, []uint64{5, 5, 5, 5}), []float64{0, 0}},
		{"within the threshold", spread([]float64{0.515, 0.485}, []uint64{5, 5, 5, 5}), []float64{-0.015, 0.015}},
		{"one entry with packets", spread([]float64{0.9, 0.1}, []uint64{5, 5, 0, 5}), []float64{-0.4, 0.4}},
		{"no packets at all", spread([]float64{0.9, 0.1}, []uint64{0, 0, 0, 0}), []float64{-0.4, 0.4}},
	}
	resting := spread([]float64{0.9, 0.1}, []uint64{5, 5, 5, 5})
	resting.Resting[1] = true
	tests = append(tests, struct {
		name string
		p    *Problem
		left []float64
	}{"the only core with room received at the tick before", resting, []float64{-0.4, 0}})
	for _, test := range tests {
		got := test.p.Solve()
		if diff := cmp.Diff(Solution{Left: test.left}, got, within); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Ties go to the lowest core and the lowest entry: cores 0 and 1 give, 2 and 3
// take, all entries alike.
func TestSolveTies(t *testing.T) {
	p := spread([]float64{0.75, 0.75, 0.25, 0.25}, []uint64{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3})
	want := []CoreMove{{0, 0, 2}, {1, 1, 3}}
	if got := p.Solve().Moves; !cmp.Equal(got, want) {
		t.Errorf("moves %v, want %v", got, want)
	}
}

// The largest table that RSS++ ran with, on more cores than it had.
func BenchmarkSolve(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	p := &Problem{Resting: make([]bool, 64), Threshold: 0.02}
	for range 64 {
		p.Load = append(p.Load, r.Float64())
	}
	for range 512 {
		p.Core = append(p.Core, r.IntN(64))
		p.Packets = append(p.Packets, uint64(1000*r.ExpFloat64()))
	}
	for b.Loop() {
		p.Solve()
	}
}
