package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/report"
)

// This file tells what was probably meant.

// unknownFlag says which flag was probably meant, and which commands have the one given.
func unknownFlag(c *cobra.Command, unknown *pflag.NotExistError) error {
	name, dashes := unknown.GetSpecifiedName(), "--"
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		if long, _, _ := strings.Cut(short, "="); len(long) > 1 && c.Flags().Lookup(long) != nil {
			return fmt.Errorf("unknown flag -%s; did you mean --%s?", long, long)
		}
		dashes = "-"
	} else if of := HaveFlag(c.Root(), name); len(of) > 0 {
		has := of[0].CommandPath()
		if !of[0].HasParent() {
			has += " CAPTURE"
		}
		if takesNone(c) {
			return fmt.Errorf("unknown flag --%s: `%s` has it; `%s` takes no flags", name, has, c.CommandPath())
		}
		return fmt.Errorf("unknown flag --%s: `%s` has it; `%s --help` lists those of this command", name, has, c.CommandPath())
	} else if meant := meantFlags(c.Flags(), name); len(meant) > 0 {
		return fmt.Errorf("unknown flag --%s; did you mean %s?", name, report.Or(meant))
	}
	if takesNone(c) {
		return fmt.Errorf("unknown flag %s%s: `%s` takes no flags", dashes, name, c.CommandPath())
	}
	return fmt.Errorf("unknown flag %s%s; `%s --help` lists the flags", dashes, name, c.CommandPath())
}

// takesNone tells whether a command has no flag but --help, which all have.
func takesNone(c *cobra.Command) bool {
	none := true
	c.Flags().VisitAll(func(f *pflag.Flag) { none = none && f.Name == "help" })
	return none
}

// HaveFlag are the commands that have a flag, the main one first.
func HaveFlag(root *cobra.Command, name string) []*cobra.Command {
	var of []*cobra.Command
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		if c.Flags().Lookup(name) != nil {
			of = append(of, c)
		}
	}
	return of
}

// meantFlags are the flags of set, with their dashes, that were probably meant.
func meantFlags(set *pflag.FlagSet, name string) []string {
	if hint := formatHint(name); hint != "" {
		return []string{hint}
	}
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if other := otherNames[plain]; other != "" && set.Lookup(strings.Fields(other)[0]) != nil {
		return []string{"--" + other}
	}
	if begin := flagsLike(set, func(flag string) bool { return strings.HasPrefix(flag, plain+"-") }); len(begin) > 0 {
		return begin
	}
	if near := NearestFlag(set, plain); near != "" {
		return []string{"--" + near}
	}
	if last := flagsLike(set, func(flag string) bool { return strings.HasSuffix(flag, "-"+plain) }); len(last) > 0 || len(plain) < 3 {
		return last
	}
	return flagsLike(set, func(flag string) bool { return strings.HasPrefix(flag, plain) })
}

// flagsLike are the flags of set, with their dashes, whose names are like one; none if
// they are too many for a guess.
func flagsLike(set *pflag.FlagSet, like func(flag string) bool) []string {
	var flags []string
	set.VisitAll(func(f *pflag.Flag) {
		if like(f.Name) {
			flags = append(flags, "--"+f.Name)
		}
	})
	if len(flags) > 3 {
		return nil
	}
	return flags
}

// otherNames are what ethtool and other programs call what is a flag here.
var otherNames = map[string]string{
	"cores": "cpus", "ncpu": "cpus", "ncpus": "cpus",
	"device": "dev", "iface": "dev", "interface": "dev",
	"hkey": "key", "hfunc": "hash-function", "indir": "table", "bpf": "filter",
	"equal": "layout equal:N", "weight": "layout weight:6,2", "start": "layout equal:N,start:S",
	"rss": "mode rss-msix", "no-rss": "mode non-rss", "non-rss": "mode non-rss",
	"out": "output", "limit": "packets", "count": "packets",
}

// formatFlags are what other programs have as flags of their own.
var formatFlags = []string{"json", "csv", "html", "markdown", "md", "mail", "text", "txt", "table"}

// formatHint is what to write instead of --json and its like; "" for other flags.
func formatHint(flag string) string {
	if !slices.Contains(formatFlags, flag) {
		return ""
	}
	format := map[string]string{"md": "markdown", "text": "table", "txt": "table"}[flag]
	if format == "" {
		format = flag
	}
	if format == "html" {
		return "--output report.html"
	}
	return "--format " + format
}

// NearestFlag is the flag of set that differs least from name, "" if all differ
// much.
func NearestFlag(set *pflag.FlagSet, name string) string {
	var flags []string
	set.VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	return Nearest(flags, name)
}

// Nearest is the word that differs least from name, "" if all differ much: of three
// letters one may.
func Nearest(words []string, name string) string {
	best, nearest := 1+len(name)/4, ""
	for _, word := range words {
		if d := editDistance(name, word); d <= best {
			best, nearest = d-1, word
		}
	}
	return nearest
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
