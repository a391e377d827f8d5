package profile

import (
	"slices"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// Other tables are one change each, that of the table, none twice and none the claimed one,
// in the order that their comment has; each queue they lead to has a CPU.
func TestTableHypotheses(t *testing.T) {
	claimed := nicmodel.SteeringConfig{HashTypes: hash.DefaultTypes, QueueCPU: []int{0, 1, 2, 3}}
	for i := range 128 {
		claimed.Table = append(claimed.Table, uint16(i%4))
	}
	tables := [][]uint16{claimed.Table}
	var said []string
	for _, h := range TableHypotheses(claimed, 5) {
		if h.ID != "table" || h.Changes != 1 || h.Config.HashTypes != claimed.HashTypes || len(h.Config.Table) != 128 {
			t.Errorf("%s: %q, %d changes, %d entries", h.Summary, h.ID, h.Changes, len(h.Config.Table))
		}
		if slices.ContainsFunc(tables, func(was []uint16) bool { return slices.Equal(was, h.Config.Table) }) {
			t.Errorf("%s: comes again", h.Summary)
		}
		if most := slices.Max(h.Config.Table); int(most) >= len(h.Config.QueueCPU) {
			t.Errorf("%s: queue %d of %d", h.Summary, most, len(h.Config.QueueCPU))
		}
		tables = append(tables, h.Config.Table)
		said = append(said, h.Summary)
	}
	// Of 5 queues: equal, block, reversed, equal over 3, 2 and 1 (over 4 is claimed), and
	// over 4 to 1 from 1 on: 1 + 2 + 3 + 4 of them.
	if len(said) != 6+10 {
		t.Errorf("%d tables: %q", len(said), said)
	}
	if got, want := []uint16{tables[2][64], tables[2][127], tables[3][0], tables[3][127], tables[7][5]}, []uint16{2, 4, 3, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("block, reversed and equal:4,start:1 have %d, want %d", got, want)
	}
	for i, want := range []string{"equal:5", "block", "reversed in groups of four", "equal:3", "equal:2", "equal:1", "equal:4,start:1"} {
		if !strings.Contains(said[i], want) {
			t.Errorf("table %d: %q, not %s", i, said[i], want)
		}
	}
}
