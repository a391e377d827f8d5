package dispatch

import "slices"

// wandering is the affinity of flows in a mode where any CPU may indicate any
// packet. Packets are noted as they are indicated, which in such a mode is
// their order of arrival, and entered in runs, so that the loads of different
// flows' records overlap.
type wandering struct {
	cpus    int
	few     bool // at most fewCPUs: words has the flows, else flows has
	words   chunked[flowWord]
	carries []*[chunkSize]carries // of words, in chunks where any was needed, else nil
	flows   chunked[wanderer]
	rows    [][]uint16 // of flows; 1 << rowBits in each
	used    uint32     // rows given out
	spilled map[spill]uint64

	pending []indication // noted and not entered yet
	at      []uint32     // the rows of pending, while it is entered
}

// noted is how many indications are entered at once.
const noted = 1024

type indication struct {
	flow uint32
	cpu  uint16
}

// rowBits sets how many rows are made at once. A row is the flow's last CPU
// and 1, 0 for none, how often it met another one than before, the first
// included, and its packets on each CPU.
const (
	rowBits    = 10
	rowLast    = 0
	rowMoves   = 1
	rowPackets = 2
)

// flowWord is one flow's row where there are few CPUs: in one word, so that to
// count a packet is one load, one store and little between. It has packets of
// wordPackets bits per CPU, from bit 0 on; then what a row has else: how often the
// flow met another CPU than before, the first included, and the last CPU and 1.
type flowWord uint64

// carries counts how often the counts of a flowWord overflowed: the packets of each
// CPU, and how often it met another one.
type carries [fewCPUs + 1]uint16

const carryMoves = fewCPUs

const (
	fewCPUs     = 8
	wordPackets = 6                     // bits
	wordMoves   = fewCPUs * wordPackets // where it begins
	wordLast    = 60                    // where it begins
	movesBits   = wordLast - wordMoves
)

// wanderer is one flow's affinity, 8 bytes: while it stayed on one CPU, the
// packets there, then its row.
type wanderer struct {
	n     uint32 // packets on cpu, or the row
	cpu   uint16
	state wandererState
}

type wandererState uint16

const (
	unmet   wandererState = iota // no packet was indicated
	onOne                        // all on one CPU
	wanders                      // the row has it
)

// spill names a 16-bit count of a flow that overflowed, by its index in a row or in
// carries; the map counts how often.
type spill struct {
	flow uint32
	word int
}

func newWandering(cpus int) *wandering {
	return &wandering{
		cpus: cpus, few: cpus <= fewCPUs,
		pending: make([]indication, 0, noted), at: make([]uint32, 0, noted),
	}
}

// grow makes room for flows flows.
func (w *wandering) grow(flows uint32) {
	if w.few {
		w.words.grow(flows)
	} else {
		w.flows.grow(flows)
	}
}

// note notes that cpu indicated a packet of flow, NoFlow or one whose record
// exists.
func (w *wandering) note(flow uint32, cpu int) {
	if len(w.pending) == cap(w.pending) {
		w.enter()
	}
	w.pending = append(w.pending, indication{flow, uint16(cpu)})
}

// enter enters what was noted.
func (w *wandering) enter() {
	if w.few {
		w.enterWords()
	} else {
		// Optimization: the rows in a loop of their own, whose loads overlap.
		at := w.at[:0]
		for _, in := range w.pending {
			at = append(at, w.rowOf(in))
		}
		for i, in := range w.pending {
			if at[i] != noRow {
				w.count(at[i], in)
			}
		}
	}
	w.pending = w.pending[:0]
}

// enterWords is enter with few CPUs.
func (w *wandering) enterWords() {
	for _, in := range w.pending {
		if in.flow == NoFlow {
			continue
		}
		word := (*uint64)(w.words.at(in.flow))
		// Optimization: little work waits for what was loaded, and no branch but for
		// overflows, so that the loads of many packets overlap.
		at, last := in.cpu*wordPackets&63, uint64(in.cpu+1)<<wordLast
		old := *word
		differs := (old ^ last) >> wordLast
		moved := (differs + 15) >> 4 << wordMoves // 1 of moves if it is not 0
		now := old&(1<<wordLast-1) + moved
		if now>>wordLast != 0 {
			now &= 1<<wordLast - 1
			w.carry(in.flow, carryMoves)
		}
		if ^old>>at&(1<<wordPackets-1) == 0 {
			now -= 1 << wordPackets << at
			w.carry(in.flow, int(in.cpu))
		}
		*word = now + last + 1<<at
	}
}

