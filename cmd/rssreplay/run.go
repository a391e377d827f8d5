package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit statuses. Where several hold, the first of usage, failed, damaged.
const (
	exitDone    = 0
	exitFailed  = 1 // the replay failed
	exitUsage   = 2 // wrong usage
	exitDamaged = 3 // results printed, but the capture ended early or was damaged
)

// usageError is wrong usage: a flag, a value, or an imported file that does not
// fit them.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// damagedError says that results were printed, but not of the whole capture.
type damagedError struct{ error }

// env is what a command may touch of the world outside.
type env struct {
	args           []string // the command line, its name first
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{args: args, stdin: stdin, stdout: stdout, stderr: stderr}
	root := newRootCommand(e)
	root.SetArgs(args[1:])
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(stderr, "rssreplay: %v\n", err)
	var usage usageError
	var damaged damagedError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &damaged):
		return exitDamaged
	}
	return exitFailed
}

func newRootCommand(e *env) *cobra.Command {
	root := newReplayCommand(e)
	root.AddCommand(newHashCommand(e), newVersionCommand(e))
	root.SetHelpCommand(newHelpCommand(e))
	for _, c := range append(root.Commands(), root) {
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
			return usageError{flagError(c, err)}
		})
		c.SetHelpFunc(func(c *cobra.Command, _ []string) {
			fmt.Fprint(e.stdout, helpOf(c.Name()))
		})
	}
	return root
}

// flagError adds to pflag's word what the user probably meant.
func flagError(c *cobra.Command, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	if near := nearestFlag(c, name); near != "" {
		return fmt.Errorf("unknown flag --%s; did you mean --%s?", name, near)
	}
	return fmt.Errorf("unknown flag --%s; `rssreplay --help` lists the flags", name)
}
