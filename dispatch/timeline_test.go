package dispatch

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
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

// TestClockRestarts are captures whose clock is set back, in s.
func TestClockRestarts(t *testing.T) {
	for _, test := range []struct {
		stamps, times         []int64
		regressions, restarts uint64
	}{
		{[]int64{10, 11, 12}, []int64{0, 1, 2}, 0, 0},
		{[]int64{10, 9, 12}, []int64{0, 0, 2}, 1, 0},                    // not more than 1 s
		{[]int64{10, 3, 12}, []int64{0, 0, 2}, 1, 0},                    // one alone
		{[]int64{10, 11, 3}, []int64{0, 1, 1}, 1, 0},                    // the last one
		{[]int64{10, 12, 3, 4, 6}, []int64{0, 2, 2, 3, 5}, 0, 1},        // a second piece
		{[]int64{10, 5, 6, 1, 2}, []int64{0, 0, 1, 1, 2}, 0, 2},         // and a third
		{[]int64{10, 5, 2, 3}, []int64{0, 0, 0, 1}, 0, 2},               // pieces of one packet
		{[]int64{10, 5, 9, 4, 12, 13}, []int64{0, 0, 0, 0, 2, 3}, 3, 0}, // 9 is not that far back
		{[]int64{10, 3, 4, 20, 21}, []int64{0, 0, 1, 17, 18}, 0, 1},     // set forward again
	} {
		var l timeline
		var times []int64
		for i, stamp := range test.stamps {
			l.arrive(stamp*1e9, int64(i)+1)
			times = append(times, l.now/1e9)
		}
		if !slices.Equal(times, test.times) || l.regressions != test.regressions || l.restarts != test.restarts {
			t.Errorf("%d: at %d, %d steps back, %d new pieces; want %d, %d and %d", test.stamps, times, l.regressions, l.restarts,
				test.times, test.regressions, test.restarts)
		}
	}
}

// A range goes by the time at which packets arrive: neither what stepped back nor the
// first packet of a new piece is lost between two ranges.
func TestRangeGoesByArrival(t *testing.T) {
	for _, test := range []struct {
		stamps                []int64 // s
		from, to              int64
		times                 []int64 // of those in the range
		regressions, restarts uint64  // likewise
	}{
		{[]int64{10, 11, 14, 15}, 1, 5, []int64{0, 3}, 0, 0},
		{[]int64{10, 9, 12}, 0, 5, []int64{0, 0, 2}, 1, 0},             // before the first
		{[]int64{10, 14, 12, 16}, 3, 0, []int64{0, 0, 2}, 1, 0},        // one alone
		{[]int64{10, 14, 12, 16}, 0, 3, []int64{0}, 0, 0},              // which comes after 14
		{[]int64{10, 14, 3, 4, 6}, 3, 0, []int64{0, 0, 1, 3}, 0, 1},    // a second piece
		{[]int64{10, 12, 3, 4, 6}, 2, 4, []int64{0, 0, 1}, 0, 1},       // which ends outside
		{[]int64{10, 12, 3, 4, 6}, 3, 0, []int64{0, 2}, 0, 0},          // and begins there
		{[]int64{10, 14, 3, 4, 6, 1, 2}, 6, 0, []int64{0, 0, 1}, 0, 1}, // and a third
	} {
		l := timeline{from: test.from * 1e9, to: test.to * 1e9}
		var times []int64
		for i, stamp := range test.stamps {
			if l.arrive(stamp*1e9, int64(i)+1) {
				times = append(times, l.now/1e9)
			}
		}
		if !slices.Equal(times, test.times) || int(l.outside) != len(test.stamps)-len(times) ||
			l.regressions != test.regressions || l.restarts != test.restarts {
			t.Errorf("%d from %d to %d: at %d, %d outside, %d steps back, %d new pieces; want %d, %d and %d", test.stamps, test.from, test.to,
				times, l.outside, l.regressions, l.restarts, test.times, test.regressions, test.restarts)
		}
	}
}