// carry counts an overflow of a count of flow.
func (w *wandering) carry(flow uint32, count int) {
	chunk := flow >> chunkBits
	if missing := int(chunk) + 1 - len(w.carries); missing > 0 {
		w.carries = append(w.carries, make([]*[chunkSize]carries, missing)...)
	}
	if w.carries[chunk] == nil {
		w.carries[chunk] = new([chunkSize]carries)
	}
	n := &w.carries[chunk][flow&(chunkSize-1)][count]
	if *n++; *n == 0 {
		w.spill(flow, count)
	}
}

// noRow stands for the row of a packet without a flow, and of one that was
// counted without.
const noRow = NoFlow

// rowOf is the row that counts a packet, after it counted what needs none.
func (w *wandering) rowOf(in indication) uint32 {
	if in.flow == NoFlow {
		return noRow
	}
	f := w.flows.at(in.flow)
	switch {
	case f.state == wanders:
		return f.n
	case f.state == unmet:
		*f = wanderer{1, in.cpu, onOne}
		return noRow
	case f.cpu == in.cpu && f.n < 1<<16-1:
		f.n++
		return noRow
	}
	at := w.newRow()
	row := w.row(at)
	row[rowLast], row[rowMoves], row[rowPackets+int(f.cpu)] = f.cpu+1, 1, uint16(f.n)
	f.n, f.state = at, wanders
	return at
}

func (w *wandering) newRow() uint32 {
	if w.used>>rowBits >= uint32(len(w.rows)) {
		w.rows = append(w.rows, make([]uint16, (rowPackets+w.cpus)<<rowBits))
	}
	w.used++
	return w.used - 1
}

func (w *wandering) row(i uint32) []uint16 {
	stride := rowPackets + w.cpus
	at := int(i&(1<<rowBits-1)) * stride
	return w.rows[i>>rowBits][at : at+stride]
}

// count counts a packet in row at.
func (w *wandering) count(at uint32, in indication) {
	row := w.row(at)
	word := rowPackets + int(in.cpu)
	if row[word]++; row[word] == 0 {
		w.spill(in.flow, word)
	}
	// Optimization: no branch on what was just loaded, so that the next packets'
	// loads need not wait for it.
	last := in.cpu + 1
	moved := uint32(row[rowLast] ^ last)
	row[rowLast] = last
	moves := row[rowMoves] + uint16((moved|-moved)>>31)
	if row[rowMoves] > moves {
		w.spill(in.flow, rowMoves)
	}
	row[rowMoves] = moves
}

func (w *wandering) spill(flow uint32, word int) {
	if w.spilled == nil {
		w.spilled = map[spill]uint64{}
	}
	w.spilled[spill{flow, word}]++
}

// appendTo appends the flow's packets per CPU to into, and returns its
// migrations.
func (w *wandering) appendTo(into []CPUPackets, flow uint32) ([]CPUPackets, uint64) {
	if w.few {
		return w.appendWord(into, flow)
	}
	f := w.flows.at(flow)
	switch f.state {
	case unmet:
		return into, 0
	case onOne:
		return append(into, CPUPackets{CPU: int(f.cpu), Packets: uint64(f.n)}), 0
	}
	row := w.row(f.n)
	whole := func(word int) uint64 {
		n := uint64(row[word])
		if w.spilled != nil {
			n += w.spilled[spill{flow, word}] << 16
		}
		return n
	}
	for cpu := range w.cpus {
		if packets := whole(rowPackets + cpu); packets > 0 {
			into = append(into, CPUPackets{CPU: cpu, Packets: packets})
		}
	}
	return into, whole(rowMoves) - 1
}

// appendWord is appendTo with few CPUs.
func (w *wandering) appendWord(into []CPUPackets, flow uint32) ([]CPUPackets, uint64) {
	word := uint64(*w.words.at(flow))
	if word == 0 {
		return into, 0
	}
	moves := word >> wordMoves & (1<<movesBits - 1)
	into = slices.Grow(into, fewCPUs)
	if chunk := int(flow >> chunkBits); chunk < len(w.carries) && w.carries[chunk] != nil {
		over := &w.carries[chunk][flow&(chunkSize-1)]
		carried := func(count int) uint64 { return uint64(over[count]) + w.spilled[spill{flow, count}]<<16 }
		for cpu := range w.cpus {
			if n := word>>(cpu*wordPackets)&(1<<wordPackets-1) + carried(cpu)<<wordPackets; n > 0 {
				into = append(into, CPUPackets{CPU: cpu, Packets: n})
			}
		}
		return into, moves + carried(carryMoves)<<movesBits - 1
	}
	// Optimization: no branch on which CPUs these are; it could not be foretold.
	n, row := len(into), into[:len(into)+fewCPUs]
	for cpu := range w.cpus {
		packets := word & (1<<wordPackets - 1)
		word >>= wordPackets
		row[n] = CPUPackets{CPU: cpu, Packets: packets}
		n += int((packets + 1<<wordPackets - 1) >> wordPackets) // 1 if there are any
	}
	return row[:n], moves - 1
}

