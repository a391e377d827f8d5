//go:build !amd64 || purego

package prefetch

import "unsafe"

func slots(slots *uint32, mask uint32, hashes *uint32, n int) {
	slotsGeneric(slots, mask, hashes, n)
}

func records(chunks *unsafe.Pointer, nchunks int, size uintptr, keys unsafe.Pointer, n int, stride uintptr) {
	recordsGeneric(chunks, nchunks, size, keys, n, stride)
}
