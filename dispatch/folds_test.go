package dispatch_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
)

// TestFolds compares folds with a count packet by packet: equal numbers of received
// packets, what each loads, its flows, and which of them other folds have, too.
func TestFolds(t *testing.T) {
	const n = dispatch.MaxFolds
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 51))
		cfg, steering := randomConfig(r)
		c := traffic{packets: 900 + r.IntN(9), hosts: 8, sends: seed%2 == 0, homes: seed%4 > 1, scale: 2000}.capture(r)
		o := dispatch.Options{Config: cfg, Steering: steering}
		received := replay(t, c, o).Received
		o.Cut = dispatch.Cut{Folds: n, Received: received}
		got := replay(t, c, o)

		packets, _, _, _ := plainPackets(c, steering)
		want := make([]dispatch.Fold, n)
		flows := make([]map[int]uint64, n)
		for k := range want {
			want[k].Entries = make([]engine.EntryLoad, len(cfg.Table))
			flows[k] = map[int]uint64{}
		}
		seen := uint64(0)
		for _, p := range packets {
			if p.Sent {
				continue
			}
			k := int(seen * n / received)
			seen++
			fold := &want[k]
			fold.Packets++
			load := &fold.Unhashed
			if p.Entry >= 0 {
				load = &fold.Entries[p.Entry]
			}
			load.Packets++
			load.Bytes += uint64(p.Length)
			if p.Flow >= 0 {
				flows[k][p.Flow]++
			}
		}
		folds := got.Folds()
		for k := range want {
			want[k].Flows = uint64(len(flows[k]))
			want[k].Start, want[k].End = folds[k].Start, folds[k].End
			if k > 0 && folds[k].Start < folds[k-1].End {
				t.Errorf("seed %d: fold %d begins before the one before it ends", seed, k)
			}
			var known uint64
			for flow, n := range flows[k] {
				if flows[(k+1)%dispatch.MaxFolds][flow] > 0 || flows[(k+4)%dispatch.MaxFolds][flow] > 0 {
					known += n
				}
			}
			if of := got.Known(k, []int{(k + 1) % n, (k + 4) % n}); of != known {
				t.Errorf("seed %d: of fold %d %d packets are known, want %d", seed, k, of, known)
			}
		}
		if diff := cmp.Diff(want, folds); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
