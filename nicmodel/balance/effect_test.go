package balance

import (
	"math"
	"testing"
)

func TestRating(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		effect Effect
		want   Rating
	}{
		{Effect{1.5, 1.2, 1.6, 1.3}, Better},
		{Effect{1.5, 1.2, 1.6, 1.63}, Better}, // by less than 2 %
		{Effect{1.5, 1.2, 1.6, 1.64}, WorseWhenBusy},
		{Effect{1.5, 1.2, none, none}, Better},
		{Effect{1.5, 1.49, 1.6, 1.3}, HardlyBetter},
		{Effect{1.5, 1.5, 1.6, 1.3}, NoBetter},
		{Effect{1.5, 1.6, 1.6, 1.3}, NoBetter},
		{Effect{none, none, none, none}, NoBetter},
	} {
		if got := c.effect.Rating(); got != c.want {
			t.Errorf("%+v: %d, want %d", c.effect, got, c.want)
		}
	}
}
