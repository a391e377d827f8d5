package help

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// The manual: rssreplay.txt is the main page, each other file a command's
// or a topic's.
//
//go:embed *.txt
var manual embed.FS

// Page is the page of a command or topic, "" if there is none.
func Page(name string) string {
	page, err := manual.ReadFile(name + ".txt")
	if err != nil {
		return ""
	}
	return string(page)
}

// NewCommand is `rssreplay help [TOPIC]`.
func NewCommand(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "help [TOPIC]",
		RunE: func(c *cobra.Command, args []string) error {
			topic := "rssreplay"
			if len(args) > 0 {
				topic = strings.ToLower(args[0])
			}
			if topic == "topics" {
				topic = "help" // which lists them
			}
			page := Page(topic)
			if page == "" || len(args) > 1 {
				return noPage(c.Root(), args)
			}
			_, err := fmt.Fprint(e.Stdout, page)
			return err
		},
	}
}

// noPage says where else help is, or on what else there is some.
func noPage(root *cobra.Command, topics []string) error {
	topic := strings.Join(topics, " ")
	near := cli.Nearest(Topics(), strings.ToLower(topic))
	commands := cli.HaveFlag(root, topic)
	switch {
	case near != "" && (len(commands) == 0 || strings.HasPrefix(near, topic)): // layout, of layouts
		return cli.Usagef("no help on %q; did you mean `rssreplay help %s`?", topic, near)
	case len(commands) > 0:
		return cli.Usagef("%s is no topic, but a flag: `%s --help` tells of --%[1]s", topic, commands[0].CommandPath())
	}
	return cli.Usagef("no help on %q; there is %s", topic, strings.Join(Topics(), ", "))
}

// Topics are the pages that help knows.
func Topics() []string {
	pages, err := fs.Glob(manual, "*.txt")
	if err != nil {
		return nil
	}
	for i, p := range pages {
		pages[i] = strings.TrimSuffix(p, ".txt")
	}
	return pages
}
