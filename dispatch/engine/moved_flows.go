package engine

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/internal/bigarray"
)

// movedFlows is where the packets of flows were before, where the CPUs of targets change
// and each flow has one target.
//
// While the engine is settled, packets of one flow are on one CPU, in order of arrival. So
// which one has the packet before another is known when that arrives: the target's, but at
// a turn, which is the first accepted packet of a flow after a move of its target. While it
// is unsettled, latest tells which one took the flow's latest packet.
//
// Optimization: packets are counted at turns alone, by their numbers in their flows. Of any
// other packet of a flow that moved it is asked, in one bit, that it is none.
type movedFlows struct {
	counted *affinity.Counted // packets of flows up to their latest turn, and the CPU from then on
	flows   *affinity.Fixed   // which has counted, and what was dropped
	moved   []movedTarget
	moves   bool // any was moved

	seen   bigarray.Array[uint8]  // per flow: its target's times at the latest turn; 0: none, or forgotten
	turned []uint64               // per flow, a bit: nothing is to be asked of its next packet before its target is moved
	upTo   bigarray.Array[uint32] // per flow: its accepted packets before that, modulo 2³²
	asked  uint32                 // packets since flows were last forgotten

	// Optimization: an array by all values of Batch.Entry, of which few are asked for, needs
	// no target; and flows are numbered as they arrive, so that the first packet of one is
	// known without its Nth.
	ever       *[1 << 16]uint8 // 1 if the entry's target was moved
	known, met uint32          // flows met before the batch, and with it

	refused  bigarray.Sparse[bool] // flows with a packet that arrived and none that was accepted
	refusals int                   // how many these are

	// While the engine is unsettled, latest has the flows touched that packets of then
	// are of. Once it is settled it has those alone whose latest packet was not the last to
	// arrive, until their next one does. It is Model.latest.
	unsettled bool
	latest    *bigarray.Array[uint16] // a CPU, and 1; noneYet; 0: it does not tell
	touched   []uint32
	late      int // settled: of how many flows latest tells
}

// noneYet stands for the CPU that took a flow's latest packet, where none did.
const noneYet = math.MaxUint16

// movedTarget is what is known of a target that was moved.
type movedTarget struct {
	times uint8  // that it was moved since flows were forgotten, and 1; 0: never at all
	cpu   uint16 // before the first time
}

// newMovedFlows counts the flows of m.
func newMovedFlows(m *Model) movedFlows {
	counted := m.CountedAffinity
	m.FixedAffinity, m.CountedAffinity = affinity.NewTurning(counted), nil
	return movedFlows{counted: counted, flows: m.FixedAffinity, moved: make([]movedTarget, len(m.targets)), ever: new([1 << 16]uint8), latest: m.latest}
}

// begin makes room for the flows of b.
func (f *movedFlows) begin(b *Batch) {
	f.known, f.met = f.met, max(f.met, b.Flows) // a last batch of none may have fewer
	f.counted.Grow(b.Flows)
	f.seen.Grow(b.Flows)
	f.upTo.Grow(b.Flows)
	if words := (int(b.Flows) + 63) / 64; words > len(f.turned) {
		f.turned = append(f.turned, make([]uint64, words-len(f.turned))...)
	}
	if f.asked += uint32(b.N); f.asked >= 1<<31 { // upTo is modulo 2³²
		f.forgetTurns()
	}
}

// forgetTurns has the next packet of each flow that moved be a turn.
func (f *movedFlows) forgetTurns() {
	for _, chunk := range f.seen.Chunks {
		clear(chunk[:])
	}
	for i := range f.moved {
		f.moved[i].times = min(f.moved[i].times, 1)
	}
	clear(f.turned)
	f.asked = 0
}

// move notes which targets have another CPU than before, and reports whether any has.
func (f *movedFlows) move(before, now []target) (moves bool) {
	for i, to := range now {
		if to.cpu == before[i].cpu {
			continue
		}
		moves = true
		m := &f.moved[i]
		if m.times == 0 {
			m.cpu = before[i].cpu
			f.ever[i] = 1
			if i == len(now)-1 {
				f.ever[Unhashed] = 1
			}
		}
		if m.times == math.MaxUint8 {
			f.forgetTurns()
		}
		m.times++
	}
	if moves {
		f.moves = true
		clear(f.turned)
	}
	return moves
}

// stays reports whether the packet before packet i of in, of its flow, is surely on the CPU
// for which packet i is accepted.
//
// Optimization: most packets need no look.
func (f *movedFlows) stays(in *arriving, i int) bool {
	return !f.unsettled && f.refusals == 0 && !f.mayTurn(in.flow[i], in.entry[i])
}

