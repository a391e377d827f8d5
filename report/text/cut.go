package text

import (
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// What a line or two of a screen has no room for is cut, and never half a command is left.

// commandLines is a command in lines of at most width columns, which a shell takes
// as one; of one that would need more than three, what is not long, or the first words.
// A word that is wider has a line of at most all columns.
func commandLines(list []string, width, all int) []string {
	for i := range list {
		list[i] = words.Clean(list[i])
	}
	lines := words.CommandLines(list, width)
	if len(lines) > 3 || wider(lines, all) {
		short := slices.Clone(list) // without what is long, as a path
		for i, word := range list {
			if words.DisplayWidth(word) > width/2 {
				short[i] = "…"
			}
		}
		if lines = words.CommandLines(short, width); len(lines) <= 2 {
			return lines
		}
		return []string{cutSentence(strings.Join(list[:min(2, len(list))], " "), width-2) + " …"}
	}
	return lines
}

// sentence writes a sentence in at most two lines.
func (t *writer) sentence(s string) {
	lines := words.Wrap(strings.Split(t.clean(s), " "), t.width)
	if len(lines) > 2 {
		lines = []string{lines[0], t.clean(cutSentence(lines[1]+" …", t.width+1-len([]rune(t.clean("…")))))}
	}
	for _, l := range lines {
		t.line(l)
	}
}

// cutSentence is s in at most width columns, cut after a word; an [id] at its end
// stays.
func cutSentence(s string, width int) string {
	if words.DisplayWidth(s) <= width {
		return s
	}
	id := ""
	if at := strings.LastIndex(s, " ["); at >= 0 && strings.HasSuffix(s, "]") {
		s, id = s[:at], s[at:]
	}
	line := words.Wrap(strings.Split(s, " "), max(width-words.DisplayWidth(id)-len(" ")-1, 1))[0]
	if strings.Count(line, "`")%2 == 1 { // half a command
		line = line[:strings.LastIndex(line, "`")]
	}
	return strings.TrimRight(line, " ,;:…") + " …" + id
}

// cutText is a text in at most so many lines of width columns. What does not fit is cut
// behind a sentence or, where that would leave little, a word; a command stays whole.
func cutText(text string, width, most int) []string {
	list := strings.Split(text, " ")
	lines := words.Wrap(list, width)
	if len(lines) <= most && !wider(lines, width) || most < 1 {
		return lines[:min(len(lines), max(most, 0))]
	}
	if most == 1 {
		return []string{cutSentence(text, width)}
	}
	fits := []string{cutSentence(text, width)} // the most words
	for n := len(list) - 1; n > 0; n-- {
		part := append(slices.Clone(list[:n]), "…")
		if strings.Count(strings.Join(part, " "), "`")%2 == 1 {
			continue
		}
		if lines = words.Wrap(part, width); len(lines) > most || wider(lines, width) {
			continue
		}
		if len(fits) < len(lines) {
			fits = lines
		}
		if len(lines) < most {
			break
		}
		if strings.HasSuffix(list[n-1], ".") || strings.HasSuffix(list[n-1], ";") {
			return lines
		}
	}
	return fits
}

// wider tells whether a word of a command is wider than a screen.
func wider(lines []string, width int) bool {
	return slices.ContainsFunc(lines, func(l string) bool { return words.DisplayWidth(l) > width })
}

// shorten is s in at most width columns, without its middle.
func shorten(s string, width int) string {
	if words.DisplayWidth(s) <= width {
		return s
	}
	runes := []rune(s)
	for n := len(runes) - 1; n > 0; n-- {
		head := (n + 1) / 2
		short := string(runes[:head]) + "…" + string(runes[len(runes)-(n-head):])
		if words.DisplayWidth(short) <= width {
			return short
		}
	}
	return "…"
}
