package prefetch

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// fenced is n bytes of memory between pages that can't be read.
func fenced(t *testing.T, n int) []byte {
	page := os.Getpagesize()
	size := (n + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	for _, fence := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return all[page+size-n : page+size]
}

// TestReadsNothingElse has every implementation work on arrays that end where memory
// does: a load beyond them would end the program.
func TestReadsNothingElse(t *testing.T) {
	const n = 4
	hashes := unsafe.Slice((*uint32)(unsafe.Pointer(&fenced(t, 4*n)[0])), n)
	table := unsafe.Slice((*uint32)(unsafe.Pointer(&fenced(t, 4*8)[0])), 8)
	for i := range hashes {
		hashes[i] = 1<<32 - 1 - uint32(i)
	}
	for _, slots := range slotsOf {
		slots(&table[0], 7, &hashes[0], n)
	}
	chunk := (*[ChunkSize]record)(unsafe.Pointer(&fenced(t, ChunkSize*int(unsafe.Sizeof(record{})))[0]))
	chunks := unsafe.Slice((*unsafe.Pointer)(unsafe.Pointer(&fenced(t, int(unsafe.Sizeof(uintptr(0))))[0])), 1)
	chunks[0] = unsafe.Pointer(chunk)
	hashes[0], hashes[1] = ChunkSize-1, ChunkSize
	for _, records := range recordsOf {
		records(&chunks[0], 1, unsafe.Sizeof(record{}), unsafe.Pointer(&hashes[0]), n, 4)
	}
}
