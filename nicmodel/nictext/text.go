package nictext

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"rssreplay/nicmodel/internal/lazyregexp"
)

// TextError is what is wrong with an imported text.
type TextError struct {
	Name string // of the file
	Line int    // from 1; 0 if it is no one line's fault
	What string // what is wrong there
	Hint string // what to do
}

// Error is "NAME: line 12: WHAT; HINT".
func (e *TextError) Error() string {
	place := e.Name
	if e.Line > 0 {
		place = fmt.Sprintf("%s: line %d", e.Name, e.Line)
	}
	return fmt.Sprintf("%s: %s; %s", place, e.What, e.Hint)
}

// Bounds of a text, in bytes. The table of MaxTableSize entries has a quarter of the first;
// /proc/interrupts of a host with 512 CPUs and a thousand interrupts has some 6 MB.
const (
	maxText       = 1 << 20
	MaxInterrupts = 16 << 20
)

// readText reads a text of a command's output, at most maxText bytes, and makes
// of its lines what read makes; name is the text's name in errors.
func readText[T any](r io.Reader, name string, read func(lines []string) (*T, error)) (*T, error) {
	return readLongText(r, name, maxText, read)
}

// readLongText is readText of a text that may have as many bytes as most.
func readLongText[T any](r io.Reader, name string, most int, read func(lines []string) (*T, error)) (*T, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > most && bytes.Contains(data[:maxText/16], []byte(ownSchema)) {
		data = data[:maxText] // the table is near its beginning
	}
	if len(data) > most {
		return nil, &TextError{Name: name, What: fmt.Sprintf("longer than %d MiB", most>>20), Hint: "give the saved output of a command such as ethtool -x, not a capture"}
	}
	got, err := read(Lines(data))
	if err != nil {
		var wrong *TextError
		if errors.As(err, &wrong) {
			wrong.Name = name
		}
		return nil, err
	}
	return got, nil
}

// Lines are the lines of a text as UTF-8, without what mail, web pages, terminals, scripts
// and Windows add to them.
func Lines(data []byte) []string {
	text := Decode(data)
	own := strings.Contains(text, ownSchema) || strings.Contains(text, costSchema) // their strings may hold anything
	if !own {
		text = fromLatin1(unescaped(unquoted(unlisted(yamlItems(messages(text))))))
		if strings.Contains(text, `\`) {
			text = escaped.ReplaceAllString(text, "$1")
		}
	}
	text = shown(text)
	if !own {
		text = lineBreak.ReplaceAllString(text, "\n") // begins with a letter that is quickly found
		if strings.Contains(text, "</") || strings.Contains(text, "[/code]") || strings.Contains(text, "[/CODE]") || strings.Contains(text, "{noformat}") || strings.Contains(text, "{code") {
			text = tag.ReplaceAllString(text, "")
		}
		if strings.Contains(text, "**") {
			text = bold.ReplaceAllString(text, "$1")
		}
		if entity.MatchString(text) {
			text = html.UnescapeString(text)
		}
		if strings.Contains(text, "RX ring(s):") {
			text = withLineEnds(text)
		}
	}
	return splitLines(text, !own)
}

var (
	// escaped matches a mark as Markdown's editors write it, and their end of a line.
	escaped = lazyregexp.New(`\\([!#*+.()<>\[\]_|~=-]|\r?\n)`)
	// lineBreak and tag match what a page's source, a forum or a bug tracker has around text.
	lineBreak = lazyregexp.New(`<(?:br ?/?|/p|/div|/tr|/li)>\n?`)
	tag       = lazyregexp.New(`</?(?:pre|code|tt|samp|p|div|span|blockquote|table|tbody|tr|td|li)(?: [^<>\n]*)?>|\[/?(?:code|CODE)(?:=\w+)?\]|\{(?:noformat|code(?::[^}\n]*)?)\}`)
	// bold matches what Markdown shows as bold.
	bold = lazyregexp.New(`\*\*([^*\n]+)\*\*`)
	// entity matches a character as a page's source has it.
	entity = lazyregexp.New(`&(?:gt|lt|amp|quot|nbsp|#\d+|#x[0-9a-fA-F]+);`)
	// remark matches what people write behind a line: with an arrow that points at it, or a
	// comment's mark, set off by more than a space, as a prompt is not. The arrow that points
	// from a file is set_irq_affinity's.
	remark = lazyregexp.New(`[ \t]+(?:<[-=<]+|←)[ \t]*(?:$|[^/ \t].*$)|(\S)(?:(?: [ \t]+|\t[ \t]*)#|[ \t]+//)[ \t].*$`)
	// afterValue is a remark behind a name and its number, where one space sets it off.
	afterValue = lazyregexp.New(`^([ \t]*[\w -]+:[ \t]+\d(?:.*\S)?)[ \t]+#[ \t].*$`)
)

// withLineEnds is the text with tables of `ethtool -x` in lines again where they have become one
// line, as on web pages that show text as a paragraph.
func withLineEnds(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if joinedTable.MatchString(line) {
			line = joinedPart.ReplaceAllString(line, "\n$0")
		}
		out.WriteString(line)
	}
	return out.String()
}

var (
	joinedTable = lazyregexp.New(`RX flow hash indirection table for \S+ with \d+ RX ring\(s\):[ \t]*0:[ \t]`)
	// joinedPart begins a line: a title, a row, the key, or what is on or off.
	joinedPart = lazyregexp.New(`RX flow hash |[ \t]\d+:[ \t]|RSS hash |RSS input |(?:[0-9a-f]{2}:){39}|[a-z][a-z0-9-]*: o(?:n|ff)\b`)
)

// Decode is the text as UTF-8: Windows PowerShell's redirection writes
// UTF-16, and both may start with a byte order mark.
func Decode(data []byte) string {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		low, high := 0, 1
		if data[0] == 0xfe {
			low, high = 1, 0
		}
		units := make([]uint16, 0, len(data)/2)
		for data = data[2:]; len(data) >= 2; data = data[2:] {
			units = append(units, uint16(data[high])<<8|uint16(data[low]))
		}
		return string(utf16.Decode(units))
	}
	return string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
}

// fromLatin1 is the text with each byte that is no UTF-8 as Latin-1 has it: mail programs
// that write it have its no-break space for the spaces of tables.
func fromLatin1(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			r = rune(text[0])
		}
		out.WriteRune(r)
		text = text[size:]
	}
	return out.String()
}

