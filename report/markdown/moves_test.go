package markdown

import (
	"bytes"
	"strings"
	"testing"

	"rssreplay/report/internal/fixture"
)

// What moved, and what that brought, in a report and in a comparison.
func TestMoves(t *testing.T) {
	var b bytes.Buffer
	for _, test := range []struct {
		write      func() error
		begin, end string
	}{
		{func() error { return Write(&b, fixture.Moved()) }, "<summary>Moves under", "</details>"},
		{func() error { return WriteCompare(&b, fixture.ComparedMoved()) }, "#### Over time", "<details>"},
	} {
		written := b.Len()
		if err := test.write(); err != nil {
			t.Fatal(err)
		}
		_, part, found := strings.Cut(b.String()[written:], test.begin)
		part, _, closed := strings.Cut(part, test.end)
		if !found || !closed {
			t.Fatalf("no part that begins with %q", test.begin)
		}
		b.Truncate(written)
		b.WriteString(test.begin + part)
	}
	fixture.Golden(t, "moves.md", b.Bytes())
}
