package help

import "strings"

// pageOf is one page of the manual, taken apart. The pages are written by hand, and
// are the only place where a flag is described: what a shell's completion shows
// of a flag, and the manual pages for man(1), come from them.
//
// A page begins with "rssreplay …: what it is". Lines that begin in the first
// column are headings or prose; lines with two blanks before them are a block,
// which stays as it is. A flag's line in a block is
//
//	--flag ARG, --other ARG   what it does
//	-f, --flag ARG            what it does
//
// with more about it on lines indented further.
type pageOf struct {
	title    string    // "rssreplay hash SRC DST [flags]"
	Short    string    // what follows the title's colon
	sections []section // in order; the first has the rest of the first lines
	Flags    []FlagHelp
}

// section is a heading, "" for none, and the paragraphs below it.
type section struct {
	heading    string
	paragraphs []paragraph
}

// paragraph is lines of prose, or of a block whose lines keep their breaks; flags
// are also in pageOf.Flags.
type paragraph struct {
	kind  paragraphKind
	lines []string
}

type paragraphKind uint8

const (
	prose paragraphKind = iota
	block
	flagBlock
)

// FlagHelp is what a page says of a flag: "--cpus N|LIST" has the name "cpus" and
// the argument "N|LIST", "" for a switch; "-o, --output FILE" has the letter "o", too.
type FlagHelp struct{ Letter, Name, Argument, Usage string }

// blockIndent is the indentation of a block, moreIndent of what goes on with a
// flag's description.
const (
	blockIndent = "  "
	moreIndent  = "      "
)

// ParsePage takes a page of the manual apart.
func ParsePage(text string) pageOf {
	first, rest, _ := strings.Cut(text, "\n")
	var p pageOf
	p.title, p.Short, _ = strings.Cut(first, ": ")
	p.sections = []section{{}}
	for chunk := range strings.SplitSeq(rest, "\n\n") {
		p.add(strings.Split(strings.Trim(chunk, "\n"), "\n"))
	}
	return p
}

// add takes what stands between two empty lines: prose and blocks in turn. A line
// of prose before a block is the heading of what follows.
func (p *pageOf) add(lines []string) {
	for len(lines) > 0 && lines[0] != "" {
		indented := strings.HasPrefix(lines[0], blockIndent)
		n := 1
		for n < len(lines) && strings.HasPrefix(lines[n], blockIndent) == indented {
			n++
		}
		same := lines[:n]
		lines = lines[n:]
		kind := prose
		switch {
		case strings.HasPrefix(same[0], blockIndent+"-") && strings.Contains(same[0], "--"):
			kind = flagBlock
			p.Flags = append(p.Flags, parseFlags(same)...)
		case indented:
			kind = block
		case len(same) == 1 && len(lines) > 0:
			p.sections = append(p.sections, section{heading: same[0]})
			continue
		}
		last := &p.sections[len(p.sections)-1]
		last.paragraphs = append(last.paragraphs, paragraph{kind, same})
	}
}

// parseFlags reads a block of flags.
func parseFlags(lines []string) []FlagHelp {
	var flags []FlagHelp
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && strings.HasPrefix(lines[n], moreIndent) {
			n++
		}
		names, usage, _ := strings.Cut(strings.TrimSpace(lines[0]), "  ")
		// A name that fills its column has one blank after its argument.
		if fields := strings.SplitN(names, " ", 3); usage == "" && len(fields) == 3 && !strings.ContainsAny(names, ",'") {
			names, usage = fields[0]+" "+fields[1], fields[2]
		}
		for _, more := range lines[1:n] {
			usage += " " + strings.TrimSpace(more)
		}
		letter := ""
		for one := range strings.SplitSeq(names, ", ") {
			name, argument, _ := strings.Cut(one, " ")
			if !strings.HasPrefix(name, "--") {
				letter = strings.TrimPrefix(name, "-")
				continue
			}
			flags = append(flags, FlagHelp{letter, strings.TrimPrefix(name, "--"), argument, strings.TrimSpace(usage)})
			letter = ""
		}
		lines = lines[n:]
	}
	return flags
}
