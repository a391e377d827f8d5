package balance

import (
	"cmp"
	"math"
	"slices"

	"rssreplay/nicmodel"
)

// Task is the task of spreading the loads of an indirection table's entries
// over CPUs: packets, bytes or time, whatever is to be even. The sum of all
// loads must fit 63 bits.
type Task struct {
	Entries  []uint64 // the load of each entry
	Fixed    []uint64 // per CPU, from 0: the load there that no entry steers
	QueueCPU []int    // per queue: its CPU, an index into Fixed
}

// CPULoads is the load of each CPU under the table.
func (b *Task) CPULoads(table nicmodel.IndirectionTable) []uint64 {
	loads := slices.Clone(b.Fixed)
	for i, queue := range table {
		loads[b.QueueCPU[queue]] += b.Entries[i]
	}
	return loads
}

// Peak is the greatest load of a CPU under the table: what is to be small.
func (b *Task) Peak(table nicmodel.IndirectionTable) uint64 {
	return slices.Max(b.CPULoads(table))
}

// Total is the sum of all loads.
func (b *Task) Total() uint64 {
	var total uint64
	for _, load := range slices.Concat(b.Entries, b.Fixed) {
		total += load
	}
	return total
}

// Imbalance is a CPU's load ÷ the mean of all CPUs; 0 if there is no load.
func (b *Task) Imbalance(load uint64) float64 {
	total := b.Total()
	if total == 0 {
		return 0
	}
	return float64(load) * float64(len(b.Fixed)) / float64(total)
}

// LimitOf is the greatest load of a CPU whose imbalance is at most the given one.
func (b *Task) LimitOf(imbalance float64) uint64 {
	total := float64(b.Total())                                            // no CPU has more
	limit := uint64(min(imbalance*total/float64(len(b.Fixed)), total)) + 1 // the product may be rounded to just below a load
	for limit > 0 && b.Imbalance(limit) > imbalance {
		limit--
	}
	return limit
}

// TargetOf is the least imbalance of three decimals whose LimitOf allows such a load.
func (b *Task) TargetOf(load uint64) float64 {
	target := math.Round(1000*b.Imbalance(load)) / 1000
	if b.LimitOf(target) < load {
		target += 0.001
	}
	return target
}

// Heaviest is the entry with the greatest load, the first of equals.
func (b *Task) Heaviest() int {
	heaviest := 0
	for i, load := range b.Entries {
		if load > b.Entries[heaviest] {
			heaviest = i
		}
	}
	return heaviest
}

// Bound is a load that the peak of no table is below: the mean of the CPUs with a queue, the heaviest
// entry on the emptiest CPU, and what no entry steers.
func (b *Task) Bound() uint64 {
	spread, cpus := b.Total(), uint64(0) // what is on the CPUs that an entry can reach
	least := uint64(1 << 63)
	for cpu, queue := range b.firstQueues() {
		if queue < 0 {
			spread -= b.Fixed[cpu]
			continue
		}
		cpus++
		least = min(least, b.Fixed[cpu])
	}
	mean := (spread + cpus - 1) / cpus
	return max(mean, least+b.Entries[b.Heaviest()], slices.Max(b.Fixed))
}

// firstQueues is per CPU the lowest of its queues; -1 where it has none, so that
// no entry reaches it.
func (b *Task) firstQueues() []int {
	first := make([]int, len(b.Fixed))
	for cpu := range first {
		first[cpu] = slices.Index(b.QueueCPU, cpu)
	}
	return first
}

// Moves is how many entries go to another CPU under the table than now.
func (b *Task) Moves(now, table nicmodel.IndirectionTable) int {
	n := 0
	for i := range table {
		if b.QueueCPU[table[i]] != b.QueueCPU[now[i]] {
			n++
		}
	}
	return n
}

// Best is the table with the least peak that was found, each entry free: never
// one with a higher peak than that of the table now, and of equals the one that
// moves fewer entries to another CPU. Entries without load stay where they are,
// and so do those that stay on their CPU: no queue changes for nothing.
//
// Spreading loads evenly is NP-hard, so what is found need not be the best: the
// longest ones first (R. Graham, "Bounds on Multiprocessing Timing Anomalies",
// 1969), then moves and swaps as long as they help; against Bound the reader sees
// how far it can be off.
func (b *Task) Best(now nicmodel.IndirectionTable) nicmodel.IndirectionTable {
	best := b.Even(now)
	if few := b.FewestMoves(now, b.Peak(best), b.Moves(now, best)); few != nil && few.Moves < b.Moves(now, best) {
		return few.Table
	}
	return best
}

// Even is Best without its search for fewer moves, which takes most of its time.
func (b *Task) Even(now nicmodel.IndirectionTable) nicmodel.IndirectionTable {
	best, order := now, b.byLoad()
	for _, table := range []nicmodel.IndirectionTable{b.refined(now, now, order), b.refined(b.longestFirst(now, order), now, order)} {
		peak, least := b.Peak(table), b.Peak(best)
		if peak < least || peak == least && b.Moves(now, table) < b.Moves(now, best) {
			best = table
		}
	}
	return slices.Clone(best)
}

// Idles is the CPUs that have entries now and none under the table, and no load of
// their own that explains it: less than half the mean of all CPUs.
func (b *Task) Idles(now, table nicmodel.IndirectionTable) []int {
	reached := make([]bool, len(b.Fixed))
	for _, queue := range table {
		reached[b.QueueCPU[queue]] = true
	}
	half := b.Total() / uint64(2*len(b.Fixed))
	var idle []int
	for _, queue := range now {
		if cpu := b.QueueCPU[queue]; !reached[cpu] && (b.Fixed[cpu] == 0 || b.Fixed[cpu] < half) {
			reached[cpu] = true
			idle = append(idle, cpu)
		}
	}
	slices.Sort(idle)
	return idle
}

