package judge

import (
	"math/rand/v2"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// withContext is the NIC with a rule that leads UDP over IPv4 to an RSS context.
func withContext(t *testing.T, c nicmodel.SteeringConfig, context nicmodel.Context) nicmodel.SteeringConfig {
	t.Helper()
	rules, err := steer.New([]steer.Rule{{Location: 7, Kind: steer.UDP4, Action: steer.ToContext, Context: 1, Queue: 4}}, steer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.NTuple, c.Contexts = rules, map[int]nicmodel.Context{1: context}
	return c
}

// ruledCounters is the claim beside what the NIC that is the truth counts.
func ruledCounters(t *testing.T, groups []Group, claim, truth nicmodel.SteeringConfig) *Counters {
	t.Helper()
	c := &Counters{Claimed: steering(t, claim), Seen: make([]uint64, len(truth.QueueCPU)), Ruled: make([]uint64, len(claim.QueueCPU)), Unit: "packets"}
	taken := Taken{Led: make([]uint64, len(claim.QueueCPU))}
	is := steering(t, truth)
	for i := range groups {
		g := &groups[i]
		c.Seen[is.Decide(&g.Header, &g.Extension).Queue] += g.Load
		d := c.Claimed.Decide(&g.Header, &g.Extension)
		if d.Rule == 0 {
			c.Groups = append(c.Groups, *g)
			continue
		}
		taken.Groups = append(taken.Groups, *g)
		taken.Led[d.Queue] += g.Load
		c.Ruled[d.Queue] += g.Load
	}
	c.Taken = []Taken{taken}
	return c
}

// A context's table and key are judged as the main ones are: right ones are not doubted, and
// wrong ones are named if they are known ones, and never called right.
func TestContexts(t *testing.T) {
	runs := 6
	if testing.Short() {
		runs = 2
	}
	for run := range runs {
		random := rand.New(rand.NewPCG(uint64(run), 53))
		groups := traffic(random, 150, 30_000, false)
		if run%2 == 1 {
			for i := range groups {
				h := &groups[i].Header
				h.Protocol = pcaps.ProtoUDP ^ pcaps.ProtoTCP ^ h.Protocol
			}
		}
		main := nic(drawKey(random), 8)
		table := make(nicmodel.IndirectionTable, 64)
		for i := range table {
			main.Table[i], main.Table[64+i], table[i] = uint16(i%4), uint16(i%4), uint16(i%4)
		}
		key := drawKey(random)
		mellanox, err := hash.ParseKey("mellanox")
		if err != nil {
			t.Fatal(err)
		}
		claim := withContext(t, main, nicmodel.Context{Table: table, Key: key})
		three := make(nicmodel.IndirectionTable, 64)
		for i := range three {
			three[i] = uint16(i % 3)
		}
		for _, test := range []struct {
			name    string
			truth   nicmodel.SteeringConfig
			mention string // "": it is right; "?": nothing that is tried explains it
		}{
			{"right", claim, ""},
			{"the main key", withContext(t, main, nicmodel.Context{Table: table}), "in RSS context 1 the key is that of the main table"},
			{"a known key", withContext(t, main, nicmodel.Context{Table: table, Key: mellanox}), "in RSS context 1 the key is mellanox"},
			{"fewer queues", withContext(t, main, nicmodel.Context{Table: three, Key: key}), "in RSS context 1 the table is equal:3,start:4"},
			{"another key", withContext(t, main, nicmodel.Context{Table: table, Key: drawKey(random)}), "?"},
			{"another main key", withContext(t, nicmodel.SteeringConfig{HashTypes: main.HashTypes, Key: drawKey(random), Table: main.Table, QueueCPU: main.QueueCPU}, nicmodel.Context{Table: table, Key: key}), "?"},
			{"no rule", main, "rule 7 takes nothing, and its packets go by the table"},
		} {
			c := ruledCounters(t, groups, claim, test.truth)
			noisy := *c
			noisy.Seen = append([]uint64(nil), c.Seen...)
			for q := range noisy.Seen {
				noisy.Seen[q] += noisy.Seen[q] * (40 + random.Uint64N(4)) / 1000
			}
			for i, c := range []*Counters{c, &noisy} {
				j := c.Judge()
				switch {
				case test.mention == "":
					if j.Verdict != Agrees {
						t.Errorf("run %d, %s: verdict %d, why %d, %+v", run, test.name, j.Verdict, j.Why, j.Explanations)
					}
				case j.Verdict == Agrees:
					t.Errorf("run %d, %s: it agrees, fit %+v", run, test.name, j.Fit)
				case test.mention == "?":
					if len(j.Explanations) > 0 {
						t.Errorf("run %d, %s: explained by %q", run, test.name, j.Explanations[0].Summary)
					}
				case i == 1 && len(j.Explanations) == 0: // nor what is not sure
				case len(j.Explanations) == 0 || !strings.Contains(j.Explanations[0].Summary, test.mention):
					t.Errorf("run %d, %s: verdict %d, why %d, %+v, fit %+v", run, test.name, j.Verdict, j.Why, j.Explanations, j.Fit)
				}
			}
		}
	}
}

// A rule that takes one flow, and is not there, is named though counters have noise; and how
// often the flow would fit as well by chance.
func TestRuleOfOneFlowGone(t *testing.T) {
	for run := range uint64(4) {
		random := rand.New(rand.NewPCG(run, 91))
		groups := traffic(random, 600, 30000, false)
		for i := range groups {
			groups[i].Header.Protocol = pcaps.ProtoTCP
		}
		groups[5].Header.Protocol, groups[5].Load = pcaps.ProtoUDP, 9000
		main := nic(drawKey(random), 24)
		rules, err := steer.New([]steer.Rule{{Location: 7, Kind: steer.UDP4, Action: steer.ToQueue, Queue: 3}}, steer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		claim := main
		claim.NTuple = rules
		c := ruledCounters(t, groups, claim, main)
		for q := range c.Seen {
			c.Seen[q] += c.Seen[q] * random.Uint64N(6) / 1000
		}
		if c.Seen[3] > 9000 {
			continue // the table leads there, too
		}
		j := c.Judge()
		if j.Verdict != Differs || len(j.Explanations) != 1 || !strings.Contains(j.Explanations[0].Summary, "rule 7 takes nothing") || !strings.Contains(j.Explanations[0].Summary, "may be chance") {
			t.Errorf("run %d: verdict %d, why %d, %+v, fit %+v", run, j.Verdict, j.Why, j.Explanations, j.Fit)
		}
	}
}
