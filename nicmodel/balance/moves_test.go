package balance

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/nicmodel"
)

// twoElephants is light traffic on a table of 128 entries for 8 CPUs, and two flows
// with the same share of it each, whose entries are on one CPU.
func twoElephants(seed uint64, share float64) (*Task, nicmodel.IndirectionTable) {
	r := rand.New(rand.NewPCG(seed, 41))
	const light = 12_000
	b := &Task{Entries: make([]uint64, 128), Fixed: make([]uint64, 8), QueueCPU: []int{0, 1, 2, 3, 4, 5, 6, 7}}
	now := make(nicmodel.IndirectionTable, 128)
	for i := range now {
		now[i] = uint16(i % 8)
	}
	for range light {
		b.Entries[r.IntN(128)]++
	}
	for _, entry := range []int{3, 11} {
		b.Entries[entry] += uint64(share * light / (1 - 2*share))
	}
	return b, now
}

// TestFewerOfElephants: after the one move that parts two heavy entries, light ones
// must leave the CPUs of both. A search that only lowers the peak does not see it.
func TestFewerOfElephants(t *testing.T) {
	seeds := uint64(20)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		b, now := twoElephants(seed, 0.11)
		found := b.Fewer(now, 40)
		for k, m := range found {
			if m.Moves > k || b.Moves(now, m.Table) != m.Moves {
				t.Fatalf("seed %d: at %d a table with %d moves, told as %d", seed, k, b.Moves(now, m.Table), m.Moves)
			}
			if k > 0 && b.Peak(m.Table) > b.Peak(found[k-1].Table) {
				t.Fatalf("seed %d: %d moves are worse than %d", seed, k, k-1)
			}
		}
		for _, c := range []struct {
			moves int
			most  float64
		}{{1, 1.72}, {8, 1.51}, {13, 1.38}, {16, 1.31}, {32, 1.05}} {
			if got := b.Imbalance(b.Peak(found[min(c.moves, len(found)-1)].Table)); got > c.most {
				t.Errorf("seed %d: %d moves reach %.3f, not %.3f", seed, c.moves, got, c.most)
			}
		}
		if m := b.FewestMoves(now, b.LimitOf(1.3), len(now)); m == nil || m.Moves > 17 || b.Imbalance(b.Peak(m.Table)) > 1.3 {
			t.Errorf("seed %d: for 1.3 found %+v", seed, m)
		}
	}
}

// TestFewerEnds: it stops where nothing is to be gained, and moves no entry without
// load, none twice and none to a CPU without a queue.
func TestFewerEnds(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 42))
		b, now := randomTask(r, 1+r.IntN(40), 1+r.IntN(6), seed%3 == 0)
		for _, m := range b.Fewer(now, 10) {
			for i, queue := range m.Table {
				if queue != now[i] && (b.Entries[i] == 0 || b.QueueCPU[queue] == b.QueueCPU[now[i]]) {
					t.Fatalf("seed %d: entry %d, load %d, goes from queue %d to %d for nothing", seed, i, b.Entries[i], now[i], queue)
				}
			}
		}
	}
	b, now := twoElephants(1, 0)
	for i := range b.Entries {
		b.Entries[i] = 7
	}
	if found := b.Fewer(now, 10); len(found) != 1 {
		t.Errorf("an even table is changed %d times", len(found)-1)
	}
}

// TestIdles: a CPU may lose all its entries if what has no hash keeps it busy.
func TestIdles(t *testing.T) {
	now := nicmodel.IndirectionTable{0, 1, 2, 3}
	for _, c := range []struct {
		fixed uint64
		table nicmodel.IndirectionTable
		want  []int
	}{
		{0, nicmodel.IndirectionTable{3, 2, 1, 0}, nil},
		{0, nicmodel.IndirectionTable{1, 1, 2, 3}, []int{0}},
		{0, nicmodel.IndirectionTable{1, 1, 1, 1}, []int{0, 2, 3}},
		{4, nicmodel.IndirectionTable{1, 1, 2, 3}, []int{0}}, // of a mean of 11
		{9, nicmodel.IndirectionTable{1, 1, 2, 3}, nil},      // of 12
	} {
		b := &Task{Entries: []uint64{10, 10, 10, 10}, Fixed: []uint64{c.fixed, 0, 0, 0}, QueueCPU: []int{0, 1, 2, 3}}
		if got := b.Idles(now, c.table); !slices.Equal(got, c.want) {
			t.Errorf("%v with %d unhashed: CPUs %v are idle, want %v", c.table, c.fixed, got, c.want)
		}
	}
}

func BenchmarkFewer(b *testing.B) {
	task, now := twoElephants(1, 0.11)
	for b.Loop() {
		task.Fewer(now, len(now))
	}
}
