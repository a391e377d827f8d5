package nicmodel

import (
	"fmt"
	"math"
	"math/bits"
)

// IndirectionTable holds the queue of each entry. A hash picks the entry
// hash & (size − 1).
type IndirectionTable []uint16

const (
	// MaxTableSize bounds the entries of a table. NICs have 64 to 2048.
	MaxTableSize = 1 << 15
	// MaxQueues bounds the queues: an entry holds the number of one.
	MaxQueues = math.MaxUint16
)

// TableSizeError says what sizes a table can have instead.
func TableSizeError(size int) error {
	if size < 1 || size > MaxTableSize {
		return fmt.Errorf("--table-size %d: give a power of two from 1 to %d", size, MaxTableSize)
	}
	below := 1 << (bits.Len(uint(size)) - 1)
	return fmt.Errorf("--table-size %d is no power of two; the nearest are %d and %d", size, below, below*2)
}
