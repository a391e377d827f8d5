package plain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/engine/measure"
	"rssreplay/nicmodel"
)

// testConfig has two CPUs, numbered 4 and 5, with a queue and a table entry
// each, and costs that can be told apart in a sum.
func testConfig() *engine.Config {
	return &engine.Config{
		Config:           nicmodel.Config{Queues: 2, RxRing: 8, DMABatch: 1, DMATimeout: 50, RxFrames: 1},
		CPUs:             []int{4, 5},
		QueueCPU:         []int{0, 1},
		Table:            nicmodel.IndirectionTable{0, 1},
		InterruptLatency: 10,
		ISRCost:          20,
		DPCCost:          30,
		PacketCost:       100,
		IPILatency:       40,
		DistributeCost:   5,
		SendCost:         7,
		ISRCPU:           0,
		Interval:         100,
	}
}

// rx is a received packet of 60 bytes whose flow and connection are its entry.
func rx(time int64, entry int) Packet {
	return Packet{Time: time, Length: 60, Flow: entry, Conn: entry, Entry: entry}
}

// tx is a sent packet of a connection.
func tx(time int64, conn int) Packet {
	return Packet{Time: time, Length: 60, Sent: true, Flow: none, Conn: conn, Entry: none}
}

// timeline runs the packets and returns what was seen, one line per instant,
// and the finished engine. Every run must keep the invariants.
func timeline(t *testing.T, cfg *engine.Config, mode engine.Mode, packets []Packet) (string, *machine) {
	t.Helper()
	return timelineOf(t, Setup{Config: cfg, Mode: mode, Packets: packets})
}

