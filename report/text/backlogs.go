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
	g := grid{keys: 1, columns: []column{{head: "CPU"}}}
	counters := report.BacklogColumns()
	for _, c := range counters {
		g.columns = append(g.columns, column{head: c.Head})
	}
	for i := range m.CPUs {
		c := &m.CPUs[i]
		if c.Backlog == nil {
			continue
		}
		row := []cell{plainCell(fmt.Sprint(c.CPU))}
		for _, counter := range counters {
			n := counter.Of(c.Backlog)
			if counter.Drops {
				row = append(row, dropCell(words.Count(n), n))
			} else {
				row = append(row, plainCell(words.Count(n)))
			}
		}
		g.row(row...)
	}
	t.grid(&g)
	t.say(m.SteeringSentences(received)...)
}
