package text

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

var styleCodes = [...]string{report.Plain: "", report.Bold: "\x1b[1m", report.Faint: "\x1b[2m", report.Warm: "\x1b[33m", report.Hot: "\x1b[1;31m", report.Good: "\x1b[32m"}

// writer writes lines of at most width columns. Everything that comes from
// the report passes through words.Clean on its way in.
type writer struct {
	w     *bufio.Writer
	width int
	color bool
	ascii bool
	begun bool  // something is written
	err   error // the first

	compact bool // tables without a line below their heads, groups named across their columns

	tables *tables
}

// tables is a table that is filled again and again, and its lines; see emptyTable.
type tables struct {
	table    *tablewriter.Table // nil at first
	rendered bytes.Buffer
}

func newWriter(w io.Writer, o Options) *writer {
	t := &writer{w: bufio.NewWriter(w), width: o.Width, color: o.Color, ascii: o.ASCII, tables: new(tables)}
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
	"±", "~", "✔", "+", "✖", "X", "▲", "!", "•", "-", "“", `"`, "”", `"`,
)

// line writes one line that is already clean.
func (t *writer) line(s string) {
	if t.ascii {
		s = asciiSymbols.Replace(s)
	}
	t.begun = true
	_, err := t.w.WriteString(strings.TrimRight(s, " ") + "\n")
	t.fail(err)
}

// clean is words.Clean of a sentence or a list, to be wrapped. Where all is ASCII its ellipses
// are three dots: the one column of a cut cell's sign is not needed there, and a reader pastes
// commands.
func (t *writer) clean(s string) string {
	s = words.Clean(s)
	if t.ascii {
		s = strings.ReplaceAll(s, "…", "...")
	}
	return s
}

// heading starts a section.
func (t *writer) heading(title, rest string) {
	if t.begun {
		t.line("")
	}
	lines := words.Wrap(strings.Split(t.clean(title+words.Indent+rest), " "), t.width)
	for i, l := range lines {
		if i == 0 {
			l = t.paint(l[:min(len(title), len(l))], report.Bold) + l[min(len(title), len(l)):]
		} else {
			l = words.Indent + l
		}
		t.line(l)
	}
}

// para writes a paragraph, wrapped, with label in a margin of labelWidth
// columns before it.
func (t *writer) para(label string, labelWidth int, s string, st report.Style) {
	t.words(label, labelWidth, strings.Split(s, " "), st)
}

// say writes a paragraph of each sentence.
func (t *writer) say(sentences ...string) {
	for _, sentence := range sentences {
		t.para("", 0, sentence, report.Plain)
	}
}

// list is para of items between commas, none of them parted unless it is wider
// than the line.
func (t *writer) list(label string, labelWidth int, items []string, st report.Style) {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item
		if i < len(items)-1 {
			list[i] += ","
		}
	}
	t.words(label, labelWidth, list, st)
}

// command writes the command line among the parameters, in lines that a shell takes as one.
func (t *writer) command(command []string) {
	list := words.ShellWords(command)
	for i := range list {
		list[i] = words.Clean(list[i])
	}
	margin := words.Indent + fmt.Sprintf("%-*s", parameterLabels, "command")
	for _, l := range words.CommandLines(list, t.width-len(margin)) {
		t.line(margin + l)
		margin = strings.Repeat(" ", len(margin))
	}
}

func (t *writer) words(label string, labelWidth int, list []string, st report.Style) {
	for i := range list {
		list[i] = t.clean(list[i])
	}
	label = words.Clean(label)
	after := strings.Repeat(" ", max(labelWidth-words.DisplayWidth(label), 0))
	wide := words.DisplayWidth(words.Indent + label + after)
	if st == report.Warm { // on a white screen a yellow sentence is hard to read
		label, st = t.paint(label, st), report.Bold
	}
	margin := words.Indent + label + after
	for _, l := range words.Wrap(list, t.width-wide) {
		t.line(margin + t.paint(l, st))
		margin = strings.Repeat(" ", wide)
	}
}

// fail keeps the first error for Write.
func (t *writer) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// flush writes what is buffered, and returns the first error of all.
func (t *writer) flush() error {
	t.fail(t.w.Flush())
	return t.err
}

func (t *writer) paint(s string, st report.Style) string {
	if !t.color || st == report.Plain || s == "" {
		return s
	}
	return styleCodes[st] + s + "\x1b[0m"
}
