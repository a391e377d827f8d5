package cli

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"rssreplay/report/text"
)

// Screen is how text is written to standard output. Only on a terminal it
// depends on anything but the flags: pipes and files get the same text
// everywhere.
type Screen struct {
	terminal bool
	width    int // columns; 0 for what no terminal has
	dumb     bool
	ascii    bool
	noColor  bool
}

// Beyond maxScreen columns the eye loses its line.
const maxScreen = 200

// ScreenOf looks at standard output and at the environment.
func ScreenOf(stdout io.Writer, getenv func(string) string) Screen {
	f, ok := stdout.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return Screen{}
	}
	return terminalScreen(Columns(stdout), getenv)
}

// Columns is how wide a terminal is; 0 if w is none, or that is not known.
func Columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// terminalScreen is a terminal of that many columns; 0 is unknown.
func terminalScreen(width int, getenv func(string) string) Screen {
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil && n > 0 {
		width = n
	}
	return Screen{
		terminal: true,
		width:    min(width, maxScreen),
		dumb:     getenv("TERM") == "dumb",
		noColor:  getenv("NO_COLOR") != "",
		ascii:    !isUTF8(getenv),
	}
}

// Clears is what clears the screen, for text that takes the place of what stands there;
// "" where there is none.
func (s Screen) Clears() string {
	if !s.terminal || s.dumb {
		return ""
	}
	return "\x1b[H\x1b[2J"
}

// isUTF8 tells whether the locale writes UTF-8. One that nobody set does: that
// is a container or Windows, not a terminal of the last century.
func isUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set counts, says POSIX
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}

// Options say how the text goes to standard output. color is --color's word.
func (s Screen) Options(color string) text.Options {
	return text.Options{
		Width: s.width,
		Color: color == "always" || color == "auto" && s.terminal && !s.dumb && !s.noColor,
		ASCII: s.ascii,
	}
}
