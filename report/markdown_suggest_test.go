package report

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hostileSuggest has s wherever a string may come from outside.
func hostileSuggest(s string) *Suggest {
	r := withHostile(s)
	figures := Figures{Imbalance: Imbalance{Packets: 1.5}, Packets: 7, Connections: 3}
	return &Suggest{
		Words: r.Words, Tool: r.Tool, Command: r.Command, Capture: r.Capture, Parameters: r.Parameters, Notes: r.Notes, Caveats: r.Caveats,
		Objective: "packets", Mode: s, Judging: Judging{Folds: 8, Packets: 800, Known: 0.5},
		Present: Placement{figures, 1.1}, Curve: List[CurvePoint]{{Moves: 1, Whole: 1.2, Flows: 3}, {Moves: 2, Whole: 1.1, Flows: 4, Passed: true}}, Bound: Bound{Imbalance: 1.2, FlowImbalance: 1.1, LargestFlow: &Flow{Protocol: s}},
		Suggestions: List[Suggestion]{
			{ID: s, Goal: GoalBalance, Summary: s, Note: s, Commands: List[string]{s, s}, Needs: s, Predicted: figures, Gate: &Gate{Passed: true, Present: 1.5, Judged: 1.2}, Moves: List[Move]{{Entry: 3, Flows: 1}}},
			{ID: "none", Goal: GoalOrder, Summary: "Nothing to set."},
		},
		Declined: List[Declined]{{s, s, nil}}, TableSizes: List[TableSize]{{Size: 64}, {Size: 128, Present: true}},
		Keys: NewKeyTrials(rising(1, 0.01, 20), 1.05, 1),
	}
}

// hostileVerify likewise.
func hostileVerify(s string) *Verify {
	r := withHostile(s)
	return &Verify{
		Words: r.Words, Tool: r.Tool, Command: r.Command, Capture: r.Capture, Parameters: r.Parameters, Notes: r.Notes, Caveats: r.Caveats,
		Source: "records", Packets: Checked{10, 3, 7, 4, 9}, Queues: List[VerifiedQueue]{{0, 5, 6}, {1, 5, 4}},
		Explanation: &VerifyExplanation{ID: s, Summary: s, Explained: 9}, Others: List[VerifyExplanation]{{ID: s, Summary: s}}, Evidence: List[string]{s}, Recovered: &RecoveredKey{Key: s, Difference: &s}, Verdict: s,
	}
}

func suggestMarkdown(t *testing.T, s *Suggest) string {
	t.Helper()
	var b strings.Builder
	if err := WriteSuggestMarkdown(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func verifyMarkdown(t *testing.T, v *Verify) string {
	t.Helper()
	var b strings.Builder
	if err := WriteVerifyMarkdown(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Suggestions and verifications are GFM, and nothing from outside has a meaning in them.
func TestSuggestAndVerifyMarkdown(t *testing.T) {
	for _, s := range []string{hostile, "<script>alert(1)</script>", "a|b", "`", "```", "@octocat", "# a", "- a", "https://example.com", "a\nb", "\x1b[31m", ""} {
		checkMarkdown(t, fmt.Sprintf("suggestions, %q", s), suggestMarkdown(t, hostileSuggest(s)))
		checkMarkdown(t, fmt.Sprintf("verification, %q", s), verifyMarkdown(t, hostileVerify(s)))
	}
	checkMarkdown(t, "no suggestions", suggestMarkdown(t, &Suggest{}))
	checkMarkdown(t, "no verification", verifyMarkdown(t, &Verify{}))
	v := hostileVerify("x")
	v.Source = "interrupts"
	if text := verifyMarkdown(t, v); !strings.Contains(text, "| queue | predicted | interrupts | difference |\n") || !strings.Contains(text, "| 0 | 5 | 6 | - |\n") {
		t.Errorf("interrupts are no packets:\n%s", text)
	}
}

// An issue takes them, however long the commands and however many the queues.
func TestSuggestAndVerifyMarkdownIsBounded(t *testing.T) {
	s := hostileSuggest("x")
	s.Suggestions = slices.Repeat(s.Suggestions, 100)
	s.Suggestions[2].Commands = List[string]{strings.Repeat("0,1,", 32_768)}
	s.Declined = slices.Repeat(s.Declined, 1000)
	text := suggestMarkdown(t, s)
	if len(text) > maxMarkdown || !strings.Contains(text, "too long for an issue") || !strings.Contains(text, "Other keys") {
		t.Errorf("suggestions: %d bytes", len(text))
	}
	checkMarkdown(t, "long suggestions", text)
	v := hostileVerify("x")
	v.Queues = slices.Repeat(v.Queues, 2000)
	if text = verifyMarkdown(t, v); len(text) > maxMarkdown || !strings.Contains(text, "of 4,000 queues; the JSON report has all") {
		t.Errorf("verification: %d bytes", len(text))
	}
	checkMarkdown(t, "many queues", text)
}

// Their CSV tables have as many cells in each row as in the head, and no formula.
func TestSuggestAndVerifyCSV(t *testing.T) {
	check := func(name, text string) {
		t.Helper()
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) < 2 {
			t.Errorf("%s: %d lines, %v", name, len(records), err)
		}
		for _, cell := range slices.Concat(records...) {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("%s: the cell %q", name, cell)
			}
		}
	}
	const formula = "=cmd|' /C calc'!A0"
	for _, table := range SuggestCSVTables() {
		var b strings.Builder
		if err := table.Write(&b, hostileSuggest(formula)); err != nil {
			t.Fatal(err)
		}
		check(table.Name, b.String())
	}
	for _, table := range VerifyCSVTables() {
		var b strings.Builder
		if err := table.Write(&b, hostileVerify(formula)); err != nil {
			t.Fatal(err)
		}
		check(table.Name, b.String())
	}
}
