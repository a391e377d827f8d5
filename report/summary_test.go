package report_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

func TestSummary(t *testing.T) {
	small := func() *report.Report {
		r := &report.Report{
			Capture: report.Capture{Packets: 300, Bytes: 30_000, Duration: 2e9, Received: 200, Sent: 100, HashTypes: report.Counts{{Name: "tcp_ipv4", Packets: 150}}},
			Modes: []report.Mode{
				{Mode: "non-rss", CPUs: []report.CPU{{CPU: 4, Packets: 200}}},
				{Mode: "rss-msix", Simulated: 1000, Queues: []report.Queue{{Drops: 40, Bytes: 20_000}},
					CPUs: []report.CPU{{CPU: 4, Packets: 40, DPCTime: 100}, {CPU: 5, Packets: 120, DPCTime: 300, Latency: report.Latency{P99: new(int64(12_345))}}}},
			},
			Flows: slices.Values([]report.Flow{{Packets: 50}, {Packets: 20}}), FlowsTotal: 7,
		}
		for i := range r.Modes {
			r.Modes[i].Derive()
		}
		return r
	}
	for name, test := range map[string]struct {
		change func(r *report.Report)
		want   []string
	}{
		"both ways, with drops": {func(r *report.Report) {}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share.",
			"With assumed costs 40 packets (20.0%) are dropped under rss-msix; the busiest CPU is busy 30.0% of the time; the p99 of latency is at most 12.3 µs on a CPU.",
		}},
		"without RSS, damaged": {func(r *report.Report) {
			r.Modes, r.Capture.Sent, r.Capture.Received, r.Flows = r.Modes[:1], 0, 300, nil
			r.Capture.Files = []report.File{{Truncated: true}}
		}, []string{
			"300 packets received, 7 flows, 2.00 s, 0 bit/s; what follows a damage in it is not counted.",
			"Without RSS, CPU 4 takes 100.0% of the packets.",
			"With assumed costs no packet is dropped.",
		}},
		"a finding": {func(r *report.Report) {
			r.Findings = []report.Finding{{ID: "elephant-flow", Severity: report.Problem, Summary: "One flow has half of them.", Remedy: "Split it."}}
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share. One flow has half of them.",
			"With assumed costs 40 packets (20.0%) are dropped under rss-msix; the busiest CPU is busy 30.0% of the time; the p99 of latency is at most 12.3 µs on a CPU.",
		}},
		"a finding that says the load": {func(r *report.Report) {
			r.Findings = []report.Finding{{ID: "rps-hot", Severity: report.Warning, Summary: "CPU 5 takes 75.0% of the packets with RPS, too."}}
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets with RPS, too.",
			"With assumed costs 40 packets (20.0%) are dropped under rss-msix; the busiest CPU is busy 30.0% of the time; the p99 of latency is at most 12.3 µs on a CPU.",
		}},
		"even, a finding": {func(r *report.Report) {
			r.Modes[1].CPUs[0].Packets, r.Evenness = 118, &report.Evenness{Chance: 1.1}
			r.Modes[1].Derive()
			r.Findings = []report.Finding{{ID: "ring-overflow", Bearing: report.Beside, Severity: report.Problem, Summary: "The ring is full."}}
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"The ring is full.",
			"Even: the busiest of 2 CPUs has 1.01 × its share (by chance: up to 1.10).",
			"With assumed costs 40 packets (14.4%) are dropped under rss-msix; the busiest CPU is busy 30.0% of the time; the p99 of latency is at most 12.3 µs on a CPU.",
		}},
		"no clock": {func(r *report.Report) {
			r.Findings = []report.Finding{{ID: "clock-still", Bearing: report.Unsure, Severity: report.Warning, Summary: "No clock."}}
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"No clock.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share.",
		}},
		"costs given": {func(r *report.Report) {
			r.Parameters = report.Parameters{{Name: "packet-cost", Value: 2000, Source: "--packet-cost"}}
			r.Modes[1].Queues[0].Drops, r.Modes[1].CPUs[1].Latency.P99 = 1, nil
			r.Modes[1].Derive()
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share.",
			"With the costs given 1 packet (0.6%) is dropped under rss-msix; the busiest CPU is busy 30.0% of the time.",
		}},
		"backlogs of RPS are full": {func(r *report.Report) {
			r.Modes[1].Queues[0].Drops, r.Modes[1].CPUs[1].Latency.P99 = 0, nil
			r.Modes[1].RPS, r.Modes[1].CPUs[1].Backlog = &report.RPS{}, &report.Backlog{BacklogDrops: 40}
			r.Modes[1].Derive()
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share.",
			"With assumed costs 40 packets (20.0%) are dropped in full backlogs of RPS under rss-msix; the busiest CPU is busy 30.0% of the time.",
		}},
		"rings and backlogs are full": {func(r *report.Report) {
			r.Modes[1].CPUs[1].Latency.P99 = nil
			r.Modes[1].RPS, r.Modes[1].CPUs[1].Backlog = &report.RPS{}, &report.Backlog{BacklogDrops: 200}
			r.Modes[1].Derive()
		}, []string{
			"200 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share.",
			"With assumed costs 40 packets (10.0%) are dropped in rings, and 200 packets (50.0%) in full backlogs of RPS under rss-msix; the busiest CPU is busy 30.0% of the time.",
		}},
		"rules drop": {func(r *report.Report) {
			r.Modes[1].Queues[0].Drops, r.Modes[1].CPUs[1].Latency.P99, r.RuleDrops = 0, nil, new(uint64(9))
			r.Capture.Received += 9
			r.Modes[1].Derive()
		}, []string{
			"209 packets received (100 sent), 7 flows, 2.00 s, 80.0 kbit/s.",
			"CPU 5 takes 75.0% of the packets, 1.50 × its fair share.",
			"With assumed costs no packet is dropped but by rules; the busiest CPU is busy 30.0% of the time.",
		}},
		"nothing received": {func(r *report.Report) { r.Capture.Received = 0 }, []string{
			"The capture holds 300 packets, none of them received: the NIC had nothing to spread."}},
		"one, not received": {func(r *report.Report) { r.Capture.Packets, r.Capture.Received = 1, 0 }, []string{
			"The capture holds 1 packet, which was not received: the NIC had nothing to spread."}},
		"nothing": {func(r *report.Report) { r.Capture.Packets, r.Capture.Received = 0, 0 }, []string{
			"The capture holds no packet, so there is nothing to replay."}},
	} {
		r := small()
		test.change(r)
		if diff := cmp.Diff(test.want, r.Summary()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What a table makes of even traffic, beside packets that no entry of it leads anywhere.
func TestBuiltIn(t *testing.T) {
	for _, test := range []struct {
		entries []int
		hashed  report.List[uint64] // by entry
		queues  report.List[report.Queue]
		want    report.Fraction
	}{
		{nil, nil, nil, 1},
		{[]int{0, 1}, report.List[uint64]{900, 100}, nil, 1},
		{[]int{0, 0, 0, 1}, report.List[uint64]{10, 10, 10, 970}, nil, 1.5},
		{[]int{0, 0, 0, 1}, report.List[uint64]{0, 0, 0, 0}, nil, 1},
		{[]int{0, 1}, report.List[uint64]{100, 100}, report.List[report.Queue]{{Packets: 300}, {Packets: 100}}, 1.5},
		{[]int{0, 1}, report.List[uint64]{0, 0}, report.List[report.Queue]{{Packets: 100}, {}}, 2},
		{[]int{0, 1}, report.List[uint64]{100, 100}, report.List[report.Queue]{{Packets: 300}}, 1}, // of NON-RSS
	} {
		r := &report.Report{Table: report.TableReport{Entries: test.entries, Packets: test.hashed, QueueCPUs: report.List[int]{0, 1}}}
		if got := r.BuiltIn(&report.Mode{CPUs: report.List[report.CPU]{{CPU: 0}, {CPU: 1}}, Queues: test.queues}); got != test.want {
			t.Errorf("%v of %v beside %v: %v, want %v", test.entries, test.hashed, test.queues, got, test.want)
		}
	}
}
