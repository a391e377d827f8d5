package dispatch

// wandering is the affinity of flows in a mode where any CPU may indicate any
// packet. Packets are noted as they are indicated, which in such a mode is
// their order of arrival, and entered in runs, so that the loads of different
// flows' records overlap.
type wandering struct {
	cpus    int
	flows   chunked[wanderer]
	rows    [][]uint32 // packets per CPU of flows that met more than one, 1 << rowBits rows in each
	used    uint32     // rows given out; row 0 is nobody's
	spilled map[spill]uint64
	pending []indication
}

// rowBits sets how many rows are made at once.
const rowBits = 8

// wanderer is one flow's affinity, 16 bytes: while it stayed on one CPU, the
// packets there.
type wanderer struct {
	packets    uint32 // on last, as long as row is 0
	row        uint32
	migrations uint32
	last       uint16
	met        bool // at least one packet was indicated
}

type indication struct {
	flow uint32
	cpu  uint16
}

// spill names a 32-bit count that overflowed; the map counts how often.
type spill struct {
	flow uint32
	cpu  int // -1: migrations
}

func newWandering(cpus int) *wandering {
	return &wandering{cpus: cpus, used: 1, pending: make([]indication, 0, 1024)}
}

// note notes that cpu indicated a packet of flow; the flow's record must exist.
func (w *wandering) note(flow uint32, cpu int) {
	if len(w.pending) == cap(w.pending) {
		w.enter()
	}
	w.pending = append(w.pending, indication{flow, uint16(cpu)})
}

// enter enters what was noted.
func (w *wandering) enter() {
	for _, in := range w.pending {
		f := w.flows.at(in.flow)
		switch {
		case f.row != 0:
			w.count(in.flow, f, int(in.cpu))
			if f.last != in.cpu {
				f.last = in.cpu
				w.migrated(in.flow, f)
			}
		case f.last == in.cpu && f.packets != 1<<32-1:
			f.packets++
			f.met = true
		case !f.met:
			f.packets, f.last, f.met = 1, in.cpu, true
		default:
			w.newRow(f)
			w.count(in.flow, f, int(in.cpu))
			if f.last != in.cpu {
				f.last = in.cpu
				w.migrated(in.flow, f)
			}
		}
	}
	w.pending = w.pending[:0]
}

// newRow gives f a row, and enters what it counted so far.
func (w *wandering) newRow(f *wanderer) {
	if w.used>>rowBits >= uint32(len(w.rows)) {
		w.rows = append(w.rows, make([]uint32, w.cpus<<rowBits))
	}
	f.row = w.used
	w.used++
	w.row(f.row)[f.last] = f.packets
}

func (w *wandering) row(i uint32) []uint32 {
	at := int(i&(1<<rowBits-1)) * w.cpus
	return w.rows[i>>rowBits][at : at+w.cpus]
}

func (w *wandering) count(flow uint32, f *wanderer, cpu int) {
	row := w.row(f.row)
	row[cpu]++
	if row[cpu] == 0 {
		w.spill(flow, cpu)
	}
}

func (w *wandering) migrated(flow uint32, f *wanderer) {
	f.migrations++
	if f.migrations == 0 {
		w.spill(flow, -1)
	}
}

func (w *wandering) spill(flow uint32, cpu int) {
	if w.spilled == nil {
		w.spilled = map[spill]uint64{}
	}
	w.spilled[spill{flow, cpu}]++
}

// appendTo appends the flow's packets per CPU to into, and returns its
// migrations.
func (w *wandering) appendTo(into []CPUPackets, flow uint32) ([]CPUPackets, uint64) {
	f := w.flows.at(flow)
	if f.row == 0 {
		if f.met {
			into = append(into, CPUPackets{CPU: int(f.last), Packets: uint64(f.packets)})
		}
		return into, 0
	}
	for cpu, n := range w.row(f.row) {
		packets := uint64(n) + w.spilled[spill{flow, cpu}]<<32
		if packets > 0 {
			into = append(into, CPUPackets{CPU: cpu, Packets: packets})
		}
	}
	return into, uint64(f.migrations) + w.spilled[spill{flow, -1}]<<32
}

// settled is the affinity of flows under RSS: the table entry fixes the CPU, so
// nothing is counted per packet; only what was dropped, and the packets of
// flows that met more than one entry.
type settled struct {
	dropped map[uint32]uint64
	varied  map[uint32]*variedFlow
}

type variedFlow struct {
	packets    []uint64 // per CPU
	last       int      // CPU of the latest packet, -1: none yet
	migrations uint64
}

func newSettled() *settled {
	return &settled{dropped: map[uint32]uint64{}, varied: map[uint32]*variedFlow{}}
}

// drop notes a dropped packet of flow.
func (s *settled) drop(flow uint32) {
	if flow != NoFlow {
		s.dropped[flow]++
	}
}

// vary notes an accepted packet of a flow that met more than one entry. first
// is the CPU of the packets before, if there were any.
func (s *settled) vary(flow uint32, ref *VariedRef, first, cpu, cpus int) {
	v := s.varied[flow]
	if v == nil {
		v = &variedFlow{packets: make([]uint64, cpus), last: -1}
		s.varied[flow] = v
		if before := ref.Before - s.dropped[flow]; before > 0 {
			v.packets[first], v.last = before, first
		}
	}
	if v.last >= 0 && v.last != cpu {
		v.migrations++
	}
	v.packets[cpu]++
	v.last = cpu
}

// appendTo appends the flow's packets per CPU to into, and returns its
// migrations. received counts its packets, cpu is the CPU of its entry.
func (s *settled) appendTo(into []CPUPackets, flow uint32, received uint64, cpu int) ([]CPUPackets, uint64) {
	if v := s.varied[flow]; v != nil {
		for cpu, n := range v.packets {
			if n > 0 {
				into = append(into, CPUPackets{CPU: cpu, Packets: n})
			}
		}
		return into, v.migrations
	}
	if n := received - s.dropped[flow]; n > 0 {
		into = append(into, CPUPackets{CPU: cpu, Packets: n})
	}
	return into, 0
}

// takes remembers, per flow, the first and the latest time that a CPU took a
// packet of it to indicate it: a connection's home CPU, and the CPU that its
// sent packets are compared with (MODEL.md section 7).
type takes struct {
	flows chunked[taken]
}

// taken orders takes by (at, cpu): at is a time where every CPU has its own
// vector (at one instant the lowest CPU goes first), else a running number.
type taken struct {
	first, last       int64 // at + 1; 0: none yet
	firstCPU, lastCPU uint16
}

func (t *takes) took(flow uint32, at int64, cpu int) {
	f := t.flows.at(flow)
	if f.first == 0 {
		f.first, f.firstCPU = at+1, uint16(cpu)
	}
	f.last, f.lastCPU = at+1, uint16(cpu)
}

// connection is the home CPU and the CPU of the latest take of the connection
// of the two flows; ok is false as long as none of their packets was taken.
func (t *takes) connection(flows ...uint32) (home, last int, ok bool) {
	var first, latest taken
	for _, flow := range flows {
		if flow == NoFlow {
			continue
		}
		f := *t.flows.at(flow)
		if f.first == 0 {
			continue
		}
		if first.first == 0 || f.first < first.first || f.first == first.first && f.firstCPU < first.firstCPU {
			first = f
		}
		if f.last > latest.last || f.last == latest.last && f.lastCPU > latest.lastCPU {
			latest = f
		}
	}
	return int(first.firstCPU), int(latest.lastCPU), first.first != 0
}
