package balance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
)

// randomTask is a small task and a table for it. shared lets queues share CPUs.
func randomTask(r *rand.Rand, entries, queues int, shared bool) (*Task, nicmodel.IndirectionTable) {
	cpus := queues + r.IntN(2) // one may have no queue
	if shared {
		cpus = 1 + r.IntN(queues)
	}
	b := &Task{Fixed: make([]uint64, cpus)}
	for q := range queues {
		cpu := q
		if shared {
			cpu = r.IntN(cpus)
		}
		b.QueueCPU = append(b.QueueCPU, cpu)
	}
	scale := uint64(1) << r.IntN(8)
	for range entries {
		load := r.Uint64N(1 + r.Uint64N(scale))
		if r.IntN(6) == 0 {
			load *= 10
		}
		b.Entries = append(b.Entries, load)
	}
	if r.IntN(2) == 0 {
		b.Fixed[b.QueueCPU[r.IntN(queues)]] = r.Uint64N(3 * scale)
	}
	table := make(nicmodel.IndirectionTable, entries)
	for i := range table {
		table[i] = uint16(r.IntN(queues))
	}
	return b, table
}

// eachTable calls f for each table of the size, in which every entry has any queue.
func eachTable(size, queues int, f func(nicmodel.IndirectionTable)) {
	table := make(nicmodel.IndirectionTable, size)
	for {
		f(table)
		i := 0
		for ; i < size; i++ {
			if table[i]++; int(table[i]) < queues {
				break
			}
			table[i] = 0
		}
		if i == size {
			return
		}
	}
}

// TestBest: never worse than the table now, never below the bound, and on small
// tasks hardly ever worse than the best of all tables.
func TestBest(t *testing.T) {
	const cases = 300
	optimal := 0
	for seed := range uint64(cases) {
		r := rand.New(rand.NewPCG(seed, 31))
		b, now := randomTask(r, 1+r.IntN(7), 1+r.IntN(3), seed%3 == 0)
		got := b.Best(now)
		least, bound := uint64(math.MaxUint64), b.Bound()
		eachTable(len(now), len(b.QueueCPU), func(table nicmodel.IndirectionTable) { least = min(least, b.Peak(table)) })
		switch peak := b.Peak(got); {
		case peak > b.Peak(now), peak < least:
			t.Fatalf("seed %d: peak %d; now it is %d, and %d is the best of all tables", seed, peak, b.Peak(now), least)
		case bound > least:
			t.Fatalf("seed %d: the bound is %d, but a table has %d", seed, bound, least)
		case peak == least:
			optimal++
		}
		if b.Peak(got) == b.Peak(now) && b.Moves(now, got) > 0 {
			t.Fatalf("seed %d: %v moves %d entries of %v for nothing", seed, got, b.Moves(now, got), now)
		}
		for i, load := range b.Entries {
			if load == 0 && got[i] != now[i] {
				t.Fatalf("seed %d: entry %d has no load, and is moved", seed, i)
			}
		}
	}
	if optimal < cases*98/100 {
		t.Errorf("the best of all tables was found in %d of %d cases only", optimal, cases)
	}
}

// Of what was tried, Even has the lowest peak, and of equals the fewest moves. What has no
// load stays.
func TestEven(t *testing.T) {
	fewer := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 36))
		b, now := randomTask(r, 4+r.IntN(12), 2+r.IntN(4), seed%3 == 0)
		even := b.Even(now)
		for i, load := range b.Entries {
			if load == 0 && even[i] != now[i] {
				t.Errorf("seed %d: entry %d has no load, and is moved", seed, i)
			}
		}
		for _, tried := range []nicmodel.IndirectionTable{now, b.refined(now, now, b.byLoad()), b.refined(b.longestFirst(now, b.byLoad()), now, b.byLoad())} {
			switch peak, least := b.Peak(tried), b.Peak(even); {
			case peak < least, peak == least && b.Moves(now, tried) < b.Moves(now, even):
				t.Errorf("seed %d: %v has peak %d and moves %d entries, %v has %d and moves %d", seed, even, least, b.Moves(now, even), tried, peak, b.Moves(now, tried))
			case peak == least && b.Moves(now, tried) > b.Moves(now, even):
				fewer++
			}
		}
	}
	if fewer == 0 {
		t.Error("no case in which the moves decide")
	}
}

