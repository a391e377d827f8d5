package nictext

import "strings"

// Kind is what an imported text tells of a NIC.
type Kind uint8

const (
	KindTable    Kind = iota // ethtool -x, ethtool --json -x, Get-NetAdapterRss
	KindDriver               // ethtool -i
	KindChannels             // ethtool -l
	KindCoalesce             // ethtool -c
	KindRing                 // ethtool -g
	KindFlowHash             // ethtool -n … rx-flow-hash
	KindIRQ                  // /proc/interrupts, affinity lists
	KindKey                  // netdev_rss_key
	KindCosts                // rssreplay calibrate -o costs.json
	KindRules                // ethtool -n DEV
	KindRPS                  // /sys/class/net/DEV/queues/*/rps_*

	NumKinds = iota
)

// kindFlags are the names of the kinds in String, and of the flags of the command.
var kindFlags = [NumKinds]string{
	KindTable: "table", KindDriver: "driver", KindChannels: "channels", KindCoalesce: "coalesce", KindRing: "ring",
	KindFlowHash: "flow-hash", KindIRQ: "irq", KindKey: "key", KindCosts: "costs", KindRules: "rules", KindRPS: "rps",
}

// String is the kind's name, "flow-hash".
func (k Kind) String() string { return kindFlags[k] }

// Sniff tells the kinds of text that data, the start of a file or all of it, holds; none for
// a text that is none of them. A plain list of numbers is none: it could be anything; nor a
// text that says that there is nothing. What is recognised may still be damaged, which its
// reader says.
func Sniff(data []byte) []Kind {
	lines := withoutAlike(titledValues(Lines(data[:min(len(data), maxText)])))
	if strings.Contains(strings.Join(lines[:min(len(lines), 4)], "\n"), costSchema) {
		return []Kind{KindCosts}
	}
	if isYNL(lines) {
		return []Kind{KindTable}
	}
	if isJSON(lines) {
		return sniffJSON(strings.Join(lines, "\n"))
	}
	s := sniffer{part: NumKinds}
	s.found[KindTable] = withoutHeader(lines) >= 0
	for _, line := range lines {
		s.line(line)
	}
	var kinds []Kind
	for k := range Kind(NumKinds) {
		if s.found[k] {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// sniffer is what the lines so far tell.
type sniffer struct {
	found    [NumKinds]bool
	columns  bool // there were columns of CPUs, as /proc/interrupts has, and /proc/softirqs
	part     Kind // of ethtool's text, which the lines stand in; NumKinds: none
	labelled bool // the line before is a key's label
}

// line takes the next line.
func (s *sniffer) line(line string) {
	afterLabel := s.labelled
	s.labelled = false
	switch {
	case rulesFilter.MatchString(strings.TrimLeft(line, "| \t")):
		s.found[KindRules] = true
	case strings.Contains(line, "rps_") && saysRPS(line):
		s.found[KindRPS] = true
	case windowsTable.MatchString(line), testpmdEntry.MatchString(line), freeBSDBuckets.MatchString(line), enaTable.MatchString(line):
		s.found[KindTable] = true
	case ovsQueue.MatchString(line), vppThread.MatchString(line), ladder.MatchString(line), assigned.MatchString(line), freeBSDLine.MatchString(line), saysVMBus(line):
		s.found[KindIRQ] = true
	case labelsKey(line):
		s.labelled = true
		s.found[KindKey] = s.found[KindKey] || strings.HasPrefix(line, "net.")
	case afterLabel:
		key, err := keyOf(line)
		s.found[KindKey] = s.found[KindKey] || err == nil && key != nil
	case ethtoolHeader.MatchString(line):
		s.part = KindTable
	case driverLine.MatchString(line):
		s.found[KindDriver] = true
	case channelsHeader.MatchString(line):
		s.part = KindChannels
	case coalesceHeader.MatchString(line):
		s.part = KindCoalesce
	case ringHeader.MatchString(line):
		s.part = KindRing
	// A driver that has none of it prints the header alone, or less.
	case s.part == KindTable && (ethtoolRow.MatchString(line) || keyLine.MatchString(line) || isCut(line)):
		s.found[KindTable] = true
	case s.part < NumKinds && (line == "Current hardware settings:" || strings.HasPrefix(line, "rx-usecs:")):
		s.found[s.part] = true
	case flowHashTitle.MatchString(line):
		s.found[KindFlowHash] = true
	case irqHeader.MatchString(line):
		s.columns = true
	case namesColumns(line), // whose reader says what is wrong
		s.columns && irqLine.MatchString(line), affinityLine.MatchString(line),
		strings.Contains(line, ": ") && bareRow(line): // without the line of CPUs
		s.found[KindIRQ] = true
	case keyLine.MatchString(keyAlone(line)) && strings.Trim(keyAlone(line), "0:") != "":
		s.found[KindKey] = true
	}
}

// sniffJSON tells what of `ethtool --json` it is, by the members' names.
func sniffJSON(text string) []Kind {
	has := func(member string) bool { return strings.Contains(text, `"`+member+`"`) }
	switch {
	case has("rss-indirection-table"), has("rss-hash-key"):
		return []Kind{KindTable}
	case has("rx-usecs"):
		return []Kind{KindCoalesce}
	case has("combined"):
		return []Kind{KindChannels}
	case has("rx-max"): // channels have it too, but hardly ever without combined ones
		return []Kind{KindRing}
	}
	return nil
}
