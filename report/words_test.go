package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// wordWriters are all formats of all results that have their author's words.
func wordWriters(words Words) map[string]func(w io.Writer) error {
	r, c := fixture(4, 10, "rss-msix"), compared(2, 4)
	r.Words, c.Words = words, words
	suggest, verify, explain := &Suggest{Words: words}, &Verify{Words: words}, &Explanation{Words: words}
	o := TextOptions{}
	return map[string]func(w io.Writer) error{
		"table":                func(w io.Writer) error { return WriteText(w, r, o) },
		"Markdown":             func(w io.Writer) error { return WriteMarkdown(w, r) },
		"JSON":                 func(w io.Writer) error { return WriteJSON(w, r) },
		"HTML":                 func(w io.Writer) error { return WriteHTML(w, r) },
		"table of compare":     func(w io.Writer) error { return WriteCompareText(w, c, o) },
		"Markdown of compare":  func(w io.Writer) error { return WriteCompareMarkdown(w, c) },
		"JSON of compare":      func(w io.Writer) error { return WriteCompareJSON(w, c) },
		"HTML of compare":      func(w io.Writer) error { return WriteCompareHTML(w, c) },
		"table of suggest":     func(w io.Writer) error { return WriteSuggestText(w, suggest, o) },
		"JSON of suggest":      func(w io.Writer) error { return WriteSuggestJSON(w, suggest) },
		"table of verify":      func(w io.Writer) error { return WriteVerifyText(w, verify, o) },
		"JSON of verify":       func(w io.Writer) error { return WriteVerifyJSON(w, verify) },
		"table of explanation": func(w io.Writer) error { return WriteExplanation(w, explain, o) },
		"JSON of explanation":  func(w io.Writer) error { return WriteExplanationJSON(w, explain) },
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
	for name, write := range wordWriters(Words{"Since 6.12", "one\n  two"}) {
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
	for name, write := range wordWriters(Words{}) {
		out := writtenBy(t, write)
		if strings.Contains(out, `"title":`) || strings.Contains(out, `"note":`) || strings.Contains(out, `class="words"`) || strings.HasPrefix(out, "\n") {
			t.Errorf("%s: %.200s", name, out)
		}
	}
}

// A report that is read back has its words.
func TestWordsAreReadBack(t *testing.T) {
	want := Words{"a \u202e <b>", "b\n\tc\x1b[31m"}
	r := fixture(2, 3, "rss-msix")
	r.Words = want
	got, err := ReadJSON(strings.NewReader(writtenBy(t, func(w io.Writer) error { return WriteJSON(w, r) })))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Words); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Nothing in them reaches a terminal, and none of them makes a report long.
func TestHostileWords(t *testing.T) {
	for i, words := range []Words{
		{hostile, hostile}, {"<script>", "</script>\n```\n</details>\r\n| a |"},
		{strings.Repeat("x\u202e", 1000), strings.Repeat("\x1b\t`", 1<<20)}, {"", strings.Repeat("`", 1<<20)}, {"", "\n\n\r\n"}, {"", strings.Repeat("日", 1<<18)},
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
				checkMarkdown(t, fmt.Sprint(name, " ", i), out)
				if len(out) > 60_000 {
					t.Errorf("%d, %s: %d bytes", i, name, len(out))
				}
			case strings.HasPrefix(name, "HTML"):
				if strings.Count(out, "<script") != strings.Count(writtenBy(t, wordWriters(Words{})[name]), "<script") {
					t.Errorf("%d, %s: there are more scripts", i, name)
				}
			}
		}
	}
}