// TestRefined: it ends where no entry that goes from a CPU with the greatest load to another
// one, nor two that change places, would lower the greater load of the two CPUs.
func TestRefined(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 38))
		b, now := randomTask(r, 1+r.IntN(40), 1+r.IntN(7), seed%3 == 0)
		table := b.refined(now, now, b.byLoad())
		loads, reached := b.CPULoads(table), b.firstQueues()
		from := slices.Index(loads, slices.Max(loads))
		if loads[from] == b.Bound() {
			continue
		}
		lowers := func(i, to int, back uint64) bool {
			d := b.Entries[i] - min(back, b.Entries[i])
			return d > 0 && max(loads[from]-d, loads[to]+d) < loads[from]
		}
		for i, queue := range table {
			for to := range loads {
				if b.QueueCPU[queue] == from && to != from && reached[to] >= 0 && lowers(i, to, 0) {
					t.Fatalf("seed %d: entry %d could go to CPU %d", seed, i, to)
				}
			}
			for k, other := range table {
				if to := b.QueueCPU[other]; b.QueueCPU[queue] == from && to != from && lowers(i, to, b.Entries[k]) {
					t.Fatalf("seed %d: entries %d and %d could change places", seed, i, k)
				}
			}
		}
	}
}

// TestBestOfMany: large tables come near the bound.
func TestBestOfMany(t *testing.T) {
	for _, size := range []int{128, 2048} {
		r := rand.New(rand.NewPCG(uint64(size), 32))
		b := &Task{Fixed: make([]uint64, 8), QueueCPU: []int{0, 1, 2, 3, 4, 5, 6, 7}}
		b.Fixed[0] = 5000
		now := make(nicmodel.IndirectionTable, size)
		for i := range now {
			now[i] = uint16(i % 8)
			b.Entries = append(b.Entries, r.Uint64N(1000))
		}
		if got := b.Imbalance(b.Peak(b.Best(now))); got > 1.01 {
			t.Errorf("%d entries: imbalance %.4f, of now %.4f", size, got, b.Imbalance(b.Peak(now)))
		}
	}
}

// TestFewestMoves compares the number of moves with the fewest of all tables.
func TestFewestMoves(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 33))
		b, now := randomTask(r, 1+r.IntN(7), 1+r.IntN(3), seed%3 == 0)
		bound, peak := b.Bound(), b.Peak(now)
		limit := bound + r.Uint64N(peak-bound+1)
		fewest := -1
		eachTable(len(now), len(b.QueueCPU), func(table nicmodel.IndirectionTable) {
			if moves := b.Moves(now, table); b.Peak(table) <= limit && (fewest < 0 || moves < fewest) {
				fewest = moves
			}
		})
		got := b.FewestMoves(now, limit, len(now))
		switch {
		case (got == nil) != (fewest < 0):
			t.Fatalf("seed %d: found %v; the fewest of all is %d", seed, got, fewest)
		case got == nil:
			continue
		case got.Moves != fewest || got.Moves != b.Moves(now, got.Table) || !got.Fewest || b.Peak(got.Table) > limit:
			t.Fatalf("seed %d: %+v, peak %d of at most %d; the fewest of all is %d", seed, got, b.Peak(got.Table), limit, fewest)
		case fewest > 0 && b.FewestMoves(now, limit, fewest-1) != nil:
			t.Fatalf("seed %d: does with fewer than the fewest moves", seed)
		}
		few := b.Fewer(now, fewest)
		if within := few[len(few)-1]; b.Peak(within.Table) > limit || b.Moves(now, within.Table) != within.Moves || within.Moves > fewest {
			t.Fatalf("seed %d: within %d moves peak %d with %d moves; %d is possible", seed, fewest, b.Peak(within.Table), b.Moves(now, within.Table), limit)
		}
	}
}

// TestMovesWithoutSearch: where too much is to be tried, a table is found all the
// same.
func TestMovesWithoutSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 34))
	b := &Task{Fixed: make([]uint64, 16)}
	now := make(nicmodel.IndirectionTable, 512)
	for q := range 16 {
		b.QueueCPU = append(b.QueueCPU, q)
	}
	for i := range now {
		now[i] = uint16(i % 8) // half of the CPUs are idle
		b.Entries = append(b.Entries, 1+r.Uint64N(100))
	}
	limit := b.LimitOf(1.1)
	got := b.FewestMoves(now, limit, len(now))
	if got == nil || b.Peak(got.Table) > limit || b.Moves(now, got.Table) != got.Moves {
		t.Fatalf("found %+v", got)
	}
}

