package text

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteColumns(t *testing.T) {
	rows := [][]string{{"a heading, which widens no column"}, {"name", "µs", "what"}, {}, {"longer", "5", "a text of some words that is wrapped"}}
	for _, test := range []struct {
		options Options
		want    string
	}{
		{Options{}, "a heading, which widens no column\nname    µs  what\n\nlonger  5   a text of some words that is wrapped\n"},
		{Options{Width: 40, ASCII: true}, "a heading, which widens no column\nname    us  what\n\nlonger  5   a text of some words that is\n            wrapped\n"},
		{Options{Width: 1}, "a heading, which widens\nno column\nname    µs  what\n\nlonger  5   a text of some words\n            that is wrapped\n"},
	} {
		var b strings.Builder
		if err := WriteColumns(&b, rows, test.options); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, b.String()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.options, diff)
		}
	}
	if FitColumns(rows, 35) || !FitColumns(rows, 36) || !FitColumns(rows, 0) {
		t.Error("columns of 6 and 2, two blanks behind each, leave 24 in a line of 36")
	}
}
