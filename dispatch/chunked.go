package dispatch

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// chunked is an array that grows without moving: records stay where they are,
// and growing never holds two copies.
type chunked[T any] struct {
	chunks []*[chunkSize]T
}

// at is the i-th record, which must lie below a former grow.
func (c *chunked[T]) at(i uint32) *T {
	return &c.chunks[i>>chunkBits][i&(chunkSize-1)]
}

// grow makes at least n records.
func (c *chunked[T]) grow(n uint32) {
	for uint64(len(c.chunks))<<chunkBits < uint64(n) {
		c.chunks = append(c.chunks, new([chunkSize]T))
	}
}
