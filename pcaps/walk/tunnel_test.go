package walk

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
)

// names lists the set, in the order of reports.
func names(s pcaps.Encapsulations) []string {
	var names []string
	for e := range pcaps.Encapsulation(pcaps.NumEncapsulations) {
		if s.Has(e) {
			names = append(names, e.String())
		}
	}
	return names
}

// udp is a UDP datagram of source port 1000.
func udp(to uint16, payload ...[]byte) []byte {
	body := slices.Concat(payload...)
	b := be.AppendUint16([]byte{0x03, 0xe8}, to)
	b = be.AppendUint16(b, uint16(8+len(body)))
	return slices.Concat(b, []byte{0, 0}, body)
}

func udp4(to uint16, payload ...[]byte) []byte {
	return ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0, nil, udp(to, payload...)))
}

func gre4(header []byte, payload ...[]byte) []byte {
	return ethernet(0x0800, ip4(pcaps.ProtoGRE, -1, 0, nil, header, slices.Concat(payload...)))
}

// inner4 and inner6 are packets of other addresses and ports than the outer ones,
// and innerHeader4 and innerHeader6 what is read of them.
var (
	innerTransport = slices.Concat([]byte{0x1f, 0x90, 0x01, 0xbb}, make([]byte, 8), []byte{0x50, 2}, make([]byte, 6))
	inner4         = func() []byte {
		b := ip4(pcaps.ProtoTCP, -1, 0, nil, innerTransport)
		copy(b[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
		return b
	}()
	inner6       = slices.Concat(ip6(pcaps.ProtoTCP, 20)[:8], address6(0x11), address6(0x12), innerTransport)
	innerHeader4 = pcaps.Header{Version: 4, Src: [16]byte{10, 0, 0, 1}, Dst: [16]byte{10, 0, 0, 2}, Protocol: pcaps.ProtoTCP, Facts: pcaps.HasPorts, SrcPort: 8080, DstPort: 443}
	innerHeader6 = pcaps.Header{Version: 6, Src: [16]byte(address6(0x11)), Dst: [16]byte(address6(0x12)), Protocol: pcaps.ProtoTCP, Facts: pcaps.HasPorts, SrcPort: 8080, DstPort: 443}
)

var (
	vxlanHeader = []byte{8, 0, 0, 0, 0, 0, 42, 0}
	snapHeader  = []byte{0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00}
	label       = []byte{0, 1, 0, 64} // not the last
	lastLabel   = []byte{0, 1, 1, 64}
	pppoeFrame  = func(protocol uint16, payload []byte) []byte {
		b := be.AppendUint16([]byte{0x11, 0, 0, 7}, uint16(2+len(payload)))
		return append(be.AppendUint16(b, protocol), payload...)
	}
)

// tunnelled are packets of every encapsulation, and what is inside; nil where
// nothing there can be read.
var tunnelled = []struct {
	name  string
	link  pcaps.LinkType
	data  []byte
	want  []string
	inner *pcaps.Header
}{
	{"plain", pcaps.LinkEthernet, tcp4, nil, nil},
	{"plain UDP", pcaps.LinkEthernet, udp4(80, make([]byte, 40)), nil, nil},
	{"one tag", pcaps.LinkEthernet, tagged(tcp4, 0x8100), []string{"vlan"}, nil},
	{"two tags", pcaps.LinkEthernet, tagged(tcp4, 0x88a8, 0x8100), []string{"qinq"}, nil},
	{"three tags", pcaps.LinkEthernet, tagged(tcp6, 0x8100, 0x8100, 0x8100), []string{"qinq"}, nil},
	{"a tag that is cut off", pcaps.LinkEthernet, tagged(tcp4, 0x8100)[:17], []string{"vlan"}, nil},
	{"802.2", pcaps.LinkEthernet, ethernet(38, []byte{0x42, 0x42, 3}, make([]byte, 35)), []string{"llc"}, nil},
	{"SNAP", pcaps.LinkEthernet, ethernet(68, snapHeader, inner4), []string{"snap"}, &innerHeader4},
	{"SNAP of Cisco", pcaps.LinkEthernet, ethernet(68, []byte{0xaa, 0xaa, 3, 0, 0, 0xc, 0x20, 0}, inner4), []string{"llc"}, nil},
	{"MACsec", pcaps.LinkEthernet, ethernet(0x88e5, make([]byte, 40)), []string{"macsec"}, nil},

	{"MPLS", pcaps.LinkEthernet, ethernet(0x8847, label, lastLabel, inner4), []string{"mpls"}, &innerHeader4},
	{"MPLS, IPv6", pcaps.LinkEthernet, tagged(ethernet(0x8848, lastLabel, inner6), 0x8100), []string{"vlan", "mpls"}, within(innerHeader6, pcaps.Tag8100, 0)},
	{"MPLS, Ethernet", pcaps.LinkEthernet, ethernet(0x8847, lastLabel, make([]byte, 60)), []string{"mpls"}, nil},
	{"MPLS without an end", pcaps.LinkEthernet, ethernet(0x8847, label, label), []string{"mpls"}, nil},
	{"MPLS's link type", pcaps.LinkMPLS, slices.Concat(lastLabel, inner4), []string{"mpls"}, &innerHeader4},

	{"PPPoE", pcaps.LinkEthernet, ethernet(0x8864, pppoeFrame(0x21, inner4)), []string{"pppoe"}, &innerHeader4},
	{"PPPoE, IPv6", pcaps.LinkEthernet, ethernet(0x8864, pppoeFrame(0x57, inner6)), []string{"pppoe"}, &innerHeader6},
	{"PPPoE, link control", pcaps.LinkEthernet, ethernet(0x8864, pppoeFrame(0xc021, make([]byte, 40))), []string{"pppoe"}, nil},
	{"PPPoE, MPLS", pcaps.LinkEthernet, ethernet(0x8864, pppoeFrame(0x281, slices.Concat(lastLabel, inner4))), []string{"pppoe"}, &innerHeader4},
	{"PPPoE's discovery", pcaps.LinkEthernet, ethernet(0x8863, []byte{0x11, 9, 0, 0, 0, 0}), nil, nil},

	{"IPv4 in IPv4", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv4, -1, 0, nil, inner4)), []string{"ipip"}, &innerHeader4},
	{"IPv6 in IPv4", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv6, -1, 0, nil, inner6)), []string{"6in4"}, &innerHeader6},
	{"IPv4 in IPv6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoIPv4, -1, inner4)), []string{"4in6"}, &innerHeader4},
	{"IPv6 in IPv6", pcaps.LinkRaw, ip6(pcaps.ProtoDstOpts, -1, header6(pcaps.ProtoIPv6, 8), inner6), []string{"6in6"}, &innerHeader6},
	{"a fragment of IPv4 in IPv4", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv4, -1, 0x2000, nil, inner4)), []string{"ipip"}, nil},
	{"the inner version is wrong", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv4, -1, 0, nil, inner6)), []string{"ipip"}, nil},
	{"the inner header lies beyond the IP length", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv4, 39, 0, nil, inner4)), []string{"ipip"}, nil},
	{"the inner ports lie beyond the IP length", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv4, 43, 0, nil, inner4)), []string{"ipip"}, withoutPorts(innerHeader4, 0)},
	{"the inner ports are cut off", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoIPv4, -1, 0, nil, inner4))[:14+20+23], []string{"ipip"}, withoutPorts(innerHeader4, pcaps.PortsCut)},

	{"GRE", pcaps.LinkEthernet, gre4([]byte{0, 0, 8, 0}, inner4), []string{"gre"}, &innerHeader4},
	{"GRE, checksum, key, sequence", pcaps.LinkEthernet, gre4([]byte{0xb0, 0, 0x86, 0xdd}, make([]byte, 12), inner6), []string{"gre"}, &innerHeader6},
	{"GRE, Ethernet", pcaps.LinkEthernet, gre4([]byte{0, 0, 0x65, 0x58}, ethernet(0x0800, inner4)), []string{"gre"}, &innerHeader4},
	{"GRE, MPLS", pcaps.LinkEthernet, gre4([]byte{0, 0, 0x88, 0x47}, lastLabel, inner4), []string{"gre"}, &innerHeader4},
	{"GRE, routing", pcaps.LinkEthernet, gre4([]byte{0x40, 0, 8, 0}, make([]byte, 8), inner4), []string{"gre"}, nil},
	{"GRE of version 2", pcaps.LinkEthernet, gre4([]byte{0, 2, 8, 0}, inner4), []string{"gre"}, nil},
	{"GRE, keep-alive", pcaps.LinkEthernet, gre4([]byte{0, 0, 0, 0}), []string{"gre"}, nil},
	{"GRE, cut off", pcaps.LinkEthernet, gre4([]byte{0, 0, 8, 0}, inner4)[:37], []string{"gre"}, nil},
	{"GRE, a fragment", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoGRE, -1, 0x2000, nil, []byte{0, 0, 8, 0}, inner4)), []string{"gre"}, nil},
	{"GRE in IPv6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoGRE, -1, []byte{0, 0, 8, 0}, inner4)), []string{"gre"}, &innerHeader4},
	{"NVGRE", pcaps.LinkEthernet, gre4([]byte{0x20, 0, 0x65, 0x58, 0, 0, 42, 0}, ethernet(0x86dd, inner6)), []string{"nvgre"}, &innerHeader6},
	{"ERSPAN type I", pcaps.LinkEthernet, gre4([]byte{0, 0, 0x88, 0xbe}, ethernet(0x0800, inner4)), []string{"erspan_1"}, &innerHeader4},
	{"ERSPAN type II", pcaps.LinkEthernet, gre4([]byte{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1}, make([]byte, 8), ethernet(0x0800, inner4)), []string{"erspan_2"}, &innerHeader4},
	{"ERSPAN type III", pcaps.LinkEthernet, gre4([]byte{0x10, 0, 0x22, 0xeb, 0, 0, 0, 1}, make([]byte, 12), ethernet(0x0800, inner4)), []string{"erspan_3"}, &innerHeader4},
	{"ERSPAN type III, longer", pcaps.LinkEthernet, gre4([]byte{0x10, 0, 0x22, 0xeb, 0, 0, 0, 1}, make([]byte, 11), []byte{1}, make([]byte, 8), ethernet(0x0800, inner4)), []string{"erspan_3"}, &innerHeader4},
	{"PPTP", pcaps.LinkEthernet, gre4([]byte{0x30, 0x81, 0x88, 0x0b, 0, 44, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1}, []byte{0xff, 3, 0, 0x21}, inner4), []string{"pptp"}, &innerHeader4},
	{"EoIP", pcaps.LinkEthernet, gre4([]byte{0x20, 0x01, 0x64, 0, 0, 40, 7, 0}, ethernet(0x0800, inner4)), []string{"eoip"}, &innerHeader4},
	{"PPTP, an acknowledgement", pcaps.LinkEthernet, gre4([]byte{0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 1}), []string{"pptp"}, nil},

	{"VXLAN", pcaps.LinkEthernet, udp4(4789, vxlanHeader, ethernet(0x0800, inner4)), []string{"vxlan"}, &innerHeader4},
	{"VXLAN, a tag inside", pcaps.LinkEthernet, udp4(4789, vxlanHeader, tagged(ethernet(0x0800, inner4), 0x8100)), []string{"vxlan"}, within(innerHeader4, 0, 1<<pcaps.VLAN)},
	{"VXLAN, a tag outside", pcaps.LinkEthernet, tagged(udp4(4789, vxlanHeader, ethernet(0x0800, inner4)), 0x88a8), []string{"vlan", "vxlan"}, within(innerHeader4, pcaps.Tag88A8, 0)},
	{"VXLAN to Linux's old port", pcaps.LinkEthernet, udp4(8472, vxlanHeader, ethernet(0x86dd, inner6)), []string{"vxlan"}, &innerHeader6},
	{"VXLAN without an identifier", pcaps.LinkEthernet, udp4(4789, make([]byte, 8), ethernet(0x0800, inner4)), nil, nil},
	{"VXLAN, ARP", pcaps.LinkEthernet, udp4(4789, vxlanHeader, ethernet(0x0806, make([]byte, 28))), []string{"vxlan"}, nil},
	{"VXLAN in VXLAN", pcaps.LinkEthernet, udp4(4789, vxlanHeader, udp4(4789, vxlanHeader, ethernet(0x0800, inner4))), []string{"vxlan"},
		within(pcaps.Header{Version: 4, Src: header4.Src, Dst: header4.Dst, Protocol: pcaps.ProtoUDP, Facts: pcaps.HasPorts, SrcPort: 1000, DstPort: 4789}, 0, 1<<pcaps.VXLAN)},
	{"VXLAN in IPv6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoUDP, -1, udp(4789, vxlanHeader, ethernet(0x0800, inner4)))), []string{"vxlan"}, &innerHeader4},
	{"Geneve", pcaps.LinkEthernet, udp4(6081, []byte{0, 0, 0x65, 0x58, 0, 0, 42, 0}, ethernet(0x0800, inner4)), []string{"geneve"}, &innerHeader4},
	{"Geneve, options", pcaps.LinkEthernet, udp4(6081, []byte{2, 0, 0x86, 0xdd, 0, 0, 42, 0}, make([]byte, 8), inner6), []string{"geneve"}, &innerHeader6},
	{"Geneve of version 1", pcaps.LinkEthernet, udp4(6081, []byte{0x40, 0, 0x65, 0x58}), nil, nil},
	{"GTP-U", pcaps.LinkEthernet, udp4(2152, []byte{0x30, 255, 0, 40, 0, 0, 0, 1}, inner4), []string{"gtp_u"}, &innerHeader4},
	{"GTP-U, sequence", pcaps.LinkEthernet, udp4(2152, []byte{0x32, 255, 0, 44, 0, 0, 0, 1, 0, 9, 0, 0}, inner6), []string{"gtp_u"}, &innerHeader6},
	{"GTP-U, extensions", pcaps.LinkEthernet, udp4(2152, []byte{0x34, 255, 0, 52, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0x10, 9, 0xc0, 1, 0, 0, 0}, inner4), []string{"gtp_u"}, &innerHeader4},
	{"GTP-U, an extension without a length", pcaps.LinkEthernet, udp4(2152, []byte{0x34, 255, 0, 52, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0}, inner4), []string{"gtp_u"}, nil},
	{"to GTP-U's port, of no type of its", pcaps.LinkEthernet, udp4(2152, []byte{0x32, 0x58, 0, 4, 0, 0, 0, 0, 0, 9, 0, 0}), nil, nil},
	{"GTP-U, echo", pcaps.LinkEthernet, udp4(2152, []byte{0x32, 1, 0, 4, 0, 0, 0, 0, 0, 9, 0, 0}), []string{"gtp_u"}, nil},
	{"L2TP", pcaps.LinkEthernet, udp4(1701, []byte{0, 2, 0, 1, 0, 1, 0xff, 3, 0, 0x21}, inner4), []string{"l2tp"}, &innerHeader4},
	{"L2TP, length, sequence, offset", pcaps.LinkEthernet, udp4(1701, []byte{0x4a, 2, 0, 70, 0, 1, 0, 1, 0, 0, 0, 0, 0, 2, 9, 9, 0x21}, inner4), []string{"l2tp"}, &innerHeader4},
	{"L2TP, control", pcaps.LinkEthernet, udp4(1701, []byte{0xc8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0}), []string{"l2tp"}, nil},
	{"L2TPv3 over UDP", pcaps.LinkEthernet, udp4(1701, []byte{0, 3, 0, 0, 0, 0, 0, 1}, ethernet(0x0800, inner4)), []string{"l2tpv3"}, nil},
	{"L2TPv3 over IP", pcaps.LinkEthernet, ethernet(0x0800, ip4(115, -1, 0, nil, []byte{0, 0, 0, 1}, ethernet(0x0800, inner4))), []string{"l2tpv3"}, nil},

	{"ESP", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoESP, -1, 0, nil, make([]byte, 40))), []string{"esp"}, nil},
	{"ESP in UDP", pcaps.LinkEthernet, udp4(4500, []byte{1, 2, 3, 4}, make([]byte, 40)), []string{"esp_udp"}, nil},
	{"IKE in UDP", pcaps.LinkEthernet, udp4(4500, make([]byte, 40)), nil, nil},
	{"a keep-alive of ESP in UDP", pcaps.LinkEthernet, udp4(4500, []byte{0xff}), nil, nil},
	{"AH", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoAH, -1, 0, nil, []byte{pcaps.ProtoTCP, 4}, make([]byte, 22), transport)), []string{"ah"}, nil},
	{"AH in IPv6", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoAH, -1, []byte{pcaps.ProtoTCP, 4}, make([]byte, 22), transport)), []string{"ah"}, nil},
	{"AH before an IPv6 packet", pcaps.LinkEthernet, ethernet(0x86dd, ip6(pcaps.ProtoAH, -1, []byte{pcaps.ProtoIPv6, 4}, make([]byte, 22), inner6)), []string{"6in6", "ah"}, &innerHeader6},

	{"WireGuard, initiation", pcaps.LinkEthernet, udp4(51820, []byte{1, 0, 0, 0}, make([]byte, 144)), []string{"wireguard"}, nil},
	{"WireGuard, response", pcaps.LinkEthernet, udp4(999, []byte{2, 0, 0, 0}, make([]byte, 88)), []string{"wireguard"}, nil},
	{"WireGuard, cookie", pcaps.LinkEthernet, udp4(999, []byte{3, 0, 0, 0}, make([]byte, 60)), []string{"wireguard"}, nil},
	{"WireGuard, data", pcaps.LinkEthernet, udp4(999, []byte{4, 0, 0, 0}, make([]byte, 28)), []string{"wireguard"}, nil},
	{"WireGuard, data that is cut off", pcaps.LinkEthernet, udp4(999, []byte{4, 0, 0, 0}, make([]byte, 28))[:14+28+17], []string{"wireguard"}, nil},
	{"type 1 of another length", pcaps.LinkEthernet, udp4(999, []byte{1, 0, 0, 0}, make([]byte, 143)), nil, nil},
	{"type 4 of another length", pcaps.LinkEthernet, udp4(999, []byte{4, 0, 0, 0}, make([]byte, 29)), nil, nil},
	{"type 4 with a counter out of reach", pcaps.LinkEthernet, udp4(999, []byte{4, 0, 0, 0}, make([]byte, 11), []byte{1}, make([]byte, 16)), nil, nil},
	{"type 5", pcaps.LinkEthernet, udp4(999, []byte{5, 0, 0, 0}, make([]byte, 28)), nil, nil},
	{"type 4 before padding", pcaps.LinkEthernet, append(ethernet(0x0800, ip4(pcaps.ProtoUDP, 32, 0, nil, udp(999, []byte{4, 0, 0, 0}))), make([]byte, 28)...), nil, nil},
}

