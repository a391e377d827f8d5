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

func TestDiffParameters(t *testing.T) {
	old := &Report{Parameters: Parameters{{Name: "layout", Value: "equal"}, {Name: "dpc-cost", Value: 1000.0}, {Name: "gone", Value: 1}}}
	now := &Report{Parameters: Parameters{{Name: "layout", Value: "block"}, {Name: "dpc-cost", Value: int64(1000)}, {Name: "headroom", Value: true}}}
	d := NewDiff(old, now, nil, 0, false)
	if got, want := d.ChangesSentence(), "Parameters differ: layout (equal → block), gone (1 → not in the report)."; got != want {
		t.Errorf("%s", got)
	}
	if d.MarksSentence() != "" { // the table alone
		t.Error(d.MarksSentence())
	}
	touched := func(d *Diff) map[string]bool {
		of := map[string]bool{}
		for _, f := range ComparedFigures(nil) {
			of[f.Label] = d.touches(&f)
		}
		return of
	}
	for label, is := range touched(d) {
		if is {
			t.Errorf("another layout marks %s", label)
		}
	}
	now.Parameters = append(now.Parameters, Parameter{Name: "migration-cost", Value: 500, Text: "500ns"})
	d = NewDiff(old, now, nil, 0, false)
	of := touched(d)
	if !of["latency, max"] || !of["serial unit busy"] || of["imbalance of packets, max ÷ mean"] || of["imbalance in the busiest window"] || of["  their share"] || d.MarksSentence() == "" {
		t.Errorf("a cost marks %v", of)
	}
	// Where packets were dropped a cost decides which, and so how the others are spread.
	now.Modes = List[Mode]{{Totals: Totals{Drops: 1}}}
	if of := touched(NewDiff(old, now, nil, 0, false)); !of["imbalance of packets, max ÷ mean"] {
		t.Errorf("with drops a cost marks %v", of)
	}
	old.Parameters = append(now.Parameters[:0:0], now.Parameters...)
	old.Parameters = append(old.Parameters, Parameter{Name: "interval", Value: 1})
	if of := touched(NewDiff(old, now, nil, 0, false)); !of["peak imbalance of a window"] || of["latency, max"] {
		t.Errorf("another interval marks %v", of)
	}
}
