//go:build !purego

package prefetch

import "unsafe"

// slots prefetches slots[hash & mask] for each of n hashes.
//
//go:noescape
func slots(slots *uint32, mask uint32, hashes *uint32, n int)

// records prefetches of n keys, stride bytes apart, the records of size bytes that
// they begin with the numbers of.
//
//go:noescape
func records(chunks *unsafe.Pointer, nchunks int, size uintptr, keys unsafe.Pointer, n int, stride uintptr)
