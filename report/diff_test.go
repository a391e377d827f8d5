package report

import (
	"slices"
	"strings"
	"testing"
)

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
		if got := test.f.beyondNoise(test.a, test.b, test.captures); got != test.want {
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
	s := Scenario{Compared: "non-rss", Modes: List[Mode]{{Mode: "non-rss"}}}
	marks := func(d *Diff) []string { return (&Compare{Scenarios: []Scenario{s, s}, Diff: d}).MarksSentences() }
	if said := marks(d); said != nil { // the table alone
		t.Error(said)
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
	if !of["latency, max"] || !of["serial unit busy"] || of["imbalance of packets, max ÷ mean"] || of["imbalance in the busiest window"] || of["  their share"] || len(marks(d)) != 1 {
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

// Two captures have other flows: chance explains two imbalances that both reports' tables
// make likely, by whatever they are measured, and nothing else.
func TestDiffByChance(t *testing.T) {
	at := func(busiest uint64, chance ...Fraction) Scenario { // 2 CPUs
		m := Mode{Mode: "rss-msix", CPUs: List[CPU]{{CPU: 0, Packets: busiest}, {CPU: 1, Packets: 20_000 - busiest}}}
		if chance != nil {
			m.Imbalance.ChanceP1, m.Imbalance.ChanceP99 = &chance[0], &chance[1]
		}
		m.Derive()
		return Scenario{Name: "s", Compared: m.Mode, Modes: List[Mode]{m}}
	}
	twice := at(13_200, 1.1, 1.37) // of another length
	for i := range twice.Modes[0].CPUs {
		twice.Modes[0].CPUs[i].Packets *= 2
	}
	twice.Modes[0].Derive()
	other := func(s Scenario) Scenario {
		s.Table = TableReport{Size: 1, Entries: []int{0}, QueueCPUs: []int{0}}
		return s
	}
	third := Fraction(1.333333) // as JSON has it
	rounded := Scenario{Compared: "rss-msix", Modes: List[Mode]{{Mode: "rss-msix", CPUs: List[CPU]{{Packets: 80_000}, {CPU: 1, Packets: 40_000}}}}}
	low := Fraction(1.1)
	rounded.Modes[0].Imbalance.ChanceP1, rounded.Modes[0].Imbalance.ChanceP99 = &low, &third
	rounded.Modes[0].Derive()
	for name, test := range map[string]struct {
		was, now         Scenario
		captures, change bool
		counted          bool // the packets on the most loaded CPU change
	}{
		"both within":               {at(13_200, 1.1, 1.37), at(12_450, 1.1, 1.37), true, false, false},
		"of one capture":            {at(13_200, 1.1, 1.37), at(12_450, 1.1, 1.37), false, true, true},
		"one is beyond":             {at(14_000, 1.1, 1.37), at(12_450, 1.1, 1.37), true, true, true},
		"more even than chance":     {at(13_200, 1.1, 1.37), at(10_500, 1.1, 1.37), true, true, true},
		"the old table was uneven":  {at(16_000, 1.5, 1.7), at(12_450, 1.1, 1.37), true, true, true},
		"the old one does not tell": {at(13_200), at(12_450, 1.1, 1.37), true, true, true},
		"neither tells":             {at(13_200), at(12_450), true, true, true},
		"as near as counts":         {at(14_290, 1.1, 1.37), at(14_000, 1.1, 1.37), true, false, false},
		"the percentile itself":     {rounded, at(12_450, 1.1, 1.34), true, false, true},
		"twice as many packets":     {at(12_450, 1.1, 1.37), twice, true, false, true},
		"flows of other sizes":      {at(12_450, 1.1, 1.37), at(14_500, 1.2, 1.5), true, false, false}, // on the same table
		"and another table":         {at(12_450, 1.1, 1.37), other(at(14_500, 1.2, 1.5)), true, true, true},
		"sizes that no draw shares": {at(12_450, 1.1, 1.37), at(16_000, 1.5, 1.7), true, true, true},
	} {
		c := &Compare{Scenarios: List[Scenario]{test.was, test.now}, Diff: NewDiff(&Report{}, &Report{}, nil, 0, test.captures)}
		for _, f := range ComparedFigures(c.Scenarios) {
			if best := c.Marked(&f); test.captures && f.counts() && slices.Contains(best, true) {
				t.Errorf("%s: of two captures %v are the best by %s", name, best, f.Label)
			}
			change := test.change
			switch {
			case f.Label == "packets on the most loaded CPU":
				change = test.counted
			case !f.has(chanceKnown):
				continue
			}
			if got := f.Differs(&test.was, &test.now, test.captures); got != change {
				t.Errorf("%s: %s from %v to %v is a change: %v", name, f.Label, f.Of(&test.was), f.Of(&test.now), got)
			}
			if f.Metric == "imbalance.packets" && slices.Contains(c.Marked(&f), true) != (test.change && !c.unjudged(&f)) {
				t.Errorf("%s: the best of %s are %v", name, f.Label, c.Marked(&f))
			}
		}
		if (c.chanceSentence() == "") != test.change || strings.Contains(c.BestSentence(), " even: ") != test.change {
			t.Errorf("%s: %q, %q", name, c.chanceSentence(), c.BestSentence())
		}
		if doc := c.diffDocument(); test.captures && slices.Contains(doc.ByChance, "imbalance of packets, max ÷ mean") == test.change {
			t.Errorf("%s: by chance %v", name, doc.ByChance)
		}
	}
}

// Of two captures a figure that follows from which flows share a CPU is marked where chance may be
// why it differs, and no scenario is best by it.
func TestDiffUnjudged(t *testing.T) {
	at := func(busiest, bytes uint64, busy int64, chance ...Fraction) Scenario { // 2 CPUs
		m := Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{
			{CPU: 0, Packets: busiest, Bytes: bytes, DPCTime: busy}, {CPU: 1, Packets: 20_000 - busiest, Bytes: 20_000_000 - bytes, DPCTime: 1e7},
		}}
		if chance != nil {
			m.Imbalance.ChanceP1, m.Imbalance.ChanceP99 = &chance[0], &chance[1]
		}
		m.Derive()
		return Scenario{Name: "s", Compared: m.Mode, Modes: List[Mode]{m}}
	}
	const packets, bytes, busy = "imbalance of packets, max ÷ mean", "imbalance of bytes", "utilization of the busiest CPU"
	const perDPC, interrupts, most = "packets per DPC, mean", "interrupts", "packets on the most loaded CPU"
	raised := func(s Scenario, n uint64) Scenario {
		s.Modes[0].Totals.Interrupts = n
		return s
	}
	twice := at(12_450, 13_000_000, 3e7, 1.1, 1.37) // the packets, in as much time
	for i := range twice.Modes[0].CPUs {
		twice.Modes[0].CPUs[i].Packets *= 2
		twice.Modes[0].CPUs[i].DPCTime *= 2
	}
	twice.Modes[0].Derive()
	drops := func(s Scenario, drops, dpcs uint64) Scenario {
		s.Modes[0].Totals.Drops, s.Modes[0].Totals.DPCs = drops, dpcs
		return s
	}
	four := at(16_000, 16_000_000, 9e7, 1.1, 1.37)
	four.Modes[0].CPUs = append(four.Modes[0].CPUs, CPU{CPU: 2}, CPU{CPU: 3})
	four.Modes[0].Derive()
	for name, test := range map[string]struct {
		was, now Scenario
		captures bool
		want     []string
	}{
		"packets within chance":   {at(13_200, 13_000_000, 3e7, 1.1, 1.37), at(12_450, 11_000_000, 3.3e7, 1.1, 1.37), true, []string{bytes, busy}},
		"of one capture":          {at(13_200, 13_000_000, 3e7, 1.1, 1.37), at(12_450, 11_000_000, 3.3e7, 1.1, 1.37), false, nil},
		"alike":                   {at(13_200, 13_000_000, 3e7, 1.1, 1.37), at(12_450, 13_000_000, 3e7, 1.1, 1.37), true, nil},
		"busy beyond that factor": {at(13_200, 13_000_000, 3e7, 1.1, 1.37), at(12_450, 11_000_000, 6e7, 1.1, 1.37), true, []string{bytes}},
		"packets beyond chance":   {at(13_200, 13_000_000, 3e7, 1.1, 1.37), at(16_000, 16_000_000, 4e7, 1.1, 1.37), true, []string{bytes}},
		"chance is not known":     {at(13_200, 13_000_000, 3e7), at(16_000, 16_000_000, 4e7), true, []string{packets, bytes, busy, most}},
		"a burst more":            {drops(at(13_200, 13_000_000, 3e7, 1.1, 1.37), 20, 10_000), drops(at(12_450, 13_000_000, 3e7, 1.1, 1.37), 300, 8_000), true, []string{dropped.Label, perDPC}},
		"bursts on one CPU":       {drops(at(13_200, 13_000_000, 3e7, 1.1, 1.37), 20, 10_000), drops(at(16_000, 13_000_000, 3e7, 1.1, 1.37), 300, 8_000), true, nil},
		"twice as many packets":   {raised(at(12_450, 13_000_000, 3e7, 1.1, 1.37), 10_000), raised(twice, 20_000), true, []string{most, busy, interrupts}},
		"half the interrupts":     {raised(at(12_450, 13_000_000, 3e7, 1.1, 1.37), 10_000), raised(at(12_450, 13_000_000, 3e7, 1.1, 1.37), 5_000), true, nil},
		"other CPUs":              {at(13_200, 13_000_000, 3e7, 1.1, 1.37), four, true, []string{bytes}},
	} {
		c := &Compare{Scenarios: List[Scenario]{test.was, test.now}, Diff: NewDiff(&Report{}, &Report{}, nil, 0, test.captures)}
		for _, f := range ComparedFigures(c.Scenarios) {
			if !slices.Contains([]string{packets, bytes, busy, dropped.Label, perDPC, interrupts, most}, f.Label) {
				continue
			}
			want := slices.Contains(test.want, f.Label)
			if got := c.unjudged(&f); got != want || strings.HasSuffix(c.ChangeRow(&f)[0], " ‡") != want || slices.Contains(c.diffDocument().Unjudged, f.Label) != want {
				t.Errorf("%s: %s is not judged: %v; %q, %v", name, f.Label, got, c.ChangeRow(&f), c.diffDocument().Unjudged)
			}
			if want && slices.Contains(c.Marked(&f), true) {
				t.Errorf("%s: a scenario is best by %s", name, f.Label)
			}
		}
		if got := len(c.MarksSentences()) == 1; got != (test.want != nil) {
			t.Errorf("%s: %q", name, c.MarksSentences())
		}
	}
}

// A change of a share is never "<0.1 points".
func TestPoints(t *testing.T) {
	for n, want := range map[float64]string{12.34: "12.3 points", 0.05: "0.1 points", 0.049: "0.05 points", 0.004: "0.004 points", 0.0007: "0.0007 points", 99.97: "100.0 points"} {
		if got := points(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
}
