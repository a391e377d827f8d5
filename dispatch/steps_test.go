package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/walk"
)

// watch replays the capture, every packet received that does not say otherwise,
// and returns what each mode's observer was told.
func watch(t *testing.T, c *records, cfg *engine.Config, s *nicmodel.Steering, modes []engine.Mode) (*dispatch.Result, [engine.NumModes][]engine.Event) {
	t.Helper()
	var seen [engine.NumModes][]engine.Event // each mode is told of in one goroutine
	r := replay(t, c, dispatch.Options{
		Config: cfg, Steering: s, Modes: modes,
		Observe: func(e engine.Event) { seen[e.Mode] = append(seen[e.Mode], e) },
	})
	return r, seen
}

// replay replays the capture from its start with --local none.
func replay(t testing.TB, c *records, o dispatch.Options) *dispatch.Result {
	t.Helper()
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	c.at = 0
	o.Directions = direction.NewDirections(local)
	r, err := dispatch.Replay(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stepConfig has two CPUs with a queue and a table entry each, and costs that
// can be told apart in a sum.
func stepConfig(t *testing.T) (*engine.Config, *nicmodel.Steering) {
	t.Helper()
	c := &engine.Config{
		Config: nicmodel.Config{Queues: 2, RxRing: 8, DMABatch: 2, DMATimeout: 50, RxFrames: 1},
		CPUs:   []int{4, 5}, QueueCPU: []int{0, 1}, Table: nicmodel.IndirectionTable{0, 1},
		InterruptLatency: 10, ISRCost: 20, DPCCost: 30, PacketCost: 100, IPILatency: 40, DistributeCost: 5, SendCost: 7,
		ISRCPU: 1, Interval: 100,
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c, steering(t, c, hash.DefaultTypes)
}

// steering is what sends packets to the entries of the configuration's table,
// with the key of the NDIS documentation.
func steering(t testing.TB, c *engine.Config, types hash.Types) *nicmodel.Steering {
	t.Helper()
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	s, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: types, Key: key, Table: c.Table, DefaultQueue: c.DefaultQueue, QueueCPU: c.QueueCPU,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// toward is a received TCP packet whose hash meets the entry: its port is the
// first that does.
func toward(t *testing.T, s *nicmodel.Steering, entry int32, time int64) pcaps.Record {
	t.Helper()
	server := end{netip.MustParseAddr("192.0.2.1"), 80}
	for port := uint16(1024); port < 2048; port++ {
		rec := pcaps.Record{
			Time: time, Wire: 60, Link: pcaps.LinkEthernet, Queue: -1,
			Data: frame(end{netip.MustParseAddr("192.0.2.2"), port}, server, pcaps.ProtoTCP, netip.Addr{}),
		}
		var h pcaps.Header
		var ext pcaps.Extension
		walk.Walk(&rec, &h, &ext)
		if s.Decide(&h, &ext).Entry == entry {
			return rec
		}
	}
	t.Fatalf("no port leads to entry %d", entry)
	return pcaps.Record{}
}

// answering is the sent packet of a received one's connection.
func answering(t *testing.T, rec pcaps.Record, time int64) pcaps.Record {
	t.Helper()
	var h pcaps.Header
	var ext pcaps.Extension
	walk.Walk(&rec, &h, &ext)
	from := end{netip.AddrFrom4([4]byte(h.Dst[:])), h.DstPort}
	to := end{netip.AddrFrom4([4]byte(h.Src[:])), h.SrcPort}
	return pcaps.Record{
		Time: time, Wire: 60, Link: pcaps.LinkEthernet, Queue: -1, Direction: pcaps.Outbound,
		Data: frame(from, to, h.Protocol, netip.Addr{}),
	}
}

// inTime puts events in order of time; those of one instant stay as told.
func inTime(events []engine.Event) []engine.Event {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b engine.Event) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		}
		return 0
	})
	return sorted
}

// numbered is the events that have a step, a line for each instant: its time,
// and each step with the CPU and packet that it names.
func numbered(events []engine.Event) string {
	var b strings.Builder
	last := int64(-1)
	for _, e := range inTime(events) {
		if e.Step() == engine.NoStep {
			continue
		}
		if e.Time != last {
			fmt.Fprintf(&b, "\n%d", e.Time)
			last = e.Time
		}
		fmt.Fprintf(&b, " %v", e.Step())
		if e.CPU >= 0 {
			fmt.Fprintf(&b, ":c%d", e.CPU)
		}
		if e.Packet >= 0 {
			fmt.Fprintf(&b, ":p%d", e.Packet)
		}
	}
	return b.String()
}

// firsts is each step that occurs, in order of its first time.
func firsts(events []engine.Event) []engine.Step {
	var steps []engine.Step
	for _, e := range inTime(events) {
		if s := e.Step(); s != engine.NoStep && !slices.Contains(steps, s) {
			steps = append(steps, s)
		}
	}
	return steps
}

