package assemble

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"rssreplay/dispatch/fault"
)

// blocksOf are so many blocks of two flows.
func blocksOf(n int) [][]uint32 {
	var ids []uint32
	for id := range uint32(2 * n) {
		ids = append(ids, id)
	}
	return slices.Collect(slices.Chunk(ids, 2))
}

func appendIDs(dst []byte, ids []uint32) []byte { return fmt.Appendln(dst, ids) }

func TestInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100} {
		blocks := blocksOf(n)
		var got, want []byte
		for _, ids := range blocks {
			want = appendIDs(want, ids)
		}
		for lines := range inOrder(blocks, func() appendBlock[byte] { return appendIDs }) {
			got = append(got, lines...)
		}
		if string(got) != string(want) {
			t.Errorf("%d blocks: %q, want %q", n, got, want)
		}
	}
}

// TestInOrderEnds ends the list before its end: no goroutine is waited for in vain.
func TestInOrderEnds(t *testing.T) {
	for after := range 10 {
		met := 0
		for range inOrder(blocksOf(10), func() appendBlock[byte] { return appendIDs }) {
			if met == after {
				break
			}
			met++
		}
		if met != after {
			t.Errorf("%d blocks, want %d", met, after)
		}
	}
}

func TestInOrderPanics(t *testing.T) {
	broken := errors.New("broken")
	defer func() {
		p, ok := recover().(*fault.Panic)
		if !ok || p.Value != broken {
			t.Errorf("panic %v, want %v", p, broken)
		}
	}()
	for range inOrder(blocksOf(10), func() appendBlock[byte] {
		return func(dst []byte, ids []uint32) []byte {
			if ids[0] == 10 {
				panic(broken)
			}
			return dst
		}
	}) {
	}
}
