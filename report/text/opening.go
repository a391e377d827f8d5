package text

import (
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// opening is how a text begins: with the author's words, then with notes of ours.
func (t *writer) opening(preface *report.Words, notes []string) {
	if preface.Title != "" {
		for _, l := range words.Wrap(strings.Split(t.clean(preface.Title), " "), t.width) {
			t.line(t.paint(l, report.Bold))
		}
	}
	for i, l := range preface.NoteWithin(t.width) {
		if i == 0 && t.begun {
			t.line("")
		}
		t.line(l)
	}
	t.notes(notes)
}

// notes are what a reader should know before he trusts a number.
func (t *writer) notes(notes []string) {
	for i, note := range notes {
		if i == 0 && t.begun {
			t.line("")
		}
		for _, l := range words.Wrap(strings.Split(t.clean(note), " "), t.width) {
			t.line(l)
		}
	}
}
