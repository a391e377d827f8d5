package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/dispatch/fault"
	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// Exit statuses. Where several hold, the first of usage, failed, differs, can't tell,
// condition, damaged.
const (
	exitDone      = 0
	exitFailed    = 1 // the replay failed
	exitUsage     = 2 // wrong usage
	exitDamaged   = 3 // results printed, but the capture ended early or was damaged
	exitCondition = 4 // results printed, and a condition of --fail-if holds
	exitDiffers   = 5 // verify found that reality differs from the prediction
	exitCantTell  = 6 // verify can't tell
)

// usageError is wrong usage: a flag, a value, or an imported file that does not
// fit them.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// damagedError says that results were printed, but not of the whole capture.
type damagedError struct{ error }

// damaged is the damage of some of the captures, and of what the results are.
func damaged(damage error, are string, captures []string) error {
	part := "what comes before"
	if len(captures) > 1 && !errors.Is(damage, file.ErrInterrupted) {
		part = "what could be read"
	}
	return damagedError{fmt.Errorf("%w; %s %s", damage, are, part)}
}

// printable is s on one line, with escapes for what a terminal may obey: names of
// files are anyone's.
func printable(s string) string {
	quoted := strconv.Quote(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

// cause is err without the operation and path that os puts before it.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// env is what a command may touch of the world outside.
type env struct {
	args           []string // the command line, its name first
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // stderr is one
	// interrupts is called when a replay begins: it returns a channel that is
	// closed when the user wants it to end, and what is called at its end.
	interrupts func() (interrupted <-chan struct{}, stop func())
	screen     screen // what stdout is
	scratch    scratch
}

// command is the command line as results have it.
func (e *env) command() report.List[string] {
	return append(report.List[string]{"rssreplay"}, e.args[1:]...)
}

// run is the whole program without interrupts: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	never := func() (<-chan struct{}, func()) { return nil, func() {} }
	return (&env{args: args, stdin: stdin, stdout: stdout, stderr: stderr, screen: screenOf(stdout, os.Getenv), interrupts: never}).run()
}

func (e *env) run() (status int) {
	defer func() {
		if value := recover(); value != nil {
			e.tellFault(fault.New(value))
			status = exitFailed
		}
	}()
	root := newRootCommand(e)
	root.SetArgs(e.args[1:])
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	err := root.Execute()
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(e.stderr, "rssreplay: %s\n", printable(err.Error()))
	var usage usageError
	var damaged damagedError
	var condition conditionError
	var differs differsError
	var cantTell cantTellError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &differs):
		return exitDiffers
	case errors.As(err, &cantTell):
		return exitCantTell
	case errors.As(err, &condition):
		return exitCondition
	case errors.As(err, &damaged):
		return exitDamaged
	}
	return exitFailed
}

// tellFault says that the program itself is at fault, and what a report of it needs.
func (e *env) tellFault(p *fault.Panic) {
	fmt.Fprintf(e.stderr, "rssreplay: this is a fault of the program, not of what you gave it: %s. Please report it with the command line, the capture if it may be shown, and these lines:\n%s\n%s",
		printable(p.Error()), versionLine(), p.Stack)
}

func newRootCommand(e *env) *cobra.Command {
	root := newReplayCommand(e)
	root.AddCommand(newCalibrateCommand(e), newCompareCommand(e), newDiffCommand(e), newExplainCommand(e), newHashCommand(e), newSuggestCommand(e), newPlanCommand(e), newVerifyCommand(e), newNICsCommand(e), newCollectCommand(e), newManCommand(e), newVersionCommand(e))
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpCommand(newHelpCommand(e))
	root.InitDefaultHelpCmd() // they are described, too
	root.InitDefaultCompletionCmd()
	root.Args = checkCommand
	checkShell(root)
	describe(root)
	refuseTwice(root.Flags(), "layout", "table")
	for _, c := range append(root.Commands(), root) {
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
			return usageError{flagError(c, err)}
		})
		c.SetHelpFunc(func(c *cobra.Command, _ []string) {
			for c.HasParent() && helpOf(c.Name()) == "" {
				c = c.Parent()
			}
			fmt.Fprint(e.stdout, helpOf(c.Name()))
		})
	}
	return root
}

// checkCommand refuses a first argument that is no file, and nearly a command.
func checkCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.ContainsAny(args[0], `./\*?[`) {
		return nil
	}
	if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var commands []string
	for _, c := range root.Commands() {
		commands = append(commands, c.Name())
	}
	if slices.Contains(mainJob, args[0]) {
		return usagef("%s: no such file, and no command: what replays has no name, `rssreplay CAPTURE --cpus 8`", args[0])
	}
	if near := nearest(commands, args[0]); near != "" {
		return usagef("%s: no such file; did you mean `rssreplay %s`?", args[0], near)
	}
	return nil
}

// flagError says what is wrong with a flag as this program says things, and adds
// what the user probably meant.
func flagError(c *cobra.Command, err error) error {
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
		} else if near := nearestFlag(c.Flags(), unknown.GetSpecifiedName()); near != "" {
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
		if number := (*strconv.NumError)(nil); errors.As(why, &number) {
			switch {
			case invalid.GetFlag().Value.Type() == "bool":
				why = errors.New("it takes no value")
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
