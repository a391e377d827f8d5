package anonymize

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// filterWords are words of a filter that tell nothing of a host, in libpcap's
// syntax.
var filterWords = strings.Fields("and or not && || ! host net src dst port portrange proto ip ip6 tcp udp icmp icmp6 sctp arp vlan mpls less greater broadcast multicast ( )")

// Filter is a filter with its addresses replaced. All of it is withheld where it has a
// word whose meaning is not known for sure: host names, MAC addresses, bytes that are
// compared, and nets as 10.1 may tell of an address.
func (a *Anonymizer) Filter(s string) string {
	if a == nil {
		return s
	}
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ", "!", " ! ").Replace(s))
	before := ""
	for i, word := range words {
		if addr, err := netip.ParseAddr(word); err == nil {
			words[i] = a.Addr(addr).String()
		} else if prefix, err := netip.ParsePrefix(word); err == nil {
			words[i] = a.Prefix(prefix).String()
		} else if !slices.Contains(filterWords, word) && !a.harmlessNumber(before, word) {
			return Withheld
		}
		before = word
	}
	return strings.Join(words, " ")
}

// harmlessNumber tells whether a word after another is a number that may be shown.
func (a *Anonymizer) harmlessNumber(before, word string) bool {
	if !slices.Contains([]string{"port", "portrange", "less", "greater", "proto"}, before) {
		return false
	}
	if a.ports != nil && strings.HasPrefix(before, "port") {
		return false
	}
	for _, number := range strings.SplitN(word, "-", 2) {
		if _, err := strconv.ParseUint(number, 10, 20); err != nil {
			return slices.Contains([]string{"http", "https", "domain", "ssh"}, word) // ports by name
		}
	}
	return true
}
