package dispatch

import (
	"reflect"

	"rssreplay/dispatch/internal/prefetch"
)

const (
	chunkBits = prefetch.ChunkBits
	chunkSize = prefetch.ChunkSize
)

// chunked is an array that grows without moving: records stay where they are,
// and growing never holds two copies.
type chunked[T any] struct {
	chunks []*[chunkSize]T
	unused []T // what chunks come from
}

// at is the i-th record, which must lie below a former grow.
func (c *chunked[T]) at(i uint32) *T {
	return &c.chunks[i>>chunkBits][i&(chunkSize-1)]
}

// grow makes at least n records.
func (c *chunked[T]) grow(n uint32) {
	for uint64(len(c.chunks))<<chunkBits < uint64(n) {
		if len(c.unused) == 0 {
			c.unused = newArray[T](c.next() << chunkBits)
		}
		c.chunks = append(c.chunks, (*[chunkSize]T)(c.unused))
		c.unused = c.unused[chunkSize:]
	}
}

// next is how many chunks are to be made at once: one after the other at first, then
// as much as there is, so that most lies in huge pages. Memory that is not used
// yet has no pages.
func (c *chunked[T]) next() int {
	const few, least, most = 1 << 20, 4 << 20, 32 << 20 // bytes
	size := int(reflect.TypeFor[T]().Size()) << chunkBits
	have := len(c.chunks) * size
	if have < few {
		return 1
	}
	return max(min(max(have, least), most)/size, 1)
}

// newArray is n records in huge pages, where there are enough for that.
func newArray[T any](n int) []T {
	a := make([]T, n)
	hugePages(a)
	return a
}

// sparse is an array with memory only around the records that were asked for. The
// zero value is empty.
type sparse[T any] struct {
	chunks []*[chunkSize]T // nil where none was
}

// ensure is the i-th record, the zero value at first.
func (s *sparse[T]) ensure(i uint32) *T {
	chunk := i >> chunkBits
	if missing := int(chunk) + 1 - len(s.chunks); missing > 0 {
		s.chunks = append(s.chunks, make([]*[chunkSize]T, missing)...)
	}
	if s.chunks[chunk] == nil {
		s.chunks[chunk] = new([chunkSize]T)
	}
	return &s.chunks[chunk][i&(chunkSize-1)]
}

// at is the i-th record, nil if there is no memory for it: it has its zero value.
func (s *sparse[T]) at(i uint32) *T {
	chunk := int(i >> chunkBits)
	if chunk >= len(s.chunks) || s.chunks[chunk] == nil {
		return nil
	}
	return &s.chunks[chunk][i&(chunkSize-1)]
}
