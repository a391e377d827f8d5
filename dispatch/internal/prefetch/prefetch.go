package prefetch

import "unsafe"

// ChunkBits is the binary logarithm of ChunkSize.
const ChunkBits = 12

// ChunkSize is how many records are in a chunk.
const ChunkSize = 1 << ChunkBits

// Group is how many places are to be asked for at once, before others are worked on: about as
// many as the lines that a core can have on their way into its first-level cache, 12 to 24. A
// prefetch of one more waits, and nothing is worked on meanwhile. Replays with 100,000 flows
// take a tenth less CPU time than with groups of 256.
const Group = 16

// Slots prefetches of a table, whose length is a power of two, the slots that the low
// bits of hashes choose.
func Slots[S ~uint32](table []S, hashes []uint32) {
	if len(hashes) > 0 {
		slots((*uint32)(unsafe.Pointer(&table[0])), uint32(len(table)-1), &hashes[0], len(hashes))
	}
}

// Records prefetches the beginnings of the records whose numbers keys begin with: K is
// a uint32, or a struct whose first field is one. Record i is chunks[i / ChunkSize]'s
// at i % ChunkSize. Numbers that no chunk has are passed over.
func Records[T, K any](chunks []*[ChunkSize]T, keys []K) {
	var record T
	var key K
	if len(chunks) > 0 && len(keys) > 0 {
		records((*unsafe.Pointer)(unsafe.Pointer(&chunks[0])), len(chunks), unsafe.Sizeof(record),
			unsafe.Pointer(&keys[0]), len(keys), unsafe.Sizeof(key))
	}
}

// Number is the number that key begins with, as Records has keys.
func Number[K any](key *K) uint32 { return *(*uint32)(unsafe.Pointer(key)) }
