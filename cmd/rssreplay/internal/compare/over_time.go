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
	judged := make([]bool, len(c.scenarios)) // their moves are, beside tables that stay
	for i, s := range c.scenarios {
		of := report.ScenarioOverTime{Name: s.name, Imbalance: report.SpreadOf(nil), MinMaxPercent: report.Null, MovesPerSecond: report.Null}
		m := compare.Scenarios[i].Mode()
		if changes := compare.Scenarios[i].Changes; changes != nil {
			of.Moves, of.FlowsDisturbed = changes.Moves, changes.Flows
		}
		if b := m.Rebalance; b != nil {
			of.MinMaxPercent, of.Moves = b.MinMaxPercent, of.Moves+b.Moves
			of.FlowsDisturbed = max(of.FlowsDisturbed, b.Flows) // by both: at least
		}
		if s.earlier == nil {
			replayed, config := c.replayed(s), &s.settings.Config
			at := report.ComparedMode(compare.Scenarios[i].Modes)
			of.FlowsDisturbed = replayed.AllMoved[at].Flows
			alike := s.settings.Steering.SameEntries(first.Steering)
			beside := alike && len(config.CPUs) == len(first.Config.CPUs)
			switch arrived := replayed.Modes[at].Arrived; {
			case config.RPS.Steers(): // where packets work is not where the table sends them
			case arrived != nil:
				of.Imbalance = assemble.SpreadMoved(arrived, o.Interval)
				judged[i] = beside && of.Moves > 0
			case alike && m.Mode != report.NonRSS:
				of.Imbalance = assemble.SpreadUnder(arrivals, config)
				if beside && of.Imbalance.Mean < o.Best.Mean {
					o.Best = of.Imbalance // it stays, too
				}
			}
		}
		if span := c.done.Result.Span; span > 0 {
			of.MovesPerSecond = report.Fraction(float64(of.Moves) / (float64(span) / 1e9))
		}
		o.Scenarios = append(o.Scenarios, of)
	}
	for i := range o.Scenarios {
		if of := &o.Scenarios[i]; judged[i] {
			of.Verdict = o.Judge(of.Imbalance, compare.Scenarios[i].Mode().Rebalance != nil)
		}
	}
	return o
}
