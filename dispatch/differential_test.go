package dispatch_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/plain"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/walk"
)

var allModes = []engine.Mode{engine.RSSMSIX, engine.NonRSS, engine.RSSHWQueues, engine.RSSSingleQueue}

// tuple is what tells flows apart, spelled out.
type tuple struct {
	version, protocol uint8
	src, dst          [16]byte
	sport, dport      uint16
	ports, unknown    bool
}

// sent tells whether a packet was sent.
func (r *records) sent(h *pcaps.Header) bool {
	if r.local == "" {
		return h.Direction == pcaps.Outbound
	}
	var from, to bool
	for word := range strings.SplitSeq(r.local, ",") {
		prefix := netip.MustParsePrefix(word)
		has := func(address [16]byte) bool {
			if h.Version == 4 {
				return prefix.Contains(netip.AddrFrom4([4]byte(address[:])))
			}
			return prefix.Contains(netip.AddrFrom16(address))
		}
		from, to = from || has(h.Src), to || has(h.Dst)
	}
	return h.Version != 0 && from && !to
}

// plainPackets is the capture as the plain engine wants it, made with maps and
// one decision per packet: nothing of the flow table's is used.
func plainPackets(c *records, s *nicmodel.Steering) (packets []plain.Packet, flows []tuple, regressions, restarts uint64) {
	ids := map[tuple]int{}
	conns := map[tuple]int{}
	var stamps []int64
	for i := range c.recs {
		stamps = append(stamps, c.recs[i].Time)
	}
	times, regressions, restarts := plain.Arrivals(stamps)
	for i := range c.recs {
		rec := &c.recs[i]
		var h pcaps.Header
		var ext pcaps.Extension
		walk.Walk(rec, &h, &ext)
		p := plain.Packet{Time: times[i], Length: rec.Wire, Sent: c.sent(&h), Flow: -1, Conn: -1, Entry: -1}
		if h.Version != 0 {
			k := tuple{h.Version, h.Protocol, h.Src, h.Dst, h.SrcPort, h.DstPort, h.Facts&pcaps.HasPorts != 0, h.Facts&pcaps.ProtocolUnknown != 0}
			back := k
			back.src, back.dst, back.sport, back.dport = k.dst, k.src, k.dport, k.sport
			if _, ok := conns[k]; !ok {
				conns[k] = len(conns)
				conns[back] = conns[k]
			}
			p.Conn = conns[k]
			if !p.Sent {
				if _, ok := ids[k]; !ok {
					ids[k] = len(flows)
					flows = append(flows, k)
				}
				p.Flow = ids[k]
			}
		}
		if !p.Sent {
			p.Decision, p.Queue, p.Entry = plainDecision(c, s, rec).packet()
		}
		packets = append(packets, p)
	}
	return packets, flows, regressions, restarts
}

// withinBuckets replaces percentiles that agree within 1 % by want's.
func withinBuckets(got *engine.Counters, want *engine.Counters) {
	for c := range got.CPUs {
		g, w := &got.CPUs[c].Latency, &want.CPUs[c].Latency
		for _, p := range []struct{ g, w *int64 }{{&g.P50, &w.P50}, {&g.P90, &w.P90}, {&g.P99, &w.P99}, {&g.P999, &w.P999}} {
			if d := *p.g - *p.w; 100*max(d, -d) <= *p.w {
				*p.g = *p.w
			}
		}
	}
}

