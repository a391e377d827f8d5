package balance

import (
	"cmp"
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
	limit := uint64(imbalance * float64(b.Total()) / float64(len(b.Fixed)))
	for limit > 0 && b.Imbalance(limit) > imbalance {
		limit--
	}
	return limit
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
	best := now
	for _, table := range []nicmodel.IndirectionTable{b.refined(now, now), b.refined(b.longestFirst(now), now)} {
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

// byLoad is the entries with load, the heaviest first.
func (b *Task) byLoad() []int {
	var order []int
	for i, load := range b.Entries {
		if load > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, k int) int { return cmp.Compare(b.Entries[k], b.Entries[i]) })
	return order
}

// longestFirst gives each entry, the heaviest first, to the CPU that then has
// the least load; of equals to the one where the entry is now.
func (b *Task) longestFirst(now nicmodel.IndirectionTable) nicmodel.IndirectionTable {
	queues := b.firstQueues()
	loads := slices.Clone(b.Fixed)
	table := slices.Clone(now)
	for _, i := range b.byLoad() {
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
// is least.
func (b *Task) refined(table, now nicmodel.IndirectionTable) nicmodel.IndirectionTable {
	table = slices.Clone(table)
	queues, order := b.firstQueues(), b.byLoad()
	loads := b.CPULoads(table)
	bound := b.Bound()
	// Bounded, so that a table of the largest size takes seconds, not minutes.
	for range min(4*(len(order)+len(loads)), 1<<27/(len(table)+1)) {
		from := 0
		for cpu, load := range loads {
			if load > loads[from] {
				from = cpu
			}
		}
		if loads[from] <= bound {
			return table
		}
		c := b.change(table, order, loads, queues, from)
		if c.entry < 0 {
			return table
		}
		to := c.to
		loads[from] -= b.Entries[c.entry]
		loads[to] += b.Entries[c.entry]
		b.move(table, now, c.entry, to, queues)
		if c.back >= 0 {
			loads[to] -= b.Entries[c.back]
			loads[from] += b.Entries[c.back]
			b.move(table, now, c.back, from, queues)
		}
	}
	return table
}

// change is one entry that goes to another CPU, and one that comes back for it
// or -1.
type change struct{ entry, to, back int }

// change finds the change that refined makes to relieve the CPU from; its entry
// is -1 if none lowers the greater load.
func (b *Task) change(table nicmodel.IndirectionTable, order []int, loads []uint64, queues []int, from int) change {
	best, least := change{entry: -1, back: -1}, loads[from]
	// Per CPU the entries by load, the heaviest first.
	of := make([][]int, len(loads))
	for _, i := range order {
		cpu := b.QueueCPU[table[i]]
		of[cpu] = append(of[cpu], i)
	}
	if queues[from] < 0 { // only what no entry steers is there
		return best
	}
	for to := range loads {
		if to == from || queues[to] < 0 || loads[to] >= loads[from] {
			continue
		}
		gap := loads[from] - loads[to]
		for _, i := range of[from] {
			load := b.Entries[i]
			if load < gap {
				if after := max(loads[from]-load, loads[to]+load); after < least {
					best, least = change{i, to, -1}, after
				}
			}
			// Halving the gap is best: the partner is the one whose difference to
			// the entry is next to that, on either side.
			wanted := load - min(load, gap/2)
			k, _ := slices.BinarySearchFunc(of[to], wanted, func(other int, wanted uint64) int {
				return cmp.Compare(wanted, b.Entries[other])
			})
			for _, at := range []int{k - 1, k} {
				if at < 0 || at >= len(of[to]) || b.Entries[of[to][at]] >= load {
					continue
				}
				d := load - b.Entries[of[to][at]]
				if d >= gap {
					continue
				}
				if after := max(loads[from]-d, loads[to]+d); after < least {
					best, least = change{i, to, of[to][at]}, after
				}
			}
		}
	}
	return best
}

// squareOf is a load's square; the conversion forbids a fused multiply-add, whose
// rounding differs by machine.
func squareOf(load uint64) float64 { return float64(float64(load) * float64(load)) }
