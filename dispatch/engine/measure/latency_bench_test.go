package measure

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkHistogramAdd counts one latency.
func BenchmarkHistogramAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 14))
	for _, input := range []struct {
		name  string
		value func() int64
	}{
		{"exponential", func() int64 { return int64(r.ExpFloat64() * 5000) }},
		{"every-size", func() int64 { return r.Int64N(int64(1) << r.IntN(40)) }},
	} {
		b.Run("impl=log-linear/input="+input.name, func(b *testing.B) {
			values := make([]int64, 4096)
			for i := range values {
				values[i] = input.value()
			}
			var h Histogram
			i := 0
			for b.Loop() {
				h.Count(values[i&(len(values)-1)])
				i++
			}
		})
	}
}

// BenchmarkHistogramLatency is the percentiles of a full Histogram.
func BenchmarkHistogramLatency(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 15))
	b.Run("impl=log-linear/input=every-size", func(b *testing.B) {
		var h Histogram
		for range 100_000 {
			h.one(r.Int64N(int64(1) << r.IntN(40)))
		}
		for b.Loop() {
			if l := h.Latency(); l.P50 > l.P999 {
				b.Fatal(l)
			}
		}
	})
}
