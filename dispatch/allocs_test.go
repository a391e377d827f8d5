package dispatch_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// TestNoAllocsPerPacket: ten times the packets of the same flows take as many
// allocations, but for what grows with the logarithm of something.
func TestNoAllocsPerPacket(t *testing.T) {
	const few, many, flows = 20_000, 200_000, 300
	// What may differ: batches in flight, which are at most 12 and each with its
	// list of sends; doublings of the series, the buffers of queues, histograms.
	const most = 200
	r := rand.New(rand.NewPCG(1, 6))
	server := end{netip.MustParseAddr("192.0.2.1"), 80}
	var received, sent [flows][]byte
	for i := range received {
		client := end{netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), uint16(1024 + i)}
		received[i] = frame(client, server, pcaps.ProtoTCP, netip.Addr{})
		sent[i] = frame(server, client, pcaps.ProtoTCP, netip.Addr{})
	}
	c := &records{says: true}
	now := int64(1_700_000_000_000_000_000)
	for i := range many {
		// Mostly bursts that fill a ring now and then.
		if now += r.Int64N(200); r.IntN(512) == 0 {
			now += 200_000
		}
		flow := i % flows // each is met in the first packets
		rec := pcaps.Record{Time: now, Wire: 66, Link: pcaps.LinkEthernet, Queue: -1, Data: received[flow]}
		if i >= flows && r.IntN(8) == 0 {
			rec.Direction, rec.Data = pcaps.Outbound, sent[flow]
		}
		c.recs = append(c.recs, rec)
	}
	drains := []engine.Drain{engine.Snapshot, engine.Poll}
	if testing.Short() {
		drains = drains[:1]
	}
	for _, drain := range drains {
		cfg, s := defaultConfig(8)
		cfg.Drain, cfg.RxRing, cfg.Interval = drain, 16, 1_000_000
		for _, mode := range allModes {
			allocs := func(packets int) float64 {
				capture := &records{recs: c.recs[:packets], says: true}
				var drops uint64
				n := testing.AllocsPerRun(1, func() {
					result := replay(t, capture, dispatch.Options{Config: cfg, Steering: s, Modes: []engine.Mode{mode}})
					for _, q := range result.Modes[0].Queues {
						drops += q.Drops
					}
				})
				if drops == 0 {
					t.Errorf("%v, drain %v: no drops among %d packets: the case shows too little", mode, drain, packets)
				}
				return n
			}
			a, b := allocs(few), allocs(many)
			t.Logf("%v, drain %v: %.0f allocations for %d packets, %.0f for %d", mode, drain, a, few, b, many)
			if b-a > most {
				t.Errorf("%v, drain %v: %d packets more take %.0f allocations more, want at most %d", mode, drain, many-few, b-a, most)
			}
		}
	}
}

// TestNoAllocsToDecide: what tells a packet's entry allocates nothing.
func TestNoAllocsToDecide(t *testing.T) {
	cfg, _ := defaultConfig(8)
	s := steering(t, cfg, hash.DefaultTypes)
	rec := toward(t, s, 17, 0)
	var h pcaps.Header
	var ext pcaps.Extension
	if n := testing.AllocsPerRun(100, func() {
		walk.Walk(&rec, &h, &ext)
		if s.Decide(&h, &ext).Entry != 17 {
			t.Error("another entry")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
