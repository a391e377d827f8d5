package plain

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
)

// ruled is a packet that a rule sends to a queue.
func ruled(time int64, entry, queue int) Packet {
	p := rx(time, entry)
	p.Decision, p.Queue = ToQueue, queue
	return p
}

// dropped is one that a rule drops.
func dropped(time int64, entry int) Packet {
	p := rx(time, entry)
	p.Decision = ToDrop
	return p
}

// A rule that drops does so in every mode: the packet takes no buffer, is in no
// queue, burst or depth, but its arrival is the last event. One that names a
// queue has its say where the table would: p0's entry is queue 0, the rule says 1.
func TestRules(t *testing.T) {
	packets := []Packet{ruled(0, 0, 1), dropped(0, 0), dropped(1000, 0)}
	tests := map[engine.Mode]string{
		engine.RSSMSIX: `
0 arrive p0 q1, publish p0 v1, rule drops p1, raise v1
10 isr c1
30 isr ends c1, dpc c1, take p0 c1
160 indicate p0 c1, dpc ends c1, enable v1
1000 rule drops p2
`,
		engine.RSSHWQueues: `
0 arrive p0 q1, publish p0 v0, rule drops p1, raise v0
10 isr c0
30 isr ends c0
70 dpc c1, take p0 c1
200 indicate p0 c1, dpc ends c1, enable v0
1000 rule drops p2
`,
		engine.RSSSingleQueue: `
0 arrive p0 q0, publish p0 v0, rule drops p1, raise v0
10 isr c0
30 isr ends c0, dpc c0
65 dealt c0, dpc ends c0
105 dpc c1, take p0 c1
235 indicate p0 c1, dpc ends c1, enable v0
1000 rule drops p2
`,
		engine.NonRSS: `
0 arrive p0 q0, publish p0 v0, rule drops p1, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
160 indicate p0 c0, dpc ends c0, enable v0
1000 rule drops p2
`,
	}
	for mode, want := range tests {
		got, e := timeline(t, testConfig(), mode, packets)
		checkTimeline(t, got, want)
		c := e.counters()
		var queued, drops uint64
		for _, q := range c.Queues {
			queued += q.Burst500us
			drops += q.Drops
		}
		if e.ruleDrops != 2 || queued != 1 || drops != 0 || c.SimulatedTime != 1000 {
			t.Errorf("%v: %d dropped by rules: %+v", mode, e.ruleDrops, c)
		}
	}
}

// What a rule took is in no entry: a rebalancer's counts and the moved flows leave
// it out. Its queue still follows the affinity of its arrival.
func TestRulesTakeNoEntry(t *testing.T) {
	s := rebalanceSetup(ruled(0, 0, 0), dropped(0, 1), rx(0, 2), ruled(150, 3, 0), rx(300, 2))
	s.Affinities = []AffinityAt{{100, []int{1, 0}}}
	_, e := timelineOf(t, s)
	if diff := cmp.Diff([]uint64{0, 0, 1, 0}, e.balancer.told[0].Packets); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if e.steered[0] != 0 || e.steered[1] != none || e.steered[3] != 1 {
		t.Errorf("steered to %v", e.steered)
	}
	if got := e.moved([]uint64{1, 1, 0, 1}); got != (Moved{Moves: 3}) {
		t.Errorf("%+v, but no packet took these entries", got)
	}
}

// A rule that says what the table says changes nothing but who decided; one that
// drops is as if the packet had not come, but for the time of the last event.
func TestRulesLikeTheTable(t *testing.T) {
	runs := uint64(200)
	if testing.Short() {
		runs = 40
	}
	for seed := range runs {
		s := randomSetup(seed, true)
		r := rand.New(rand.NewPCG(seed, 7))
		alike, fewer := s, s
		alike.Packets, fewer.Packets = nil, nil
		for _, p := range s.Packets {
			fewer.Packets = append(fewer.Packets, p)
			if !p.Sent && r.IntN(3) == 0 {
				p.Decision, p.Queue = ToQueue, s.Config.DefaultQueue
				if p.Entry != none {
					p.Queue = int(s.Config.Table[p.Entry])
				}
			}
			alike.Packets = append(alike.Packets, p)
			if r.IntN(4) == 0 {
				p = dropped(p.Time, none)
				alike.Packets = append(alike.Packets, p)
			}
		}
		for mode := range engine.Mode(engine.NumModes) {
			alike.Mode, fewer.Mode = mode, mode
			want, got := Run(fewer), Run(alike)
			got.RuleDrops = 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %v: (-by table +by rules):\n%s", seed, mode, diff)
			}
		}
	}
}
