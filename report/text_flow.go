package report

import (
	"fmt"
	"net/netip"
)

// flowBlock is the rows of one table of flows: what is asked for may be a
// million flows, and a table is laid out in memory.
const flowBlock = 500

// flows is the table of the largest flows and where they went.
func (t *textWriter) flows(r *Report, rows int) {
	if r.Flows == nil || r.FlowsTotal == 0 {
		return
	}
	if rows == 0 {
		rows = defaultFlows
	}
	block := make([]Flow, 0, flowBlock)
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
	t.heading("FLOWS", "the largest of "+exact(r.FlowsTotal)+", and the CPUs that took them; share is of the received packets")
	if r.FlowsNote != "" {
		t.para("", 0, r.FlowsNote, plain)
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
		t.para("", 0, plural(uint64(left), "smaller flow is", "smaller flows are")+" not shown.", plain)
	}
}

// flowTable is a block of flows, of which the first has number first + 1.
func (t *textWriter) flowTable(r *Report, flows []Flow, first int) {
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
			single[i] = single[i] && len(flows[j].inMode(m.Mode).CPUs) <= 1
		}
		name := m.Mode
		if single[i] {
			g.columns = append(g.columns, column{group: name, head: "CPU"})
		} else {
			g.columns = append(g.columns, column{group: name, head: "CPUs"}, column{group: name, head: "main"},
				column{group: name, head: "share"}, column{group: name, head: "migrations"})
		}
	}

	for i := range flows {
		f := &flows[i]
		cells := []cell{
			plainCell(fmt.Sprint(first + i + 1)), plainCell(f.Protocol),
			plainCell(endName(f.Source, f.SourcePort, f.HasPorts, 0)), plainCell(endName(f.Destination, f.DestinationPort, f.HasPorts, 0)),
			plainCell(count(f.Packets)), plainCell(percent(Ratio(f.Packets, r.Capture.Received))),
		}
		if f.HashType == NoHash {
			cells = append(cells, plainCell(none), plainCell(NoHash), plainCell(none))
		} else if f.HashWithheld {
			cells = append(cells, plainCell(none), plainCell(f.HashType), plainCell(none))
		} else {
			cells = append(cells, plainCell(string(appendHash(nil, f.Hash))), plainCell(f.HashType), plainCell(fmt.Sprint(f.Index)))
		}
		for j, m := range r.Modes {
			on := f.inMode(m.Mode)
			cpu, share := on.main()
			if single[j] {
				cells = append(cells, plainCell(cpu))
			} else {
				cells = append(cells, plainCell(fmt.Sprint(len(on.CPUs))), plainCell(cpu), plainCell(share), plainCell(count(on.Migrations)))
			}
		}
		g.row(cells...)
	}

	source, destination := &g.columns[sourceColumn], &g.columns[destinationColumn]
	left := t.width - len(indent) - widthOf(g.columns[:identityColumns]) + source.width() + destination.width()
	sourceWidth, destinationWidth := splitWidth(source.width(), destination.width(), left)
	for i := range flows {
		f := &flows[i]
		source.cells[i].text = clean(endName(f.Source, f.SourcePort, f.HasPorts, sourceWidth))
		destination.cells[i].text = clean(endName(f.Destination, f.DestinationPort, f.HasPorts, destinationWidth))
	}
	t.grid(&g)
}

// inMode is where the mode indicated the flow's packets; none when it did not.
func (f *Flow) inMode(mode string) FlowMode {
	for _, m := range f.Modes {
		if m.Mode == mode {
			return m
		}
	}
	return FlowMode{}
}

// main is the CPU with the most of the flow's packets, the lowest of equals,
// and their share.
func (m *FlowMode) main() (cpu, share string) {
	if len(m.CPUs) == 0 {
		return none, none
	}
	var total uint64
	for _, c := range m.CPUs {
		total += c.Packets
	}
	most := m.most()
	return fmt.Sprint(most.CPU), percent(Ratio(most.Packets, total))
}

// most is the CPU with the most of the flow's packets, the lowest of equals; there
// must be one.
func (m *FlowMode) most() CPUPackets {
	most := m.CPUs[0]
	for _, c := range m.CPUs {
		if c.Packets > most.Packets {
			most = c
		}
	}
	return most
}

// flowName is a flow in one word group of at most width columns.
func flowName(f *Flow, width int) string {
	left := width - displayWidth(clean(f.Protocol)) - len(" ") - displayWidth(" → ")
	source := endName(f.Source, f.SourcePort, f.HasPorts, 0)
	destination := endName(f.Destination, f.DestinationPort, f.HasPorts, 0)
	sourceWidth, destinationWidth := splitWidth(len(source), len(destination), left)
	return f.Protocol + " " + endName(f.Source, f.SourcePort, f.HasPorts, sourceWidth) +
		" → " + endName(f.Destination, f.DestinationPort, f.HasPorts, destinationWidth)
}

// splitWidth divides total columns between two that would like a and b.
func splitWidth(a, b, total int) (int, int) {
	half := total / 2
	switch {
	case a+b <= total:
		return a, b
	case a <= half:
		return a, total - a
	case b <= half:
		return total - b, b
	}
	return half, total - half
}

// endName is an address with its port, as net/netip writes it, in at most width
// columns; 0 is no limit. What is too long loses the middle of the address, for
// its ends tell hosts apart, and never its port.
func endName(addr netip.Addr, port uint16, hasPort bool, width int) string {
	address := addr.WithZone("").String()
	before, after := "", ""
	if hasPort {
		after = fmt.Sprintf(":%d", port)
		if addr.Is6() {
			before, after = "[", "]"+after
		}
	}
	if room := width - len(before) - len(after); width > 0 && room < len(address) {
		room = max(room, 5)
		tail := (room - 1) / 2
		head := room - 1 - tail
		if head+tail < len(address) {
			address = address[:head] + "…" + address[len(address)-tail:]
		}
	}
	return before + address + after
}
