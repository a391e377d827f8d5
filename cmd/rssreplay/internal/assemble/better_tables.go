package assemble

import (
	"fmt"
	"strings"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/layout"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// This file is the better tables that a report tells of without being asked.

// searchedEntries are as many as a better table is looked for among without being
// asked: it takes some 40 ms. In a table of searchedForPage entries at most each way to
// find one is tried, for a page. `rssreplay suggest` has no limit.
const (
	searchedEntries = 1024
	searchedForPage = 512
)

// tableWay is a way to find a table: find gives it, and ethtool's words for it, "" where it
// has none.
type tableWay struct {
	id   string
	find func(b *balance.Task) (layout string, table nicmodel.IndirectionTable)
}

// tableWays are the ways to find a table: with each entry free, and with more also by
// ethtool's words, where the NIC takes them. They find the table now where there is none
// else.
func (a *ReportBuilder) tableWays(more bool) []tableWay {
	config := &a.Settings.Config
	now := config.Table
	fill := func(layout string, ok bool) (string, nicmodel.IndirectionTable) {
		if table, err := FillLayout(layout, len(now), config.Queues); err == nil && ok {
			return layout, table
		}
		return "", now
	}
	ways := []tableWay{{"entries", func(b *balance.Task) (string, nicmodel.IndirectionTable) { return "", b.Even(now) }}}
	if more && a.Settings.Tool() == profile.Ethtool {
		ways = append(ways, tableWay{"weight", func(b *balance.Task) (string, nicmodel.IndirectionTable) {
			w, _ := b.BestWeights(now)
			return fill(w.Layout(), true)
		}})
	}
	if more && a.Settings.Tool() != profile.Application {
		ways = append(ways, tableWay{"equal", func(b *balance.Task) (string, nicmodel.IndirectionTable) {
			equal, ok := b.BestEqual(now)
			return fill(equal.Layout(), ok)
		}})
	}
	return ways
}

// foundTables is the best table found for this capture with each entry free, and with more
// also those that ethtool's words can set. Each way to find one is judged as suggest does
// where the replay has folds. It is nil if none was looked for.
func (a *ReportBuilder) foundTables(more bool) []report.FoundTable {
	config := &a.Settings.Config
	if len(config.Table) > searchedEntries {
		return nil
	}
	taskOf := func(l *dispatch.Loads) *balance.Task {
		return NewBalance(l, config, a.Settings.Steering, func(l engine.EntryLoad) uint64 { return l.Packets })
	}
	loads := a.Result.LoadsUnder(a.Settings.Steering)
	whole, now := taskOf(&loads), config.Table
	ways := a.tableWays(more)
	found := make([]report.FoundTable, len(ways))
	tables := make([]nicmodel.IndirectionTable, len(ways))
	for i, way := range ways {
		found[i] = report.FoundTable{ID: way.id, Judged: report.Null, Present: report.Null}
		if i == 0 { // the judge's way leaves out its search for fewer moves
			tables[i] = whole.Best(now)
		} else {
			found[i].Layout, tables[i] = way.find(whole)
		}
		if found[i].Layout == "" {
			found[i].Layout = ListLayout(tables[i])
		}
		found[i].Imbalance = report.Fraction(whole.Imbalance(whole.Peak(tables[i])))
		found[i].Better = whole.Peak(tables[i]) < whole.Peak(now) && len(whole.Idles(now, tables[i])) == 0
	}
	judge := a.judge(taskOf)
	if judge == nil {
		return found
	}
	verdicts := judge.Of(func(b *balance.Task) []nicmodel.IndirectionTable {
		of := make([]nicmodel.IndirectionTable, len(ways))
		for i, way := range ways {
			_, of[i] = way.find(b)
		}
		return of
	})
	known := float64(KnownShare(a.Result, judge))
	for i := range verdicts {
		v := &verdicts[i]
		found[i].Judged, found[i].Present = report.Fraction(v.Judged), report.Fraction(v.Present)
		found[i].Lasts = v.Holds() && whole.Lasts(known, now, tables[i]) && len(whole.Idles(now, tables[i])) == 0
	}
	return found
}

// ethtoolSets is what ethtool can set on the NIC, as far as is known.
func (a *ReportBuilder) ethtoolSets() (sets []string) {
	if a.Settings.Tool() != profile.Ethtool {
		return nil
	}
	for _, of := range []struct {
		name string
		is   profile.Settings
	}{{"table", profile.SetTable}, {"key", profile.SetKey}, {"fields", profile.SetFields}} {
		if !a.Settings.Fixed(of.is) {
			sets = append(sets, of.name)
		}
	}
	return sets
}

// judge judges tables on the folds of the capture; nil where these hold too little.
func (a *ReportBuilder) judge(taskOf func(*dispatch.Loads) *balance.Task) *balance.Judge {
	folds := a.Result.Folds()
	if folds == nil || a.Result.Passed() < balance.LeastPackets {
		return nil
	}
	var tasks []*balance.Task
	for _, fold := range folds {
		if fold.Flows < balance.LeastFoldFlows {
			return nil
		}
		tasks = append(tasks, taskOf(fold.Loads(&a.Settings.Config)))
	}
	return balance.NewJudge(tasks, a.Settings.Config.Table)
}

// KnownShare is the share of the packets of the first and of the last quarter whose
// flows are in both.
func KnownShare(result *dispatch.Result, judge *balance.Judge) report.Fraction {
	folds := result.Folds()
	first, last := judge.Quarters()
	var known, packets uint64
	for k := range first {
		known += result.Known(first[k], last) + result.Known(last[k], first)
		packets += folds[first[k]].Packets + folds[last[k]].Packets
	}
	return report.Ratio(known, packets)
}

// NewBalance is the task of spreading the loads of entries under the steering.
func NewBalance(l *dispatch.Loads, c *engine.Config, steering *nicmodel.Steering, weight func(engine.EntryLoad) uint64) *balance.Task {
	b := &balance.Task{Fixed: make([]uint64, len(c.CPUs)), QueueCPU: c.QueueCPU}
	for _, load := range l.Entries {
		b.Entries = append(b.Entries, weight(load))
	}
	b.Fixed[c.QueueCPU[steering.Config().DefaultQueue]] += weight(l.Unhashed)
	for queue, load := range l.Ruled {
		b.Fixed[c.QueueCPU[queue]] += weight(load)
	}
	return b
}

// FillLayout is the table of a layout of numbers alone.
func FillLayout(spec string, size, queues int) (nicmodel.IndirectionTable, error) {
	layout, err := layout.Parse(spec)
	if err != nil {
		return nil, err
	}
	return layout.Fill(size, queues)
}

// ListLayout is the table as --layout takes it.
func ListLayout(table nicmodel.IndirectionTable) string {
	words := make([]string, len(table))
	for i, queue := range table {
		words[i] = fmt.Sprint(queue)
	}
	return "list:" + strings.Join(words, ",")
}
