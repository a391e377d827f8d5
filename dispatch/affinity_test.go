package dispatch

import (
	"math/rand/v2"
	"testing"
)

// TestTakesOutOfOrder: with a vector for each CPU the takes are told CPU after
// CPU. A connection's home is still the CPU of the first one in time, its last
// CPU that of the latest; at one instant the lowest CPU takes first.
func TestTakesOutOfOrder(t *testing.T) {
	type take struct {
		flow uint32
		at   int64
		cpu  int
	}
	tests := []struct {
		name       string
		takes      []take
		home, last int
	}{
		{"in order", []take{{0, 10, 1}, {0, 20, 2}, {1, 30, 3}}, 1, 3},
		{"a flow on two CPUs, the second told later", []take{{0, 90, 0}, {0, 50, 1}}, 1, 0},
		{"the other one", []take{{0, 50, 0}, {0, 90, 1}, {0, 60, 2}}, 0, 1},
		{"both directions", []take{{0, 90, 0}, {1, 50, 1}, {1, 95, 2}}, 1, 2},
		{"at one instant", []take{{0, 7, 2}, {0, 7, 1}, {1, 7, 3}}, 1, 3},
		{"at the first instant", []take{{0, 0, 1}, {0, 0, 0}}, 0, 1},
	}
	for _, test := range tests {
		var x takes
		x.flows.grow(2)
		if _, _, ok := x.connection(0, 1); ok {
			t.Errorf("%s: a home before any take", test.name)
		}
		for _, k := range test.takes {
			x.took(k.flow, k.at, k.cpu)
		}
		home, last, ok := x.connection(0, 1)
		if !ok || home != test.home || last != test.last {
			t.Errorf("%s: home %d, last %d, %v, want %d and %d", test.name, home, last, ok, test.home, test.last)
		}
		if same, latest, _ := x.connection(1, NoFlow, 0); same != home || latest != last {
			t.Errorf("%s: home %d, last %d with the flows the other way round", test.name, same, latest)
		}
	}
}

// TestWandering compares rows of 16-bit words with maps, on packets enough for
// words to overflow, with few CPUs and with many.
func TestWandering(t *testing.T) {
	for _, cpus := range []int{1, 2, fewCPUs, fewCPUs + 1, 40} {
		const flows = 5
		r := rand.New(rand.NewPCG(uint64(cpus), 16))
		w := newWandering(cpus)
		w.grow(flows)
		var packets [flows]map[int]uint64
		var last [flows]int
		var migrations [flows]uint64
		for range 600_000 {
			flow, cpu := r.IntN(2+r.IntN(flows-2)), r.IntN(1+r.IntN(cpus))
			if r.IntN(50) == 0 {
				w.note(NoFlow, cpu)
			}
			w.note(uint32(flow), cpu)
			if packets[flow] == nil {
				packets[flow] = map[int]uint64{}
			} else if last[flow] != cpu {
				migrations[flow]++
			}
			packets[flow][cpu]++
			last[flow] = cpu
		}
		w.enter()
		for flow := range flows {
			got, moved := w.appendTo(nil, uint32(flow))
			if moved != migrations[flow] || len(got) != len(packets[flow]) {
				t.Errorf("%d CPUs, flow %d: %d migrations, %d CPUs, want %d and %d", cpus, flow, moved, len(got), migrations[flow], len(packets[flow]))
			}
			for _, on := range got {
				if on.Packets != packets[flow][on.CPU] {
					t.Errorf("%d CPUs, flow %d: %d packets on CPU %d, want %d", cpus, flow, on.Packets, on.CPU, packets[flow][on.CPU])
				}
			}
		}
	}
}

// A word's counts carry, and what they carry into overflows in turn.
func TestWanderingCarries(t *testing.T) {
	w := newWandering(2)
	w.grow(1)
	const packets = 1<<(wordPackets+16) + 70
	for range packets {
		w.note(0, 1)
	}
	w.enter()
	got, moved := w.appendTo(nil, 0)
	if len(got) != 1 || got[0] != (CPUPackets{CPU: 1, Packets: packets}) || moved != 0 {
		t.Errorf("%v, %d migrations, want %d packets on CPU 1 and none", got, moved, packets)
	}
}