// compare replays the capture with the fast engines and with the plain one.
func compare(c *records, cfg *engine.Config, s *nicmodel.Steering) error {
	local, err := direction.ParseLocal([]string{cmp.Or(c.local, "none")})
	if err != nil {
		return err
	}
	c.at = 0
	got, err := dispatch.Replay(c, dispatch.Options{Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local)})
	if err != nil {
		return err
	}
	packets, flows, regressions, restarts := plainPackets(c, s)
	if got.Regressions != regressions || got.Restarts != restarts {
		return fmt.Errorf("%d steps back and %d new pieces, want %d and %d", got.Regressions, got.Restarts, regressions, restarts)
	}
	if got.NumFlows != len(flows) {
		return fmt.Errorf("%d flows, want %d", got.NumFlows, len(flows))
	}
	for i, mode := range allModes {
		setup := plain.Setup{Config: cfg, Mode: mode, Packets: packets, Flows: len(flows)}
		if cfg.RPS != nil {
			addRPS(&setup, c, s)
		}
		plainly := plain.Run(setup)
		want, wantFlows := plainly.Counters, plainly.Flows
		counters := got.Modes[i]
		withinBuckets(&counters, &want)
		if got.RuleDrops.Packets != plainly.RuleDrops {
			return fmt.Errorf("%s: %d packets dropped by rules, want %d", mode, got.RuleDrops.Packets, plainly.RuleDrops)
		}
		if diff := difference(want, counters, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Errorf("%s: counters (-plain +fast):\n%s", mode, diff)
		}
		mainCPU := got.MainCPU(i)
		for id := range flows {
			var f plain.Flow
			f.Packets, f.Migrations = got.AppendAffinity(nil, i, uint32(id))
			if diff := difference(wantFlows[id], f, cmpopts.EquateEmpty()); diff != "" {
				return fmt.Errorf("%s: flow %d of %d (-plain +fast):\n%s", mode, id, len(flows), diff)
			}
			if want, got := mainCPUOf(wantFlows[id]), mainCPU(uint32(id)); got != want {
				return fmt.Errorf("%s: flow %d of %d: main CPU %d, want %d", mode, id, len(flows), got, want)
			}
		}
		if diff := difference(summaryOf(len(cfg.CPUs), flows, wantFlows), got.Summaries[i]); diff != "" {
			return fmt.Errorf("%s: summary (-plain +fast):\n%s", mode, diff)
		}
	}
	return nil
}

// summaryOf is the summary of flows, which are on CPUs as on says.
func summaryOf(cpus int, flows []tuple, on []plain.Flow) dispatch.Summary {
	s := dispatch.Summary{CPUFlows: make([]uint64, cpus), TopFlow: slices.Repeat([]int64{-1}, cpus)}
	ids := map[tuple]int{}
	packets := func(id int64, cpu int) uint64 {
		for _, p := range on[max(id, 0)].Packets {
			if id >= 0 && p.CPU == cpu {
				return p.Packets
			}
		}
		return 0
	}
	for id, k := range flows {
		s.Migrations += on[id].Migrations
		for _, p := range on[id].Packets {
			s.CPUFlows[p.CPU]++
			if p.Packets > packets(s.TopFlow[p.CPU], p.CPU) {
				s.TopFlow[p.CPU] = int64(id)
			}
		}
		switch len(on[id].Packets) {
		case 0:
			continue
		case 1:
			s.SingleCPU++
		}
		s.Flows++
		ids[k] = id
		k.src, k.dst, k.sport, k.dport = k.dst, k.src, k.dport, k.sport
		if back, ok := ids[k]; ok && back != id {
			s.Connections++
			if a, b := on[id].Packets, on[back].Packets; len(a) == 1 && len(b) == 1 && a[0].CPU == b[0].CPU {
				s.Symmetric++
			}
		}
	}
	return s
}

// mainCPUOf is the CPU with most of the flow's packets, the lowest of equals; -1: none.
func mainCPUOf(f plain.Flow) int {
	cpu, most := -1, uint64(0)
	for _, on := range f.Packets {
		if on.Packets > most {
			cpu, most = on.CPU, on.Packets
		}
	}
	return cpu
}

func randomCase(seed uint64) (*records, *engine.Config, *nicmodel.Steering) {
	r := rand.New(rand.NewPCG(seed, 1))
	cfg, s := randomConfig(r)
	t := traffic{
		packets: r.IntN(600), hosts: 2 + r.IntN(12),
		sends: r.IntN(2) == 0, homes: r.IntN(2) == 0, scale: 1 + r.Int64N(1+r.Int64N(20000)),
	}
	return t.capture(r), cfg, s
}

func compareCase(seed uint64) error {
	c, cfg, s := randomCase(seed)
	if seed%2 == 1 {
		toClosedForm(cfg)
		// Where packets cost nothing, the plain engine lets a DPC end after the
		// arrivals of its instant: it is not specified there, and can be seen where
		// a ring is full.
		cfg.PacketCost = max(cfg.PacketCost, 1)
	}
	return compare(c, cfg, s)
}

// toClosedForm takes away what keeps an engine from its fastest ways.
func toClosedForm(c *engine.Config) {
	c.Drain, c.DPCBudget, c.ByteCost, c.RxFrames = engine.Snapshot, 0, 0, 1
	if c.Queues <= len(c.CPUs) {
		for q := range c.QueueCPU {
			c.QueueCPU[q] = q
		}
	}
}

