package affinity

import (
	"slices"

	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/dispatch/internal/prefetch"
)

// Counted is the affinity of flows in a mode where any CPU may take any packet.
// Packets are taken in their order of arrival there, and indicated in the same.
type Counted struct {
	cpus    int
	Few     bool // at most fewCPUs: words has the flows, else flows has
	Words   bigarray.Array[Word]
	carries bigarray.Sparse[carries] // of words
	flows   bigarray.Array[flowCPUs]
	rows    [][]uint16 // of flows; 1 << rowBits in each
	used    uint32     // rows given out
	spilled map[spill]uint64

	pending []indication // to be counted in their rows

	homes *bigarray.Array[uint16] // per flow: the CPU that took its first packet, and 1; nil if nobody asks
}

// noted is how many indications are counted in rows at once.
const noted = 1024

type indication struct {
	row        uint32
	cpu, moved uint16
}

// rowBits sets how many rows are made at once. A row is how often the flow met
// another CPU than before, the first included, and its packets on each CPU.
const (
	rowBits    = 10
	rowMoves   = 0
	rowPackets = 1
)

// Word is one flow's row where there are few CPUs: in one word, so that to
// count a packet is one load, one store and little between. It has packets of
// wordPackets bits per CPU, from bit 0 on; then what a row has else: how often the
// flow met another CPU than before, the first included, and the last CPU and 1.
type Word uint64

// carries counts how often the counts of a Word overflowed: the packets of each
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

// flowCPUs is one flow's affinity, 8 bytes: while it stays on one CPU, the
// packets there, then its row.
type flowCPUs struct {
	n     uint32 // packets on cpu, or the row
	cpu   uint16 // that took the latest one
	state metCPUs
}

// metCPUs is how many CPUs took packets of a flow.
type metCPUs uint16

const (
	onNone    metCPUs = iota // no packet was taken
	onOne                    // all on one CPU
	onSeveral                // the row has it
)

// spill names a 16-bit count that overflowed, by its index in the row, or in the
// flow's carries; the map counts how often.
type spill struct {
	of   uint32 // row, or flow
	word int
}

// NewCounted is of no flows yet, whose packets meet so many CPUs.
func NewCounted(cpus int) *Counted {
	return &Counted{cpus: cpus, Few: cpus <= fewCPUs, pending: make([]indication, 0, noted)}
}

// KeepHomes has Connection know the home CPUs of flows.
func (w *Counted) KeepHomes() { w.homes = new(bigarray.Array[uint16]) }

// Connection is HomeCPUs.Connection of one flow, where homes are kept.
func (w *Counted) Connection(flow uint32) (home, last int, ok bool) {
	if flow == NoFlow {
		return 0, 0, false
	}
	if last = w.Last(flow); last == 0 {
		return 0, 0, false
	}
	return int(*w.homes.At(flow)) - 1, last - 1, true
}

// Grow makes room for flows flows.
func (w *Counted) Grow(flows uint32) {
	if w.homes != nil {
		w.homes.Grow(flows)
	}
	if w.Few {
		w.Words.Grow(flows)
	} else {
		w.flows.Grow(flows)
	}
}

// Expect prefetches what TookEach will ask for of flows: K is one's number, or a struct
// whose first field that is.
func Expect[K any](w *Counted, flows []K) {
	if w.Few {
		prefetch.Records(w.Words.Chunks, flows)
	} else {
		prefetch.Records(w.flows.Chunks, flows)
	}
}

// ExpectSends prefetches what Connection will ask for.
func (w *Counted) ExpectSends(sends []SendRef) {
	if w.homes == nil {
		return
	}
	prefetch.Records(w.homes.Chunks, sends)
	Expect(w, sends)
}

// Took is TookEach of one packet. It returns the CPU that took the flow's packet before, and
// 1: 0 without one, or without a flow.
func (w *Counted) Took(flow uint32, cpu int) (last int) {
	if flow != NoFlow {
		last = w.Last(flow)
		TookEach(w, []uint32{flow}, cpu, []int64{0})
	}
	return last
}

