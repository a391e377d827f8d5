package engine

import "rssreplay/dispatch/internal/prefetch"

// way is a packet's queue and the CPU that it is steered to, or notSteered, and 1; 0: none.
type way uint32

func wayOf(queue, cpu uint16) way { return (way(queue)<<16 | way(cpu)) + 1 }

func (w way) queue() uint16 { return uint16((w - 1) >> 16) }

func (w way) cpu() uint16 { return uint16(w - 1) }

// wayOfPacket is that of packet i of b.
func (e *fastHop) wayOfPacket(b *Batch, i int) way {
	steered := b.steered(e.steering)
	if steered.Entry[i] >= Sent {
		return 0
	}
	queue := e.goes[min(int(steered.Entry[i]), len(e.goes)-1)].queue // see Model.target
	cpu, _ := e.cfg.RPS.target(queue, b, steered.NIC, i)
	return wayOf(queue, cpu)
}

// isFixed reports whether a way always leads to the same CPU: not that of the vector, which
// changes in NonRSS.
func (e *fastHop) isFixed(w way) bool {
	return w == 0 || w.cpu() != notSteered || e.mode != NonRSS
}

// haveOneWay finds the ways of the flows of a batch before its packets arrive, and reports
// whether each has one.
func (e *fastHop) haveOneWay(b *Batch) bool {
	e.ways.Grow(b.Flows)
	if missing := int(b.Flows+63)/64 - len(e.met); missing > 0 {
		e.met = append(e.met, make([]uint64, missing)...)
	}
	if b.Alike {
		return e.noteWays(b)
	}
	// Optimization: few at once, so that what is expected is still there when it is asked for.
	const together = 512
	for from := 0; from < b.N; from += together {
		to := min(from+together, b.N)
		prefetch.Records(e.ways.Chunks, b.Flow[from:to])
		if !e.compareWays(b, from, to) {
			return false
		}
	}
	return true
}

// noteWays is compareWays of a batch whose packets of a flow have one way each.
//
// Optimization: only flows that no batch before had are looked at. They are met in order of
// their numbers.
func (e *fastHop) noteWays(b *Batch) bool {
	known := e.flows
	for i := 0; known < b.Flows && i < b.N; i++ {
		if b.Flow[i] != known {
			continue
		}
		way := e.wayOfPacket(b, i)
		if !e.isFixed(way) {
			return false
		}
		*e.ways.At(known) = way
		known++
	}
	e.flows = known
	return true
}

// compareWays keeps the ways of the packets from one to before another, and reports whether
// each flow has one that is fixed.
func (e *fastHop) compareWays(b *Batch, from, to int) bool {
	for i := from; i < to; i++ {
		way := e.wayOfPacket(b, i)
		if way == 0 || b.Flow[i] == NoFlow {
			continue
		}
		had := e.ways.At(b.Flow[i])
		if *had != 0 && *had != way || !e.isFixed(way) {
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