// withoutPorts is h without ports, which facts explain.
func withoutPorts(h pcaps.Header, facts pcaps.Facts) *pcaps.Header {
	h.SrcPort, h.DstPort, h.Facts = 0, 0, facts
	return &h
}

// within is h inside a frame of these tags, and behind a set of its own.
func within(h pcaps.Header, tags pcaps.Facts, set pcaps.Encapsulations) *pcaps.Header {
	h.Facts |= tags
	h.Encapsulations = set
	return &h
}

func TestEncapsulations(t *testing.T) {
	for _, test := range tunnelled {
		t.Run(test.name, func(t *testing.T) {
			for _, direction := range []pcaps.Direction{pcaps.DirectionUnknown, pcaps.Outbound} {
				rec := pcaps.Record{Data: slices.Clip(test.data), Link: test.link, Direction: direction}
				var h pcaps.Header
				var ext pcaps.Extension
				Walk(&rec, &h, &ext)
				if diff := cmp.Diff(test.want, names(h.Encapsulations)); diff != "" {
					t.Errorf("Encapsulations (-want +got):\n%s", diff)
				}
				comparePlain(t, &rec)
				ok := WalkInner(&rec, &h, &ext)
				switch {
				case ok != (test.inner != nil):
					t.Errorf("WalkInner is %t: %+v", ok, h)
				case ok:
					want := *test.inner
					want.Direction = direction
					if diff := cmp.Diff(want, h); diff != "" {
						t.Errorf("WalkInner (-want +got):\n%s", diff)
					}
				}
			}
		})
	}
}

