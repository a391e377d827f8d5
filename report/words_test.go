package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
	"rssreplay/report/markdown"
	"rssreplay/report/page"
	"rssreplay/report/text"
)

// wordWriters are all formats of all results that have their author's words.
func wordWriters(words report.Words) map[string]func(w io.Writer) error {
	r, c := fixture.New(4, 10, "rss-msix"), fixture.Compared(2, 4)
	r.Words, c.Words = words, words
	head := report.Head{Words: words}
	suggest, verify, explain := &report.Suggest{Head: head}, &report.Verify{Head: head}, &report.Explanation{Head: head}
	o := text.Options{}
	return map[string]func(w io.Writer) error{
		"table":                func(w io.Writer) error { return text.Write(w, r, o) },
		"Markdown":             func(w io.Writer) error { return markdown.Write(w, r) },
		"JSON":                 func(w io.Writer) error { return report.WriteJSON(w, r) },
		"HTML":                 func(w io.Writer) error { return page.Write(w, r) },
		"table of compare":     func(w io.Writer) error { return text.WriteCompare(w, c, o) },
		"Markdown of compare":  func(w io.Writer) error { return markdown.WriteCompare(w, c) },
		"JSON of compare":      func(w io.Writer) error { return report.WriteCompareJSON(w, c) },
		"HTML of compare":      func(w io.Writer) error { return page.WriteCompare(w, c) },
		"table of suggest":     func(w io.Writer) error { return text.WriteSuggest(w, suggest, o) },
		"JSON of suggest":      func(w io.Writer) error { return report.WriteSuggestJSON(w, suggest) },
		"table of verify":      func(w io.Writer) error { return text.WriteVerify(w, verify, o) },
		"JSON of verify":       func(w io.Writer) error { return report.WriteVerifyJSON(w, verify) },
		"table of explanation": func(w io.Writer) error { return text.WriteExplanation(w, explain, o) },
		"JSON of explanation":  func(w io.Writer) error { return report.WriteExplanationJSON(w, explain) },
	}
}

func writtenBy(t *testing.T, write func(w io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The words come before all else that says something.
func TestWordsComeFirst(t *testing.T) {
	for name, write := range wordWriters(report.Words{Title: "Since 6.12", Note: "one\n  two"}) {
		out := writtenBy(t, write)
		if strings.HasPrefix(name, "JSON") {
			var first struct{ Title, Note string }
			if err := json.Unmarshal([]byte(out), &first); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if first.Title != "Since 6.12" || first.Note != "one\n  two" {
				t.Errorf("%s: %+v", name, first)
			}
			if strings.Index(out, `"note"`) > strings.Index(out, `"tool"`) {
				t.Errorf("%s: the tool is before the words", name)
			}
			continue
		}
		at := 0
		for _, word := range []string{"Since 6.12", "one\n  two", map[bool]string{true: "packets received", false: ""}[strings.HasPrefix(name, "HTML")]} {
			next := strings.Index(out[at:], word)
			if next < 0 {
				t.Errorf("%s: %q does not follow", name, word)
				continue
			}
			at += next
		}
		if !strings.HasPrefix(name, "HTML") && strings.Index(out, "one\n  two") > 40 {
			t.Errorf("%s: the note comes late: %.200s", name, out)
		}
	}
}

// Without words there is no trace of them, so that no reader of JSON meets what
// it did not know.
func TestNoWords(t *testing.T) {
	for name, write := range wordWriters(report.Words{}) {
		out := writtenBy(t, write)
		if strings.Contains(out, `"title":`) || strings.Contains(out, `"note":`) || strings.Contains(out, `class="words"`) || strings.HasPrefix(out, "\n") {
			t.Errorf("%s: %.200s", name, out)
		}
	}
}

// A report that is read back has its words.
func TestWordsAreReadBack(t *testing.T) {
	want := report.Words{Title: "a \u202e <b>", Note: "b\n\tc\x1b[31m"}
	r := fixture.New(2, 3, "rss-msix")
	r.Words = want
	got, err := readWhole(writtenBy(t, func(w io.Writer) error { return report.WriteJSON(w, r) }))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Words); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Nothing in them reaches a terminal, and none of them makes a report long.
func TestHostileWords(t *testing.T) {
	long := 1 << 20 // of what is cut much earlier
	if testing.Short() {
		long = 1 << 14
	}
	scripts := map[string]int{}
	for name, write := range wordWriters(report.Words{}) {
		if strings.HasPrefix(name, "HTML") {
			scripts[name] = strings.Count(writtenBy(t, write), "<script")
		}
	}
	for i, words := range []report.Words{
		{Title: fixture.Hostile, Note: fixture.Hostile}, {Title: "<script>", Note: "</script>\n```\n</details>\r\n| a |"},
		{Title: strings.Repeat("x\u202e", 1000), Note: strings.Repeat("\x1b\t`", long)}, {Title: "", Note: strings.Repeat("`", long)}, {Title: "", Note: "\n\n\r\n"}, {Title: "", Note: strings.Repeat("日", long/4)},
	} {
		for name, write := range wordWriters(words) {
			out := writtenBy(t, write)
			for at, r := range out {
				if r != '\n' && !unicode.IsPrint(r) && !(strings.HasPrefix(name, "HTML") && (r == ' ' || r == '\u00a0' || r == '\t')) {
					t.Errorf("%d, %s: %U at %d, after %q", i, name, r, at, out[max(0, at-20):at])
					break
				}
			}
			switch {
			case strings.HasPrefix(name, "Markdown"):
				fixture.CheckMarkdown(t, fmt.Sprint(name, " ", i), out)
				if len(out) > 60_000 {
					t.Errorf("%d, %s: %d bytes", i, name, len(out))
				}
			case strings.HasPrefix(name, "HTML"):
				if strings.Count(out, "<script") != scripts[name] {
					t.Errorf("%d, %s: there are more scripts", i, name)
				}
			}
		}
	}
}
