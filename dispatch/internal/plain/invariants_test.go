package plain

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

// checkEnd fails unless a finished run kept the model's invariants: those that
// the engine watches (no raise while masked, no CPU with two pieces of work, no
// packet indicated twice, time never back), and that nothing was lost or left.
func checkEnd(t *testing.T, e *machine) {
	t.Helper()
	for _, broken := range e.broken {
		t.Error(broken)
	}
	for q, ring := range e.rings {
		if ring.packets != ring.indicated+ring.drops+ring.lost {
			t.Errorf("queue %d: %d packets, but %d indicated, %d dropped and %d lost in backlogs",
				q, ring.packets, ring.indicated, ring.drops, ring.lost)
		}
		if ring.inUse != 0 || ring.published != 0 {
			t.Errorf("queue %d: at the end %d buffers in use, %d not taken", q, ring.inUse, ring.published)
		}
	}
	var raised, ran uint64
	for v, vector := range e.vectors {
		raised += vector.raises
		if vector.masked || len(vector.queue) != 0 || vector.running != 0 {
			t.Errorf("vector %d: at the end masked %v, %d in its queue, %d DPCs", v, vector.masked, len(vector.queue), vector.running)
		}
	}
	for c, cpu := range e.cpus {
		ran += cpu.interrupts
		if cpu.working != "" {
			t.Errorf("CPU %d is still at %s at the end", c, cpu.working)
		}
		if cpu.turn != nil || len(cpu.list) != 0 || len(cpu.backlog) != 0 || cpu.scheduled {
			t.Errorf("CPU %d: at the end %+v", c, cpu.turns)
		}
	}
	if raised != ran {
		t.Errorf("%d raises, but %d ISRs", raised, ran)
	}
	if len(e.list) != 0 || len(e.pending) != 0 {
		t.Errorf("at the end %d in the list, %d pieces of work begun", len(e.list), len(e.pending))
	}
}

// randomConfig makes times and costs small and often 0 or alike, so that much
// falls on one instant.
func randomConfig(r *rand.Rand) *engine.Config {
	cpus := 1 + r.IntN(4)
	queues := 1 + r.IntN(5)
	some := func(most int64) int64 { return max(0, r.Int64N(2*most)-most) }
	cfg := &engine.Config{
		Config: nicmodel.Config{
			Queues: queues, RxRing: 1 + r.IntN(12), DMABatch: 1 + r.IntN(5), DMATimeout: some(30),
			ITR: some(200), RxUsecs: some(100), RxFrames: r.IntN(5),
		},
		DefaultQueue:     r.IntN(queues),
		InterruptLatency: some(20),
		ISRCost:          some(20),
		DPCCost:          some(30),
		PacketCost:       some(40),
		ByteCost:         some(100),
		IPILatency:       some(40),
		DistributeCost:   some(5),
		SendCost:         some(10),
		MigrationCost:    some(20),
		Drain:            engine.Drain(r.IntN(2)),
		DPCBudget:        int(some(6)),
		ISRCPU:           r.IntN(cpus+2) - 2,
		Interval:         1 + r.Int64N(50),
	}
	if cfg.RxUsecs == 0 {
		cfg.RxFrames = 1
	}
	for c := range cpus {
		cfg.CPUs = append(cfg.CPUs, 2*c)
	}
	for range queues {
		cfg.QueueCPU = append(cfg.QueueCPU, r.IntN(cpus))
	}
	for range 8 {
		cfg.Table = append(cfg.Table, uint16(r.IntN(queues)))
	}
	return cfg
}

// varied is the random flow whose packets do not all have one entry, as when only
// some of them carry a home address.
const varied = 11

// randomPackets has flows 0 to 11, two to a connection, in bursts. A flow's
// packets all have one entry, or all none, but with vary those of varied.
func randomPackets(r *rand.Rand, n int, vary bool) []Packet {
	entries := make([]int, 12)
	for f := range entries {
		entries[f] = r.IntN(9) - 1
	}
	gap := 1 + r.Int64N(60)
	var time int64
	packets := make([]Packet, n)
	for p := range packets {
		if r.IntN(3) > 0 {
			time += r.Int64N(gap)
		}
		f := r.IntN(len(entries)+1) - 1
		packets[p] = Packet{Time: time, Length: uint32(60 + r.IntN(1440)), Flow: f, Conn: none, Entry: none}
		if f != none {
			packets[p].Conn = f / 2
			packets[p].Entry = entries[f]
			if vary && f == varied {
				packets[p].Entry = r.IntN(9) - 1
			}
		}
		packets[p].Sent = r.IntN(8) == 0
	}
	return packets
}