// TookEach notes that cpu takes a packet of each of flows, in their order, to indicate it, and
// sets moved to 1 where another CPU took the flow's packet before, else to 0. K is as with
// Expect.
func TookEach[K any](w *Counted, flows []K, cpu int, moved []int64) {
	if !w.Few {
		for i := range flows {
			moved[i] = w.tookRow(prefetch.Number(&flows[i]), uint16(cpu))
		}
		return
	}
	// Optimization: little work waits for what was loaded, and no branch but for
	// overflows, so that the loads of many packets overlap; and nothing is called.
	homes := w.homes != nil
	chunks, at, mark := w.Words.Chunks, uint(cpu)*wordPackets&63, uint64(cpu+1)<<wordLast
	moved = moved[:len(flows)]
	for i := range flows {
		flow := prefetch.Number(&flows[i])
		if flow == NoFlow {
			moved[i] = 0
			continue
		}
		word := &chunks[flow>>bigarray.ChunkBits][flow&(bigarray.ChunkSize-1)]
		old := uint64(*word)
		differs := ((old^mark)>>wordLast + 15) >> 4 // 1 if it is not 0
		now := old&(1<<wordLast-1) + differs<<wordMoves
		if now>>wordLast != 0 {
			now &= 1<<wordLast - 1
			w.carry(flow, carryMoves)
		}
		if ^old>>at&(1<<wordPackets-1) == 0 {
			now -= 1 << wordPackets << at
			w.carry(flow, cpu)
		}
		*word = Word(now + mark + 1<<at)
		moved[i] = int64(differs & ((old>>wordLast + 15) >> 4))
		if homes && old == 0 { // in this order: most often nobody asks, and which packets are first could not be foretold
			w.begin(flow, cpu)
		}
	}
}

// begin notes that cpu takes the first packet of flow.
func (w *Counted) begin(flow uint32, cpu int) {
	if w.homes != nil {
		*w.homes.At(flow) = uint16(cpu + 1)
	}
}

// Meet notes, of a flow without any, that cpu took packets of it before that are counted
// elsewhere.
func (w *Counted) Meet(flow uint32, cpu int) {
	switch {
	case flow == NoFlow:
	case w.Few:
		if word := w.Words.At(flow); *word == 0 {
			*word = met(cpu)
		}
	default:
		if f := w.flows.At(flow); f.state == onNone {
			*f = flowCPUs{0, uint16(cpu), onOne}
		}
	}
}

// met is the row of a flow that only met a CPU.
func met(cpu int) Word { return Word(cpu+1)<<wordLast | 1<<wordMoves }

// Turn notes that after n packets, which are not counted yet, of a flow whose latest one on
// took, cpu takes the next ones, which will be counted later. on is a CPU, and 1; 0: there
// were none.
func (w *Counted) Turn(flow uint32, on int, n uint32, cpu int) {
	if w.Few {
		w.turnWord(flow, on, n, cpu)
	} else {
		w.turnRow(flow, on, n, cpu)
	}
}

// turnWord is Turn with few CPUs.
func (w *Counted) turnWord(flow uint32, on int, n uint32, cpu int) {
	word := uint64(*w.Words.At(flow))
	if on > 0 {
		if word == 0 {
			word = uint64(met(on - 1))
		}
		const most = 1<<wordPackets - 1
		at := (on - 1) * wordPackets
		sum := word>>at&most + uint64(n)
		word += (sum&most - word>>at&most) << at
		if over := sum >> wordPackets; over > 0 {
			w.carryMany(flow, on-1, over)
		}
	}
	if mark := uint64(cpu + 1); word>>wordLast != mark {
		word &= 1<<wordLast - 1
		if word += 1 << wordMoves; word>>wordLast != 0 {
			word &= 1<<wordLast - 1
			w.carry(flow, carryMoves)
		}
		word |= mark << wordLast
	}
	*w.Words.At(flow) = Word(word)
}

// carryMany is carry of as many overflows.
func (w *Counted) carryMany(flow uint32, count int, n uint64) {
	of := &w.carries.Ensure(flow)[count]
	n += uint64(*of)
	*of = uint16(n)
	w.spillMany(flow, count, n>>16)
}

// turnRow is Turn with many CPUs.
func (w *Counted) turnRow(flow uint32, on int, n uint32, cpu int) {
	f := w.flows.At(flow)
	if f.state == onNone {
		*f = flowCPUs{0, uint16(cpu), onOne}
		if on > 0 {
			f.cpu = uint16(on - 1)
		}
	}
	if f.state == onOne {
		if sum := uint64(f.n) + uint64(n); int(f.cpu) == cpu && sum < 1<<16-1 {
			f.n = uint32(sum)
			return
		}
		at := w.newRow()
		row := w.row(at)
		row[rowMoves], row[rowPackets+int(f.cpu)] = 1, uint16(f.n)
		f.n, f.state = at, onSeveral
	}
	w.addToRow(f.n, rowPackets+int(f.cpu), n)
	if int(f.cpu) != cpu {
		f.cpu = uint16(cpu)
		w.addToRow(f.n, rowMoves, 1)
	}
}

// addToRow adds to a word of a row.
func (w *Counted) addToRow(row uint32, word int, n uint32) {
	of := &w.row(row)[word]
	sum := uint64(*of) + uint64(n)
	*of = uint16(sum)
	w.spillMany(row, word, sum>>16)
}

// Last is the CPU that took the latest packet of flow, and 1; 0 without one.
func (w *Counted) Last(flow uint32) int {
	if w.Few {
		return int(*w.Words.At(flow) >> wordLast)
	}
	if f := w.flows.At(flow); f.state != onNone {
		return int(f.cpu) + 1
	}
	return 0
}

