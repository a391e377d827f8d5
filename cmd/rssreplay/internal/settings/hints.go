package settings

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/nicmodel/profile"
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

// nicHint is the profile that was probably meant.
func nicHint(name string) string {
	var names []string
	for _, p := range profile.All() {
		names = append(names, p.Name)
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
