package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"rssreplay/report"
)

// version is set by release builds: -ldflags "-X main.version=1.2.3".
var version = ""

// tool says what this program is: its version, or the commit it was built from.
func tool() report.Tool {
	t := report.Tool{Name: "rssreplay", Version: version, Go: runtime.Version()}
	if t.Version != "" {
		return t
	}
	t.Version = "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				t.Version = "devel-" + s.Value[:12]
			}
		}
	}
	return t
}

func versionLine() string {
	t := tool()
	return fmt.Sprintf("%s %s (%s %s/%s)", t.Name, t.Version, t.Go, runtime.GOOS, runtime.GOARCH)
}

func newVersionCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:  "version",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(e.stdout, versionLine())
			return err
		},
	}
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, but %q was given", c.Name(), args[0])
	}
	return nil
}
