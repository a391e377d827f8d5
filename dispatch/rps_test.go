package dispatch_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/plain"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
)

// addRPS gives a plain run what RPS needs: the configuration's, and each packet's hash,
// by one decision per packet.
func addRPS(setup *plain.Setup, c *records, s *nicmodel.Steering) {
	from := setup.Config.RPS
	setup.RPS = &plain.RPS{Cost: from.Cost, Backlog: from.Backlog}
	for _, mask := range from.CPUs {
		var cpus []int
		for _, cpu := range mask {
			at := int(cpu)
			if cpu == engine.OfflineCPU {
				at = -1
			}
			cpus = append(cpus, at)
		}
		setup.RPS.CPUs = append(setup.RPS.CPUs, cpus)
	}
	choice := plain.MixedHash
	switch from.Passed {
	case rps.All:
		choice = plain.NICHash
	case rps.NoHashes:
		choice = plain.SoftwareHash
	}
	for i := range c.recs {
		if setup.Packets[i].Sent {
			continue
		}
		rec := &c.recs[i]
		d := plainDecision(c, s, rec).table
		own, _ := new(rps.Secret).OfFrame(rec.Link, rec.Data)
		setup.Packets[i].RPSHash = plain.RPSHash(choice, d.Hash, d.Type != 0, d.Type, own)
	}
}

// randomRPS is RPS as the plain engine's tests draw it, and of what counts.
func randomRPS(r *rand.Rand, cfg *engine.Config) *engine.RPS {
	setup := plain.Setup{Config: cfg}
	setup.AddRPS(r)
	drawn := &engine.RPS{
		Cost: setup.RPS.Cost * int64(1+r.IntN(50)), Backlog: setup.RPS.Backlog,
		Passed: []rps.Hashes{rps.NoHashes, rps.OnPorts, rps.All}[r.IntN(3)],
	}
	for _, mask := range setup.RPS.CPUs {
		var cpus []uint16
		for _, cpu := range mask {
			cpus = append(cpus, uint16(cpu)) // −1 is engine.OfflineCPU
		}
		drawn.CPUs = append(drawn.CPUs, cpus)
	}
	return drawn
}

// tagSome gives some frames a VLAN tag, so that packets of one flow have several hashes
// of the stack's own.
func tagSome(r *rand.Rand, c *records) { tagFrom(r, c, 0) }

// tagFrom is tagSome of the packets from one on.
func tagFrom(r *rand.Rand, c *records, from int) {
	for i := from; i < len(c.recs); i++ {
		if rec := &c.recs[i]; r.IntN(6) == 0 {
			rec.Data = slices.Insert(rec.Data, 12, 0x81, 0, byte(r.IntN(2)), byte(r.IntN(3)))
		}
	}
}

func rpsCase(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 20))
	c, cfg, s := randomCase(1_000_000 + seed)
	if r.IntN(2) == 0 { // as most are
		toClosedForm(cfg)
		cfg.PacketCost = max(cfg.PacketCost, 1) // see compareCase
	}
	cfg.RPS = randomRPS(r, cfg)
	c.recs = c.recs[:min(len(c.recs), 300)] // the plain engine is slow
	if seed%3 > 0 {                         // nothing is sent, and all work takes time: there is a faster engine
		c.says = false
		for i := range c.recs {
			c.recs[i].Direction = 0
		}
		cfg.DPCCost, cfg.PacketCost, cfg.IPILatency, cfg.RPS.Cost = cfg.DPCCost+1, cfg.PacketCost+1, cfg.IPILatency+1, cfg.RPS.Cost+1
		cfg.Interval = max(cfg.Interval, 100_000)
	}
	if seed%3 < 2 { // and the ways of flows vary
		tagSome(r, c)
	}
	return compare(c, cfg, s)
}

