package hosttext

import (
	"net/netip"
	"strings"

	"rssreplay/nicmodel/internal/lazyregexp"
	"rssreplay/nicmodel/nictext"
)

// Address is an address of a host, and the interface that has it.
type Address struct {
	Interface string
	Address   netip.Addr
}

var (
	// Of `ip addr`, whose -o puts the interface before each address.
	addressLine   = lazyregexp.New(`^(?:\d+:\s+(\S+?)(?:@\S+)?\s+)?inet6? ([0-9a-f.:]+)(?:/\d+| peer \S+) (.*)$`)
	interfaceLine = lazyregexp.New(`^\d+:\s+(\S+?)(?:@\S+)?:\s+<`)
)

// Addresses are the addresses that `ip addr` or `ip -o addr` prints, but for those that
// stay in the host; none if it is another text. Source: iproute2 6.1, ip/ipaddress.c.
func Addresses(data []byte) []Address {
	var all []Address
	device := ""
	for _, line := range nictext.Lines(data[:min(len(data), maxGlance)]) {
		if m := interfaceLine.FindStringSubmatch(line); m != nil {
			device = m[1]
		}
		m := addressLine.FindStringSubmatch(line)
		if m == nil || strings.Contains(m[3], "scope host") {
			continue
		}
		if m[1] != "" {
			device = m[1]
		}
		if address, err := netip.ParseAddr(m[2]); err == nil && device != "" && !address.IsLoopback() {
			all = append(all, Address{device, address})
		}
	}
	return all
}