// splitLines is the text's lines without line ends, what tells their number, time or file,
// mail quoting ("> > ") and the space around them; also without a mark that stands before
// every one of them, as in a script's comment, and the same at their ends, as in a box. Of
// lines that people may have written in, remarks and Markdown's backquotes are taken off, too.
func splitLines(text string, written bool) []string {
	if strings.Contains(text, "\r") || strings.Contains(text, "\u2028") || strings.Contains(text, "\u2029") {
		text = lineEnd.ReplaceAllString(text, "\n")
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if written && strings.Contains(line, "`") {
			line = unfenced(line)
		}
		if written && remarked(line) {
			line = afterValue.ReplaceAllString(remark.ReplaceAllString(line, "$1"), "$1")
		}
		lines[i] = line
	}
	cutPrefixes(lines)
	mark := commonMark(lines)
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if mark != "" {
			line = strings.TrimSpace(strings.TrimPrefix(line, mark))
			line = strings.TrimSpace(strings.TrimSuffix(line, mark))
		}
		for strings.HasPrefix(line, ">") {
			line = strings.TrimSpace(line[1:])
		}
		lines[i] = strings.TrimSpace(printable(line))
	}
	unpage(lines)
	return lines
}

// unpage takes off what more(1) and routers' shells write below a page, also where the next
// line stands behind it. A line of it alone becomes an empty one at the end of its paragraph,
// which it does not break.
func unpage(lines []string) {
	end, pages := 0, 0 // where the next line goes, and how many of pages alone this paragraph had
	for _, line := range lines {
		if page := pager.FindStringSubmatch(line); page != nil {
			if line = line[len(page[0]):]; line == "" {
				pages++
				continue
			}
		}
		if line == "" {
			clear(lines[end : end+pages])
			end, pages = end+pages, 0
		}
		lines[end] = line
		end++
	}
	clear(lines[end:])
}

// remarked reports whether a line may have a remark, and is none of head's titles; a search
// for marks is cheaper than the expression.
func remarked(line string) bool {
	return slices.ContainsFunc(remarkMarks, func(mark string) bool { return strings.Contains(line, mark) }) && !strings.Contains(line, "==> ")
}

var remarkMarks = []string{"<-", "<=", "<<", "←", " # ", "\t# ", " //", "\t//"}

// unfenced is a line without the backquotes at its ends, which Markdown has around a line, or
// above a text and below it; they may be in the text's own first or last line.
func unfenced(line string) string {
	body := strings.TrimLeft(line, " \t>")
	return line[:len(line)-len(body)] + strings.TrimRight(strings.TrimLeft(body, "`"), "` \t\r")
}

// lineEnd matches the end of a line, also of those that serial consoles, old Macs and
// editors of documents write; with the spaces by which more(1) wipes out what it wrote.
var lineEnd = lazyregexp.New(`\r*\n|\r +\r|[\r\x{2028}\x{2029}]`)

