package plain

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/measure"
	"rssreplay/hash"
)

// Hashes that a mask of both CPUs gives to CPU 0, CPU 1 or nobody.
const (
	toCPU0  = 1
	toCPU1  = 0xffffffff
	toNoOne = 0
)

// hashed is a received packet with the hash that steers it.
func hashed(time int64, entry int, hash uint32) Packet {
	p := rx(time, entry)
	p.RPSHash = hash
	return p
}

// rpsSetup: both CPUs in both masks, 3 for handing a packet over.
func rpsSetup(packets ...Packet) Setup {
	return Setup{Config: testConfig(), Packets: packets, RPS: &RPS{CPUs: [][]int{{0, 1}, {0, 1}}, Cost: 3, Backlog: 1000}}
}

// p0 is steered to CPU 1, p1 to its own CPU 0, p2 is not. The vector's turn takes
// all three: DPC 30–60, p0 to 63, p1 to 66, p2 to 166. At its end its own backlog
// starts, 166–196, p1 to 296; CPU 1's is scheduled by an IPI at 206, p0 236–336.
func TestTurns(t *testing.T) {
	got, e := timelineOf(t, rpsSetup(hashed(0, 0, toCPU1), hashed(0, 0, toCPU0), hashed(0, 0, toNoOne)))
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, arrive p2 q0, publish p2 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 steer p0 c1
63 join p0 c1, steer p1 c0
66 join p1 c0, take p2 c0
166 indicate p2 c0, dpc ends c0, enable v0, backlog c0, dpc c0
196 take p1 c0
206 ipi c1, backlog c1, dpc c1
236 take p0 c1
296 indicate p1 c0, dpc ends c0
336 indicate p0 c1, dpc ends c1
`)
	want := []engine.CPUCounters{
		{
			Packets: 2, Bytes: 120, Interrupts: 1, DPCs: 2, MaxPerDPC: 1, ISRTime: 20, DPCTime: 30 + 3 + 3 + 100 + 30 + 100,
			Latency:     measure.Latency{Sum: 166 + 296, Max: 296, P50: 166, P90: 296, P99: 296, P999: 296},
			SteeredAway: 2, FromBacklog: 1, BacklogMax: 1,
		},
		{
			Packets: 1, Bytes: 60, DPCs: 1, MaxPerDPC: 1, DPCTime: 130,
			Latency:     measure.Latency{Sum: 336, Max: 336, P50: 336, P90: 336, P99: 336, P999: 336},
			FromBacklog: 1, BacklogMax: 1, IPIs: 1,
			MigratedPackets: 1, // p0 is taken by CPU 1 at 236, after CPU 0 took p1
		},
	}
	c := e.counters()
	if diff := cmp.Diff(want, c.CPUs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.SimulatedTime != 336 || c.SerialTime != 20+266 {
		t.Errorf("%+v", c)
	}
}

// One rule each.
func TestTurnRules(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Setup)
		s    Setup
		want string
	}{
		{
			// A spent budget: the own backlog goes ahead of the DPC itself, whose vector
			// stays masked.
			name: "budget of 1",
			edit: func(s *Setup) { s.Config.DPCBudget = 1 },
			s:    rpsSetup(hashed(0, 0, toCPU0), hashed(0, 0, toCPU0)),
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 steer p0 c0
63 join p0 c0, dpc ends c0, backlog c0, dpc c0
93 take p0 c0
193 indicate p0 c0, dpc ends c0, dpc c0
223 steer p1 c0
226 join p1 c0, dpc ends c0, enable v0, backlog c0, dpc c0
256 take p1 c0
356 indicate p1 c0, dpc ends c0
`,
		},
		{
			// What was dropped did not join: CPU 1's turn ends at 64 and schedules nothing,
			// though p0 waits there. That is for CPU 0's turn to do, which gave it.
			name: "a full backlog",
			edit: func(s *Setup) { s.RPS.Backlog = 0 },
			s:    rpsSetup(hashed(0, 0, toCPU1), hashed(0, 0, toNoOne), hashed(1, 1, toCPU1)),
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, raise v0
1 arrive p2 q1, publish p2 v1, raise v1
10 isr c0
11 isr c1
30 isr ends c0, dpc c0
31 isr ends c1, dpc c1
60 steer p0 c1
61 steer p2 c1
63 join p0 c1, take p1 c0
64 backlog drops p2 c1, dpc ends c1, enable v1
163 indicate p1 c0, dpc ends c0, enable v0
203 ipi c1, backlog c1, dpc c1
233 take p0 c1
333 indicate p0 c1, dpc ends c1
`,
		},
		{
			// CPU 1's backlog runs because of p3, takes p0 too, and is empty before CPU 0's
			// turn ends, which gave p0: no IPI.
			name: "taken before the giver's turn ends",
			edit: func(s *Setup) {},
			s:    rpsSetup(hashed(0, 0, toCPU1), hashed(0, 0, toNoOne), hashed(0, 0, toNoOne), hashed(0, 0, toNoOne), hashed(1, 1, toCPU1)),
			want: `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, arrive p2 q0, publish p2 v0, arrive p3 q0, publish p3 v0, raise v0
1 arrive p4 q1, publish p4 v1, raise v1
10 isr c0
11 isr c1
30 isr ends c0, dpc c0
31 isr ends c1, dpc c1
60 steer p0 c1
61 steer p4 c1
63 join p0 c1, take p1 c0
64 join p4 c1, dpc ends c1, enable v1, backlog c1, dpc c1
94 take p0 c1
163 indicate p1 c0, take p2 c0
194 indicate p0 c1, take p4 c1
263 indicate p2 c0, take p3 c0
294 indicate p4 c1, dpc ends c1
363 indicate p3 c0, dpc ends c0, enable v0
`,
		},
		{
			// An ISR runs during the backlog's turn; its DPC waits for its own.
			name: "an ISR during a turn",
			edit: func(s *Setup) {},
			s:    rpsSetup(hashed(0, 0, toCPU1), hashed(140, 1, toNoOne)),
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 steer p0 c1
63 join p0 c1, dpc ends c0, enable v0
103 ipi c1, backlog c1, dpc c1
133 take p0 c1
140 arrive p1 q1, publish p1 v1, raise v1
150 isr c1
170 isr ends c1
233 indicate p0 c1, dpc ends c1, dpc c1
263 take p1 c1
363 indicate p1 c1, dpc ends c1, enable v1
`,
		},
		{
			// On one CPU an ISR's end comes before an IPI of that instant: the vector has
			// its turn first.
			name: "an ISR's end and an IPI at once",
			edit: func(s *Setup) {},
			s:    rpsSetup(hashed(0, 0, toCPU1), hashed(73, 1, toNoOne)),
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 steer p0 c1
63 join p0 c1, dpc ends c0, enable v0
73 arrive p1 q1, publish p1 v1, raise v1
83 isr c1
103 isr ends c1, dpc c1, ipi c1
133 take p1 c1
233 indicate p1 c1, dpc ends c1, enable v1, backlog c1, dpc c1
263 take p0 c1
363 indicate p0 c1, dpc ends c1
`,
		},
		{
			// A backlog with its budget spent goes to the end of the list, behind the vector
			// whose ISR ended at that very instant: first the ISR's end, then the decision.
			name: "a spent backlog behind an ISR's end",
			edit: func(s *Setup) { s.Config.DPCBudget = 1 },
			s:    rpsSetup(hashed(0, 0, toCPU0), hashed(1, 0, toCPU0), hashed(163, 0, toNoOne)),
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
1 arrive p1 q0, publish p1 v0
10 isr c0
30 isr ends c0, dpc c0
60 steer p0 c0
63 join p0 c0, dpc ends c0, backlog c0, dpc c0
93 take p0 c0
163 arrive p2 q0, publish p2 v0
193 indicate p0 c0, dpc ends c0, dpc c0
223 steer p1 c0
226 join p1 c0, dpc ends c0, backlog c0, dpc c0
256 take p1 c0
356 indicate p1 c0, dpc ends c0, dpc c0
386 take p2 c0
486 indicate p2 c0, dpc ends c0, enable v0
`,
		},
		{
			// In non-rss the one queue is rx-0: its mask decides, though p0's entry is
			// queue 1, which has none.
			name: "non-rss",
			edit: func(s *Setup) { s.Mode, s.RPS.CPUs[1] = engine.NonRSS, nil },
			s:    rpsSetup(hashed(0, 1, toCPU1)),
			want: `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0
60 steer p0 c1
63 join p0 c1, dpc ends c0, enable v0
103 ipi c1, backlog c1, dpc c1
133 take p0 c1
233 indicate p0 c1, dpc ends c1
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.edit(&test.s)
			got, _ := timelineOf(t, test.s)
			checkTimeline(t, got, test.want)
		})
	}
}

// A packet joins while no more than the limit wait: three in a backlog of 2, two
// are dropped, by the backlog's CPU. Their buffers came back like the others'.
func TestBacklogDrops(t *testing.T) {
	s := rpsSetup()
	for range 5 {
		s.Packets = append(s.Packets, hashed(0, 0, toCPU1))
	}
	s.RPS.Backlog = 2
	_, e := timelineOf(t, s)
	c := e.counters().CPUs
	if c[0].SteeredAway != 5 || c[0].BacklogDrops != 0 || c[1].BacklogDrops != 2 || c[1].BacklogMax != 3 || c[1].FromBacklog != 3 {
		t.Errorf("%+v", c)
	}
	if in := e.affinity(1)[0].Packets; len(in) != 1 || in[0].Packets != 3 {
		t.Errorf("the flow's CPUs: %+v", in)
	}
}

// A backlog's turn takes 64 packets where there is no budget, a vector's all.
func TestBacklogBudget(t *testing.T) {
	s := rpsSetup()
	s.Config.RxRing = 100
	for range 70 {
		s.Packets = append(s.Packets, hashed(0, 0, toCPU1))
	}
	for _, test := range []struct{ budget, vector, backlog, most uint64 }{{0, 1, 2, 64}, {65, 2, 2, 65}, {10, 7, 7, 10}} {
		s.Config.DPCBudget = int(test.budget)
		_, e := timelineOf(t, s)
		c := e.counters().CPUs
		if c[0].DPCs != test.vector || c[0].MaxPerDPC != 0 || c[1].DPCs != test.backlog || c[1].MaxPerDPC != test.most {
			t.Errorf("budget %d: %+v", test.budget, c)
		}
	}
}

// A migration is paid where the packet is indicated, not where it is handed over;
// home and match go by that CPU too.
func TestRPSMigration(t *testing.T) {
	s := rpsSetup(hashed(0, 0, toCPU1), tx(200, 0), tx(300, 0), hashed(1000, 0, toNoOne), tx(2000, 0))
	s.Config.MigrationCost = 9
	_, e := timelineOf(t, s)
	c := e.counters()
	if c.CPUs[0].MigrationTime != 9 || c.CPUs[1].MigrationTime != 0 || c.CPUs[0].DPCTime != 30+3+30+109 {
		t.Errorf("%+v", c.CPUs)
	}
	// p0 is taken by CPU 1 at 133: its home. At 2000 CPU 0 took the last.
	if c.CPUs[1].SendPackets != 3 || c.SendsJudged != 3 || c.SendMatches != 2 {
		t.Errorf("%+v", c)
	}
}

// Without RSS only the vector and each CPU can't run beside themselves: the vector
// works 20 + 30 + 3 twice, CPU 1 for 2 × 100 and 30 or 60.
func TestRPSSerialTime(t *testing.T) {
	s := rpsSetup(hashed(0, 0, toCPU1), hashed(65, 0, toCPU1))
	s.Mode, s.Config.PacketCost = engine.NonRSS, 1
	_, e := timelineOf(t, s)
	if c := e.counters(); c.SerialTime != 2*(20+30+3) {
		t.Errorf("%+v", c)
	}
	s.Config.PacketCost = 100
	_, e = timelineOf(t, s)
	if c := e.counters(); c.SerialTime != c.CPUs[1].DPCTime || c.SerialTime < 230 {
		t.Errorf("%+v", c)
	}
}

// With nobody steered, turns are what poll does; the modes without a second hop
// don't look at it at all.
func TestRPSWithoutMasks(t *testing.T) {
	runs := uint64(300)
	if testing.Short() {
		runs = 40
	}
	for seed := range runs {
		s := randomSetup(seed, false)
		s.RPS = nil
		poll := *s.Config
		poll.Drain = engine.Poll
		for s.Mode = range engine.Mode(engine.NumModes) {
			without, with := s, s
			with.RPS = &RPS{CPUs: make([][]int, s.Config.Queues)}
			if s.Mode == engine.RSSMSIX || s.Mode == engine.NonRSS {
				without.Config = &poll
			}
			want, got := Run(without), Run(with)
			if s.Mode == engine.NonRSS { // another unit that is busiest, by definition
				if got.Counters.SerialTime != want.Counters.SerialTime {
					t.Errorf("seed %d: serial time %d, want %d", seed, got.Counters.SerialTime, want.Counters.SerialTime)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %v: (-without +with):\n%s", seed, s.Mode, diff)
			}
		}
	}
}

// A backlog whose budget is spent is still scheduled: p3 joins at 253, in its second
// turn, and brings no second IPI.
func TestSpentBacklogIsScheduled(t *testing.T) {
	s := rpsSetup(hashed(0, 0, toCPU1), hashed(0, 0, toCPU1), hashed(0, 0, toCPU1), hashed(190, 0, toCPU1))
	s.Config.DPCBudget = 1
	_, e := timelineOf(t, s)
	c := e.counters().CPUs[1]
	if c.IPIs != 1 || c.DPCs != 4 || c.FromBacklog != 4 {
		t.Errorf("%+v", c)
	}
}

// What the driver and the setting make of a packet's two hashes.
func TestRPSHash(t *testing.T) {
	const nic, own = 7, 8
	tests := []struct {
		choice HashChoice
		kind   hash.Type
		hashed bool
		want   uint32
	}{
		{NICHash, hash.IPv4, true, nic},
		{NICHash, 0, false, own}, // no NIC hash is never a hash of 0
		{SoftwareHash, hash.TCPIPv4, true, own},
		{MixedHash, hash.TCPIPv4, true, nic},
		{MixedHash, hash.UDPIPv6Ex, true, nic},
		{MixedHash, hash.IPv6, true, own},
		{MixedHash, hash.IPv6Ex, true, own},
		{MixedHash, 0, false, own},
	}
	for _, test := range tests {
		if got := RPSHash(test.choice, nic, test.hashed, test.kind, own); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
	if got := RPSHash(NICHash, 0, true, hash.TCPIPv4, own); got != 0 {
		t.Errorf("a NIC's hash of 0 becomes %d: it is not steered", got)
	}
}
