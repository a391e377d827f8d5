package dispatch_test

import (
	"math/rand/v2"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps"
)

// TestWindows: a window holds the arrivals from its start to before its end, and
// the interval is doubled when the capture needs more than 10,000 of them.
func TestWindows(t *testing.T) {
	const interval = 1000
	tests := []struct {
		name     string
		last     int64 // arrival
		interval int64
		windows  int
	}{
		{"one", 999, 1000, 1},
		{"two", 1000, 1000, 2},
		{"10,000", 9_999_999, 1000, 10_000},
		{"one more", 10_000_000, 2000, 5001},
		{"twice as many", 19_999_999, 2000, 10_000},
		{"coarsened twice", 20_000_000, 4000, 5001},
		{"an odd number of windows at a leap", 3_000_000_000, 512_000, 5860},
	}
	cfg, s := stepConfig(t)
	cfg.Interval = interval
	for _, test := range tests {
		// Two at once at the start, one at the edge of the second window and one
		// just before it, an odd one, and the last.
		arrivals := []int64{0, 0, 999, 1000, 4500, test.last}
		if test.last < 5000 {
			arrivals = []int64{0, 0, test.last}
		}
		c := &records{}
		for _, at := range arrivals {
			c.recs = append(c.recs, toward(t, s, 0, at))
		}
		want := make([]uint64, test.windows)
		for _, at := range arrivals {
			want[at/test.interval]++
		}
		r := replay(t, c, dispatch.Options{Config: cfg, Steering: s, Modes: allModes})
		for i, mode := range allModes {
			got := r.Modes[i].Windows
			if got.Interval != test.interval || len(got.Packets[0]) != test.windows || len(got.Packets[1]) != test.windows {
				t.Errorf("%s: %v: %d windows of %d ns, want %d of %d", test.name, mode, len(got.Packets[0]), got.Interval, test.windows, test.interval)
				continue
			}
			// Without RSS the CPU is the ISR's, 1; both together are the same.
			sum := make([]uint64, test.windows)
			for _, cpu := range got.Packets {
				for w, n := range cpu {
					sum[w] += n
				}
			}
			if diff := difference(want, sum); diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", test.name, mode, diff)
			}
		}
	}
}

// TestWindowsOfCPUs: coarsened as often as it takes while several CPUs are at
// different times, each packet counts on its own CPU, in the window of its
// arrival.
func TestWindowsOfCPUs(t *testing.T) {
	cases := uint64(8)
	if testing.Short() {
		cases = 2
	}
	for seed := range cases {
		r := rand.New(rand.NewPCG(seed, 8))
		cfg, s := stepConfig(t)
		cfg.Interval = 1 + r.Int64N(4)
		templates := [2]pcaps.Record{toward(t, s, 0, 0), toward(t, s, 1, 0)}
		c := &records{}
		var times []int64
		for now, n := int64(0), 0; n < 600; n++ {
			times = append(times, now)
			rec := templates[r.IntN(2)]
			rec.Time = now
			c.recs = append(c.recs, rec)
			if now += r.Int64N(500); r.IntN(100) == 0 {
				now += r.Int64N(100_000)
			}
		}
		result, seen := watch(t, c, cfg, s, allModes)
		for i, mode := range allModes {
			// Dropped packets do not count; the last one indicated says how
			// coarse the windows are.
			var last int64
			for _, e := range seen[mode] {
				if e.Kind == engine.Indicate {
					last = max(last, times[e.Packet])
				}
			}
			interval := cfg.Interval
			for last/interval >= engine.MaxWindows {
				interval *= 2
			}
			want := engine.Windows{Interval: interval, Packets: make([][]uint64, 2)}
			for cpu := range want.Packets {
				want.Packets[cpu] = make([]uint64, last/interval+1)
			}
			for _, e := range seen[mode] {
				if e.Kind == engine.Indicate {
					want.Packets[e.CPU][times[e.Packet]/interval]++
				}
			}
			if interval == cfg.Interval {
				t.Errorf("seed %d: %v: nothing was coarsened", seed, mode)
			}
			if diff := difference(want, result.Modes[i].Windows); diff != "" {
				t.Errorf("seed %d: %v (-want +got):\n%s", seed, mode, diff)
			}
		}
	}
}
