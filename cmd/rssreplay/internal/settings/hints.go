package settings

import (
	"errors"
	"io/fs"
	"os"
	"slices"
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

// nicHint are the profiles that were probably meant: those whose names begin so, or that are
// of a maker or a card of that name, "mlx" or "broadcom"; else the nearest one.
func nicHint(name string) string {
	name = strings.ToLower(name)
	var names, meant []string
	for _, p := range profile.All() {
		names = append(append(names, p.Name), p.Drivers...)
		cards := strings.FieldsFunc(strings.ToLower(p.NIC), func(r rune) bool { return strings.ContainsRune(" ,()-", r) })
		ofCard := len(p.Drivers) > 0 && len(name) > 2 && slices.Contains(cards, name)
		if len(name) > 1 && strings.HasPrefix(p.Name, name) || ofCard {
			meant = append(meant, p.Name)
		}
	}
	if n := len(meant); n > 1 {
		return strings.Join(meant[:n-1], ", ") + " or " + meant[n-1]
	} else if n == 1 {
		return meant[0]
	}
	return cli.Nearest(names, name)
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
