package plain

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestBurst(t *testing.T) {
	tests := []struct {
		arrivals []int64
		window   int64
		want     uint64
	}{
		{nil, 50, 0},
		{[]int64{7}, 50, 1},
		{[]int64{0, 50}, 50, 1}, // before t + 50, not at it
		{[]int64{0, 49}, 50, 2},
		{[]int64{0, 30, 60, 79, 80}, 50, 3}, // from 30: 30, 60, 79
		{[]int64{3, 3, 3}, 1, 3},
	}
	for _, test := range tests {
		if got := burst(test.arrivals, test.window); got != test.want {
			t.Errorf("%v within %d: %d, want %d", test.arrivals, test.window, got, test.want)
		}
	}
	// Every window there is, whether or not it begins with an arrival.
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 4))
		arrivals := make([]int64, r.IntN(30))
		for i := range arrivals {
			arrivals[i] = r.Int64N(100)
		}
		slices.Sort(arrivals)
		window := 1 + r.Int64N(40)
		want := uint64(0)
		for from := int64(-50); from < 100; from++ {
			n := uint64(0)
			for _, time := range arrivals {
				if time >= from && time < from+window {
					n++
				}
			}
			want = max(want, n)
		}
		if got := burst(arrivals, window); got != want {
			t.Fatalf("seed %d: %d within %d ns, want %d", seed, got, window, want)
		}
	}
}

// A ring of 1 drops p1 and p2, which count in the burst; p3 is 50 µs after p0.
func TestBurstOfDropped(t *testing.T) {
	cfg := testConfig()
	cfg.RxRing = 1
	packets := []Packet{rx(0, 0), rx(1, 0), rx(2, 0), rx(50_000, 0)}
	q := Run(Setup{Config: cfg, Packets: packets, Flows: 1}).Counters.Queues[0]
	if q.Drops != 2 || q.Burst50us != 3 || q.Burst500us != 4 {
		t.Errorf("%+v", q)
	}
}
