package draw

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Of all entries none is told apart.
func TestLeadCountsEntries(t *testing.T) {
	for _, test := range []struct {
		entries int
		used    uint64
		want    string
	}{
		{1, 1, ". It carries the 9 hashed packets."},
		{4, 4, ". All of them carry the 9 hashed packets."},
		{4, 1, ". 1 of them carries the 9 hashed packets."},
		{4, 3, ". 3 of them carry the 9 hashed packets."},
	} {
		m := &EntryMap{Entries: test.entries, Total: 9, used: test.used}
		if got := m.Lead(&report.TableReport{}); !strings.HasSuffix(got, test.want) {
			t.Errorf("%d of %d: %s", test.used, test.entries, got)
		}
	}
}

func TestTickStep(t *testing.T) {
	for most := 0.001; most < 1e7; most *= 1.07 {
		step := TickStep(most)
		if ticks := 1 + int(most/step); ticks < 3 || ticks > 5 {
			t.Errorf("up to %g there are %d ticks, each %g", most, ticks, step)
		}
	}
	if step := TickStep(0); step != 1 {
		t.Errorf("up to 0 the step is %g", step)
	}
}
