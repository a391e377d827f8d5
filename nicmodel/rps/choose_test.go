package rps

import "testing"

// What the kernel's formula chooses: hashes of the verification suite's first five TCP
// flows over IPv4, and edges.
func TestChoose(t *testing.T) {
	lengths := []int{4, 3, 8, 2, 48, 1}
	for _, test := range []struct {
		hash uint32
		want [6]int
	}{
		{0x51ccc178, [6]int{1, 0, 2, 0, 15, 0}},
		{0xc626b0ea, [6]int{3, 2, 6, 1, 37, 0}},
		{0x5c2b394a, [6]int{1, 1, 2, 0, 17, 0}},
		{0xafc7327f, [6]int{2, 2, 5, 1, 32, 0}},
		{0x10e828a2, [6]int{0, 0, 0, 0, 3, 0}},
		{0x00000001, [6]int{0, 0, 0, 0, 0, 0}},
		{0x7fffffff, [6]int{1, 1, 3, 0, 23, 0}},
		{0x80000000, [6]int{2, 1, 4, 1, 24, 0}},
		{0x55555555, [6]int{1, 0, 2, 0, 15, 0}},
		{0x55555556, [6]int{1, 1, 2, 0, 16, 0}},
		{0xffffffff, [6]int{3, 2, 7, 1, 47, 0}},
	} {
		for i, n := range lengths {
			if got := Choose(test.hash, n); got != test.want[i] {
				t.Errorf("%#x of %d: %d, want %d", test.hash, n, got, test.want[i])
			}
		}
	}
}
