package measure

import (
	"math"
	"math/bits"
)

// Latency is the distribution of arrival to indication, in ns, over the packets
// that one CPU indicated; all zero when there is none.
type Latency struct {
	Sum, Max            int64
	P50, P90, P99, P999 int64 // nearest rank, within 1 %
}

// subBits is the number of bits below the leading one that a bucket keeps: 64
// buckets for each doubling, so a bucket is at most 1/64 of its values wide and
// its middle within 0.8 % of each of them.
const subBits = 6

// Histogram counts latencies in log-linear buckets. Values below 128 have a
// bucket each. The zero value is empty.
//
// Note: HdrHistogram has the same layout, but its RecordValue costs as much as
// the whole rest of a packet's way through a mode.
type Histogram struct {
	counts []uint64
	n      uint64
	sum    int64
	Max    int64 // so far
}

// bucket is the index of v's bucket; v is not negative.
//
// Optimization: it equals bucketOfAny. As a float64 a value begins with its exponent and the
// bits below the leading one, which are its bucket where it has more than subBits bits and is
// not rounded; to make one takes less than to find the leading bit.
func bucket(v int64) int {
	const least, exact, exponentOfOne = 1 << subBits, 1 << 53, 1023
	if uint64(v)-least >= exact-least {
		return bucketOfAny(v)
	}
	return int(math.Float64bits(float64(v))>>(52-subBits)) - (exponentOfOne+subBits-1)<<subBits
}

// bucketOfAny is bucket, of the smallest and the largest values too.
func bucketOfAny(v int64) int {
	shift := bits.Len64(uint64(v) >> (subBits + 1))
	return shift<<subBits + int(v>>shift)
}

// middle is the middle of bucket b's values, rounded down.
func middle(b int) int64 {
	if b < 2<<subBits {
		return int64(b)
	}
	shift := b>>subBits - 1
	low := int64(b&(1<<subBits-1)|1<<subBits) << shift
	return low + (int64(1)<<shift-1)/2
}

// Count counts v in its bucket; Add follows for all that were counted.
func (h *Histogram) Count(v int64) {
	b := bucket(v)
	if b >= len(h.counts) {
		h.grow(b)
	}
	h.counts[b]++
}

// Uncount takes back that v was counted, before Add.
func (h *Histogram) Uncount(v int64) { h.counts[bucket(v)]-- }

// CountEach counts the packets that arrived at the times of arrivals and were done at those of
// doneAt. It returns the sum of their latencies and the greatest.
func (h *Histogram) CountEach(arrivals, doneAt []int64) (sum, most int64) {
	counts, doneAt := h.counts, doneAt[:len(arrivals)]
	for i, arrival := range arrivals {
		late := doneAt[i] - arrival
		sum, most = sum+late, max(most, late)
		b := bucket(late)
		if b >= len(counts) {
			h.grow(b)
			counts = h.counts
		}
		counts[b]++
	}
	return sum, most
}

// Run counts the packets of one DPC with the given arrivals, which it works on
// one after the other from start, cost for each, and returns when it is done.
func (h *Histogram) Run(arrivals []int64, start, cost int64) int64 {
	end, sum, most := start, int64(0), h.Max
	counts := h.counts
	for _, arrival := range arrivals {
		end += cost
		late := end - arrival
		sum, most = sum+late, max(most, late)
		b := bucket(late)
		if b >= len(counts) {
			h.grow(b)
			counts = h.counts
		}
		counts[b]++
	}
	h.Add(uint64(len(arrivals)), sum, most)
	return end
}

// Add adds the sum of n counted values, and the greatest so far.
func (h *Histogram) Add(n uint64, sum, most int64) {
	h.n += n
	h.sum += sum
	h.Max = most
}

func (h *Histogram) grow(b int) {
	h.counts = append(h.counts, make([]uint64, (b|63)+1-len(h.counts))...)
}

// Latency is the distribution's figures: percentiles by nearest rank.
func (h *Histogram) Latency() Latency {
	l := Latency{Sum: h.sum, Max: h.Max}
	if h.n == 0 {
		return l
	}
	var below uint64
	b := 0
	rank := func(perMille uint64) int64 {
		// The rank is n × p, rounded up.
		hi, lo := bits.Mul64(h.n, perMille)
		r, rest := bits.Div64(hi, lo, 1000)
		if rest > 0 {
			r++
		}
		for below+h.counts[b] < r {
			below += h.counts[b]
			b++
		}
		return min(middle(b), h.Max)
	}
	l.P50, l.P90, l.P99, l.P999 = rank(500), rank(900), rank(990), rank(999)
	return l
}
