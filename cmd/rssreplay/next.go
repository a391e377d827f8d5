package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/report"
	"rssreplay/report/findings"
)

// ownFlags are the words of a command line that another command takes, too: captures
// and the flags of to, but for dropped ones. from is the flags of the command that
// the words are of; its name is not among them.
func ownFlags(words []string, from, to *pflag.FlagSet, dropped ...string) []string {
	var own []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			return append(own, words[i:]...)
		}
		if word == "-" || !strings.HasPrefix(word, "-") {
			own = append(own, word)
			continue
		}
		name, _, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
		flag := from.Lookup(name)
		if !strings.HasPrefix(word, "--") {
			flag = from.ShorthandLookup(name[:1])
			joined = len(word) > len("-o")
		}
		if flag == nil {
			continue
		}
		n := 1
		if !joined && flag.NoOptDefVal == "" {
			n = min(2, len(words)-i)
		}
		if to.Lookup(flag.Name) != nil && !slices.Contains(dropped, flag.Name) {
			own = append(own, words[i:i+n]...)
		}
		i += n - 1
	}
	return own
}

// outputWords are the flags that say how and where a result is printed.
var outputWords = []string{"format", "output", "full", "show", "table-csv", "color", "width", "plot", "title", "note", "digest", "fail-if", "flows", "on", "trace", "trace-from", "trace-to", "write", "split"}

// next is what the reader of r may want to do now, in commands of his own.
func (f *replayFlags) next(e *env, s *settings, r *report.Report) []report.Next {
	if len(r.Command) < 2 || r.Capture.Received == 0 {
		return nil
	}
	words := r.Command[1:]
	set := f.model.set
	piped := slices.Contains(ownFlags(words, set, set), "-") // the capture, or a file of a flag
	stdin := slices.Contains(words, "-") && !slices.ContainsFunc(f.model.inputs(), func(name string) bool { return name == "-" })
	before := ""
	if piped {
		before = report.Again + " |"
	}
	var next []report.Next
	if s.unsure && s.profile == nil && !piped {
		device := s.device
		if device == "" {
			device = "eth0"
		}
		own := ownFlags(words, set, set, append([]string{"layout", "table-size", "queues", "key", "xfrm", "hash-types"}, outputWords...)...)
		next = append(next, report.Next{
			Before: "ethtool -x " + device + " |", Command: append(append([]string{"rssreplay"}, own...), "--table", "-"), What: "your NIC's key and table",
		})
	}
	if uneven := findings.Uneven(r); uneven && !stdin {
		own := ownFlags(words, set, newSuggestCommand(e).Flags(), outputWords...)
		next = append(next, report.Next{Before: before, Command: append([]string{"rssreplay", "suggest"}, own...), What: "a better table"})
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

// say tells whether the CPU numbers are the NIC's, once all is resolved.
func (r *resolver) say() {
	r.asides = r.notes
	if r.unsure {
		r.asides = r.notes[1:]
	}
	sources := map[string]string{}
	for _, p := range r.parameters {
		sources[p.Name] = p.Source
	}
	of := func(name string) string { return filepath.Base(sources[name]) } // of a file its name, not where it lies
	switch key, table, affinity := of("key"), of("layout"), of("affinity"); {
	case r.types == 0:
		r.trust = "No hash is enabled: the NIC spreads nothing."
	case r.unsure:
		r.trust = "CPU numbers are illustrative (default key); the spread is typical."
	case key == table && table == affinity:
		r.trust = fmt.Sprintf("CPU numbers hold for the key, table and affinity of %s.", key)
	case key == table:
		r.trust = fmt.Sprintf("CPU numbers hold for the key and table of %s, with affinity (%s).", key, affinity)
	default:
		r.trust = fmt.Sprintf("CPU numbers hold for this key (%s), table (%s) and affinity (%s).", key, table, affinity)
	}
}
