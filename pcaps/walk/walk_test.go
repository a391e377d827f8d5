package walk

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
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
	tcp4 = ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0x4000, nil, transport))
	tcp6 = ethernet(0x86dd, ip6(pcaps.ProtoTCP, -1, transport))

	homeOption   = slices.Concat([]byte{optionHomeAddress, 16}, address6(0xaa))
	homeHeader   = func(next byte) []byte { return slices.Concat([]byte{next, 2, 1, 2, 0, 0}, homeOption) } // PadN, option
	routing2     = func(next byte) []byte { return slices.Concat([]byte{next, 2, 2, 1, 0, 0, 0, 0}, address6(0xbb)) }
	header4      = withAddresses(4, []byte{1, 2, 3, 4}, []byte{5, 6, 7, 8})
	header6Plain = withAddresses(6, address6(1), address6(2))
)

func withAddresses(version uint8, src, dst []byte) pcaps.Header {
	h := pcaps.Header{Version: version}
	copy(h.Src[:], src)
	copy(h.Dst[:], dst)
	return h
}

// of is h with protocol and facts, and ports if it has them.
func of(h pcaps.Header, protocol uint8, facts pcaps.Facts) pcaps.Header {
	h.Protocol, h.Facts = protocol, facts
	if facts&pcaps.HasPorts != 0 {
		h.SrcPort, h.DstPort = 1000, 80
	}
	return h
}

func because(reason pcaps.Reason, facts pcaps.Facts) pcaps.Header {
	return pcaps.Header{Reason: reason, Facts: facts}
}