// TestBestWeights compares the weights with every way to cut the table into blocks: of those
// that save nine tenths of what any saves none is more even, or as even with a lower sum of
// squares. It compares the table with what ethtool's fill makes of the weights.
func TestBestWeights(t *testing.T) {
	shared, best := 0, 0 // tasks whose queues share CPUs, and those of them with the best weights
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 35))
		size := 1 << r.IntN(4)
		b, now := randomTask(r, size, 1+r.IntN(4), seed%4 == 0)
		w, exact := b.BestWeights(now)
		table := fill(t, w.Layout(), size, len(b.QueueCPU))
		least := uint64(math.MaxUint64)
		var all []nicmodel.IndirectionTable
		eachTable(size, len(b.QueueCPU), func(table nicmodel.IndirectionTable) {
			if slices.IsSorted(table) {
				all, least = append(all, slices.Clone(table)), min(least, b.Peak(table))
			}
		})
		limit := least
		if peak := b.Peak(now); peak > least {
			limit += (peak - least) / 10
		}
		rating := func(table nicmodel.IndirectionTable) []float64 {
			return []float64{float64(max(b.Peak(table), limit)), b.even().imbalanceOf(table), sumOfSquares(b.CPULoads(table))}
		}
		cpus := slices.Compact(slices.Sorted(slices.Values(b.QueueCPU)))
		if exact != (len(cpus) == len(b.QueueCPU)) {
			t.Errorf("seed %d: exact %v with queues on CPUs %v", seed, exact, b.QueueCPU)
		}
		got, want := rating(table), rating(slices.MinFunc(all, func(a, b nicmodel.IndirectionTable) int { return slices.Compare(rating(a), rating(b)) }))
		switch {
		case exact && !slices.Equal(got, want):
			t.Fatalf("seed %d: %s is %v, and the best of all blocks %v", seed, w.Layout(), got, want)
		case !exact:
			if shared++; slices.Equal(got, want) {
				best++
			}
		}
		if len(w) > 1 && w[len(w)-1] == 0 {
			t.Errorf("seed %d: %s weighs queues behind the last block", seed, w.Layout())
		}
		if sum := sum(w); size%sum != 0 {
			t.Fatalf("seed %d: the weights %v add up to %d, which does not divide %d", seed, w, sum, size)
		}
		now = fill(t, "equal", size, len(b.QueueCPU))
		if equal, ok := b.BestEqual(now); !ok || b.Peak(fill(t, equal.Layout(), size, len(b.QueueCPU))) != leastEqual(t, b, now) {
			t.Fatalf("seed %d: %s is not the best", seed, equal.Layout())
		}
	}
	if best < shared-3 {
		t.Errorf("where queues share CPUs, %d of %d are the best", best, shared)
	}
}

// Where queues share CPUs, no border between blocks is better elsewhere.
func TestBestWeightsOfSharedCPUs(t *testing.T) {
	for seed := range uint64(50) {
		b, now := randomTask(rand.New(rand.NewPCG(seed, 77)), 64, 9, true)
		w, _ := b.BestWeights(now)
		blocks := make([]int, len(b.QueueCPU))
		for q := range w {
			blocks[q] = w[q] * 64 / sum(w)
		}
		p := partition{Task: b, onEven: b.even(), limit: slices.Max(b.loadsOf(blocks))}
		for q := range len(blocks) - 1 {
			for _, d := range []int{-8, -4, -2, -1, 1, 2, 4, 8} {
				other := slices.Clone(blocks)
				if other[q], other[q+1] = blocks[q]-d, blocks[q+1]+d; min(other[q], other[q+1]) >= 0 && p.better(other, blocks) {
					t.Errorf("seed %d: %v are better than %v", seed, other, blocks)
				}
			}
		}
	}
}

// Of equals the one over more queues is the best, then the one from the lower queue on.
func TestBestEqualOfEquals(t *testing.T) {
	for _, test := range []struct {
		entries []uint64
		fixed   []uint64
		want    Equal
	}{
		{[]uint64{9, 0, 0, 0}, []uint64{0, 0, 0}, Equal{Queues: 3}},
		{[]uint64{4, 4, 4, 4}, []uint64{0, 0, 0, 20}, Equal{Queues: 3}},
		{[]uint64{4, 4, 4, 4}, []uint64{20, 0, 0, 0}, Equal{Queues: 3, Start: 1}},
		{[]uint64{4, 4, 4, 4}, []uint64{20, 0, 0, 20}, Equal{Queues: 2, Start: 1}},
	} {
		b := &Task{Entries: test.entries, Fixed: test.fixed}
		for cpu := range test.fixed {
			b.QueueCPU = append(b.QueueCPU, cpu)
		}
		now := make(nicmodel.IndirectionTable, len(test.entries)) // all on queue 0
		if got, ok := b.BestEqual(now); !ok || got != test.want {
			t.Errorf("%v beside %v: %+v, %v, want %+v", test.entries, test.fixed, got, ok, test.want)
		}
	}
}

func sum(list []int) int {
	n := 0
	for _, v := range list {
		n += v
	}
	return n
}