// TestRPSEqualsPlain compares RPS with the plain engine's, on random captures and
// parameters: masks, tiny backlogs, budgets, several queues of a CPU.
func TestRPSEqualsPlain(t *testing.T) {
	cases := uint64(300)
	if testing.Short() {
		cases = 25
	}
	for seed := range cases {
		if err := rpsCase(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestRPSFlowSendsEqualPlain does so where addresses tell what is sent, so that no packet of a
// flow is sent whose others are received: then the engine that works in turns has sends, too.
func TestRPSFlowSendsEqualPlain(t *testing.T) {
	cases := uint64(200)
	if testing.Short() {
		cases = 15
	}
	for seed := range cases {
		r := rand.New(rand.NewPCG(seed, 23))
		cfg, s := randomConfig(r)
		if r.IntN(2) == 0 {
			toClosedForm(cfg)
		}
		cfg.RPS = randomRPS(r, cfg)
		cfg.DPCCost, cfg.PacketCost, cfg.IPILatency, cfg.RPS.Cost = cfg.DPCCost+1, cfg.PacketCost+1, cfg.IPILatency+1, cfg.RPS.Cost+1
		cfg.Interval = max(cfg.Interval, 100_000)
		c := traffic{packets: r.IntN(300), hosts: 3 + r.IntN(12), scale: 1 + r.Int64N(1+r.Int64N(20000))}.capture(r)
		if seed%4 == 1 {
			c = firstAnswers(r)
		}
		if seed%3 == 0 { // the ways of flows vary
			tagSome(r, c)
		}
		c.local = "192.0.2.0/31,2001:db8::/127"
		if err := compare(c, cfg, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestRPSUnobservedEqualsObserved compares the engine that works in turns, as long as each
// flow has one way, with the one of events, which an observer needs, on captures of
// several batches: some have flows of several ways from a moment on.
func TestRPSUnobservedEqualsObserved(t *testing.T) {
	cases := uint64(40)
	if testing.Short() {
		cases = 6
	}
	for seed := range cases {
		if err := rpsUnobserved(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func rpsUnobserved(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 22))
	cfg, s := defaultConfig(1 + r.IntN(10))
	cfg.RxRing, cfg.DPCBudget = 1<<r.IntN(10), r.IntN(2)*r.IntN(20)
	cfg.PacketCost, cfg.DPCCost, cfg.IPILatency = 1+r.Int64N(3000), 1+r.Int64N(2000), 1+r.Int64N(3000)
	cfg.ISRCPU = r.IntN(len(cfg.CPUs)+2) - 2
	if r.IntN(2) == 0 { // interrupts that wait, unlike packets, and CPUs with several queues and none
		cfg.RxFrames, cfg.RxUsecs, cfg.ITR, cfg.ByteCost = 1+r.IntN(8), 1+r.Int64N(20_000), r.Int64N(20_000), r.Int64N(2000)
		cfg.InterruptLatency, cfg.ISRCost = r.Int64N(2)*1000, r.Int64N(2)*1000
		for q := range cfg.QueueCPU {
			cfg.QueueCPU[q] = r.IntN(len(cfg.CPUs))
		}
	}
	capture := traffic{packets: 15_000, hosts: 2 + r.IntN(40), scale: 1 + r.Int64N(1+r.Int64N(20_000))}.capture(r)
	cfg.RPS = randomRPS(r, cfg)
	cfg.RPS.Cost++
	if r.IntN(3) > 0 {
		cfg.RPS.Passed = rps.All
	}
	if r.IntN(2) == 0 {
		tagFrom(r, capture, r.IntN(len(capture.recs)))
		cfg.RPS.Passed = rps.NoHashes
	}
	if seed%2 == 1 {
		capture.local = "192.0.2.0/31,2001:db8::/127"
	}
	return unobserved(capture, cfg, s)
}

// TestRPSScenarios compares scenarios with RPS that were replayed in one pass, beside
// some without, with replays of their own.
func TestRPSScenarios(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 21))
		capture, cfg, s := randomCase(3_000_000 + seed)
		tagSome(r, capture)
		o := dispatch.Options{Config: cfg, Steering: s, Modes: allModes, Secret: rps.Secret{1}}
		for i := range 4 {
			other, steering := *cfg, s
			if i%2 == 1 {
				_, drawn, way := randomCase(4_000_000 + 4*seed + uint64(i))
				other, steering = *drawn, way
			}
			other.RPS = randomRPS(r, &other)
			o.More = append(o.More, dispatch.Scenario{Config: &other, Steering: steering, Modes: allModes})
		}
		together := replay(t, capture, o)
		for i, one := range o.More {
			alone := replay(t, capture, dispatch.Options{Config: one.Config, Steering: one.Steering, Modes: allModes, Secret: o.Secret})
			if diff := cmp.Diff(alone.Modes, together.More[i].Modes); diff != "" {
				t.Fatalf("seed %d: scenario %d (-alone +together):\n%s", seed, i, diff)
			}
			if diff := cmp.Diff(alone.Summaries, together.More[i].Summaries); diff != "" {
				t.Fatalf("seed %d: scenario %d (-alone +together):\n%s", seed, i, diff)
			}
			if a, b := alone.OwnHashes(0), together.More[i].OwnHashes(0); a != b {
				t.Errorf("seed %d: scenario %d: %d own hashes alone, %d together", seed, i, a, b)
			}
		}
	}
}

// TestRPSHeadroom: a tape of a replay with RPS replays to what the capture does.
func TestRPSHeadroom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 22))
	cfg, s := defaultConfig(4)
	cfg.RPS = &engine.RPS{Cost: 200, Backlog: 1000, CPUs: [][]uint16{{1, 2}, {0, 1, 2, 3}, nil, {3}}}
	c := traffic{packets: 3000, hosts: 20, scale: 3000}.capture(r)
	for i := range c.recs {
		c.recs[i].Time = int64(i) * 20_000
	}
	r1 := replay(t, c, dispatch.Options{Config: cfg, Steering: s, Modes: allModes[:2]})
	tape := new(dispatch.Tape)
	kept := replay(t, c, dispatch.Options{Config: cfg, Steering: s, Tape: tape})
	for i, h := range r1.Headroom(kept, tape, dispatch.Scale{})[0] {
		if h == nil || h.Factor < 0.1 || h.Limit != dispatch.CPULimit {
			t.Fatalf("mode %d: %+v", i, h)
		}
		busy := float64(r1.Modes[i].SerialTime) / float64(r1.Span)
		if h.Factor*busy > 5 || h.Factor*busy < 0.9 { // at a higher rate a turn has more packets
			t.Errorf("mode %d: headroom %v, and a unit is busy for %v", i, h.Factor, busy)
		}
	}
}
