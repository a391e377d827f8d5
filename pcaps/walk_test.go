package pcaps

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var be = binary.BigEndian

// ethernet is an Ethernet header of the given EtherType before payload.
func ethernet(kind uint16, payload ...[]byte) []byte {
	b := append(make([]byte, 12), byte(kind>>8), byte(kind))
	return append(b, slices.Concat(payload...)...)
}

// tagged puts VLAN tags, the outermost first, before a frame's EtherType.
func tagged(frame []byte, kinds ...uint16) []byte {
	b := append([]byte{}, frame[:12]...)
	for _, k := range kinds {
		b = append(b, byte(k>>8), byte(k), 0, 7)
	}
	return append(b, frame[12:]...)
}

// ip4 is an IPv4 packet from 1.2.3.4 to 5.6.7.8: total length -1 is the true
// one, flags holds the fragment field.
func ip4(protocol byte, total int, flags uint16, options []byte, payload ...[]byte) []byte {
	body := slices.Concat(payload...)
	if total < 0 {
		total = 20 + len(options) + len(body)
	}
	b := []byte{byte(0x45 + len(options)/4), 0}
	b = be.AppendUint16(b, uint16(total))
	b = append(b, 0, 1)
	b = be.AppendUint16(b, flags)
	b = append(b, 64, protocol, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	return slices.Concat(b, options, body)
}

// ip6 is an IPv6 packet from 2001::1 to 2001::2; length -1 is the true one.
func ip6(next byte, length int, payload ...[]byte) []byte {
	body := slices.Concat(payload...)
	if length < 0 {
		length = len(body)
	}
	b := be.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(length))
	b = append(b, next, 64)
	return slices.Concat(b, address6(1), address6(2), body)
}

func address6(last byte) []byte {
	return []byte{0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}
}

// transport is a header of 20 bytes with ports 1000 and 80.
var transport = slices.Concat([]byte{0x03, 0xe8, 0, 80}, make([]byte, 8), []byte{0x50, 2}, make([]byte, 6))

// header6 is an IPv6 extension header of the given size in bytes, zeros but the
// next header and the length in units of 8.
func header6(next byte, size int) []byte {
	return append([]byte{next, byte(size/8 - 1)}, make([]byte, size-2)...)
}

func fragment6(next byte, offset uint16) []byte {
	return []byte{next, 0, byte(offset >> 8), byte(offset), 0, 0, 0, 1}
}

var (
	tcp4 = ethernet(0x0800, ip4(ProtoTCP, -1, 0x4000, nil, transport))
	tcp6 = ethernet(0x86dd, ip6(ProtoTCP, -1, transport))

	homeOption   = slices.Concat([]byte{optionHomeAddress, 16}, address6(0xaa))
	homeHeader   = func(next byte) []byte { return slices.Concat([]byte{next, 2, 1, 2, 0, 0}, homeOption) } // PadN, option
	routing2     = func(next byte) []byte { return slices.Concat([]byte{next, 2, 2, 1, 0, 0, 0, 0}, address6(0xbb)) }
	header4      = withAddresses(4, []byte{1, 2, 3, 4}, []byte{5, 6, 7, 8})
	header6Plain = withAddresses(6, address6(1), address6(2))
)

func withAddresses(version uint8, src, dst []byte) Header {
	h := Header{Version: version}
	copy(h.Src[:], src)
	copy(h.Dst[:], dst)
	return h
}

// of is h with protocol and facts, and ports if it has them.
func of(h Header, protocol uint8, facts Facts) Header {
	h.Protocol, h.Facts = protocol, facts
	if facts&HasPorts != 0 {
		h.SrcPort, h.DstPort = 1000, 80
	}
	return h
}

func because(reason Reason, facts Facts) Header { return Header{Reason: reason, Facts: facts} }

func directed(h Header, d Direction) Header {
	h.Direction = d
	return h
}

