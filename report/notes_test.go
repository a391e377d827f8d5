package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNoteLines(t *testing.T) {
	for in, want := range map[string][]string{
		"":                   nil,
		"\n\r\n":             nil,
		"\n a\r\n\n\tb \n":   {" a", "", "        b"},
		"ab\tc\t\td":         {"ab      c               d"},
		"日本\tc":              {"日本    c"},
		"a\x1b[0m\u202e\xff": {`a\x1b[0m\u202e\xff`},
	} {
		if diff := cmp.Diff(want, (&Words{Note: in}).NoteLines()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
	long := &Words{Note: strings.Repeat("é", MaxNote/2) + "é"}
	if lines := long.NoteLines(); len(lines) != 2 || len(lines[0]) != MaxNote || lines[1] != "… (8,194 bytes in all)" {
		t.Errorf("of a long note there is %.50q", lines)
	}
}

// A line that is too long goes on at its own margin.
func TestNoteWithin(t *testing.T) {
	words := Words{Note: "  - one two three\nfour"}
	if diff := cmp.Diff([]string{"  - one", "  two", "  three", "four"}, words.NoteWithin(9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
