package affinity

import (
	"slices"

	"rssreplay/dispatch/internal/bigarray"
)

// Fixed is the affinity of flows under RSS: the table entry fixes the CPU, so
// nothing is counted per packet; only what was dropped, and the packets of
// flows that met more than one entry.
type Fixed struct {
	dropped drops
	varied  map[uint32]*variedFlow
	moved   *Counted // what is counted of flows that move; nil: none do
	turns   bool     // moved has packets up to a flow's latest turn, or else from its first move on
	cpuOf   func(flow uint32) int
}

type variedFlow struct {
	packets    []uint64 // per CPU
	last       int      // CPU of the latest packet, -1: none yet
	migrations uint64
}

// NewFixed is of no flows yet.
func NewFixed() *Fixed {
	return &Fixed{varied: map[uint32]*variedFlow{}}
}

// NewMoving is of no flows yet; moved counts their packets from a move of their
// entry on. cpuOf is the CPU of a flow's packets before.
func NewMoving(moved *Counted, cpuOf func(flow uint32) int) *Fixed {
	return &Fixed{moved: moved, cpuOf: cpuOf}
}

// NewTurning is of no flows yet; moved has the turns of those that move.
func NewTurning(moved *Counted) *Fixed { return &Fixed{moved: moved, turns: true} }

// OneCPUEach reports whether all packets of each flow that are not dropped are on the CPU of
// its entry.
func (s *Fixed) OneCPUEach() bool { return len(s.varied) == 0 && s.moved == nil }

// Dropped is how many packets of flow were dropped.
func (s *Fixed) Dropped(flow uint32) uint64 { return s.dropped.of(flow) }

// Drop notes a dropped packet of flow.
func (s *Fixed) Drop(flow uint32) {
	if flow != NoFlow {
		s.dropped.add(flow)
	}
}

// Note counts an accepted packet of a flow that met more than one entry. first
// is the CPU of the packets of it that were received earlier, if there were any.
func (s *Fixed) Note(flow uint32, earlier uint64, first, cpu, cpus int) {
	v := s.varied[flow]
	if v == nil {
		v = &variedFlow{packets: make([]uint64, cpus), last: -1}
		s.varied[flow] = v
		if before := earlier - s.dropped.of(flow); before > 0 {
			v.packets[first], v.last = before, first
		}
	}
	if v.last >= 0 && v.last != cpu {
		v.migrations++
	}
	v.packets[cpu]++
	v.last = cpu
}

// AppendTo appends the flow's packets per CPU to into, and returns its
// migrations. received counts its packets, cpu is the CPU of its entry.
func (s *Fixed) AppendTo(into []CPUPackets, flow uint32, received uint64, cpu int) ([]CPUPackets, uint64) {
	if v := s.varied[flow]; v != nil {
		for cpu, n := range v.packets {
			if n > 0 {
				into = append(into, CPUPackets{CPU: cpu, Packets: n})
			}
		}
		return into, v.migrations
	}
	n := received - s.dropped.of(flow)
	if s.moved != nil {
		return s.appendMoved(into, flow, n, cpu)
	}
	if n > 0 {
		into = append(into, CPUPackets{CPU: cpu, Packets: n})
	}
	return into, 0
}

// appendMoved is AppendTo where entries move: what moved has not counted was on the
// CPU of the flow's entry, or is on the one of its latest turn.
func (s *Fixed) appendMoved(into []CPUPackets, flow uint32, indicated uint64, cpu int) ([]CPUPackets, uint64) {
	from := len(into)
	into, migrations := s.moved.AppendTo(into, flow)
	for _, p := range into[from:] {
		indicated -= p.Packets
	}
	if indicated == 0 {
		return into, migrations
	}
	cpu = s.restOn(flow, cpu)
	at, found := slices.BinarySearchFunc(into[from:], cpu, func(p CPUPackets, cpu int) int { return p.CPU - cpu })
	if at += from; found {
		into[at].Packets += indicated
	} else {
		into = slices.Insert(into, at, CPUPackets{CPU: cpu, Packets: indicated})
	}
	return into, migrations
}

// MovesOnFew reports whether flows move, and between so few CPUs that Moved has them.
func (s *Fixed) MovesOnFew() bool { return s.moved != nil && s.moved.Few }

// Moved is AppendTo where MovesOnFew: it sets on to the flow's packets on each CPU.
func (s *Fixed) Moved(flow uint32, received uint64, cpu int, on *PerCPU) (migrations uint64) {
	indicated := received - s.dropped.of(flow)
	migrations, _ = s.moved.Packets(flow, on)
	for _, n := range on {
		indicated -= n
	}
	if indicated > 0 {
		on[s.restOn(flow, cpu)] += indicated
	}
	return migrations
}

// restOn is the CPU of the packets of a flow that moves which moved has not counted; cpu is
// that of its entry.
func (s *Fixed) restOn(flow uint32, cpu int) int {
	if s.cpuOf != nil {
		return s.cpuOf(flow)
	}
	if last := s.moved.Last(flow); s.turns && last != 0 {
		return last - 1
	}
	return cpu
}

// drops counts dropped packets per flow. The zero value is empty.
type drops struct {
	counts  bigarray.Sparse[uint32]
	spilled map[uint32]uint64 // how often a flow's 32 bits overflowed
}

func (d *drops) add(flow uint32) {
	n := d.counts.Ensure(flow)
	if *n++; *n == 0 {
		if d.spilled == nil {
			d.spilled = map[uint32]uint64{}
		}
		d.spilled[flow]++
	}
}

func (d *drops) of(flow uint32) uint64 {
	n := d.counts.At(flow)
	if n == nil {
		return 0
	}
	return uint64(*n) + d.spilled[flow]<<32
}
