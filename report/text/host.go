package text

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// host is what the host's own texts counted, by CPU.
func (t *writer) host(h *report.Host) {
	if h == nil {
		return
	}
	g := grid{keys: 1, columns: []column{
		{head: "CPU"}, {head: "core"}, {head: "socket"}, {head: "node"}, {head: "processed"}, {head: "backlog drops"}, {head: "time squeezes"}, {head: "from RPS"}, {head: "NET_RX runs"},
	}}
	rows := 0
	for i := range h.CPUs {
		c := &h.CPUs[i]
		if c.Processed == nil && c.NetRXRuns == nil {
			continue
		}
		rows++
		drops := uint64(0)
		if c.BacklogDrops != nil {
			drops = *c.BacklogDrops
		}
		g.row(plainCell(fmt.Sprint(c.CPU)), plainCell(words.NumberOrNone(c.Core)), plainCell(words.NumberOrNone(c.Socket)), plainCell(words.NumberOrNone(c.Node)),
			plainCell(countOrNone(c.Processed)), dropCell(countOrNone(c.BacklogDrops), drops), plainCell(countOrNone(c.TimeSqueezes)), plainCell(countOrNone(c.FromRPS)), plainCell(countOrNone(c.NetRXRuns)))
	}
	if rows == 0 {
		return
	}
	when := "counted since it booted"
	if h.Window != nil {
		when = "counted between its snapshots"
		if *h.Window > 0 {
			when += ", " + words.Nanoseconds(*h.Window)
		}
	}
	t.heading("HOST", when)
	t.grid(&g)
}
