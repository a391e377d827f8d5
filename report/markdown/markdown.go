package markdown

import (
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"unicode"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// maxMarkdown bounds in bytes what Write and WriteCompare write:
// the text of a GitHub issue takes 65,536 characters, and its author adds some.
const maxMarkdown = 60_000

// markdown is a document in the making, in GitHub's dialect: CommonMark with
// tables (GFM 4.10) and the HTML element details. Nothing from outside has a
// meaning in it: code gets all that has any.
type markdown struct {
	b     strings.Builder
	limit int  // bytes that b holds at most
	cut   bool // something had no room
}

// add appends whole lines, unless they have no room.
func (m *markdown) add(lines string) bool {
	if m.b.Len()+len(lines) > m.limit {
		m.cut = true
		return false
	}
	m.b.WriteString(lines)
	return true
}

// para adds a paragraph, which is Markdown already.
func (m *markdown) para(text string) bool { return m.add(text + "\n\n") }

// say adds a paragraph of each sentence.
func (m *markdown) say(sentences ...string) {
	for _, sentence := range sentences {
		m.para(prose(sentence))
	}
}

// part adds a part of at most limit bytes.
func (m *markdown) part(limit int, fill func(p *markdown)) {
	p := markdown{limit: min(limit, m.limit-m.b.Len())}
	fill(&p)
	m.b.WriteString(p.b.String())
	m.cut = m.cut || p.cut
}

// details adds a part that is folded until a reader opens it, under a title and
// the name, if any, of what it is about.
func (m *markdown) details(limit int, title, name string, fill func(p *markdown)) {
	const end = "</details>\n\n"
	if name != "" {
		title += " <code>" + html.EscapeString(words.CutTo(name, MaxCode)) + "</code>"
	}
	begin := "<details>\n<summary>" + title + "</summary>\n\n"
	limit = min(limit, m.limit-m.b.Len())
	if len(begin)+len(end) > limit {
		m.cut = true
		return
	}
	m.b.WriteString(begin)
	m.part(limit-len(begin)-len(end), fill)
	m.b.WriteString(end)
}

// table adds a table of what; a head that begins with * is a column of numbers.
// Where not all rows have room, those of the greatest weight stay, in their order,
// and a sentence says how many. weight nil keeps the first.
func (m *markdown) table(what string, heads []string, rows [][]string, weight func(row int) uint64) {
	if len(rows) == 0 {
		return
	}
	head, rule := make([]string, len(heads)), make([]string, len(heads))
	for i, h := range heads {
		head[i], rule[i] = h, ":--"
		if number, ok := strings.CutPrefix(h, "*"); ok {
			head[i], rule[i] = number, "--:"
		}
	}
	which := "largest"
	if weight == nil {
		which, weight = "first", func(int) uint64 { return 0 } // all alike
	}
	order := report.MostFirst(len(rows), weight)
	cutText := func(n int) string {
		return fmt.Sprintf("The %s %s of %s %s; the JSON report has all.\n\n", which, words.Exact(uint64(n)), words.Exact(uint64(len(rows))), what)
	}
	begin := line(head) + line(rule)
	room := m.limit - m.b.Len() - len(begin) - len("\n") - len(cutText(len(rows)))
	n := 0
	for ; n < len(order) && len(line(rows[order[n]])) <= room; n++ {
		room -= len(line(rows[order[n]]))
	}
	if m.cut = m.cut || n < len(rows); n == 0 {
		return
	}
	m.b.WriteString(begin)
	for _, i := range slices.Sorted(slices.Values(order[:n])) {
		m.b.WriteString(line(rows[i]))
	}
	m.b.WriteByte('\n')
	if n < len(rows) {
		m.b.WriteString(cutText(n))
	}
}

// line is a row of a table; its cells are Markdown already, but for their pipes,
// which are escaped, in code too (GFM 4.10). What is a backslash before a pipe to
// one parser escapes the other backslash to another: a blank parts them.
func line(cells []string) string {
	row := strings.Join(cells, "\x00")
	if strings.Contains(row, "|") {
		row = strings.ReplaceAll(strings.ReplaceAll(row, `\|`, `\ |`), "|", `\|`)
	}
	return "| " + strings.ReplaceAll(row, "\x00", " | ") + " |\n"
}

// fenced adds a text as it is, if there is room for all of it.
func (m *markdown) fenced(text string) bool {
	var b strings.Builder
	if err := WriteFenced(&b, text); err != nil {
		return false
	}
	return m.para(strings.TrimSuffix(b.String(), "\n"))
}

// flush writes the document and its tail.
func (m *markdown) flush(w io.Writer, tail string) error {
	_, err := io.WriteString(w, strings.TrimRight(m.b.String()+tail, "\n")+"\n")
	return err
}

// Bytes of a string from outside that a document shows: as code, and of a sentence.
const (
	MaxCode  = 200
	maxProse = 1200
)

// code is a string in which nothing has a meaning.
func code(s string) string { return codeSpan(words.CutTo(s, MaxCode)) }

func codeSpan(s string) string {
	if strings.TrimSpace(s) == "" {
		return `""`
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " " // of which a blank at each end is taken off (CommonMark 6.1)
	}
	return fence + s + fence
}

// prose is a sentence of ours: what stands between backticks is a command, and so
// code; so is each word that Markdown or GitHub would take for something else:
// emphasis, links, HTML, the mention of a user, an issue or a commit, an emoji.
func prose(s string) string {
	parts := words.MarkedParts(words.CutTo(s, maxProse))
	for i, part := range parts {
		if i%2 == 1 {
			parts[i] = codeSpan(part)
			continue
		}
		parts[i] = plainProse(part, i == 0)
	}
	for i := 1; i < len(parts); i++ { // two codes that touched would be one
		if strings.HasSuffix(parts[i-1], "`") && strings.HasPrefix(parts[i], "`") {
			parts[i] = " " + parts[i]
		}
	}
	return strings.Join(parts, "")
}

// free is a sentence of someone else's: a backtick in it is one.
func free(s string) string { return plainProse(words.CutTo(s, maxProse), true) }

// plainProse is a sentence without commands, or a part of one.
func plainProse(s string, first bool) string {
	words := strings.Split(s, " ")
	for k, word := range words {
		words[k] = proseWord(word, first && k == 0)
	}
	return strings.Join(words, " ")
}

// proseWord is a word of a sentence, the first of a line or another.
func proseWord(word string, first bool) string {
	bare := strings.TrimRight(word, `.,;:)?!”"`)
	end := word[len(bare):]
	start := ""
	for _, bracket := range []string{"(", "“"} {
		if after, ok := strings.CutPrefix(bare, bracket); ok {
			start, bare = bracket, after
		}
	}
	switch {
	case word == "", isHarmless(bare) && !(first && opensLine(word)):
		return word
	case bare == "":
		return codeSpan(word)
	}
	return start + codeSpan(bare) + end
}

// isHarmless tells whether a word means itself: letters, digits and a few signs, of
// which none links to a page, a user or a commit (seven hexadecimal digits).
func isHarmless(word string) bool {
	const signs = ".,;()%÷×→−–“”?'’\"…/=+-"
	if len(word) > 1 && (word[0] == '<' || word[0] == '>') && '0' <= word[1] && word[1] <= '9' {
		word = word[1:]
	}
	hex := len(word) >= 7
	for _, r := range word {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune(signs, r) {
			return false
		}
		hex = hex && strings.ContainsRune("0123456789abcdef", r)
	}
	return !hex && !strings.HasPrefix(strings.ToLower(word), "www.")
}

// opensLine tells whether a word at the beginning of a line makes it a list, a
// heading or a quotation.
func opensLine(word string) bool {
	digits := strings.TrimLeft(word, "0123456789")
	return strings.Trim(word, "-+=") == "" || len(digits) < len(word) && (digits == "." || digits == ")") || strings.ContainsAny(word, "<>")
}
