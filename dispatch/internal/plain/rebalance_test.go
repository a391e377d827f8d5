package plain

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
)

// rebalanceSetup: entries 0 and 2 on CPU 0, 1 and 3 on CPU 1, a tick every 200 ns.
func rebalanceSetup(packets ...Packet) Setup {
	cfg := testConfig()
	cfg.Table = nicmodel.IndirectionTable{0, 1, 0, 1}
	return Setup{Config: cfg, Packets: packets, Flows: 4, Rebalance: &rebalance.Options{Every: 200, Max: 800, Threshold: 0.02}}
}

// CPU 0 works on p0 and p1 until 260; what began before the tick at 200 is 20 + 30
// + 2 × 100 = 250, so its load is 1, CPU 1's 0. Each entry is 0.5 of it, which pass 1
// can't move (room 0.5 − 0.01) and pass 2 can: entry 0, the lower one. p2 arrives
// at the very time and goes to CPU 1.
//
// At 400 CPU 0 had nothing to begin, CPU 1 150 of 200. CPU 1 received, so it rests:
// 0.375 is left, which would halve the period, but 200 is the shortest. The next
// tick, 600, is after the last packet, the send p3. No tick lengthens the run.
func TestRebalance(t *testing.T) {
	s := rebalanceSetup(rx(0, 0), rx(0, 2), rx(200, 0), tx(450, none))
	got, e := timelineOf(t, s)
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, arrive p1 q0, publish p1 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0, take p1 c0
160 indicate p0 c0
200 tick 1 moves, arrive p2 q1, publish p2 v1, raise v1
210 isr c1
230 isr ends c1, dpc c1, take p2 c1
260 indicate p1 c0, dpc ends c0, enable v0
360 indicate p2 c1, dpc ends c1, enable v1
400 tick 0 moves
450 send p3 c0
`)
	want := &Rebalanced{
		Steps: []rebalance.Step{
			{Time: 200, Moves: []rebalance.Move{{Entry: 0, From: 0, To: 1}}},
			{Time: 400, ImbalanceLeft: 0.375},
		},
		Moved:         Moved{Moves: 1, Flows: 1, Packets: 2},
		MinMaxPercent: 2000, // in each window one CPU has none
		Windows:       2,
	}
	if diff := cmp.Diff(want, e.rebalanced()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	told := []rebalance.Period{
		{Busy: []int64{250, 0}, Packets: []uint64{1, 0, 1, 0}, QueueCPU: []int{0, 1}},
		{Busy: []int64{0, 150}, Packets: []uint64{1, 0, 0, 0}, QueueCPU: []int{0, 1}},
	}
	if diff := cmp.Diff(told, e.balancer.told); diff != "" {
		t.Errorf("what the ticks go by (-want +got):\n%s", diff)
	}
}

// A table given for the time of a tick replaces what the tick decided.
func TestTableAtATick(t *testing.T) {
	s := rebalanceSetup(rx(0, 0), rx(0, 2), rx(200, 0))
	s.Tables = []TableAt{{200, s.Config.Table}}
	_, e := timelineOf(t, s)
	if e.steered[2] != 0 || len(e.balancer.steps) != 1 || len(e.balancer.steps[0].Moves) != 1 {
		t.Errorf("steered to %v; %+v", e.steered, e.balancer.steps)
	}
	if moved := e.movedByTables(); moved != (Moved{}) {
		t.Errorf("the table is the one before, but moved %+v", moved)
	}
}

// No other mode has a rebalancer.
func TestRebalanceInOtherModes(t *testing.T) {
	s := rebalanceSetup(rx(0, 0), rx(0, 2), rx(500, 0))
	for mode := range engine.Mode(engine.NumModes) {
		s.Mode = mode
		if r := Run(s).Rebalance; (r != nil) != (mode == engine.RSSMSIX) {
			t.Errorf("%v: %+v", mode, r)
		}
	}
}

// Three windows, on two CPUs: 3 and 2 packets, so 50 %; none; 1 and 30, cut at 2000.
// The packet at 300, the last tick, is left out.
func TestMinMaxPercent(t *testing.T) {
	var packets []Packet
	var indicated []indication
	add := func(time int64, cpu, n int) {
		for range n {
			packets = append(packets, rx(time, 0))
			indicated = append(indicated, indication{cpu: cpu})
		}
	}
	add(0, 0, 3)
	add(50, 1, 1)
	add(99, 1, 1)
	add(150, none, 1)
	add(200, 0, 1)
	add(299, 1, 30)
	add(300, 0, 1)
	e := newMachine(rebalanceSetup(packets...))
	e.indicated = indicated
	for _, time := range []int64{100, 200, 300} {
		e.balancer.steps = append(e.balancer.steps, rebalance.Step{Time: time})
	}
	if r := e.rebalanced(); r.Windows != 2 || r.MinMaxPercent != (50+2000)/2 {
		t.Errorf("%+v", r)
	}
}

// TestStepsAreTables: what a rebalancer did, given as tables, does the same. And
// the balancer that ships takes the same steps when it is told the same.
func TestStepsAreTables(t *testing.T) {
	runs := uint64(400)
	if testing.Short() {
		runs = 100
	}
	moved := 0
	for seed := range runs {
		s := randomSetup(seed, false)
		s.Rebalance, s.Tables, s.Affinities = nil, nil, nil
		r := rand.New(rand.NewPCG(seed, 6))
		s.AddRebalance(r)
		if r.IntN(3) == 0 {
			s.AddAffinities(r)
		}
		e := newMachine(s)
		e.run()
		want, flows := e.counters(), e.affinity(s.Flows)

		tables := s
		tables.Rebalance = nil
		table := s.Config.Table
		shipped, shippedTable := rebalance.New(*s.Rebalance, len(s.Config.CPUs)), slices.Clone(table)
		for i, step := range e.balancer.steps {
			table = slices.Clone(table)
			for _, m := range step.Moves {
				table[m.Entry] = uint16(m.To)
			}
			tables.Tables = append(tables.Tables, TableAt{step.Time, table})
			moved += len(step.Moves)

			if diff := cmp.Diff(step, shipped.Tick(e.balancer.told[i], shippedTable)); diff != "" {
				t.Fatalf("seed %d: step %d (-plain +shipped):\n%s", seed, i, diff)
			}
		}
		if time, more := e.tickTime(); more || time != 0 || shipped.Next() <= e.balancer.end {
			t.Fatalf("seed %d: after the last tick comes one at %d, shipped %d", seed, time, shipped.Next())
		}
		got := Run(tables)
		if diff := cmp.Diff(want, got.Counters); diff != "" {
			t.Fatalf("seed %d: counters (-rebalanced +tables):\n%s", seed, diff)
		}
		if diff := cmp.Diff(flows, got.Flows); diff != "" {
			t.Fatalf("seed %d: flows (-rebalanced +tables):\n%s", seed, diff)
		}
		if diff := cmp.Diff(e.rebalanced().Moved, got.Tables); diff != "" {
			t.Fatalf("seed %d: moved (-rebalanced +tables):\n%s", seed, diff)
		}
	}
	if moved < int(runs)/4 {
		t.Errorf("%d moves in %d runs", moved, runs)
	}
}
