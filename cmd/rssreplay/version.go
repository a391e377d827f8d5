package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
)

func newVersionCommand(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:  "version",
		Args: cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(e.Stdout, "%s\n%s", cli.VersionLine(), cli.BuildLines())
			return err
		},
	}
}
