package balance

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/nicmodel"
)

// Weights are the numbers of `ethtool -X … weight`: the blocks of entries, one
// after the other, that the queues from 0 on get. Their sum divides the table's
// size, so that ethtool's fill gives these blocks exactly.
type Weights []int

// weightsOf is the smallest weights for blocks of so many entries each.
func weightsOf(blocks []int) Weights {
	divisor, last := 0, 0
	for q, n := range blocks {
		for a, b := divisor, n; ; a, b = b, a%b {
			if b == 0 {
				divisor = a
				break
			}
		}
		if n > 0 {
			last = q
		}
	}
	weights := make(Weights, last+1) // queues after the last block need none
	for q := range weights {
		weights[q] = blocks[q] / max(divisor, 1)
	}
	return weights
}

// Layout is the weights as layout.Parse reads them.
func (w Weights) Layout() string { return "weight:" + w.join(",") }

// Args is the weights as `ethtool -X eth0 weight` takes them.
func (w Weights) Args() string { return w.join(" ") }

func (w Weights) join(separator string) string {
	words := make([]string, len(w))
	for q, weight := range w {
		words[q] = fmt.Sprint(weight)
	}
	return strings.Join(words, separator)
}

// BestWeights are those whose table has the least peak among all that `ethtool
// -X … weight` can set: contiguous blocks in the order of the queues. exact is
// false where queues share CPUs: then blocks with a lower peak may exist. Of
// those with one peak it takes blocks whose loads differ least, for a table that
// fits only just fits tomorrow's traffic badly.
func (b *Task) BestWeights() (w Weights, exact bool) {
	// With one queue for each CPU the task is the linear partition of the entries,
	// in the order of these queues.
	var queues []int
	seen := make([]bool, len(b.Fixed))
	for q, cpu := range b.QueueCPU {
		if !seen[cpu] {
			seen[cpu] = true
			queues = append(queues, q)
		}
	}
	of := b.linearPartition(queues)
	blocks := make([]int, len(b.QueueCPU))
	for k, q := range queues {
		blocks[q] = of[k]
	}
	exact = len(queues) == len(b.QueueCPU)
	if !exact {
		blocks = b.climb(blocks)
		even := make([]int, len(blocks))
		for i := range b.Entries {
			even[i*len(even)/len(b.Entries)]++
		}
		if even = b.climb(even); b.better(even, blocks) {
			blocks = even
		}
	}
	return weightsOf(blocks), exact
}

// maxSecondRound is the most entries for which blocks of one peak are compared
// further: that takes time of the square of a block's entries.
const maxSecondRound = 2048

// linearPartition is the lengths of contiguous blocks, one for each of the queues
// in order, of which each is alone on its CPU, with the least peak.
func (b *Task) linearPartition(queues []int) []int {
	// The least limit for which filling one queue after the other up to it
	// takes all entries. Filling as much as fits leaves the least for the rest, so
	// no other way takes more.
	low, high := b.Bound(), b.Total()
	for low < high {
		limit := low + (high-low)/2
		if b.fill(queues, limit) != nil {
			high = limit
		} else {
			low = limit + 1
		}
	}
	if len(b.Entries) > maxSecondRound {
		return b.fill(queues, low)
	}
	return b.evenest(queues, low)
}

// fill is the blocks of queues filled up to the limit; nil if entries are left.
func (b *Task) fill(queues []int, limit uint64) []int {
	blocks := make([]int, len(queues))
	next := 0
	for k, q := range queues {
		load := b.Fixed[b.QueueCPU[q]]
		for next < len(b.Entries) && load+b.Entries[next] <= limit {
			load += b.Entries[next]
			next++
			blocks[k]++
		}
	}
	if next < len(b.Entries) {
		return nil
	}
	return blocks
}

