package affinity

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestCounted compares words and rows with maps, on packets enough for their
// counts to overflow, with few CPUs and with many.
func TestCounted(t *testing.T) {
	for _, cpus := range []int{1, 2, fewCPUs, fewCPUs + 1, 40} {
		const flows = 5
		r := rand.New(rand.NewPCG(uint64(cpus), 16))
		w := NewCounted(cpus)
		w.Grow(flows)
		var packets [flows]map[int]uint64
		var last [flows]int
		var migrations [flows]uint64
		var taken [4]uint32
		var moved [len(taken)]int64
		for range 240_000 {
			cpu, took := r.IntN(1+r.IntN(cpus)), taken[:1+r.IntN(len(taken))]
			for i := range took {
				if took[i] = uint32(r.IntN(2 + r.IntN(flows-2))); r.IntN(50) == 0 {
					took[i] = NoFlow
				}
			}
			TookEach(w, took, cpu, moved[:])
			for i, flow := range took {
				want := int64(0)
				if flow != NoFlow {
					if packets[flow] == nil {
						packets[flow] = map[int]uint64{}
					} else if last[flow] != cpu {
						want = 1
						migrations[flow]++
					}
					packets[flow][cpu]++
					last[flow] = cpu
				}
				if moved[i] != want {
					t.Fatalf("%d CPUs, flow %d: it moved %d times, want %d", cpus, flow, moved[i], want)
				}
			}
			if was := w.Took(NoFlow, cpu); was != 0 {
				t.Fatalf("%d CPUs: a packet without a flow was taken by CPU %d before", cpus, was-1)
			}
			flow := uint32(r.IntN(flows))
			want := 0
			if packets[flow] == nil {
				packets[flow] = map[int]uint64{}
			} else if want = last[flow] + 1; last[flow] != cpu {
				migrations[flow]++
			}
			if was := w.Took(flow, cpu); was != want {
				t.Fatalf("%d CPUs, flow %d: taken by CPU %d before, want %d", cpus, flow, was-1, want-1)
			}
			packets[flow][cpu]++
			last[flow] = cpu
		}
		w.Enter()
		for flow := range flows {
			got, moved := w.AppendTo(nil, uint32(flow))
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

// TestTurns compares turns with maps, few packets and many between two of them, with few
// CPUs and with many.
func TestTurns(t *testing.T) {
	for _, cpus := range []int{1, 2, fewCPUs, fewCPUs + 1, 40} {
		const flows = 20
		r := rand.New(rand.NewPCG(uint64(cpus), 17))
		w := NewCounted(cpus)
		w.Grow(flows)
		for flow := range uint32(flows) {
			packets, migrations, on := make([]uint64, cpus), uint64(0), r.IntN(cpus+1) // and 1
			met := on > 0
			for range r.IntN(2000) {
				n, cpu := uint32(0), r.IntN(cpus)
				if on > 0 {
					n = r.Uint32N(1 << r.IntN(25))
					packets[on-1] += uint64(n)
				}
				if w.Turn(flow, on, n, cpu); met && on != cpu+1 {
					migrations++
				}
				on, met = cpu+1, true
			}
			if got := w.Last(flow); got != on && got != 0 {
				t.Errorf("%d CPUs, flow %d: last on CPU %d, want %d", cpus, flow, got-1, on-1)
			}
			got, moved := w.AppendTo(nil, flow)
			counted := make([]uint64, cpus)
			for _, on := range got {
				counted[on.CPU] = on.Packets
			}
			if !slices.Equal(counted, packets) || moved != migrations {
				t.Errorf("%d CPUs, flow %d: %d migrations and packets %v, want %d and %v", cpus, flow, moved, counted, migrations, packets)
			}
		}
	}
}

// A word's counts carry, and what they carry into overflows in turn.
func TestCountedCarries(t *testing.T) {
	w := NewCounted(2)
	w.Grow(1)
	const packets = 1<<(wordPackets+16) + 70
	for range packets {
		w.Took(0, 1)
	}
	w.Enter()
	got, moved := w.AppendTo(nil, 0)
	if len(got) != 1 || got[0] != (CPUPackets{CPU: 1, Packets: packets}) || moved != 0 {
		t.Errorf("%v, %d migrations, want %d packets on CPU 1 and none", got, moved, packets)
	}
}
