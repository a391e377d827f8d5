package nictext

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rssreplay/nicmodel/internal/lazyregexp"
)

// Programs put something before each line: grep -H a file's name, cat -n and editors its
// number, ts and journals a time, pdsh and docker compose a host. What that is tells a
// title, which begins a line of the texts that are read here: the same, but for its digits,
// stands before the other lines.

// comments are marks that stand before a command's output in scripts and documents, where
// the command itself has none.
var comments = []string{"#", "//"}

// longestPrefix is that of the longest path on Linux, in bytes.
const longestPrefix = 4096

// titles begin lines; a search for their words is cheaper than one expression for all.
var titles = []struct {
	words string
	line  *lazyregexp.Regexp // what precedes it, and no more of it than tells it apart
}{
	{"RX flow hash indirection table for ", lazyregexp.New(`^(.*?)RX flow hash indirection table for \S+ with `)},
	{" parameters for ", lazyregexp.New(`^(.*?)(?:Channel|Coalesce|Ring) parameters for \S+:\s*$`)},
	{"driver: ", lazyregexp.New(`^(.*?)driver: \S+\s*$`)},
	{"NIC statistics:", lazyregexp.New(`^(.*?)NIC statistics:\s*$`)},
	{"packets: ", lazyregexp.New(`^((?:.*[\s:|])?)(?:rx_queue_0_packets|rx-0\.(?:rx_)?packets|rx0_packets|\[0\]: rx_ucast_packets): \d+\s*$`)}, // grepped, without its title
	{"queue_0_rx_cnt: ", lazyregexp.New(`^((?:.*[\s:|])?)queue_0_rx_cnt: \d+\s*$`)},
	{" RX rings available", lazyregexp.New(`^(.*?)\d+ RX rings available\s*$`)},
	{" flows use these fields ", lazyregexp.New(`^(.*?)(?:\S+ over )?\S+ flows use these fields `)},
	{"CPU0 ", lazyregexp.New(`^(.*?)CPU0\s+CPU\d`)},
	{"-MSI", lazyregexp.New(`^(.*?)\s*\d+:\s+\d+(?:\s+\d+)*\s+\S*-MSI`)}, // rows of interrupts without it
	{"xen-pirq", lazyregexp.New(`^(.*?)\s*\d+:\s+\d+(?:\s+\d+)*\s+xen-pirq`)},
	{"InterfaceDescription", lazyregexp.New(`^(.*?)InterfaceDescription\s*:`)},
	{"IndirectionTable", lazyregexp.New(`^(.*?)IndirectionTable:?\s*\[Group:Number\]`)},
	{"[ {", lazyregexp.New(`^(.*?)\[ \{\s*$`)}, // ethtool --json
	{"Filter: ", lazyregexp.New(`^(.*?)Filter: \d+\s*$`)},
	{"/queues/rx-", lazyregexp.New(`^(.*?)\S*/queues/rx-\d+/\w+(?::|\s*=)\s*[0-9a-fA-F,]+\s*$`)},
	{"_affinity", lazyregexp.New(`^(.*?)\S*/irq/\d+/\w+:\s*[0-9a-fA-F,-]+\s*$`)},
	{"NUMA node0 ", lazyregexp.New(`^(.*?)NUMA node0 `)},
	{"node 0 cpus:", lazyregexp.New(`^(.*?)node 0 cpus:`)},
	{"CPU,", lazyregexp.New(`^(.*?)# CPU,\w`)},
	{" 00000000 00000000 ", lazyregexp.New(`^(.*?)[0-9a-f]{8}(?: [0-9a-f]{8}){8,}\s*$`)},
	{"RSS RETA configuration: ", lazyregexp.New(`^(.*?)RSS RETA configuration: hash index=`)},
	{"RSS key:", lazyregexp.New(`^(.*?)RSS key:\s*$`)},
	{"SOCKET", lazyregexp.New(`^(.*?)CPU\s+(?:[A-Z]+\s+)*SOCKET\s`)}, // lscpu -e
	{"net.inet.rss.", lazyregexp.New(`^(.*?)net\.inet\.rss\.\w+[:=]`)},
}

