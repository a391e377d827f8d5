package plain

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

// Entry 0 moves from queue 0 to 1 at 6. p2 arrives at that time and goes there; p0
// and p1 stay. p2 pays 9 for the migration and is done at 36 + 30 + 109 = 175,
// before p1 at 260, which is late.
func TestTableAt(t *testing.T) {
	cfg := testConfig()
	cfg.MigrationCost = 9
	s := Setup{
		Config: cfg, Packets: []Packet{rx(0, 0), rx(5, 0), rx(6, 0)}, Flows: 2,
		Tables: []TableAt{{6, nicmodel.IndirectionTable{1, 1}}},
	}
	got, e := timelineOf(t, s)
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
5 arrive p1 q0, publish p1 v0
6 table 1, arrive p2 q1, publish p2 v1, raise v1
10 isr c0
16 isr c1
30 isr ends c0, dpc c0, take p0 c0, take p1 c0
36 isr ends c1, dpc c1, take p2 c1
160 indicate p0 c0
175 indicate p2 c1, dpc ends c1, enable v1
260 indicate p1 c0, dpc ends c0, enable v0
`)
	if c := e.counters(); c.Reordered != 1 || c.CPUs[1].MigrationTime != 9 || c.Queues[0].Packets != 2 || c.Queues[1].Packets != 1 {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff(Moved{Moves: 1, Flows: 1, Packets: 3}, Run(s).Tables); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
}

// A packet in a list that is not published yet stays with its queue.
func TestTableAtAndTheDMAList(t *testing.T) {
	for _, mode := range []engine.Mode{engine.RSSMSIX, engine.RSSHWQueues} {
		cfg := testConfig()
		cfg.DMABatch = 2
		got, _ := timelineOf(t, Setup{
			Config: cfg, Mode: mode, Packets: []Packet{rx(0, 0), rx(20, 0)},
			Tables: []TableAt{{10, nicmodel.IndirectionTable{1, 1}}},
		})
		want := map[engine.Mode]string{
			engine.RSSMSIX: `
0 arrive p0 q0
10 table 1
20 arrive p1 q1, publish p0 v0, publish p1 v1, raise v0, raise v1
30 isr c0, isr c1
50 isr ends c0, dpc c0, take p0 c0, isr ends c1, dpc c1, take p1 c1
180 indicate p0 c0, dpc ends c0, enable v0, indicate p1 c1, dpc ends c1, enable v1
`,
			engine.RSSHWQueues: `
0 arrive p0 q0
10 table 1
20 arrive p1 q1, publish p0 v0, publish p1 v0, raise v0
30 isr c0
50 isr ends c0, dpc c0, take p0 c0
90 dpc c1, take p1 c1
180 indicate p0 c0, dpc ends c0
220 indicate p1 c1, dpc ends c1, enable v0
`,
		}
		checkTimeline(t, got, want[mode])
	}
}

// It is the arrival that counts, not the dealing at 65.
func TestTableAtInSingleQueue(t *testing.T) {
	got, _ := timelineOf(t, Setup{
		Config: testConfig(), Mode: engine.RSSSingleQueue, Packets: []Packet{rx(0, 0)},
		Tables: []TableAt{{20, nicmodel.IndirectionTable{1, 1}}},
	})
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
20 table 1
30 isr ends c0, dpc c0
65 dealt c0, take p0 c0
165 indicate p0 c0, dpc ends c0, enable v0
`)
}

// Queue 0 moves to CPU 1 and queue 1 to CPU 0 at 10. What arrived before stays on
// its CPU; arrivals and sends at 10 meet the new affinity. A change after the last
// packet lengthens nothing.
func TestAffinityAt(t *testing.T) {
	got, e := timelineOf(t, Setup{
		Config: testConfig(), Packets: []Packet{rx(0, 0), tx(9, none), tx(10, none), rx(10, 0)},
		Affinities: []AffinityAt{{10, []int{1, 0}}, {5000, []int{0, 1}}},
	})
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
9 send p1 c0
10 affinity 1, send p2 c1, arrive p3 q0, publish p3 v1, raise v1, isr c0
20 isr c1
30 isr ends c0, dpc c0, take p0 c0
40 isr ends c1, dpc c1, take p3 c1
160 indicate p0 c0, dpc ends c0, enable v0
170 indicate p3 c1, dpc ends c1, enable v1
5000 affinity 2
`)
	if c := e.counters(); c.SimulatedTime != 170 || c.Queues[0].Packets != 2 {
		t.Errorf("%+v", c)
	}
}

// Of two tables at one time the last stands. Moves go from table to table as they
// were given: 1 at 0 ns, 2 and 1 at 50; only entry 1 is never moved.
func TestTablesMove(t *testing.T) {
	cfg := testConfig()
	cfg.Table = nicmodel.IndirectionTable{0, 1, 0, 0}
	packets := []Packet{rx(0, 0), rx(1, 1), rx(2, 3), rx(50, 2), tx(60, 0), {Time: 70, Flow: 1, Conn: none, Entry: none}}
	s := Setup{Config: cfg, Packets: packets, Flows: 4, Tables: []TableAt{
		{0, nicmodel.IndirectionTable{1, 1, 0, 0}},
		{50, nicmodel.IndirectionTable{0, 1, 1, 0}},
		{50, nicmodel.IndirectionTable{0, 1, 1, 1}},
	}}
	result := Run(s)
	if diff := cmp.Diff(Moved{Moves: 4, Flows: 3, Packets: 3}, result.Tables); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	_, e := timelineOf(t, s)
	// p0 by the table given at 0, p2 by the same, p3 by the last; p5 has no entry.
	if want := []int{1, 1, 0, 1, none, 0}; !slices.Equal(e.steered, want) {
		t.Errorf("steered to %v, want %v", e.steered, want)
	}
}
