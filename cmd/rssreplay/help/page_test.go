package help

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report/text"
)

func TestParsePage(t *testing.T) {
	got := ParsePage(`rssreplay x A [flags]: what it is

Examples
  rssreplay x 1

Which one, of these
  --packet N               by its number,
                           from 1
  --flow END, --flow A-B   the first
  --interrupt-latency TIME raise to ISR
  --from TIME, --to TIME
                           a part
  --digest                 a switch
  -o, --output FILE        a file

and this is prose
of two lines.
`)
	want := pageOf{
		title: "rssreplay x A [flags]",
		Short: "what it is",
		sections: []section{
			{},
			{"Examples", []paragraph{{block, []string{"  rssreplay x 1"}}}},
			{"Which one, of these", []paragraph{
				{flagBlock, []string{
					"  --packet N               by its number,",
					"                           from 1",
					"  --flow END, --flow A-B   the first",
					"  --interrupt-latency TIME raise to ISR",
					"  --from TIME, --to TIME",
					"                           a part",
					"  --digest                 a switch",
					"  -o, --output FILE        a file",
				}},
				{prose, []string{"and this is prose", "of two lines."}},
			}},
		},
		Flags: []FlagHelp{
			{"", "packet", "N", "by its number, from 1"},
			{"", "flow", "END", "the first"},
			{"", "flow", "A-B", "the first"},
			{"", "interrupt-latency", "TIME", "raise to ISR"},
			{"", "from", "TIME", "a part"},
			{"", "to", "TIME", "a part"},
			{"", "digest", "", "a switch"},
			{"o", "output", "FILE", "a file"},
		},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(pageOf{}, section{}, paragraph{}, FlagHelp{})); d != "" {
		t.Error(d)
	}
}

// The glossary is the same in help and at the foot of --full.
func TestGlossary(t *testing.T) {
	page := Page("words")
	for _, word := range text.Glossary {
		if !strings.Contains(page, "  "+word[0]+strings.Repeat(" ", 10-len(word[0]))+word[1]+"\n") {
			t.Errorf("help words does not have %q", word)
		}
	}
}

// A page fits a terminal of 80 columns.
func TestManualWidth(t *testing.T) {
	for _, name := range Topics() {
		for l := range strings.Lines(Page(name)) {
			if w := utf8.RuneCountInString(strings.TrimSuffix(l, "\n")); w > 80 {
				t.Errorf("help %s: %d columns: %s", name, w, l)
			}
		}
	}
}
