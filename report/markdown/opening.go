package markdown

import (
	"strings"

	"rssreplay/report"
)

// words are how a document begins. The note is code: nothing in it has a meaning,
// and its lines stay.
func (m *markdown) words(words *report.Words) {
	if words.Title != "" { // of the user, whose backticks mark nothing
		m.para("### " + free(words.Title))
	}
	lines := words.NoteWithin(noteColumns)
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

// Bytes and columns of a note in a document.
const (
	noteBytes   = 20_000
	noteColumns = 100
)
