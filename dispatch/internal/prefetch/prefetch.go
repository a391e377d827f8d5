package prefetch

import "unsafe"

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
