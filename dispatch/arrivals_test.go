package dispatch_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch"
)

// TestArrivals compares the windows with a count packet by packet: of any length that is
// asked for, there are at most as many as that, and each packet is in the one of its time.
func TestArrivals(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 52))
		cfg, steering := randomConfig(r)
		c := traffic{packets: 900, hosts: 8, sends: seed%2 == 0, homes: seed%4 > 1, scale: 2000}.capture(r)
		asked := dispatch.ArrivalWindows{Most: 1 + r.IntN(40), Interval: 1 + r.Int64N(1e6)}
		got := replay(t, c, dispatch.Options{Config: cfg, Steering: steering, Arrivals: asked}).Arrivals()
		if len(got.Windows) > asked.Most || got.Interval%asked.Interval != 0 {
			t.Fatalf("seed %d: asked for %+v, there are %d windows of %d ns", seed, asked, len(got.Windows), got.Interval)
		}
		packets, _, _, _ := plainPackets(c, steering)
		want := make([][]uint32, len(got.Windows))
		for _, p := range packets {
			if p.Sent {
				continue
			}
			at := &want[p.Time/got.Interval]
			if *at == nil {
				*at = make([]uint32, len(cfg.Table)+len(cfg.QueueCPU))
			}
			if p.Entry >= 0 {
				(*at)[p.Entry]++
			} else {
				(*at)[len(cfg.Table)+cfg.DefaultQueue]++
			}
		}
		if diff := cmp.Diff(want, got.Windows); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
