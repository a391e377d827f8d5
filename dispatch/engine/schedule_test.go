package engine

import (
	"math/rand/v2"
	"testing"

	"rssreplay/nicmodel"
)

// TestSchedule compares the plan of batches with the list that it stands for,
// packet by packet.
func TestSchedule(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 15))
	for range 300 {
		cfg := nicmodel.Config{DMABatch: 1 + r.IntN(1+r.IntN(40)), DMATimeout: r.Int64N(1 + r.Int64N(4000))}
		plan, list := newSchedule(&cfg), nicmodel.NewDMAList(&cfg)
		gap := 1 + r.Int64N(1+r.Int64N(2000))
		now, first := int64(0), uint32(0)
		var waiting []int // indexes of the listed packets in the batch, negative before it
		for range 4 {
			var b Batch
			b.Reset(first)
			b.N = r.IntN(200)
			for i := range b.N {
				if r.IntN(3) > 0 {
					now += r.Int64N(gap)
				}
				b.Time[i] = now
			}
			for range 2 {
				if !plan.plan(&b, b.Time[:b.N], &list) {
					t.Fatal("the plan is not of the list that it was made with")
				}
			}
			published := make([]int64, b.N)
			begins := make([]bool, b.N+1)
			publish := func(at int64) {
				for _, i := range waiting {
					if i >= 0 {
						published[i] = at
					}
				}
				waiting = waiting[:0]
				list.Empty()
			}
			for i, at := range b.Time[:b.N] {
				if due, overdue := list.Overdue(at); overdue {
					publish(due)
				}
				begins[i] = list.Len() == 0
				waiting = append(waiting, i)
				if list.Add(0, at) {
					publish(at)
				}
			}
			begins[b.N] = true
			for i := range begins {
				if plan.head[i] != begins[i] {
					t.Fatalf("%+v: a list begins at packet %d of %d: %v, want %v", cfg, i, b.N, plan.head[i], begins[i])
				}
			}
			begin, open := b.N, b.N
			for i := range begins {
				if begins[i] {
					begin = i
					break
				}
			}
			if len(waiting) > 0 {
				open = max(begin, waiting[0])
			}
			if plan.begin != begin || plan.open != open {
				t.Fatalf("%+v: lists of packets %d to %d of %d, want %d to %d", cfg, plan.begin, plan.open, b.N, begin, open)
			}
			for i := begin; i < open; i++ {
				if plan.at[i] != published[i] {
					t.Fatalf("%+v: packet %d published at %d, want %d", cfg, i, plan.at[i], published[i])
				}
			}
			for k := range waiting {
				waiting[k] -= b.N
			}
			first += uint32(b.N) + 1
		}
		var other nicmodel.DMAList
		var b Batch
		b.Reset(first)
		if b.N = 1; plan.plan(&b, b.Time[:b.N], &list) && list.Len() > 0 && plan.plan(&b, b.Time[:b.N], &other) {
			t.Fatal("the plan of an open list is that of an empty one")
		}
	}
}
