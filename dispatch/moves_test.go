package dispatch_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/plain"
	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
	"rssreplay/pcaps/direction"
)

// movedCase is a random case whose table or affinity changes, and its packets as the
// plain engine has them.
func movedCase(seed uint64) (*records, *nicmodel.Steering, plain.Setup, error) {
	c, cfg, s := randomCase(seed)
	alone := seed%4 < 2 // each CPU has one queue at most, and the table alone changes
	for other := seed + 1000; alone && (cfg.Queues < 2 || cfg.Queues > len(cfg.CPUs) || s.Varies()); other += 1000 {
		c, cfg, s = randomCase(other)
	}
	if alone {
		for q := range cfg.QueueCPU {
			cfg.QueueCPU[q] = q
		}
		if seed%4 == 1 { // queues are long, so that packets overtake each other
			cfg.PacketCost = min(20*cfg.PacketCost, 1e8)
		}
	}
	if seed%4 == 3 {
		var err error
		if c, cfg, s, err = ruledCase(seed); err != nil {
			return nil, nil, plain.Setup{}, err
		}
	}
	cfg.PacketCost = max(cfg.PacketCost, 1) // see compareCase
	r := rand.New(rand.NewPCG(seed, 21))
	if seed%5 > 2 && seed%4 != 3 { // addresses tell what is sent
		c = traffic{packets: r.IntN(600), hosts: 3 + r.IntN(12), scale: 1 + r.Int64N(1+r.Int64N(20_000))}.capture(r)
		if seed%10 == 3 {
			c = firstAnswers(r)
			cfg.InterruptLatency, cfg.ISRCost, cfg.DMATimeout = r.Int64N(4), r.Int64N(4), r.Int64N(4)
		}
		c.local = "192.0.2.0/31,2001:db8::/127"
	}
	setup := plain.Setup{Config: cfg}
	var flows []tuple
	setup.Packets, flows, _, _ = plainPackets(c, s)
	setup.Flows = len(flows)
	if n := len(setup.Packets); n > 0 { // few windows: they are not what moves
		cfg.Interval = max(cfg.Interval, setup.Packets[n-1].Time/20+1)
	}
	for !moving(&setup) {
		if r.IntN(2) == 0 {
			setup.AddTables(r)
		}
		if !alone && r.IntN(2) == 0 {
			setup.AddAffinities(r)
		}
		if r.IntN(3) > 0 {
			setup.AddRebalance(r)
		}
	}
	for _, at := range setup.Tables {
		cfg.Tables = append(cfg.Tables, engine.TableAt(at))
	}
	for _, at := range setup.Affinities {
		cfg.Affinities = append(cfg.Affinities, engine.AffinityAt(at))
	}
	cfg.Rebalance = setup.Rebalance
	if seed%3 == 2 {
		cfg.RPS = randomRPS(r, cfg)
		addRPS(&setup, c, s)
	}
	return c, s, setup, cfg.Validate()
}

func moving(s *plain.Setup) bool { return len(s.Tables)+len(s.Affinities) > 0 || s.Rebalance != nil }

