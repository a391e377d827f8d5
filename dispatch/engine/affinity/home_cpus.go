package affinity

import (
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/dispatch/internal/prefetch"
)

// HomeCPUs remembers, per flow, the first and the latest time that a CPU took a
// packet of it to indicate it: a connection's home CPU, and the CPU that its
// sent packets are compared with.
type HomeCPUs struct {
	flows   bigarray.Array[taken]
	ordered *bigarray.Array[takers] // instead of flows; nil: see KeepOrder
}

// taken orders takes by (at, cpu): at is a time where every CPU has its own
// vector (at one instant the lowest CPU goes first), else a running number.
type taken struct {
	first, last       int64 // at + 1; 0: none yet
	firstCPU, lastCPU uint16
}

// takers are the CPUs, and 1, of a flow's first take and of its latest; 0: none yet.
type takers struct{ first, last uint16 }

// KeepOrder promises that connections are of one flow each, and that a flow's takes are told
// in their order, (at, cpu). Of those that one CPU does in a row the first is enough.
//
// Optimization: there is less to remember then.
func (t *HomeCPUs) KeepOrder() { t.ordered = new(bigarray.Array[takers]) }

// KeepsOrder tells that KeepOrder was called.
func (t *HomeCPUs) KeepsOrder() bool { return t.ordered != nil }

// SendRef names the connection of a sent packet: the received flow that it
// answers, and the received flow of its own direction. NoFlow where no packet
// of it was received before.
type SendRef struct{ Answers, Same uint32 }

// Grow makes room for so many flows.
func (t *HomeCPUs) Grow(flows uint32) {
	if t.ordered != nil {
		t.ordered.Grow(flows)
	} else {
		t.flows.Grow(flows)
	}
}

// Load prefetches what Took and Connection will ask for of a batch's packets, received ones of
// these flows and sent ones, unless order is kept: few takes are told then, and sent ones are
// expected soon before.
func (t *HomeCPUs) Load(flows []uint32, sends []SendRef) {
	if t.ordered == nil {
		prefetch.Records(t.flows.Chunks, flows)
		prefetch.Records(t.flows.Chunks, sends)
	}
}

// Expect prefetches what Connection will ask for, if order is kept.
func (t *HomeCPUs) Expect(sends []SendRef) {
	if t.ordered != nil {
		prefetch.Records(t.ordered.Chunks, sends)
	}
}

// Took notes that cpu took a packet of flow. Where every CPU has its own vector
// the CPUs' takes do not come in order of time, and the packets of a flow need
// not all be on one CPU.
func (t *HomeCPUs) Took(flow uint32, at int64, cpu int) {
	if t.ordered != nil {
		f := t.ordered.At(flow)
		if f.last = uint16(cpu + 1); f.first == 0 {
			f.first = f.last
		}
		return
	}
	f := t.flows.At(flow)
	n, c := at+1, uint16(cpu)
	if f.first == 0 || n < f.first || n == f.first && c < f.firstCPU {
		f.first, f.firstCPU = n, c
	}
	if n > f.last || n == f.last && c > f.lastCPU {
		f.last, f.lastCPU = n, c
	}
}

// Connection is the home CPU and the CPU of the latest take of the connection
// of the two flows; ok is false as long as none of their packets was taken.
func (t *HomeCPUs) Connection(flows ...uint32) (home, last int, ok bool) {
	if t.ordered != nil {
		return t.ofFlow(flows[0])
	}
	var first, latest int64
	var firstCPU, lastCPU uint16
	for _, flow := range flows {
		if flow == NoFlow {
			continue
		}
		f := t.flows.At(flow) // no copy: Took may have written parts of it just now
		if f.first == 0 {
			continue
		}
		if first == 0 || f.first < first || f.first == first && f.firstCPU < firstCPU {
			first, firstCPU = f.first, f.firstCPU
		}
		if f.last > latest || f.last == latest && f.lastCPU > lastCPU {
			latest, lastCPU = f.last, f.lastCPU
		}
	}
	return int(firstCPU), int(lastCPU), first != 0
}

// ofFlow is Connection of one flow, where order is kept.
func (t *HomeCPUs) ofFlow(flow uint32) (home, last int, ok bool) {
	if flow == NoFlow {
		return 0, 0, false
	}
	f := t.ordered.At(flow)
	return int(f.first) - 1, int(f.last) - 1, f.first != 0
}
