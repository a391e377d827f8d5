package csv

import (
	"strings"
	"testing"

	"rssreplay/report/internal/fixture"
)

// What moved, and what that brought, in a report and in a comparison.
func TestMoves(t *testing.T) {
	r := fixture.Moved()
	var b strings.Builder
	for _, table := range []string{"moves", "over_time"} {
		b.WriteString(written(t, table, r))
	}
	for _, table := range CompareTables() {
		if table.Name == "moves" || table.Name == "over_time" {
			if err := table.Write(&b, fixture.ComparedMoved()); err != nil {
				t.Fatal(err)
			}
		}
	}
	fixture.Golden(t, "moves.csv", []byte(b.String()))
}
