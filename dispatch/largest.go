package dispatch

import (
	"cmp"
	"math"
	"slices"

	"rssreplay/dispatch/fault"
)

// size is what flows are ordered by.
type size struct {
	packets, bytes uint64
	id             uint32
}

func (t *flowTable) size(id uint32) size {
	f := t.records.At(id)
	return size{f.packets, f.bytes, id}
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
	if n >= 0 && n < int(r.flows.n)/2 {
		return r.largestFew(n, keep)
	}
	ids := r.bySize(keep)
	if n >= 0 && n < len(ids) {
		ids = ids[:n]
	}
	return ids
}

// largestFew is LargestOf where most flows are not among them, and none of those is
// kept for long.
func (r *Replayed) largestFew(n int, keep func(id uint32) bool) []uint32 {
	if n == 0 {
		return nil
	}
	room := 2*n + 1024
	sizes := make([]size, 0, room)
	var least *size // the n-th largest so far, once so many were met that some are gone
	for id := range r.flows.n {
		if !keep(id) {
			continue
		}
		one := r.flows.size(id)
		if least != nil && larger(one, *least) > 0 {
			continue
		}
		if sizes = append(sizes, one); len(sizes) == room {
			slices.SortFunc(sizes, larger)
			sizes = sizes[:n]
			least = &sizes[n-1]
		}
	}
	slices.SortFunc(sizes, larger)
	sizes = sizes[:min(n, len(sizes))]
	ids := make([]uint32, len(sizes))
	for i := range sizes {
		ids[i] = sizes[i].id
	}
	return ids
}

// bySize is all flows that keep keeps, in order.
//
// Optimization: to sort a million flows by comparing takes as long as to replay some
// million packets. Most have few packets: they are dealt out by how many, and those
// with as many are sorted as numbers.
func (r *Replayed) bySize(keep func(id uint32) bool) []uint32 {
	const many = 1 << 12 // packets: all flows with as many or more are compared
	var kept []uint32
	var ends [many + 1]int // of the flows with so many packets, first those with the most
	for id := range r.flows.n {
		if keep(id) {
			kept = append(kept, id)
			ends[min(r.flows.records.At(id).packets, many)]++
		}
	}
	at := 0
	for n := many; n >= 0; n-- {
		at, ends[n] = at+ends[n], at
	}
	ids := make([]uint32, len(kept))
	for _, id := range kept {
		end := &ends[min(r.flows.records.At(id).packets, many)]
		ids[*end] = id
		*end++
	}
	var sorted fault.Group
	for half := range 2 {
		sorted.Go(func() {
			for n := half; n <= many; n += 2 {
				at := 0
				if n < many {
					at = ends[n+1]
				}
				same := ids[at:ends[n]]
				if n == many || !r.flows.sortByBytes(same) {
					slices.SortFunc(same, func(a, b uint32) int { return larger(r.flows.size(a), r.flows.size(b)) })
				}
			}
		})
	}
	sorted.Wait()
	return ids
}

// sortByBytes sorts flows of as many packets, unless one has 4 GB or more.
func (t *flowTable) sortByBytes(ids []uint32) bool {
	keys := make([]uint64, len(ids)) // bytes, the most first, then the number
	for i, id := range ids {
		bytes := t.records.At(id).bytes
		if bytes > math.MaxUint32 {
			return false
		}
		keys[i] = (math.MaxUint32-bytes)<<32 | uint64(id)
	}
	slices.Sort(keys)
	for i, key := range keys {
		ids[i] = uint32(key)
	}
	return true
}
