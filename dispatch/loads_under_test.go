package dispatch_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

func randomKey(r *rand.Rand) hash.Key {
	key := make(hash.Key, 40)
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	return key
}

// otherWay is a random way of steering for the same queues.
func otherWay(t *testing.T, r *rand.Rand, cfg *engine.Config, rules nicmodel.Rules, types hash.Types) *nicmodel.Steering {
	t.Helper()
	config := nicmodel.SteeringConfig{ // the key is as long as the longest input asks, with the protocol before the addresses
		HashTypes: types, Key: append(randomKey(r), 0x6d, 0x5a), Transform: hash.Transform(r.IntN(hash.NumTransforms)),
		Modulo: r.IntN(3) == 0, DefaultQueue: r.IntN(cfg.Queues), QueueCPU: cfg.QueueCPU, Rules: rules,
	}
	size := 1 << r.IntN(9)
	if config.Modulo {
		size = 1 + r.IntN(300)
	}
	for range size {
		config.Table = append(config.Table, uint16(r.IntN(cfg.Queues)))
	}
	s, err := nicmodel.NewSteering(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// replayedLoads is what a replay under the steering counts.
func replayedLoads(r *dispatch.Result) dispatch.Loads {
	l := dispatch.Loads{Entries: r.Entries}
	l.Unhashed.Packets, l.Unhashed.Bytes = r.Received, r.Bytes-r.SentBytes
	for _, e := range r.Entries {
		l.Unhashed.Packets -= e.Packets
		l.Unhashed.Bytes -= e.Bytes
	}
	unhashed := r.OnEntry(func(entry int) bool { return entry < 0 })
	for id := range uint32(r.NumFlows) {
		if unhashed(id) {
			l.Unhashed.Flows++
		}
	}
	return l
}

// TestLoadsUnderEqualsReplay compares what the flows of one replay tell of another
// way of steering with a replay under it.
func TestLoadsUnderEqualsReplay(t *testing.T) {
	without := hash.TypesOf(hash.IPv4, hash.TCPIPv4, hash.UDPIPv4, hash.IPv6, hash.TCPIPv6, hash.UDPIPv6)
	rules := nicmodel.Rules{AddressesOnly: pcaps.Extended}
	cases := uint64(40)
	if testing.Short() {
		cases = 10
	}
	var varied int
	for seed := range cases {
		r := rand.New(rand.NewPCG(seed, 21))
		cfg, _ := randomConfig(r)
		c := traffic{packets: 1200, hosts: 8, sends: seed%2 == 0, homes: seed%4 > 1, scale: 2000}.capture(r)
		var of nicmodel.Rules
		types := [2]hash.Types{hash.Types(r.Uint32()) & without, hash.Types(r.Uint32()) & without}
		if seed%4 == 3 { // a rule that is seen to act
			of, types[0] = rules, without
		}
		from := otherWay(t, r, cfg, of, types[0])
		to := otherWay(t, r, cfg, of, types[1])
		want := replay(t, c, dispatch.Options{Config: configOf(cfg, to), Steering: to})
		got := replay(t, c, dispatch.Options{Config: configOf(cfg, from), Steering: from})
		for id := range uint32(got.NumFlows) {
			if got.Flow(id).Varies {
				varied++
			}
		}
		if diff := difference(withMoved(replayedLoads(want), c, cfg, from, to), got.LoadsUnder(to)); diff != "" {
			t.Fatalf("seed %d (-replayed +resteered):\n%s", seed, diff)
		}
	}
	if varied == 0 {
		t.Error("no flow varied: the captures show too little")
	}
}

// withMoved adds what goes to another CPU, packet by packet.
func withMoved(l dispatch.Loads, c *records, cfg *engine.Config, from, to *nicmodel.Steering) dispatch.Loads {
	packets, _, _, _ := plainPackets(c, from)
	flows := map[int]bool{}
	for i, p := range packets {
		if p.Sent {
			continue
		}
		var h pcaps.Header
		var ext pcaps.Extension
		walk.Walk(&c.recs[i], &h, &ext)
		if from.CPU(from.Decide(&h, &ext).Queue) == to.CPU(to.Decide(&h, &ext).Queue) {
			continue
		}
		l.Moved.Packets++
		l.Moved.Bytes += uint64(p.Length)
		if p.Flow >= 0 && !flows[p.Flow] {
			flows[p.Flow] = true
			l.Moved.Flows++
		}
	}
	return l
}

func configOf(cfg *engine.Config, s *nicmodel.Steering) *engine.Config {
	of := *cfg
	of.Table, of.DefaultQueue = s.Config().Table, s.Config().DefaultQueue
	return &of
}

// TestLoadsUnderTable: a table alone is exact, whatever the packets are hashed on.
func TestLoadsUnderTable(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 22))
		cfg, _ := randomConfig(r)
		c := traffic{packets: 1000, hosts: 6, homes: true, scale: 2000}.capture(r)
		types := hash.TypesOf(hash.TCPIPv4, hash.TCPIPv6Ex, hash.UDPIPv6Ex, hash.IPv6Ex)
		from := otherWay(t, r, cfg, nicmodel.Rules{}, types)
		config := from.Config()
		config.Table, config.Modulo = nicmodel.IndirectionTable{0, 0, 0, 0, 0, 0, 0}, true
		to, err := nicmodel.NewSteering(config)
		if err != nil {
			t.Fatal(err)
		}
		want := replay(t, c, dispatch.Options{Config: configOf(cfg, to), Steering: to})
		got := replay(t, c, dispatch.Options{Config: configOf(cfg, from), Steering: from})
		if diff := difference(withMoved(replayedLoads(want), c, cfg, from, to), got.LoadsUnder(to)); diff != "" {
			t.Fatalf("seed %d (-replayed +resteered):\n%s", seed, diff)
		}
	}
}

