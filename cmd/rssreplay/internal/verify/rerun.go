package verify

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/layout"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// This file is the command line that shows what an explanation says: the flags that set it,
// beside those that were given. It is told only after a run with these flags agreed.

// seenFlags are the command's own flags that say what happened, and how it is judged.
var seenFlags = []string{"counters-before", "counters-after", "interrupts-before", "interrupts-after", "stack-cpus", "tolerance"}

// given is the command line, as another run of this command takes it.
func (f *verifyFlags) given(e *cli.Env) []findings.Argument {
	words := e.WordsOf("verify")
	given := assemble.Arguments(words, f.model.Set)
	for _, a := range cli.ArgumentsOf(words, f.model.Set) {
		if a.Flag != nil && slices.Contains(seenFlags, a.Flag.Name) {
			given = append(given, findings.Argument{Flag: "--" + a.Flag.Name, Value: a.Value})
		}
	}
	return given
}

// sayCommand adds to the explanation the command that shows it, or why there is none. texts
// is what was read of standard input.
func (v *verification) sayCommand(r *report.Verify, texts []byte) {
	x := r.Explanation
	if x == nil {
		return
	}
	change := v.withGiven(v.meant[x])
	shown := v.settings.Shown
	command := findings.Command(shown.Arguments(v.given), "verify", shown.Arguments(change)...)
	switch then := v.with(change, texts); {
	case then == nil:
		x.NoCommand = v.noCommand(x)
	case then.Agrees == nil || !*then.Agrees: // where it leaves some unexplained
		x.NoCommand = fmt.Sprintf("%s then says: %s", command, then.Verdict)
	default:
		x.Command = strings.Trim(command, "`")
	}
}

// noCommand is why no flags say what explains it.
func (v *verification) noCommand(x *report.VerifyExplanation) string {
	switch x.ID {
	case "atr", "rfs":
		return "No flag can say that: what moves these packets follows the application, which no capture shows."
	case "initial-value":
		return "No flag can say that: none sets what the hash begins from."
	case "fewer-queues", "more-queues":
		return "No flag can say that: which table and key it is, counters don't tell. Give those of the time of the capture."
	case "rps-mask":
		return "No flag gives each queue a mask of its own: write such masks to a file for --rps (`rssreplay help rps`)."
	}
	if strings.HasPrefix(x.Summary, "in RSS context ") {
		return "A context's table and key come from its text alone (--context N=FILE): give that of the time of the capture."
	}
	return "No flag can say that beside those given, and their texts."
}

// withGiven is the change with those values of flags that are given more than once, which it
// would take the place of; but not those of a kind of packets that it says again, whose last counts.
func (v *verification) withGiven(change []findings.Argument) (all []findings.Argument) {
	for _, flag := range []string{"--rule", "--rx-flow-hash"} {
		if !slices.ContainsFunc(change, func(c findings.Argument) bool { return c.Flag == flag && c.Value != "" }) {
			continue
		}
		for _, a := range v.given {
			kind, _, _ := strings.Cut(a.Value, "=")
			again := func(c findings.Argument) bool { return c.Flag == flag && strings.HasPrefix(c.Value, kind+"=") }
			if a.Flag == flag && !slices.ContainsFunc(change, again) {
				all = append(all, a)
			}
		}
	}
	return append(all, change...)
}

// with is what comes out with the change; nil if there is none, or the flags refuse it.
func (v *verification) with(change []findings.Argument, texts []byte) *report.Verify {
	if len(change) == 0 {
		return nil
	}
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	model := newModel(set)
	input.NewFlags(set)
	for _, a := range append(slices.DeleteFunc(slices.Clone(v.given), func(a findings.Argument) bool {
		return slices.ContainsFunc(change, func(c findings.Argument) bool { return c.Flag == a.Flag })
	}), change...) {
		flag := set.Lookup(strings.TrimPrefix(a.Flag, "--"))
		if flag == nil || a.Value == "" && flag.NoOptDefVal == "" { // a capture, this command's own, or left out
			continue
		}
		value := a.Value
		if value == "" {
			value = flag.NoOptDefVal
		}
		if set.Set(flag.Name, value) != nil {
			return nil
		}
	}
	s, err := model.Resolve(bytes.NewReader(texts), io.Discard, nil)
	if err != nil {
		return nil
	}
	is := *v
	is.settings, is.claimed, is.meant = s, s.Steering, nil
	if v.stack != nil {
		is.stack = claimOf(s)
	}
	then, err := is.report()
	if err != nil {
		return nil
	}
	return then
}

