package nictext

import (
	"cmp"
	"encoding/json"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
)

// Programs put a command's output into a string or a list of their own (Ansible, GitHub,
// Docker's logs, rsyslog, mail), and terminals are recorded with what moves their cursor.

// unquoted is the text with the lines that strings of JSON hold, as Ansible's stdout and
// what GitHub answers have them, as lines of its own, and lists of lines likewise; of JSON
// without anything else these lines alone, if there are any.
func unquoted(text string) string {
	if !strings.Contains(text, `"`) {
		return text
	}
	var inside, whole strings.Builder
	before := map[string]bool{} // a text may be there as a string, and as its lines
	end := 0
	for _, at := range severalLines.FindAllStringSubmatchIndex(text, -1) {
		var lines string
		if at[2] >= 0 {
			at[0], at[1] = at[2], at[3]
			if json.Unmarshal([]byte(text[at[0]:at[1]]), &lines) != nil {
				continue
			}
		} else {
			var list []string
			if json.Unmarshal([]byte(text[at[0]:at[1]]), &list) != nil || !slices.ContainsFunc(list, hasWords) {
				continue
			}
			lines = strings.Join(list, "\n")
		}
		lines = strings.TrimRight(lines, "\r\n") + "\n"
		switch text := strings.TrimSpace(lines); {
		case !strings.Contains(text, "\n"):
		case before[text]:
			lines = ""
		default:
			before[text] = true
			lines += "\n" // what follows is another text
		}
		inside.WriteString(lines)
		whole.WriteString(text[end:at[0]] + "\n" + lines)
		end = at[1]
	}
	if end > 0 && isOnlyJSON(text) {
		return inside.String()
	}
	return whole.String() + text[end:]
}

// messages is the text of logs of which every line is a record, of JSON or logfmt, with
// each record's message alone; other texts stay, as those whose records hold several lines.
func messages(text string) string {
	if strings.Contains(text, `\n`) || strings.Contains(text, `["`) || strings.Contains(text, `[ "`) {
		return text
	}
	var out []string
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			out = append(out, "")
			continue
		}
		m := record.FindStringSubmatch(line)
		if m == nil {
			return text
		}
		message := cmp.Or(m[1], m[2])
		if strings.HasPrefix(message, `"`) && json.Unmarshal([]byte(message), &message) != nil {
			return text
		}
		out = append(out, strings.TrimRight(message, "\r\n"))
	}
	return strings.Join(out, "\n") + "\n"
}

// record matches a line of a log, and its message.
var record = lazyregexp.New(`^\s*(?:\{(?:.*,)?\s*"(?:msg|[Mm]essage|MESSAGE)":\s*("(?:[^"\\]|\\.)*")|(?:[\w.]+=(?:"(?:[^"\\]|\\.)*"|\S*)\s+)*(?:msg|message)=("(?:[^"\\]|\\.)*"|\S*))`)

// yamlItems is the text without what makes items of a list of YAML's of its lines, as
// Ansible's results have them, where two at least are strings in quotation marks.
func yamlItems(text string) string {
	if !strings.Contains(text, "- '") && !strings.Contains(text, `- "`) || len(quotedItem.FindAllString(text, 2)) < 2 {
		return text
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		value, isItem := strings.CutPrefix(strings.TrimSpace(line), "- ")
		switch {
		case !isItem:
			out.WriteString(line)
			continue
		case len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'':
			value = strings.ReplaceAll(value[1:len(value)-1], "''", "'")
		case strings.HasPrefix(value, `"`):
			json.Unmarshal([]byte(value), &value) // else it stays
		}
		out.WriteString(strings.TrimRight(value, "\r\n") + "\n")
	}
	return out.String()
}

// quotedItem matches an item that is a string in quotation marks.
var quotedItem = lazyregexp.New(`(?m)^[ \t]*- (?:'(?:[^'\n]|'')*'|"(?:[^"\\\n]|\\.)*")\r?$`)

// unlisted is the text with the lines that Python's lists of strings hold as lines of its own.
func unlisted(text string) string {
	if !strings.Contains(text, "['") && !strings.Contains(text, "[b'") {
		return text
	}
	var out strings.Builder
	end := 0
	for _, at := range pythonList.FindAllStringSubmatchIndex(text, -1) {
		var lines []string
		for _, element := range pythonString.FindAllString(text[at[0]:at[1]], -1) {
			lines = append(lines, strings.TrimRight(pythonEscapes.Replace(element[1:len(element)-1]), "\n"))
		}
		if slices.ContainsFunc(lines, hasWords) {
			out.WriteString(text[end:at[0]] + strings.Join(lines, "\n") + "\n")
			end = at[1]
		}
	}
	return out.String() + text[end:]
}

