package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rssreplay/dispatch/fault"
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
			return asUsage(flagError(c, err))
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

// mainJob are names that other programs give to what this one does without any.
var mainJob = []string{"replay", "run", "read", "analyze", "analyse", "simulate", "show"}
