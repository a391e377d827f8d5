package assemble

import (
	"rssreplay/nicmodel"
	"rssreplay/report"
)

// Changes is what changed by the texts given; nil where there were none.
func (a *ReportBuilder) Changes() *report.Changes {
	c := &a.Settings.Config
	if len(c.Tables)+len(c.Affinities) == 0 {
		return nil
	}
	moved := &a.Result.TablesMoved
	out := &report.Changes{Moved: report.Moved{Moves: moved.Moves, Flows: moved.Flows, Packets: moved.Packets}}
	sources := a.Settings.Sources
	before := c.Table
	for i, at := range c.Tables {
		out.Tables = append(out.Tables, report.TableChange{Time: at.Time, Source: sources[i], Moves: moves(before, at.Table)})
		before = at.Table
	}
	cpus := c.QueueCPU
	for i, at := range c.Affinities {
		change := report.AffinityChange{Time: at.Time, Source: sources[len(c.Tables)+i], Moves: report.List[report.QueueMove]{}}
		for q, cpu := range at.QueueCPU {
			if cpu != cpus[q] {
				change.Moves = append(change.Moves, report.QueueMove{Queue: q, From: a.cpuNumber(cpus[q]), To: a.cpuNumber(cpu)})
			}
		}
		out.Affinities = append(out.Affinities, change)
		cpus = at.QueueCPU
	}
	return out
}

// moves are the entries that differ.
func moves(before, after nicmodel.IndirectionTable) report.List[report.EntryMove] {
	list := report.List[report.EntryMove]{}
	for i, queue := range after {
		if queue != before[i] {
			list = append(list, report.EntryMove{Entry: i, From: int(before[i]), To: int(queue)})
		}
	}
	return list
}

// rebalance is what the rebalancer of a mode did; nil where there was none.
func (a *ReportBuilder) rebalance(mode int) *report.Rebalance {
	done := a.Result.Modes[mode].Rebalanced
	if done == nil {
		return nil
	}
	moved := &a.Result.Rebalanced[mode]
	out := &report.Rebalance{
		Ticks: uint64(len(done.Steps)), Moved: report.Moved{Moves: moved.Moves, Flows: moved.Flows, Packets: moved.Packets},
		MinMaxPercent: report.Null, Windows: uint64(done.Windows),
	}
	if done.Windows > 0 {
		out.MinMaxPercent = report.Fraction(done.MinMaxPercent)
	}
	for _, step := range done.Steps {
		s := report.RebalanceStep{Time: step.Time, Left: report.Fraction(step.ImbalanceLeft), Moves: report.List[report.EntryMove]{}}
		for _, m := range step.Moves {
			s.Moves = append(s.Moves, report.EntryMove(m))
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}
