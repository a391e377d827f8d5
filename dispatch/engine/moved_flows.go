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
// which one has the packet before another is known when that arrives: the target's, until
// it is moved for the first time, and what counted tells from then on. While it is
// unsettled, latest tells which one took the flow's latest packet.
type movedFlows struct {
	counted *affinity.Counted // of flows from the first move of their target on
	moved   []movedTarget
	moves   bool // any was moved

	known    uint32                // flows with a packet that arrived
	refused  bigarray.Sparse[bool] // of these, those of which none was accepted
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

// movedTarget is what was before the first move of a target.
type movedTarget struct {
	yes   bool
	cpu   uint16
	flows uint32 // that were known
}

// newMovedFlows counts the flows of m.
func newMovedFlows(m *Model) movedFlows {
	counted := m.CountedAffinity
	m.FixedAffinity, m.CountedAffinity = affinity.NewMoving(counted, nil), nil
	return movedFlows{counted: counted, moved: make([]movedTarget, len(m.targets)), latest: m.latest}
}

// begin makes room for the flows of b, and expects those that come first. Its packets meet
// entries.
func (f *movedFlows) begin(b *Batch, entries []uint16) {
	f.counted.Grow(b.Flows)
	f.expect(b, entries, -ahead)
}

// expect prefetches what counted will tell of flows that come soon after packet i of a
// batch: it is to be called of each.
func (f *movedFlows) expect(b *Batch, entries []uint16, i int) {
	if i%ahead == 0 && f.moves {
		f.prefetch(b, entries, i+ahead)
	}
}

func (f *movedFlows) prefetch(b *Batch, entries []uint16, from int) {
	// Optimization: no branch on which were moved; it could not be foretold.
	n, moved := 0, f.moved
	var follow [ahead]uint32
	for i := from; i < min(from+ahead, b.N); i++ {
		follow[n] = b.Flow[i]
		if moved[min(int(entries[i]), len(moved)-1)].yes {
			n++
		}
	}
	affinity.Expect(f.counted, follow[:n])
}

// move notes which targets have another CPU than before, and reports whether any has.
func (f *movedFlows) move(before, now []target) (moves bool) {
	for i, to := range now {
		if to.cpu == before[i].cpu {
			continue
		}
		moves = true
		if m := &f.moved[i]; !m.yes {
			*m = movedTarget{true, before[i].cpu, f.known}
		}
	}
	f.moves = f.moves || moves
	return moves
}

// before is the CPU, and 1, that has the packet of flow before one that is accepted for a
// target, on cpu; 0 if there is none.
func (f *movedFlows) before(flow uint32, target, cpu int) uint16 {
	// Optimization: most flows are known, and stay; no flow has a number that is known.
	if flow >= f.known || f.moved[target].yes || f.unsettled || f.refusals > 0 {
		return f.look(flow, target, cpu)
	}
	return uint16(cpu + 1)
}

func (f *movedFlows) look(flow uint32, target, cpu int) (last uint16) {
	if flow == NoFlow {
		return 0
	}
	begins := flow == f.known
	if begins {
		f.known++
	} else if f.refusals > 0 {
		if refused := f.refused.At(flow); refused != nil && *refused {
			*refused, begins = false, true
			f.refusals--
		}
	}
	switch from := &f.moved[target]; {
	case from.yes:
		if !begins && flow < from.flows {
			f.counted.Meet(flow, int(from.cpu)) // unless it is counted since
		}
		last = uint16(f.counted.Took(flow, cpu))
	case !begins:
		last = uint16(cpu + 1)
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

// drop notes a packet that found no buffer.
func (f *movedFlows) drop(flow uint32) {
	if flow == f.known {
		f.known++
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
		return *latest == 0
	})
	f.unsettled, f.late = false, len(f.touched)
}

// migrates reports whether the CPU of mark takes a packet of a flow that last has the packet
// before of; both are CPUs, and 1.
func migrates(last, mark uint16) bool { return last != mark && last != 0 }
