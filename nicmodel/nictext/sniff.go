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
	var found [NumKinds]bool
	lines := titledValues(Lines(data[:min(len(data), maxText)]))
	if strings.Contains(strings.Join(lines[:min(len(lines), 4)], "\n"), costSchema) {
		return []Kind{KindCosts}
	}
	if isYNL(lines) {
		return []Kind{KindTable}
	}
	if isJSON(lines) {
		return sniffJSON(strings.Join(lines, "\n"))
	}
	found[KindTable] = withoutHeader(lines) >= 0
	columns := false          // of CPUs, as /proc/interrupts has, and /proc/softirqs
	current := Kind(NumKinds) // the part of ethtool's that the lines stand in
	labelled := 0             // the line after a key's label
	for i, line := range lines {
		switch {
		case rulesFilter.MatchString(strings.TrimLeft(line, "| \t")):
			found[KindRules] = true
		case strings.Contains(line, "rps_") && saysRPS(line):
			found[KindRPS] = true
		case windowsTable.MatchString(line):
			found[KindTable] = true
		case testpmdEntry.MatchString(line), freeBSDBuckets.MatchString(line), enaTable.MatchString(line):
			found[KindTable] = true
		case ovsThread.MatchString(line), vppThread.MatchString(line), freeBSDLine.MatchString(line), saysVMBus(line):
			found[KindIRQ] = true
		case labelsKey(line):
			labelled = i + 1
			found[KindKey] = found[KindKey] || strings.HasPrefix(line, "net.")
		case labelled == i && labelled > 0:
			key, err := keyOf(line)
			found[KindKey] = found[KindKey] || err == nil && key != nil
		case ethtoolHeader.MatchString(line):
			current = KindTable
		case driverLine.MatchString(line):
			found[KindDriver] = true
		case channelsHeader.MatchString(line):
			current = KindChannels
		case coalesceHeader.MatchString(line):
			current = KindCoalesce
		case ringHeader.MatchString(line):
			current = KindRing
		// A driver that has none of it prints the header alone, or less.
		case current == KindTable && (ethtoolRow.MatchString(line) || keyLine.MatchString(line) || isCut(line)):
			found[KindTable] = true
		case current < NumKinds && (line == "Current hardware settings:" || strings.HasPrefix(line, "rx-usecs:")):
			found[current] = true
		case flowHashTitle.MatchString(line):
			found[KindFlowHash] = true
		case irqHeader.MatchString(line):
			columns = true
		case namesColumns(line): // whose reader says what is wrong
			found[KindIRQ] = true
		case columns && irqLine.MatchString(line), affinityLine.MatchString(line):
			found[KindIRQ] = true
		case keyLine.MatchString(keyAlone(line)) && strings.Trim(keyAlone(line), "0:") != "":
			found[KindKey] = true
		}
	}
	var kinds []Kind
	for k := range Kind(NumKinds) {
		if found[k] {
			kinds = append(kinds, k)
		}
	}
	return kinds
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
