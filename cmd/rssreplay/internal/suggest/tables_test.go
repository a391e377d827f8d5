package suggest

import (
	"slices"
	"strings"
	"testing"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch/engine"
	"rssreplay/report"
)

// TestStepsTo: 1, 2, 3, 5, 10, 20, 50 … and the last.
func TestStepsTo(t *testing.T) {
	for most, want := range map[int][]int{
		0: nil, 1: {1}, 2: {1, 2}, 4: {1, 2, 3, 4}, 5: {1, 2, 3, 5}, 17: {1, 2, 3, 5, 10, 17}, 120: {1, 2, 3, 5, 10, 20, 50, 100, 120},
	} {
		if got := stepsTo(most); !slices.Equal(got, want) {
			t.Errorf("to %d: %v, want %v", most, got, want)
		}
	}
}

// TestSuggestNoticeable: what saves less than 1 % of the present imbalance is noise,
// and what is worse where there is most to do is no help.
func TestSuggestNoticeable(t *testing.T) {
	figures := func(imbalance, busy report.Fraction) (f report.Figures) {
		f.Imbalance.Packets, f.BusyWindows = imbalance, busy
		return f
	}
	of := &candidates{suggester: &suggester{by: "packets"}}
	for _, c := range []struct {
		imbalance, busy report.Fraction
		want            string
	}{
		{1.914, 2, "S. Better than the present by less than 1%: 1.914 against 1.915."},
		{1.896, 2, "S. Better than the present by less than 1%: 1.896 against 1.915."},
		{1.895, 2, ""},
		{1.5, 2.04, ""},
		{1.5, 2.05, "S. Better over the whole capture, 1.500 against 1.915, but worse in its busiest windows: 2.050 against 2.000."},
		{1.915, 1, "S. No better than the present: 1.915 against 1.915."},
	} {
		one := &candidate{Suggestion: report.Suggestion{Goal: report.GoalBalance, Summary: "S."}}
		if got := of.noBetter(one, figures(1.915, 2), figures(c.imbalance, c.busy)); got != c.want {
			t.Errorf("%g, %g: %q, want %q", c.imbalance, c.busy, got, c.want)
		}
	}
	one := &candidate{Suggestion: report.Suggestion{Goal: report.GoalBalance, Summary: "S.", Median: &report.KeyMedian{Keys: 200, Present: 1.5, Suggested: 1.48}}}
	if got := of.noBetter(one, figures(2, 2), figures(1, 1)); !strings.Contains(got, "Over 200 random keys the median is 1.480 against 1.500") {
		t.Errorf("%q", got)
	}
}

// Of a load it is packets, bytes or the time that the packets take that counts.
func TestWeight(t *testing.T) {
	s := &suggester{settings: &settings.Settings{Config: engine.Config{PacketCost: 400, ByteCost: 500}}} // ns; ps
	load := engine.EntryLoad{Packets: 10, Bytes: 6000}
	for by, want := range map[string]uint64{"packets": 10, "bytes": 6000, "busy": 4000 + 3000} {
		if s.by = by; s.weight(load) != want {
			t.Errorf("by %s: %d, want %d", by, s.weight(load), want)
		}
	}
}
