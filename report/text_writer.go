package report

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
)

var styleCodes = [...]string{plain: "", bold: "\x1b[1m", faint: "\x1b[2m", warm: "\x1b[33m", hot: "\x1b[1;31m", good: "\x1b[32m"}

// textWriter writes lines of at most width columns. Everything that comes from
// the report passes through clean on its way in.
type textWriter struct {
	w     *bufio.Writer
	width int
	color bool
	ascii bool
	begun bool  // something is written
	err   error // the first

	compact bool // tables without a line below their heads, groups named across their columns

	tables   *tablewriter.Table // see emptyTable
	rendered bytes.Buffer
}

func newTextWriter(w io.Writer, o TextOptions) *textWriter {
	t := &textWriter{w: bufio.NewWriter(w), width: o.Width, color: o.Color, ascii: o.ASCII}
	if t.width == 0 {
		t.width = defaultWidth
	}
	t.width = min(max(t.width, MinWidth), MaxWidth)
	return t
}

// asciiSymbols replaces each symbol that the text draws with by one of ASCII of
// the same width, so that columns stay.
var asciiSymbols = strings.NewReplacer(
	"·", "_", "─", "-", "…", "~", "→", ">", "←", "<", "×", "x", "÷", "/", "µ", "u",
	"▁", ".", "▂", ":", "▃", "-", "▄", "=", "▅", "+", "▆", "*", "▇", "%", "█", "#",
	"▏", ".", "▎", ":", "▍", "-", "▌", "=", "▋", "+", "▊", "*", "▉", "%",
	"✔", "+", "✖", "X", "▲", "!", "•", "-",
)

// line writes one line that is already clean.
func (t *textWriter) line(s string) {
	if t.ascii {
		s = asciiSymbols.Replace(s)
	}
	t.begun = true
	_, err := t.w.WriteString(strings.TrimRight(s, " ") + "\n")
	t.fail(err)
}

// heading starts a section.
func (t *textWriter) heading(title, rest string) {
	if t.begun {
		t.line("")
	}
	lines := wrap(strings.Split(clean(title+indent+rest), " "), t.width)
	for i, l := range lines {
		if i == 0 {
			l = t.paint(l[:min(len(title), len(l))], bold) + l[min(len(title), len(l)):]
		} else {
			l = indent + l
		}
		t.line(l)
	}
}

// para writes a paragraph, wrapped, with label in a margin of labelWidth
// columns before it.
func (t *textWriter) para(label string, labelWidth int, s string, st style) {
	t.words(label, labelWidth, strings.Split(s, " "), st)
}

// list is para of items between commas, none of them parted unless it is wider
// than the line.
func (t *textWriter) list(label string, labelWidth int, items []string, st style) {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = item
		if i < len(items)-1 {
			words[i] += ","
		}
	}
	t.words(label, labelWidth, words, st)
}

func (t *textWriter) words(label string, labelWidth int, words []string, st style) {
	for i := range words {
		words[i] = clean(words[i])
	}
	label = clean(label)
	margin := indent + label + strings.Repeat(" ", max(labelWidth-displayWidth(label), 0))
	for _, l := range wrap(words, t.width-displayWidth(margin)) {
		t.line(margin + t.paint(l, st))
		margin = strings.Repeat(" ", displayWidth(margin))
	}
}

// fail keeps the first error for WriteText.
func (t *textWriter) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *textWriter) paint(s string, st style) string {
	if !t.color || st == plain || s == "" {
		return s
	}
	return styleCodes[st] + s + "\x1b[0m"
}
