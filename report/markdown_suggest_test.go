package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

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
