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
		Use: "collect",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usagef("collect prints the script, which takes the interface: rssreplay collect | ssh root@host sh -s -- %s >rss-%[1]s.tar.gz", args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(e.Stdout, collectScript)
			return err
		},
	}
}
