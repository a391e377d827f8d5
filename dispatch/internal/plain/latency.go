package plain

import (
	"slices"

	"rssreplay/dispatch/engine/measure"
)

// latency is the distribution of latencies, exact.
func latency(latencies []int64) measure.Latency {
	if len(latencies) == 0 {
		return measure.Latency{}
	}
	sorted := slices.Sorted(slices.Values(latencies))
	var sum int64
	for _, l := range sorted {
		sum += l
	}
	// Nearest rank: the smallest that at least thousandths ÷ 1000 of all do not
	// exceed, at rank ceil(thousandths × n ÷ 1000), counted from 1.
	rank := func(thousandths int) int64 {
		n := len(sorted)
		return sorted[(thousandths*n+999)/1000-1]
	}
	return measure.Latency{
		Sum:  sum,
		Max:  sorted[len(sorted)-1],
		P50:  rank(500),
		P90:  rank(900),
		P99:  rank(990),
		P999: rank(999),
	}
}