func timelineOf(t *testing.T, s Setup) (string, *machine) {
	t.Helper()
	if err := s.Config.Validate(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	instant := ""
	e := newMachine(s)
	e.trace = func(line string) {
		time, what, _ := strings.Cut(line, " ")
		switch {
		case time == instant:
			b.WriteString(", " + what)
		case instant == "":
			b.WriteString(line)
		default:
			b.WriteString("\n" + line)
		}
		instant = time
	}
	e.run()
	checkEnd(t, e)
	return b.String() + "\n", e
}

func checkTimeline(t *testing.T, got, want string) {
	t.Helper()
	want = strings.TrimLeft(want, "\n")
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

// The four modes, worked out on paper from the rules, with all their counters.
// Costs of testConfig: interrupt 10, ISR 20, DPC 30, packet 100, IPI 40, deal 5.

// p0 interrupts CPU 0 at 0: ISR 10–30, DPC 30–60, p0 60–160, p2 160–260: p2 is
// published at 30, the very instant of the snapshot. p3 comes 1 ns too late: it
// is raised for at 260, ISR 270–290, DPC 290–320, p3 320–420. p1 interrupts CPU 1
// at 5 meanwhile: ISR 15–35, DPC 35–65, p1 65–165.
func TestRSSMSIX(t *testing.T) {
	packets := []Packet{rx(0, 0), rx(5, 1), rx(30, 0), rx(31, 0)}
	got, e := timeline(t, testConfig(), engine.RSSMSIX, packets)
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
5 arrive p1 q1, publish p1 v1, raise v1
10 isr c0
15 isr c1
30 arrive p2 q0, publish p2 v0, isr ends c0, dpc c0, take p0 c0, take p2 c0
31 arrive p3 q0, publish p3 v0
35 isr ends c1, dpc c1, take p1 c1
160 indicate p0 c0
165 indicate p1 c1, dpc ends c1, enable v1
260 indicate p2 c0, dpc ends c0, enable v0, raise v0
270 isr c0
290 isr ends c0, dpc c0, take p3 c0
420 indicate p3 c0, dpc ends c0, enable v0
`)
	want := engine.Counters{
		Mode:          engine.RSSMSIX,
		SimulatedTime: 420,
		CPUs: []engine.CPUCounters{
			// Latencies 160 − 0, 260 − 30, 420 − 31.
			{Packets: 3, Bytes: 180, Interrupts: 2, DPCs: 2, MaxPerDPC: 2, ISRTime: 2 * 20, DPCTime: 2*30 + 3*100,
				Latency: measure.Latency{Sum: 160 + 230 + 389, Max: 389, P50: 230, P90: 389, P99: 389, P999: 389}},
			{Packets: 1, Bytes: 60, Interrupts: 1, DPCs: 1, MaxPerDPC: 1, ISRTime: 20, DPCTime: 30 + 100,
				Latency: measure.Latency{Sum: 160, Max: 160, P50: 160, P90: 160, P99: 160, P999: 160}},
		},
		Queues: []engine.QueueCounters{
			{Packets: 3, Bytes: 180, DepthMax: 2, Burst50us: 3, Burst500us: 3},
			{Packets: 1, Bytes: 60, DepthMax: 1, Burst50us: 1, Burst500us: 1},
		},
		Windows:    engine.Windows{Interval: 100, Packets: [][]uint64{{3}, {1}}},
		SerialTime: 2*20 + 2*30 + 3*100, // CPU 0's
	}
	counters, flows := e.counters(), e.affinity(3)
	if diff := cmp.Diff(want, counters); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
	wantAffinity := []Flow{
		{Packets: []affinity.CPUPackets{{CPU: 0, Packets: 3}}},
		{Packets: []affinity.CPUPackets{{CPU: 1, Packets: 1}}},
		{},
	}
	if diff := cmp.Diff(wantAffinity, flows); diff != "" {
		t.Errorf("affinity (-want +got):\n%s", diff)
	}

	// Run is the same without a trace.
	result := Run(Setup{Config: testConfig(), Packets: packets, Flows: 3})
	counters, flows = result.Counters, result.Flows
	if diff := cmp.Diff(want, counters); diff != "" {
		t.Errorf("Run: counters (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantAffinity, flows); diff != "" {
		t.Errorf("Run: affinity (-want +got):\n%s", diff)
	}
}

// Without RSS, on the least busy CPU, with sends (7 each).
//   - p0 at 0: no CPU was busy yet, so CPU 0: ISR 10–30, DPC 30–60, p0 60–160.
//   - The sends p1 at 20 and p2 at 30 go to the default queue's CPU 1: p0 is
//     taken in step (4) of 30, after the sends of that instant.
//   - p3 at 100 waits for 160. CPU 0 was then busy for 20 + 130 + 7 (send p4),
//     CPU 1 for 2 × 7, so the ISR is on CPU 1: 170–190, DPC to 220, p3 to 320.
//   - p4 at 100 is sent on the home CPU 0, which also took the last: a match. At
//     200 CPU 1 took the last: p5, sent at home, is none.
//   - p6, without a hash or a connection, arrives when the vector is enabled, at
//     320. CPU 0 was busy for 150 + 2 × 7, CPU 1 for 150 + 2 × 7: the tie goes to
//     CPU 0. ISR 330–350, DPC to 380, p6 to 480.
//   - The send p7 is the last event.
func TestNonRSS(t *testing.T) {
	cfg := testConfig()
	cfg.ISRCPU = engine.LeastBusy
	cfg.DefaultQueue = 1
	unhashed := Packet{Time: 320, Length: 40, Flow: none, Conn: none, Entry: none}
	packets := []Packet{rx(0, 0), tx(20, 0), tx(30, 0), rx(100, 0), tx(100, 0), tx(200, 0), unhashed, tx(1000, 0)}
	got, e := timeline(t, cfg, engine.NonRSS, packets)
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
20 send p1 c1
30 send p2 c1, isr ends c0, dpc c0, take p0 c0
100 arrive p3 q0, publish p3 v0, send p4 c0
160 indicate p0 c0, dpc ends c0, enable v0, raise v0
170 isr c1
190 isr ends c1, dpc c1, take p3 c1
200 send p5 c0
320 indicate p3 c1, dpc ends c1, enable v0, arrive p6 q0, publish p6 v0, raise v0
330 isr c0
350 isr ends c0, dpc c0, take p6 c0
480 indicate p6 c0, dpc ends c0, enable v0
1000 send p7 c0
`)
	want := engine.Counters{
		Mode:          engine.NonRSS,
		SimulatedTime: 1000,
		CPUs: []engine.CPUCounters{
			{Packets: 2, Bytes: 100, Interrupts: 2, DPCs: 2, MaxPerDPC: 1, ISRTime: 40, DPCTime: 260, SendPackets: 3, SendTime: 21,
				Latency: measure.Latency{Sum: 160 + 160, Max: 160, P50: 160, P90: 160, P99: 160, P999: 160}},
			{Packets: 1, Bytes: 60, Interrupts: 1, DPCs: 1, MaxPerDPC: 1, ISRTime: 20, DPCTime: 130, SendPackets: 2, SendTime: 14,
				Latency:         measure.Latency{Sum: 220, Max: 220, P50: 220, P90: 220, P99: 220, P999: 220},
				MigratedPackets: 1}, // p3: CPU 0 took p0. It costs nothing here.
		},
		Queues:      []engine.QueueCounters{{Packets: 3, Bytes: 160, DepthMax: 1, Burst50us: 3, Burst500us: 3}},
		SendsJudged: 3, // p4, p5, p7
		SendMatches: 1, // p4
		Windows:     engine.Windows{Interval: 100, Packets: [][]uint64{{1, 0, 0, 1}, {0, 1, 0, 0}}},
		SerialTime:  3 * (20 + 30 + 100), // on both CPUs, without the sends
	}
	if diff := cmp.Diff(want, e.counters()); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
	wantAffinity := []Flow{
		{Packets: []affinity.CPUPackets{{CPU: 0, Packets: 1}, {CPU: 1, Packets: 1}}, Migrations: 1},
	}
	if diff := cmp.Diff(wantAffinity, e.affinity(1)); diff != "" {
		t.Errorf("affinity (-want +got):\n%s", diff)
	}
}

// One interrupt for all CPUs, the ISR on CPU 0, lists of 3 or 50 ns.
//   - p0 to p2 fill a list at 20. ISR 30–50; CPU 0's DPC is part of its end:
//     50–80, p1 to 180. CPU 1's is 40 later: 90–120, p0 to 220, p2 to 320.
//   - p3, for CPU 0, begins a list at 55; its timeout publishes it and p4 at 105.
//     CPU 0's DPC is over at 180, but nothing is enabled before 320, when CPU 1's
//     ends. Then ISR 330–350, CPU 0 350–380, p3 to 480; CPU 1 390–420, p4 to 520.
func TestRSSHWQueues(t *testing.T) {
	cfg := testConfig()
	cfg.DMABatch = 3
	packets := []Packet{rx(0, 1), rx(10, 0), rx(20, 1), rx(55, 0), rx(60, 1)}
	got, e := timeline(t, cfg, engine.RSSHWQueues, packets)
	checkTimeline(t, got, `
0 arrive p0 q1
10 arrive p1 q0
20 arrive p2 q1, publish p0 v0, publish p1 v0, publish p2 v0, raise v0
30 isr c0
50 isr ends c0, dpc c0, take p1 c0
55 arrive p3 q0
60 arrive p4 q1
90 dpc c1, take p0 c1, take p2 c1
105 publish p3 v0, publish p4 v0
180 indicate p1 c0, dpc ends c0
220 indicate p0 c1
320 indicate p2 c1, dpc ends c1, enable v0, raise v0
330 isr c0
350 isr ends c0, dpc c0, take p3 c0
390 dpc c1, take p4 c1
480 indicate p3 c0, dpc ends c0
520 indicate p4 c1, dpc ends c1, enable v0
`)
	want := engine.Counters{
		Mode:          engine.RSSHWQueues,
		SimulatedTime: 520,
		CPUs: []engine.CPUCounters{
			// Latencies 180 − 10, 480 − 55.
			{Packets: 2, Bytes: 120, Interrupts: 2, DPCs: 2, MaxPerDPC: 1, ISRTime: 40, DPCTime: 260,
				Latency: measure.Latency{Sum: 170 + 425, Max: 425, P50: 170, P90: 425, P99: 425, P999: 425}},
			// Latencies 220 − 0, 320 − 20, 520 − 60.
			{Packets: 3, Bytes: 180, DPCs: 2, MaxPerDPC: 2, DPCTime: 360,
				Latency: measure.Latency{Sum: 220 + 300 + 460, Max: 460, P50: 300, P90: 460, P99: 460, P999: 460}},
		},
		Queues: []engine.QueueCounters{
			{Packets: 2, Bytes: 120, DepthMax: 1, Burst50us: 2, Burst500us: 2},
			{Packets: 3, Bytes: 180, DepthMax: 2, Burst50us: 3, Burst500us: 3},
		},
		Windows:    engine.Windows{Interval: 100, Packets: [][]uint64{{2}, {3}}},
		SerialTime: (320 - 20) + (520 - 320), // masked
	}
	if diff := cmp.Diff(want, e.counters()); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

// One hardware queue of 4 buffers, the ISR on CPU 0.
//   - p0 to p2 at 0: ISR 10–30, dealing for 30 + 3 × 5 to 75. CPU 0's share p1
//     follows at once, to 175; CPU 1's DPC starts at 115: p0 145–245, p2 to 345.
//   - p3 at 40 takes the last buffer, so p4 at 174 finds none. At 175 CPU 0's
//     share is done, before p5 arrives at that instant.
//   - At 345 the last share is done: raised; ISR 355–375, dealing for 30 + 2 × 5
//     to 415. CPU 0 has no share: its DPC ends there, and counts. CPU 1 gets p3
//     and p5 at 455: 485–585–685.
//
// drain and dpc-budget do not apply: poll and a budget of 1 change nothing.
func TestRSSSingleQueue(t *testing.T) {
	cfg := testConfig()
	cfg.RxRing = 4
	packets := []Packet{rx(0, 1), rx(0, 0), rx(0, 1), rx(40, 1), rx(174, 0), rx(175, 1)}
	for _, drain := range []engine.Drain{engine.Snapshot, engine.Poll} {
		cfg.Drain = drain
		cfg.DPCBudget = int(drain)
		got, e := timeline(t, cfg, engine.RSSSingleQueue, packets)
		checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, arrive p2 q0, publish p2 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
40 arrive p3 q0, publish p3 v0
75 dealt c0, take p1 c0
115 dpc c1, take p0 c1, take p2 c1
174 drop p4 q0
175 indicate p1 c0, dpc ends c0, arrive p5 q0, publish p5 v0
245 indicate p0 c1
345 indicate p2 c1, dpc ends c1, enable v0, raise v0
355 isr c0
375 isr ends c0, dpc c0
415 dealt c0, dpc ends c0
455 dpc c1, take p3 c1, take p5 c1
585 indicate p3 c1
685 indicate p5 c1, dpc ends c1, enable v0
`)
		want := engine.Counters{
			Mode:          engine.RSSSingleQueue,
			SimulatedTime: 685,
			CPUs: []engine.CPUCounters{
				{Packets: 1, Bytes: 60, Interrupts: 2, DPCs: 2, MaxPerDPC: 1, ISRTime: 40, DPCTime: 45 + 100 + 40,
					Latency: measure.Latency{Sum: 175, Max: 175, P50: 175, P90: 175, P99: 175, P999: 175}},
				// Latencies 245, 345, 585 − 40, 685 − 175.
				{Packets: 4, Bytes: 240, DPCs: 2, MaxPerDPC: 2, DPCTime: 2*30 + 4*100,
					Latency: measure.Latency{Sum: 245 + 345 + 545 + 510, Max: 545, P50: 345, P90: 545, P99: 545, P999: 545}},
			},
			Queues:     []engine.QueueCounters{{Packets: 6, Bytes: 360, Drops: 1, DepthMax: 3, Burst50us: 6, Burst500us: 6}},
			Windows:    engine.Windows{Interval: 100, Packets: [][]uint64{{1, 0}, {3, 1}}},
			SerialTime: 345 + (685 - 345), // masked
		}
		if diff := cmp.Diff(want, e.counters()); diff != "" {
			t.Errorf("drain %v: counters (-want +got):\n%s", drain, diff)
		}
	}
}

// One rule each.
func TestTimelines(t *testing.T) {
	tests := []struct {
		name    string
		mode    engine.Mode
		edit    func(*engine.Config)
		packets []Packet
		want    string
	}{
		{
			// HWQ-2: the ISR's CPU may have no buffers itself.
			name:    "hw-queues, ISR elsewhere",
			mode:    engine.RSSHWQueues,
			edit:    func(cfg *engine.Config) {},
			packets: []Packet{rx(0, 1)},
			want: `
0 arrive p0 q1, publish p0 v0, raise v0
10 isr c0
30 isr ends c0
70 dpc c1, take p0 c1
200 indicate p0 c1, dpc ends c1, enable v0
`,
		},
		{
			// What arrives in the 40 ns of the IPI is in CPU 1's snapshot, at its
			// start; a CPU whose queue was empty at the ISR's end waits for the next
			// interrupt, whatever comes meanwhile.
			name:    "hw-queues, queues at the ISR's end",
			mode:    engine.RSSHWQueues,
			edit:    func(cfg *engine.Config) {},
			packets: []Packet{rx(0, 1), rx(31, 0), rx(70, 1)},
			want: `
0 arrive p0 q1, publish p0 v0, raise v0
10 isr c0
30 isr ends c0
31 arrive p1 q0, publish p1 v0
70 arrive p2 q1, publish p2 v0, dpc c1, take p0 c1, take p2 c1
200 indicate p0 c1
300 indicate p2 c1, dpc ends c1, enable v0, raise v0
310 isr c0
330 isr ends c0, dpc c0, take p1 c0
460 indicate p1 c0, dpc ends c0, enable v0
`,
		},
		{
			// p1 is published at the instant of the poll's decision: it counts. p2
			// is 1 ns late: the DPC is over.
			name:    "poll",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.Drain = engine.Poll },
			packets: []Packet{rx(0, 0), rx(160, 0), rx(261, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 take p0 c0
160 indicate p0 c0, arrive p1 q0, publish p1 v0, take p1 c0
260 indicate p1 c0, dpc ends c0, enable v0
261 arrive p2 q0, publish p2 v0, raise v0
271 isr c0
291 isr ends c0, dpc c0
321 take p2 c0
421 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// A poll DPC ends in step (4); with p2 in CPU 0's queue, step (3) comes
			// up again at that instant.
			name:    "hw-queues, poll",
			mode:    engine.RSSHWQueues,
			edit:    func(cfg *engine.Config) { cfg.Drain = engine.Poll },
			packets: []Packet{rx(0, 0), rx(0, 1), rx(170, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q1, publish p1 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 take p0 c0
70 dpc c1
100 take p1 c1
160 indicate p0 c0, dpc ends c0
170 arrive p2 q0, publish p2 v0
200 indicate p1 c1, dpc ends c1, enable v0, raise v0
210 isr c0
230 isr ends c0, dpc c0
260 take p2 c0
360 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// 2 packets, and more in the queue: another dpc-cost. After 2 more, one
			// of which came meanwhile, the queue is empty: the DPC just ends.
			name:    "poll with budget",
			mode:    engine.NonRSS,
			edit:    func(cfg *engine.Config) { cfg.Drain = engine.Poll; cfg.DPCBudget = 2 },
			packets: []Packet{rx(0, 0), rx(0, 1), rx(0, 0), rx(390, 1)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, arrive p2 q0, publish p2 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 take p0 c0
160 indicate p0 c0, take p1 c0
260 indicate p1 c0, dpc ends c0, dpc c0
290 take p2 c0
390 indicate p2 c0, arrive p3 q0, publish p3 v0, take p3 c0
490 indicate p3 c0, dpc ends c0, enable v0
`,
		},
		{
			// Of 3, p2 remained when the first DPC started: a second starts in step
			// (4) of 260, after p3 arrived in step (1), and takes both: the budget is
			// used up, but nothing remained. So p4, published later, needs an
			// interrupt.
			name:    "snapshot with budget",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.DPCBudget = 2 },
			packets: []Packet{rx(0, 0), rx(0, 0), rx(0, 0), rx(260, 0), rx(261, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, arrive p2 q0, publish p2 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0, take p1 c0
160 indicate p0 c0
260 indicate p1 c0, dpc ends c0, arrive p3 q0, publish p3 v0, dpc c0, take p2 c0, take p3 c0
261 arrive p4 q0, publish p4 v0
390 indicate p2 c0
490 indicate p3 c0, dpc ends c0, enable v0, raise v0
500 isr c0
520 isr ends c0, dpc c0, take p4 c0
650 indicate p4 c0, dpc ends c0, enable v0
`,
		},
		{
			// CPU 0's DPC starts anew, so it holds up the vector, not CPU 1.
			name:    "hw-queues, snapshot with budget",
			mode:    engine.RSSHWQueues,
			edit:    func(cfg *engine.Config) { cfg.DPCBudget = 1 },
			packets: []Packet{rx(0, 0), rx(0, 1), rx(0, 0), rx(201, 1)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q1, publish p1 v0, arrive p2 q0, publish p2 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
70 dpc c1, take p1 c1
160 indicate p0 c0, dpc ends c0, dpc c0, take p2 c0
200 indicate p1 c1, dpc ends c1
201 arrive p3 q1, publish p3 v0
290 indicate p2 c0, dpc ends c0, enable v0, raise v0
300 isr c0
320 isr ends c0
360 dpc c1, take p3 c1
490 indicate p3 c1, dpc ends c1, enable v0
`,
		},
		{
			// Raise to raise: 0, 1000 (not 160 + 1000, nor 200), then 2500 since the
			// gap is long over.
			name:    "itr",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.ITR = 1000 },
			packets: []Packet{rx(0, 0), rx(200, 0), rx(2500, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
160 indicate p0 c0, dpc ends c0, enable v0
200 arrive p1 q0, publish p1 v0
1000 raise v0
1010 isr c0
1030 isr ends c0, dpc c0, take p1 c0
1160 indicate p1 c0, dpc ends c0, enable v0
2500 arrive p2 q0, publish p2 v0, raise v0
2510 isr c0
2530 isr ends c0, dpc c0, take p2 c0
2660 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// The oldest's time counts: 0 + 1000. p2, published at 1040 while masked,
			// is due at 2040, long after the vector is enabled.
			name:    "rx-usecs",
			mode:    engine.NonRSS,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames = 1000, 0 },
			packets: []Packet{rx(0, 0), rx(500, 0), rx(1040, 0)},
			want: `
0 arrive p0 q0, publish p0 v0
500 arrive p1 q0, publish p1 v0
1000 raise v0
1010 isr c0
1030 isr ends c0, dpc c0, take p0 c0, take p1 c0
1040 arrive p2 q0, publish p2 v0
1160 indicate p0 c0
1260 indicate p1 c0, dpc ends c0, enable v0
2040 raise v0
2050 isr c0
2070 isr ends c0, dpc c0, take p2 c0
2200 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// p1 was due at 40 + 50 while the vector was masked: it is raised when
			// enabled.
			name:    "rx-usecs over while masked",
			mode:    engine.NonRSS,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames = 50, 0 },
			packets: []Packet{rx(0, 0), rx(90, 0)},
			want: `
0 arrive p0 q0, publish p0 v0
50 raise v0
60 isr c0
80 isr ends c0, dpc c0, take p0 c0
90 arrive p1 q0, publish p1 v0
210 indicate p0 c0, dpc ends c0, enable v0, raise v0
220 isr c0
240 isr ends c0, dpc c0, take p1 c0
370 indicate p1 c0, dpc ends c0, enable v0
`,
		},
		{
			// The raise moves forward from 1000 to 500, and at 1000 nothing happens.
			// p2 is alone in the queue at 760, when the vector is enabled: those taken
			// no longer count, so it waits for 600 + 1000.
			name:    "rx-frames",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames = 1000, 2 },
			packets: []Packet{rx(0, 0), rx(500, 0), rx(600, 0)},
			want: `
0 arrive p0 q0, publish p0 v0
500 arrive p1 q0, publish p1 v0, raise v0
510 isr c0
530 isr ends c0, dpc c0, take p0 c0, take p1 c0
600 arrive p2 q0, publish p2 v0
660 indicate p0 c0
760 indicate p1 c0, dpc ends c0, enable v0
1600 raise v0
1610 isr c0
1630 isr ends c0, dpc c0, take p2 c0
1760 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// With rx-frames 1 as well, rx-usecs has no say.
			name:    "rx-frames 1",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames = 1000, 1 },
			packets: []Packet{rx(3, 0)},
			want: `
3 arrive p0 q0, publish p0 v0, raise v0
13 isr c0
33 isr ends c0, dpc c0, take p0 c0
163 indicate p0 c0, dpc ends c0, enable v0
`,
		},
		{
			// rx-frames would raise at 210, itr not before 2000 (500 after 1500, the
			// last raise); the vector is masked until 1660.
			name:    "itr with rx-frames",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames, cfg.ITR = 1500, 2, 500 },
			packets: []Packet{rx(0, 0), rx(1600, 0), rx(1700, 0)},
			want: `
0 arrive p0 q0, publish p0 v0
1500 raise v0
1510 isr c0
1530 isr ends c0, dpc c0, take p0 c0
1600 arrive p1 q0, publish p1 v0
1660 indicate p0 c0, dpc ends c0, enable v0
1700 arrive p2 q0, publish p2 v0
2000 raise v0
2010 isr c0
2030 isr ends c0, dpc c0, take p1 c0, take p2 c0
2160 indicate p1 c0
2260 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// With one vector for the NIC its queue is the union: p0 and p1 are two
			// frames, and "oldest" is p0's time, though CPU 1's is p1's.
			name:    "rx-frames, union",
			mode:    engine.RSSHWQueues,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames = 1000, 2 },
			packets: []Packet{rx(0, 0), rx(500, 1)},
			want: `
0 arrive p0 q0, publish p0 v0
500 arrive p1 q1, publish p1 v0, raise v0
510 isr c0
530 isr ends c0, dpc c0, take p0 c0
570 dpc c1, take p1 c1
660 indicate p0 c0, dpc ends c0
700 indicate p1 c1, dpc ends c1, enable v0
`,
		},
		{
			// … and with a vector each it is not.
			name:    "rx-frames, apart",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.RxUsecs, cfg.RxFrames = 1000, 2 },
			packets: []Packet{rx(0, 0), rx(500, 1)},
			want: `
0 arrive p0 q0, publish p0 v0
500 arrive p1 q1, publish p1 v1
1000 raise v0
1010 isr c0
1030 isr ends c0, dpc c0, take p0 c0
1160 indicate p0 c0, dpc ends c0, enable v0
1500 raise v1
1510 isr c1
1530 isr ends c1, dpc c1, take p1 c1
1660 indicate p1 c1, dpc ends c1, enable v1
`,
		},
		{
			// The list holds p0 and p1 (another CPU's) at 50, and p2, which arrives in
			// step (1) of that instant. p3 to p6 fill the next at 63: its timeout at
			// 101 finds p7's, which began at 70 and waits for 120.
			name:    "dma-timeout",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.DMABatch = 4; cfg.PacketCost = 1 },
			packets: []Packet{rx(0, 0), rx(10, 1), rx(50, 0), rx(51, 0), rx(52, 0), rx(60, 0), rx(63, 0), rx(70, 0)},
			want: `
0 arrive p0 q0
10 arrive p1 q1
50 arrive p2 q0, publish p0 v0, publish p1 v1, publish p2 v0, raise v0, raise v1
51 arrive p3 q0
52 arrive p4 q0
60 arrive p5 q0, isr c0, isr c1
63 arrive p6 q0, publish p3 v0, publish p4 v0, publish p5 v0, publish p6 v0
70 arrive p7 q0
80 isr ends c0, dpc c0, take p0 c0, take p2 c0, take p3 c0, take p4 c0, take p5 c0, take p6 c0, isr ends c1, dpc c1, take p1 c1
111 indicate p0 c0, indicate p1 c1, dpc ends c1, enable v1
112 indicate p2 c0
113 indicate p3 c0
114 indicate p4 c0
115 indicate p5 c0
116 indicate p6 c0, dpc ends c0, enable v0
120 publish p7 v0, raise v0
130 isr c0
150 isr ends c0, dpc c0, take p7 c0
181 indicate p7 c0, dpc ends c0, enable v0
`,
		},
		{
			// No list with one hardware queue.
			name:    "dma-batch without RSS",
			mode:    engine.NonRSS,
			edit:    func(cfg *engine.Config) { cfg.DMABatch = 4 },
			packets: []Packet{rx(0, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
160 indicate p0 c0, dpc ends c0, enable v0
`,
		},
		{
			// A snapshot's buffers come back at its end: p2 finds none, though p0 is
			// indicated at that instant; p3 at 260 does. The other queue has its own.
			name:    "drops, snapshot",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.RxRing = 2 },
			packets: []Packet{rx(0, 0), rx(0, 0), rx(160, 0), rx(170, 1), rx(260, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0, take p1 c0
160 indicate p0 c0, drop p2 q0
170 arrive p3 q1, publish p3 v1, raise v1
180 isr c1
200 isr ends c1, dpc c1, take p3 c1
260 indicate p1 c0, dpc ends c0, enable v0, arrive p4 q0, publish p4 v0, raise v0
270 isr c0
290 isr ends c0, dpc c0, take p4 c0
330 indicate p3 c1, dpc ends c1, enable v1
420 indicate p4 c0, dpc ends c0, enable v0
`,
		},
		{
			// Polled, p0's buffer comes back at 160 though p1 is yet to be taken.
			name:    "drops, poll",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.RxRing = 2; cfg.Drain = engine.Poll },
			packets: []Packet{rx(0, 0), rx(0, 0), rx(159, 0), rx(160, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 take p0 c0
159 drop p2 q0
160 indicate p0 c0, arrive p3 q0, publish p3 v0, take p1 c0
260 indicate p1 c0, take p3 c0
360 indicate p3 c0, dpc ends c0, enable v0
`,
		},
		{
			// A buffer in the list is in use, a dropped packet is not in the list:
			// p2 does not fill it, p3 does.
			name:    "drops, list",
			mode:    engine.RSSHWQueues,
			edit:    func(cfg *engine.Config) { cfg.RxRing = 2; cfg.DMABatch = 3 },
			packets: []Packet{rx(0, 0), rx(1, 0), rx(2, 0), rx(3, 1)},
			want: `
0 arrive p0 q0
1 arrive p1 q0
2 drop p2 q0
3 arrive p3 q1, publish p0 v0, publish p1 v0, publish p3 v0, raise v0
13 isr c0
33 isr ends c0, dpc c0, take p0 c0, take p1 c0
73 dpc c1, take p3 c1
163 indicate p0 c0
203 indicate p3 c1, dpc ends c1
263 indicate p1 c0, dpc ends c0, enable v0
`,
		},
		{
			// Two queues on one CPU: one receive queue in the order of publishing, and
			// buffers apart.
			name: "queues that share a CPU",
			mode: engine.RSSMSIX,
			edit: func(cfg *engine.Config) {
				cfg.QueueCPU = []int{1, 1}
				cfg.RxRing = 1
			},
			packets: []Packet{rx(0, 1), rx(1, 0), rx(2, 1)},
			want: `
0 arrive p0 q1, publish p0 v1, raise v1
1 arrive p1 q0, publish p1 v1
2 drop p2 q1
10 isr c1
30 isr ends c1, dpc c1, take p0 c1, take p1 c1
160 indicate p0 c1
260 indicate p1 c1, dpc ends c1, enable v1
`,
		},
		{
			// The next of the CPUs in use, starting at the first.
			name:    "round-robin",
			mode:    engine.NonRSS,
			edit:    func(cfg *engine.Config) { cfg.ISRCPU = engine.RoundRobin },
			packets: []Packet{rx(0, 1), rx(1000, 1), rx(2000, 1)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
160 indicate p0 c0, dpc ends c0, enable v0
1000 arrive p1 q0, publish p1 v0, raise v0
1010 isr c1
1030 isr ends c1, dpc c1, take p1 c1
1160 indicate p1 c1, dpc ends c1, enable v0
2000 arrive p2 q0, publish p2 v0, raise v0
2010 isr c0
2030 isr ends c0, dpc c0, take p2 c0
2160 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// Home is fixed when the packet is taken: polled at 60, not at 30 as by a
			// snapshot. Before, and without a connection, the default queue's CPU 1.
			name: "home, poll",
			mode: engine.RSSMSIX,
			edit: func(cfg *engine.Config) {
				cfg.Drain = engine.Poll
				cfg.DefaultQueue = 1
			},
			packets: []Packet{rx(0, 0), tx(60, 0), tx(61, 0), tx(62, none)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 send p1 c1, take p0 c0
61 send p2 c0
62 send p3 c1
160 indicate p0 c0, dpc ends c0, enable v0
`,
		},
		{
			// CPU 0 was busy for 20 + 130, CPU 1 for a send of 149: CPU 1 it is.
			name: "least-busy, ISR time counts",
			mode: engine.NonRSS,
			edit: func(cfg *engine.Config) {
				cfg.ISRCPU = engine.LeastBusy
				cfg.DefaultQueue = 1
				cfg.SendCost = 149
			},
			packets: []Packet{rx(0, 0), tx(5, none), rx(200, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
5 send p1 c1
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
160 indicate p0 c0, dpc ends c0, enable v0
200 arrive p2 q0, publish p2 v0, raise v0
210 isr c1
230 isr ends c1, dpc c1, take p2 c1
360 indicate p2 c1, dpc ends c1, enable v0
`,
		},
		{
			// With a send of 151 it is CPU 0. The send at the instant of the raise is
			// step (1), so charged.
			name: "least-busy, send time counts",
			mode: engine.RSSHWQueues,
			edit: func(cfg *engine.Config) {
				cfg.ISRCPU = engine.LeastBusy
				cfg.DefaultQueue = 1
				cfg.SendCost = 151
			},
			packets: []Packet{rx(0, 0), rx(200, 0), tx(200, none)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
160 indicate p0 c0, dpc ends c0, enable v0
200 arrive p1 q0, publish p1 v0, send p2 c1, raise v0
210 isr c0
230 isr ends c0, dpc c0, take p1 c0
360 indicate p1 c0, dpc ends c0, enable v0
`,
		},
		{
			// Unhashed packets go to default-queue.
			name:    "unhashed",
			mode:    engine.RSSMSIX,
			edit:    func(cfg *engine.Config) { cfg.DefaultQueue = 1 },
			packets: []Packet{{Time: 0, Length: 60, Flow: none, Conn: none, Entry: none}},
			want: `
0 arrive p0 q1, publish p0 v1, raise v1
10 isr c1
30 isr ends c1, dpc c1, take p0 c1
160 indicate p0 c1, dpc ends c1, enable v1
`,
		},
		{
			// SQ-5a deals unhashed packets to default-queue's CPU as well.
			name:    "unhashed",
			mode:    engine.RSSSingleQueue,
			edit:    func(cfg *engine.Config) { cfg.DefaultQueue = 1 },
			packets: []Packet{{Time: 0, Length: 60, Flow: none, Conn: none, Entry: none}},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
65 dealt c0, dpc ends c0
105 dpc c1, take p0 c1
235 indicate p0 c1, dpc ends c1, enable v0
`,
		},
		{
			// SQ: the own share is taken in step (4) of the dealing's end at 65, after
			// the send of that instant.
			name:    "home, own share",
			mode:    engine.RSSSingleQueue,
			edit:    func(cfg *engine.Config) { cfg.DefaultQueue = 1 },
			packets: []Packet{rx(0, 0), tx(65, 0), tx(66, 0)},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
65 send p1 c1, dealt c0, take p0 c0
66 send p2 c0
165 indicate p0 c0, dpc ends c0, enable v0
`,
		},
		{
			// SQ: the own share is taken when the dealing ended (70), CPU 1's at the
			// start of its DPC (110), before dpc-cost.
			name:    "home, single-queue",
			mode:    engine.RSSSingleQueue,
			edit:    func(cfg *engine.Config) {},
			packets: []Packet{rx(0, 0), rx(0, 1), tx(71, 0), tx(110, 1), tx(111, 1)},
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
70 dealt c0, take p0 c0
71 send p2 c0
110 send p3 c0, dpc c1, take p1 c1
111 send p4 c1
170 indicate p0 c0, dpc ends c0
240 indicate p1 c1, dpc ends c1, enable v0
`,
		},
		{
			// Work of no duration: steps (3) and (4), then (0) again before CPU 1's
			// (4). p2 is taken with p0: both are published before the first DPC.
			name: "at one instant",
			mode: engine.RSSMSIX,
			edit: func(cfg *engine.Config) {
				*cfg = engine.Config{Config: cfg.Config, CPUs: cfg.CPUs, QueueCPU: cfg.QueueCPU, Table: cfg.Table, Interval: 1}
			},
			packets: []Packet{rx(7, 1), rx(7, 0), rx(7, 1)},
			want: `
7 arrive p0 q1, publish p0 v1, arrive p1 q0, publish p1 v0, arrive p2 q1, publish p2 v1, raise v0, raise v1, isr c0, isr ends c0, dpc c0, take p1 c0, indicate p1 c0, dpc ends c0, enable v0, isr c1, isr ends c1, dpc c1, take p0 c1, take p2 c1, indicate p0 c1, indicate p2 c1, dpc ends c1, enable v1
`,
		},
		{
			// 1.5 ns per byte, the product rounded down: 90 + 101 × 1.5 = 151.
			name: "byte-cost",
			mode: engine.NonRSS,
			edit: func(cfg *engine.Config) { cfg.ByteCost = 1500 },
			packets: []Packet{
				{Time: 0, Length: 101, Flow: none, Conn: none, Entry: 0},
			},
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
311 indicate p0 c0, dpc ends c0, enable v0
`,
		},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s/%v", test.name, test.mode), func(t *testing.T) {
			cfg := testConfig()
			test.edit(cfg)
			got, _ := timeline(t, cfg, test.mode, test.packets)
			checkTimeline(t, got, test.want)
		})
	}
}

// Nothing received, nothing sent: all zero, and as many CPUs and queues as there
// are.
func TestNoPackets(t *testing.T) {
	for mode := range engine.Mode(engine.NumModes) {
		result := Run(Setup{Config: testConfig(), Mode: mode})
		queues := 1
		if mode == engine.RSSMSIX || mode == engine.RSSHWQueues {
			queues = 2
		}
		want := engine.Counters{
			Mode:    mode,
			CPUs:    make([]engine.CPUCounters, 2),
			Queues:  make([]engine.QueueCounters, queues),
			Windows: engine.Windows{Interval: 100, Packets: [][]uint64{{}, {}}},
		}
		if diff := cmp.Diff(want, result.Counters); diff != "" {
			t.Errorf("%v: counters (-want +got):\n%s", mode, diff)
		}
		if len(result.Flows) != 0 {
			t.Errorf("%v: affinity of %d flows, want none", mode, len(result.Flows))
		}
	}
}

// Depths: a buffer in the list is not published, one in a DPC's hands is taken.
// p0 to p3 are published at 50, all of queue 0, and taken at 80; polled, p0 goes
// at 110, so that with p4 and p5, published at 100, there were 6. p6 is in a list
// of its own.
func TestDepth(t *testing.T) {
	cfg := testConfig()
	cfg.DMABatch = 8
	packets := []Packet{rx(0, 0), rx(1, 0), rx(2, 0), rx(3, 0), rx(55, 0), rx(56, 0), rx(106, 0)}
	for _, test := range []struct {
		drain engine.Drain
		want  uint64
	}{{engine.Snapshot, 4}, {engine.Poll, 6}} {
		cfg.Drain = test.drain
		result := Run(Setup{Config: cfg, Packets: packets, Flows: 2})
		if got := result.Counters.Queues[0].DepthMax; got != test.want {
			t.Errorf("drain %v: greatest depth %d, want %d", test.drain, got, test.want)
		}
	}
}
