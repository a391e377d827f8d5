package report

import (
	"strings"
	"testing"
)

func TestCondition(t *testing.T) {
	p99 := int64(20_000)
	modes := []Mode{
		{Mode: "rss-msix", Totals: Totals{Drops: 3}, Imbalance: Imbalance{Packets: 1.5, Jain: Null}, CPUs: []CPU{{Utilization: 0.25, Latency: Latency{P99: &p99}}}},
		{Mode: "non-rss"},
	}
	for _, test := range []struct {
		condition string
		holds     bool
	}{
		{"drops>0", true}, {"drops > 3", false}, {"drops>=3", true}, {"drops<3", false}, {"drops<=3", true}, {"drops==3", true}, {"drops!=3", false},
		{"non-rss.drops>0", false}, {"rss-msix.drops>0", true},
		{"imbalance.packets>1.49", true}, {"imbalance.packets>1.5", false},
		{"jain<1", false}, {"jain>=0", false}, // null
		{"utilization.max>0.2", true},
		{"latency.p99>19us", true}, {"latency.p99>20us", false},
	} {
		c, err := ParseCondition(test.condition)
		if err != nil {
			t.Fatal(err)
		}
		holds, what, err := c.Holds(modes)
		if holds != test.holds || err != nil || holds != (what != "") {
			t.Errorf("%s: %v, %q, %v", test.condition, holds, what, err)
		}
	}
	c, _ := ParseCondition("rss-hw-queues.drops>0")
	if _, _, err := c.Holds(modes); err == nil {
		t.Error("a mode that was not replayed is no error")
	}
}

func TestBadConditions(t *testing.T) {
	for condition, want := range map[string]string{
		"": "no comparison", "drops": "no comparison", "drops=0": "comparison must be", "nosuch>1": "no figure is named", ".drops>0": "no figure is named",
		"drops>": "no number", "drops>x": "no number", "drops>NaN": "no number", "latency.p99>50": "is a time",
	} {
		if _, err := ParseCondition(condition); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", condition, err, want)
		}
	}
}
