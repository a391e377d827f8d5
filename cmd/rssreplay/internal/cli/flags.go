package cli

import (
	"errors"
	"fmt"
	"slices"
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
		return unknownFlag(c, unknown)
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value; `%s --help` tells which", missing.GetFlag().Name, c.CommandPath())
	case errors.As(err, &invalid):
		flag, value, why := invalid.GetFlag(), invalid.GetValue(), invalid.Unwrap()
		if twice := new(twiceError); errors.As(why, &twice) {
			return fmt.Errorf("--%s was given twice: %s", flag.Name, twice.advice)
		} else if errors.Is(why, errEmpty) {
			return fmt.Errorf("--%s has an empty value: was a variable not set? Give it a value, or leave the flag out", flag.Name)
		}
		switch flag.Value.Type() { // of pflag's own values
		case "bool":
			why = errors.New("it takes no value")
		case "int", "int64", "uint16", "uint64":
			why = notWhole(value)
		case "float64":
			why = fmt.Errorf("not a number: write one as %s", flag.DefValue)
		}
		return fmt.Errorf("%s: %w", strings.TrimSpace("--"+flag.Name+" "+value), why)
	}
	return err
}

// once is a value of a flag that may be given once, though two might be meant to add up: the
// last of them would win unseen.
type once struct {
	pflag.Value
	flag   *pflag.Flag
	advice string // to who gives two
}

type twiceError struct{ advice string }

func (e *twiceError) Error() string { return "given twice: " + e.advice }

func (o *once) Set(value string) error {
	if o.flag.Changed && o.flag.Value.String() != value {
		return &twiceError{o.advice}
	}
	return o.Value.Set(value)
}

// givenOnce are the flags that may be given once, by what to tell who gives two: they name
// what is read, or a list. Of the others, numbers and looks above all, the last one counts,
// as usual, so that an alias can be overruled.
var givenOnce = []struct{ advice, flags string }{
	{"`rssreplay compare` takes several", "layout table"},
	{"leave one of them out; `rssreplay compare` takes another as --scenario 'NAME: FLAG=...'", "bundle nic driver channels coalesce ring costs rules rps key xfrm rebalance"},
	{"leave one of them out", "dev on rps-secret title note anonymize-key stack-cpus snapshots counters-before counters-after interrupts-before interrupts-after"},
	{"write both as one, with a comma between them", "mode hash-types offline-cpus"},
	{"write both as one, with `and` or `or` between them", "filter"},
}

// RefuseTwice lets the flags of the set that might be thought to add up be given once, or
// again as they were; but not those that a command takes several of.
func RefuseTwice(set *pflag.FlagSet, several ...string) {
	for _, of := range givenOnce {
		for _, name := range strings.Fields(of.flags) {
			if f := set.Lookup(name); f != nil && !slices.Contains(several, name) {
				f.Value = &once{f.Value, f, strings.ReplaceAll(of.advice, "FLAG", name)}
			}
		}
	}
}

// filled is a value of a flag that must not be empty: a script's variable that is not set
// would otherwise count as if the flag were not there.
type filled struct{ pflag.Value }

var errEmpty = errors.New("it is empty")

func (f *filled) Set(value string) error {
	if value == "" {
		return errEmpty
	}
	return f.Value.Set(value)
}

// RefuseEmpty lets no flag of the set have an empty value, but for those named and those
// that take none.
func RefuseEmpty(set *pflag.FlagSet, but ...string) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() != "bool" && !slices.Contains(but, f.Name) {
			f.Value = &filled{f.Value}
		}
	})
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
