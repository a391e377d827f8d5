package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report/internal/words"
)

// Ticks, a table and an affinity, by time: a table that is given takes back what ticks
// moved, an affinity takes all entries of its queues along, and CPUs are those of then.
func TestMoveRows(t *testing.T) {
	r := &Report{
		Table: TableReport{Size: 4, Entries: List[int]{0, 1, 0, 1}, QueueCPUs: List[int]{8, 9}, Flows: List[uint64]{1, 2, 4, 8}},
		Changes: &Changes{
			Tables:     List[TableChange]{{Time: 20, Source: "20ns=b.txt", Moves: List[EntryMove]{{3, 1, 0}}}},
			Affinities: List[AffinityChange]{{Time: 30, Source: "30ns=irq.txt", Moves: List[QueueMove]{{0, 8, 7}}}},
		},
	}
	m := &Mode{Mode: RSSMSIX, Series: Series{Interval: 10, CPUs: List[SeriesCPU]{
		{CPU: 7, Packets: []uint64{0, 0, 0, 60}}, {CPU: 8, Packets: []uint64{60, 30, 5}}, {CPU: 9, Packets: []uint64{0, 30, 24}},
	}}}
	m.Rebalance = &Rebalance{Steps: List[RebalanceStep]{
		{Time: 10, Left: 0.5, Moves: List[EntryMove]{{0, 0, 1}, {2, 0, 1}}}, {Time: 15, Left: 0.1}, {Time: 30, Left: 0.25, Moves: List[EntryMove]{{1, 1, 0}}},
	}}
	type row struct {
		Time          int64
		By, Ways      string
		Moves         int
		Flows         uint64
		Before, After string
	}
	var got []row
	text := func(f Fraction) string { return words.Fixed(f, 2) }
	rows := r.MoveRows(m)
	for i := range rows {
		of := &rows[i]
		got = append(got, row{of.Time, of.By(), of.Ways(1), len(of.Moves), of.Flows(), text(of.Before), text(of.After)})
	}
	want := []row{
		{10, "RSS++", "8→9 (2)", 2, 5, "3.00", "1.50"},
		{20, "table b.txt", "9→8", 1, 8, "1.50", "-"}, // 29 packets are too few for 3 CPUs
		{30, "RSS++", "9→8", 1, 2, "-", "3.00"},
		{30, "affinity irq.txt", "8→7", 1, 15, "-", "3.00"}, // 0 and 2 are back, 3 was given, 1 moved in this instant
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := rows[0].Sentence(), "10 ns: RSS++: 2 entries with 5 flows, CPU 8→9 (2); imbalance 3.00 before, 1.50 after"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if rows := r.MoveRows(&Mode{Mode: NonRSS}); rows != nil {
		t.Errorf("without a table %d times", len(rows))
	}

	// A report from elsewhere may say anything.
	odd := &Report{Table: TableReport{Entries: List[int]{9}}, Changes: &Changes{
		Tables:     List[TableChange]{{Time: -5, Moves: List[EntryMove]{{-1, -1, 99}, {7, 7, 7}}}},
		Affinities: List[AffinityChange]{{Time: 1<<63 - 1, Moves: List[QueueMove]{{-3, 0, 0}, {50, 0, 0}}}},
	}}
	if rows := odd.MoveRows(m); len(rows) != 4 {
		t.Errorf("%d times", len(rows))
	}
}
