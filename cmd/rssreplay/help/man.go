package help

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// NewManCommand is `rssreplay man DIR`, for release builds and packagers: the
// manual as pages for man(1).
func NewManCommand(*cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return cli.Usagef("give the folder to write the manual pages to: rssreplay man DIR")
			}
			return writeManPages(c.Root(), args[0])
		},
	}
}

// writeManPages writes a page for each command to dir/man1, and one for each topic
// to dir/man7. The same build gives the same bytes.
func writeManPages(root *cobra.Command, dir string) error {
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
		if err := writeManPage(root.Name(), name, section, filepath.Join(dir, "man"+section)); err != nil {
			return err
		}
	}
	return nil
}

func writeManPage(program, name, section, dir string) error {
	full := program
	if name != program {
		full += "-" + name
	}
	p := ParsePage(Page(name))
	if name == program {
		p.title += " CAPTURE... [flags]" // its page has all commands, one on a line
	}
	header := fmt.Sprintf("%% %q %q %q %q %q\n", strings.ToUpper(full), section, buildTime().Format("Jan 2006"), "rssreplay "+cli.Tool().Version, "rssreplay")
	page := md2man.Render([]byte(header + p.markdown(full)))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, full+"."+section), page, 0o666)
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

// markdown is the page in the Markdown that man(1)'s format is made from: name is
// the manual page's.
func (p *pageOf) markdown(name string) string {
	var b strings.Builder
	short := p.Short
	if short == "" { // a topic's first line is a heading
		short = p.title
	}
	fmt.Fprintf(&b, "# NAME\n%s \\- %s\n\n", name, markdownEscaper.Replace(LowerFirst(short)))
	if p.Short != "" {
		fmt.Fprintf(&b, "# SYNOPSIS\n**%s**\n\n", markdownEscaper.Replace(p.title))
	}
	for i, s := range p.sections {
		switch {
		case s.heading != "":
			fmt.Fprintf(&b, "# %s\n", markdownEscaper.Replace(s.heading))
		case i == 0 && len(s.paragraphs) > 0:
			b.WriteString("# DESCRIPTION\n")
		}
		for _, paragraph := range s.paragraphs {
			paragraph.markdown(&b)
		}
	}
	return b.String()
}

func (p *paragraph) markdown(b *strings.Builder) {
	switch p.kind {
	case prose:
		b.WriteString(markdownEscaper.Replace(strings.Join(p.lines, "\n")) + "\n\n")
	case block:
		b.WriteString("```\n" + strings.Join(p.lines, "\n") + "\n```\n\n")
	case flagBlock:
		for _, f := range parseFlags(p.lines) {
			if f.Letter != "" {
				fmt.Fprintf(b, "**-%s**, ", f.Letter)
			}
			fmt.Fprintf(b, "**--%s** %s\n: %s\n\n", f.Name, markdownEscaper.Replace(f.Argument), markdownEscaper.Replace(f.Usage))
		}
	}
}

// markdownEscaper keeps what the manual's prose may hold from being Markdown; its
// backquotes are.
var markdownEscaper = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "|", `\|`, "#", `\#`, "[", `\[`, "]", `\]`)

// LowerFirst is s with a small letter first, as what is said of a command goes on behind
// its name.
func LowerFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