// documents are the steps of each mode's document, in its order.
var documents = [engine.NumModes]struct{ first, last engine.Step }{
	engine.RSSMSIX:        {engine.MSI1a, engine.MSI5b},
	engine.NonRSS:         {engine.NON1, engine.NON7},
	engine.RSSHWQueues:    {engine.HWQ1a, engine.HWQ4b},
	engine.RSSSingleQueue: {engine.SQ1, engine.SQ6b},
}

// TestSteps is a cycle of each mode and the one that it leads to, worked out on
// paper. Costs of stepConfig: interrupt 10, ISR 20, DPC 30, packet
// 100, IPI 40, deal 5, and a list of 2 packets or 50 ns.
func TestSteps(t *testing.T) {
	cfg, s := stepConfig(t)
	to := func(entry int32, time int64) pcaps.Record { return toward(t, s, entry, time) }
	tests := []struct {
		mode    engine.Mode
		packets []pcaps.Record
		want    string
	}{
		// The list is full at 3: both are published, and raise CPU 0. p2 and
		// p3 fill the next list at 12, before the ISR at 13, which ends at 33:
		// the snapshot takes them too. DPC to 63, packets end at 163, 263, 363,
		// 463. p4's list times out at 100 + 50, while the vector is masked: its
		// interrupt comes at 463. ISR 473–493, DPC to 523, p4 to 623. p5 is
		// CPU 1's, whose vector is its own: raised by p6's arrival, which fills
		// the list, at 205, while CPU 0's DPC runs. ISR 215–235, DPC to 265,
		// then 365 and 465.
		{engine.RSSMSIX, []pcaps.Record{to(0, 0), to(0, 3), to(0, 11), to(0, 12), to(0, 100), to(1, 204), to(1, 205)}, `
0 MSI-1a:c0:p0 MSI-1b:c0:p0
3 MSI-1a:c0:p1 MSI-1b:c0:p1 MSI-1c:c0:p0 MSI-1c:c0:p1 MSI-1d:c0
11 MSI-1a:c0:p2 MSI-1b:c0:p2
12 MSI-1a:c0:p3 MSI-1b:c0:p3 MSI-1c:c0:p2 MSI-2:c0:p2 MSI-1c:c0:p3 MSI-2:c0:p3
13 MSI-3:c0
33 MSI-4:c0 MSI-5:c0
100 MSI-1a:c0:p4 MSI-1b:c0:p4
150 MSI-1c:c0:p4 MSI-2:c0:p4
163 MSI-5a:c0:p0
204 MSI-1a:c1:p5 MSI-1b:c1:p5
205 MSI-1a:c1:p6 MSI-1b:c1:p6 MSI-1c:c1:p5 MSI-1c:c1:p6 MSI-1d:c1
215 MSI-3:c1
235 MSI-4:c1 MSI-5:c1
263 MSI-5a:c0:p1
363 MSI-5a:c0:p2
365 MSI-5a:c1:p5
463 MSI-5a:c0:p3 MSI-5b:c0 MSI-1d:c0
465 MSI-5a:c1:p6 MSI-5b:c1
473 MSI-3:c0
493 MSI-4:c0 MSI-5:c0
623 MSI-5a:c0:p4 MSI-5b:c0`},
		// p0 is raised for at once, on the CPU associated with the NIC. p1 comes
		// while the vector is masked, and before the DPC, which takes it too:
		// ISR 10–30, DPC to 60, p0 to 160, p1 to 260. p2 comes after it: raised
		// for at 260, ISR 270–290, DPC to 320, p2 to 420. The send is p0's
		// connection's, at home on CPU 1.
		{engine.NonRSS, []pcaps.Record{to(0, 0), to(1, 7), to(0, 100), answering(t, to(0, 0), 300)}, `
0 NON-1:p0 NON-1:c1
7 NON-1:p1 NON-2:p1
10 NON-3:c1
30 NON-4:c1 NON-5:c1
100 NON-1:p2 NON-2:p2
160 NON-6:c1:p0
260 NON-6:c1:p1 NON-7:c1 NON-1:c1
270 NON-3:c1
290 NON-4:c1 NON-5:c1
300 NON-6:c1:p3
420 NON-6:c1:p2 NON-7:c1`},
		// The list is full at 3, with a packet for each CPU. The ISR runs on CPU
		// 1, 13–33, whose DPC starts with its end and that of CPU 0 40 later, at
		// 73. They end at 163 and 203: only then is the vector enabled. p2 is
		// published in between, at 100 + 50, for CPU 1, whose DPC had started:
		// raised for at 203, ISR 213–233, DPC to 263, p2 to 363.
		{engine.RSSHWQueues, []pcaps.Record{to(0, 0), to(1, 3), to(1, 100)}, `
0 HWQ-1a:c0:p0 HWQ-1b:c0:p0
3 HWQ-1a:c1:p1 HWQ-1b:c1:p1 HWQ-1c:c0:p0 HWQ-1c:c1:p1 HWQ-1d:c1
13 HWQ-2:c1
33 HWQ-3:c1 HWQ-3:c0 HWQ-4:c1
73 HWQ-4:c0
100 HWQ-1a:c1:p2 HWQ-1b:c1:p2
150 HWQ-1c:c1:p2
163 HWQ-4a:c1:p1
203 HWQ-4a:c0:p0 HWQ-4b:c1 HWQ-1d:c1
213 HWQ-2:c1
233 HWQ-3:c1 HWQ-4:c1
363 HWQ-4a:c1:p2 HWQ-4b:c1`},
		// p0 is raised for at once, on CPU 1. p1 comes while the vector is
		// masked: ISR 10–30, and the DPC deals both, 30 + 2 × 5, to 70. It goes
		// on with p1, to 170; p0 is CPU 0's, whose DPC starts 40 later, at 110,
		// and ends at 110 + 30 + 100. p2 comes after the dealing: raised for at
		// 240, ISR 250–270, dealt to 305, none of it CPU 1's own; CPU 0's DPC
		// from 345 to 475.
		{engine.RSSSingleQueue, []pcaps.Record{to(0, 0), to(1, 7), to(0, 100)}, `
0 SQ-1:p0 SQ-1:c1
7 SQ-1:p1 SQ-2:p1
10 SQ-3:c1
30 SQ-4:c1 SQ-5:c1 SQ-5a:c0:p0 SQ-5a:c1:p1
70 SQ-5b:c0 SQ-5c:c1
100 SQ-1:p2 SQ-2:p2
110 SQ-6:c0
170 SQ-6a:c1:p1
240 SQ-6a:c0:p0 SQ-6b:c1 SQ-1:c1
250 SQ-3:c1
270 SQ-4:c1 SQ-5:c1 SQ-5a:c0:p2
305 SQ-5b:c0
345 SQ-6:c0
475 SQ-6a:c0:p2 SQ-6b:c1`},
	}
	for _, test := range tests {
		_, seen := watch(t, &records{recs: test.packets, says: true}, cfg, s, []engine.Mode{test.mode})
		if diff := cmp.Diff(strings.Split(test.want, "\n"), strings.Split(numbered(seen[test.mode]), "\n")); diff != "" {
			t.Errorf("%v (-paper +seen):\n%s", test.mode, diff)
		}
		// Read as a story, the cycle tells the document's list, whole and in order.
		var list []engine.Step
		for step := documents[test.mode].first; step <= documents[test.mode].last; step++ {
			list = append(list, step)
		}
		if diff := cmp.Diff(list, firsts(seen[test.mode])); diff != "" {
			t.Errorf("%v: steps by their first time (-document +seen):\n%s", test.mode, diff)
		}
	}
}

