package plain

import (
	"math/bits"
	"testing"
)

// maskOf spells a kernel's CPU mask out.
func maskOf(mask uint64) (cpus []int) {
	for m := mask; m != 0; m &= m - 1 {
		cpus = append(cpus, bits.TrailingZeros64(m))
	}
	return cpus
}

// Which CPU the kernel's formula chooses: hashes of the verification suite's first
// five TCP flows over IPv4, and edges.
func TestRPSCPU(t *testing.T) {
	masks := []uint64{0xf, 0xe, 0xff, 0xff00, 0xaa, 0x10001, 1<<48 - 1, 1}
	tests := []struct {
		hash uint32
		cpus [8]int
	}{
		{0x51ccc178, [8]int{1, 1, 2, 10, 3, 0, 15}},
		{0xc626b0ea, [8]int{3, 3, 6, 14, 7, 16, 37}},
		{0x5c2b394a, [8]int{1, 2, 2, 10, 3, 0, 17}},
		{0xafc7327f, [8]int{2, 3, 5, 13, 5, 16, 32}},
		{0x10e828a2, [8]int{0, 1, 0, 8, 1, 0, 3}},
		{0x00000001, [8]int{0, 1, 0, 8, 1, 0, 0}},
		{0x7fffffff, [8]int{1, 2, 3, 11, 3, 0, 23}},
		{0x80000000, [8]int{2, 2, 4, 12, 5, 16, 24}},
		{0x55555555, [8]int{1, 1, 2, 10, 3, 0, 15}},
		{0x55555556, [8]int{1, 2, 2, 10, 3, 0, 16}},
		{0xffffffff, [8]int{3, 3, 7, 15, 7, 16, 47}},
	}
	for _, test := range tests {
		for i, mask := range masks {
			e := newMachine(Setup{
				Config: testConfig(), Packets: []Packet{{RPSHash: test.hash}, {}},
				RPS: &RPS{CPUs: [][]int{maskOf(mask), nil}},
			})
			if cpu, steered := e.rpsCPU(buffer{packet: 0}); cpu != test.cpus[i] || !steered {
				t.Errorf("hash %#x, mask %x: CPU %d, %v; want %d", test.hash, mask, cpu, steered, test.cpus[i])
			}
			if _, steered := e.rpsCPU(buffer{packet: 0, queue: 1}); steered {
				t.Errorf("hash %#x: steered without a mask", test.hash)
			}
			if _, steered := e.rpsCPU(buffer{packet: 1}); steered {
				t.Errorf("mask %x: a hash of 0 is steered", mask)
			}
			cpus := e.setup.RPS.CPUs[0]
			for at, cpu := range cpus { // offline, which leaves the others' packets where they were
				cpus[at] = none
				if to, steered := e.rpsCPU(buffer{packet: 0}); steered != (cpu != test.cpus[i]) || steered && to != test.cpus[i] {
					t.Errorf("hash %#x, mask %x without CPU %d: CPU %d, %v; want %d", test.hash, mask, cpu, to, steered, test.cpus[i])
				}
				cpus[at] = cpu
			}
		}
	}
}
