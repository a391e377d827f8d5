package prefetch

import "unsafe"

// slotsGeneric is Slots with plain loads.
func slotsGeneric(slots *uint32, mask uint32, hashes *uint32, n int) {
	table, sum := unsafe.Slice(slots, uint64(mask)+1), uint32(0)
	for _, hash := range unsafe.Slice(hashes, n) {
		sum += table[hash&mask]
	}
	used(sum)
}

// recordsGeneric is Records with plain loads of the first byte of each record.
func recordsGeneric(chunks *unsafe.Pointer, nchunks int, size uintptr, keys unsafe.Pointer, n int, stride uintptr) {
	all, sum := unsafe.Slice(chunks, nchunks), uint32(0)
	for i := range uintptr(n) {
		number := *(*uint32)(unsafe.Add(keys, i*stride))
		if chunk := int(number >> ChunkBits); chunk < len(all) {
			sum += uint32(*(*byte)(unsafe.Add(all[chunk], uintptr(number%ChunkSize)*size)))
		}
	}
	used(sum)
}

// used keeps the compiler from leaving out the loads that sum is made of.
//
//go:noinline
func used(uint32) {}