// TestLoadsUnderAssumes: home addresses are not kept with the flows, so that under
// another key packets that have them are counted as assumed.
func TestLoadsUnderAssumes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 23))
	cfg, _ := randomConfig(r)
	c := traffic{packets: 1000, hosts: 6, homes: true, scale: 2000}.capture(r)
	types := hash.TypesOf(hash.TCPIPv4, hash.TCPIPv6Ex, hash.UDPIPv6Ex, hash.IPv6Ex)
	from, to := otherWay(t, r, cfg, nicmodel.Rules{}, types), otherWay(t, r, cfg, nicmodel.Rules{}, types)
	got := replay(t, c, dispatch.Options{Config: configOf(cfg, from), Steering: from})
	homes := uint64(0)
	for i := range c.recs {
		var h pcaps.Header
		var ext pcaps.Extension
		if walk.Walk(&c.recs[i], &h, &ext); h.Facts&pcaps.HomeAddress != 0 {
			homes++
		}
	}
	if l := got.LoadsUnder(to); l.Assumed < homes || homes == 0 {
		t.Errorf("%d packets have a home address, %d are said to be assumed", homes, l.Assumed)
	}
	rules := to.Config()
	rules.Rules.NoHash = pcaps.Extended
	to, err := nicmodel.NewSteering(rules)
	if err != nil {
		t.Fatal(err)
	}
	if l := got.LoadsUnder(to); l.Assumed == 0 {
		t.Error("the other way has a rule that the flows can't show, and nothing is said to be assumed")
	}
}

func TestLoadsQueues(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 24))
	for range 20 {
		cfg, s := randomConfig(r)
		c := traffic{packets: 500, hosts: 6, scale: 2000}.capture(r)
		got := replay(t, c, dispatch.Options{Config: cfg, Steering: s, Modes: []engine.Mode{engine.RSSMSIX}})
		loads := got.LoadsUnder(s)
		for q, load := range loads.Queues(s) {
			if want := got.Modes[0].Queues[q]; load.Packets != want.Packets || load.Bytes != want.Bytes {
				t.Fatalf("queue %d: %d packets of %d bytes, the replay steered %d of %d to it", q, load.Packets, load.Bytes, want.Packets, want.Bytes)
			}
		}
	}
}

func ipv4(number uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, number)))
}

func BenchmarkLoadsUnder(b *testing.B) {
	for _, flows := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			cfg, s := defaultConfig(8)
			r := rand.New(rand.NewPCG(1, 25))
			c := &records{}
			for i := range flows {
				src := end{port: uint16(r.Uint32())}
				src.addr = ipv4(r.Uint32())
				dst := end{ipv4(r.Uint32() % 256), 443}
				c.recs = append(c.recs, pcaps.Record{Time: int64(i), Wire: 100, Link: pcaps.LinkEthernet, Queue: -1, Data: frame(src, dst, pcaps.ProtoTCP, netip.Addr{})})
			}
			result := replay(b, c, dispatch.Options{Config: cfg, Steering: s})
			config := s.Config()
			config.Key = randomKey(r)
			other, err := nicmodel.NewSteering(config)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				result.LoadsUnder(other)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(flows), "ns/flow")
		})
	}
}