var (
	// pythonList matches a list of strings or bytes as Python prints it, on lines of its own.
	pythonList    = lazyregexp.New(`(?m)^\[b?'(?:[^'\\\n]|\\.)*'(?:,\s*b?'(?:[^'\\\n]|\\.)*')+\]\s*$`)
	pythonString  = lazyregexp.New(`'(?:[^'\\\n]|\\.)*'`)
	pythonEscapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "", `\\`, `\`, `\'`, "'")
)

// hasWords reports whether an element of a list can be a line of a command's output rather
// than a name.
func hasWords(element string) bool { return strings.ContainsAny(element, " :") }

// isOnlyJSON reports whether the text is values of JSON, one after the other as logs have
// them, and nothing else.
func isOnlyJSON(text string) bool {
	decoder := json.NewDecoder(strings.NewReader(text))
	for {
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err == io.EOF
		}
	}
}

// severalLines matches a string of JSON that has an escaped line end in it, where JSON has
// strings, and logfmt: not that of a command, as printf's; or a list of strings.
var severalLines = lazyregexp.New(`(?:\A|[:,=\[\n])\s*("(?:[^"\\\n]|\\.)*\\n(?:[^"\\\n]|\\.)*")|\[\s*"(?:[^"\\\n]|\\.)*"(?:\s*,\s*"(?:[^"\\\n]|\\.)*")+\s*\]`)

// unescaped is the text without what mail puts for bytes and where lines are too long
// (quoted-printable), with control characters that cat -v and editors spell (^[, ^M, ^I),
// and with lines as such where their ends are spelled out and a title is among them: \n as
// most languages have it, #012 as rsyslog.
func unescaped(text string) string {
	if isQuotedPrintable(text) {
		if plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text))); err == nil {
			text = string(plain)
		}
	}
	if strings.ContainsRune(text, '^') {
		text = strings.NewReplacer("^[", "\x1b", "^M\n", "\n", "^I", "\t").Replace(text)
	}
	for _, spelled := range []struct{ end, tab string }{{`\n`, `\t`}, {"#012", "#011"}} {
		if strings.Count(text, spelled.end) <= strings.Count(text, "\n") {
			continue
		}
		lines := strings.Split(opening.ReplaceAllString(text, ""), spelled.end)
		i := slices.IndexFunc(lines, func(line string) bool { _, titled := beforeTitle(line); return titled })
		if i < 0 {
			continue
		}
		before, _ := beforeTitle(lines[i])
		lines[i] = lines[i][len(before):]
		return strings.ReplaceAll(strings.Join(lines, "\n"), spelled.tab, "\t")
	}
	return text
}

// opening matches what begins a string of Python's, or of bytes.
var opening = lazyregexp.New(`\A\s*b?['"]`)

// isQuotedPrintable reports whether a mail program has encoded the text: it says so, or each
// sign of equality in it is of the encoding. NAME=12 is none, nor is NAME= in a short line.
func isQuotedPrintable(text string) bool {
	return strings.Contains(text, "=") && quotedPrintable.MatchString(text) &&
		(strings.Contains(text, "quoted-printable") || !strings.Contains(encoded.ReplaceAllString(text, ""), "="))
}

var (
	// quotedPrintable matches a long line that goes on, a tab, or a sign of equality.
	quotedPrintable = lazyregexp.New(`.{40}=\r?\n|=09|=3D`)
	// encoded matches what the encoding writes: ends of lines, and bytes that are no digits
	// or letters, but for the first one of "From".
	encoded = lazyregexp.New(`=(?:\r?\n|0[9AD]|2[0-9A-F]|3[A-F]|4[06]|5[B-F]|60|7[B-E]|[89A-F][0-9A-F])`)
)

// shown is what a terminal shows of the text: without colours, modes and its window's
// title, as script(1) records them, also without their first character; of what was written
// over, as a pager's --More--, the last.
func shown(text string) string {
	if strings.ContainsRune(text, '\x1b') || strings.Contains(text, "m[K") || strings.Contains(text, "[0m") {
		text = terminal.ReplaceAllString(text, "")
	}
	if !strings.ContainsRune(text, '\b') {
		return text
	}
	var out []rune
	at := 0 // the cursor's place in out
	for _, r := range text {
		switch {
		case r == '\b':
			if at > 0 && out[at-1] != '\n' {
				at--
			}
			continue
		case r == '\n' || r == '\r':
			at = len(out)
		}
		if at == len(out) {
			out = append(out, r)
		}
		out[at] = r
		at++
	}
	return string(out)
}

// terminal matches what is meant for a terminal. Source: ECMA-48, control sequences; xterm,
// OSC.
var terminal = lazyregexp.New(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>])|\[(?:\d+;)+\d+m(?:\[K)?|\[m\[K|\[0m`)
