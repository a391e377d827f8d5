package findings

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

func TestCondition(t *testing.T) {
	p99 := int64(20_000)
	modes := []report.Mode{
		{Mode: "rss-msix", Totals: report.Totals{Drops: 3}, Imbalance: report.Imbalance{Packets: 1.5, Jain: report.Null}, CPUs: []report.CPU{{Utilization: 0.25, Latency: report.Latency{P99: &p99}}}},
		{Mode: "non-rss"},
	}
	findings, moved := []report.Finding{{ID: "one-queue", Severity: report.Problem}, {ID: "clock-leap", Severity: report.Note}}, uint64(7)
	for _, test := range []struct {
		condition string
		holds     bool
	}{
		{"drops>0", true}, {"drops > 3", false}, {"drops>=3", true}, {"drops<3", false}, {"drops<=3", true}, {"drops==3", true}, {"drops!=3", false},
		{"non-rss.drops>0", false}, {"rss-msix.drops>0", true},
		{"imbalance.packets>1.49", true}, {"imbalance.packets>1.5", false},
		{"jain<1", false}, {"jain>=0", false}, // null
		{"utilization.max>0.2", true},
		{"findings>1", true}, {"findings>2", false}, {"findings.problem>1", false}, {"findings.note==1", true}, {"findings.one-queue>0", true},
		{"findings.tunnel==0", true}, {"findings.tunnel>0", false}, {"flows_moved>6", true}, {"flows_moved<=6", false},
		{"latency.p99>19us", true}, {"latency.p99>20us", false},
	} {
		c, err := ParseCondition(test.condition, Terms{true, true})
		if err != nil {
			t.Fatal(err)
		}
		holds, what, err := c.Holds(&Values{Modes: modes, Findings: findings, FlowsMoved: &moved})
		if holds != test.holds || err != nil || holds != (what != "") {
			t.Errorf("%s: %v, %q, %v", test.condition, holds, what, err)
		}
	}
	c, _ := ParseCondition("rss-hw-queues.drops>0", Terms{})
	if _, _, err := c.Holds(&Values{Modes: modes, Findings: findings, FlowsMoved: &moved}); err == nil {
		t.Error("a mode that was not replayed is no error")
	}
}

func TestBadConditions(t *testing.T) {
	for condition, want := range map[string]string{
		"": "no comparison", "drops": "no comparison", "drops=0": "comparison must be", "nosuch>1": "no figure is named", ".drops>0": "no figure is named",
		"imbalance>1":           `no figure is named "imbalance"; did you mean imbalance.packets, imbalance.bytes or imbalance.busy?`,
		"non-rss.utilization>1": `did you mean non-rss.utilization.max?`, "latenc>1ms": "there is imbalance.packets",
		"drops>": "no number", "drops>x": "no number", "drops>NaN": "no number", "latency.p99>50": "is a time",
		"flows_moved>0": "`rssreplay compare` and `rssreplay diff` have it", "findings.nosuch>0": "no finding is named", "rss-msix.findings>0": "is of no mode",
	} {
		if _, err := ParseCondition(condition, Terms{Findings: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", condition, err, want)
		}
	}
}

// What is not known is no reason to pass.
func TestConditionOnWhatIsNotKnown(t *testing.T) {
	c, err := ParseCondition("flows_moved>0", Terms{FlowsMoved: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Holds(&Values{}); err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("%v", err)
	}
	if _, err := ParseCondition("findings>0", Terms{FlowsMoved: true}); err == nil || !strings.Contains(err.Error(), "replay the scenario") {
		t.Errorf("%v", err)
	}
}

// Conditions know each finding that is drawn.
func TestConditionsKnowAllFindings(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	drawn := []string{report.MovingHelps, report.MovingDoesNot, report.Churny}
	for _, path := range sources {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(path, "_test.go") {
			for _, id := range regexp.MustCompile(`(?:\bID: +|d\.drops\(|d\.portless\()"([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
				drawn = append(drawn, id[1])
			}
		}
	}
	slices.Sort(drawn)
	if d := cmp.Diff(slices.Sorted(slices.Values(findingIDs())), slices.Compact(drawn)); d != "" {
		t.Error(d)
	}
}
