package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestKeyTrials(t *testing.T) {
	for _, test := range []struct {
		name    string
		sorted  []float64
		present float64
		verdict string
	}{
		{"bad luck", rising(1.01, 0.001, 100), 1.2, "Bad luck: "},
		{"good luck", rising(1.05, 0.001, 100), 1.0505, "Good luck: "},
		{"usual", rising(1.01, 0.001, 100), 1.06, "Neither good nor bad luck: "},
		{"structural", rising(1.9, 0.001, 100), 1.95, "Structural: "},
		{"structural and unlucky", rising(1.9, 0.001, 100), 2.2, "Bad luck, and structural as well: "},
		{"structural and lucky", rising(1.9, 0.001, 100), 1.8, "Structural, and yet luckier than most: "},
		{"one key", []float64{1.5}, 1.5, "The key makes no difference."},
		{"all alike", []float64{1.5, 1.5, 1.5}, 1.5, "The key makes no difference."},
	} {
		k := NewKeyTrials(test.sorted, test.present, 1)
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
	k := NewKeyTrials(rising(1, 0.01, 10), 1.05, 1)
	if k.P10 != 1 || !near(k.P50, 1.04) || !near(k.P90, 1.08) || !near(k.Max, 1.09) || k.Better != 5 || k.Equal != 1 {
		t.Errorf("%+v", k)
	}
}

// rising are n values, step apart.
func rising(from, step float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = from + float64(i)*step
	}
	return values
}

func near(a, b Fraction) bool { return a-b < 1e-9 && b-a < 1e-9 }

func TestSuggestSort(t *testing.T) {
	with := func(id, goal string, imbalance Fraction, moved uint64) Suggestion {
		s := Suggestion{ID: id, Goal: goal, PacketsMoved: moved}
		s.Predicted.Imbalance.Bytes = imbalance
		return s
	}
	s := Suggest{Objective: "bytes", Suggestions: []Suggestion{
		with("symmetric", GoalSymmetry, 1, 0), with("many", GoalBalance, 1.1, 9), with("worst", GoalBalance, 1.2, 0), with("few", GoalBalance, 1.1, 2), with("best", GoalBalance, 1, 9),
	}}
	s.Sort()
	var ids []string
	for _, one := range s.Suggestions {
		ids = append(ids, one.ID)
	}
	if got := strings.Join(ids, " "); got != "best few many worst symmetric" {
		t.Errorf("the order is %s", got)
	}
}

// Nothing found is an empty list, what was not asked for null; and no text of a
// file reaches a terminal unescaped.
func TestSuggestOfNothing(t *testing.T) {
	s := &Suggest{Objective: "packets", Mode: "rss-msix", Bound: Bound{Imbalance: Null, EntryImbalance: Null, Unhashed: Null, FlowImbalance: Null}, Notes: []string{"\x1b[2J"}}
	var b strings.Builder
	if err := WriteSuggestJSON(&b, s); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if list, ok := got["suggestions"].([]any); !ok || len(list) != 0 || got["keys"] != nil || got["rest"] != nil {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	if err := WriteSuggestText(&b, s, TextOptions{ASCII: true}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "\x1b") || !strings.Contains(text, "None: keep what there is.") {
		t.Errorf("%q", text)
	}
}
