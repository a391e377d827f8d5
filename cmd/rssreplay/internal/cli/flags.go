package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FlagError says what is wrong with a flag as this program says things, and adds
// what the user probably meant.
func FlagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		if hint := formatHint(unknown.GetSpecifiedName()); hint != "" {
			return fmt.Errorf("unknown flag %s; did you mean %s?", name, hint)
		}
		if unknown.GetSpecifiedShortnames() != "" {
			name = name[1:]
		} else if near := NearestFlag(c.Flags(), unknown.GetSpecifiedName()); near != "" {
			return fmt.Errorf("unknown flag %s; did you mean --%s?", name, near)
		}
		return fmt.Errorf("unknown flag %s; `%s --help` lists the flags", name, c.CommandPath())
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value; `%s --help` tells which", missing.GetFlag().Name, c.CommandPath())
	case errors.As(err, &invalid):
		why := invalid.Unwrap()
		if name := invalid.GetFlag().Name; errors.Is(why, errTwice) {
			return fmt.Errorf("--%s was given twice: `rssreplay compare` takes several", name)
		}
		if _, ok := errors.AsType[*strconv.NumError](why); ok {
			switch {
			case invalid.GetFlag().Value.Type() == "bool":
				why = errors.New("it takes no value")
			case withoutCommas(invalid.GetValue()) != "":
				why = fmt.Errorf("write %s", withoutCommas(invalid.GetValue()))
			case errors.Is(why, strconv.ErrRange):
				why = errors.New("too large a number")
			case isNegative(invalid.GetValue()): // the flag takes no sign
				why = errors.New("it must not be negative")
			default:
				why = errors.New("not a whole number")
			}
		}
		return fmt.Errorf("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), why)
	}
	return err
}

// withoutCommas is a number that has its commas, as reports print it, without; else "".
func withoutCommas(s string) string {
	bare := strings.ReplaceAll(s, ",", "")
	if _, err := strconv.ParseInt(bare, 10, 64); err != nil || bare == s {
		return ""
	}
	return bare
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

// once is a value of a flag that may be given once, though another command takes
// several: the last of them would win unseen.
type once struct {
	pflag.Value
	flag *pflag.Flag
}

var errTwice = errors.New("given twice")

func (o *once) Set(value string) error {
	if o.flag.Changed {
		return errTwice
	}
	return o.Value.Set(value)
}

// RefuseTwice lets these flags be given once. Of others the last one counts, as usual.
func RefuseTwice(set *pflag.FlagSet, names ...string) {
	for _, name := range names {
		f := set.Lookup(name)
		f.Value = &once{f.Value, f}
	}
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

// NoArgs refuses arguments, for a command that takes none.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("%s takes no argument, but %q was given", c.Name(), args[0])
	}
	return nil
}

// NeedsCapture refuses a command line without a capture; like is one that has it.
func NeedsCapture(like string) cobra.PositionalArgs {
	return func(c *cobra.Command, captures []string) error {
		if slices.Contains(captures, "") {
			return Usagef("a capture's name is empty: was a variable not set? %s", like)
		}
		if len(captures) > 0 {
			return nil
		}
		if flag, capture := tookCapture(c.Flags()); flag != "" {
			return Usagef("no capture given: %q is the value of --%s: %s", capture, flag, like)
		}
		return Usagef("no capture given: %s", like)
	}
}

// tookCapture is the first flag whose value is named as captures are, which stands behind a
// flag that lacks its own.
func tookCapture(set *pflag.FlagSet) (flag, capture string) {
	set.Visit(func(f *pflag.Flag) {
		value := strings.Trim(f.Value.String(), "[]") // a list's
		name := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(value, ".gz"), ".zst"))
		if flag == "" && slices.ContainsFunc([]string{".pcap", ".pcapng", ".cap"}, func(end string) bool { return strings.HasSuffix(name, end) }) {
			flag, capture = f.Name, value
		}
	})
	return flag, capture
}
