package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nearestRank is the value of rank n × p ÷ 1000, rounded up.
func nearestRank(sorted []int64, perMille int) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*perMille+999)/1000-1]
}

// TestLatency: the sum and the greatest are exact, percentiles within 1 % of the
// nearest rank's value, below 128 exact.
func TestLatency(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	distributions := []struct {
		name  string
		value func() int64
	}{
		{"zero", func() int64 { return 0 }},
		{"constant", func() int64 { return 123_457 }},
		{"below 128", func() int64 { return r.Int64N(128) }},
		{"uniform", func() int64 { return r.Int64N(1_000_000) }},
		{"around 128", func() int64 { return 120 + r.Int64N(20) }},
		{"exponential", func() int64 { return int64(r.ExpFloat64() * 25_000) }},
		{"two peaks", func() int64 { return 1000 + int64(r.IntN(2))*1_000_000_000 + r.Int64N(50) }},
		{"every size", func() int64 { return r.Int64N(int64(1) << r.IntN(55)) }},
		{"powers of two and beside", func() int64 { return int64(1)<<r.IntN(55) + r.Int64N(3) - 1 }},
	}
	for _, d := range distributions {
		for _, n := range []int{0, 1, 2, 3, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 20_000} {
			var h Histogram
			values := make([]int64, n)
			want := Latency{}
			for i := range values {
				values[i] = d.value()
				h.one(values[i])
				want.Sum += values[i]
			}
			slices.Sort(values)
			if n > 0 {
				want.Max = values[n-1]
			}
			got := h.Latency()
			if got.Sum != want.Sum || got.Max != want.Max {
				t.Errorf("%s of %d: sum %d and greatest %d, want %d and %d", d.name, n, got.Sum, got.Max, want.Sum, want.Max)
			}
			for _, p := range []struct {
				perMille int
				got      int64
			}{{500, got.P50}, {900, got.P90}, {990, got.P99}, {999, got.P999}} {
				exact := nearestRank(values, p.perMille)
				off := max(p.got-exact, exact-p.got)
				if float64(off) > float64(exact)/100 || exact < 128 && off != 0 {
					t.Errorf("%s of %d: %d ‰ is %d, want %d", d.name, n, p.perMille, p.got, exact)
				}
				if p.got > want.Max {
					t.Errorf("%s of %d: %d ‰ is %d, above the greatest, %d", d.name, n, p.perMille, p.got, want.Max)
				}
			}
			if got.P50 > got.P90 || got.P90 > got.P99 || got.P99 > got.P999 {
				t.Errorf("%s of %d: percentiles fall: %+v", d.name, n, got)
			}
		}
	}
}

// TestLatencyOfTheLongest: the longest time a replay covers has a bucket.
func TestLatencyOfTheLongest(t *testing.T) {
	var h Histogram
	h.one(math.MaxInt64)
	got := h.Latency()
	if got.Max != math.MaxInt64 || math.MaxInt64-got.P50 > math.MaxInt64/100 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(Latency{}, new(Histogram).Latency()); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

// TestBuckets: buckets follow one another without a gap, each value of one is
// within 0.8 % of its middle, and its middle lies in it; and they are those of bucketOfAny.
func TestBuckets(t *testing.T) {
	if b := bucket(0); b != 0 {
		t.Fatalf("bucket of 0 is %d", b)
	}
	last := 0
	check := func(v int64) {
		b := bucket(v)
		if want := bucketOfAny(v); b != want {
			t.Fatalf("%d is in bucket %d, want %d", v, b, want)
		}
		if m := middle(b); bucket(m) != b || float64(max(m-v, v-m)) > 0.008*float64(v) {
			t.Fatalf("%d is in bucket %d, whose middle is %d, of bucket %d", v, b, m, bucket(m))
		}
		if b < last {
			t.Fatalf("%d is in bucket %d, a lesser value in %d", v, b, last)
		}
		last = b
	}
	for v := range int64(1 << 14) {
		before := last
		if check(v); last > before+1 {
			t.Fatalf("%d is in bucket %d, the value before it in %d", v, last, before)
		}
	}
	for shift := 14; shift < 63; shift++ {
		for _, v := range []int64{1<<shift - 1, 1 << shift, 1<<shift + 1, 3 << (shift - 1), 3<<(shift-1) + 1<<(shift-7) - 1} {
			if v > 0 {
				check(v)
			}
		}
	}
}

// one adds one latency.
func (h *Histogram) one(v int64) {
	h.Count(v)
	h.Add(1, v, max(h.Max, v))
}

// CountEach counts as Count does, of latencies that want more buckets, too.
func TestCountEach(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	var each, one Histogram
	for range 200 {
		arrivals := make([]int64, r.IntN(50))
		doneAt := make([]int64, len(arrivals))
		var wantSum, wantMost int64
		for i := range arrivals {
			late := r.Int64N(1 << r.IntN(40))
			arrivals[i] = r.Int64N(1 << 40)
			doneAt[i] = arrivals[i] + late
			one.Count(late)
			wantSum, wantMost = wantSum+late, max(wantMost, late)
		}
		if sum, most := each.CountEach(arrivals, doneAt); sum != wantSum || most != wantMost {
			t.Fatalf("sum %d, greatest %d, want %d and %d", sum, most, wantSum, wantMost)
		}
	}
	if !slices.Equal(each.counts, one.counts) {
		t.Error("CountEach counts otherwise than Count")
	}
}
