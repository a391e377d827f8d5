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
		of := report.ScenarioOverTime{Name: s.name, Imbalance: report.SpreadOf(nil), MinMaxPercent: report.Null, MovesPerSecond: report.Null}
		if b := m.Rebalance; b != nil {
			of.MinMaxPercent, of.Moves, of.FlowsDisturbed = b.MinMaxPercent, b.Moves, b.Flows
		}
		if s.earlier == nil {
			replayed, config := c.replayed(live), &s.settings.Config
			live++
			of.Moves += replayed.TablesMoved.Moves
			of.FlowsDisturbed = max(of.FlowsDisturbed, replayed.TablesMoved.Flows)
			at := report.ComparedMode(compare.Scenarios[i].Modes)
			alike := s.settings.Steering.SameEntries(first.Steering)
			switch arrived := replayed.Modes[at].Arrived; {
			case config.RPS != nil: // where packets work is not where the table sends them
			case arrived != nil:
				of.Imbalance = assemble.SpreadMoved(arrived, o.Interval)
				if of.Moves > 0 && alike && len(config.CPUs) == len(first.Config.CPUs) {
					of.Verdict = o.Judge(of.Imbalance, m.Rebalance != nil)
				}
			case alike && m.Mode != report.NonRSS:
				of.Imbalance = assemble.SpreadUnder(arrivals, config)
			}
		}
		if span := c.done.Result.Span; span > 0 {
			of.MovesPerSecond = report.Fraction(float64(of.Moves) / (float64(span) / 1e9))
		}
		o.Scenarios = append(o.Scenarios, of)
	}
	return o
}
