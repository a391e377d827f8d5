package help

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/output"
)

// NewManCommand is `rssreplay man DIR`, for release builds and packagers: the
// manual as pages for man(1).
func NewManCommand(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return cli.Usagef("give the folder to write the manual pages to: rssreplay man DIR")
			}
			if args[0] == output.StdoutPath {
				return cli.Usagef("man gives many pages, and standard output is one place: name a folder, rssreplay man DIR")
			}
			return output.WriteTexts(&e.Scratch, manPages(c.Root(), args[0]))
		},
	}
}

// manPages are a page for each command, in dir/man1, and one for each topic, in dir/man7,
// by their paths. The same build gives the same bytes.
func manPages(root *cobra.Command, dir string) map[string]string {
	pages := map[string]string{}
	for _, name := range Topics() {
		section := "7"
		if name == root.Name() {
			section = "1"
		}
		for _, c := range root.Commands() {
			if c.Name() == name {
				section = "1"
			}
		}
		full := root.Name()
		if name != full {
			full += "-" + name
		}
		p := ParsePage(Page(name))
		if name == root.Name() {
			p.title += " CAPTURE... [flags]" // its page has all commands, one on a line
		}
		pages[filepath.Join(dir, "man"+section, full+"."+section)] = fmt.Sprintf(".nr HY 0\n.TH %q %q %q %q %q\n",
			strings.ToUpper(full), section, buildTime().Format("Jan 2006"), "rssreplay "+cli.Tool().Version, "rssreplay") + p.roff(full)
	}
	return pages
}

// buildTime is that of the commit this program was built from, else the epoch:
// the same build prints the same pages.
func buildTime() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return t.UTC()
			}
		}
	}
	return time.Unix(0, 0).UTC()
}

// roff is the page in the language of man(1), man(7): name is the manual page's.
func (p *pageOf) roff(name string) string {
	var b strings.Builder
	short := p.Short
	if short == "" { // a topic's first line is a heading
		short = p.title
	}
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", literal(name), formatted(LowerFirst(short)))
	if command := strings.HasPrefix(p.title, "rssreplay") || strings.HasPrefix(p.title, "--"); command && p.Short != "" {
		fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fP\n", literal(p.title))
	}
	for i, s := range p.sections {
		switch {
		case s.heading != "":
			fmt.Fprintf(&b, ".SH %s\n", formatted(s.heading))
		case i == 0 && len(s.paragraphs) > 0:
			b.WriteString(".SH DESCRIPTION\n")
		}
		for _, paragraph := range s.paragraphs {
			paragraph.roff(&b)
		}
	}
	return b.String()
}

func (p *paragraph) roff(b *strings.Builder) {
	switch p.kind {
	case prose:
		b.WriteString(".PP\n" + formatted(strings.Join(p.lines, "\n")) + "\n")
	case block:
		b.WriteString(".PP\n.EX\n" + literal(strings.Join(p.lines, "\n")) + "\n.EE\n")
	case flagBlock:
		for _, f := range parseFlags(p.lines) {
			b.WriteString(".TP\n")
			if f.Letter != "" {
				fmt.Fprintf(b, "\\fB\\-%s\\fP, ", literal(f.Letter))
			}
			fmt.Fprintf(b, "\\fB\\-\\-%s\\fP %s\n%s\n", literal(f.Name), literal(f.Argument), formatted(f.Usage))
		}
	}
}

// literal is text that man(1) shows, and lets copy, as it is: typesetters make other
// characters of some of ASCII's.
func literal(text string) string { return notFirst.Replace("\n" + escaped(text))[1:] }

// formatted is prose, in which what stands in backquotes is literal and bold.
func formatted(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 0 {
			b.WriteString(strings.ReplaceAll(escaped(part), `\(aq`, "'"))
		} else {
			b.WriteString(`\fB` + escaped(part) + `\fP`)
		}
	}
	return notFirst.Replace("\n" + b.String())[1:]
}

// escaped is text in ASCII: a typesetter takes other bytes for Latin-1 unless it is told.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range roffEscaper.Replace(text) {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}

var roffEscaper = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

// notFirst keeps a line from being a request: what is first in it is not a point or an apostrophe.
var notFirst = strings.NewReplacer("\n.", "\n\\&.", "\n'", "\n\\&'")

// LowerFirst is s with a small letter first, as what is said of a command goes on behind
// its name.
func LowerFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
