package hash

import (
	"fmt"
	"strings"
)

// Type says what a hash was computed over. The names are those of NDIS
// (NDIS_HASH_IPV4 …); None is a type of its own, because a computed hash may
// well have the value 0.
type Type uint8

const (
	None Type = iota
	IPv4
	TCPIPv4
	UDPIPv4
	IPv6
	TCPIPv6
	UDPIPv6
	IPv6Ex
	TCPIPv6Ex
	UDPIPv6Ex

	NumTypes = iota
)

var typeNames = [NumTypes]string{
	"none", "ipv4", "tcp_ipv4", "udp_ipv4",
	"ipv6", "tcp_ipv6", "udp_ipv6",
	"ipv6_ex", "tcp_ipv6_ex", "udp_ipv6_ex",
}

// String is the type's name in lower case, "tcp_ipv4".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// Ports reports whether the type's input ends in the two ports.
func (t Type) Ports() bool {
	switch t {
	case TCPIPv4, UDPIPv4, TCPIPv6, UDPIPv6, TCPIPv6Ex, UDPIPv6Ex:
		return true
	}
	return false
}

// InputLen is the length of the type's hash input in bytes: 8, 12, 32 or 36;
// 0 for None.
func (t Type) InputLen() int {
	switch t {
	case IPv4:
		return 8
	case TCPIPv4, UDPIPv4:
		return 12
	case IPv6, IPv6Ex:
		return 32
	case TCPIPv6, UDPIPv6, TCPIPv6Ex, UDPIPv6Ex:
		return 36
	}
	return 0
}

// Ex reports whether the type reads IPv6 extension headers: a Home Address
// option's address then stands in for the source, a type-2 routing header's for
// the destination (NDIS_HASH_IPV6_EX and its kin).
func (t Type) Ex() bool { return t == IPv6Ex || t == TCPIPv6Ex || t == UDPIPv6Ex }

// Types is a set of hash types; None is never a member.
type Types uint16

// TypesOf is the set of the given types.
func TypesOf(types ...Type) Types {
	var s Types
	for _, t := range types {
		s |= 1 << t
	}
	return s &^ (1 << None)
}

// DefaultTypes is every type but the three that read IPv6 extension headers.
const DefaultTypes Types = 1<<IPv4 | 1<<TCPIPv4 | 1<<UDPIPv4 | 1<<IPv6 | 1<<TCPIPv6 | 1<<UDPIPv6

// Has reports whether t is enabled.
func (s Types) Has(t Type) bool { return s&(1<<t) != 0 }

// MaxInputLen is the longest hash input in bytes among the set's types; 0 for
// the empty set. A key must be 4 bytes longer.
func (s Types) MaxInputLen() int {
	longest := 0
	for t := IPv4; t < NumTypes; t++ {
		if s.Has(t) {
			longest = max(longest, t.InputLen())
		}
	}
	return longest
}

// String lists the set's names in the order of the constants, "ipv4,tcp_ipv4";
// "none" for the empty set.
func (s Types) String() string {
	var names []string
	for t := IPv4; t < NumTypes; t++ {
		if s.Has(t) {
			names = append(names, t.String())
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

// ParseTypes reads a comma-separated list of names as String prints it; "none"
// is the empty set.
func ParseTypes(list string) (Types, error) {
	var s Types
	if list == "none" {
		return s, nil
	}
next:
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		for t := IPv4; t < NumTypes; t++ {
			if name == typeNames[t] {
				s |= 1 << t
				continue next
			}
		}
		return 0, fmt.Errorf("unknown hash type %q: known are %s; none alone is the empty set", name, strings.Join(typeNames[1:], ", "))
	}
	return s, nil
}
