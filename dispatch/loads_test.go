package dispatch_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// loads is what a replay says of hashes, decided packet by packet.
type loads struct {
	Unhashed  [nicmodel.NumUnhashed]uint64
	HashTypes [hash.NumTypes]uint64
	Entries   []engine.EntryLoad
	Varies    []bool    // per flow
	Met       [][]int32 // per flow: the entries that it met, ascending, -1: none
}

func countLoads(c *records, s *nicmodel.Steering, entries int) loads {
	packets, flows, _, _ := plainPackets(c, s)
	l := loads{Entries: make([]engine.EntryLoad, entries), Varies: make([]bool, len(flows)), Met: make([][]int32, len(flows))}
	type at struct {
		flow  int
		entry int32
	}
	met := map[at]bool{}
	first := map[int]nicmodel.Decision{}
	for i, p := range packets {
		if p.Sent {
			continue
		}
		var h pcaps.Header
		var ext pcaps.Extension
		walk.Walk(&c.recs[i], &h, &ext)
		d := s.Decide(&h, &ext)
		if d.Entry < 0 {
			l.Unhashed[d.Why]++
		} else {
			l.HashTypes[d.Type]++
			l.Entries[d.Entry].Packets++
			l.Entries[d.Entry].Bytes += uint64(p.Length)
		}
		if p.Flow < 0 {
			continue
		}
		if f, ok := first[p.Flow]; !ok {
			first[p.Flow] = d
		} else if f.Hash != d.Hash || f.Type != d.Type || f.Entry != d.Entry {
			l.Varies[p.Flow] = true
		}
		if !met[at{p.Flow, d.Entry}] {
			met[at{p.Flow, d.Entry}] = true
			l.Met[p.Flow] = append(l.Met[p.Flow], d.Entry)
			if d.Entry >= 0 {
				l.Entries[d.Entry].Flows++
			}
		}
	}
	for _, entries := range l.Met {
		slices.Sort(entries)
	}
	return l
}

// TestLoads compares what entries, hash types and reasons are said to have met
// with a count packet by packet, also where the packets of one flow meet several
// entries: home addresses under the hash types ending in _ex.
func TestLoads(t *testing.T) {
	cases := uint64(60)
	if testing.Short() {
		cases = 15
	}
	var varied, ex uint64
	for seed := range cases {
		r := rand.New(rand.NewPCG(seed, 12))
		cfg, _ := randomConfig(r)
		types := hash.TypesOf(hash.IPv4, hash.TCPIPv4, hash.TCPIPv6Ex, hash.UDPIPv6Ex, hash.IPv6Ex, hash.IPv6)
		if seed%3 == 0 {
			types = hash.TypesOf(hash.TCPIPv4, hash.TCPIPv6Ex, hash.UDPIPv6) // others are unhashed
		}
		s := steering(t, cfg, types)
		c := traffic{packets: 1500, hosts: 8, sends: seed%2 == 0, homes: true, scale: 2000}.capture(r)
		want := countLoads(c, s, len(cfg.Table))
		result := replay(t, c, dispatch.Options{Config: cfg, Steering: s, Modes: allModes})
		got := loads{Unhashed: result.Unhashed, HashTypes: result.HashTypes, Entries: result.Entries}
		for id := range uint32(result.NumFlows) {
			got.Varies = append(got.Varies, result.Flow(id).Varies)
			var met []int32
			for entry := int32(-1); entry < int32(len(cfg.Table)); entry++ {
				if result.OnEntry(func(e int) bool { return e == int(entry) })(id) {
					met = append(met, entry)
				}
			}
			got.Met = append(got.Met, met)
			if flow := result.Flow(id); !result.OnQueue(func(queue int) bool { return queue == flow.Queue })(id) {
				t.Fatalf("seed %d: flow %d is not on queue %d", seed, id, flow.Queue)
			}
			if got.Varies[id] {
				varied++
			}
		}
		if diff := difference(want, got); diff != "" {
			t.Fatalf("seed %d (-packet by packet +replay):\n%s", seed, diff)
		}
		ex += result.HashTypes[hash.TCPIPv6Ex] + result.HashTypes[hash.UDPIPv6Ex] + result.HashTypes[hash.IPv6Ex]
	}
	if varied == 0 || ex == 0 {
		t.Errorf("%d flows varied, %d packets of types ending in _ex: the captures show too little", varied, ex)
	}
}

// TestQueueOfFlowIsItsScenarios: scenarios whose packets meet the same entries share what is
// known of the flows, and each has its own queues.
func TestQueueOfFlowIsItsScenarios(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 13))
		cfg, _ := randomConfig(r)
		other := *cfg
		other.Table = slices.Clone(cfg.Table)
		for i := range other.Table {
			other.Table[i] = uint16(r.IntN(len(cfg.QueueCPU)))
		}
		other.DefaultQueue = r.IntN(len(cfg.QueueCPU))
		types := hash.TypesOf(hash.TCPIPv4) // all else is unhashed
		result := replay(t, traffic{packets: 500, hosts: 8, scale: 2000}.capture(r), dispatch.Options{
			Config: cfg, Steering: steering(t, cfg, types), Modes: allModes,
			More: []dispatch.Scenario{{Config: &other, Steering: steering(t, &other, types), Modes: allModes}},
		})
		for id := range uint32(result.NumFlows) {
			flow := result.More[0].Flow(id)
			want := other.DefaultQueue
			if flow.Entry >= 0 {
				want = int(other.Table[flow.Entry])
			}
			if flow.Queue != want || !result.More[0].OnQueue(func(queue int) bool { return queue == want })(id) {
				t.Fatalf("seed %d: flow %d with entry %d is on queue %d of the second scenario, want %d", seed, id, flow.Entry, flow.Queue, want)
			}
		}
	}
}
