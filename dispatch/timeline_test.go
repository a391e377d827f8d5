package dispatch

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"rssreplay/pcaps"
)

// TestArriveAll compares arriveAll with arrive, chunk by chunk, on timestamps that
// go back, leap, and lie at the ends of what they can be.
func TestArriveAll(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 31))
		now := []int64{0, 1_700_000_000_000_000_000, -5, math.MinInt64, math.MaxInt64 - 1000, r.Int64()}[r.IntN(6)]
		var all, each timeline
		if r.IntN(2) == 0 {
			all.scale, each.scale = Scale{3, 3}, Scale{3, 3}
		}
		if !all.all() {
			t.Fatal("left out or scaled")
		}
		var recs [chunkPackets]pcaps.Record
		var times [chunkPackets]int64
		odd := r.IntN(3) // none, some, many
		frames := int64(0)
		for range 5 {
			n := r.IntN(chunkPackets + 1)
			for i := range n {
				stamp := now
				switch {
				case r.IntN(100) >= odd*odd*20:
					now += r.Int64N(1000) // may wrap
					stamp = now
				case r.IntN(2) == 0:
					stamp -= r.Int64N(5000)
				default:
					stamp = []int64{math.MinInt64, math.MaxInt64, -1, 0, r.Int64(), -r.Int64()}[r.IntN(6)]
				}
				recs[i].Time = stamp
			}
			all.arriveAll(recs[:n], &times, frames)
			for i := range n {
				if !each.arrive(recs[i].Time, frames+int64(i)+1) || times[i] != each.scaled {
					t.Fatalf("seed %d, packet %d at %d: %d, want %d", seed, i, recs[i].Time, times[i], each.scaled)
				}
			}
			if !reflect.DeepEqual(all, each) {
				t.Fatalf("seed %d:\n%+v, want\n%+v", seed, all, each)
			}
			frames += int64(n)
		}
	}
}
