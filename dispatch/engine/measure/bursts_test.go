package measure

import (
	"math/rand/v2"
	"testing"
)

// The greatest bursts are those that a search of every window finds, of random arrivals
// sparse and dense, and of more at one instant than are kept one by one.
func TestBursts(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		q := queueBursts{times: make([]int64, 64)}
		var times []int64
		now := int64(0)
		for range 3000 + int(seed)*100 {
			switch r.IntN(50) {
			case 0:
				now += r.Int64N(700_000)
			case 1:
				now += r.Int64N(50) * 1000
			default:
				now += r.Int64N(1 + int64(seed*seed*40))
			}
			n := 1
			if seed >= 20 && r.IntN(3000) == 0 {
				n = maxTimes + r.IntN(3*maxTimes)
			}
			for range n {
				times = append(times, now)
				q.arrive(now)
			}
		}
		q.look()
		most := func(window int64) (most uint64) {
			first := 0
			for i, at := range times {
				for at-times[first] >= window {
					first++
				}
				most = max(most, uint64(i-first+1))
			}
			return most
		}
		if Short, Long := most(shortBurst), most(longBurst); q.short != Short || q.long != Long {
			t.Errorf("seed %d: bursts of %d and %d, want %d and %d", seed, q.short, q.long, Short, Long)
		}
		if seed >= 20 && q.runs == nil && len(times) > 3*maxTimes {
			t.Errorf("seed %d: %d arrivals kept one by one", seed, len(times))
		}
		if q.runs != nil && len(q.runs.runs) > 1<<12 {
			t.Errorf("seed %d: room for %d runs", seed, len(q.runs.runs))
		}
	}
}

// Arrivals in runs, of any length, count as they do one by one.
func TestBurstsArriveAll(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		all, one := NewBursts(2, []uint16{0, 1}), NewBursts(2, []uint16{0, 1})
		now := int64(0)
		for range 200 {
			times, queue := make([]int64, r.IntN(70)), uint16(r.IntN(2))
			for i := range times {
				now += r.Int64N(1 + int64(seed*seed*40))
				times[i] = now
				one.Arrive(queue, now)
			}
			all.ArriveAll(queue, times)
		}
		all.Finish()
		one.Finish()
		for queue := range 2 {
			short, long := all.Most(queue)
			if wantShort, wantLong := one.Most(queue); short != wantShort || long != wantLong {
				t.Errorf("seed %d: bursts of %d and %d, want %d and %d", seed, short, long, wantShort, wantLong)
			}
		}
	}
}
