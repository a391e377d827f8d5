package report_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/text"
)

func TestKeyTrials(t *testing.T) {
	for _, test := range []struct {
		name    string
		sorted  []float64
		present float64
		verdict string
	}{
		{"bad luck", fixture.Rising(1.01, 0.001, 100), 1.2, "Bad luck: "},
		{"good luck", fixture.Rising(1.05, 0.001, 100), 1.0505, "Good luck: "},
		{"usual", fixture.Rising(1.01, 0.001, 100), 1.06, "Neither good nor bad luck: "},
		{"structural", fixture.Rising(1.9, 0.001, 100), 1.95, "Structural: "},
		{"structural and unlucky", fixture.Rising(1.9, 0.001, 100), 2.2, "Bad luck, and structural as well: "},
		{"structural and lucky", fixture.Rising(1.9, 0.001, 100), 1.8, "Structural, and yet luckier than most: "},
		{"one key", []float64{1.5}, 1.5, "The key makes no difference."},
		{"all alike", []float64{1.5, 1.5, 1.5}, 1.5, "The key makes no difference."},
	} {
		k := report.NewKeyTrials(test.sorted, test.present, 1)
		if !strings.HasPrefix(k.Verdict, test.verdict) {
			t.Errorf("%s: %q, not %q", test.name, k.Verdict, test.verdict)
		}
		keys := 0
		for i, bin := range k.Histogram {
			keys += bin.Keys
			if i > 0 && bin.From != k.Histogram[i-1].To {
				t.Errorf("%s: bin %d begins at %v, the one before ends at %v", test.name, i, bin.From, k.Histogram[i-1].To)
			}
		}
		if keys != len(test.sorted) || k.Histogram[0].From != k.Min || k.Histogram[len(k.Histogram)-1].To != k.Max {
			t.Errorf("%s: %d of %d keys in bins from %v to %v", test.name, keys, len(test.sorted), k.Min, k.Max)
		}
	}
	k := report.NewKeyTrials(fixture.Rising(1, 0.01, 10), 1.05, 1)
	if k.P10 != 1 || !near(k.P50, 1.04) || !near(k.P90, 1.08) || !near(k.Max, 1.09) || k.Better != 5 || k.Equal != 1 {
		t.Errorf("%+v", k)
	}
}

func near(a, b report.Fraction) bool { return a-b < 1e-9 && b-a < 1e-9 }

// TestSuggestSort: a stock tool's first, then by what was judged, where the moves
// break ties within 1 %; other goals last.
func TestSuggestSort(t *testing.T) {
	with := func(id, goal string, judged report.Fraction, moved uint64, needs string) report.Suggestion {
		return report.Suggestion{ID: id, Goal: goal, PacketsMoved: moved, Needs: needs, Commands: report.List[string]{"set it"}, Gate: &report.Gate{Present: 2, Judged: judged}}
	}
	fields := report.Suggestion{ID: "fields", Goal: report.GoalBalance, Commands: report.List[string]{"set it"}, Median: &report.KeyMedian{Present: 2, Suggested: 1.15}}
	untried := report.Suggestion{ID: "untried", Goal: report.GoalBalance, Commands: report.List[string]{"set it"}}
	untried.Predicted.Imbalance.Bytes = 1.18
	nobody := with("nobody", report.GoalBalance, 1, 0, "")
	nobody.Commands = nil
	s := report.Suggest{Objective: "bytes", Suggestions: report.List[report.Suggestion]{
		with("symmetric", report.GoalSymmetry, 1, 0, ""), nobody, with("kernel", report.GoalBalance, 1.01, 1, "Linux 6.17"), with("worst", report.GoalBalance, 1.2, 0, ""),
		with("many", report.GoalBalance, 1.1, 9, ""), with("few", report.GoalBalance, 1.105, 2, ""), untried, fields, with("beyond", report.GoalBalance, 1.112, 0, ""),
	}}
	s.Sort()
	var ids []string
	for _, one := range s.Suggestions {
		ids = append(ids, one.ID)
	}
	if got, want := strings.Join(ids, " "), "few many beyond fields untried worst kernel nobody symmetric"; got != want {
		t.Errorf("the order is %s, want %s", got, want)
	}
	if s.Recommended().ID != "few" {
		t.Errorf("%s is recommended", s.Recommended().ID)
	}
}

