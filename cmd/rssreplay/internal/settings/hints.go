package settings

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// What was probably meant, where the edit distance alone would not tell.

// keyHint is for a file that was given as the key.
func keyHint(key string) string {
	if strings.HasPrefix(key, "/") || strings.HasPrefix(key, "./") || strings.HasPrefix(key, "~") {
		return "--key @" + key
	}
	if _, err := os.Stat(key); key != "" && !errors.Is(err, fs.ErrNotExist) {
		return "--key @" + key
	}
	return ""
}

// nicHint are the profiles that were probably meant; where the word means none, the one with
// the nearest name.
func nicHint(name string) string {
	if meant := profile.Meant(name); len(meant) > 0 {
		return report.Or(meant)
	}
	var names []string
	for _, p := range profile.All() {
		names = append(append(names, p.Name), p.Drivers...)
	}
	return cli.Nearest(names, strings.ToLower(name))
}

// layoutRules are the first words of --layout.
var layoutRules = []string{"equal", "reversed", "block", "weight", "list", "file", "cpus", "windows", "default"}

// layoutHint is the layout with its first word as it was probably meant.
func layoutHint(layout string) string {
	rule, rest, parted := strings.Cut(layout, ":")
	near := cli.Nearest(layoutRules, rule)
	if near == "" || near == rule {
		return ""
	}
	if parted {
		near += ":" + rest
	}
	return near
}
