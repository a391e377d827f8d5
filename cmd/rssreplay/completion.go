package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/help"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel/profile"
	"rssreplay/report/text"
)

// describe gives the commands and their flags what their pages of the manual say
// of them, for completion in a shell; a flag that a command's own page does not
// have is the main page's. Nothing else shows it, and it takes a tenth of a short run.
func describe(root *cobra.Command) {
	main := help.ParsePage(help.Page(root.Name()))
	for _, c := range append(root.Commands(), root) {
		p := main
		if c != root {
			p = help.ParsePage(help.Page(c.Name()))
		}
		c.Short = help.LowerFirst(p.Short)
		completeArguments(c)
		flags := c.LocalFlags()
		if slices.Contains(ofOneTable, c.Name()) {
			settings.HideMoves(flags)
		}
		for _, f := range append(slices.Clip(p.Flags), main.Flags...) { // the first one counts
			if flag := flags.Lookup(f.Name); flag != nil && flag.Usage == "" {
				flag.Usage = f.Usage
				completeFlag(c, flag, f)
			}
			if flag := flags.Lookup("peer-" + f.Name); flag != nil && flag.Usage == "" {
				flag.Usage = "of the host that replies go to: " + f.Usage
				completeFlag(c, flag, f)
			}
		}
	}
}

// ofOneTable are the commands that refuse what changes while packets arrive.
var ofOneTable = []string{"calibrate", "suggest", "verify"}

// checkShell makes completion without a shell, or with one that there is no script
// for, wrong usage: the library shows help, which a shell that sources it would run.
func checkShell(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usagef("give the shell to complete in: rssreplay completion bash, zsh, fish or powershell")
			}
			return cli.Usagef("no completion for %q: the shells are bash, zsh, fish and powershell", args[0])
		}
		for _, shell := range c.Commands() {
			shell.Args = func(_ *cobra.Command, args []string) error {
				if len(args) > 0 {
					return cli.Usagef("completion takes one shell, not also %q", args[0])
				}
				return nil
			}
		}
	}
}

// completeFlag tells a shell how to complete a flag's value, by what the manual
// calls its argument: table|json are its words, a FILE or a DIR is one, and for
// the rest there is valueWords.
func completeFlag(c *cobra.Command, flag *pflag.Flag, f help.FlagHelp) {
	if strings.Contains(f.Argument, "FILE") && f.Name != "key" || strings.Contains(f.Argument, "DIR") {
		return
	}
	// The error is that of a flag that does not exist.
	_ = c.RegisterFlagCompletionFunc(flag.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		list := ""
		if f.Argument == "LIST" { // of which the last word is begun
			last := strings.LastIndex(begun, ",") + 1
			list, begun = begun[:last], begun[last:]
		}
		words := slices.DeleteFunc(begins(valueWords(f), begun), func(w string) bool {
			return strings.Contains(","+list, ","+w+",") || list != "" && w == "all" || list == "all,"
		})
		directive := cobra.ShellCompDirectiveNoFileComp
		for i := range words {
			words[i] = list + words[i]
		}
		for _, w := range words {
			if strings.HasSuffix(w, "=") || strings.HasSuffix(w, ":") {
				directive |= cobra.ShellCompDirectiveNoSpace
			}
		}
		return words, directive
	})
}

// fixedWords are those of flags that no list in the code has.
var fixedWords = map[string][]string{
	"hash-function": {"toeplitz", "simple-xor"},
	"rule-order":    {"location", "most-fields"},
	"ip-rules":      {"all", "other", "bnxt"},
	"rps-hash":      {"driver", "nic", "software", "mixed"},
	"rebalance":     {"rsspp", "rsspp-exact"},
	"drain":         {"snapshot", "poll"},
	"isr-cpu":       {"least-busy", "round-robin"},
	"layout":        {"equal", "equal:", "reversed", "block", "weight:", "list:", "file:", "cpus:", "windows:", "default"},
	"on":            {"cpu=", "queue=", "entry="},
	"rx-flow-hash":  {"tcp4=", "udp4=", "tcp6=", "udp6="},
	"show":          text.Sections,
}

// valueWords are words that a flag takes.
func valueWords(f help.FlagHelp) []string {
	switch f.Name {
	case "nic":
		return profileNames()
	case "key":
		return hash.KeyNames()
	case "mode":
		return append([]string{"all"}, namesFrom(0, engine.Mode(engine.NumModes))...)
	case "xfrm":
		return namesFrom(0, hash.Transform(hash.NumTransforms))
	case "hash-types":
		return namesFrom(hash.None+1, hash.NumTypes)
	case "table-csv": // each command's page names its own
		_, names, _ := strings.Cut(f.Usage, ": ")
		return strings.Fields(strings.NewReplacer(" (default)", "", " (with --keys)", "", ",", "", " or ", " ", " and ", " ").Replace(names))
	}
	if words, fixed := fixedWords[f.Name]; fixed {
		return slices.Clone(words)
	}
	var words []string
	for w := range strings.SplitSeq(f.Argument, "|") {
		if w == strings.ToLower(w) && w != "" {
			words = append(words, w)
		}
	}
	return words
}

// namesFrom are the names of the values from one to before another.
func namesFrom[T interface {
	~uint8 | ~int
	fmt.Stringer
}](from, to T) (names []string) {
	for v := from; v < to; v++ {
		names = append(names, v.String())
	}
	return names
}

// begins are the words that begin so.
func begins(words []string, so string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, so) })
}

func profileNames() []string {
	var names []string
	for _, p := range profile.All() {
		names = append(names, p.Name)
	}
	return names
}

// completeArguments tells a shell what commands take beside flags: profiles and
// topics by name, captures by any.
func completeArguments(c *cobra.Command) {
	switch c.Name() {
	case "nics":
		c.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return begins(profileNames(), begun), cobra.ShellCompDirectiveNoFileComp
		}
	case "help":
		c.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return begins(help.Topics(), begun), cobra.ShellCompDirectiveNoFileComp
		}
	case "hash", "version", "plan":
		c.ValidArgsFunction = cobra.NoFileCompletions
	default:
		c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
}
