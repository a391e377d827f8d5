package nictext

import (
	"regexp"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
)

// Programs put something before each line: grep -H a file's name, cat -n and editors its
// number, ts and journals a time, pdsh and docker compose a host. What that is tells a
// title, which begins a line of the texts that are read here: the same, but for its digits,
// stands before the other lines.

// titles begin lines; a search for their words is cheaper than one expression for all.
var titles = []struct {
	words string
	line  *lazyregexp.Regexp // what precedes it, and no more of it than tells it apart
}{
	{"RX flow hash indirection table for ", lazyregexp.New(`^(.*?)RX flow hash indirection table for \S+ with `)},
	{" parameters for ", lazyregexp.New(`^(.*?)(?:Channel|Coalesce|Ring) parameters for \S+:\s*$`)},
	{"driver: ", lazyregexp.New(`^(.*?)driver: \S+\s*$`)},
	{"NIC statistics:", lazyregexp.New(`^(.*?)NIC statistics:\s*$`)},
	{" RX rings available", lazyregexp.New(`^(.*?)\d+ RX rings available\s*$`)},
	{" flows use these fields ", lazyregexp.New(`^(.*?)(?:\S+ over )?\S+ flows use these fields `)},
	{"CPU0 ", lazyregexp.New(`^(.*?)CPU0\s+CPU\d`)},
	{"InterfaceDescription", lazyregexp.New(`^(.*?)InterfaceDescription\s*:`)},
	{"IndirectionTable", lazyregexp.New(`^(.*?)IndirectionTable:?\s*\[Group:Number\]`)},
}

// cutPrefixes takes off what stands before each line, where a title tells it. Of several
// titles each tells that of the lines below it, the first also that of those above.
func cutPrefixes(lines []string) {
	var prefix *regexp.Regexp
	for i, line := range lines {
		before, titled := beforeTitle(line)
		if !titled {
			if prefix != nil {
				lines[i] = line[len(prefix.FindString(line)):]
			}
			continue
		}
		first := prefix == nil
		if prefix = prefixLike(before, lines[i+1:]); prefix == nil {
			continue
		}
		lines[i] = line[len(before):]
		for above := i - 1; first && above >= 0; above-- {
			lines[above] = lines[above][len(prefix.FindString(lines[above])):]
		}
	}
}

// beforeTitle is what precedes a title in the line, if it has one.
func beforeTitle(line string) (before string, ok bool) {
	for _, title := range titles {
		if !strings.Contains(line, title.words) {
			continue
		}
		if m := title.line.FindStringSubmatch(line); m != nil {
			return m[1], true
		}
	}
	return "", false
}

// prefixLike matches what is like the prefix, if that has a letter or a digit and stands
// before the next line that has anything, too; else it is nil. Digits are of any number,
// space is of any width; grep has a hyphen for the colon in lines around what it looks for.
func prefixLike(prefix string, below []string) *regexp.Regexp {
	if !alphanumeric.MatchString(prefix) {
		return nil
	}
	form := anyDigits.ReplaceAllString(regexp.QuoteMeta(strings.TrimSpace(prefix)), `\d+`)
	form = `^\s*` + anySpace.ReplaceAllString(form, `\s+`)
	if rest, ok := strings.CutSuffix(form, ":"); ok {
		form = rest + "[-:]"
	} else if strings.TrimRight(prefix, " \t") != prefix {
		form += `(?:\s|$)`
	}
	like := regexp.MustCompile(form)
	for _, line := range below {
		if strings.TrimSpace(line) != "" {
			if !like.MatchString(line) {
				return nil
			}
			return like
		}
	}
	return nil
}

var (
	alphanumeric = lazyregexp.New(`[\pL\pN]`)
	anyDigits    = lazyregexp.New(`\d+`)
	anySpace     = lazyregexp.New(`\s+`)
)