// evenest is the blocks within the limit, which fill can keep, with the least sum
// of the squares of the CPUs' loads, of equals of the blocks' lengths (entries
// without load today have some tomorrow), by dynamic programming over the queues.
func (b *Task) evenest(queues []int, limit uint64) []int {
	n := len(b.Entries)
	sums := make([]uint64, n+1) // of the entries before
	for i, load := range b.Entries {
		sums[i+1] = sums[i] + load
	}
	type squares struct{ loads, lengths float64 }
	none := squares{math.Inf(1), 0}
	least := slices.Repeat([]squares{none}, n+1) // of the first i entries on the queues so far
	least[0] = squares{}
	begins := make([][]int16, len(queues)) // per queue and end: where its block begins
	for k, q := range queues {
		fixed := b.Fixed[b.QueueCPU[q]]
		next := slices.Repeat([]squares{none}, n+1)
		begins[k] = make([]int16, n+1)
		for end := range next {
			for begin := end; begin >= 0; begin-- {
				load := fixed + sums[end] - sums[begin]
				if load > limit {
					break
				}
				sum := squares{least[begin].loads + squareOf(load), least[begin].lengths + squareOf(uint64(end-begin))}
				if sum.loads < next[end].loads || sum.loads == next[end].loads && sum.lengths < next[end].lengths {
					next[end], begins[k][end] = sum, int16(begin)
				}
			}
		}
		least = next
	}
	blocks := make([]int, len(queues))
	for k, end := len(queues)-1, n; k >= 0; k-- {
		begin := int(begins[k][end])
		blocks[k], end = end-begin, begin
	}
	return blocks
}

// climb moves the borders between blocks one by one, by 1, 2, 4 … entries, as
// long as that makes them better.
func (b *Task) climb(blocks []int) []int {
	blocks = slices.Clone(blocks)
	for better := true; better; {
		better = false
		for q := range len(blocks) - 1 {
			for step := 1; step <= max(blocks[q], blocks[q+1]); step *= 2 {
				for _, d := range []int{step, -step} {
					if blocks[q]-d < 0 || blocks[q+1]+d < 0 {
						continue
					}
					other := slices.Clone(blocks)
					other[q] -= d
					other[q+1] += d
					if b.better(other, blocks) {
						blocks, better = other, true
					}
				}
			}
		}
	}
	return blocks
}

// better reports whether blocks have a lower peak than others, or of one peak a
// lower sum of squares.
func (b *Task) better(blocks, than []int) bool {
	one, other := b.loadsOf(blocks), b.loadsOf(than)
	if a, c := slices.Max(one), slices.Max(other); a != c {
		return a < c
	}
	return sumOfSquares(one) < sumOfSquares(other)
}

// loadsOf is the load of each CPU with such blocks.
func (b *Task) loadsOf(blocks []int) []uint64 {
	loads := slices.Clone(b.Fixed)
	i := 0
	for q, n := range blocks {
		for range n {
			loads[b.QueueCPU[q]] += b.Entries[i]
			i++
		}
	}
	return loads
}

func sumOfSquares(loads []uint64) float64 {
	var sum float64
	for _, load := range loads {
		sum += squareOf(load)
	}
	return sum
}

// Equal is what `ethtool -X … equal N start S` sets: entry i holds queue S + i
// mod N.
type Equal struct{ Queues, Start int }

// Layout is the layout as layout.Parse reads it.
func (e Equal) Layout() string {
	if e.Start == 0 {
		return fmt.Sprintf("equal:%d", e.Queues)
	}
	return fmt.Sprintf("equal:%d,start:%d", e.Queues, e.Start)
}

// Args is what `ethtool -X eth0` takes.
func (e Equal) Args() string {
	if e.Start == 0 {
		return fmt.Sprintf("equal %d", e.Queues)
	}
	return fmt.Sprintf("equal %d start %d", e.Queues, e.Start)
}

// maxStarts bounds the work: with more queues than that each N is tried from
// queue 0 alone.
const maxStarts = 128

// BestEqual is the one with the least peak, of equals the one over more queues,
// then from the lower one on. One that leaves a CPU idle that is not now (Idles)
// is none; ok is false where no other is.
func (b *Task) BestEqual(now nicmodel.IndirectionTable) (best Equal, ok bool) {
	least := uint64(math.MaxUint64)
	queues := len(b.QueueCPU)
	table := make(nicmodel.IndirectionTable, len(now))
	for n := min(queues, len(b.Entries)); n > 0; n-- {
		of := make([]uint64, n) // of the entries i with one i mod n
		for i, load := range b.Entries {
			of[i%n] += load
		}
		starts := queues - n
		if queues > maxStarts {
			starts = 0
		}
		for start := range starts + 1 {
			loads := slices.Clone(b.Fixed)
			for k, load := range of {
				loads[b.QueueCPU[start+k]] += load
			}
			peak := slices.Max(loads)
			if peak >= least {
				continue
			}
			for i := range table {
				table[i] = uint16(start + i%n)
			}
			if len(b.Idles(now, table)) == 0 {
				best, least, ok = Equal{n, start}, peak, true
			}
		}
	}
	return best, ok
}
