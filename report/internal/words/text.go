package words

import (
	"fmt"
	"path/filepath"
	"slices"
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
// a path or a key, is broken after a separator or, without one, anywhere. A command
// between backticks stays on one line or, where it is wider, has lines as CommandLines
// gives them, so that it can be pasted.
func Wrap(words []string, width int) []string {
	var lines []string
	line := ""
	for _, word := range joinCommands(words) {
		if line != "" && DisplayWidth(line)+1+DisplayWidth(word) <= width {
			line += " " + word
			continue
		}
		lead := ""
		switch {
		case line == "→" && isCommand(word): // no line for an arrow alone
			lead = line + " "
		case line != "":
			lines = append(lines, line)
		}
		if isCommand(word) {
			parts := CommandLines(splitCommand(word), width-DisplayWidth(lead))
			parts[0] = lead + parts[0]
			lines = append(lines, parts[:len(parts)-1]...)
			line = parts[len(parts)-1]
			continue
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

// CommandLines is a command in lines of at most width columns, which a shell takes as
// one. A word that is wider has a line of its own, as it is.
func CommandLines(command []string, width int) []string {
	if whole := strings.Join(command, " "); DisplayWidth(whole) <= width {
		return []string{whole}
	}
	more := ` \`
	if isCmdlet(command[0]) {
		more = " `"
	}
	var lines []string
	for i, word := range command {
		room := width
		if i < len(command)-1 {
			room -= len(more)
		}
		if i > 0 {
			last := &lines[len(lines)-1]
			if DisplayWidth(*last)+1+DisplayWidth(word) <= room {
				*last += " " + word
				continue
			}
			flag := command[i-1]
			if before, ok := strings.CutSuffix(*last, " "+flag); ok && isFlag(flag) && !isFlag(word) &&
				DisplayWidth(Indent+flag+" "+word) <= room { // it stays with its value
				*last, word = before, flag+" "+word
			}
			*last += more
			if DisplayWidth(Indent+word) <= width-len(more) {
				word = Indent + word
			}
		}
		lines = append(lines, word)
	}
	return lines
}

// isFlag tells whether a word is a flag, and not -, which is a file and may end a command.
func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' && word[1] != '`' }

// joinCommands has each command between backticks as one word, with what touches it.
func joinCommands(words []string) []string {
	if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "`") }) {
		return words
	}
	var joined []string
	for len(words) > 0 {
		n := 1
		if opens(words[0]) && !isCommand(words[0]) {
			if end := slices.IndexFunc(words[1:], func(w string) bool { return strings.Count(w, "`")%2 == 1 }); end >= 0 {
				n += end + 1
			}
		}
		joined = append(joined, strings.Join(words[:n], " "))
		words = words[n:]
	}
	return joined
}

// isCommand tells whether a word is a command between backticks.
func isCommand(word string) bool { return opens(word) && strings.Count(word, "`")%2 == 0 }

// opens tells whether a command begins with the word.
func opens(word string) bool { return strings.HasPrefix(strings.TrimLeft(word, "("), "`") }

// isCmdlet tells whether a command that begins with the word is one of PowerShell's, whose lines
// go on behind a backtick.
func isCmdlet(word string) bool {
	verb, noun, two := strings.Cut(strings.TrimLeft(word, "(`"), "-")
	return two && verb != "" && noun != "" && 'A' <= verb[0] && verb[0] <= 'Z' && 'A' <= noun[0] && noun[0] <= 'Z'
}

// splitCommand is the words of a command as a shell parts them: not within quotes.
func splitCommand(command string) []string {
	var list []string
	quote, begin := rune(0), 0
	for i, r := range command {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ' ':
			list = append(list, command[begin:i])
			begin = i + 1
		}
	}
	return append(list, command[begin:])
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

// UpperFirst begins s with a capital letter, if it begins with one of ASCII.
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

// Ranges are numbers in rising order, those that follow one another as one: "0-3", "8".
func Ranges(numbers []int) []string {
	var list []string
	for i := 0; i < len(numbers); i++ {
		first := numbers[i]
		for i+1 < len(numbers) && numbers[i+1] == numbers[i]+1 {
			i++
		}
		if last := numbers[i]; last > first {
			list = append(list, fmt.Sprintf("%d-%d", first, last))
		} else {
			list = append(list, strconv.Itoa(first))
		}
	}
	return list
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

// ShellWord is a word as any shell takes it, whatever stands in it. What does not print stands
// there by its bytes, as bash, ksh and zsh take them.
func ShellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:@%+,=/-", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	if Clean(word) == word {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	for i, r := range word {
		switch _, n := utf8.DecodeRuneInString(word[i:]); {
		case r == '\\' || r == '\'':
			b.WriteString(`\` + string(r))
		case r == '`' || r == utf8.RuneError || !unicode.IsPrint(r): // a backtick, for MarkedCommand
			for _, c := range []byte(word[i : i+n]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return "$'" + b.String() + "'"
}

// PowerShellName is an adapter's name as PowerShell takes it behind -Name; empty where it can't be
// one, or holds what would stand there for other adapters.
func PowerShellName(name string) string {
	if name == "" || Clean(name) != name || strings.ContainsAny(name, "*?[]`") {
		return ""
	}
	// Any of these ends a word between single quotes, and stands for itself where it comes twice.
	twice := strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛")
	return "'" + twice.Replace(name) + "'"
}

// MarkedCommand is a command in a sentence, where backticks mark it; its words are as a
// shell takes them. A backtick in one of them would end the command: a shell writes it instead.
func MarkedCommand(list []string) string {
	// ShellWord has it between single quotes, which end before it and begin anew behind it.
	return "`" + strings.ReplaceAll(strings.Join(list, " "), "`", `'"$(printf '\140')"'`) + "`"
}

// MarkedParts parts a sentence at the backticks that mark commands in it: every second
// part is a command. A backtick without another is of the text, as in the name of a file.
func MarkedParts(s string) []string {
	parts := strings.Split(s, "`")
	if n := len(parts); n%2 == 0 {
		parts = append(parts[:n-2], parts[n-2]+"`"+parts[n-1])
	}
	return parts
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
