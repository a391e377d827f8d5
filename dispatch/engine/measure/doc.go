// Package measure sums up many packets in little room: how late they are, as a
// distribution, and how many come at once.
//
//  1. A Histogram (latency.go) has the latencies of one CPU's packets in buckets whose
//     width grows with the latency; a Latency is its percentiles.
//  2. Bursts (bursts.go) find the most arrivals for each queue within 50 µs and 500 µs.
package measure
