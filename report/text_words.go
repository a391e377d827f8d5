package report

import "strings"

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
