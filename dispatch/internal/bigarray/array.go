package bigarray

import (
	"reflect"

	"rssreplay/dispatch/internal/prefetch"
)

const (
	ChunkBits = prefetch.ChunkBits
	ChunkSize = prefetch.ChunkSize
)

// Array is an array that grows without moving: records stay where they are,
// and growing never holds two copies.
type Array[T any] struct {
	Chunks []*[ChunkSize]T
	unused []T // what chunks come from
}

// At is the i-th record, which must lie below a former grow.
func (c *Array[T]) At(i uint32) *T {
	return &c.Chunks[i>>ChunkBits][i&(ChunkSize-1)]
}

// Grow makes at least n records.
func (c *Array[T]) Grow(n uint32) {
	for uint64(len(c.Chunks))<<ChunkBits < uint64(n) {
		if len(c.unused) == 0 {
			c.unused = inHugePages[T](c.next() << ChunkBits)
		}
		if reflect.TypeFor[T]().Size() <= smallRecord {
			touch(c.unused[:ChunkSize])
		}
		c.Chunks = append(c.Chunks, (*[ChunkSize]T)(c.unused))
		c.unused = c.unused[ChunkSize:]
	}
}

// smallRecord is the most bytes of records that are likely to be read before they are written.
const smallRecord = 8

// Touched is Make of records that will be met in any order, read first.
func Touched[T any](n int) []T {
	a := inHugePages[T](n)
	touch(a)
	return a
}

// touch writes to each page of new records.
//
// Optimization: the kernel maps a page of zeros where memory is read first, and another one,
// with a message to the other CPUs, once it is written.
func touch[T any](a []T) {
	const page = 4096 // bytes; where pages are larger, it is done more often than it need be
	var zero T
	for i := 0; i < len(a); i += max(page/int(reflect.TypeFor[T]().Size()), 1) {
		a[i] = zero
	}
}

// next is how many chunks are to be made at once: one after the other at first, then
// as much as there is, so that most lies in huge pages. Memory that is not used
// yet has no pages.
func (c *Array[T]) next() int {
	const few, least, most = 1 << 20, 4 << 20, 32 << 20 // bytes
	size := int(reflect.TypeFor[T]().Size()) << ChunkBits
	have := len(c.Chunks) * size
	if have < few {
		return 1
	}
	return max(min(max(have, least), most)/size, 1)
}

// inHugePages is n records in huge pages, where there are enough for that.
func inHugePages[T any](n int) []T {
	a := make([]T, n)
	hugePages(a)
	return a
}

// Sparse is an array with memory only around the records that were asked for. The
// zero value is empty.
type Sparse[T any] struct {
	chunks []*[ChunkSize]T // nil where none was
}

// Ensure is the i-th record, the zero value at first.
func (s *Sparse[T]) Ensure(i uint32) *T {
	chunk := i >> ChunkBits
	if missing := int(chunk) + 1 - len(s.chunks); missing > 0 {
		s.chunks = append(s.chunks, make([]*[ChunkSize]T, missing)...)
	}
	if s.chunks[chunk] == nil {
		s.chunks[chunk] = new([ChunkSize]T)
	}
	return &s.chunks[chunk][i&(ChunkSize-1)]
}

// At is the i-th record, nil if there is no memory for it: it has its zero value.
func (s *Sparse[T]) At(i uint32) *T {
	chunk := int(i >> ChunkBits)
	if chunk >= len(s.chunks) || s.chunks[chunk] == nil {
		return nil
	}
	return &s.chunks[chunk][i&(ChunkSize-1)]
}