// carry counts an overflow of a count of flow.
func (w *Counted) carry(flow uint32, count int) {
	n := &w.carries.Ensure(flow)[count]
	if *n++; *n == 0 {
		w.spill(flow, count)
	}
}

// tookRow is TookEach of one packet, with many CPUs.
func (w *Counted) tookRow(flow uint32, cpu uint16) (moved int64) {
	if flow == NoFlow {
		return 0
	}
	f := w.flows.At(flow)
	switch {
	case f.state == onNone:
		*f = flowCPUs{1, cpu, onOne}
		w.begin(flow, int(cpu))
		return 0
	case f.state == onOne && f.cpu == cpu && f.n < 1<<16-1:
		f.n++
		return 0
	case f.state == onOne:
		at := w.newRow()
		row := w.row(at)
		row[rowMoves], row[rowPackets+int(f.cpu)] = 1, uint16(f.n)
		f.n, f.state = at, onSeveral
	}
	if f.cpu != cpu {
		f.cpu, moved = cpu, 1
	}
	// Optimization: rows are counted in a loop of their own, whose loads overlap.
	if len(w.pending) == cap(w.pending) {
		w.Enter()
	}
	w.pending = append(w.pending, indication{f.n, cpu, uint16(moved)})
	return moved
}

func (w *Counted) newRow() uint32 {
	if w.used>>rowBits >= uint32(len(w.rows)) {
		w.rows = append(w.rows, make([]uint16, (rowPackets+w.cpus)<<rowBits))
	}
	w.used++
	return w.used - 1
}

func (w *Counted) row(i uint32) []uint16 {
	stride := rowPackets + w.cpus
	at := int(i&(1<<rowBits-1)) * stride
	return w.rows[i>>rowBits][at : at+stride]
}

// Enter counts in their rows what is pending.
func (w *Counted) Enter() {
	for _, in := range w.pending {
		row, word := w.row(in.row), rowPackets+int(in.cpu)
		if row[word]++; row[word] == 0 {
			w.spill(in.row, word)
		}
		if row[rowMoves] += in.moved; row[rowMoves] < in.moved {
			w.spill(in.row, rowMoves)
		}
	}
	w.pending = w.pending[:0]
}

func (w *Counted) spill(of uint32, word int) { w.spillMany(of, word, 1) }

func (w *Counted) spillMany(of uint32, word int, n uint64) {
	if n == 0 {
		return
	}
	if w.spilled == nil {
		w.spilled = map[spill]uint64{}
	}
	w.spilled[spill{of, word}] += n
}

// AppendTo appends the flow's packets per CPU to into, and returns its
// migrations.
func (w *Counted) AppendTo(into []CPUPackets, flow uint32) ([]CPUPackets, uint64) {
	if w.Few {
		return w.appendWord(into, flow)
	}
	f := w.flows.At(flow)
	switch f.state {
	case onNone:
		return into, 0
	case onOne:
		if f.n == 0 {
			return into, 0
		}
		return append(into, CPUPackets{CPU: int(f.cpu), Packets: uint64(f.n)}), 0
	}
	row := w.row(f.n)
	whole := func(word int) uint64 {
		n := uint64(row[word])
		if w.spilled != nil {
			n += w.spilled[spill{f.n, word}] << 16
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

// PerCPU are packets on each CPU, where there are few.
type PerCPU [fewCPUs]uint64

// Packets sets on to the flow's packets on each CPU, where there are few, and returns its
// migrations; met tells whether there are any.
func (w *Counted) Packets(flow uint32, on *PerCPU) (migrations uint64, met bool) {
	word := uint64(*w.Words.At(flow))
	if word == 0 {
		*on = PerCPU{}
		return 0, false
	}
	for cpu := range on {
		on[cpu] = word >> (cpu * wordPackets) & (1<<wordPackets - 1)
	}
	moves := word >> wordMoves & (1<<movesBits - 1)
	if over := w.carries.At(flow); over != nil {
		carried := func(count int) uint64 { return uint64(over[count]) + w.spilled[spill{flow, count}]<<16 }
		for cpu := range w.cpus {
			on[cpu] += carried(cpu) << wordPackets
		}
		moves += carried(carryMoves) << movesBits
	}
	return moves - 1, true
}

// appendWord is AppendTo with few CPUs.
func (w *Counted) appendWord(into []CPUPackets, flow uint32) ([]CPUPackets, uint64) {
	var on PerCPU
	migrations, met := w.Packets(flow, &on)
	if !met {
		return into, 0
	}
	into = slices.Grow(into, fewCPUs)
	// Optimization: no branch on which CPUs these are; it could not be foretold.
	n, row := len(into), into[:len(into)+fewCPUs]
	for cpu := range w.cpus {
		row[n] = CPUPackets{CPU: cpu, Packets: on[cpu]}
		n += int(min(on[cpu], 1))
	}
	return row[:n], migrations
}