// Every encapsulation is in the table above, with one hiding at most.
func TestEncapsulationNames(t *testing.T) {
	all := map[string]bool{}
	for _, test := range tunnelled {
		for _, name := range test.want {
			all[name] = true
		}
	}
	for e := range pcaps.Encapsulation(pcaps.NumEncapsulations) {
		if !all[e.String()] {
			t.Errorf("no packet has encapsulation %d, %q", e, e)
		}
	}
}

// What is inside is never read beyond the bytes, wherever the capture cuts it off.
func TestWalkInnerOfCutPackets(t *testing.T) {
	for _, test := range tunnelled {
		for n := range len(test.data) {
			rec := pcaps.Record{Data: slices.Clip(test.data[:n]), Link: test.link}
			var h pcaps.Header
			var ext pcaps.Extension
			comparePlain(t, &rec)
			if ok := WalkInner(&rec, &h, &ext); ok && test.inner != nil && (h.Src != test.inner.Src || h.Version != test.inner.Version) {
				t.Errorf("%s, %d bytes: %+v", test.name, n, h)
			}
		}
	}
}

func TestTunnel(t *testing.T) {
	for _, test := range []struct {
		set  pcaps.Encapsulations
		want string // "" for none
		nics bool   // hash its inner headers
	}{
		{0, "", false}, {1 << pcaps.VLAN, "", false}, {1 << pcaps.AH, "", false}, {1<<pcaps.QinQ | 1<<pcaps.LLC8022, "", false},
		{1<<pcaps.VLAN | 1<<pcaps.MPLS, "mpls", false}, {1<<pcaps.AH | 1<<pcaps.ESP, "esp", false}, {1 << pcaps.WireGuard, "wireguard", false},
		{1<<pcaps.QinQ | 1<<pcaps.VXLAN, "vxlan", true}, {1 << pcaps.GRE, "gre", true}, {1 << pcaps.GTPU, "gtp_u", true}, {1 << pcaps.PPTP, "pptp", false},
	} {
		e, ok := test.set.Tunnel()
		if ok != (test.want != "") || ok && e.String() != test.want || ok && e.InnerHashed() != test.nics {
			t.Errorf("%v: tunnel %q, %t, inner headers hashed %t", names(test.set), e, ok, e.InnerHashed())
		}
	}
}
