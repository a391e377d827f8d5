package report

import "testing"

func TestDiffers(t *testing.T) {
	all := ComparedFigures(nil)
	var packets, imbalance *Figure
	for i := range all {
		switch all[i].Label {
		case "interrupts":
			packets = &all[i]
		case "imbalance of packets, max ÷ mean":
			imbalance = &all[i]
		}
	}
	for _, test := range []struct {
		f        *Figure
		a, b     Fraction
		captures bool
		want     bool
	}{
		{packets, 6971, 6973, false, false},
		{packets, 6971, 7200, false, true},
		{packets, 100, 110, false, true},
		{packets, 100, 110, true, false}, // two captures: within chance
		{packets, 100, 200, true, true},
		{packets, 0, 0, false, false},
		{packets, 0, 1, false, true},
		{imbalance, 1.0, 1.019, false, false},
		{imbalance, 1.0, 1.03, true, true},
		{imbalance, Null, 1, false, true},
		{imbalance, Null, Null, false, false},
	} {
		if got := test.f.Differs(test.a, test.b, test.captures); got != test.want {
			t.Errorf("%s from %v to %v, of two captures %v: %v", test.f.Label, test.a, test.b, test.captures, got)
		}
	}
}