// byLoad is the entries with load, the heaviest first, of equals in their order.
func (b *Task) byLoad() []int {
	var order []int
	for i, load := range b.Entries {
		if load > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, k int) int {
		return cmp.Or(cmp.Compare(b.Entries[k], b.Entries[i]), cmp.Compare(i, k))
	})
	return order
}

// longestFirst gives each entry, in the order of byLoad, to the CPU that then has
// the least load; of equals to the one where the entry is now.
func (b *Task) longestFirst(now nicmodel.IndirectionTable, order []int) nicmodel.IndirectionTable {
	queues := b.firstQueues()
	loads := slices.Clone(b.Fixed)
	table := slices.Clone(now)
	for _, i := range order {
		to := b.QueueCPU[now[i]]
		for cpu, load := range loads {
			if queues[cpu] >= 0 && load < loads[to] {
				to = cpu
			}
		}
		loads[to] += b.Entries[i]
		b.move(table, now, i, to, queues)
	}
	return table
}

// move puts entry i of the table on the CPU: on the queue that it has now if
// that is there.
func (b *Task) move(table, now nicmodel.IndirectionTable, i, cpu int, queues []int) {
	if b.QueueCPU[now[i]] == cpu {
		table[i] = now[i]
	} else {
		table[i] = uint16(queues[cpu])
	}
}

// refined lowers the peak of a table as long as moving one entry from the CPU
// with the greatest load, or exchanging one with another CPU's, does it. Of the
// changes that do it takes the one after which the greater load of the two CPUs
// is least. order is that of byLoad.
func (b *Task) refined(table, now nicmodel.IndirectionTable, order []int) nicmodel.IndirectionTable {
	r := refinement{weights: make([]uint64, len(order)), of: make([][]int, len(b.Fixed)), loads: b.CPULoads(table), queues: b.firstQueues()}
	table = slices.Clone(table)
	for rank, i := range order {
		cpu := b.QueueCPU[table[i]]
		r.weights[rank], r.of[cpu] = b.Entries[i], append(r.of[cpu], rank)
	}
	shift := func(rank, from, to int) {
		r.shift(rank, from, to)
		b.move(table, now, order[rank], to, r.queues)
	}
	bound := b.Bound()
	// Bounded, so that a table of the largest size takes seconds, not minutes.
	for range min(4*(len(order)+len(r.loads)), 1<<27/(len(table)+1)) {
		from := 0
		for cpu, load := range r.loads {
			if load > r.loads[from] {
				from = cpu
			}
		}
		if r.loads[from] <= bound {
			return table
		}
		c := r.change(from)
		if c.rank < 0 {
			return table
		}
		shift(c.rank, from, c.to)
		if c.back >= 0 {
			shift(c.back, c.to, from)
		}
	}
	return table
}

// refinement is refined at work. Entries are known by their ranks: the heaviest is 0.
type refinement struct {
	weights []uint64 // per rank, falling
	of      [][]int  // per CPU: its entries, the heaviest first
	loads   []uint64 // per CPU
	queues  []int    // per CPU, as firstQueues has it
}

// shift has another CPU have an entry.
func (r *refinement) shift(rank, from, to int) {
	r.loads[from] -= r.weights[rank]
	r.loads[to] += r.weights[rank]
	at, _ := slices.BinarySearch(r.of[from], rank)
	r.of[from] = slices.Delete(r.of[from], at, at+1)
	at, _ = slices.BinarySearch(r.of[to], rank)
	r.of[to] = slices.Insert(r.of[to], at, rank)
}

// change is one entry that goes to another CPU, and one that comes back for it
// or -1, by their ranks.
type change struct{ rank, to, back int }

// change finds the change that refined makes to relieve the CPU from; its rank
// is -1 if none lowers the greater load.
func (r *refinement) change(from int) change {
	best, least := change{rank: -1, back: -1}, r.loads[from]
	if r.queues[from] < 0 { // only what no entry steers is there
		return best
	}
	for to := range r.loads {
		if to == from || r.queues[to] < 0 || r.loads[to] >= r.loads[from] {
			continue
		}
		gap, partners := r.loads[from]-r.loads[to], r.of[to]
		if r.loads[from]-gap/2 >= least { // not even half of it, the best there is, would do
			continue
		}
		k := 0
		for _, rank := range r.of[from] {
			load := r.weights[rank]
			if load < gap {
				if after := max(r.loads[from]-load, r.loads[to]+load); after < least {
					best, least = change{rank, to, -1}, after
				}
			}
			// Halving the gap is best: the partner is the one whose difference to
			// the entry is next to that, on either side.
			wanted := load - min(load, gap/2)
			for k < len(partners) && r.weights[partners[k]] > wanted { // for lighter entries, it is lighter
				k++
			}
			for _, at := range []int{k - 1, k} {
				if at < 0 || at >= len(partners) || r.weights[partners[at]] >= load {
					continue
				}
				d := load - r.weights[partners[at]]
				if d >= gap {
					continue
				}
				if after := max(r.loads[from]-d, r.loads[to]+d); after < least {
					best, least = change{rank, to, partners[at]}, after
				}
			}
		}
	}
	return best
}

// squareOf is a load's square; the conversion forbids a fused multiply-add, whose
// rounding differs by machine.
func squareOf(load uint64) float64 { return float64(float64(load) * float64(load)) }
