package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/cmd/rssreplay/internal/suggest"
	"rssreplay/cmd/rssreplay/internal/verify"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// ownFlags are the words of a command line that another command takes, too: captures
// and the flags of to, but for dropped ones. from is the flags of the command that
// the words are of; its name is not among them.
func ownFlags(words []string, from, to *pflag.FlagSet, dropped ...string) []string {
	var own []string
	for _, a := range cli.ArgumentsOf(words, from) {
		if a.Flag == nil || to.Lookup(a.Flag.Name) != nil && !slices.Contains(dropped, a.Flag.Name) {
			own = append(own, a.Words...)
		}
	}
	return own
}

// outputWords are the flags that say how and where a result is printed.
var outputWords = []string{"format", "output", "full", "show", "table-csv", "color", "width", "plot", "title", "note", "digest", "fail-if", "flows", "on", "trace", "trace-from", "trace-to", "write", "split"}

// next is what the reader of r may want to do now, in commands of his own. There is nothing
// without packets, nor where the report shows nothing of the command.
func (f *replayFlags) next(e *cli.Env, s *settings.Settings, r *report.Report) []report.Next {
	if len(r.Command) < 2 || r.Capture.Received == 0 || r.Anonymized != nil {
		return nil
	}
	n := &nextSteps{env: e, flags: f, settings: s, report: r, words: r.Command[1:]}
	set := f.model.Set
	n.piped = slices.Contains(ownFlags(n.words, set, set), "-")
	n.pipedCapture = slices.Contains(n.words, "-") && !slices.Contains(f.model.Inputs(), "-")
	var next []report.Next
	for _, step := range []func() *report.Next{n.ownTable, n.findKey, n.betterTable, n.busiestFlows, n.everything, n.page} {
		if s := step(); s != nil {
			next = append(next, *s)
		}
	}
	return next
}

// nextSteps are what there may be to do after a report; each is nil where it would not help.
type nextSteps struct {
	env      *cli.Env
	flags    *replayFlags
	settings *settings.Settings
	report   *report.Report
	words    []string // of the command, without its name

	piped        bool // standard input is the capture, or a file of a flag
	pipedCapture bool // it is the capture
}

// ownTable reads the NIC's own table, where none is given, from standard input.
func (n *nextSteps) ownTable() *report.Next {
	s := n.settings
	if s.Doubt == "" || s.NoTable || s.Profile != nil || n.piped || n.report.Unkeyed() {
		return nil
	}
	set := n.flags.model.Set
	toldByTable := []string{"layout", "table-size", "queues", "key", "xfrm", "hash-types"}
	own := ownFlags(n.words, set, set, slices.Concat(toldByTable, outputWords)...)
	return &report.Next{
		Before: "ethtool -x " + s.CommandDevice() + " |", Command: slices.Concat([]string{"rssreplay"}, own, []string{"--table", "-"}), What: "your NIC's key and table",
	}
}

// findKey finds the NIC's key by the hashes in the capture.
func (n *nextSteps) findKey() *report.Next {
	hashes := func(f report.File) bool { return f.Hashes > 0 }
	if n.settings.Doubt == "" || n.pipedCapture || !slices.ContainsFunc(n.report.Capture.Files, hashes) {
		return nil
	}
	return n.by("verify", verify.NewCommand(n.env).Flags(), "find the NIC's key")
}

// betterTable looks for a table that spreads the load better, where that can be set and
// would count, and interrupts are not to blame.
func (n *nextSteps) betterTable() *report.Next {
	s, r := n.settings, n.report
	interrupts := slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.ID == "queues-share-cpu" && f.Bearing != report.Beside })
	if s.Fixed(profile.SetTable) || interrupts || r.Unkeyed() || n.pipedCapture || len(r.Table.QueueCPUs) < 2 || !findings.Uneven(r) || !tableCounts(r) {
		return nil
	}
	return n.by("suggest", suggest.NewCommand(n.env).Flags(), "a better table?")
}

// by is another command, of those flags, for the same packets and settings.
func (n *nextSteps) by(name string, flags *pflag.FlagSet, what string) *report.Next {
	own := ownFlags(n.words, n.flags.model.Set, flags, slices.Concat(outputWords, findings.ChangeFlags)...)
	next := &report.Next{Command: append([]string{"rssreplay", name}, own...), What: what}
	if n.piped {
		next.Before = report.Again + " |"
	}
	return next
}

// busiestFlows lists the flows of the CPU with the most packets; by --on, which is about
// the first mode.
func (n *nextSteps) busiestFlows() *report.Next {
	if n.flags.on != "" || report.ComparedMode(n.report.Modes) != 0 || len(n.report.Modes[0].CPUs) < 2 || n.report.FlowsTotal == 0 {
		return nil
	}
	busiest := slices.MaxFunc(n.report.Modes[0].CPUs, func(a, b report.CPU) int { return cmp.Compare(a.Packets, b.Packets) })
	if busiest.Packets == 0 {
		return nil
	}
	return &report.Next{Command: []string{report.Again, "--on", fmt.Sprintf("cpu=%d", busiest.CPU)}, What: "its flows"}
}

// everything is all that the report has.
func (*nextSteps) everything() *report.Next {
	return &report.Next{Command: []string{report.Again, "--full"}, What: "everything"}
}

// page is the report to click through.
func (*nextSteps) page() *report.Next {
	return &report.Next{Command: []string{report.Again, "-o", "report.html"}}
}

// tableCounts tells whether another table could make the load more even: more than the
// largest flow is on the busiest CPU.
func tableCounts(r *report.Report) bool {
	at := report.ComparedMode(r.Modes)
	if at < 0 || r.Evenness == nil || r.FlowsTotal < 2 {
		return at >= 0 && r.FlowsTotal > 1
	}
	m := &r.Modes[at]
	alone := report.Ratio(r.Evenness.Largest, m.Totals.Packets) * report.Fraction(len(m.CPUs))
	return m.Imbalance.Packets > alone*1.02
}