func directed(h pcaps.Header, d pcaps.Direction) pcaps.Header {
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
		link pcaps.LinkType
		data []byte
		want pcaps.Header
	}{
		// IPv4.
		{"tcp", pcaps.LinkEthernet, tcp4, of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"udp", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0, nil, transport)), of(header4, pcaps.ProtoUDP, pcaps.HasPorts)},
		{"sctp", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoSCTP, -1, 0, nil, transport)), of(header4, pcaps.ProtoSCTP, pcaps.HasPorts)},
		{"ports exactly", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0, nil, transport[:4])), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"ports 0", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0, nil, make([]byte, 8))), pcaps.Header{Src: header4.Src, Dst: header4.Dst, Version: 4, Protocol: pcaps.ProtoUDP, Facts: pcaps.HasPorts}},
		{"icmp", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoICMP, -1, 0, nil, transport)), of(header4, pcaps.ProtoICMP, 0)},
		{"udp-lite", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoUDPLite, -1, 0, nil, transport)), of(header4, pcaps.ProtoUDPLite, 0)},
		{"gre", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoGRE, -1, 0, nil, transport)), of(header4, pcaps.ProtoGRE, 0)},
		{"ah is not skipped", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoAH, -1, 0, nil, []byte{6, 4}, make([]byte, 22), transport)), of(header4, pcaps.ProtoAH, 0)},
		{"options", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0, options, transport)), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Options)},
		{"options cut", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0, options, transport))[:36], of(header4, pcaps.ProtoTCP, pcaps.Options|pcaps.PortsCut)},
		{"reserved bit is no fragment", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0x8000, nil, transport)), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"first fragment", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0x2000, nil, transport)), of(header4, pcaps.ProtoUDP, pcaps.Fragment)},
		{"middle fragment", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0x2003, nil, transport)), of(header4, pcaps.ProtoUDP, pcaps.Fragment)},
		{"last fragment", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0x0001, nil, transport)), of(header4, pcaps.ProtoTCP, pcaps.Fragment)},
		{"top bit of the offset", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0x1000, nil, transport)), of(header4, pcaps.ProtoTCP, pcaps.Fragment)},
		{"fragment with options", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0x2000, options, transport)), of(header4, pcaps.ProtoTCP, pcaps.Fragment|pcaps.Options)},
		{"fragment, cut", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, -1, 0x2000, nil, transport))[:36], of(header4, pcaps.ProtoTCP, pcaps.Fragment)},
		{"total length 0", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 0, 0, nil, transport)), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"total length 0, cut", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 0, 0, nil, transport[:3])), of(header4, pcaps.ProtoTCP, pcaps.PortsCut)},
		{"total length below the header", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 19, 0, nil, transport)), of(header4, pcaps.ProtoTCP, 0)},
		{"total length inside the ports", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 23, 0, nil, transport)), of(header4, pcaps.ProtoTCP, 0)},
		{"total length inside the ports, cut", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 23, 0, nil, transport[:2])), of(header4, pcaps.ProtoTCP, 0)},
		{"total length just the ports", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 24, 0, nil, transport)), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"padding is not the packet's", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0, nil), make([]byte, 26)), of(header4, pcaps.ProtoUDP, 0)},
		{"ports cut off", pcaps.LinkEthernet, tcp4[:37], of(header4, pcaps.ProtoTCP, pcaps.PortsCut)},
		{"cut after the ip header", pcaps.LinkEthernet, tcp4[:34], of(header4, pcaps.ProtoTCP, pcaps.PortsCut)},
		{"cut after the ip header, icmp", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoICMP, 40, 0, nil)), of(header4, pcaps.ProtoICMP, 0)},

		// Reasons.
		{"ip header cut", pcaps.LinkEthernet, tcp4[:33], because(pcaps.ShortIP, 0)},
		{"no ip header", pcaps.LinkEthernet, tcp4[:14], because(pcaps.ShortIP, 0)},
		{"ipv6 header cut", pcaps.LinkEthernet, tcp6[:53], because(pcaps.ShortIP, 0)},
		{"ipv6 under 0x0800", pcaps.LinkEthernet, ethernet(0x0800, tcp6Packet), because(pcaps.BadIPVersion, 0)},
		{"ipv4 under 0x86dd", pcaps.LinkEthernet, ethernet(0x86dd, tcp4Packet), because(pcaps.BadIPVersion, 0)},
		{"ihl 4", pcaps.LinkEthernet, ethernet(0x0800, []byte{0x44}, tcp4Packet[1:]), because(pcaps.BadIHL, 0)},
		{"ihl 0", pcaps.LinkEthernet, ethernet(0x0800, []byte{0x40}, tcp4Packet[1:]), because(pcaps.BadIHL, 0)},
		{"arp", pcaps.LinkEthernet, ethernet(0x0806, make([]byte, 46)), because(pcaps.NotIP, 0)},
		{"mpls", pcaps.LinkEthernet, ethernet(0x8847, []byte{0, 0, 1, 64}, tcp4Packet), because(pcaps.NotIP, 0)},
		{"pppoe", pcaps.LinkEthernet, ethernet(0x8864, []byte{0x11, 0, 0, 1, 0, 40, 0, 0x21}, tcp4Packet), because(pcaps.NotIP, 0)},
		{"ethertype 0x0600", pcaps.LinkEthernet, ethernet(0x0600, make([]byte, 46)), because(pcaps.NotIP, 0)},
		{"llc", pcaps.LinkEthernet, ethernet(0x05dc, []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, tcp4Packet), because(pcaps.LLC, 0)},
		{"length 0", pcaps.LinkEthernet, ethernet(0, tcp4Packet), because(pcaps.LLC, 0)},
		{"ethernet cut", pcaps.LinkEthernet, tcp4[:13], because(pcaps.ShortLink, 0)},
		{"nothing captured", pcaps.LinkEthernet, nil, because(pcaps.ShortLink, 0)},
		{"unknown link type", 147, tcp4, because(pcaps.UnknownLink, 0)},

		// VLAN tags.
		{"0x8100", pcaps.LinkEthernet, tagged(tcp4, 0x8100), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag8100)},
		{"0x88a8", pcaps.LinkEthernet, tagged(tcp4, 0x88a8), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag88A8)},
		{"0x9100", pcaps.LinkEthernet, tagged(tcp4, 0x9100), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag9100)},
		{"0x8100 twice", pcaps.LinkEthernet, tagged(tcp4, 0x8100, 0x8100), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag8100|pcaps.TwoTags8100)},
		{"0x8100 apart", pcaps.LinkEthernet, tagged(tcp4, 0x8100, 0x9100, 0x8100), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag8100|pcaps.Tag9100|pcaps.TwoTags8100)},
		{"0x88a8 twice", pcaps.LinkEthernet, tagged(tcp4, 0x88a8, 0x88a8), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag88A8)},
		{"qinq, ipv6", pcaps.LinkEthernet, tagged(tcp6, 0x88a8, 0x8100), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag88A8|pcaps.Tag8100)},
		{"tag cut", pcaps.LinkEthernet, tagged(tcp4, 0x8100)[:17], because(pcaps.ShortLink, pcaps.Tag8100)},
		{"tag before arp", pcaps.LinkEthernet, tagged(ethernet(0x0806, make([]byte, 46)), 0x8100), because(pcaps.NotIP, pcaps.Tag8100)},
		{"tag before llc", pcaps.LinkEthernet, tagged(ethernet(38, make([]byte, 46)), 0x8100), because(pcaps.LLC, pcaps.Tag8100)},
		{"0x9200 is no tag", pcaps.LinkEthernet, tagged(tcp4, 0x9200), because(pcaps.NotIP, 0)},
		{"twenty tags", pcaps.LinkEthernet, tagged(tcp4, []uint16{0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100,
			0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100, 0x8100}...), of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag8100|pcaps.TwoTags8100)},

		// IPv6.
		{"tcp6", pcaps.LinkEthernet, tcp6, of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"icmp6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoICMPv6, -1, transport)), of(header6Plain, pcaps.ProtoICMPv6, 0)},
		{"ports 6 cut", pcaps.LinkEthernet, tcp6[:57], of(header6Plain, pcaps.ProtoTCP, pcaps.PortsCut)},
		{"payload length 0", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoTCP, 0, transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"payload length 0, nothing there", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoTCP, 0)), of(header6Plain, pcaps.ProtoTCP, pcaps.PortsCut)},
		{"payload length 3", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoTCP, 3, transport)), of(header6Plain, pcaps.ProtoTCP, 0)},
		{"hop-by-hop", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, -1, header6(pcaps.ProtoUDP, 8), transport)), of(header6Plain, pcaps.ProtoUDP, pcaps.HasPorts|pcaps.Extended)},
		{"hop-by-hop of 16", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, -1, header6(pcaps.ProtoUDP, 16), transport)), of(header6Plain, pcaps.ProtoUDP, pcaps.HasPorts|pcaps.Extended)},
		{"routing type 0", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoRouting, -1, header6(pcaps.ProtoTCP, 24), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"routing type 2", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoRouting, -1, routing2(pcaps.ProtoTCP), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended|pcaps.RoutingType2)},
		{"routing type 2 without an address", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoRouting, -1, []byte{pcaps.ProtoTCP, 1, 2, 1}, make([]byte, 12), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"destination options", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, -1, header6(pcaps.ProtoTCP, 8), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"home address", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, -1, homeHeader(pcaps.ProtoTCP), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended|pcaps.HomeAddress)},
		{"home address after pad1", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, -1, []byte{pcaps.ProtoTCP, 2, 0, 0, 0, 0}, homeOption, transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended|pcaps.HomeAddress)},
		{"home address of 15 bytes", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, -1, []byte{pcaps.ProtoTCP, 2, 1, 2, 0, 0, 201, 15}, address6(1), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"home address beyond the header", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, -1, []byte{pcaps.ProtoTCP, 0, 1, 2, 0, 0, 201, 16}, transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"home address in hop-by-hop", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, -1, homeHeader(pcaps.ProtoTCP), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"home address and routing type 2", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoRouting, -1, routing2(pcaps.ProtoDstOpts), homeHeader(pcaps.ProtoTCP), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended|pcaps.HomeAddress|pcaps.RoutingType2)},
		{"mobility", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoMobility, -1, header6(pcaps.ProtoNoNext, 8))), of(header6Plain, pcaps.ProtoNoNext, pcaps.Extended)},
		{"hip", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHIP, -1, header6(pcaps.ProtoTCP, 40), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"shim6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoShim6, -1, header6(pcaps.ProtoTCP, 8), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"authentication", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoAH, -1, []byte{pcaps.ProtoTCP, 4}, make([]byte, 22), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"authentication of 8", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoAH, -1, []byte{pcaps.ProtoTCP, 0}, make([]byte, 6), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended)},
		{"esp", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoESP, -1, transport)), of(header6Plain, pcaps.ProtoESP, 0)},
		{"no next header", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoNoNext, -1, transport)), of(header6Plain, pcaps.ProtoNoNext, 0)},
		{"ipv6 in ipv6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoIPv6, -1, tcp6Packet)), of(header6Plain, pcaps.ProtoIPv6, 0)},
		{"atomic", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoFragment, -1, fragment6(pcaps.ProtoTCP, 0), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended|pcaps.Atomic)},
		{"atomic, reserved bits set", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoFragment, -1, fragment6(pcaps.ProtoTCP, 6), transport)), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Extended|pcaps.Atomic)},
		{"first fragment 6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoFragment, -1, fragment6(pcaps.ProtoUDP, 1), transport)), of(header6Plain, pcaps.ProtoUDP, pcaps.Fragment|pcaps.Extended)},
		{"last fragment 6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoFragment, -1, fragment6(pcaps.ProtoUDP, 8), transport)), of(header6Plain, pcaps.ProtoUDP, pcaps.Fragment|pcaps.Extended)},
		{"fragment of an extended packet", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoFragment, -1, fragment6(pcaps.ProtoDstOpts, 1), header6(pcaps.ProtoTCP, 8))), of(header6Plain, pcaps.ProtoDstOpts, pcaps.Fragment|pcaps.Extended)},
		{"hop-by-hop before a fragment", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, -1, header6(pcaps.ProtoFragment, 8), fragment6(pcaps.ProtoUDP, 1))), of(header6Plain, pcaps.ProtoUDP, pcaps.Fragment|pcaps.Extended)},
		{"fragment header cut", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoFragment, 30, fragment6(pcaps.ProtoUDP, 1)[:7])), of(header6Plain, 0, pcaps.ProtocolUnknown)},
		{"extension header cut", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, 60, header6(pcaps.ProtoUDP, 16)[:15])), of(header6Plain, 0, pcaps.ProtocolUnknown)},
		{"extension header not begun", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, 60, []byte{6})), of(header6Plain, 0, pcaps.ProtocolUnknown)},
		{"authentication not begun", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoAH, 60, []byte{6})), of(header6Plain, 0, pcaps.ProtocolUnknown)},
		{"authentication cut", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoAH, 60, []byte{6, 4}, make([]byte, 21))), of(header6Plain, 0, pcaps.ProtocolUnknown)},
		{"extension header beyond the payload length", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, 7, header6(pcaps.ProtoUDP, 8), transport)), of(header6Plain, 0, pcaps.ProtocolUnknown)},
		{"second extension header cut", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, 60, header6(pcaps.ProtoDstOpts, 8), []byte{6, 0})), of(header6Plain, 0, pcaps.ProtocolUnknown|pcaps.Extended)},
		{"home address before a cut header", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, 60, homeHeader(pcaps.ProtoRouting), []byte{6})), of(header6Plain, 0, pcaps.ProtocolUnknown|pcaps.Extended|pcaps.HomeAddress)},
		{"ports after an extension header, cut", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoHopByHop, 60, header6(pcaps.ProtoUDP, 8), transport[:3])), of(header6Plain, pcaps.ProtoUDP, pcaps.PortsCut|pcaps.Extended)},

		// Link layers.
		{"raw, ipv4", pcaps.LinkRaw, tcp4Packet, of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"raw, ipv6", pcaps.LinkRaw, tcp6Packet, of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"raw 12", pcaps.LinkRaw12, tcp4Packet, of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"raw 14", pcaps.LinkRaw14, tcp6Packet, of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"raw, version 5", pcaps.LinkRaw, []byte{0x55}, because(pcaps.BadIPVersion, 0)},
		{"raw, nothing", pcaps.LinkRaw, nil, because(pcaps.ShortIP, 0)},
		{"raw, cut", pcaps.LinkRaw, tcp6Packet[:39], because(pcaps.ShortIP, 0)},
		{"ipv4 link", pcaps.LinkIPv4, tcp4Packet, of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"ipv4 link, ipv6", pcaps.LinkIPv4, tcp6Packet, because(pcaps.BadIPVersion, 0)},
		{"ipv6 link", pcaps.LinkIPv6, tcp6Packet, of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"ipv6 link, ipv4", pcaps.LinkIPv6, append(tcp4Packet[:20:20], transport...), because(pcaps.BadIPVersion, 0)},
		{"null, little-endian", pcaps.LinkNull, slices.Concat([]byte{2, 0, 0, 0}, tcp4Packet), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"null, big-endian", pcaps.LinkNull, slices.Concat([]byte{0, 0, 0, 2}, tcp4Packet), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"null, openbsd ipv6", pcaps.LinkNull, slices.Concat([]byte{24, 0, 0, 0}, tcp6Packet), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"null, freebsd ipv6", pcaps.LinkNull, slices.Concat([]byte{28, 0, 0, 0}, tcp6Packet), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"null, darwin ipv6", pcaps.LinkNull, slices.Concat([]byte{0, 0, 0, 30}, tcp6Packet), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"null, linux ipv6", pcaps.LinkNull, slices.Concat([]byte{10, 0, 0, 0}, tcp6Packet), of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"null, wrong version", pcaps.LinkNull, slices.Concat([]byte{2, 0, 0, 0}, tcp6Packet), because(pcaps.BadIPVersion, 0)},
		{"null, appletalk", pcaps.LinkNull, slices.Concat([]byte{16, 0, 0, 0}, tcp4Packet), because(pcaps.NotIP, 0)},
		{"null, cut", pcaps.LinkNull, []byte{2, 0, 0}, because(pcaps.ShortLink, 0)},
		{"loop", pcaps.LinkLoop, slices.Concat([]byte{0, 0, 0, 2}, tcp4Packet), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"loop, little-endian", pcaps.LinkLoop, slices.Concat([]byte{2, 0, 0, 0}, tcp4Packet), because(pcaps.NotIP, 0)},
		{"sll, to us", pcaps.LinkSLL, sll(0, 1, 0x0800, tcp4Packet), directed(of(header4, pcaps.ProtoTCP, pcaps.HasPorts), pcaps.Inbound)},
		{"sll, to another", pcaps.LinkSLL, sll(3, 1, 0x86dd, tcp6Packet), directed(of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts), pcaps.Inbound)},
		{"sll, sent", pcaps.LinkSLL, sll(4, 1, 0x0800, tcp4Packet), directed(of(header4, pcaps.ProtoTCP, pcaps.HasPorts), pcaps.Outbound)},
		{"sll, packet type 5", pcaps.LinkSLL, sll(5, 1, 0x0800, tcp4Packet), of(header4, pcaps.ProtoTCP, pcaps.HasPorts)},
		{"sll, tag", pcaps.LinkSLL, sll(0, 1, 0x8100, []byte{0, 7, 8, 0}, tcp4Packet), directed(of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag8100), pcaps.Inbound)},
		{"sll, 802.3", pcaps.LinkSLL, sll(0, 1, 1, tcp4Packet), directed(because(pcaps.LLC, 0), pcaps.Inbound)},
		{"sll, llc", pcaps.LinkSLL, sll(2, 1, 4, tcp4Packet), directed(because(pcaps.LLC, 0), pcaps.Inbound)},
		{"sll, can", pcaps.LinkSLL, sll(1, 280, 0x000c, tcp4Packet), directed(because(pcaps.NotIP, 0), pcaps.Inbound)},
		{"sll, netlink", pcaps.LinkSLL, sll(4, 824, 0x0800, tcp4Packet), directed(because(pcaps.NotIP, 0), pcaps.Outbound)},
		{"sll, frad", pcaps.LinkSLL, sll(4, 770, 0x0800, tcp4Packet), directed(because(pcaps.NotIP, 0), pcaps.Outbound)},
		{"sll, radiotap", pcaps.LinkSLL, sll(4, 803, 0x0800, tcp4Packet), directed(because(pcaps.NotIP, 0), pcaps.Outbound)},
		{"sll, cut", pcaps.LinkSLL, sll(4, 1, 0x0800)[:15], because(pcaps.ShortLink, 0)},
		{"sll2, received", pcaps.LinkSLL2, sll2(0, 1, 0x0800, tcp4Packet), directed(of(header4, pcaps.ProtoTCP, pcaps.HasPorts), pcaps.Inbound)},
		{"sll2, sent", pcaps.LinkSLL2, sll2(4, 1, 0x86dd, tcp6Packet), directed(of(header6Plain, pcaps.ProtoTCP, pcaps.HasPorts), pcaps.Outbound)},
		{"sll2, tags", pcaps.LinkSLL2, sll2(4, 1, 0x88a8, []byte{0, 7, 0x81, 0, 0, 8, 8, 0}, tcp4Packet), directed(of(header4, pcaps.ProtoTCP, pcaps.HasPorts|pcaps.Tag88A8|pcaps.Tag8100), pcaps.Outbound)},
		{"sll2, cut", pcaps.LinkSLL2, sll2(4, 1, 0x0800)[:19], because(pcaps.ShortLink, 0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Exactly as long as it says, so that a read beyond it panics.
			rec := pcaps.Record{Data: append([]byte{}, test.data...), Link: test.link}
			got := pcaps.Header{Src: [16]byte{9}, SrcPort: 9, Encapsulations: 9, Facts: 0xffff, Protocol: 9, Version: 9, Reason: 3, Direction: 2} // must all be set
			ext := pcaps.Extension{}
			Walk(&rec, &got, &ext)
			got.Encapsulations = 0 // TestEncapsulations
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Walk (-want +got):\n%s", diff)
			}
			var want pcaps.Extension
			if test.want.Facts&pcaps.HomeAddress != 0 {
				copy(want.Home[:], address6(0xaa))
			}
			if test.want.Facts&pcaps.RoutingType2 != 0 {
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
		for _, d := range []pcaps.Direction{pcaps.DirectionUnknown, pcaps.Inbound, pcaps.Outbound} {
			var h pcaps.Header
			var ext pcaps.Extension
			Walk(&pcaps.Record{Data: data, Link: pcaps.LinkEthernet, Direction: d}, &h, &ext)
			if h.Direction != d {
				t.Errorf("%x: direction %d, want the record's %d", data, h.Direction, d)
			}
		}
	}
	var h pcaps.Header
	var ext pcaps.Extension
	Walk(&pcaps.Record{Data: make([]byte, 16), Link: pcaps.LinkSLL, Direction: pcaps.Outbound}, &h, &ext)
	if h.Direction != pcaps.Inbound {
		t.Errorf("the cooked header's word should stand before the record's: %d", h.Direction)
	}
}

func TestReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for r := range pcaps.Reason(pcaps.NumReasons) {
		if s := r.String(); s == "" || seen[s] || s != strings.ToLower(s) {
			t.Errorf("reason %d has the name %q", r, s)
		} else {
			seen[s] = true
		}
	}
}

func TestLinkTypeNames(t *testing.T) {
	for l, want := range map[pcaps.LinkType]string{pcaps.LinkEthernet: "ethernet", pcaps.LinkSLL2: "linux_sll2", pcaps.LinkRaw12: "raw_12", 147: "linktype 147"} {
		if got := l.String(); got != want {
			t.Errorf("%d is %q, want %q", uint16(l), got, want)
		}
	}
}

func TestWalkAllocatesNothing(t *testing.T) {
	var h pcaps.Header
	var ext pcaps.Extension
	for _, data := range [][]byte{tcp4, tcp6, tagged(tcp4, 0x8100), ethernet(0x86dd, ip6(pcaps.ProtoDstOpts, -1, homeHeader(pcaps.ProtoTCP), transport)), nil} {
		rec := pcaps.Record{Data: data, Link: pcaps.LinkEthernet}
		if n := testing.AllocsPerRun(100, func() { Walk(&rec, &h, &ext) }); n != 0 {
			t.Errorf("%x: %g allocations", data, n)
		}
	}
}
