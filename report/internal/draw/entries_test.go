package draw

import "testing"

func TestTickStep(t *testing.T) {
	for most := 0.001; most < 1e7; most *= 1.07 {
		step := TickStep(most)
		if ticks := 1 + int(most/step); ticks < 3 || ticks > 5 {
			t.Errorf("up to %g there are %d ticks, each %g", most, ticks, step)
		}
	}
	if step := TickStep(0); step != 1 {
		t.Errorf("up to 0 the step is %g", step)
	}
}
