package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

// collectScript gathers on a Linux host what --bundle reads. It is a script, since the
// host may have no such program, and its owner wants to read what runs there.
//
//go:embed collect.sh
var collectScript string

// newCollectCommand is `rssreplay collect`.
func newCollectCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:  "collect",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.stdout, collectScript)
			return err
		},
	}
}