// leastEqual is the least peak of all `equal N start S` that leave no CPU idle.
func leastEqual(t *testing.T, b *Task, now nicmodel.IndirectionTable) uint64 {
	least := uint64(math.MaxUint64)
	for n := 1; n <= len(b.QueueCPU); n++ {
		for start := range len(b.QueueCPU) - n + 1 {
			table := fill(t, fmt.Sprintf("equal:%d,start:%d", n, start), len(now), len(b.QueueCPU))
			if len(b.Idles(now, table)) == 0 {
				least = min(least, b.Peak(table))
			}
		}
	}
	return least
}

func fill(t *testing.T, spec string, size, queues int) nicmodel.IndirectionTable {
	t.Helper()
	layout, err := layout.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	table, err := layout.Fill(size, queues)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestWeightsOfIdleEntries: blocks of equal loads have equal lengths, since
// entries that are idle in this capture are not in the next.
func TestWeightsOfIdleEntries(t *testing.T) {
	b := &Task{Entries: make([]uint64, 64), Fixed: make([]uint64, 4), QueueCPU: []int{0, 1, 2, 3}}
	now := make(nicmodel.IndirectionTable, 64)
	if w, _ := b.BestWeights(now); w.Layout() != "weight:1,1,1,1" {
		t.Errorf("without any load the weights are %s", w.Layout())
	}
	for i := range 4 {
		b.Entries[16*i+8] = 10
	}
	if w, _ := b.BestWeights(now); w.Layout() != "weight:1,1,1,1" {
		t.Errorf("with 4 alike entries the weights are %s", w.Layout())
	}
	b.Entries, now = slices.Repeat([]uint64{1}, 2*maxSecondRound), make(nicmodel.IndirectionTable, 2*maxSecondRound)
	if w, _ := b.BestWeights(now); w.Layout() != "weight:1,1,1,1" {
		t.Errorf("with %d alike entries the weights are %s", len(b.Entries), w.Layout())
	}
}

func TestBound(t *testing.T) {
	b := &Task{Entries: []uint64{10, 50, 20}, Fixed: []uint64{5, 15}, QueueCPU: []int{0, 1}}
	if got := b.Bound(); got != 55 {
		t.Errorf("bound %d: the heaviest entry beside the lesser fixed load makes 55", got)
	}
	b.Fixed[1] = 200
	if got := b.Bound(); got != 200 {
		t.Errorf("bound %d: 200 are fixed", got)
	}
	b.Fixed = []uint64{5, 15, 30}
	b.Entries = []uint64{10, 10, 20}
	if got := b.Bound(); got != 30 {
		t.Errorf("bound %d: no queue is on CPU 2, so that two CPUs share 60", got)
	}
	b.Fixed, b.Entries = []uint64{0, 0, 0}, []uint64{10, 50, 20}
	if limit := b.LimitOf(1.5); limit != 40 || b.Imbalance(limit) != 1.5 {
		t.Errorf("imbalance 1.5 of a mean of 26.7 is a load of %d", limit)
	}
	if limit := b.LimitOf(math.MaxFloat64); limit < 80 {
		t.Errorf("any imbalance is a load of %d, and there is 80", limit)
	}
	b.Fixed, b.Entries = []uint64{0, 0, 0, 0}, []uint64{29, 71}
	if limit := b.LimitOf(1.16); limit != 29 { // 1.16 × 100 ÷ 4 is 28.999999999999996
		t.Errorf("imbalance 1.16 of a mean of 25 is a load of %d", limit)
	}
	if target := b.TargetOf(29); target != 1.16 {
		t.Errorf("a load of 29 takes the target %v", target)
	}
	b.Entries = []uint64{4, 3}
	if target := b.TargetOf(3); math.Abs(target-1.715) > 1e-9 || b.LimitOf(target) != 3 { // 12 ÷ 7 is 1.7142…
		t.Errorf("a load of 3 takes the target %v", target)
	}
	if got := (&Task{Entries: []uint64{0}, Fixed: []uint64{0}, QueueCPU: []int{0}}).Imbalance(0); got != 0 {
		t.Errorf("imbalance of nothing %v", got)
	}
}

func BenchmarkBest(b *testing.B) {
	for _, size := range []int{128, 2048, nicmodel.MaxTableSize} {
		b.Run(fmt.Sprintf("entries=%d", size), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 36))
			task := &Task{Fixed: make([]uint64, 64)}
			now := make(nicmodel.IndirectionTable, size)
			for q := range 64 {
				task.QueueCPU = append(task.QueueCPU, q)
			}
			for i := range now {
				now[i] = uint16(i % 64)
				task.Entries = append(task.Entries, r.Uint64N(1+r.Uint64N(10000)))
			}
			for b.Loop() {
				task.Best(now)
				task.BestWeights(now)
				task.BestEqual(now)
			}
		})
	}
}
