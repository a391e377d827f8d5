package page

import (
	"bufio"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// flowSection is the flow table: its first page, and as many flows as data as the page
// has room for.
type flowSection struct {
	Lead  string
	Note  string
	Table table
	Total int // listed

	flows iter.Seq[report.Flow]
}

const (
	// flowPage is the flows of a page of the table.
	flowPage = 50
	// pageRoom is about what a page takes at most, in bytes; besideRoom of it is not data.
	pageRoom   = 5_000_000
	besideRoom = 300_000
	// placeData is about what the data has of a CPU or queue under a mode, beside its series.
	placeData = 700
	// titleCPUs of a flow's are named at most, the first those with the most packets.
	titleCPUs = 8
)

// flowRoom is how much of a page is left for flows, by what else its data has; a little
// there always is.
func flowRoom(r *report.Report, series, try []byte) int {
	room := pageRoom - besideRoom - len(series) - len(try)
	for i := range r.Modes {
		room -= placeData * (len(r.Modes[i].CPUs) + len(r.Modes[i].Queues))
	}
	return max(room, pageRoom/10)
}

// newFlowSection has as many of r's flows, the largest, as room takes.
func newFlowSection(r *report.Report, room int) *flowSection {
	h := &flowSection{Note: r.FlowsNote, flows: r.Flows, Table: table{ID: "flow-table", Caption: "Flows", Label: "Table of flows", Head: heads("*#")}}
	what := append(heads("*packets", "*share"), head{Text: "flow", Class: "flow"})
	if r.AllFlows != nil {
		h.flows = r.AllFlows
	}
	if h.flows == nil {
		return nil
	}
	for i, m := range r.Modes {
		h.Table.Head = append(h.Table.Head, head{Text: "CPU, " + words.Shown(m.Mode), Class: placeClass(i)})
		if r.Staged(&m) {
			h.Table.Head = append(h.Table.Head, head{Text: "by"})
		}
		if i == 0 {
			h.Table.Head = append(h.Table.Head, what...)
		}
	}
	h.Table.Head = append(h.Table.Head, heads("*bytes", "hash", "hash type", "*entry")...)
	for i := len(h.Table.Head) - 3; i < len(h.Table.Head); i++ {
		h.Table.Head[i].Class = "more"
	}
	d := newFlowData(r.Modes)
	var row []byte
	var packets uint64
	size, full := 0, false
	for f := range h.flows {
		row = d.append(row[:0], &f)
		if size += len(row) + len(",\n"); size+d.size > room {
			full = true
			break
		}
		if h.Total < flowPage {
			h.Table.row(flowCells(r, &f, h.Total+1)...)
		}
		h.Total++
		packets += f.Packets
	}
	if h.Total == 0 {
		return nil
	}
	coverage := fmt.Sprintf("%s of the received packets", words.Percent(report.Ratio(packets, r.Capture.Received)))
	h.Lead = fmt.Sprintf("%s, the largest first: %s.", words.Plural(uint64(h.Total), "flow", "flows"), coverage)
	if left := int64(r.FlowsTotal) - int64(h.Total); left > 0 {
		h.Lead = fmt.Sprintf("The %s largest of %s: %s.", words.Exact(uint64(h.Total)), words.Plural(r.FlowsTotal, "flow", "flows"), coverage)
		if full {
			h.Lead += fmt.Sprintf(" A page has room for %d MB; --format csv --flows all lists all.", pageRoom/1_000_000)
		}
	}
	return h
}

// placeClass is the class of the column of a mode's CPUs: the first mode's stays in sight.
func placeClass(mode int) string {
	if mode == 0 {
		return "place"
	}
	return ""
}

// flowCells is a flow's row; the script makes the same ones.
func flowCells(r *report.Report, f *report.Flow, number int) []cell {
	cells := []cell{numberHead(number)}
	flow := textCell(report.FlowWords(f))
	flow.Class = "flow"
	what := []cell{exactCell(f.Packets), shareCell(report.Ratio(f.Packets, r.Capture.Received)), flow}
	for i := range r.Modes {
		on := f.InMode(r.Modes[i].Mode)
		place := flowPlaceCell(on)
		place.Class = placeClass(i)
		cells = append(cells, place)
		if r.Staged(&r.Modes[i]) {
			cells = append(cells, textCell(cmp.Or(f.By(&on), "–")))
		}
		if i == 0 {
			cells = append(cells, what...)
		}
	}
	cells = append(cells, bytesCell(f.Bytes))
	folded := []cell{textCell("–"), textCell(f.HashType), entryCell(f)}
	if f.HashType != report.NoHash && !f.HashWithheld {
		folded[0] = textCell(string(report.AppendHash(nil, f.Hash)))
	}
	for i := range folded {
		folded[i].Class = "more"
	}
	return append(cells, folded...)
}

// entryCell is the entry of the table that a flow met, or the rule that took it; of
// neither empty.
func entryCell(f *report.Flow) cell {
	switch {
	case f.Rule != nil:
		return cell{Text: f.Entry(), Number: true}
	case f.HashType == report.NoHash || f.HashWithheld:
		return nullCell()
	}
	return numberCell(f.Index)
}

// flowPlaceCell is where a mode indicated a flow's packets: its main CPU, and
// where that is not all, how many others there are.
func flowPlaceCell(on report.FlowMode) cell {
	if len(on.CPUs) == 0 {
		return textCell("–")
	}
	cpu, share := on.Main()
	if len(on.CPUs) == 1 {
		return textCell(cpu)
	}
	var where strings.Builder
	most := slices.Clone(on.CPUs)
	slices.SortStableFunc(most, func(a, b report.CPUPackets) int { return cmp.Compare(b.Packets, a.Packets) })
	for i, c := range most[:min(len(most), titleCPUs)] {
		if i > 0 {
			where.WriteString(", ")
		}
		fmt.Fprintf(&where, "CPU %d: %s", c.CPU, words.Exact(c.Packets))
	}
	if len(most) > titleCPUs {
		where.WriteString(" …")
	}
	fmt.Fprintf(&where, "; %s", words.Plural(on.Migrations, "migration", "migrations"))
	return cell{Text: fmt.Sprintf("%s (%s; on %d CPUs)", cpu, share, len(on.CPUs)), Title: where.String()}
}

// writeData writes the flows as the script reads them: their rows, and the words that
// the rows name by number.
func (h *flowSection) writeData(w *bufio.Writer, modes []report.Mode) error {
	w.WriteString(`,"flows":[`)
	d := newFlowData(modes)
	if h != nil {
		var row []byte
		at := 0
		for f := range h.flows {
			if at == h.Total {
				break
			}
			row = row[:0]
			if at > 0 {
				row = append(row, ",\n"...)
			}
			at++
			if _, err := w.Write(d.append(row, &f)); err != nil {
				return err
			}
		}
	}
	w.WriteString("],\"words\":[")
	for i, word := range d.words {
		if i > 0 {
			w.WriteByte(',')
		}
		w.Write(report.AppendString(nil, word))
	}
	_, err := w.WriteString("]")
	return err
}

// flowData writes flows as arrays, a fifth of the size of their JSON. Protocols, hash
// types and addresses are words, which a row names by their number.
type flowData struct {
	modes []report.Mode
	words []string
	at    map[string]int
	size  int // of words, in bytes
}

// knownWords bounds what is remembered of a capture with ever new addresses; those
// after it are written out.
const knownWords = 1 << 16

func newFlowData(modes []report.Mode) *flowData {
	return &flowData{modes: modes, at: map[string]int{}}
}

// append appends [protocol, source, its port, destination, its port, hash, type, entry,
// packets, bytes, and for each mode where its packets were]. A port is -1 where a flow
// has none. The entry is null where it met none, -1 - n where rule n took it. Where its
// packets were is the CPU where all were on one; else
// [migrations, CPU, packets, CPU, packets …]. Where receive packet steering chose the CPU,
// -1 - n stands for the number n that comes first.
func (d *flowData) append(row []byte, f *report.Flow) []byte {
	row = append(d.word(append(row, '['), words.Shown(f.Protocol)), ',')
	row = d.end(row, f.Source.WithZone("").String(), f.SourcePort, f.HasPorts)
	row = d.end(row, f.Destination.WithZone("").String(), f.DestinationPort, f.HasPorts)
	hashed := f.HashType != report.NoHash && !f.HashWithheld
	if hashed {
		row = strconv.AppendUint(row, uint64(f.Hash), 10)
	} else {
		row = append(row, "null"...)
	}
	row = append(d.word(append(row, ','), words.Shown(f.HashType)), ',')
	switch {
	case f.Rule != nil:
		row = strconv.AppendInt(row, -1-int64(*f.Rule), 10)
	case hashed:
		row = strconv.AppendInt(row, int64(f.Index), 10)
	default:
		row = append(row, "null"...)
	}
	row = strconv.AppendUint(append(row, ','), f.Packets, 10)
	row = strconv.AppendUint(append(row, ','), f.Bytes, 10)
	for i := range d.modes {
		row = append(row, ',')
		on := f.InMode(d.modes[i].Mode)
		if len(on.CPUs) == 1 && on.CPUs[0].Packets == f.Packets && on.Migrations == 0 {
			row = d.first(row, int64(on.CPUs[0].CPU), on.SteeredOn)
			continue
		}
		row = d.first(append(row, '['), int64(on.Migrations), on.SteeredOn)
		for _, c := range on.CPUs {
			row = strconv.AppendInt(append(row, ','), int64(c.CPU), 10)
			row = strconv.AppendUint(append(row, ','), c.Packets, 10)
		}
		row = append(row, ']')
	}
	return append(row, ']')
}

func (d *flowData) first(row []byte, n int64, steeredOn bool) []byte {
	if steeredOn {
		n = -1 - n
	}
	return strconv.AppendInt(row, n, 10)
}

// end appends an address and its port.
func (d *flowData) end(row []byte, address string, port uint16, hasPort bool) []byte {
	row = append(d.word(row, address), ',')
	if !hasPort {
		return append(row, "-1,"...)
	}
	return append(strconv.AppendUint(row, uint64(port), 10), ',')
}

// word appends the number of a word, or the word itself.
func (d *flowData) word(row []byte, word string) []byte {
	at, known := d.at[word]
	if !known {
		if len(d.words) == knownWords {
			return report.AppendString(row, word)
		}
		at = len(d.words)
		d.at[word] = at
		d.words = append(d.words, word)
		d.size += len(word) + len(`"",`)
	}
	return strconv.AppendInt(row, int64(at), 10)
}
