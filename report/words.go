package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"rssreplay/report/internal/words"
)

// Words are the author's own about a report. They come first in every format but
// CSV, which has none, and mean nothing in any of them: a note is a text and
// stays one, line by line.
type Words struct {
	Title string `json:"title,omitempty"` // one line
	Note  string `json:"note,omitempty"`
}

// MaxTitle is the characters of a title at most, MaxNote the bytes of a note: a
// document of Markdown has room for them beside all that it always has.
const (
	MaxTitle = 200
	MaxNote  = 8 << 10
)

// noteTab is the columns from one tab stop to the next.
const noteTab = 8

// NoteLines is the note as lines that are safe to print; of one that is too long
// the first MaxNote bytes, and how many there are.
func (preface *Words) NoteLines() []string {
	note, rest := preface.Note, ""
	if len(note) > MaxNote {
		at := MaxNote
		for at > 0 && !utf8.RuneStart(note[at]) {
			at--
		}
		note, rest = note[:at], fmt.Sprintf("… (%s in all)", words.Plural(uint64(len(note)), "byte", "bytes"))
	}
	if note = strings.Trim(note, "\r\n"); note == "" && rest == "" {
		return nil
	}
	lines := strings.Split(note, "\n")
	for i, line := range lines {
		parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		var expanded strings.Builder
		column := 0
		for k, part := range parts {
			if k > 0 {
				spaces := noteTab - column%noteTab
				expanded.WriteString(strings.Repeat(" ", spaces))
				column += spaces
			}
			part = words.Clean(part)
			expanded.WriteString(part)
			column += words.DisplayWidth(part)
		}
		lines[i] = strings.TrimRight(expanded.String(), " ")
	}
	if rest != "" {
		lines = append(lines, rest)
	}
	return lines
}

// NoteWithin is NoteLines with lines of at most width columns.
func (preface *Words) NoteWithin(width int) []string {
	var lines []string
	for _, line := range preface.NoteLines() {
		if words.DisplayWidth(line) <= width {
			lines = append(lines, line)
			continue
		}
		text := strings.TrimLeft(line, " ")
		margin := strings.Repeat(" ", min(len(line)-len(text), width/2))
		for _, l := range words.Wrap(strings.Split(text, " "), width-len(margin)) {
			lines = append(lines, margin+l)
		}
	}
	return lines
}
