package bigarray

import "testing"

// TestChunkedStays grows an array through all the sizes of what it is made of: its
// records are zero at first, and stay where they are.
func TestChunkedStays(t *testing.T) {
	type record [3]uint64
	var c Array[record]
	var places []*record
	const step = 10_007
	const most = 4 * 32 << 20 / 24
	for n := uint32(1); n < most; n += step {
		c.Grow(n)
		r := c.At(n - 1)
		if *r != (record{}) {
			t.Fatalf("record %d is %v at first", n-1, *r)
		}
		r[0] = uint64(n)
		places = append(places, r)
	}
	for i, place := range places {
		n := uint32(i*step + 1)
		if c.At(n-1) != place || place[0] != uint64(n) {
			t.Fatalf("record %d moved, or has %d", n-1, place[0])
		}
	}
}