func TestWalk(t *testing.T) {
	options := []byte{1, 1, 1, 0}
	sll := func(packetType, hardware, protocol uint16, payload ...[]byte) []byte {
		b := be.AppendUint16(nil, packetType)
		b = be.AppendUint16(b, hardware)
		b = append(b, make([]byte, 10)...)
		return append(be.AppendUint16(b, protocol), slices.Concat(payload...)...)
	}
	sll2 := func(packetType byte, hardware, protocol uint16, payload ...[]byte) []byte {
		b := be.AppendUint16(nil, protocol)
		b = append(b, 0, 0, 0, 0, 0, 3)
		b = be.AppendUint16(b, hardware)
		b = append(b, packetType, 6, 1, 2, 3, 4, 5, 6, 0, 0)
		return append(b, slices.Concat(payload...)...)
	}
	tcp4Packet, tcp6Packet := tcp4[14:], tcp6[14:]

	for _, test := range []struct {
		name string
		link LinkType
		data []byte
		want Header
	}{
		// IPv4.
		{"tcp", LinkEthernet, tcp4, of(header4, ProtoTCP, HasPorts)},
		{"udp", LinkEthernet, ethernet(0x0800, ip4(ProtoUDP, -1, 0, nil, transport)), of(header4, ProtoUDP, HasPorts)},
		{"sctp", LinkEthernet, ethernet(0x0800, ip4(ProtoSCTP, -1, 0, nil, transport)), of(header4, ProtoSCTP, HasPorts)},
		{"ports exactly", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0, nil, transport[:4])), of(header4, ProtoTCP, HasPorts)},
		{"ports 0", LinkEthernet, ethernet(0x0800, ip4(ProtoUDP, -1, 0, nil, make([]byte, 8))), Header{Src: header4.Src, Dst: header4.Dst, Version: 4, Protocol: ProtoUDP, Facts: HasPorts}},
		{"icmp", LinkEthernet, ethernet(0x0800, ip4(ProtoICMP, -1, 0, nil, transport)), of(header4, ProtoICMP, 0)},
		{"udp-lite", LinkEthernet, ethernet(0x0800, ip4(ProtoUDPLite, -1, 0, nil, transport)), of(header4, ProtoUDPLite, 0)},
		{"gre", LinkEthernet, ethernet(0x0800, ip4(ProtoGRE, -1, 0, nil, transport)), of(header4, ProtoGRE, 0)},
		{"ah is not skipped", LinkEthernet, ethernet(0x0800, ip4(ProtoAH, -1, 0, nil, []byte{6, 4}, make([]byte, 22), transport)), of(header4, ProtoAH, 0)},
		{"options", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0, options, transport)), of(header4, ProtoTCP, HasPorts|Options)},
		{"options cut", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0, options, transport))[:36], of(header4, ProtoTCP, Options|PortsCut)},
		{"reserved bit is no fragment", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0x8000, nil, transport)), of(header4, ProtoTCP, HasPorts)},
		{"first fragment", LinkEthernet, ethernet(0x0800, ip4(ProtoUDP, -1, 0x2000, nil, transport)), of(header4, ProtoUDP, Fragment)},
		{"middle fragment", LinkEthernet, ethernet(0x0800, ip4(ProtoUDP, -1, 0x2003, nil, transport)), of(header4, ProtoUDP, Fragment)},
		{"last fragment", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0x0001, nil, transport)), of(header4, ProtoTCP, Fragment)},
		{"top bit of the offset", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0x1000, nil, transport)), of(header4, ProtoTCP, Fragment)},
		{"fragment with options", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0x2000, options, transport)), of(header4, ProtoTCP, Fragment|Options)},
		{"fragment, cut", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, -1, 0x2000, nil, transport))[:36], of(header4, ProtoTCP, Fragment)},
		{"total length 0", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, 0, 0, nil, transport)), of(header4, ProtoTCP, HasPorts)},
		{"total length 0, cut", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, 0, 0, nil, transport[:3])), of(header4, ProtoTCP, PortsCut)},
		{"total length below the header", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, 19, 0, nil, transport)), of(header4, ProtoTCP, 0)},
		{"total length inside the ports", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, 23, 0, nil, transport)), of(header4, ProtoTCP, 0)},
		{"total length inside the ports, cut", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, 23, 0, nil, transport[:2])), of(header4, ProtoTCP, 0)},
		{"total length just the ports", LinkEthernet, ethernet(0x0800, ip4(ProtoTCP, 24, 0, nil, transport)), of(header4, ProtoTCP, HasPorts)},
		{"padding is not the packet's", LinkEthernet, ethernet(0x0800, ip4(ProtoUDP, -1, 0, nil), make([]byte, 26)), of(header4, ProtoUDP, 0)},
		{"ports cut off", LinkEthernet, tcp4[:37], of(header4, ProtoTCP, PortsCut)},
		{"cut after the ip header", LinkEthernet, tcp4[:34], of(header4, ProtoTCP, PortsCut)},
		{"cut after the ip header, icmp", LinkEthernet, ethernet(0x0800, ip4(ProtoICMP, 40, 0, nil)), of(header4, ProtoICMP, 0)},

		// Reasons.
		{"ip header cut", LinkEthernet, tcp4[:33], because(ShortIP, 0)},
		{"no ip header", LinkEthernet, tcp4[:14], because(ShortIP, 0)},
		{"ipv6 header cut", LinkEthernet, tcp6[:53], because(ShortIP, 0)},
		{"ipv6 under 0x0800", LinkEthernet, ethernet(0x0800, tcp6Packet), because(BadIPVersion, 0)},
		{"ipv4 under 0x86dd", LinkEthernet, ethernet(0x86dd, tcp4Packet), because(BadIPVersion, 0)},
		{"ihl 4", LinkEthernet, ethernet(0x0800, []byte{0x44}, tcp4Packet[1:]), because(BadIHL, 0)},
		{"ihl 0", LinkEthernet, ethernet(0x0800, []byte{0x40}, tcp4Packet[1:]), because(BadIHL, 0)},
		{"arp", LinkEthernet, ethernet(0x0806, make([]byte, 46)), because(NotIP, 0)},
		{"mpls", LinkEthernet, ethernet(0x8847, []byte{0, 0, 1, 64}, tcp4Packet), because(NotIP, 0)},
		{"pppoe", LinkEthernet, ethernet(0x8864, []byte{0x11, 0, 0, 1, 0, 40, 0, 0x21}, tcp4Packet), because(NotIP, 0)},
		{"ethertype 0x0600", LinkEthernet, ethernet(0x0600, make([]byte, 46)), because(NotIP, 0)},
		{"llc", LinkEthernet, ethernet(0x05dc, []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, tcp4Packet), because(LLC, 0)},
		{"length 0", LinkEthernet, ethernet(0, tcp4Packet), because(LLC, 0)},
		{"ethernet cut", LinkEthernet, tcp4[:13], because(ShortLink, 0)},
		{"nothing captured", LinkEthernet, nil, because(ShortLink, 0)},
		{"unknown link type", 147, tcp4, because(UnknownLink, 0)},

		// VLAN tags.
		{"0x8100", LinkEthernet, tagged(tcp4, 0x8100), of(header4, ProtoTCP, HasPorts|Tag8100)},
		{"0x88a8", LinkEthernet, tagged(tcp4, 0x88a8), of(header4, ProtoTCP, HasPorts|Tag88A8)},
		{"0x9100", LinkEthernet, tagged(tcp4, 0x9100), of(header4, ProtoTCP, HasPorts|Tag9100)},
		{"0x8100 twice", LinkEthernet, tagged(tcp4, 0x8100, 0x8100), of(header4, ProtoTCP, HasPorts|Tag8100|TwoTags8100)},
		{"0x8100 apart", LinkEthernet, tagged(tcp4, 0x8100, 0x9100, 0x8100), of(header4, ProtoTCP, HasPorts|Tag8100|Tag9100|TwoTags8100)},
		{"0x88a8 twice", LinkEthernet, tagged(tcp4, 0x88a8, 0x88a8), of(header4, ProtoTCP, HasPorts|Tag88A8)},
		{"qinq, ipv6", LinkEthernet, tagged(tcp6, 0x88a8, 0x8100), of(header6Plain, ProtoTCP, HasPorts|Tag88A8|Tag8100)},
		{"tag cut", LinkEthernet, tagged(tcp4, 0x8100)[:17], because(ShortLink, Tag8100)},
		{"tag before arp", LinkEthernet, tagged(ethernet(0x0806, make([]byte, 46)), 0x8100), because(NotIP, Tag8100)},
		{"tag before llc", LinkEthernet, tagged(ethernet(38, make([]byte, 46)), 0x8100), because(LLC, Tag8100)},
		{"0x9200 is no tag", LinkEthernet, tagged(tcp4, 0x9200), because(NotIP, 0)},
		{"twenty tags", LinkEthernet, tagged(tcp4, []uint16{0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100,
			0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100}...), of(header4, ProtoTCP, HasPorts|Tag8100|TwoTags8100)},

		// IPv6.
		{"tcp6", LinkEthernet, tcp6, of(header6Plain, ProtoTCP, HasPorts)},
		{"icmp6", LinkEthernet, ethernet(0x86dd, ip6(ProtoICMPv6, -1, transport)), of(header6Plain, ProtoICMPv6, 0)},
		{"ports 6 cut", LinkEthernet, tcp6[:57], of(header6Plain, ProtoTCP, PortsCut)},
		{"payload length 0", LinkEthernet, ethernet(0x86dd, ip6(ProtoTCP, 0, transport)), of(header6Plain, ProtoTCP, HasPorts)},
		{"payload length 0, nothing there", LinkEthernet, ethernet(0x86dd, ip6(ProtoTCP, 0)), of(header6Plain, ProtoTCP, PortsCut)},
		{"payload length 3", LinkEthernet, ethernet(0x86dd, ip6(ProtoTCP, 3, transport)), of(header6Plain, ProtoTCP, 0)},
		{"hop-by-hop", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, -1, header6(ProtoUDP, 8), transport)), of(header6Plain, ProtoUDP, HasPorts|Extended)},
		{"hop-by-hop of 16", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, -1, header6(ProtoUDP, 16), transport)), of(header6Plain, ProtoUDP, HasPorts|Extended)},
		{"routing type 0", LinkEthernet, ethernet(0x86dd, ip6(ProtoRouting, -1, header6(ProtoTCP, 24), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"routing type 2", LinkEthernet, ethernet(0x86dd, ip6(ProtoRouting, -1, routing2(ProtoTCP), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended|RoutingType2)},
		{"routing type 2 without an address", LinkEthernet, ethernet(0x86dd, ip6(ProtoRouting, -1, []byte{ProtoTCP, 1, 2, 1}, make([]byte, 12), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"destination options", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, -1, header6(ProtoTCP, 8), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"home address", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, -1, homeHeader(ProtoTCP), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended|HomeAddress)},
		{"home address after pad1", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, -1, []byte{ProtoTCP, 2, 0, 0, 0, 0}, homeOption, transport)), of(header6Plain, ProtoTCP, HasPorts|Extended|HomeAddress)},
		{"home address of 15 bytes", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, -1, []byte{ProtoTCP, 2, 1, 2, 0, 0, 201, 15}, address6(1), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"home address beyond the header", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, -1, []byte{ProtoTCP, 0, 1, 2, 0, 0, 201, 16}, transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"home address in hop-by-hop", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, -1, homeHeader(ProtoTCP), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"home address and routing type 2", LinkEthernet, ethernet(0x86dd, ip6(ProtoRouting, -1, routing2(ProtoDstOpts), homeHeader(ProtoTCP), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended|HomeAddress|RoutingType2)},
		{"mobility", LinkEthernet, ethernet(0x86dd, ip6(ProtoMobility, -1, header6(ProtoNoNext, 8))), of(header6Plain, ProtoNoNext, Extended)},
		{"hip", LinkEthernet, ethernet(0x86dd, ip6(ProtoHIP, -1, header6(ProtoTCP, 40), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"shim6", LinkEthernet, ethernet(0x86dd, ip6(ProtoShim6, -1, header6(ProtoTCP, 8), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"authentication", LinkEthernet, ethernet(0x86dd, ip6(ProtoAH, -1, []byte{ProtoTCP, 4}, make([]byte, 22), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"authentication of 8", LinkEthernet, ethernet(0x86dd, ip6(ProtoAH, -1, []byte{ProtoTCP, 0}, make([]byte, 6), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended)},
		{"esp", LinkEthernet, ethernet(0x86dd, ip6(ProtoESP, -1, transport)), of(header6Plain, ProtoESP, 0)},
		{"no next header", LinkEthernet, ethernet(0x86dd, ip6(ProtoNoNext, -1, transport)), of(header6Plain, ProtoNoNext, 0)},
		{"ipv6 in ipv6", LinkEthernet, ethernet(0x86dd, ip6(ProtoIPv6, -1, tcp6Packet)), of(header6Plain, ProtoIPv6, 0)},
		{"atomic", LinkEthernet, ethernet(0x86dd, ip6(ProtoFragment, -1, fragment6(ProtoTCP, 0), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended|Atomic)},
		{"atomic, reserved bits set", LinkEthernet, ethernet(0x86dd, ip6(ProtoFragment, -1, fragment6(ProtoTCP, 6), transport)), of(header6Plain, ProtoTCP, HasPorts|Extended|Atomic)},
		{"first fragment 6", LinkEthernet, ethernet(0x86dd, ip6(ProtoFragment, -1, fragment6(ProtoUDP, 1), transport)), of(header6Plain, ProtoUDP, Fragment|Extended)},
		{"last fragment 6", LinkEthernet, ethernet(0x86dd, ip6(ProtoFragment, -1, fragment6(ProtoUDP, 8), transport)), of(header6Plain, ProtoUDP, Fragment|Extended)},
		{"fragment of an extended packet", LinkEthernet, ethernet(0x86dd, ip6(ProtoFragment, -1, fragment6(ProtoDstOpts, 1), header6(ProtoTCP, 8))), of(header6Plain, ProtoDstOpts, Fragment|Extended)},
		{"hop-by-hop before a fragment", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, -1, header6(ProtoFragment, 8), fragment6(ProtoUDP, 1))), of(header6Plain, ProtoUDP, Fragment|Extended)},
		{"fragment header cut", LinkEthernet, ethernet(0x86dd, ip6(ProtoFragment, 30, fragment6(ProtoUDP, 1)[:7])), of(header6Plain, 0, ProtocolUnknown)},
		{"extension header cut", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, 60, header6(ProtoUDP, 16)[:15])), of(header6Plain, 0, ProtocolUnknown)},
		{"extension header not begun", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, 60, []byte{6})), of(header6Plain, 0, ProtocolUnknown)},
		{"authentication not begun", LinkEthernet, ethernet(0x86dd, ip6(ProtoAH, 60, []byte{6})), of(header6Plain, 0, ProtocolUnknown)},
		{"authentication cut", LinkEthernet, ethernet(0x86dd, ip6(ProtoAH, 60, []byte{6, 4}, make([]byte, 21))), of(header6Plain, 0, ProtocolUnknown)},
		{"extension header beyond the payload length", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, 7, header6(ProtoUDP, 8), transport)), of(header6Plain, 0, ProtocolUnknown)},
		{"second extension header cut", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, 60, header6(ProtoDstOpts, 8), []byte{6, 0})), of(header6Plain, 0, ProtocolUnknown|Extended)},
		{"home address before a cut header", LinkEthernet, ethernet(0x86dd, ip6(ProtoDstOpts, 60, homeHeader(ProtoRouting), []byte{6})), of(header6Plain, 0, ProtocolUnknown|Extended|HomeAddress)},
		{"ports after an extension header, cut", LinkEthernet, ethernet(0x86dd, ip6(ProtoHopByHop, 60, header6(ProtoUDP, 8), transport[:3])), of(header6Plain, ProtoUDP, PortsCut|Extended)},

		// Link layers.
		{"raw, ipv4", LinkRaw, tcp4Packet, of(header4, ProtoTCP, HasPorts)},
		{"raw, ipv6", LinkRaw, tcp6Packet, of(header6Plain, ProtoTCP, HasPorts)},
		{"raw 12", LinkRaw12, tcp4Packet, of(header4, ProtoTCP, HasPorts)},
		{"raw 14", LinkRaw14, tcp6Packet, of(header6Plain, ProtoTCP, HasPorts)},
		{"raw, version 5", LinkRaw, []byte{0x55}, because(BadIPVersion, 0)},
		{"raw, nothing", LinkRaw, nil, because(ShortIP, 0)},
		{"raw, cut", LinkRaw, tcp6Packet[:39], because(ShortIP, 0)},
		{"ipv4 link", LinkIPv4, tcp4Packet, of(header4, ProtoTCP, HasPorts)},
		{"ipv4 link, ipv6", LinkIPv4, tcp6Packet, because(BadIPVersion, 0)},
		{"ipv6 link", LinkIPv6, tcp6Packet, of(header6Plain, ProtoTCP, HasPorts)},
		{"ipv6 link, ipv4", LinkIPv6, append(tcp4Packet[:20:20], transport...), because(BadIPVersion, 0)},
		{"null, little-endian", LinkNull, slices.Concat([]byte{2, 0, 0, 0}, tcp4Packet), of(header4, ProtoTCP, HasPorts)},
		{"null, big-endian", LinkNull, slices.Concat([]byte{0, 0, 0, 2}, tcp4Packet), of(header4, ProtoTCP, HasPorts)},
		{"null, openbsd ipv6", LinkNull, slices.Concat([]byte{24, 0, 0, 0}, tcp6Packet), of(header6Plain, ProtoTCP, HasPorts)},
		{"null, freebsd ipv6", LinkNull, slices.Concat([]byte{28, 0, 0, 0}, tcp6Packet), of(header6Plain, ProtoTCP, HasPorts)},
		{"null, darwin ipv6", LinkNull, slices.Concat([]byte{0, 0, 0, 30}, tcp6Packet), of(header6Plain, ProtoTCP, HasPorts)},
		{"null, linux ipv6", LinkNull, slices.Concat([]byte{10, 0, 0, 0}, tcp6Packet), of(header6Plain, ProtoTCP, HasPorts)},
		{"null, wrong version", LinkNull, slices.Concat([]byte{2, 0, 0, 0}, tcp6Packet), because(BadIPVersion, 0)},
		{"null, appletalk", LinkNull, slices.Concat([]byte{16, 0, 0, 0}, tcp4Packet), because(NotIP, 0)},
		{"null, cut", LinkNull, []byte{2, 0, 0}, because(ShortLink, 0)},
		{"loop", LinkLoop, slices.Concat([]byte{0, 0, 0, 2}, tcp4Packet), of(header4, ProtoTCP, HasPorts)},
		{"loop, little-endian", LinkLoop, slices.Concat([]byte{2, 0, 0, 0}, tcp4Packet), because(NotIP, 0)},
		{"sll, to us", LinkSLL, sll(0, 1, 0x0800, tcp4Packet), directed(of(header4, ProtoTCP, HasPorts), Inbound)},
		{"sll, to another", LinkSLL, sll(3, 1, 0x86dd, tcp6Packet), directed(of(header6Plain, ProtoTCP, HasPorts), Inbound)},
		{"sll, sent", LinkSLL, sll(4, 1, 0x0800, tcp4Packet), directed(of(header4, ProtoTCP, HasPorts), Outbound)},
		{"sll, packet type 5", LinkSLL, sll(5, 1, 0x0800, tcp4Packet), of(header4, ProtoTCP, HasPorts)},
		{"sll, tag", LinkSLL, sll(0, 1, 0x8100, []byte{0, 7, 8, 0}, tcp4Packet), directed(of(header4, ProtoTCP, HasPorts|Tag8100), Inbound)},
		{"sll, 802.3", LinkSLL, sll(0, 1, 1, tcp4Packet), directed(because(LLC, 0), Inbound)},
		{"sll, llc", LinkSLL, sll(2, 1, 4, tcp4Packet), directed(because(LLC, 0), Inbound)},
		{"sll, can", LinkSLL, sll(1, 280, 0x000c, tcp4Packet), directed(because(NotIP, 0), Inbound)},
		{"sll, netlink", LinkSLL, sll(4, 824, 0x0800, tcp4Packet), directed(because(NotIP, 0), Outbound)},
		{"sll, frad", LinkSLL, sll(4, 770, 0x0800, tcp4Packet), directed(because(NotIP, 0), Outbound)},
		{"sll, radiotap", LinkSLL, sll(4, 803, 0x0800, tcp4Packet), directed(because(NotIP, 0), Outbound)},
		{"sll, cut", LinkSLL, sll(4, 1, 0x0800)[:15], because(ShortLink, 0)},
		{"sll2, received", LinkSLL2, sll2(0, 1, 0x0800, tcp4Packet), directed(of(header4, ProtoTCP, HasPorts), Inbound)},
		{"sll2, sent", LinkSLL2, sll2(4, 1, 0x86dd, tcp6Packet), directed(of(header6Plain, ProtoTCP, HasPorts), Outbound)},
		{"sll2, tags", LinkSLL2, sll2(4, 1, 0x88a8, []byte{0, 7, 0x81, 0, 0, 8, 8, 0}, tcp4Packet), directed(of(header4, ProtoTCP, HasPorts|Tag88A8|Tag8100), Outbound)},
		{"sll2, cut", LinkSLL2, sll2(4, 1, 0x0800)[:19], because(ShortLink, 0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Exactly as long as it says, so that a read beyond it panics.
			rec := Record{Data: append([]byte{}, test.data...), Link: test.link}
			got := Header{Src: [16]byte{9}, SrcPort: 9, Encapsulations: 9, Facts: 0xffff, Protocol: 9, Version: 9, Reason: 3, Direction: 2} // must all be set
			ext := Extension{}
			Walk(&rec, &got, &ext)
			got.Encapsulations = 0 // TestEncapsulations
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Walk (-want +got):\n%s", diff)
			}
			var want Extension
			if test.want.Facts&HomeAddress != 0 {
				copy(want.Home[:], address6(0xaa))
			}
			if test.want.Facts&RoutingType2 != 0 {
				copy(want.Routing[:], address6(0xbb))
			}
			if diff := cmp.Diff(want, ext); diff != "" {
				t.Errorf("Extension (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWalkKeepsTheRecordsDirection(t *testing.T) {
	for _, data := range [][]byte{tcp4, tcp6, ethernet(0x0806), nil} {
		for _, d := range []Direction{DirectionUnknown, Inbound, Outbound} {
			var h Header
			var ext Extension
			Walk(&Record{Data: data, Link: LinkEthernet, Direction: d}, &h, &ext)
			if h.Direction != d {
				t.Errorf("%x: direction %d, want the record's %d", data, h.Direction, d)
			}
		}
	}
	var h Header
	var ext Extension
	Walk(&Record{Data: make([]byte, 16), Link: LinkSLL, Direction: Outbound}, &h, &ext)
	if h.Direction != Inbound {
		t.Errorf("the cooked header's word should stand before the record's: %d", h.Direction)
	}
}

func TestReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for r := Reason(0); r < NumReasons; r++ {
		if s := r.String(); s == "" || seen[s] || s != strings.ToLower(s) {
			t.Errorf("reason %d has the name %q", r, s)
		} else {
			seen[s] = true
		}
	}
}

func TestLinkTypeNames(t *testing.T) {
	for l, want := range map[LinkType]string{LinkEthernet: "ethernet", LinkSLL2: "linux_sll2", LinkRaw12: "raw_12", 147: "linktype 147"} {
		if got := l.String(); got != want {
			t.Errorf("%d is %q, want %q", uint16(l), got, want)
		}
	}
}

func TestWalkAllocatesNothing(t *testing.T) {
	var h Header
	var ext Extension
	for _, data := range [][]byte{tcp4, tcp6, tagged(tcp4, 0x8100), ethernet(0x86dd, ip6(ProtoDstOpts, -1, homeHeader(ProtoTCP), transport)), nil} {
		rec := Record{Data: data, Link: LinkEthernet}
		if n := testing.AllocsPerRun(100, func() { Walk(&rec, &h, &ext) }); n != 0 {
			t.Errorf("%x: %g allocations", data, n)
		}
	}
}