// cutPrefixes takes off what stands before each line, where a title tells it. Of several
// titles each tells that of the lines below it, the first also that of those above.
func cutPrefixes(lines []string) {
	var found *prefix
	for i, line := range lines {
		before, titled := beforeTitle(line)
		if !titled {
			if found != nil {
				lines[i] = found.cut(line, i)
			}
			continue
		}
		if found != nil && strings.TrimSpace(found.cut(line, i)) == strings.TrimSpace(line[len(before):]) { // it goes on
			lines[i] = line[len(before):]
			continue
		}
		first := found == nil
		if found = prefixLike(before, i, lines[i+1:]); found == nil {
			continue
		}
		lines[i] = line[len(before):]
		up := *found
		for above := i - 1; first && above >= 0; above-- {
			lines[above] = up.cut(lines[above], above)
		}
	}
}

// prefix is what stands before each line.
type prefix struct {
	like *regexp.Regexp

	// A line's number looks like that of a table's row, or of an interrupt, which the text
	// itself has: numbered lines count on.
	numbered bool
	number   int // of the last line that had one
	at       int // the index of that line
}

// cut is line i without its prefix, or all of it if it has none.
func (p *prefix) cut(line string, i int) string {
	before := p.like.FindString(line)
	rest := line[len(before):]
	if before == "" || !p.numbered {
		return rest
	}
	number, err := strconv.Atoi(lineNumber.FindStringSubmatch(before)[1])
	if err != nil || !p.countsOn(number, i, rest) {
		return line
	}
	p.number, p.at = number, i
	return rest
}

// countsOn reports whether the number before line i can be the line's: the next one, or
// that which is as many lines away; of lines that grep picked a greater one, if the line
// has a name or a number with a colon all the same. Up from a title numbers descend.
func (p *prefix) countsOn(number, i int, rest string) bool {
	numbers, lines := number-p.number, i-p.at
	if lines < 0 {
		numbers, lines = -numbers, -lines
	}
	return numbers == 1 || numbers == lines || numbers > 0 && ownNumber.MatchString(rest)
}

// beforeTitle is what precedes a title in the line, if it has one.
func beforeTitle(line string) (before string, ok bool) {
	for _, title := range titles {
		if !strings.Contains(line, title.words) {
			continue
		}
		m := title.line.FindStringSubmatch(line)
		if m != nil && !strings.Contains(m[1], title.words) { // else two lines were joined
			return m[1], true
		}
	}
	return "", false
}

// prefixLike is the prefix of the title at line i, if that has a letter or a digit, or is
// the mark of a comment, and
// stands before the next line below that has anything, too; else it is nil. Digits are of
// any number, space is of any width; grep has a hyphen for the colon in lines around what
// it looks for.
func prefixLike(before string, i int, below []string) *prefix {
	if len(before) > longestPrefix || !utf8.ValidString(before) || !alphanumeric.MatchString(before) && !slices.Contains(comments, strings.TrimSpace(before)) {
		return nil
	}
	form := anyDigits.ReplaceAllString(regexp.QuoteMeta(strings.TrimSpace(before)), `\d+`)
	form = `^\s*` + anySpace.ReplaceAllString(form, `\s+`)
	if rest, ok := strings.CutSuffix(form, ":"); ok {
		form = rest + "[-:]"
	} else if strings.TrimRight(before, " \t") != before && endsWord.MatchString(form) {
		form += `(?:\s|$)`
	}
	found := &prefix{like: regexp.MustCompile(form), at: i}
	if m := lineNumber.FindStringSubmatch(before); m != nil {
		var err error
		if found.number, err = strconv.Atoi(m[1]); err != nil {
			return nil
		}
		found.numbered = true
	}
	for n, line := range below {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if next := *found; next.cut(line, i+1+n) == line {
			return nil
		}
		return found
	}
	return nil
}

var (
	alphanumeric = lazyregexp.New(`[\pL\pN]`)
	anyDigits    = lazyregexp.New(`\d+`)
	anySpace     = lazyregexp.New(`\s+`)
	endsWord     = lazyregexp.New(`[\pL\pN+]$`) // \d+ is a number
	// lineNumber is a prefix of one number, also of a quoted line; ownNumber begins what has
	// a name or a number of its own behind it.
	lineNumber = lazyregexp.New(`^[^\pL\pN]*(\d+)[^\pL\pN]*$`)
	ownNumber  = lazyregexp.New(`^\s*[\w.-]+:`)
)
