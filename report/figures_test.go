package report

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		values                 []uint64
		imbalance, jain, rsspp Fraction
	}{
		{nil, Null, Null, Null},
		{[]uint64{0, 0}, Null, Null, Null},
		{[]uint64{5}, 1, 1, 0},
		{[]uint64{7, 7, 7, 7}, 1, 1, 0},
		{[]uint64{12, 0, 0, 0}, 4, 0.25, Null},
		{[]uint64{1, 2, 3}, 1.5, 36.0 / 42, 200},
		{[]uint64{math.MaxUint64, math.MaxUint64}, 1, 1, 0},
	} {
		got := []Fraction{MaxOverMean(c.values), jain(c.values), minMaxPercent(c.values)}
		want := []Fraction{c.imbalance, c.jain, c.rsspp}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.values, diff)
		}
	}
}

func TestDerive(t *testing.T) {
	m := Mode{
		Simulated: 2e9, Serial: new(int64(5e8)),
		CPUs: []CPU{
			{CPU: 0, Packets: 300, Bytes: 30_000, Interrupts: 90, DPCs: 100, PacketsPerDPCMax: new(uint64(9)), ISRTime: 1e8, DPCTime: 3e8, SendTime: 1e8, MigrationTime: 2e7, MigratedPackets: 40,
				Latency: Latency{P50: new(int64(7)), Max: new(int64(20)), Sum: 2400}},
			{CPU: 1, PacketsPerDPCMax: new(uint64(0)), Latency: Latency{P50: new(int64(0)), Max: new(int64(0))}},
		},
		Queues: []Queue{{Drops: 2}, {Drops: 3}}, Totals: Totals{Reordered: 7},
		Series: Series{Interval: 100, CPUs: []SeriesCPU{{CPU: 0, Packets: []uint64{300}}, {CPU: 1, Packets: []uint64{0}}}},
	}
	want := m
	want.CPUs = []CPU{m.CPUs[0], m.CPUs[1]}
	c := &want.CPUs[0]
	c.PacketsPerSecond, c.BitsPerSecond, c.PacketsPerDPCMean, c.Utilization, c.Latency.Mean = 150, 120_000, 3, 0.25, 8
	want.CPUs[1] = CPU{CPU: 1, PacketsPerDPCMean: Null, Latency: Latency{Mean: Null}}
	want.Totals = Totals{Packets: 300, Drops: 5, Interrupts: 90, DPCs: 100, ISRTime: 1e8, DPCTime: 3e8, MigrationTime: 2e7, MigratedPackets: 40, Reordered: 7}
	want.SerialUtilization = 0.25
	want.Imbalance = Imbalance{Packets: 2, Bytes: 2, Busy: 2, Jain: 0.5, MinMaxPercent: Null, BusiestWindow: &Window{Packets: 300, Imbalance: 2}}
	m.Derive()
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	m.Instant, want.Instant = true, true // what is told of it is unknown, what is counted is not
	m.Derive()
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("packets that span no time (-want +got):\n%s", diff)
	}
	if busy := MaxUtilization(&m); !busy.IsNull() {
		t.Errorf("of packets that span no time the busiest CPU is busy %v of it", busy)
	}
}