// settled is the affinity of flows under RSS: the table entry fixes the CPU, so
// nothing is counted per packet; only what was dropped, and the packets of
// flows that met more than one entry.
type settled struct {
	dropped drops
	varied  map[uint32]*variedFlow
}

type variedFlow struct {
	packets    []uint64 // per CPU
	last       int      // CPU of the latest packet, -1: none yet
	migrations uint64
}

func newSettled() *settled {
	return &settled{varied: map[uint32]*variedFlow{}}
}

// drop notes a dropped packet of flow.
func (s *settled) drop(flow uint32) {
	if flow != NoFlow {
		s.dropped.add(flow)
	}
}

// vary notes an accepted packet of a flow that met more than one entry. first
// is the CPU of the packets before, if there were any.
func (s *settled) vary(flow uint32, ref *VariedRef, first, cpu, cpus int) {
	v := s.varied[flow]
	if v == nil {
		v = &variedFlow{packets: make([]uint64, cpus), last: -1}
		s.varied[flow] = v
		if before := ref.Before - s.dropped.of(flow); before > 0 {
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
	if n := received - s.dropped.of(flow); n > 0 {
		into = append(into, CPUPackets{CPU: cpu, Packets: n})
	}
	return into, 0
}

// drops counts dropped packets per flow, with memory only about flows that had
// some. The zero value is empty.
type drops struct {
	chunks  []*[chunkSize]uint32
	spilled map[uint32]uint64 // how often a flow's 32 bits overflowed
}

func (d *drops) add(flow uint32) {
	chunk := flow >> chunkBits
	if missing := int(chunk) + 1 - len(d.chunks); missing > 0 {
		d.chunks = append(d.chunks, make([]*[chunkSize]uint32, missing)...)
	}
	if d.chunks[chunk] == nil {
		d.chunks[chunk] = new([chunkSize]uint32)
	}
	n := &d.chunks[chunk][flow&(chunkSize-1)]
	if *n++; *n == 0 {
		if d.spilled == nil {
			d.spilled = map[uint32]uint64{}
		}
		d.spilled[flow]++
	}
}

func (d *drops) of(flow uint32) uint64 {
	chunk := int(flow >> chunkBits)
	if chunk >= len(d.chunks) || d.chunks[chunk] == nil {
		return 0
	}
	return uint64(d.chunks[chunk][flow&(chunkSize-1)]) + d.spilled[flow]<<32
}

// takes remembers, per flow, the first and the latest time that a CPU took a
// packet of it to indicate it: a connection's home CPU, and the CPU that its
// sent packets are compared with (MODEL.md section 7).
type takes struct {
	flows  chunked[taken]
	loaded int64 // of load, so that it is done
}

// taken orders takes by (at, cpu): at is a time where every CPU has its own
// vector (at one instant the lowest CPU goes first), else a running number.
type taken struct {
	first, last       int64 // at + 1; 0: none yet
	firstCPU, lastCPU uint16
}

// load reads what the packets of b will ask for.
//
// Optimization: took and connection wait for one flow after the other, so that
// here, where the waits overlap, all come into the cache.
func (t *takes) load(b *Batch) {
	sum := int64(0)
	for _, flow := range b.Flow[:b.N] {
		if flow != NoFlow {
			sum += t.flows.at(flow).last
		}
	}
	for _, ref := range b.Sends {
		if ref.Answers != NoFlow {
			sum += t.flows.at(ref.Answers).last
		}
		if ref.Same != NoFlow {
			sum += t.flows.at(ref.Same).last
		}
	}
	t.loaded = sum
}

// took notes that cpu took a packet of flow. Where every CPU has its own vector
// the CPUs' takes do not come in order of time, and the packets of a flow need
// not all be on one CPU.
func (t *takes) took(flow uint32, at int64, cpu int) {
	f := t.flows.at(flow)
	n, c := at+1, uint16(cpu)
	if f.first == 0 || n < f.first || n == f.first && c < f.firstCPU {
		f.first, f.firstCPU = n, c
	}
	if n > f.last || n == f.last && c > f.lastCPU {
		f.last, f.lastCPU = n, c
	}
}

// connection is the home CPU and the CPU of the latest take of the connection
// of the two flows; ok is false as long as none of their packets was taken.
func (t *takes) connection(flows ...uint32) (home, last int, ok bool) {
	var first, latest int64
	var firstCPU, lastCPU uint16
	for _, flow := range flows {
		if flow == NoFlow {
			continue
		}
		f := t.flows.at(flow) // no copy: took may have written parts of it just now
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
