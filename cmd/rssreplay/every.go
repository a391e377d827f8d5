package main

import (
	"fmt"
	"strings"
	"time"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
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
// one before.
func (r *replayRun) replayEvery() error {
	e := r.env
	var met error
	first := true
	damage, err := r.input.Every(e, r.settings, int64(r.flags.every), r.observers, func(done *input.Replayed, part input.Part) error {
		if first {
			r.input.Warn(e.Stderr, done)
		}
		a := r.builder() // it keeps the flows' order, which is another in each interval
		a.Replayed, a.Interval = done, true
		rep := a.Report()
		rep.Head = r.out.Head()
		if rep.Title != "" {
			rep.Title += ": "
		}
		rep.Title += fmt.Sprintf("%s to %s after the first packet", flagTime(part.From), flagTime(part.To))
		judged, err := cli.FirstMet(r.conditions, "", &findings.Values{Modes: rep.Modes, Findings: rep.Findings})
		if err != nil {
			return err
		}
		if met == nil {
			met = judged
		}
		switch between := e.Screen.Clears(); {
		case r.flags.output.Has("json"):
		case between != "":
			fmt.Fprint(e.Stdout, between)
		case !first:
			fmt.Fprintln(e.Stdout)
		}
		first = false
		return r.out.Write(rep)
	})
	if err != nil {
		return err
	}
	return cli.Ending(met, cli.Damaged(damage, "the last report is of", r.captures))
}

// flagTime is a time as flags take it, without what is 0: "24h", not "24h0m0s".
func flagTime(ns int64) string {
	s := time.Duration(ns).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
