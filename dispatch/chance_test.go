package dispatch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Draws of the heaviest inputs beside a normal rest have the percentiles of draws of
// every input, one by one.
func TestChanceEqualsDrawing(t *testing.T) {
	random := rand.New(rand.NewPCG(77, 3))
	for _, test := range []struct {
		inputs, cpus, table int
		skew                float64
	}{
		{8, 8, 128, 0}, {30, 8, 128, 0}, {300, 8, 128, 0.5}, {3000, 8, 128, 0}, {3000, 12, 16, 1}, {2000, 64, 128, 0.8},
	} {
		in := &Inputs{}
		var all []float64
		for i := range test.inputs {
			n := uint64(math.Ceil(1000 / math.Pow(float64(i+1), test.skew)))
			in.add(n)
			in.Packets += n
			all = append(all, float64(n))
		}
		in.keepHeaviest()
		place, share := make([]int, test.table), make([]float64, test.cpus)
		for i := range place {
			place[i] = i % test.cpus
			share[i%test.cpus] += 1 / float64(test.table)
		}
		fixed := make([]float64, test.cpus)
		fixed[0] = float64(in.Packets) / 100
		got := in.draw(2000, place, share, fixed)

		want := make([]float64, 2000)
		for i := range want {
			loads := slices.Clone(fixed)
			for _, n := range all {
				loads[place[random.IntN(len(place))]] += n
			}
			want[i] = slices.Max(loads)
		}
		slices.Sort(want)
		for _, percent := range []int{10, 50, 95} {
			g, w := got[len(got)*percent/100], want[len(want)*percent/100]
			if math.Abs(g-w) > 0.04*w {
				t.Errorf("%+v, percentile %d: %.0f, and %.0f of inputs drawn one by one", test, percent, g, w)
			}
		}
	}
}

// The sum of squares is that of 128 bits, and the same in any order.
func TestInputsSquares(t *testing.T) {
	counts := []uint64{1 << 40, 3, 1 << 33, math.MaxUint32, 7}
	var a, b Inputs
	for i := range counts {
		a.add(counts[i])
		b.add(counts[len(counts)-1-i])
	}
	if a.squares() != b.squares() {
		t.Errorf("%g and %g", a.squares(), b.squares())
	}
	if want := math.Pow(2, 80) + math.Pow(2, 66); math.Abs(a.squares()/want-1) > 1e-4 {
		t.Errorf("%g, want about %g", a.squares(), want)
	}
}
