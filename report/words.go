package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
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

// noteLines is the note as lines that are safe to print; of one that is too long
// the first MaxNote bytes, and how many there are.
func (words *Words) noteLines() []string {
	note, rest := words.Note, ""
	if len(note) > MaxNote {
		at := MaxNote
		for at > 0 && !utf8.RuneStart(note[at]) {
			at--
		}
		note, rest = note[:at], fmt.Sprintf("… (%s in all)", plural(uint64(len(note)), "byte", "bytes"))
	}
	if note = strings.Trim(note, "\r\n"); note == "" && rest == "" {
		return nil
	}
	lines := strings.Split(note, "\n")
	for i, line := range lines {
		parts := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		line = clean(parts[0])
		for _, part := range parts[1:] {
			line += strings.Repeat(" ", noteTab-displayWidth(line)%noteTab) + clean(part)
		}
		lines[i] = strings.TrimRight(line, " ")
	}
	if rest != "" {
		lines = append(lines, rest)
	}
	return lines
}

// noteWithin is noteLines with lines of at most width columns.
func (words *Words) noteWithin(width int) []string {
	var lines []string
	for _, line := range words.noteLines() {
		if displayWidth(line) <= width {
			lines = append(lines, line)
			continue
		}
		text := strings.TrimLeft(line, " ")
		margin := strings.Repeat(" ", min(len(line)-len(text), width/2))
		for _, l := range wrap(strings.Split(text, " "), width-len(margin)) {
			lines = append(lines, margin+l)
		}
	}
	return lines
}

// opening is how a text begins: with the author's words, then with notes of ours.
func (t *textWriter) opening(words *Words, notes []string) {
	if words.Title != "" {
		for _, l := range wrap(strings.Split(clean(words.Title), " "), t.width) {
			t.line(t.paint(l, bold))
		}
	}
	for i, l := range words.noteWithin(t.width) {
		if i == 0 && t.begun {
			t.line("")
		}
		t.line(l)
	}
	for i, note := range notes {
		if i == 0 && t.begun {
			t.line("")
		}
		for _, l := range wrap(strings.Split(clean(note), " "), t.width) {
			t.line(l)
		}
	}
}

// Bytes and columns of a note in a document.
const (
	noteBytes   = 20_000
	noteColumns = 100
)

// words are how a document begins. The note is code: nothing in it has a meaning,
// and its lines stay.
func (m *markdown) words(words *Words) {
	if words.Title != "" {
		m.para("### " + prose(words.Title))
	}
	lines := words.noteWithin(noteColumns)
	if len(lines) == 0 {
		return
	}
	m.part(noteBytes, func(p *markdown) {
		const cut = "\n… (the JSON report has all of it)"
		room := p.limit - len(cut)
		for i, line := range lines {
			if room -= 2*len(line) + 1; room < 0 { // as much again for a fence, of a line of backticks
				p.fenced(strings.Join(lines[:i], "\n") + cut)
				p.cut = true
				return
			}
		}
		p.fenced(strings.Join(lines, "\n"))
	})
}
