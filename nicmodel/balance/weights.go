package balance

import (
	"cmp"
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

// ShareOfBest is the share of the best table's gain that is good enough: the last tenth takes
// most of the moves, and of weights most of what they lose on other flows.
const ShareOfBest = 0.9

// BestWeights are those of all that `ethtool -X … weight` can set, contiguous blocks in the
// order of the queues, that are the least uneven for even traffic among those that save
// ShareOfBest of what any save of the peak that the table now has: blocks that are cut for one
// capture's flows are long where these are light, and other flows meet them there. Of such
// blocks it takes those whose loads differ least. exact is false where queues share CPUs: then
// better blocks may exist.
func (b *Task) BestWeights(now nicmodel.IndirectionTable) (w Weights, exact bool) {
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
	exact = len(queues) == len(b.QueueCPU)
	p := partition{Task: b, onEven: b.even(), queues: queues}
	least := leastLimit(b.Bound(), b.Total(), func(limit uint64) bool { return p.fill(limit, math.MaxUint64) != nil })
	if exact {
		p.goodEnough(b.Peak(now), least)
		return weightsOf(p.best()), true
	}
	// Here the limit is that of blocks for some of the queues. It lets climb begin.
	p.limit = least
	blocks := p.climb(p.best())
	p.goodEnough(b.Peak(now), slices.Max(b.loadsOf(blocks)))
	blocks = p.climb(blocks)
	if even := p.climb(evenBlocks(len(b.Entries), len(blocks))); p.better(even, blocks) {
		blocks = even
	}
	return weightsOf(blocks), false
}

// evenBlocks is n entries in blocks of about one length.
func evenBlocks(n, queues int) []int {
	blocks := make([]int, queues)
	for i := range n {
		blocks[i*queues/n]++
	}
	return blocks
}

// leastLimit is the least limit from low on that fits; high does.
func leastLimit(low, high uint64, fits func(limit uint64) bool) uint64 {
	for low < high {
		if limit := low + (high-low)/2; fits(limit) {
			high = limit
		} else {
			low = limit + 1
		}
	}
	return low
}

// partition is BestWeights at work.
type partition struct {
	*Task
	onEven *Task  // the same for even traffic
	queues []int  // one of each CPU, in order
	limit  uint64 // the peak that is good enough
}

// goodEnough takes a limit from the peak now and the least possible one.
func (p *partition) goodEnough(now, least uint64) {
	if p.limit = least; now > least {
		p.limit = now - uint64(math.Ceil(ShareOfBest*float64(now-least)))
	}
}

// maxSecondRound is the most entries for which blocks within the limits are compared
// further: that takes time of the square of a block's entries.
const maxSecondRound = 2048

// best is the lengths of contiguous blocks, one for each of the queues in order, of which each
// is alone on its CPU: of those within the limit, which can be kept, the least uneven ones.
func (p *partition) best() []int {
	even := leastLimit(p.onEven.Bound(), p.onEven.Total(), func(limit uint64) bool { return p.fill(p.limit, limit) != nil })
	of := p.fill(p.limit, even)
	if len(p.Entries) <= maxSecondRound {
		of = p.evenest(even)
	}
	blocks := make([]int, len(p.QueueCPU))
	for k, q := range p.queues {
		blocks[q] = of[k]
	}
	return blocks
}

// fill is the blocks of queues filled up to the limits of the load and of the load for even
// traffic; nil if entries are left. Filling as much as fits leaves the least for the rest, so
// no other way takes more.
func (p *partition) fill(limit, even uint64) []int {
	blocks := make([]int, len(p.queues))
	next := 0
	for k, q := range p.queues {
		load, evenLoad := p.Fixed[p.QueueCPU[q]], p.onEven.Fixed[p.QueueCPU[q]]
		for next < len(p.Entries) && load+p.Entries[next] <= limit && evenLoad+p.onEven.Entries[next] <= even {
			load += p.Entries[next]
			evenLoad += p.onEven.Entries[next]
			next++
			blocks[k]++
		}
	}
	if next < len(p.Entries) {
		return nil
	}
	return blocks
}

// evenest is the blocks within the limits, which fill can keep, with the least sum
// of the squares of the CPUs' loads, of equals of the blocks' lengths (entries
// without load today have some tomorrow), by dynamic programming over the queues.
func (p *partition) evenest(even uint64) []int {
	n, queues := len(p.Entries), p.queues
	sums := make([]uint64, n+1) // of the entries before
	for i, load := range p.Entries {
		sums[i+1] = sums[i] + load
	}
	type squares struct{ loads, lengths float64 }
	none := squares{math.Inf(1), 0}
	least := slices.Repeat([]squares{none}, n+1) // of the first i entries on the queues so far
	least[0] = squares{}
	begins := make([][]int16, len(queues)) // per queue and end: where its block begins
	for k, q := range queues {
		fixed := p.Fixed[p.QueueCPU[q]]
		longest := int(min((even-p.onEven.Fixed[p.QueueCPU[q]])/p.onEven.Entries[0], uint64(n)))
		next := slices.Repeat([]squares{none}, n+1)
		begins[k] = make([]int16, n+1)
		for end := range next {
			for begin := end; begin >= max(end-longest, 0); begin-- {
				load := fixed + sums[end] - sums[begin]
				if load > p.limit {
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
func (p *partition) climb(blocks []int) []int {
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
					if p.better(other, blocks) {
						blocks, better = other, true
					}
				}
			}
		}
	}
	return blocks
}

// better reports whether blocks keep the limit better than others, or as well, and are less
// uneven for even traffic, or as uneven, and have a lower sum of squares.
func (p *partition) better(blocks, than []int) bool {
	one, other := p.loadsOf(blocks), p.loadsOf(than)
	return cmp.Or(
		cmp.Compare(max(slices.Max(one), p.limit), max(slices.Max(other), p.limit)),
		cmp.Compare(slices.Max(p.onEven.loadsOf(blocks)), slices.Max(p.onEven.loadsOf(than))),
		cmp.Compare(sumOfSquares(one), sumOfSquares(other)),
	) < 0
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