// pager matches what more(1) and routers' shells write below a page.
var pager = lazyregexp.New(`^-+ ?[Mm]ore ?-+(?: ?\(\d+%\))?\s*`)

// marks may stand before every line: of comments, tables, patches, lists.
var marks = []string{"#", "//", ";", "*", "•", "|", "│", "+", "-"}

// rulers are what the lines above a box, in it, and below are drawn of.
const rulers = "+-=|─━═│┃├┤┌┐└┘╭╮╰╯"

// commonMark is the mark that all lines, of two at least that have more, begin with; ""
// without one.
func commonMark(lines []string) string {
	mark, told := "", 0
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if strings.Trim(line, rulers) == "" {
			continue
		}
		if mark == "" {
			at := slices.IndexFunc(marks, func(m string) bool { return strings.HasPrefix(line, m) })
			if at < 0 {
				return ""
			}
			mark = marks[at]
		}
		rest, marked := strings.CutPrefix(line, mark)
		if !marked {
			return ""
		}
		if strings.Trim(rest, mark+" \t") != "" {
			told++
		}
	}
	if told < 2 {
		return ""
	}
	return mark
}

// printable is the text without control characters other than tabs, each kind of
// space (web pages have no-break ones), of hyphen and of quotation mark as a plain one, and
// the wide letters and marks of East Asian programs as ASCII's.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Zs, r):
			return ' '
		case r == '\u2010' || r == '\u2011' || r == '\u2013' || r == '\u2212':
			return '-'
		case r == '\u201c' || r == '\u201d':
			return '"'
		case r >= '\uff01' && r <= '\uff5e':
			return r - '\uff01' + '!'
		case unicode.IsPrint(r) || r == '\t':
			return r
		}
		return -1
	}, text)
}

// placesTitle and placesRow are of `lscpu -p`.
var (
	placesTitle = lazyregexp.New(`(?i)^# CPU,[a-z0-9,]*$`)
	placesRow   = lazyregexp.New(`^\d+(?:,[0-9:YN]*)+$`)
)

// TitlesPlaces reports whether a line names the columns of `lscpu -p` below it.
func TitlesPlaces(line string) bool { return placesTitle.MatchString(line) }

// SaysPlace reports whether a line has the form of a row of `lscpu -p`.
func SaysPlace(line string) bool { return placesRow.MatchString(line) }

// withoutAlike is the lines without those that look like others of interrupts, masks and
// lists of CPUs: the title of /proc/softirqs, whose rows, HI the first, have names alone, and
// rows of `lscpu -p`.
func withoutAlike(lines []string) []string {
	out, places := lines, false
	for i, line := range lines {
		at := i
		switch {
		case placesTitle.MatchString(line):
			places = true
			continue
		case places && placesRow.MatchString(line):
		case strings.HasPrefix(line, "HI:") && i > 0 && TitlesCPUs(lines[i-1]):
			at--
		default:
			places = false
			continue
		}
		if &out[0] == &lines[0] {
			out = slices.Clone(lines)
		}
		out[at] = ""
	}
	return out
}

var (
	// fileTitle matches what head and tail print above a file.
	fileTitle = lazyregexp.New(`^==> (/(?:sys|proc)/\S+) <==$`)
	// bareTitle matches the name of a file of one value alone, or behind the command that
	// prints it, as `echo $f; cat $f` and a shell have it above the value.
	bareTitle = lazyregexp.New(`^(?:.*\bcat )?(/(?:sys|proc)/[^\s*?\[{]+/(?:(?:smp|effective)_affinity(?:_list)?|rps_cpus|rps_flow_cnt|rps_sock_flow_entries|netdev_max_backlog)):?$`)
)

// titledValues is the lines with each value below the title of its file in that file's
// form, as grep prints it. The other lines stay, at their places.
func titledValues(lines []string) []string {
	if !slices.ContainsFunc(lines, func(line string) bool { return fileTitle.MatchString(line) || bareTitle.MatchString(line) }) {
		return lines
	}
	named := slices.Clone(lines)
	path := ""
	for i, line := range lines {
		m := fileTitle.FindStringSubmatch(line)
		if bare := bareTitle.FindStringSubmatch(line); bare != nil && i+1 < len(lines) && bareMask.MatchString(strings.ReplaceAll(lines[i+1], "-", ",")) {
			m = bare
		}
		switch {
		case m != nil:
			path = m[1]
			named[i] = ""
		case line != "" && path != "":
			named[i], path = path+":"+line, ""
		}
	}
	return named
}
