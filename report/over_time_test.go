package report

import "testing"

// A spread of 20 windows has its 19th as 95th percentile; windows of a series are taken
// together, and those with too few packets left out.
func TestSpread(t *testing.T) {
	var all []Fraction
	for i := range 20 {
		all = append(all, Fraction(20-i))
	}
	if s := SpreadOf(all); s != (Spread{10.5, 19, 20}) {
		t.Errorf("%+v", s)
	}
	if s := SpreadOf(nil); !s.Mean.IsNull() || !s.P95.IsNull() || !s.Worst.IsNull() {
		t.Errorf("of nothing: %+v", s)
	}
	series := Series{Interval: 10, CPUs: List[SeriesCPU]{{Packets: []uint64{30, 0, 5, 5, 9}}, {Packets: []uint64{0, 10, 25, 5}}}}
	// Two at a time: 30 and 10 of 40, 10 and 30 of 40, and 9 of 9 are too few.
	if s := series.SpreadOver(20); s != (Spread{1.5, 1.5, 1.5}) {
		t.Errorf("%+v", s)
	}
	if s := series.SpreadOver(10); s != (Spread{(2 + Fraction(50)/30) / 2, 2, 2}) { // the first and the third
		t.Errorf("%+v", s)
	}
}