// TestGateReason: why a table is not suggested, and that it is the first reason.
func TestGateReason(t *testing.T) {
	for _, c := range []struct {
		gate report.Gate
		want string
	}{
		{report.Gate{Present: 1.4, Judged: 1.5, Forward: -0.1, Back: 0.1}, "It would not last: on packets that it was not found on it has 1.500, and the present table 1.400."},
		{report.Gate{Present: 1.4, Judged: 1.3, Forward: 0.01, Back: 0.1, FoldT: 5}, "It might not last: found on the first quarter it saves 1.0% on the last, and the reverse 10.0%; at least 2.0% both ways are needed."},
		{report.Gate{Present: 1.4, Judged: 1.3, Forward: 0.1, Back: 0.1, FoldT: 2}, "It may be chance: on packets that it was not found on it has 1.300, and the present table 1.400, but the mean gain is only 2.0 × its standard error, and more than 3 × is needed."},
		{report.Gate{Present: 1.4, Judged: 1.3, Forward: 0.1, Back: 0.1, FoldT: 5}, "It might not last: of the first and the last quarter's packets only 25.0% are of flows that are in both, or hash like one."},
	} {
		if got := c.gate.Reason(0.02, 3, 0.25); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Nothing found is an empty list, what was not asked for null; and no text of a
// file reaches a terminal unescaped.
func TestSuggestOfNothing(t *testing.T) {
	s := &report.Suggest{Objective: "packets", Mode: "rss-msix", Bound: report.Bound{Imbalance: report.Null, EntryImbalance: report.Null, Unhashed: report.Null, FlowImbalance: report.Null}, Notes: []string{"\x1b[2J"}}
	var b strings.Builder
	if err := report.WriteSuggestJSON(&b, s); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if list, ok := got["suggestions"].([]any); !ok || len(list) != 0 || got["keys"] != nil || len(got["moves_curve"].([]any)) != 0 {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	if err := text.WriteSuggest(&b, s, text.Options{ASCII: true}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "\x1b") || !strings.Contains(text, "RECOMMENDED  keep what there is") {
		t.Errorf("%q", text)
	}
}

// What is cut off at its most is told as that.
func TestFoldTText(t *testing.T) {
	for value, want := range map[float64]report.Fraction{3.04: 3.04, math.Inf(1): 999, math.Inf(-1): -999, 1e6: 999} {
		if got := report.FoldTOf(value); got != want {
			t.Errorf("%v becomes %v, want %v", value, got, want)
		}
	}
	for value, want := range map[report.Fraction]string{3.04: "3.0", 998.9: "998.9", 999: "999 or more"} {
		if got := (&report.Gate{FoldT: value}).FoldTText(); got != want {
			t.Errorf("%v is %q, want %q", value, got, want)
		}
	}
}

// What a table is on packets that it was not found on is said as it is: less than now, no less, or
// too little less to tell.
func TestOnOthers(t *testing.T) {
	for _, test := range []struct {
		of   report.FoundTable
		want string
	}{
		{report.FoundTable{Judged: 1.1, Present: 1.4, Lasts: true}, "has 1.10 ×, and the present one 1.40 ×."},
		{report.FoundTable{Judged: 1.4, Present: 1.3}, "has 1.40 ×, and the present one 1.30 ×: it would not last."},
		{report.FoundTable{Judged: 1.38, Present: 1.4}, "has 1.38 ×, and the present one 1.40 ×: too little to say that it lasts."},
	} {
		if got := test.of.OnOthers(2); !strings.HasSuffix(got, test.want) {
			t.Errorf("%q does not end in %q", got, test.want)
		}
	}
}

// TestSuggestOtherFlows: a table that is less even without the heavy flows that it was found for
// is told to be so where its promise stands.
func TestSuggestOtherFlows(t *testing.T) {
	for even, said := range map[report.Fraction]bool{1: false, 1.01: false, 1.03: true, 1.81: true, report.Null: false} {
		s := &report.Suggest{Objective: "packets", Judging: report.Judging{Span: 3e9}, Present: report.Placement{Even: 1}}
		s.Suggestions = report.List[report.Suggestion]{{
			ID: "weight", Goal: report.GoalBalance, Commands: report.List[string]{"set it"}, Even: even,
			Gate: &report.Gate{Passed: true, Present: 2, Judged: 1.2},
		}}
		_, sentences, _ := s.Recommendation()
		text := strings.Join(sentences, " ")
		if got := strings.Contains(text, "Where other flows take their place it may be worse than now"); got != said || !strings.Contains(text, "nothing is known of a longer time") {
			t.Errorf("even traffic has %v: %q", even, text)
		}
	}
}

// TestSuggestBesideTheTable: what no table changes is not called the table's fault, and no longer
// capture is asked for where no table can be better.
func TestSuggestBesideTheTable(t *testing.T) {
	equal := func(queues int) (entries report.List[int]) {
		for i := range 128 {
			entries = append(entries, i%queues)
		}
		return entries
	}
	for name, test := range map[string]struct {
		cpus           int
		queueCPUs      report.List[int]
		entries        report.List[int]
		present, bound report.Fraction
		want, not      string
	}{
		"even":         {4, report.List[int]{0, 1, 2, 3}, equal(4), 1.5, 1, "too short to judge: Whether another table would last can't be told: why. Capture more; --no-gate shows what fits this capture.", ""},
		"all unhashed": {4, report.List[int]{0, 1, 2, 3}, equal(4), 4, 4, "keep what there is: Its imbalance of packets is 4.000, and no table gets below 4.000 on this capture. A replay, without `suggest`, tells why, and what helps.", ""},
		"one flow":     {4, report.List[int]{0, 1, 2, 3}, append(make(report.List[int], 384), equal(4)...), 4, 4, "nothing: no table is better on this capture: Its imbalance of packets is 4.000, and no table gets below 4.000 on this capture. A replay, without `suggest`, tells why, and what helps. But no capture is needed to tell that the present table is uneven itself:", "keep"},
		"few queues":   {4, report.List[int]{0, 1}, equal(2), 3, 2, "The table is even over the queues, which lead to 2 of 4 CPUs: a replay, without `suggest`, tells how to reach the others.", "uneven itself"},
		"piled":        {4, report.List[int]{0, 1, 2, 2}, equal(4), 3, 1, "as CPU 2 has those of 2.", "uneven itself"},
		"on one CPU":   {4, report.List[int]{1, 1, 1, 1}, equal(4), 4, 4, "The interrupts of all queues are on CPU 1,", "uneven itself"},
		"lopsided":     {4, report.List[int]{0, 1, 2, 3}, append(make(report.List[int], 384), equal(4)...), 3.5, 1, "even traffic would load its busiest CPU with 3.25 × a fair share", "interrupts"},
	} {
		s := &report.Suggest{
			Objective: "packets", CPUs: test.cpus, Judging: report.Judging{Packets: 1000, TooShort: "why"}, Bound: report.Bound{Imbalance: test.bound},
			Present: report.Placement{Figures: report.Figures{Imbalance: report.Imbalance{Packets: test.present}}, Even: test.present},
			Table:   report.TableReport{Entries: test.entries, QueueCPUs: test.queueCPUs},
		}
		title, sentences, _ := s.Recommendation()
		got := title + ": " + strings.Join(sentences, " ")
		if !strings.Contains(got, test.want) || test.not != "" && strings.Contains(got, test.not) || strings.Contains(got, "Capture more") == (test.present <= test.bound) {
			t.Errorf("%s: %q, want %q and no %q", name, got, test.want, test.not)
		}
	}
}

// TestSuggestBehind: captures of one time that are read one behind the other tell nothing of what
// lasts; of those that follow each other, and of a clock that leaps alone, that is not said.
func TestSuggestBehind(t *testing.T) {
	for _, test := range []struct {
		of   report.Capture
		said bool
	}{
		{report.Capture{Packets: 1000, Overlaps: 1, TimestampRegressions: 10}, true},
		{report.Capture{Packets: 1000, Overlaps: 1, TimestampRegressions: 9}, false},
		{report.Capture{Packets: 1000, Overlaps: 1, ClockRestarts: 1}, true},
		{report.Capture{Packets: 1000, ClockRestarts: 1, TimestampRegressions: 500}, false},
	} {
		s := &report.Suggest{Objective: "packets", Capture: test.of}
		_, sentences, _ := s.Recommendation()
		if got := strings.Contains(strings.Join(sentences, " "), "give --merge"); got != test.said {
			t.Errorf("%+v: %q", test.of, sentences)
		}
	}
}
