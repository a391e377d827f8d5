package dispatch

import (
	"math"
	"testing"
)

func TestGreatestFactor(t *testing.T) {
	for _, limit := range []float64{0.011, 0.5, 0.999, 1.2, 2.4, 17, 999} {
		asked := 0
		held, failed := greatestFactor(func(f float64) bool {
			asked++
			return f < limit
		}, headroomReplays-1)
		if !(held < limit && limit <= failed && failed <= held*headroomGrain) {
			t.Errorf("below %v: %v holds, %v fails", limit, held, failed)
		}
		if asked > headroomReplays-1 {
			t.Errorf("below %v: asked %d times", limit, asked)
		}
	}
}

func TestGreatestFactorEnds(t *testing.T) {
	if held, failed := greatestFactor(func(float64) bool { return true }, 13); held != MostHeadroom || failed != 0 {
		t.Errorf("all hold: %v, %v", held, failed)
	}
	if held, failed := greatestFactor(func(float64) bool { return false }, 13); held != 0 || failed != LeastHeadroom {
		t.Errorf("none holds: %v, %v", held, failed)
	}
}

// Where a factor fails below one that holds, the lowest that was seen to fail counts.
func TestGreatestFactorHole(t *testing.T) {
	holds := func(f float64) bool { return f < 0.8 || f > 0.88 && f < 0.96 }
	held, failed := greatestFactor(holds, 13)
	if !(held < 0.8 && failed >= 0.8 && failed <= 0.88) {
		t.Errorf("a hole from 0.8 to 0.88: %v holds, %v fails", held, failed)
	}
}

func TestScaleInverse(t *testing.T) {
	for _, s := range []Scale{{1, 1}, {1, 3}, {7, 2}, {1, 1000}, {0, 0}} {
		for _, scaled := range []int64{0, 1, 2, 99, 12345} {
			at := s.inverse(scaled)
			if s.of(at) < scaled || at > 0 && s.of(at-1) >= scaled {
				t.Errorf("%v: %d is the scaled time of %d, not the first of at least %d", s, s.of(at), at, scaled)
			}
		}
	}
	if at := (Scale{1, 1000}).inverse(math.MaxInt64); at != math.MaxInt64 {
		t.Errorf("%d", at)
	}
}
