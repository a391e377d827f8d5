package markdown

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Bytes that what moved takes at most.
const (
	movesBytes    = 5_000
	overTimeBytes = 6_000
)

// moves is what was moved while packets arrived, in each mode.
func (m *markdown) moves(r *report.Report) {
	for i := range r.Modes {
		mode := &r.Modes[i]
		say := r.MovesSentences(mode)
		if len(say) == 0 {
			continue
		}
		m.details(movesBytes/len(r.Modes), "Moves under", mode.Mode, func(p *markdown) {
			p.say(say...)
			var rows [][]string
			for _, row := range r.MoveRows(mode) {
				rows = append(rows, []string{
					words.Nanoseconds(row.Time), code(row.By()), fmt.Sprint(len(row.Moves)), words.Exact(row.Flows()), row.Ways(3), words.Fixed(row.Before, 2), words.Fixed(row.After, 2),
				})
			}
			if len(rows) == 0 {
				return
			}
			p.say(report.MoveRowsKey)
			p.table("times", []string{"*at", "by", "*moved", "*flows", "from CPU to CPU", "*before", "*after"}, rows, nil)
		})
	}
}

// scenariosOverTime is a row for each scenario, and for tables that nobody gave, where
// entries could move.
func (m *markdown) scenariosOverTime(c *report.Compare) {
	o := c.OverTime
	if o == nil {
		return
	}
	heads := report.ScenarioHeads(c.Scenarios)
	m.part(overTimeBytes, func(p *markdown) {
		p.para("#### Over time")
		p.say(words.UpperFirst(o.Title()) + ".")
		var rows [][]string
		for _, of := range o.Rows(heads) {
			name, moves, disturbed := of.Name, "", ""
			if s := of.Scenario; s != nil {
				name, moves, disturbed = code(of.Name), words.Fixed(s.MovesPerSecond, 1), words.Exact(s.FlowsDisturbed)
			}
			rows = append(rows, []string{name, words.Fixed(of.Spread.Mean, 3), words.Fixed(of.Spread.P95, 3), words.Fixed(of.Spread.Worst, 3), of.MinMax(), moves, disturbed})
		}
		if len(rows) > 0 {
			p.table("scenarios", []string{"", "*mean", "*p95", "*worst", "*min to max", "*moves/s", "*flows disturbed"}, rows, nil)
		}
		p.say(o.Verdicts(heads)...)
		p.say(o.Key())
	})
}
