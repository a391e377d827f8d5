package report

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummary(t *testing.T) {
	small := func() *Report {
		r := &Report{
			Capture: Capture{Packets: 300, Bytes: 30_000, Duration: 2e9, Received: 200, Sent: 100, HashTypes: Counts{{"tcp_ipv4", 150}}},
			Modes: []Mode{
				{Mode: "non-rss", CPUs: []CPU{{CPU: 4, Packets: 200}}},
				{Mode: "rss-msix", Simulated: 1000, Queues: []Queue{{Drops: 40}},
					CPUs: []CPU{{CPU: 4, Packets: 40, DPCTime: 100}, {CPU: 5, Packets: 120, DPCTime: 300, Latency: Latency{P99: new(int64(12_345))}}}},
			},
			Flows: slices.Values([]Flow{{Packets: 50}, {Packets: 20}}), FlowsTotal: 7,
		}
		for i := range r.Modes {
			r.Modes[i].Derive()
		}
		return r
	}
	for name, test := range map[string]struct {
		change func(r *Report)
		want   []string
	}{
		"both ways, with drops": {func(r *Report) {}, []string{
			"The capture holds 300 packets (30.0 kB) in 2.00 s, 200 of them received, in 7 flows; the largest flow has 25.0% of them.",
			"RSS (rss-msix) hashed 75.0% of the received packets and spread them over 2 CPUs: CPU 5 took 75.0%, 1.50 times the mean.",
			"40 packets (20.0%) were dropped; the busiest CPU was busy 30.0% of the time; the p99 of latency was at most 12.3 µs on a CPU.",
		}},
		"without RSS, damaged": {func(r *Report) {
			r.Modes, r.Capture.Sent, r.Capture.Received, r.Flows = r.Modes[:1], 0, 300, nil
			r.Capture.Files = []File{{Truncated: true}}
		}, []string{
			"The capture holds 300 packets (30.0 kB) in 2.00 s, all received; what follows a damage in it is not counted.",
			"Without RSS (non-rss), CPU 4 took 100.0%.",
			"No packet was dropped.",
		}},
		"nothing received": {func(r *Report) { r.Capture.Received = 0 }, []string{
			"The capture holds 300 packets, none of them received: the NIC had nothing to spread."}},
		"nothing": {func(r *Report) { r.Capture.Packets, r.Capture.Received = 0, 0 }, []string{
			"The capture holds no packet, so there is nothing to replay."}},
	} {
		r := small()
		test.change(r)
		if diff := cmp.Diff(test.want, r.summary()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
