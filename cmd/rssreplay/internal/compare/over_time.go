package compare

import (
	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/report"
)

// overTime is the scenarios over time; nil where none moves entries.
func (c *comparison) overTime(compare *report.Compare) *report.ScenariosOverTime {
	arrivals := c.done.Result.Arrivals()
	if arrivals == nil {
		return nil
	}
	first := c.replays[0].settings
	o := &report.ScenariosOverTime{TablesOverTime: assemble.OverTime(arrivals, &first.Config)}
	live := 0
	for i, s := range c.scenarios {
		m := compare.Scenarios[i].Mode()
		of := report.ScenarioOverTime{Name: s.name, Imbalance: m.Series.SpreadOver(o.Interval), MinMaxPercent: report.Null, MovesPerSecond: report.Null}
		if b := m.Rebalance; b != nil {
			of.MinMaxPercent, of.Moves, of.FlowsDisturbed = b.MinMaxPercent, b.Moves, b.Flows
		}
		if s.earlier == nil {
			moved := &c.replayed(live).TablesMoved
			live++
			of.Moves += moved.Moves
			of.FlowsDisturbed = max(of.FlowsDisturbed, moved.Flows)
			comparable := len(s.settings.Config.CPUs) == len(first.Config.CPUs) && s.settings.Steering.SameEntries(first.Steering)
			if of.Moves > 0 && comparable {
				of.Verdict = o.Judge(of.Imbalance)
			}
		}
		if span := c.done.Result.Span; span > 0 {
			of.MovesPerSecond = report.Fraction(float64(of.Moves) / (float64(span) / 1e9))
		}
		o.Scenarios = append(o.Scenarios, of)
	}
	return o
}
