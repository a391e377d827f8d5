package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report/text"
)

// What is no terminal is the same everywhere, whatever the environment says.
func TestNoScreen(t *testing.T) {
	everything := func(string) string { return "132" }
	s := ScreenOf(&strings.Builder{}, everything)
	if diff := cmp.Diff(text.Options{}, s.Options("auto")); diff != "" {
		t.Errorf("a pipe (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(text.Options{Color: true}, s.Options("always")); diff != "" {
		t.Errorf("--color always (-want +got):\n%s", diff)
	}
}

func TestTerminalScreen(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		env   map[string]string
		color string
		want  text.Options
	}{
		{"nothing set", 132, nil, "auto", text.Options{Width: 132, Color: true}},
		{"never", 132, nil, "never", text.Options{Width: 132}},
		{"very wide", 999, nil, "auto", text.Options{Width: maxScreen, Color: true}},
		{"unknown width", 0, nil, "auto", text.Options{Color: true}},
		{"COLUMNS", 132, map[string]string{"COLUMNS": "90"}, "auto", text.Options{Width: 90, Color: true}},
		{"COLUMNS that are none", 132, map[string]string{"COLUMNS": "many"}, "auto", text.Options{Width: 132, Color: true}},
		{"NO_COLOR", 132, map[string]string{"NO_COLOR": "1"}, "auto", text.Options{Width: 132}},
		{"NO_COLOR, always", 132, map[string]string{"NO_COLOR": "1"}, "always", text.Options{Width: 132, Color: true}},
		{"empty NO_COLOR", 132, map[string]string{"NO_COLOR": ""}, "auto", text.Options{Width: 132, Color: true}},
		{"dumb", 80, map[string]string{"TERM": "dumb"}, "auto", text.Options{Width: 80}},
		{"C", 80, map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "never", text.Options{Width: 80, ASCII: true}},
		{"UTF-8", 80, map[string]string{"LC_ALL": "", "LANG": "de_DE.utf8"}, "never", text.Options{Width: 80}},
		{"C.UTF-8", 80, map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "never", text.Options{Width: 80}},
		{"Latin-1", 80, map[string]string{"LANG": "de_DE.ISO-8859-1"}, "never", text.Options{Width: 80, ASCII: true}},
	} {
		s := terminalScreen(c.width, func(name string) string { return c.env[name] })
		if diff := cmp.Diff(c.want, s.Options(c.color)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
