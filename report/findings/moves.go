package findings

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// tableMoved: what was moved while packets arrived. What follows from one table is not
// said then.
func (d *diagnosis) tableMoved() *report.Finding {
	if d.mode == nil || !d.r.Moves() && d.mode.Rebalance == nil {
		return nil
	}
	say := d.r.MovesSentences(d.mode)
	if len(say) == 0 {
		return nil
	}
	f := &report.Finding{
		ID: "moves", Severity: report.Note, Summary: say[0], Evidence: strings.Join(say[1:], " "),
		Figures: report.Numbers{"migrations": d.mode.Affinity.Migrations, "reordered": d.mode.Totals.Reordered},
	}
	if b := d.mode.Rebalance; b != nil {
		f.Figures["ticks"], f.Figures["moves"], f.Figures["flows_moved"] = b.Ticks, b.Moves, b.Flows
	} else if c := d.r.Changes; c != nil {
		f.Figures["moves"], f.Figures["flows_moved"] = c.Moves, c.Flows
	}
	if g := d.givenLoad(); g != nil {
		f.Severity = d.weigh(d.lost())
		f.Evidence = fmt.Sprintf("The first one gives it %s ×. ", words.Fixed(g.first, 2)) + strings.Join(say, " ") + " " + words.UpperFirst(d.hottest()) + "."
		at := words.ExactDuration(g.at)
		if g.at == 0 {
			at = "time 0"
		}
		f.Summary = fmt.Sprintf("The %s of %s gives CPU %d %s × its share of even traffic.", g.what, at, d.busiest().CPU, words.Fixed(g.load, 2))
		f.Remedy = fmt.Sprintf("A table that leads to all queues alike: `ethtool -X DEV equal %d`.", len(d.r.Table.QueueCPUs))
		if g.what == affinityGiven {
			f.Remedy = "Let the queues' interrupts go to CPUs of their own, by /proc/irq/*/smp_affinity_list."
		}
	}
	return f
}

// What is given while packets arrive.
const (
	tableGiven    = "table"
	affinityGiven = "affinity"
)

// given is a table or an affinity that was given while packets arrived, and what it and the
// first one make of even traffic on the busiest CPU.
type given struct {
	what        string
	at          int64 // ns
	load, first report.Fraction
}

// givenLoad is what loads the busiest CPU most of what was given while packets arrived, if
// what was given makes it hotter than the first table and affinity do; else nil. A rebalancer
// moves on.
func (d *diagnosis) givenLoad() *given {
	c := d.r.Changes
	if c == nil || d.rps() || d.mode.Rebalance != nil || !d.uneven() || len(d.r.Table.Entries) == 0 {
		return nil
	}
	entries, cpus, hot := slices.Clone(d.r.Table.Entries), slices.Clone(d.r.Table.QueueCPUs), d.busiest().CPU
	load := func() report.Fraction {
		n := 0
		for _, queue := range entries {
			if cpus[queue] == hot {
				n++
			}
		}
		return report.Fraction(n*len(d.mode.CPUs)) / report.Fraction(len(entries))
	}
	first := load()
	most := given{first: first}
	sum, since, was := report.Fraction(0), int64(0), first // its load of all that arrived, if that is even
	until := func(t int64) {
		sum += was * d.arrived(since, t)
		since = t
	}
	tables, affinities := c.Tables, c.Affinities
	for len(tables)+len(affinities) > 0 {
		now := given{what: tableGiven, first: first}
		if len(affinities) == 0 || len(tables) > 0 && tables[0].Time <= affinities[0].Time {
			for _, m := range tables[0].Moves {
				entries[m.Entry] = m.To
			}
			now.at, tables = tables[0].Time, tables[1:]
		} else {
			for _, m := range affinities[0].Moves {
				cpus[m.Queue] = m.To
			}
			now.what, now.at, affinities = affinityGiven, affinities[0].Time, affinities[1:]
		}
		until(now.at)
		if was, now.load = load(), load(); now.load > most.load {
			most = now
		}
	}
	until(math.MaxInt64)
	if sum < report.UnevenFrom || sum-first < report.GainFrom {
		return nil
	}
	return &most
}

// arrived is the share of the mode's packets in the windows that begin from one time to before
// another.
func (d *diagnosis) arrived(from, to int64) report.Fraction {
	var in, all uint64
	for i := range d.mode.Series.CPUs {
		for w, n := range d.mode.Series.CPUs[i].Packets {
			if all += n; int64(w)*d.mode.Series.Interval >= from && int64(w)*d.mode.Series.Interval < to {
				in += n
			}
		}
	}
	return report.Ratio(in, max(all, 1))
}

// moving: whether moving entries makes the load more even than a table that stays.
func (d *diagnosis) moving() *report.Finding {
	o := d.r.OverTime
	if d.mode == nil || o == nil || o.Verdict == "" || !d.timed() {
		return nil
	}
	conclusion, figures := o.Sentences(o.Verdict, o.Moved)
	f := report.Finding{ID: o.Verdict}
	switch {
	case o.Verdict == report.MovingDoesNot && !d.t.Unsettable.Table:
		f.Remedy = d.run("suggest") + " looks for a table that stays."
	case o.Verdict == report.Churny && d.mode.Rebalance != nil:
		f.Remedy = "A shorter --rebalance-every may follow the load; it moves more flows."
	}
	f.Severity, f.Summary, f.Evidence = report.Note, conclusion, figures
	f.Figures = report.Numbers{"windows": o.Windows, "moved": o.Moved.Mean, "static": o.Static.Mean, "best_static": o.Best.Mean, "forward": o.Forward.Mean, "bound": o.Bound.Mean}
	return &f
}
