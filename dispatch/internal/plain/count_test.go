package plain

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/engine/measure"
)

// Nearest rank: ceil(p × n), counted from 1.
func TestLatency(t *testing.T) {
	tests := []struct {
		n    int
		want measure.Latency // of n, n − 1, … 1
	}{
		{0, measure.Latency{}},
		{1, measure.Latency{Sum: 1, Max: 1, P50: 1, P90: 1, P99: 1, P999: 1}},
		{2, measure.Latency{Sum: 3, Max: 2, P50: 1, P90: 2, P99: 2, P999: 2}},
		{10, measure.Latency{Sum: 55, Max: 10, P50: 5, P90: 9, P99: 10, P999: 10}},
		{11, measure.Latency{Sum: 66, Max: 11, P50: 6, P90: 10, P99: 11, P999: 11}},
		{1000, measure.Latency{Sum: 500500, Max: 1000, P50: 500, P90: 900, P99: 990, P999: 999}},
		{1001, measure.Latency{Sum: 501501, Max: 1001, P50: 501, P90: 901, P99: 991, P999: 1000}},
	}
	for _, test := range tests {
		var latencies []int64
		for l := test.n; l > 0; l-- {
			latencies = append(latencies, int64(l))
		}
		if diff := cmp.Diff(test.want, latency(latencies)); diff != "" {
			t.Errorf("%d latencies (-want +got):\n%s", test.n, diff)
		}
	}
}

// Windows around the limit of 10,000. The send at the end has no window.
func TestWindows(t *testing.T) {
	tests := []struct {
		last, interval int64 // ns
		wantInterval   int64
		wantWindows    int
	}{
		{9999, 1, 1, 10000},
		{10000, 1, 2, 5001},
		{25000, 1, 4, 6251}, // 25001 windows of 1, 12501 of 2
		{25000, 7, 7, 3572},
		{99, 100, 100, 1},
		{100, 100, 100, 2},
	}
	for _, test := range tests {
		cfg := testConfig()
		cfg.Interval = test.interval
		packets := []Packet{rx(0, 0), rx(test.last, 1), tx(1e9, none)}
		w := Run(Setup{Config: cfg, Packets: packets, Flows: 2}).Counters.Windows
		if w.Interval != test.wantInterval {
			t.Errorf("last arrival %d, interval %d: interval %d, want %d", test.last, test.interval, w.Interval, test.wantInterval)
		}
		for c, packets := range w.Packets {
			if len(packets) != test.wantWindows {
				t.Fatalf("last arrival %d, interval %d: CPU %d has %d windows, want %d", test.last, test.interval, c, len(packets), test.wantWindows)
			}
		}
		if w.Packets[0][0] != 1 || w.Packets[1][test.wantWindows-1] != 1 {
			t.Errorf("last arrival %d, interval %d: no packet in the first or the last window", test.last, test.interval)
		}
	}
}

// A dropped packet is in no window and no flow: the second of flow 0 is dropped,
// so that its first and third, on CPUs 0 and 1, are neighbours; flow 1's only one too.
func TestDroppedPacketsDoNotCount(t *testing.T) {
	cfg := testConfig()
	cfg.RxRing = 1
	cfg.ISRCPU = engine.RoundRobin
	packets := []Packet{rx(0, 0), rx(100, 0), rx(1000, 0), rx(1001, 1)}
	result := Run(Setup{Config: cfg, Mode: engine.NonRSS, Packets: packets, Flows: 2})
	want := engine.Windows{Interval: 100, Packets: [][]uint64{
		{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
	}}
	if diff := cmp.Diff(want, result.Counters.Windows); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
	wantAffinity := []Flow{
		{Packets: []affinity.CPUPackets{{CPU: 0, Packets: 1}, {CPU: 1, Packets: 1}}, Migrations: 1},
		{},
	}
	if diff := cmp.Diff(wantAffinity, result.Flows); diff != "" {
		t.Errorf("affinity (-want +got):\n%s", diff)
	}
	if got := result.Counters.Queues[0].Drops; got != 2 {
		t.Errorf("%d drops, want 2", got)
	}
}

// Migrations go by arrival: p0 and p1 on CPU 0, p2 and p3 on CPU 1 is one, though
// p2 is indicated between the first two, at 162 (160 and 260 are theirs).
func TestMigrationsInArrivalOrder(t *testing.T) {
	packets := []Packet{rx(0, 0), rx(1, 0), rx(2, 1), rx(3, 1)}
	for p := range packets {
		packets[p].Flow = 0
	}
	got, e := timeline(t, testConfig(), engine.RSSMSIX, packets)
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
1 arrive p1 q0, publish p1 v0
2 arrive p2 q1, publish p2 v1, raise v1
3 arrive p3 q1, publish p3 v1
10 isr c0
12 isr c1
30 isr ends c0, dpc c0, take p0 c0, take p1 c0
32 isr ends c1, dpc c1, take p2 c1, take p3 c1
160 indicate p0 c0
162 indicate p2 c1
260 indicate p1 c0, dpc ends c0, enable v0
262 indicate p3 c1, dpc ends c1, enable v1
`)
	want := []Flow{
		{Packets: []affinity.CPUPackets{{CPU: 0, Packets: 2}, {CPU: 1, Packets: 2}}, Migrations: 1},
	}
	if diff := cmp.Diff(want, e.affinity(1)); diff != "" {
		t.Errorf("affinity (-want +got):\n%s", diff)
	}
}
