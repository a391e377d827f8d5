package bundle

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// collectScript gathers on a Linux host what --bundle reads. It is a script, since the
// host may have no such program, and its owner wants to read what runs there.
//
//go:embed collect.sh
var collectScript string

// NewCommand is `rssreplay collect`.
func NewCommand(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:  "collect",
		Args: cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.Stdout, collectScript)
			return err
		},
	}
}