// TestFastEqualsPlain compares all counters of the shipped engines with the
// plain ones', on random captures and parameters.
func TestFastEqualsPlain(t *testing.T) {
	cases := uint64(1000)
	if testing.Short() {
		cases = 40
	}
	for seed := range cases {
		if err := compareCase(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// The same where addresses tell what is sent, so that no packet of a flow is sent whose
// others are received; also with a capture of several batches, and where packets are
// often sent at the instant of a take.
func TestFlowSendsEqualPlain(t *testing.T) {
	cases := uint64(400)
	if testing.Short() {
		cases = 40
	}
	for seed := range cases {
		r := rand.New(rand.NewPCG(seed, 9))
		cfg, s := randomConfig(r)
		if seed%4 > 0 {
			toClosedForm(cfg)
			cfg.PacketCost = max(cfg.PacketCost, 1)
		}
		of := traffic{packets: r.IntN(600), hosts: 3 + r.IntN(12), scale: 1 + r.Int64N(1+r.Int64N(20000))}
		if seed%100 == 2 {
			of.packets, of.hosts = engine.BatchSize+r.IntN(300), 3+r.IntN(200)
		}
		c := of.capture(r)
		if seed%2 == 1 {
			c = firstAnswers(r)
			cfg.InterruptLatency, cfg.ISRCost, cfg.DMATimeout, cfg.ITR, cfg.RxUsecs = r.Int64N(4), r.Int64N(4), r.Int64N(4), 0, 0
		}
		c.local = "192.0.2.0/31,2001:db8::/127"
		if err := compare(c, cfg, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// firstAnswers is connections whose first packets, which are received, are answered within
// some ns.
func firstAnswers(r *rand.Rand) *records {
	c := &records{}
	now := int64(1_700_000_000_000_000_000)
	for port := range uint16(100) {
		here, there := end{netip.AddrFrom4([4]byte{192, 0, 2, 1}), 80}, end{netip.AddrFrom4([4]byte{192, 0, 2, 9}), port}
		from, to := there, here
		for range 1 + r.IntN(5) {
			now += r.Int64N(8)
			c.recs = append(c.recs, pcaps.Record{Time: now, Wire: 60, Link: pcaps.LinkEthernet, Queue: -1, Data: frame(from, to, pcaps.ProtoTCP, netip.Addr{})})
			from, to = here, there
		}
	}
	return c
}

func FuzzFastEqualsPlain(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		if err := compareCase(seed); err != nil {
			t.Fatal(err)
		}
	})
}

// TestScenariosEqualReplays compares scenarios that were replayed in one pass
// with replays of their own.
func TestScenariosEqualReplays(t *testing.T) {
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	cases := uint64(100)
	if testing.Short() {
		cases = 8
	}
	for seed := range cases {
		capture, cfg, s := randomCase(seed)
		if seed%2 == 1 {
			toClosedForm(cfg)
		}
		o := dispatch.Options{Config: cfg, Steering: s, Modes: allModes}
		for other := range uint64(3) {
			_, cfg, s := randomCase(1000*seed + other)
			o.More = append(o.More, dispatch.Scenario{Config: cfg, Steering: s, Modes: allModes[other:]})
		}
		// And one that steers alike, over another table.
		alike := *cfg
		alike.Table = slices.Clone(cfg.Table)
		alike.Table[0] = uint16(cfg.Queues - 1)
		o.More = append(o.More, dispatch.Scenario{Config: &alike, Steering: s, Modes: allModes})
		// And two that share every model, with the first and with one another.
		for range 2 {
			equal := *o.Config
			o.More = append(o.More, dispatch.Scenario{Config: &equal, Steering: o.Steering, Modes: allModes})
		}

		o.Directions = direction.NewDirections(local)
		together, err := dispatch.Replay(capture, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, scenario := range o.More {
			capture.at = 0
			alone, err := dispatch.Replay(capture, dispatch.Options{
				Config: scenario.Config, Steering: scenario.Steering, Modes: scenario.Modes, Directions: direction.NewDirections(local),
			})
			if err != nil {
				t.Fatal(err)
			}
			got := together.More[i]
			for _, diff := range []string{
				difference(alone.Modes, got.Modes), difference(alone.Summaries, got.Summaries), difference(alone.Entries, got.Entries),
				difference(alone.Unhashed, got.Unhashed), difference(alone.HashTypes, got.HashTypes),
			} {
				if diff != "" {
					t.Fatalf("seed %d: scenario %d (-alone +together):\n%s", seed, i, diff)
				}
			}
			for id := range uint32(alone.NumFlows) {
				if diff := difference(alone.Flow(id), got.Flow(id), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
					t.Fatalf("seed %d: scenario %d: flow (-alone +together):\n%s", seed, i, diff)
				}
				for mode := range scenario.Modes {
					a, am := alone.AppendAffinity(nil, mode, id)
					b, bm := got.AppendAffinity(nil, mode, id)
					if !slices.Equal(a, b) || am != bm {
						t.Fatalf("seed %d: scenario %d: flow %d: affinity %v, %d together, %v, %d alone", seed, i, id, b, bm, a, am)
					}
				}
			}
		}
	}
}

// TestUnobservedEqualsObserved compares the engines that run where nobody
// observes with those that an observer gets, on captures of several batches,
// which would take the plain engines too long.
func TestUnobservedEqualsObserved(t *testing.T) {
	cases := uint64(100)
	if testing.Short() {
		cases = 8
	}
	for seed := range cases {
		if err := compareObserved(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestUnobservedOfNoCost is the same of packets that cost nothing, as their buffers come back
// at the instant at which a DPC takes them: the arrivals at it still find the rings full.
func TestUnobservedOfNoCost(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 8))
		cfg, s := defaultConfig(1 + r.IntN(4))
		cfg.RxRing, cfg.DMABatch = 1<<r.IntN(4), 1
		cfg.PacketCost, cfg.ISRCost, cfg.InterruptLatency = 0, 0, 0
		cfg.DPCCost, cfg.DistributeCost, cfg.IPILatency = 1000*r.Int64N(2), 50*r.Int64N(2), 1000*r.Int64N(2)
		capture := traffic{packets: 2000, hosts: 20, scale: 1 + r.Int64N(2000)}.capture(r)
		if err := unobserved(capture, cfg, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func compareObserved(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	cfg, s := randomConfig(r)
	if r.IntN(2) == 0 { // as most are: a CPU for each queue, few at work
		cfg, s = defaultConfig(1 + r.IntN(8))
		cfg.RxRing, cfg.Drain = 1<<r.IntN(10), engine.Drain(r.IntN(2))
		cfg.PacketCost = r.Int64N(3000)
	}
	if r.IntN(2) == 0 {
		toClosedForm(cfg)
	}
	capture := traffic{
		packets: r.IntN(20_000), hosts: 2 + r.IntN(40),
		sends: r.IntN(3) == 0, homes: r.IntN(3) == 0, scale: 1 + r.Int64N(1+r.Int64N(20_000)),
	}.capture(r)
	return unobserved(capture, cfg, s)
}

// unobserved compares a replay that nobody observes with one that somebody does.
func unobserved(capture *records, cfg *engine.Config, s *nicmodel.Steering) error {
	local, err := direction.ParseLocal([]string{cmp.Or(capture.local, "none")})
	if err != nil {
		return err
	}
	replay := func(observe engine.Observer, repeatable bool) (*dispatch.Result, error) {
		capture.at = 0
		return dispatch.Replay(capture, dispatch.Options{
			Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local), Observe: observe, Repeatable: repeatable,
		})
	}
	want, err := replay(func(engine.Event) {}, false)
	if err != nil {
		return err
	}
	for _, repeatable := range []bool{false, true} {
		got, err := replay(nil, repeatable)
		if repeatable && errors.Is(err, dispatch.ErrAgain) {
			break
		}
		if err != nil {
			return err
		}
		if diff := resultDifference(want, got); diff != "" {
			return fmt.Errorf("(-observed +unobserved, repeatable: %v):\n%s", repeatable, diff)
		}
		for i, mode := range allModes {
			for id := range uint32(want.NumFlows) {
				a, am := want.AppendAffinity(nil, i, id)
				b, bm := got.AppendAffinity(nil, i, id)
				if !slices.Equal(a, b) || am != bm {
					return fmt.Errorf("%v: flow %d: %v, %d migrations observed, %v, %d unobserved, repeatable: %v", mode, id, a, am, b, bm, repeatable)
				}
			}
		}
	}
	return nil
}