// newModel is the model's flags as this command has them: --layout takes the place of a table
// from a text, as what happened may be that of another.
func newModel(set *pflag.FlagSet) *settings.Flags {
	model := settings.NewFlags(set)
	model.LayoutOverBundle, model.LayoutOverTable = true, true
	return model
}

// means notes the flags that an explanation comes to.
func (v *verification) means(x *report.VerifyExplanation, flags []findings.Argument) {
	if v.meant != nil {
		v.meant[x] = flags
	}
}

// flagsOf are those of what was judged to explain it.
func (v *verification) flagsOf(e *judge.Explanation) (flags []findings.Argument) {
	switch c := e.Config; {
	case e.Context > 0: // whose text is another
		return nil
	case len(e.Untaken) > 0:
		for _, location := range e.Untaken {
			flags = append(flags, findings.Argument{Flag: "--rule", Value: fmt.Sprintf("delete %d", location)})
		}
		return flags
	case e.ID == "rss-off" && c.Table == nil:
		claimed := v.claimed.Config()
		to := judge.OnQueue(claimed, slices.IndexFunc(e.Queues, func(n uint64) bool { return n > 0 }))
		if packetsOf(v.seen, claimed.DefaultQueue) > 0 { // what has no hash stays there
			to.DefaultQueue = claimed.DefaultQueue
		}
		return v.flagsTo(to)
	case c.Table != nil:
		return v.flagsTo(c)
	}
	return nil
}

// flagsTo are the flags that lead from the claim to another way of steering.
func (v *verification) flagsTo(to nicmodel.SteeringConfig) (flags []findings.Argument) {
	claimed := v.claimed.Config()
	add := func(flag string, value any) {
		flags = append(flags, findings.Argument{Flag: flag, Value: fmt.Sprint(value)})
	}
	rules := to.Rules != claimed.Rules
	if rules { // it brings much else, which stays as claimed
		name := ""
		if all := profile.All(); to.Rules != (nicmodel.Rules{}) {
			name = all[slices.IndexFunc(all, func(p profile.Profile) bool { return p.Rules == to.Rules })].Name
		}
		add("--nic", name)
		add("--driver", "")
	}
	if rules || !slices.Equal(to.Key, claimed.Key) {
		add("--key", settings.KeyText(to.Key))
	}
	if rules || to.Transform != claimed.Transform {
		add("--xfrm", to.Transform)
	}
	if words := v.flowHash(claimed.HashTypes, to.HashTypes); !rules && words != nil {
		for _, word := range words {
			add("--rx-flow-hash", word)
		}
	} else if rules || to.HashTypes != claimed.HashTypes {
		add("--hash-types", to.HashTypes)
		add("--rx-flow-hash", "")
	}
	queues := max(len(claimed.QueueCPU), int(slices.Max(to.Table))+1, to.DefaultQueue+1)
	sized := rules || queues > len(claimed.QueueCPU) // else the table has as many entries without a flag
	if sized {
		add("--queues", queues)
	}
	if rules || to.DefaultQueue != claimed.DefaultQueue {
		add("--default-queue", to.DefaultQueue)
	}
	fromText := v.settings.Parameters.Named("layout").Value == "imported"
	if !slices.Equal(to.Table, claimed.Table) || rules && !fromText {
		add("--layout", layoutOf(to.Table, queues))
		if sized && !fromText {
			add("--table-size", len(to.Table))
		}
	}
	return flags
}

// flowHash are ethtool's words for the fields, as "udp4=sd"; nil where they can't say it.
func (v *verification) flowHash(from, to hash.Types) (words []string) {
	if slices.ContainsFunc(v.given, func(a findings.Argument) bool { return a.Flag == "--hash-types" }) {
		return nil
	}
	said := from
	for i := range settings.FlowKinds {
		k := &settings.FlowKinds[i]
		switch {
		case from.Has(k.Ports) == to.Has(k.Ports):
		case to.Has(k.Ports):
			words, said = append(words, k.Name+"=sdfn"), k.WithPorts(said)
		default:
			words, said = append(words, k.Name+"=sd"), k.OnAddresses(said)
		}
	}
	if said != to {
		return nil
	}
	slices.Sort(words)
	return words
}

// layoutOf is the table of a NIC with so many queues, as --layout takes it.
func layoutOf(table nicmodel.IndirectionTable, queues int) string {
	start := slices.Min(table)
	equal := balance.Equal{Queues: int(slices.Max(table)-start) + 1, Start: int(start)}
	for _, name := range []string{equal.Layout(), "block", "reversed"} {
		if l, err := layout.Parse(name); err == nil {
			if filled, err := l.Fill(len(table), queues); err == nil && slices.Equal(filled, table) {
				return name
			}
		}
	}
	return assemble.ListLayout(table)
}
