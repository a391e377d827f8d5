package text

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// flowBlock is the rows of one table of flows: what is asked for may be a
// million flows, and a table is laid out in memory.
const flowBlock = 500

// flowBlocks yields so many of the flows, or below 0 all, in blocks, each with the number of
// those before it. A block is valid until the next one.
func flowBlocks(flows iter.Seq[report.Flow], rows int) iter.Seq2[int, []report.Flow] {
	return func(yield func(int, []report.Flow) bool) {
		before := 0
		block := make([]report.Flow, 0, flowBlock)
		for f := range flows {
			if block = append(block, f); before+len(block) == rows {
				break
			}
			if len(block) == flowBlock {
				if !yield(before, block) {
					return
				}
				before, block = before+len(block), block[:0]
			}
		}
		if len(block) > 0 {
			yield(before, block)
		}
	}
}

// flows is the table of the largest flows and where they went.
func (t *writer) flows(r *report.Report, rows int) {
	if r.Flows == nil || r.FlowsTotal == 0 {
		return
	}
	if rows == 0 {
		rows = defaultFlows
	}
	t.heading("FLOWS", "the largest of "+words.Exact(r.FlowsTotal)+", and the CPUs that took them; share is of the received packets")
	if r.FlowsNote != "" {
		t.say(r.FlowsNote)
	}
	written := 0
	for before, flows := range flowBlocks(r.Flows, rows) {
		if t.err != nil {
			break
		}
		if before > 0 {
			t.line("")
		}
		t.flowTable(r, flows, before)
		written = before + len(flows)
	}
	if left := int64(r.FlowsTotal) - int64(written); left > 0 {
		t.line("")
		t.say(words.Plural(uint64(left), "smaller flow is", "smaller flows are") + " not shown.")
	}
}

// flowTable is a block of flows, of which the first has number first + 1.
func (t *writer) flowTable(r *report.Report, flows []report.Flow, first int) {
	single := oneCPU(r.Modes, flows)
	g := grid{keys: 1, columns: flowColumns(r.Modes, single)}
	for i := range flows {
		f := &flows[i]
		cells := append([]cell{plainCell(fmt.Sprint(first + i + 1))}, flowCells(f, r.Capture.Received)...)
		for j := range r.Modes {
			cells = append(cells, flowModeCells(f, &r.Modes[j], single[j])...)
		}
		g.row(cells...)
	}
	t.fitEnds(&g, flows)
	t.grid(&g)
}

// oneCPU tells of each mode whether no flow ever left its CPU: it needs only that CPU.
func oneCPU(modes []report.Mode, flows []report.Flow) []bool {
	single := make([]bool, len(modes))
	for i := range modes {
		single[i] = !slices.ContainsFunc(flows, func(f report.Flow) bool { return len(f.InMode(modes[i].Mode).CPUs) > 1 })
	}
	return single
}

// Where flowColumns has the ends of a flow, and how many columns say which flow it is.
const sourceColumn, destinationColumn, identityColumns = 2, 3, 6

func flowColumns(modes []report.Mode, single []bool) []column {
	columns := []column{
		{head: "#"},
		{group: "flow", silent: true, head: "protocol", left: true},
		{group: "flow", silent: true, head: "source", left: true},
		{group: "flow", silent: true, head: "destination", left: true},
		{group: "flow", silent: true, head: "packets"},
		{group: "flow", silent: true, head: "share"},
		{group: "hash", head: "value"},
		{group: "hash", head: "type", left: true},
		{group: "hash", head: "entry"},
	}
	for i, m := range modes {
		name := m.Mode
		if single[i] {
			columns = append(columns, column{group: name, head: "CPU"})
		} else {
			columns = append(columns, column{group: name, head: "CPUs"}, column{group: name, head: "main"},
				column{group: name, head: "share"}, column{group: name, head: "migrations"})
		}
		if m.RPS != nil {
			columns = append(columns, column{group: name, head: "by", left: true})
		}
	}
	return columns
}

// flowCells say which flow it is, how large, and what its hash is.
func flowCells(f *report.Flow, received uint64) []cell {
	hash := words.None
	if f.HashType != report.NoHash && !f.HashWithheld {
		hash = string(report.AppendHash(nil, f.Hash))
	}
	return plainCells(
		f.Protocol,
		report.EndName(f.Source, f.SourcePort, f.HasPorts, 0), report.EndName(f.Destination, f.DestinationPort, f.HasPorts, 0),
		words.Count(f.Packets), words.Percent(report.Ratio(f.Packets, received)),
		hash, f.HashType, cmp.Or(f.Entry(), words.None),
	)
}

// flowModeCells say where the flow went in a mode.
func flowModeCells(f *report.Flow, m *report.Mode, single bool) []cell {
	on := f.InMode(m.Mode)
	cpu, share := on.Main()
	cells := []cell{plainCell(cpu)}
	if !single {
		cells = plainCells(fmt.Sprint(len(on.CPUs)), cpu, share, words.Count(on.Migrations))
	}
	if m.RPS != nil {
		cells = append(cells, plainCell(cmp.Or(f.By(&on), words.None)))
	}
	return cells
}

// fitEnds shortens the flows' addresses to what the line has room for beside the rest that
// says which flow it is.
func (t *writer) fitEnds(g *grid, flows []report.Flow) {
	source, destination := &g.columns[sourceColumn], &g.columns[destinationColumn]
	left := t.width - len(words.Indent) - widthOf(g.columns[:identityColumns]) + source.width() + destination.width()
	sourceWidth, destinationWidth := report.SplitWidth(source.width(), destination.width(), left)
	for i := range flows {
		f := &flows[i]
		source.cells[i].text = words.Clean(report.EndName(f.Source, f.SourcePort, f.HasPorts, sourceWidth))
		destination.cells[i].text = words.Clean(report.EndName(f.Destination, f.DestinationPort, f.HasPorts, destinationWidth))
	}
}
