package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/cmd/rssreplay/internal/suggest"
	"rssreplay/cmd/rssreplay/internal/verify"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// argument is a part of a command line: a capture, or a flag with its value.
type argument struct {
	words []string    // as they stand there
	flag  *pflag.Flag // nil: a capture
	value string      // the flag's, "" where none stands there; the capture's name
}

// argumentsOf parts the words of a command line, without the command's name. set has
// every flag of the command.
func argumentsOf(words []string, set *pflag.FlagSet) []argument {
	var arguments []argument
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			for k, capture := range words[i+1:] {
				from := i + 1 + k
				if k == 0 {
					from = i // the dashes, too
				}
				arguments = append(arguments, argument{words: words[from : i+2+k], value: capture})
			}
			break
		}
		if word == "-" || !strings.HasPrefix(word, "-") {
			arguments = append(arguments, argument{words: words[i : i+1], value: word})
			continue
		}
		name, value, joined := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		flag := set.Lookup(name)
		if word[1] != '-' { // a letter, with its value or without
			flag, value, joined = set.ShorthandLookup(word[1:2]), word[2:], len(word) > 2
		}
		if flag == nil {
			continue
		}
		n := 1
		if !joined && flag.NoOptDefVal == "" && i+1 < len(words) {
			n, value = 2, words[i+1]
		}
		arguments = append(arguments, argument{words[i : i+n], flag, value})
		i += n - 1
	}
	return arguments
}

// ownFlags are the words of a command line that another command takes, too: captures
// and the flags of to, but for dropped ones. from is the flags of the command that
// the words are of; its name is not among them.
func ownFlags(words []string, from, to *pflag.FlagSet, dropped ...string) []string {
	var own []string
	for _, a := range argumentsOf(words, from) {
		if a.flag == nil || to.Lookup(a.flag.Name) != nil && !slices.Contains(dropped, a.flag.Name) {
			own = append(own, a.words...)
		}
	}
	return own
}

// outputWords are the flags that say how and where a result is printed.
var outputWords = []string{"format", "output", "full", "show", "table-csv", "color", "width", "plot", "title", "note", "digest", "fail-if", "flows", "on", "trace", "trace-from", "trace-to", "write", "split"}

// next is what the reader of r may want to do now, in commands of his own.
func (f *replayFlags) next(e *cli.Env, s *settings.Settings, r *report.Report) []report.Next {
	if len(r.Command) < 2 || r.Capture.Received == 0 || r.Anonymized != nil { // of which nothing of the command is shown
		return nil
	}
	words := r.Command[1:]
	set := f.model.Set
	piped := slices.Contains(ownFlags(words, set, set), "-") // the capture, or a file of a flag
	stdin := slices.Contains(words, "-") && !slices.ContainsFunc(f.model.Inputs(), func(name string) bool { return name == "-" })
	before := ""
	if piped {
		before = report.Again + " |"
	}
	var next []report.Next
	if s.Doubt != "" && !s.NoTable && s.Profile == nil && !piped {
		own := ownFlags(words, set, set, append([]string{"layout", "table-size", "queues", "key", "xfrm", "hash-types"}, outputWords...)...)
		next = append(next, report.Next{
			Before: "ethtool -x " + s.CommandDevice() + " |", Command: append(append([]string{"rssreplay"}, own...), "--table", "-"), What: "your NIC's key and table",
		})
	}
	if hashes := func(f report.File) bool { return f.Hashes > 0 }; s.Doubt != "" && !stdin && slices.ContainsFunc(r.Capture.Files, hashes) {
		own := ownFlags(words, set, verify.NewCommand(e).Flags(), slices.Concat(outputWords, findings.ChangeFlags)...)
		next = append(next, report.Next{Before: before, Command: append([]string{"rssreplay", "verify"}, own...), What: "find the NIC's key"})
	}
	fixed := s.Untabled(profile.SetTable) != "" || s.Profile != nil && s.Profile.Unsettable(profile.SetTable) != 0
	if findings.Uneven(r) && tableCounts(r) && !stdin && !fixed && len(r.Table.QueueCPUs) > 1 { // the table can be set
		own := ownFlags(words, set, suggest.NewCommand(e).Flags(), slices.Concat(outputWords, findings.ChangeFlags)...)
		next = append(next, report.Next{Before: before, Command: append([]string{"rssreplay", "suggest"}, own...), What: "a better table?"})
	}
	if at := report.ComparedMode(r.Modes); f.on == "" && at >= 0 && len(r.Modes[at].CPUs) > 1 && at == 0 {
		most := 0
		for i, c := range r.Modes[at].CPUs {
			if c.Packets > r.Modes[at].CPUs[most].Packets {
				most = i
			}
		}
		next = append(next, report.Next{Command: []string{report.Again, "--on", fmt.Sprintf("cpu=%d", r.Modes[at].CPUs[most].CPU)}, What: "its flows"})
	}
	return append(next,
		report.Next{Command: []string{report.Again, "--full"}, What: "everything"},
		report.Next{Command: []string{report.Again, "-o", "report.html"}})
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

// argumentsFor is what another command needs to be told to see the same packets
// under the same settings: the captures, and those flags of the command line that
// choose packets or set the model. all has every flag of this command.
func argumentsFor(args []string, all *pflag.FlagSet) []findings.Argument {
	shared := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.NewFlags(shared)
	input.NewFlags(shared)
	var given []findings.Argument
	for _, a := range argumentsOf(args, all) {
		switch {
		case a.flag == nil:
			given = append(given, findings.Argument{Value: a.value})
		case shared.Lookup(a.flag.Name) != nil && (a.flag.NoOptDefVal == "" || a.value != "false"):
			given = append(given, findings.Argument{Flag: "--" + a.flag.Name, Value: a.value})
		}
	}
	return given
}
