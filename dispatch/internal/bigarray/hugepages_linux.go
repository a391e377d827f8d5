package bigarray

import (
	"reflect"
	"syscall"
)

// hugePages asks the kernel to map s, which was not touched yet, and what lies beside it,
// in pages of 2 MB.
//
// Optimization: tables of many flows are read at random, so that nearly each access
// walks the page tables; and each page is a fault at first. Where
// /sys/kernel/mm/transparent_hugepage/enabled is madvise, the kernel does so only if it
// is asked. It is a wish, and no error if it is not granted.
//
// An array begins and ends within a huge page. The rest of that is the heap's, which is
// mapped in larger pieces: without it, 2 MB of each array would be in small pages, of which
// each is a fault.
func hugePages[T any](s []T) {
	const huge = 2 << 20 // bytes; with less, nothing is asked
	from := reflect.ValueOf(s).Pointer()
	to := from + uintptr(len(s))*reflect.TypeFor[T]().Size()
	if to-from < huge {
		return
	}
	from, to = from&^(huge-1), (to+huge-1)&^(huge-1)
	syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_HUGEPAGE)
}
