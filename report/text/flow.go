package text

import (
	"cmp"
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// flowBlock is the rows of one table of flows: what is asked for may be a
// million flows, and a table is laid out in memory.
const flowBlock = 500

// flows is the table of the largest flows and where they went.
func (t *writer) flows(r *report.Report, rows int) {
	if r.Flows == nil || r.FlowsTotal == 0 {
		return
	}
	if rows == 0 {
		rows = defaultFlows
	}
	block := make([]report.Flow, 0, flowBlock)
	written := 0
	flush := func() {
		if len(block) == 0 {
			return
		}
		if written > 0 {
			t.line("")
		}
		t.flowTable(r, block, written)
		written += len(block)
		block = block[:0]
	}
	t.heading("FLOWS", "the largest of "+words.Exact(r.FlowsTotal)+", and the CPUs that took them; share is of the received packets")
	if r.FlowsNote != "" {
		t.para("", 0, r.FlowsNote, report.Plain)
	}
	for f := range r.Flows {
		if t.err != nil || rows > 0 && written+len(block) == rows {
			break
		}
		block = append(block, f)
		if len(block) == flowBlock {
			flush()
		}
	}
	flush()
	if left := int64(r.FlowsTotal) - int64(written); left > 0 {
		t.line("")
		t.para("", 0, words.Plural(uint64(left), "smaller flow is", "smaller flows are")+" not shown.", report.Plain)
	}
}

// flowTable is a block of flows, of which the first has number first + 1.
func (t *writer) flowTable(r *report.Report, flows []report.Flow, first int) {
	const sourceColumn, destinationColumn, identityColumns = 2, 3, 6
	g := grid{keys: 1, columns: []column{
		{head: "#"},
		{group: "flow", silent: true, head: "protocol", left: true},
		{group: "flow", silent: true, head: "source", left: true},
		{group: "flow", silent: true, head: "destination", left: true},
		{group: "flow", silent: true, head: "packets"},
		{group: "flow", silent: true, head: "share"},
		{group: "hash", head: "value"},
		{group: "hash", head: "type", left: true},
		{group: "hash", head: "entry"},
	}}

	// A mode in which no flow ever left its CPU needs only that CPU.
	single := make([]bool, len(r.Modes))
	for i, m := range r.Modes {
		single[i] = true
		for j := range flows {
			single[i] = single[i] && len(flows[j].InMode(m.Mode).CPUs) <= 1
		}
		name := m.Mode
		if single[i] {
			g.columns = append(g.columns, column{group: name, head: "CPU"})
		} else {
			g.columns = append(g.columns, column{group: name, head: "CPUs"}, column{group: name, head: "main"},
				column{group: name, head: "share"}, column{group: name, head: "migrations"})
		}
		if m.RPS != nil {
			g.columns = append(g.columns, column{group: name, head: "by", left: true})
		}
	}

	for i := range flows {
		f := &flows[i]
		cells := []cell{
			plainCell(fmt.Sprint(first + i + 1)), plainCell(f.Protocol),
			plainCell(report.EndName(f.Source, f.SourcePort, f.HasPorts, 0)), plainCell(report.EndName(f.Destination, f.DestinationPort, f.HasPorts, 0)),
			plainCell(words.Count(f.Packets)), plainCell(words.Percent(report.Ratio(f.Packets, r.Capture.Received))),
		}
		if f.HashType == report.NoHash {
			cells = append(cells, plainCell(words.None), plainCell(report.NoHash))
		} else if f.HashWithheld {
			cells = append(cells, plainCell(words.None), plainCell(f.HashType))
		} else {
			cells = append(cells, plainCell(string(report.AppendHash(nil, f.Hash))), plainCell(f.HashType))
		}
		cells = append(cells, plainCell(cmp.Or(f.Entry(), words.None)))
		for j, m := range r.Modes {
			on := f.InMode(m.Mode)
			cpu, share := on.Main()
			if single[j] {
				cells = append(cells, plainCell(cpu))
			} else {
				cells = append(cells, plainCell(fmt.Sprint(len(on.CPUs))), plainCell(cpu), plainCell(share), plainCell(words.Count(on.Migrations)))
			}
			if m.RPS != nil {
				cells = append(cells, plainCell(cmp.Or(f.By(&on), words.None)))
			}
		}
		g.row(cells...)
	}

	source, destination := &g.columns[sourceColumn], &g.columns[destinationColumn]
	left := t.width - len(words.Indent) - widthOf(g.columns[:identityColumns]) + source.width() + destination.width()
	sourceWidth, destinationWidth := report.SplitWidth(source.width(), destination.width(), left)
	for i := range flows {
		f := &flows[i]
		source.cells[i].text = words.Clean(report.EndName(f.Source, f.SourcePort, f.HasPorts, sourceWidth))
		destination.cells[i].text = words.Clean(report.EndName(f.Destination, f.DestinationPort, f.HasPorts, destinationWidth))
	}
	t.grid(&g)
}