// TestEveryStepOccurs counts the steps of random captures: none is missing, and
// none is of another mode's document.
func TestEveryStepOccurs(t *testing.T) {
	cases := uint64(150)
	if testing.Short() {
		cases = 40
	}
	var counts [engine.NumModes][engine.NumSteps]int
	var kinds [engine.NumEventKinds]int
	for seed := range cases {
		c, cfg, s := randomCase(seed)
		if seed%4 == 3 {
			cfg.RPS = randomRPS(rand.New(rand.NewPCG(seed, 23)), cfg)
		}
		_, seen := watch(t, c, cfg, s, allModes)
		for mode, events := range seen {
			for _, e := range events {
				counts[mode][e.Step()]++
				kinds[e.Kind]++
			}
		}
	}
	for _, mode := range allModes {
		for step := engine.NoStep + 1; step < engine.NumSteps; step++ {
			own := step >= documents[mode].first && step <= documents[mode].last
			if n := counts[mode][step]; own && n == 0 {
				t.Errorf("%v: %v never occurred", mode, step)
			} else if !own && n > 0 {
				t.Errorf("%v: %v of another mode occurred %d times", mode, step, n)
			}
		}
	}
	for kind, n := range kinds {
		if n == 0 && engine.EventKind(kind) != engine.RuleDrop { // there are no rules here: TestRulesEqualPlain has them
			t.Errorf("no event of kind %v", engine.EventKind(kind))
		}
	}
}

// TestStepNames: the constants say the documents' numbers, each step of a
// document once, with no gap between two documents.
func TestStepNames(t *testing.T) {
	want := []string{
		"", "MSI-1a", "MSI-1b", "MSI-1c", "MSI-1d", "MSI-2", "MSI-3", "MSI-4", "MSI-5", "MSI-5a", "MSI-5b",
		"NON-1", "NON-2", "NON-3", "NON-4", "NON-5", "NON-6", "NON-7",
		"HWQ-1a", "HWQ-1b", "HWQ-1c", "HWQ-1d", "HWQ-2", "HWQ-3", "HWQ-4", "HWQ-4a", "HWQ-4b",
		"SQ-1", "SQ-2", "SQ-3", "SQ-4", "SQ-5", "SQ-5a", "SQ-5b", "SQ-5c", "SQ-6", "SQ-6a", "SQ-6b",
	}
	var got []string
	for step := range engine.Step(engine.NumSteps) {
		got = append(got, step.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-documents +code):\n%s", diff)
	}
	next := engine.NoStep + 1
	for _, mode := range allModes {
		if documents[mode].first != next {
			t.Errorf("%v begins with %v, want %v", mode, documents[mode].first, next)
		}
		next = documents[mode].last + 1
	}
	if next != engine.NumSteps {
		t.Errorf("the documents end before %v", next)
	}
}
