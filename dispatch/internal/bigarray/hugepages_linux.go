package bigarray

import (
	"os"
	"reflect"
	"syscall"
)

// hugePages asks the kernel to map s, which was not touched yet, in pages of 2 MB.
//
// Optimization: tables of many flows are read at random, so that nearly each access
// walks the page tables; and each page is a fault at first. Where
// /sys/kernel/mm/transparent_hugepage/enabled is madvise, the kernel does so only if it
// is asked. It is a wish, and no error if it is not granted.
func hugePages[T any](s []T) {
	const least = 4 << 20 // bytes: with less, hardly a whole huge page
	page := uintptr(os.Getpagesize())
	from := reflect.ValueOf(s).Pointer()
	to := from + uintptr(len(s))*reflect.TypeFor[T]().Size()
	from, to = (from+page-1)&^(page-1), to&^(page-1)
	if to < from+least-page {
		return
	}
	syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_HUGEPAGE)
}
