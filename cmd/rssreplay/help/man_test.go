package help

import (
	"os/exec"
	"strings"
	"testing"
)

// What is to be copied from a page, blocks and titles, is the same in man(1), as is all prose.
func TestRoff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here to read pages")
	}
	show := func(page string) string {
		c := exec.Command(groff, "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=300n")
		c.Stdin = strings.NewReader(page)
		var stderr strings.Builder
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil || stderr.Len() > 0 {
			t.Fatalf("groff: %v\n%s", err, stderr.String())
		}
		return string(out)
	}
	odd := "rssreplay x 'A\\B' ~ ^`: what it is\n\nSome `--flag 'b.c'` of\n.it\n'it\\n.\n\n  .TH in -- a 'block' \\fB of `~/x` ^\n  'end\n\nFlags\n  -o, --out-put 'A'  sets it\n"
	pages := map[string]string{"odd": odd}
	for _, name := range Topics() {
		pages[name] = Page(name)
	}
	var all strings.Builder // groff takes a tenth of a second to start
	all.WriteString(".nr HY 0\n.TH A 1\n")
	for _, name := range Topics() {
		p := ParsePage(pages[name])
		all.WriteString(p.roff(name))
	}
	p := ParsePage(odd)
	all.WriteString(p.roff("odd"))
	words := func(s string) string {
		return strings.Join(strings.Fields(strings.NewReplacer("’", "'", "`", "").Replace(s)), " ")
	}
	shown := show(all.String())
	lines := make(map[string]bool)
	for l := range strings.Lines(shown) {
		lines[strings.TrimSpace(l)] = true
	}
	shown = words(shown)
	for name, page := range pages {
		p := ParsePage(page)
		synopsis := strings.HasPrefix(p.title, "rssreplay") || strings.HasPrefix(p.title, "--")
		if p.Short == "" { // it stands behind the name
			p.title = LowerFirst(p.title)
		}
		if p.Short != "" && !synopsis { // the page's name and what it is tell of a topic
			if roff := p.roff(name); strings.Contains(roff, "SYNOPSIS") || !strings.Contains(shown, words(LowerFirst(p.Short))) {
				t.Errorf("%s: %q is no synopsis, and %q its name:\n%s", name, p.title, p.Short, roff)
			}
		} else if !strings.Contains(shown, words(p.title)) {
			t.Errorf("%s: title %q is not shown", name, p.title)
		}
		for _, s := range p.sections {
			for _, paragraph := range s.paragraphs {
				switch paragraph.kind {
				case block:
					for _, l := range paragraph.lines {
						if !lines[strings.TrimSpace(l)] {
							t.Errorf("%s: not shown as it is: %q", name, l)
						}
					}
				case prose:
					if text := words(strings.Join(paragraph.lines, " ")); !strings.Contains(shown, text) {
						t.Errorf("%s: not shown: %q", name, text)
					}
				}
			}
		}
	}
	if !lines["-o, --out-put 'A'"] {
		t.Error("the odd page does not show its flag")
	}
}
