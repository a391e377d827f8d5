package main

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
)

// The manual: help/rssreplay.txt is the main page, each other file a command's
// or a topic's.
//
//go:embed help/*.txt
var manual embed.FS

// helpOf is the page of a command or topic, "" if there is none.
func helpOf(name string) string {
	page, err := manual.ReadFile("help/" + name + ".txt")
	if err != nil {
		return ""
	}
	return string(page)
}

func newHelpCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "help [TOPIC]",
		RunE: func(_ *cobra.Command, args []string) error {
			topic := "rssreplay"
			if len(args) > 0 {
				topic = args[0]
			}
			page := helpOf(topic)
			if page == "" || len(args) > 1 {
				if near := nearest(topics(), topic); near != "" && len(args) == 1 {
					return usagef("no help on %q; did you mean `rssreplay help %s`?", topic, near)
				}
				return usagef("no help on %q; there is %s", strings.Join(args, " "), strings.Join(topics(), ", "))
			}
			_, err := fmt.Fprint(e.stdout, page)
			return err
		},
	}
}

// topics are the pages that help knows.
func topics() []string {
	pages, err := fs.Glob(manual, "help/*.txt")
	if err != nil {
		return nil
	}
	for i, p := range pages {
		pages[i] = strings.TrimSuffix(strings.TrimPrefix(p, "help/"), ".txt")
	}
	return pages
}
