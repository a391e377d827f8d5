package report

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// PlanSchema names the version of the JSON that plans test flows.
const PlanSchema = "rssreplay/plan/v1"

// Plan is test flows that load every CPU alike.
type Plan struct {
	Tool           Tool
	Command        List[string]
	Protocol       string // "tcp" or "udp"
	Source         netip.Addr
	Destination    netip.Addr
	Parameters     Parameters // of the host that the flows go to
	PeerParameters Parameters // of the one that replies go to; nil where these are not planned
	Flows          List[PlannedFlow]

	Notes   []string // the text's first lines
	Caveats []string
}

// PlannedFlow is one test flow, where it goes, and the command that makes it.
type PlannedFlow struct {
	SourcePort      uint16       `json:"source_port"`
	DestinationPort uint16       `json:"destination_port"`
	To              PlannedPlace `json:"to"`
	// Reply is where the packets of the other direction go; null where that was not
	// planned.
	Reply   *PlannedPlace `json:"reply"`
	Command string        `json:"command"`
}

// PlannedPlace is where one direction of a flow goes.
type PlannedPlace struct {
	Hash     string `json:"hash"` // "0x51ccc178"
	HashType string `json:"hash_type"`
	Index    int    `json:"index"`
	Queue    int    `json:"queue"`
	CPU      int    `json:"cpu"`
}

// WritePlanJSON writes p in the schema rssreplay/plan/v1, laid out as WriteJSON
// does it; errors are those of w.
func WritePlanJSON(w io.Writer, p *Plan) error {
	j := jsonWriter{w: bufio.NewWriterSize(w, 1<<16)}
	j.w.WriteByte('{')
	j.member("schema", PlanSchema)
	j.member("tool", p.Tool)
	j.member("command", p.Command)
	j.member("protocol", p.Protocol)
	j.member("source", p.Source)
	j.member("destination", p.Destination)
	j.member("parameters", p.Parameters)
	if p.PeerParameters == nil {
		j.member("peer_parameters", nil)
	} else {
		j.member("peer_parameters", p.PeerParameters)
	}
	j.member("flows", p.Flows)
	j.w.WriteString("\n}\n")
	if j.err != nil {
		return j.err
	}
	return j.w.Flush()
}

// WritePlanCommands writes the commands alone, one on a line, for a shell.
func WritePlanCommands(w io.Writer, p *Plan) error {
	for _, f := range p.Flows {
		if _, err := fmt.Fprintln(w, f.Command); err != nil {
			return err
		}
	}
	return nil
}

// WritePlanText writes p for a terminal: a row for each flow, and the parameters.
// o.Flows is not used. Errors are those of w.
func WritePlanText(w io.Writer, p *Plan, o TextOptions) error {
	t := newTextWriter(w, o)
	for _, note := range p.Notes {
		for _, l := range wrap(strings.Split(clean(note), " "), t.width) {
			t.line(l)
		}
	}
	t.heading("FLOWS", fmt.Sprintf("%s from %s to %s", plural(uint64(len(p.Flows)), strings.ToUpper(p.Protocol)+" flow", strings.ToUpper(p.Protocol)+" flows"), p.Source, p.Destination))
	place := func(group string) []column {
		return []column{{group: group, head: "CPU"}, {group: group, head: "queue"}, {group: group, head: "entry"}, {group: group, head: "hash"}}
	}
	g := grid{keys: 2, columns: append([]column{{head: "source port"}, {head: "to port"}}, place("")...)}
	if p.PeerParameters != nil {
		g.columns = append(g.columns, place("reply")...)
	}
	cells := func(at *PlannedPlace) []cell {
		return []cell{plainCell(fmt.Sprint(at.CPU)), plainCell(fmt.Sprint(at.Queue)), plainCell(fmt.Sprint(at.Index)), plainCell(at.Hash)}
	}
	for i := range p.Flows {
		f := &p.Flows[i]
		row := append([]cell{plainCell(fmt.Sprint(f.SourcePort)), plainCell(fmt.Sprint(f.DestinationPort))}, cells(&f.To)...)
		if f.Reply != nil {
			row = append(row, cells(f.Reply)...)
		}
		g.row(row...)
	}
	t.grid(&g)
	t.heading("COMMANDS", "--format iperf3 prints these alone")
	for _, f := range p.Flows {
		t.line(indent + clean(f.Command))
	}
	t.parameters(&Report{Tool: p.Tool, Command: p.Command, Parameters: p.Parameters})
	if p.PeerParameters != nil {
		t.heading("PARAMETERS OF "+strings.ToUpper(p.Source.String()), "which replies go to")
		t.parameterList(p.PeerParameters)
	}
	t.caveats(&Report{Caveats: p.Caveats})
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}