// compareMoved replays a case with the fast engines and with the plain one.
func compareMoved(seed uint64, seen map[string]uint64) error {
	c, s, setup, err := movedCase(seed)
	if err != nil {
		return err
	}
	local, err := direction.ParseLocal([]string{cmp.Or(c.local, "none")})
	if err != nil {
		return err
	}
	got, err := dispatch.Replay(c, dispatch.Options{Config: setup.Config, Steering: s, Modes: allModes, Directions: direction.NewDirections(local)})
	if err != nil {
		return err
	}
	_, flows, _, _ := plainPackets(c, s)
	for i, mode := range allModes {
		setup.Mode = mode
		want := plain.Run(setup)
		counters := got.Modes[i]
		withinBuckets(&counters, &want.Counters)
		if diff := difference(want.Counters, counters, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(engine.Counters{}, "Rebalanced", "Arrived")); diff != "" {
			return fmt.Errorf("%s: counters (-plain +fast):\n%s", mode, diff)
		}
		if err := checkArrived(&counters, setup.Config.RPS.Active(mode)); err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
		if diff := difference(dispatch.Moved(want.Tables), got.TablesMoved); diff != "" {
			return fmt.Errorf("%s: moved by tables (-plain +fast):\n%s", mode, diff)
		}
		if diff := difference(dispatch.Moved(want.Moved), got.AllMoved[i]); diff != "" {
			return fmt.Errorf("%s: moved in all (-plain +fast):\n%s", mode, diff)
		}
		if r := want.Rebalance; r != nil && want.Moved.Flows > max(want.Tables.Flows, r.Moved.Flows) {
			seen["flows that one of both disturbed"]++
		}
		if (want.Rebalance != nil) != (counters.Rebalanced != nil) {
			return fmt.Errorf("%s: rebalanced %v, want %v", mode, counters.Rebalanced, want.Rebalance)
		}
		if r := want.Rebalance; r != nil {
			done := counters.Rebalanced
			if diff := difference(r.Steps, done.Steps, cmpopts.EquateEmpty()); diff != "" {
				return fmt.Errorf("%s: steps (-plain +fast):\n%s", mode, diff)
			}
			if diff := difference(dispatch.Moved(r.Moved), got.Rebalanced[i]); diff != "" {
				return fmt.Errorf("%s: moved by the rebalancer (-plain +fast):\n%s", mode, diff)
			}
			if r.MinMaxPercent != done.MinMaxPercent || r.Windows != done.Windows {
				return fmt.Errorf("%s: min_max_percent %v of %d windows, want %v of %d", mode, done.MinMaxPercent, done.Windows, r.MinMaxPercent, r.Windows)
			}
			seen["ticks"] += uint64(len(r.Steps))
			seen["moves"] += r.Moved.Moves
		}
		for id := range setup.Flows {
			var f plain.Flow
			f.Packets, f.Migrations = got.AppendAffinity(nil, i, uint32(id))
			if diff := difference(want.Flows[id], f, cmpopts.EquateEmpty()); diff != "" {
				return fmt.Errorf("%s: flow %d of %d (-plain +fast):\n%s", mode, id, setup.Flows, diff)
			}
			seen["migrations"] += f.Migrations
		}
		if diff := difference(summaryOf(len(setup.Config.CPUs), flows, want.Flows), got.Summaries[i]); diff != "" {
			return fmt.Errorf("%s: summary (-plain +fast):\n%s", mode, diff)
		}
		seen["reordered"] += counters.Reordered
		seen["table moves"] += want.Tables.Moves
	}
	return nil
}

// checkArrived compares what arrived for each CPU with what was indicated there, where
// nothing was dropped and no second hop moved it; else with what arrived for queues.
func checkArrived(c *engine.Counters, hops bool) error {
	if c.Arrived == nil {
		return nil
	}
	var arrived, queued, dropped uint64
	for _, q := range c.Queues {
		queued += q.Packets
		dropped += q.Drops
	}
	for _, cpu := range c.Arrived.Packets {
		for _, n := range cpu {
			arrived += n
		}
	}
	if arrived != queued {
		return fmt.Errorf("%d packets arrived for CPUs, and %d for queues", arrived, queued)
	}
	if dropped == 0 && !hops {
		if diff := difference(c.Windows, *c.Arrived, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Errorf("arrivals over time (-indicated +arrived):\n%s", diff)
		}
	}
	return nil
}

