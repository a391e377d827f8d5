package dispatch

import (
	"slices"

	"rssreplay/dispatch/internal/prefetch"
)

// wandering is the affinity of flows in a mode where any CPU may indicate any
// packet. Packets are noted as they are indicated, which in such a mode is
// their order of arrival, and entered in runs, so that the loads of different
// flows' records overlap.
type wandering struct {
	cpus    int
	few     bool // at most fewCPUs: words has the flows, else flows has
	words   chunked[flowWord]
	carries sparse[carries] // of words
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

// noteAll is note of each of packets, whose of is its flow.
func (w *wandering) noteAll(packets []laneRest, cpu int) {
	for len(packets) > 0 {
		if len(w.pending) == cap(w.pending) {
			w.enter()
		}
		from := len(w.pending)
		n := min(len(packets), cap(w.pending)-from)
		w.pending = w.pending[:from+n]
		into := w.pending[from:]
		for i := range packets[:n] {
			into[i] = indication{packets[i].of, uint16(cpu)}
		}
		packets = packets[n:]
	}
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
	prefetch.Records(w.words.chunks, w.pending)
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
	n := &w.carries.ensure(flow)[count]
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
	if over := w.carries.at(flow); over != nil {
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
