package main

import (
	"fmt"
	"time"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// everyExcludes are the flags that are of one report of all, or of one pass.
var everyExcludes = []string{"output", "from", "to", "packets", "rate", "digest", "headroom", "trace", "write", "split", "plot", "table-at", "affinity-at", "rebalance"}

// checkEvery refuses what --every can't be with.
func (f *replayFlags) checkEvery() error {
	set := f.model.Set
	if !set.Changed("every") {
		return nil
	}
	if f.every <= 0 {
		return cli.Usagef("--every %s: give a time above 0, as 5s", &f.every)
	}
	for _, name := range everyExcludes {
		if set.Changed(name) {
			return cli.Usagef("--every prints a report for each interval, and --%s is of one for all: leave one of them out", name)
		}
	}
	if f.output.Has("html") || f.output.Has("csv") || f.output.Has("markdown") {
		return cli.Usagef("--every prints one report after the other: --format table, mail or json")
	}
	return nil
}

// replayEvery prints a report for each interval, on a terminal each in the place of the
// one before. a is what the reports have in common.
func replayEvery(e *cli.Env, f *replayFlags, in *input.Input, w input.Observers, a assemble.ReportBuilder, conditions []findings.Condition, out *output.Outputs[*report.Report], captures []string) error {
	var met error
	first := true
	damage, err := in.Every(e, a.Settings, int64(f.every), w, func(done *input.Replayed, part input.Part) error {
		if first {
			in.Warn(e.Stderr, done)
		}
		a.Replayed = done
		rep := a.Report()
		rep.Words = out.Words
		rep.Title = fmt.Sprintf("%s to %s after the first packet", time.Duration(part.From), time.Duration(part.To))
		if title := out.Words.Title; title != "" {
			rep.Title = title + ": " + rep.Title
		}
		judged, err := cli.FirstMet(conditions, "", &findings.Values{Modes: rep.Modes, Findings: rep.Findings})
		if err != nil {
			return err
		}
		if met == nil {
			met = judged
		}
		switch between := e.Screen.Clears(); {
		case f.output.Has("json"):
		case between != "":
			fmt.Fprint(e.Stdout, between)
		case !first:
			fmt.Fprintln(e.Stdout)
		}
		first = false
		return out.Write(rep)
	})
	switch {
	case err != nil:
		return err
	case damage != nil:
		return cli.Ending(met, cli.Damaged(damage, "the last report is of", captures))
	}
	return met
}