// TestMovesEqualPlain compares the engines where the table or the affinity changes
// with the plain one: counters, flows, ticks, moves and what they disturb.
func TestMovesEqualPlain(t *testing.T) {
	cases := uint64(60)
	if testing.Short() {
		cases = 15
	}
	seeds := []uint64{2089} // packets are sent while others of their flow wait on two CPUs
	for seed := range cases {
		seeds = append(seeds, seed)
	}
	seen := map[string]uint64{}
	for _, seed := range seeds {
		if err := compareMoved(seed, seen); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	for _, what := range []string{"ticks", "moves", "migrations", "reordered", "table moves", "flows that one of both disturbed"} {
		if seen[what] == 0 {
			t.Errorf("no %s in any case", what)
		}
	}
}

// TestMovesUnobservedEqualsObserved compares the engine of tables that change with the
// one that an observer gets, on captures of several batches.
func TestMovesUnobservedEqualsObserved(t *testing.T) {
	cases := uint64(40)
	if testing.Short() {
		cases = 6
	}
	seeds := []uint64{162} // a flow's second packet is taken before its first one, on another CPU
	for seed := range cases {
		seeds = append(seeds, seed)
	}
	for _, seed := range seeds {
		if err := movesUnobserved(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func movesUnobserved(seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 23))
	cfg, s := defaultConfig(2 + r.IntN(10))
	cfg.RxRing, cfg.Drain, cfg.DPCBudget = 1<<r.IntN(10), engine.Drain(r.IntN(2)), r.IntN(2)*r.IntN(20)
	cfg.PacketCost, cfg.MigrationCost, cfg.ByteCost = 1+r.Int64N(3000), r.Int64N(1000), r.Int64N(2)*r.Int64N(1000)
	changes := r.IntN(20)
	if seed%2 == 1 { // most batches have none
		toClosedForm(cfg)
		changes = 1 + r.IntN(3)
	}
	if seed%10 == 4 { // so many that flows are forgotten to have turned
		changes = 900
	}
	of := traffic{packets: 15_000 * (1 + int(seed%2)), hosts: 2 + r.IntN(40), sends: r.IntN(4) == 0, scale: 1 + r.Int64N(1+r.Int64N(20_000))}
	if seed%8 == 5 { // packets are often sent at the instant of a take
		of.scale, cfg.InterruptLatency, cfg.ISRCost, cfg.DMATimeout = 4, r.Int64N(4), r.Int64N(4), r.Int64N(4)
		cfg.PacketCost, cfg.DPCCost = r.Int64N(8), r.Int64N(8)
	}
	capture := of.capture(r)
	if seed%4 == 1 { // addresses tell what is sent
		capture.local, capture.says = "192.0.2.0/31,2001:db8::/127", false
	}
	arrivals := make([]int64, len(capture.recs))
	for i := range capture.recs {
		arrivals[i] = capture.recs[i].Time
	}
	arrivals, _, _ = plain.Arrivals(arrivals)
	span := arrivals[len(arrivals)-1]
	cfg.Interval = max(cfg.Interval, span/20+1)
	for i := range changes {
		table, kept := slices.Clone(cfg.Table), r.IntN(4)
		for e := range table {
			if r.IntN(4) >= kept {
				table[e] = uint16(r.IntN(cfg.Queues))
			}
		}
		cfg.Tables = append(cfg.Tables, engine.TableAt{Time: arrivals[(i+1)*len(arrivals)/(changes+1)] + r.Int64N(3), Table: table})
	}
	if seed%3 == 1 { // CPUs have several queues at once, or none, and queues move
		scatter := func() []int {
			cpus := make([]int, cfg.Queues)
			for q := range cpus {
				cpus[q] = r.IntN(len(cfg.CPUs))
			}
			return cpus
		}
		cfg.QueueCPU = scatter()
		for i := range r.IntN(4) {
			cfg.Affinities = append(cfg.Affinities, engine.AffinityAt{Time: arrivals[(i+1)*len(arrivals)/5] + r.Int64N(3), QueueCPU: scatter()})
		}
	}
	if len(cfg.Tables) == 0 || r.IntN(2) == 0 {
		every := 1 + span/(1+r.Int64N(10*int64(changes+1)))
		cfg.Rebalance = &rebalance.Options{Every: every, Max: every, Threshold: 0.01}
	}
	return unobserved(capture, cfg, s)
}
