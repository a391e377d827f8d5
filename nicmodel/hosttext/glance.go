package hosttext

import (
	"bytes"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/nictext"
)

// Likely reports whether Snapshot.Read may know the text: a glance, for the
// thousands of files that a support tool collects.
func Likely(data []byte) bool {
	for _, sign := range []string{"CPU0", "cpu0 ", "# CPU,", "/net/", "net.core.", "net/core/", " cpus:", "NIC statistics:", "# cpu,", "-line CPU(s) ", "NUMA", "/system/cpu/", "SOCKET", "00000000 00000000 "} {
		if bytes.Contains(data, []byte(sign)) {
			return true
		}
	}
	line, _, _ := bytes.Cut(data[:min(len(data), 512)], []byte("\n"))
	utf16 := bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) // of PowerShell
	return utf16 || uptimeLine.MatchString(strings.TrimSpace(string(line)))
}

// maxGlance is how much of a text Evidence looks at, in bytes.
const maxGlance = 1 << 20

// Evidence reports whether the text is one that is known, and tells something else than
// how a NIC steers: counters, say, of `ethtool -S` or /proc, which other commands take; or
// that a host lacks something, and what `rssreplay collect` keeps for people.
func Evidence(data []byte) bool {
	for _, line := range nictext.Lines(data[:min(len(data), maxGlance)]) {
		switch {
		case line == "NIC statistics:", nictext.TitlesCPUs(line), strings.HasPrefix(line, "cpu0 "), strings.HasPrefix(line, "# CPU,"):
			return true
		case softnetRow.MatchString(line), forPeople.MatchString(line), undrawnKey.MatchString(line):
			return true
		case line != "" && line[0] != '#' && !rulesTitle.MatchString(line):
			return false
		}
	}
	return false
}

// forPeople is a line of an answer that says no, of `uname -srm`, of tcpdump's messages and
// the script's own, of a transmit queue's settings, of ynl's qstats-get, of an address
// that stays in the host, as all of lo's, or of a listing of rules that has none.
var forPeople = lazyregexp.New(`^Total 0 rules$|Operation not supported|not found$|No such file or directory|Permission denied$|^Linux \d|^(?:tcpdump|collect):|^\[\{'ifindex'|^\S*/net/\S+/queues/tx-\d+/|\binet6? \S+ scope host\b`)

// rulesTitle stands above what `ethtool -n` lists.
var rulesTitle = lazyregexp.New(`^\d+ RX rings available$`)

// undrawnKey is /proc/sys/net/core/netdev_rss_key before a driver has asked for a key.
var undrawnKey = lazyregexp.New(`^00(:00){39,}$`)
