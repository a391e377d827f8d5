package text

import (
	"fmt"
	"io"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// WritePlan writes p for a terminal: a row for each flow, and the parameters.
// o.Flows is not used. Errors are those of w.
func WritePlan(w io.Writer, p *report.Plan, o Options) error {
	t := newWriter(w, o)
	t.notes(p.Notes)
	t.heading("FLOWS", fmt.Sprintf("%s from %s to %s", words.Plural(uint64(len(p.Flows)), strings.ToUpper(p.Protocol)+" flow", strings.ToUpper(p.Protocol)+" flows"), p.Source, p.Destination))
	place := func(group string) []column {
		return []column{{group: group, head: "CPU"}, {group: group, head: "queue"}, {group: group, head: "entry"}, {group: group, head: "hash"}}
	}
	g := grid{keys: 2, columns: append([]column{{head: "source port"}, {head: "to port"}}, place("")...)}
	if p.PeerParameters != nil {
		g.columns = append(g.columns, place("reply")...)
	}
	cells := func(at *report.PlannedPlace) []cell {
		entry, hash := "none", "none"
		switch {
		case at.Why != nil:
			entry = *at.Why
		case at.Index != nil:
			entry = fmt.Sprint(*at.Index)
		}
		if at.Hash != nil {
			hash = *at.Hash
		}
		return plainCells(fmt.Sprint(at.CPU), fmt.Sprint(at.Queue), entry, hash)
	}
	for i := range p.Flows {
		f := &p.Flows[i]
		row := append(plainCells(fmt.Sprint(f.SourcePort), fmt.Sprint(f.DestinationPort)), cells(&f.To)...)
		if f.Reply != nil {
			row = append(row, cells(f.Reply)...)
		}
		g.row(row...)
	}
	t.grid(&g)
	t.heading("COMMANDS", "--format iperf3 prints these alone")
	for _, f := range p.Flows {
		t.line(words.Indent + words.Clean(f.Command))
	}
	t.parameters(&p.Head, p.Parameters)
	if p.PeerParameters != nil {
		t.heading("PARAMETERS OF "+strings.ToUpper(p.Source.String()), "which replies go to")
		t.parameterList(*p.PeerParameters)
	}
	t.caveats(p.Caveats)
	return t.flush()
}
