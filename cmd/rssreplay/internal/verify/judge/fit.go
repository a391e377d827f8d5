package judge

import (
	"cmp"
	"slices"
)

// The counters may have so many packets of the prediction, and on the default queue so
// large a share of all beside it.
const (
	minAlpha = 0.5
	maxAlpha = 1.5
	maxBeta  = 0.1
)

// Fit is how counters of queues follow from a prediction.
type Fit struct {
	Alpha    float64 // so much of what was predicted was counted
	Beta     float64 // so much was counted beside it on the default queue
	Residual float64 // Σ |difference| over the queues ÷ all that was counted
	Exact    bool    // every queue counted what was predicted, to the packet
}

// atLeast reports whether f is at least as good as g: an exact fit is better than all
// others, also than those without a residual.
func (f Fit) atLeast(g Fit) bool {
	if f.Exact || g.Exact {
		return f.Exact
	}
	return f.Residual <= g.Residual
}

// better reports whether f is better than g.
func (f Fit) better(g Fit) bool { return !g.atLeast(f) }

// fitter computes fits; its memory is reused, so that a goroutine needs one of its own.
type fitter struct{ kinks []kink }

// kink is where the slope of the sum of differences over α rises, by twice the load of a
// queue, or once.
type kink struct{ at, by float64 }

// fit is the best fit of the counters seen by the prediction, of which queue other takes
// what is counted beside. The prediction may have fewer queues than are counted, or more.
//
// With the best β for each α the sum of differences is convex and piecewise linear in
// α, and so least at one of its kinks, or at a limit of α. Of several α that fit as well it
// is the nearest to 1.
func (f *fitter) fit(seen, predicted []uint64, other int) Fit {
	var all float64
	for _, n := range seen {
		all += float64(n)
	}
	if equal(seen, predicted) {
		return Fit{Alpha: 1, Exact: true}
	}
	if all == 0 {
		return Fit{Alpha: 1, Residual: 1}
	}
	f.kinks = f.kinks[:0]
	slope, beside := 0.0, maxBeta*all
	for q := range predicted {
		p := float64(predicted[q])
		if p == 0 {
			continue
		}
		slope -= p
		s := float64(at(seen, q))
		if q != other {
			f.kinks = append(f.kinks, kink{s / p, 2 * p})
		} else {
			f.kinks = append(f.kinks, kink{(s - beside) / p, p}, kink{s / p, p})
		}
	}
	slices.SortFunc(f.kinks, func(a, b kink) int { return cmp.Compare(a.at, b.at) })
	// The sum is least from low to high, where its slope is 0.
	low, high := 1.0, 1.0 // where nothing is predicted
	for i, k := range f.kinks {
		if slope += k.by; slope >= 0 {
			low, high = k.at, k.at
			if slope == 0 && i+1 < len(f.kinks) {
				high = f.kinks[i+1].at
			}
			break
		}
	}
	best := Fit{Alpha: 1}
	if low > 1 || high < 1 {
		best.Alpha = low
		if high < 1 {
			best.Alpha = high
		}
	}
	best.Alpha = min(max(best.Alpha, minAlpha), maxAlpha)
	sum := 0.0
	for q := range max(len(seen), len(predicted)) {
		left := float64(at(seen, q)) - best.Alpha*float64(at(predicted, q))
		if q == other {
			best.Beta = min(max(left, 0), beside)
			left -= best.Beta
		}
		sum += max(left, -left)
	}
	best.Residual = sum / all
	return best
}

// leastResidual is a lower limit of the residual: what was counted on queues for which
// nothing was predicted.
func leastResidual(seen, predicted []uint64, other int) float64 {
	var all, outside uint64
	for q, n := range seen {
		all += n
		if q != other && at(predicted, q) == 0 {
			outside += n
		}
	}
	return float64(outside) / float64(max(all, 1))
}

// at is the i-th of loads, 0 past their end.
func at(loads []uint64, i int) uint64 {
	if i < len(loads) {
		return loads[i]
	}
	return 0
}

func equal(a, b []uint64) bool {
	for q := range max(len(a), len(b)) {
		if at(a, q) != at(b, q) {
			return false
		}
	}
	return true
}

// Total is the sum of the loads.
func Total(loads []uint64) (sum uint64) {
	for _, n := range loads {
		sum += n
	}
	return sum
}