// randomSetup is a run without a mode. A fixed one has one table and one affinity,
// and gives every packet of a flow the same entry.
func randomSetup(seed uint64, fixed bool) Setup {
	r := rand.New(rand.NewPCG(seed, 1))
	s := Setup{Config: randomConfig(r)}
	s.Packets = randomPackets(r, 1+r.IntN(150), !fixed && r.IntN(2) == 0)
	s.Flows = 12
	if r.IntN(2) == 0 {
		s.AddRPS(r)
		s.AddRPSHashes(r)
	}
	if fixed {
		return s
	}
	if r.IntN(2) == 0 {
		s.AddTables(r)
	}
	if r.IntN(2) == 0 {
		s.AddAffinities(r)
	}
	if r.IntN(2) == 0 {
		s.AddRebalance(r)
	}
	if r.IntN(2) == 0 {
		s.AddRules(r)
	}
	return s
}

func TestInvariants(t *testing.T) {
	runs := 600
	if testing.Short() {
		runs = 200
	}
	seen := make(map[string]int)
	for seed := range uint64(runs) {
		fixed := seed%2 == 0
		s := randomSetup(seed, fixed)
		if err := s.Config.Validate(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for s.Mode = range engine.Mode(engine.NumModes) {
			e := newMachine(s)
			type path struct{ flow, cpu int }
			lastOn := make(map[path]int) // last packet indicated
			e.trace = func(line string) {
				var time int64
				var p, cpu int
				if _, err := fmt.Sscanf(line, "%d indicate p%d c%d", &time, &p, &cpu); err == nil {
					on := path{s.Packets[p].Flow, cpu}
					if s.Mode == engine.NonRSS {
						on.cpu = none // in order on all CPUs together
					}
					// Steered packets may come by several queues: then only fixed runs keep order.
					ordered := fixed || !e.secondHop()
					if last, any := lastOn[on]; ordered && on.flow != none && any && last > p {
						t.Errorf("flow %d: packet %d is indicated after packet %d", on.flow, p, last)
					}
					lastOn[on] = p
					steered := e.steered[p]
					if e.secondHop() {
						queue := 0
						if s.Mode == engine.RSSMSIX {
							queue = e.queueOf[p]
						}
						if mask, h := s.RPS.CPUs[queue], s.Packets[p].RPSHash; len(mask) > 0 && h != 0 {
							want := mask[uint64(h)*uint64(len(mask))>>32]
							if want != none && want != cpu {
								t.Errorf("packet %d is indicated on CPU %d, its queue's mask gives it to %d", p, cpu, want)
							}
							if want != none {
								return
							}
						}
					}
					if s.Mode != engine.NonRSS && steered != cpu {
						t.Errorf("packet %d is indicated on CPU %d, it was steered to %d", p, cpu, steered)
					}
				}
			}
			e.run()
			checkEnd(t, e)
			checkCounters(t, e)
			c := e.counters()
			if fixed {
				checkFixed(t, e)
			}
			if t.Failed() {
				t.Fatalf("seed %d, %v, %d packets: %+v", seed, s.Mode, len(s.Packets), s.Config)
			}
			if c.Reordered > 0 {
				seen["packets reordered"]++
			}
			for i := range c.CPUs {
				if c.CPUs[i].MigratedPackets > 0 {
					seen["packets migrated"]++
				}
			}
			for q := range c.Queues {
				if c.Queues[q].Drops > 0 {
					seen["a queue with drops"]++
				}
			}
			if c.SendsJudged > c.SendMatches {
				seen["sends away from the last receive"]++
			}
			for i := range c.CPUs {
				if c.CPUs[i].BacklogDrops > 0 {
					seen["backlog drops"]++
				}
				if c.CPUs[i].IPIs > 0 {
					seen["IPIs"]++
				}
			}
			if e.ruleDrops > 0 {
				seen["rule drops"]++
			}
			if b := e.rebalanced(); b != nil && b.Moved.Moves > 0 {
				seen["moves"]++
			}
		}
	}
	// A generator that never fills a ring would check little.
	for _, what := range []string{"a queue with drops", "sends away from the last receive", "packets migrated", "packets reordered", "moves", "rule drops", "backlog drops", "IPIs"} {
		if seen[what] < runs/20 {
			t.Errorf("%s in %d of %d runs", what, seen[what], runs)
		}
	}
}

// checkFixed fails unless a run whose table and affinity stay kept flows where they
// are: no mode reorders then. Under RSS a flow has one CPU, and without it one
// vector is masked until its DPC ends.
func checkFixed(t *testing.T, e *machine) {
	t.Helper()
	if n := e.counters().Reordered; n > 0 {
		t.Errorf("%d packets reordered", n)
	}
	for _, f := range e.affinity(12) {
		if e.mode != engine.NonRSS && (len(f.Packets) > 1 || f.Migrations > 0) {
			t.Errorf("a flow migrated under RSS: %+v", f)
		}
	}
}

// checkCounters fails unless the counters agree with each other and the packets.
func checkCounters(t *testing.T, e *machine) {
	t.Helper()
	c := e.counters()
	var away, from, lost uint64
	var indicated, received, ruled, sent, steered, drops, windows, flows, inFlows uint64
	for p, packet := range e.packets {
		if packet.Sent {
			sent++
		} else {
			received++
			if packet.Decision == ToDrop {
				ruled++
			}
		}
		if packet.Flow != none && e.indicated[p].cpu != none {
			inFlows++
		}
	}
	perDPC := uint64(0)
	if c.SerialTime > c.SimulatedTime && !e.secondHop() {
		t.Errorf("one unit was busy for %d ns of %d", c.SerialTime, c.SimulatedTime)
	}
	for _, cpu := range c.CPUs {
		indicated += cpu.Packets
		sent -= cpu.SendPackets
		perDPC = max(perDPC, cpu.MaxPerDPC)
		if cpu.Packets > cpu.DPCs*cpu.MaxPerDPC {
			t.Errorf("%d packets in %d DPCs of at most %d", cpu.Packets, cpu.DPCs, cpu.MaxPerDPC)
		}
		if cpu.ISRTime != int64(cpu.Interrupts)*e.cfg.ISRCost {
			t.Errorf("ISR time %d in %d interrupts", cpu.ISRTime, cpu.Interrupts)
		}
		worked := cpu.ISRTime + cpu.DPCTime
		if e.secondHop() { // ISRs overlap turns
			worked = max(cpu.ISRTime, cpu.DPCTime)
		}
		if worked > c.SimulatedTime {
			t.Errorf("a CPU worked for %d ns of %d", worked, c.SimulatedTime)
		}
		away += cpu.SteeredAway
		from += cpu.FromBacklog
		lost += cpu.BacklogDrops
		if e.secondHop() && cpu.BacklogMax > uint64(e.setup.RPS.Backlog)+1 {
			t.Errorf("%d in a backlog of %d", cpu.BacklogMax, e.setup.RPS.Backlog)
		}
		if cpu.MigrationTime != int64(cpu.MigratedPackets)*e.cfg.MigrationCost || cpu.MigrationTime > cpu.DPCTime {
			t.Errorf("%d ns for %d migrated packets, of %d ns in DPCs", cpu.MigrationTime, cpu.MigratedPackets, cpu.DPCTime)
		}
		l := cpu.Latency
		if l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.P999 || l.P999 > l.Max || l.Max > l.Sum {
			t.Errorf("latencies do not rise: %+v", l)
		}
	}
	if budget := uint64(e.cfg.DPCBudget); budget > 0 && e.mode != engine.RSSSingleQueue && perDPC > budget {
		t.Errorf("a DPC indicated %d packets with a budget of %d", perDPC, budget)
	}
	for _, q := range c.Queues {
		steered += q.Packets
		drops += q.Drops
		if q.DepthMax > uint64(e.cfg.RxRing) {
			t.Errorf("depth %d of a ring of %d", q.DepthMax, e.cfg.RxRing)
		}
		if q.Burst50us > q.Burst500us || q.Burst500us > q.Packets || (q.Packets > 0) != (q.Burst50us > 0) {
			t.Errorf("bursts of %d and %d among %d packets", q.Burst50us, q.Burst500us, q.Packets)
		}
	}
	for _, cpu := range c.Windows.Packets {
		for _, n := range cpu {
			windows += n
		}
	}
	for _, f := range e.affinity(12) {
		last := none
		for _, on := range f.Packets {
			flows += on.Packets
			if on.CPU <= last || on.Packets == 0 {
				t.Errorf("a flow's CPUs do not rise, or one has no packets: %+v", f.Packets)
			}
			last = on.CPU
		}
	}
	if away != from+lost || !e.secondHop() && away != 0 {
		t.Errorf("%d packets steered away, but %d taken from backlogs and %d dropped there", away, from, lost)
	}
	if sent != 0 {
		t.Errorf("sent packets not counted on a CPU: %d", int64(sent))
	}
	if steered+ruled != received || e.ruleDrops != ruled || steered != indicated+drops+lost || windows != indicated || flows != inFlows {
		t.Errorf("received %d, dropped by rules %d, steered %d, indicated %d, dropped %d, in windows %d; of flows %d, in flows' CPUs %d",
			received, e.ruleDrops, steered, indicated, drops, windows, inFlows, flows)
	}
}
