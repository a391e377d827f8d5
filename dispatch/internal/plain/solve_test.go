package plain

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/rebalance"
)

// randomProblem has loads and packets that are often alike, so that ties come up.
func randomProblem(r *rand.Rand) *rebalance.Problem {
	cores := 1 + r.IntN(12)
	p := &rebalance.Problem{Threshold: []float64{0, 0.02, 0.1}[r.IntN(3)], LastPass: r.IntN(4) == 0}
	grain := []float64{8, 100, 1e9}[r.IntN(3)]
	for range cores {
		p.Load = append(p.Load, float64(int(r.Float64()*grain))/grain)
		p.Resting = append(p.Resting, r.IntN(8) == 0)
	}
	most := []float64{3, 1000}[r.IntN(2)]
	for range 1 << r.IntN(8) {
		p.Core = append(p.Core, r.IntN(cores))
		p.Packets = append(p.Packets, uint64(most*r.ExpFloat64()))
	}
	return p
}

// TestSolversAgree compares the solver that ships with this one.
func TestSolversAgree(t *testing.T) {
	cases := uint64(5000)
	if testing.Short() {
		cases = 1000
	}
	var moved, ran10, bestBefore int
	for seed := range cases {
		p := randomProblem(rand.New(rand.NewPCG(seed, 5)))
		want, got := solve(p), p.Solve()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: (-plain +shipped):\n%s", seed, diff)
		}
		if len(got.Moves) > 0 {
			moved++
		}
		if got.Passes == 10 {
			ran10++
		}
		if got.Pass < got.Passes {
			bestBefore++
		}
	}
	for what, n := range map[string]int{"moves": moved, "ten passes": ran10, "a best pass before the last": bestBefore} {
		if n < int(cases)/20 {
			t.Errorf("%s in %d of %d problems", what, n, cases)
		}
	}
}

// Two problems that the authors' solver, compiled and run, gave these moves for.
func TestSolveKnownAnswers(t *testing.T) {
	tests := []struct {
		load    []float64
		packets []uint64
		moves   []rebalance.CoreMove
		q       float64
		passes  int
	}{
		{
			[]float64{0.94, 0.51, 0.41, 0.16}, []uint64{500, 9, 9, 9, 240, 9, 9, 9, 150, 9, 9, 9, 50, 9, 9, 9},
			[]rebalance.CoreMove{{Entry: 4, From: 0, To: 3}, {Entry: 8, From: 0, To: 3}, {Entry: 12, From: 0, To: 2}}, 0.004075, 2,
		},
		{
			[]float64{0.90, 0.60, 0.30, 0.20}, []uint64{400, 300, 9, 9, 300, 300, 9, 9},
			[]rebalance.CoreMove{{Entry: 0, From: 0, To: 3}, {Entry: 1, From: 1, To: 2}}, 0.108980, 10,
		},
	}
	for _, test := range tests {
		p := &rebalance.Problem{Load: test.load, Resting: make([]bool, 4), Packets: test.packets, Threshold: 0.02}
		for e := range test.packets {
			p.Core = append(p.Core, e%4)
		}
		got := solve(p)
		if !cmp.Equal(got.Moves, test.moves) || math.Abs(got.Q-test.q) > 5e-7 || got.Passes != test.passes {
			t.Errorf("%v: %+v", test.load, got)
		}
	}
}
