package engine

import (
	"rssreplay/dispatch/internal/prefetch"
	"rssreplay/nicmodel/rps"
)

// aimed is the ways of the packets of a batch.
type aimed struct {
	way [BatchSize]way
	own [BatchSize]bool // the stack's own hash chose the CPU from several
}

// way is a packet's queue and the CPU that it is steered to, or notSteered, and 1; 0: none.
type way uint32

func wayOf(queue, cpu uint16) way { return (way(queue)<<16 | way(cpu)) + 1 }

func (w way) queue() uint16 { return uint16((w - 1) >> 16) }

func (w way) cpu() uint16 { return uint16(w - 1) }

// aim finds the ways of the packets of a batch before they arrive, and reports whether
// each flow has one.
func (e *fastHop) aim(b *Batch) bool {
	e.ways.Grow(b.Flows)
	if missing := int(b.Flows+63)/64 - len(e.met); missing > 0 {
		e.met = append(e.met, make([]uint64, missing)...)
	}
	if b.Alike {
		known := e.aimSome(b, 0, b.N)
		if known {
			e.noteWays(b)
		}
		return known
	}
	// Optimization: few at once, so that what is expected is still there when it is asked for.
	const together = 512
	for from := 0; from < b.N; from += together {
		to := min(from+together, b.N)
		prefetch.Records(e.ways.Chunks, b.Flow[from:to])
		if !e.aimSome(b, from, to) || !e.compareWays(b, from, to) {
			return false
		}
	}
	return true
}

// aimSome finds the ways of the packets from one to before another, and reports whether
// their CPUs are known.
func (e *fastHop) aimSome(b *Batch, from, to int) bool {
	steered := b.steered(e.steering)
	entries, hashes, kinds, ownHashes := steered.Entry[:to], steered.NIC.Hash[:to], steered.NIC.Kind[:to], b.Own[:to]
	ways, own, goes, last, passed := e.aimed.way[:to], e.aimed.own[:to], e.goes, len(e.goes)-1, e.cfg.RPS.Passed
	moves := false // to the vector's CPU, which changes
	for i := from; i < to; i++ {
		entry := entries[i]
		if entry >= Sent {
			ways[i] = 0
			continue
		}
		g := &goes[min(int(entry), last)] // see Model.target
		// As RPS.target.
		hash := hashes[i]
		own[i] = passed&kinds[i] == 0 && len(g.mask) > 1
		if passed&kinds[i] == 0 {
			hash = ownHashes[i]
		}
		cpu := uint16(notSteered)
		if len(g.mask) > 0 && hash != 0 {
			cpu = g.mask[rps.Choose(hash, len(g.mask))]
		}
		ways[i] = wayOf(g.queue, cpu)
		moves = moves || cpu == notSteered && e.mode == NonRSS && b.Flow[i] != NoFlow
	}
	return !moves
}

// noteWays keeps the ways of flows that no batch before had, of a batch whose flows have one
// each.
//
// Optimization: a flow is met in order of its number for the first time, and nothing is loaded
// for the others.
func (e *fastHop) noteWays(b *Batch) {
	known, ways := e.flows, e.aimed.way[:b.N]
	for i, flow := range b.Flow[:b.N] {
		if flow == known {
			*e.ways.At(flow) = ways[i]
			known++
		}
	}
	e.flows = known
}

// compareWays keeps the ways of the packets from one to before another, and reports whether
// each flow has one.
func (e *fastHop) compareWays(b *Batch, from, to int) bool {
	flows, ways := b.Flow[:to], e.aimed.way[:to]
	for i := from; i < to; i++ {
		way := ways[i]
		if way == 0 || flows[i] == NoFlow {
			continue
		}
		had := e.ways.At(flows[i])
		if *had != 0 && *had != way {
			return false
		}
		*had = way
	}
	return true
}

// meet notes that a packet of flow is taken to be indicated.
func (e *fastHop) meet(flow uint32) {
	if flow != NoFlow {
		e.met[flow/64] |= 1 << (flow % 64)
	}
}

// hasMet reports whether a packet of flow was taken to be indicated.
func (e *fastHop) hasMet(flow uint32) bool { return e.met[flow/64]>>(flow%64)&1 != 0 }

// wayTo is the CPU where a flow's packets are indicated that have one way.
func (e *fastHop) wayTo(flow uint32) int {
	way := *e.ways.At(flow)
	if to := way.cpu(); to != notSteered {
		return int(to)
	}
	return e.cfg.QueueCPU[way.queue()]
}
