package page

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// htmlFlows is the flow table: its first page, and all of it as data.
type htmlFlows struct {
	Lead  string
	Note  string
	Table htmlTable
	Total int // listed
}

// flowPage is the flows of a page of the table.
const flowPage = 50

func newHTMLFlows(r *report.Report) *htmlFlows {
	if r.Flows == nil {
		return nil
	}
	h := &htmlFlows{Note: r.FlowsNote, Table: htmlTable{ID: "flow-table", Caption: "Flows, the largest first",
		Head: heads("*#", "protocol", "source", "destination", "*packets", "*share", "*bytes", "hash", "hash type", "*entry")}}
	for _, m := range r.Modes {
		h.Table.Head = append(h.Table.Head, htmlHead{Text: "CPU, " + words.Shown(m.Mode)})
	}
	for f := range r.Flows {
		if h.Total < flowPage {
			h.Table.row(flowCells(r, &f, h.Total+1)...)
		}
		h.Total++
	}
	if h.Total == 0 {
		return nil
	}
	h.Lead = words.Plural(uint64(h.Total), "flow", "flows") + ", the largest first; share is of the received packets."
	if left := int64(r.FlowsTotal) - int64(h.Total); left > 0 {
		h.Lead = fmt.Sprintf("The %s largest of %s; share is of the received packets. (--flows all lists all.)", words.Exact(uint64(h.Total)), words.Plural(r.FlowsTotal, "flow", "flows"))
	}
	return h
}

// flowCells is a flow's row; the script makes the same ones.
func flowCells(r *report.Report, f *report.Flow, number int) []htmlCell {
	cells := []htmlCell{
		numberHead(number), textCell(f.Protocol),
		textCell(report.EndName(f.Source, f.SourcePort, f.HasPorts, 0)), textCell(report.EndName(f.Destination, f.DestinationPort, f.HasPorts, 0)),
		exactCell(f.Packets), shareCell(report.Ratio(f.Packets, r.Capture.Received)), bytesCell(f.Bytes),
	}
	if f.HashType == report.NoHash {
		cells = append(cells, textCell("–"), textCell(report.NoHash), nullCell())
	} else if f.HashWithheld {
		cells = append(cells, textCell("–"), textCell(f.HashType), nullCell())
	} else {
		cells = append(cells, textCell(string(report.AppendHash(nil, f.Hash))), textCell(f.HashType), entryCell(f))
	}
	for i := range r.Modes {
		cells = append(cells, flowPlaceCell(f.InMode(r.Modes[i].Mode)))
	}
	return cells
}

// entryCell is the entry of the table that a flow met, empty where a rule took it.
func entryCell(f *report.Flow) htmlCell {
	if f.Rule != nil {
		return nullCell()
	}
	return numberCell(f.Index)
}

// flowPlaceCell is where a mode indicated a flow's packets: its main CPU, and
// where that is not all, how many others there are.
func flowPlaceCell(on report.FlowMode) htmlCell {
	if len(on.CPUs) == 0 {
		return textCell("–")
	}
	cpu, share := on.Main()
	if len(on.CPUs) == 1 {
		return textCell(cpu)
	}
	var where strings.Builder
	for i, c := range on.CPUs {
		if i > 0 {
			where.WriteString(", ")
		}
		fmt.Fprintf(&where, "CPU %d: %s", c.CPU, words.Exact(c.Packets))
	}
	fmt.Fprintf(&where, "; %s", words.Plural(on.Migrations, "migration", "migrations"))
	return htmlCell{Text: fmt.Sprintf("%s (%s; on %d CPUs)", cpu, share, len(on.CPUs)), Title: where.String()}
}

// writeData writes what the script reads: the received packets, each mode's
// series, and of each flow an array, a third of the size of its JSON.
func (h *htmlFlows) writeData(w *bufio.Writer, r *report.Report) error {
	series, err := seriesJSON(r.Modes)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `{"received":%d,"page":%d,"modes":`, r.Capture.Received, flowPage)
	w.Write(series)
	w.WriteString(",\"flows\":[")
	if h != nil {
		var row []byte
		first := true
		for f := range r.Flows {
			row = row[:0]
			if !first {
				row = append(row, ",\n"...)
			}
			first = false
			row = appendFlowData(row, r, &f)
			if _, err := w.Write(row); err != nil {
				return err
			}
		}
	}
	_, err = w.WriteString("]}")
	return err
}

// appendFlowData appends [protocol, source, destination, hash or null, type,
// index or null, packets, bytes, and for each mode [migrations, CPU, packets, CPU,
// packets …]].
func appendFlowData(row []byte, r *report.Report, f *report.Flow) []byte {
	row = append(row, '[')
	for _, s := range []string{words.Shown(f.Protocol), report.EndName(f.Source, f.SourcePort, f.HasPorts, 0), report.EndName(f.Destination, f.DestinationPort, f.HasPorts, 0)} {
		row = append(report.AppendString(row, s), ',')
	}
	if f.HashType == report.NoHash {
		row = append(row, `null,"none",null`...)
	} else if f.HashWithheld {
		row = append(report.AppendString(append(row, "null,"...), words.Shown(f.HashType)), ",null"...)
	} else {
		row = append(report.AppendHash(append(row, '"'), f.Hash), '"', ',')
		row = append(report.AppendString(row, words.Shown(f.HashType)), ',')
		if f.Rule != nil {
			row = append(row, "null"...)
		} else {
			row = strconv.AppendInt(row, int64(f.Index), 10)
		}
	}
	row = strconv.AppendUint(append(row, ','), f.Packets, 10)
	row = strconv.AppendUint(append(row, ','), f.Bytes, 10)
	for i := range r.Modes {
		on := f.InMode(r.Modes[i].Mode)
		row = strconv.AppendUint(append(row, ",["...), on.Migrations, 10)
		for _, c := range on.CPUs {
			row = strconv.AppendInt(append(row, ','), int64(c.CPU), 10)
			row = strconv.AppendUint(append(row, ','), c.Packets, 10)
		}
		row = append(row, ']')
	}
	return append(row, ']')
}
