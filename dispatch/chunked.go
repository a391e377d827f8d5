package dispatch

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// chunked is an array that grows without moving: records stay where they are,
// and growing never holds two copies.
type chunked[T any] struct {
	chunks [][]T // chunkSize in each
}

// at is the i-th record, which must lie below a former grow.
func (c *chunked[T]) at(i uint32) *T {
	return &c.chunks[i>>chunkBits][i&(chunkSize-1)]
}

// grow makes at least n records.
func (c *chunked[T]) grow(n uint32) {
	for uint64(len(c.chunks))<<chunkBits < uint64(n) {
		c.chunks = append(c.chunks, make([]T, chunkSize))
	}
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
