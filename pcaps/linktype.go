package pcaps

import "fmt"

// LinkType is a LINKTYPE_ value of the tcpdump group's registry
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

const (
	LinkNull     LinkType = 0   // BSD loopback, host-order address family
	LinkEthernet LinkType = 1   //
	LinkRaw12    LinkType = 12  // raw IP as some BSDs number it
	LinkRaw14    LinkType = 14  // raw IP as OpenBSD numbers it
	LinkRaw      LinkType = 101 // raw IP, the version tells which
	LinkLoop     LinkType = 108 // OpenBSD loopback, network-order address family
	LinkSLL      LinkType = 113 // Linux cooked v1
	LinkIPv4     LinkType = 228 // raw IPv4
	LinkIPv6     LinkType = 229 // raw IPv6
	LinkSLL2     LinkType = 276 // Linux cooked v2
)

var linkNames = map[LinkType]string{
	LinkNull: "null", LinkEthernet: "ethernet", LinkRaw12: "raw", LinkRaw14: "raw", LinkRaw: "raw",
	LinkLoop: "loop", LinkSLL: "linux_sll", LinkIPv4: "ipv4", LinkIPv6: "ipv6", LinkSLL2: "linux_sll2",
}

// String is the link type's name in lower case, or "linktype 147".
func (l LinkType) String() string {
	if name, ok := linkNames[l]; ok {
		return name
	}
	return fmt.Sprintf("linktype %d", uint16(l))
}
