package words

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// Clean makes s safe to print on one line: control characters, terminal
// escapes, marks of direction and whatever else does not print become \n, \x1b,
// \u202e, as Go writes them. A backslash stays: it is harmless, and Windows paths are full of it.
func Clean(s string) string {
	printable := true
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			printable = false
			break
		}
	}
	if printable {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		case r == utf8.RuneError && n == 1, r < 0x80 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteString(s[:n])
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// DisplayWidth is the columns that s takes. It asks no environment variable:
// the same report must give the same text everywhere.
func DisplayWidth(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// Wrap puts words into lines of at most width columns; a longer word, such as
// a path or a key, is broken after a separator or, without one, anywhere.
func Wrap(words []string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words {
		if line != "" && DisplayWidth(line)+1+DisplayWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for DisplayWidth(word) > width {
			n := breakAt(word, width)
			lines = append(lines, word[:n])
			word = word[n:]
		}
		line = word
	}
	if line == "" && len(lines) > 0 {
		return lines
	}
	return append(lines, line)
}

// breakAt is the length in bytes of the first line of a word that is wider
// than width.
func breakAt(word string, width int) int {
	fits, separator, used := 0, 0, 0
	for i, r := range word {
		used += DisplayWidth(string(r))
		if used > width && i > 0 {
			break
		}
		fits = i + utf8.RuneLen(r)
		if strings.ContainsRune(",:;/\\-_", r) {
			separator = fits
		}
	}
	if separator > fits/2 {
		return separator
	}
	return fits
}

// Indent is the margin of what stands under a heading.
const Indent = "  "

func UpperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Or is a list in a sentence: "a, b or c".
func Or(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// BaseName is a path's last part, whichever system the path is of.
func BaseName(path string) string { return filepath.Base(strings.ReplaceAll(path, `\`, "/")) }

// ShellWords is a command's words as a shell takes them.
func ShellWords(command []string) []string {
	words := make([]string, len(command))
	for i, w := range command {
		words[i] = ShellWord(w)
	}
	return words
}

// ShellWord is a word as any shell takes it, whatever stands in it.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:@%+,=/-", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// CutTo is s for one line, cut to about limit bytes.
func CutTo(s string, limit int) string {
	if len(s) <= limit {
		return Clean(s)
	}
	at := limit
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return Clean(s[:at]) + "…"
}

// Shown is s as the page shows it: nothing in it directs the reader's terminal,
// clipboard or order of characters, and what is too long is cut, and says so.
func Shown(s string) string {
	if len(s) > maxShown {
		at := maxShown
		for at > 0 && !utf8.RuneStart(s[at]) {
			at--
		}
		return Clean(s[:at]) + fmt.Sprintf("… (%s in all)", Plural(uint64(len(s)), "byte", "bytes"))
	}
	return Clean(s)
}

// maxShown is the runes of a string from outside that a page shows.
const maxShown = 2000
