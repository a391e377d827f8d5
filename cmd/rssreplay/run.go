package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/help"
	"rssreplay/cmd/rssreplay/internal/bundle"
	"rssreplay/cmd/rssreplay/internal/calibration"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/compare"
	"rssreplay/cmd/rssreplay/internal/flows"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/cmd/rssreplay/internal/suggest"
	"rssreplay/cmd/rssreplay/internal/verify"
	"rssreplay/dispatch/fault"
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
	exitCantTell  = 6 // verify or calibrate can't tell
)

// execute runs the whole program, and returns the exit status. A panic, in whichever
// goroutine, is told as a fault of the program.
func execute(e *cli.Env) (status int) {
	defer func() {
		if value := recover(); value != nil {
			tellFault(e, fault.New(value))
			status = exitFailed
		}
	}()
	root := newMainCommand(e)
	// Optimization: no command's name has a dot or a slash, and those of most captures do.
	if len(e.Args) < 2 || strings.HasPrefix(e.Args[1], "-") || !strings.ContainsAny(e.Args[1], "./") {
		addCommands(e, root)
	}
	if len(e.Args) > 1 && strings.HasPrefix(e.Args[1], cobra.ShellCompRequestCmd) {
		describe(root)
	}
	root.SetArgs(e.Args[1:])
	root.SetIn(e.Stdin)
	err := root.Execute()
	if err == nil {
		err = e.HelpErr
	}
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(e.Stderr, "rssreplay: %s\n", report.Clean(err.Error()))
	var usage cli.UsageError
	var damaged cli.DamagedError
	var condition cli.ConditionError
	var differs cli.DiffersError
	var cantTell cli.CantTellError
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
func tellFault(e *cli.Env, p *fault.Panic) {
	fmt.Fprintf(e.Stderr, "rssreplay: this is a fault of the program, not of what you gave it: %s. Please report it with the command line, the capture if it may be shown, and these lines:\n%s\n%s",
		report.Clean(p.Error()), cli.VersionLine(), p.Stack)
}

// newMainCommand is the main job, which a mistake adds the other commands to: one of
// them may be meant.
func newMainCommand(e *cli.Env) *cobra.Command {
	root := newReplayCommand(e)
	root.SetOut(e.Stdout) // before completion's commands, which keep it
	root.SetErr(e.Stderr)
	root.Version = cli.VersionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true // addCommands has it
	root.Args = cobra.MatchAll(root.Args, func(root *cobra.Command, args []string) error { return checkCommand(e, root, args) })
	setUp(e, root)
	return root
}

// addCommands adds what the main job does not have yet.
func addCommands(e *cli.Env, root *cobra.Command) {
	if root.HasSubCommands() {
		return
	}
	root.AddCommand(calibration.NewCommand(e), compare.NewCommand(e), compare.NewDiffCommand(e), flows.NewExplainCommand(e), flows.NewHashCommand(e), suggest.NewCommand(e), flows.NewPlanCommand(e), verify.NewCommand(e), newNICsCommand(e), bundle.NewCommand(e), help.NewManCommand(e), newVersionCommand(e))
	root.SetHelpCommand(help.NewCommand(e))
	root.InitDefaultHelpCmd() // describe knows them, too
	root.CompletionOptions.DisableDefaultCmd = false
	root.InitDefaultCompletionCmd()
	checkShell(root)
	for _, c := range root.Commands() {
		setUp(e, c)
	}
}

// setUp gives a command the program's ways with flags, errors and help.
func setUp(e *cli.Env, c *cobra.Command) {
	c.SilenceErrors, c.SilenceUsage = true, true
	cli.RefuseEmpty(c.Flags(), "filter", "title") // all packets, and no title
	var several []string
	if c.Name() == "compare" {
		several = []string{"layout", "table"}
	}
	cli.RefuseTwice(c.Flags(), several...)
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		addCommands(e, c.Root())
		return cli.AsUsage(cli.FlagError(c, err))
	})
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		for c.HasParent() && help.Page(c.Name()) == "" {
			c = c.Parent()
		}
		_, e.HelpErr = fmt.Fprint(e.Stdout, help.Page(c.Name()))
	})
}

// checkCommand refuses a first argument that is no file, and nearly a command.
func checkCommand(e *cli.Env, root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.ContainsAny(args[0], `./\*?[`) {
		return nil
	}
	if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	addCommands(e, root)
	var commands []string
	for _, c := range root.Commands() {
		commands = append(commands, c.Name())
	}
	if slices.Contains(mainJob, args[0]) {
		return cli.Usagef("%s: no such file, and no command: what replays has no name, `rssreplay CAPTURE --cpus 8`", args[0])
	}
	if settings.LooksLikeInterface(args[0]) {
		return cli.Usagef("%s: no such file: a capture is read, and none is taken; `tcpdump -i %[1]s -w capture.pcap` takes one", args[0])
	}
	if near := cli.Nearest(commands, args[0]); near != "" {
		return cli.Usagef("%s: no such file; did you mean `rssreplay %s`?", args[0], near)
	}
	return nil
}

// mainJob are names that other programs give to what this one does without any.
var mainJob = []string{"replay", "run", "read", "analyze", "analyse", "simulate", "show"}
