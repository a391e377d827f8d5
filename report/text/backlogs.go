package text

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// backlogs is what receive packet steering moved from CPU to CPU.
func (t *writer) backlogs(m *report.Mode, received uint64) {
	if m.RPS == nil {
		return
	}
	t.line("")
	g := grid{keys: 1, columns: []column{
		{head: "CPU"}, {group: "RPS: packets", head: "steered on"}, {group: "RPS: packets", head: "from backlog"}, {head: "IPIs"},
		{group: "backlog", head: "max"}, {group: "backlog", head: "drops"},
	}}
	for i := range m.CPUs {
		c := &m.CPUs[i]
		if c.Backlog == nil {
			continue
		}
		g.row(plainCell(fmt.Sprint(c.CPU)), plainCell(words.Count(c.SteeredAway)), plainCell(words.Count(c.FromBacklog)),
			plainCell(words.Count(c.IPIs)), plainCell(words.Count(c.BacklogMax)), dropCell(words.Count(c.BacklogDrops), c.BacklogDrops))
	}
	t.grid(&g)
	t.para("", 0, m.RPS.Sentence(received), report.Plain)
}
