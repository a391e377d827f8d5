package markdown

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

func suggestMarkdown(t *testing.T, s *report.Suggest) string {
	t.Helper()
	var b strings.Builder
	if err := WriteSuggest(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func verifyMarkdown(t *testing.T, v *report.Verify) string {
	t.Helper()
	var b strings.Builder
	if err := WriteVerify(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Suggestions and verifications are GFM, and nothing from outside has a meaning in them.
func TestSuggestAndVerifyMarkdown(t *testing.T) {
	for _, s := range []string{fixture.Hostile, "<script>alert(1)</script>", "a|b", "`", "```", "@octocat", "# a", "- a", "https://example.com", "a\nb", "\x1b[31m", ""} {
		fixture.CheckMarkdown(t, fmt.Sprintf("suggestions, %q", s), suggestMarkdown(t, fixture.HostileSuggest(s)))
		fixture.CheckMarkdown(t, fmt.Sprintf("verification, %q", s), verifyMarkdown(t, fixture.HostileVerify(s)))
	}
	fixture.CheckMarkdown(t, "no suggestions", suggestMarkdown(t, &report.Suggest{}))
	fixture.CheckMarkdown(t, "no verification", verifyMarkdown(t, &report.Verify{}))
	v := fixture.HostileVerify("x")
	v.Source = "interrupts"
	if text := verifyMarkdown(t, v); !strings.Contains(text, "| queue | predicted | interrupts | difference |\n") || !strings.Contains(text, "| 0 | 5 | 6 | - |\n") {
		t.Errorf("interrupts are no packets:\n%s", text)
	}
}

// Each column of imbalances is explained.
func TestSuggestMarkdownSaysWhatIsJudged(t *testing.T) {
	for _, short := range []string{"", "too short"} {
		s := fixture.HostileSuggest("x")
		s.Judging.TooShort = short
		got := suggestMarkdown(t, s)
		for _, head := range s.FigureHeads()[1:6] {
			if name := strings.TrimPrefix(head, "*"); !strings.Contains(got, "**"+name+"**: ") {
				t.Errorf("%q: nothing says what %s is:\n%s", short, name, got)
			}
		}
	}
}

// A command that an earlier suggestion has is there once.
func TestSameCommands(t *testing.T) {
	s := fixture.HostileSuggest("x")
	s.Suggestions = slices.Repeat(s.Suggestions[:1], 2)
	s.Suggestions[0].ID, s.Suggestions[0].Commands = "few-moves", report.List[string]{"ethtool -X eth0 equal 3"}
	s.Suggestions[1].ID, s.Suggestions[1].Commands = "entries", report.List[string]{"ethtool -X eth0 equal 3"}
	if text := suggestMarkdown(t, s); strings.Count(text, "ethtool -X eth0 equal 3") != 1 || !strings.Contains(text, "The command is that of few-moves.") {
		t.Errorf("alike:\n%s", text)
	}
	s.Suggestions[1].Commands = report.List[string]{"ethtool -X eth0 equal 2"}
	if text := suggestMarkdown(t, s); !strings.Contains(text, "ethtool -X eth0 equal 2") || strings.Contains(text, "The command is that of") {
		t.Errorf("different:\n%s", text)
	}
}

// An issue takes them, however long the commands and however many the queues.
func TestSuggestAndVerifyMarkdownIsBounded(t *testing.T) {
	s := fixture.HostileSuggest("x")
	s.Suggestions = slices.Repeat(s.Suggestions, 100)
	s.Suggestions[2].Commands = report.List[string]{strings.Repeat("0,1,", 32_768)}
	s.Declined = slices.Repeat(s.Declined, 1000)
	text := suggestMarkdown(t, s)
	if len(text) > maxMarkdown || !strings.Contains(text, "too long for an issue") || !strings.Contains(text, "Other keys") {
		t.Errorf("suggestions: %d bytes", len(text))
	}
	fixture.CheckMarkdown(t, "long suggestions", text)
	v := fixture.HostileVerify("x")
	v.Queues = slices.Repeat(v.Queues, 2000)
	if text = verifyMarkdown(t, v); len(text) > maxMarkdown || !strings.Contains(text, "of 4,000 queues; the JSON report has all") {
		t.Errorf("verification: %d bytes", len(text))
	}
	fixture.CheckMarkdown(t, "many queues", text)
}
