package dispatch

import (
	"cmp"
	"slices"
	"sync"
)

// size is what flows are ordered by.
type size struct {
	packets, bytes uint64
	id             uint32
}

// larger orders sizes: by packets, then bytes, then the earlier flow.
func larger(a, b size) int {
	switch {
	case a.packets != b.packets:
		return cmp.Compare(b.packets, a.packets)
	case a.bytes != b.bytes:
		return cmp.Compare(b.bytes, a.bytes)
	}
	return cmp.Compare(a.id, b.id)
}

// Largest is the ids of the n largest flows: by packets, then bytes, then the
// earlier one. n below 0: all.
func (r *Replayed) Largest(n int) []uint32 {
	return r.LargestOf(n, func(uint32) bool { return true })
}

// LargestOf is Largest among the flows that keep keeps.
func (r *Replayed) LargestOf(n int, keep func(id uint32) bool) []uint32 {
	// The sizes are copied out of the records: sorting them in place jumps about
	// in memory. Of those that can't be among the n largest none are kept for long.
	if n == 0 {
		return nil
	}
	flows := int(r.flows.n)
	room := flows
	if n > 0 && n < flows/2 {
		room = min(flows, 2*n+1024)
	}
	sizes := make([]size, 0, room)
	var least *size // the n-th largest so far, once so many were met that some are gone
	for id := range r.flows.n {
		if !keep(id) {
			continue
		}
		f := r.flows.records.at(id)
		one := size{f.packets, f.bytes, id}
		if least != nil && larger(one, *least) > 0 {
			continue
		}
		sizes = append(sizes, one)
		if room < flows && len(sizes) == room {
			slices.SortFunc(sizes, larger)
			sizes = sizes[:n]
			least = &sizes[n-1]
		}
	}
	// Two halves side by side: to sort all of a million flows takes as long as to
	// replay some million packets.
	a, b := sizes[:len(sizes)/2], sizes[len(sizes)/2:]
	var sorted sync.WaitGroup
	sorted.Go(func() { slices.SortFunc(a, larger) })
	slices.SortFunc(b, larger)
	sorted.Wait()
	ids := make([]uint32, len(sizes))
	for i := range ids {
		if len(b) == 0 || len(a) > 0 && larger(a[0], b[0]) < 0 {
			ids[i], a = a[0].id, a[1:]
		} else {
			ids[i], b = b[0].id, b[1:]
		}
	}
	if n >= 0 && n < len(ids) {
		ids = ids[:n]
	}
	return ids
}