// mayTurn reports whether a packet of flow that meets an entry may be a turn, or the first
// packet of its flow.
//
// Optimization: no branch on which entries were moved; it could not be foretold.
func (f *movedFlows) mayTurn(flow uint32, entry uint16) bool {
	return flow >= f.known || f.ever[entry]&^uint8(f.turned[flow/64]>>(flow%64)) != 0
}

// nextTurn is the first of the packets from one to before another that look is to be asked
// of; to if there is none.
func (f *movedFlows) nextTurn(in *arriving, from, to int) int {
	if f.refusals > 0 {
		return from // all
	}
	entries, flows := in.entry[:to], in.flow[:to]
	for from < to && !f.mayTurn(flows[from], entries[from]) {
		from++
	}
	return from
}

// look is the CPU, and 1, that has the packet of its flow before packet i of in, which is
// accepted for a target, on cpu; 0 if there is none.
func (f *movedFlows) look(in *arriving, i, target, cpu int) (last uint16) {
	flow, nth := in.flow[i], in.nth[i]
	if flow == NoFlow {
		return 0
	}
	begins := nth == 0
	if f.refusals > 0 {
		if refused := f.refused.At(flow); refused != nil && *refused {
			*refused, begins = false, true
			f.refusals--
		}
	}
	if !begins {
		last = uint16(cpu + 1)
	}
	if m := &f.moved[target]; m.times != 0 {
		if seen := f.seen.At(flow); *seen != m.times {
			*seen = m.times
			last = f.turn(flow, nth, int(m.cpu), cpu, begins)
		}
		f.turned[flow/64] |= 1 << (flow % 64)
	}
	switch {
	case f.unsettled:
		f.touch(flow, last)
	case f.late > 0:
		if latest := f.latest.At(flow); *latest != 0 {
			last, *latest = *latest, 0
			f.late--
		}
	}
	return last
}

// turn counts what was accepted of flow before the nth packet, which goes to cpu. first is
// the CPU of its target before that was moved for the first time.
func (f *movedFlows) turn(flow, nth uint32, first, cpu int, begins bool) (last uint16) {
	on, accepted := 0, uint32(0)
	if !begins {
		if on = f.counted.Last(flow); on == 0 {
			on = first + 1
		}
		accepted = nth - uint32(f.flows.Dropped(flow))
	}
	upTo := f.upTo.At(flow)
	f.counted.Turn(flow, on, accepted-*upTo, cpu)
	*upTo = accepted
	return uint16(on)
}

// drop notes an nth packet that found no buffer.
func (f *movedFlows) drop(flow, nth uint32) {
	if nth == 0 && flow != NoFlow {
		f.refusals++
		*f.refused.Ensure(flow) = true
	}
}

// forget drops from touched the flows that latest does not tell of any more, before the
// engine is unsettled.
func (f *movedFlows) forget() {
	f.touched = slices.DeleteFunc(f.touched, func(flow uint32) bool { return *f.latest.At(flow) == 0 })
}

// touch has latest tell of flow, whose latest packet last took, if it does not.
func (f *movedFlows) touch(flow uint32, last uint16) {
	if flow == NoFlow {
		return
	}
	if latest := f.latest.At(flow); *latest == 0 {
		if last == 0 {
			last = noneYet
		}
		*latest = last
		f.touched = append(f.touched, flow)
	}
}

// take is the CPU, and 1, that took the packet of flow before the one that cpu takes, while
// the engine is unsettled; 0 if there is none.
func (f *movedFlows) take(flow uint32, cpu int) (last uint16) {
	if flow == NoFlow {
		return 0
	}
	latest := f.latest.At(flow)
	if last = *latest; last == noneYet {
		last = 0
	}
	*latest = uint16(cpu + 1)
	return last
}

// release is the moment when the engine is settled, and has noted the packets that are
// not taken as if they were.
func (f *movedFlows) release() {
	f.touched = slices.DeleteFunc(f.touched, func(flow uint32) bool {
		latest, last := f.latest.At(flow), f.counted.Last(flow)
		if last == 0 || last == int(*latest) {
			*latest = 0
		}
		if *latest == 0 {
			return true
		}
		f.turned[flow/64] &^= 1 << (flow % 64)
		return false
	})
	f.unsettled, f.late = false, len(f.touched)
}

// migrates reports whether the CPU of mark takes a packet of a flow that last has the packet
// before of; both are CPUs, and 1.
func migrates(last, mark uint16) bool { return last != mark && last != 0 }
