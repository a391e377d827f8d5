package plain

import (
	"math/rand/v2"
	"testing"

	"rssreplay/dispatch/engine"
)

// late counts by the definition: each pair of a flow's indicated packets.
func late(packets []Packet, indicated []indication) uint64 {
	n := uint64(0)
	for p, in := range indicated {
		for q := p + 1; q < len(packets); q++ {
			if packets[p].Flow != none && packets[p].Flow == packets[q].Flow && in.cpu != none &&
				indicated[q].cpu != none && in.end > indicated[q].end {
				n++
				break
			}
		}
	}
	return n
}

func TestReordered(t *testing.T) {
	at := func(ends ...int64) []indication {
		var all []indication
		for _, end := range ends {
			in := indication{end: end}
			if end < 0 {
				in.cpu = none
			}
			all = append(all, in)
		}
		return all
	}
	tests := []struct {
		name      string
		flows     []int
		indicated []indication
		want      uint64
	}{
		{"in order", []int{0, 0, 0}, at(1, 2, 3), 0},
		{"at one instant", []int{0, 0}, at(5, 5), 0},
		{"one overtakes two: both are late, once each", []int{0, 0, 0}, at(4, 5, 3), 2},
		{"late behind two", []int{0, 0, 0}, at(9, 1, 2), 1},
		{"flows apart", []int{0, 1}, at(9, 1), 0},
		{"no flow", []int{none, none}, at(9, 1), 0},
		{"what was dropped overtakes none", []int{0, 0}, at(9, -1), 0},
		{"what was dropped is not late", []int{0, 0, 0}, at(-1, 1, 2), 0},
	}
	for _, test := range tests {
		e := newMachine(Setup{Config: testConfig(), Mode: engine.RSSMSIX, Packets: make([]Packet, len(test.flows))})
		for p, flow := range test.flows {
			e.packets[p].Flow = flow
		}
		e.indicated = test.indicated
		if got := e.reordered(); got != test.want || late(e.packets, e.indicated) != test.want {
			t.Errorf("%s: %d, by pairs %d, want %d", test.name, got, late(e.packets, e.indicated), test.want)
		}
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		e := newMachine(Setup{Config: testConfig(), Mode: engine.RSSMSIX, Packets: make([]Packet, r.IntN(60))})
		for p := range e.packets {
			e.packets[p].Flow = r.IntN(4) - 1
			e.indicated[p] = indication{cpu: r.IntN(3) - 1, end: r.Int64N(50)}
		}
		if got, want := e.reordered(), late(e.packets, e.indicated); got != want {
			t.Fatalf("seed %d: %d reordered, by pairs %d", seed, got, want)
		}
	}
}

// Two packets of a flow whose entry changed in between: p0 waits behind a long
// share on CPU 0 and ends at 360, p3 on the idle CPU 1 at 171.
func TestReorderedAcrossCPUs(t *testing.T) {
	moved := rx(11, 1)
	moved.Flow = 2
	slow := rx(10, 0)
	slow.Flow = 2
	_, e := timeline(t, testConfig(), engine.RSSMSIX, []Packet{rx(0, 0), rx(1, 0), slow, moved})
	if got := e.counters().Reordered; got != 1 {
		t.Errorf("%d reordered, want 1: %+v", got, e.indicated)
	}
}
