package nictext

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
)

// adapterName begins what Get-NetAdapterRss says of an adapter.
var adapterName = lazyregexp.New(`^Name\s*:\s*(\S.*)$`)

// titleOf is the interface that a line names as the one that the lines below are of.
func titleOf(line string) (name string, ok bool) {
	for _, title := range []*lazyregexp.Regexp{ethtoolHeader, channelsHeader, coalesceHeader, ringHeader, adapterName} {
		if m := title.FindStringSubmatch(line); m != nil {
			return strings.TrimSpace(m[1]), true
		}
	}
	return "", false
}

// Interfaces are the interfaces that the titles in a text name, in their order.
func Interfaces(data []byte) []string {
	var names []string
	for _, line := range Lines(data[:min(len(data), maxText)]) {
		if name, ok := titleOf(line); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Only is what a text says of the interface, where it speaks of several: the parts
// below titles of others are left out. A text without titles stays as it is. It is an
// error if all titles are of others.
func Only(data []byte, iface string) ([]byte, error) {
	names := Interfaces(data)
	switch {
	case len(names) == 0:
		return data, nil
	case !slices.Contains(names, iface):
		return nil, fmt.Errorf("it is of %s, not of %s: name one of these with --dev", strings.Join(names, ", "), iface)
	case len(names) == 1:
		return data, nil
	}
	var kept []string
	of := iface
	for _, line := range Lines(data) {
		if name, ok := titleOf(line); ok {
			of = name
		}
		if of == iface {
			kept = append(kept, line)
		}
	}
	return []byte(strings.Join(kept, "\n")), nil
}

// WithoutContexts is a text of several tables of `ethtool -x` without those that a prompt
// above asks for of RSS contexts, and these, by their contexts. Where that leaves no table,
// or there is one alone, rest is all of it.
func WithoutContexts(data []byte) (rest []byte, contexts map[int][]byte) {
	if bytes.Count(data, []byte(" RX ring(s):")) < 2 {
		return data, nil
	}
	contexts = map[int][]byte{}
	var kept []string
	lines := Lines(data)
	titled, above := false, 0 // the first line behind the table before
	for i := 0; i < len(lines); i++ {
		m := ethtoolHeader.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		end := i + 1
		for end < len(lines) && ofTable(lines[end]) {
			end++
		}
		context := contextAsked(lines[above:i], m[1])
		titled = titled || context == 0
		if context == 0 || contexts[context] != nil { // of two of one context the reader says it
			kept = append(kept, lines[above:end]...)
		} else {
			kept = append(kept, lines[above:i]...)
			contexts[context] = []byte(strings.Join(lines[i:end], "\n"))
		}
		above, i = end, end-1
	}
	if !titled || len(contexts) == 0 {
		return data, contexts
	}
	return []byte(strings.Join(append(kept, lines[above:]...), "\n")), contexts
}

// ofTable reports whether a line below the title of a table is one of ethtool's.
func ofTable(line string) bool {
	_, title := ethtoolTitles[line]
	return title || line == "" || line == notSupported || ethtoolRow.MatchString(line) || ethtoolSwitch.MatchString(line) || keyLine.MatchString(line)
}
