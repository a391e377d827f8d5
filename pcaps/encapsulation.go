package pcaps

import "math/bits"

// Encapsulation is a header beside Ethernet, IP and the transports that Walk
// recognises in a packet: a tag, a label stack, a tunnel, encryption. The list is
// closed: each is reported, also when no packet has it.
type Encapsulation uint8

const (
	VLAN      Encapsulation = iota // one VLAN tag
	QinQ                           // two or more
	MPLS                           // EtherType 0x8847 or 0x8848
	PPPoE                          // a session's frame (0x8864)
	LLC8022                        // an 802.3 length field, then no SNAP header
	SNAP                           // an 802.3 length field, then LLC and SNAP
	MACsec                         // 0x88e5
	IPIP                           // IPv4 in IPv4
	SixInFour                      // IPv6 in IPv4
	FourInSix                      // IPv4 in IPv6
	SixInSix                       // IPv6 in IPv6
	GRE                            // none of the next six
	NVGRE                          // with a key, around Ethernet (RFC 7637)
	ERSPAN1                        // protocol 0x88be without a sequence number
	ERSPAN2                        // protocol 0x88be with one
	ERSPAN3                        // protocol 0x22eb
	PPTP                           // version 1 (RFC 2637)
	EoIP                           // version 1 around Ethernet, as MikroTik's routers send it
	VXLAN                          // UDP to port 4789 or 8472, with a network identifier
	Geneve                         // UDP to port 6081
	GTPU                           // UDP port 2152, version 1
	L2TP                           // UDP port 1701, version 2
	L2TPv3                         // the same of version 3, or IP protocol 115
	ESP                            // IP protocol 50
	ESPinUDP                       // UDP port 4500, not IKE and no keep-alive
	AH                             // IP protocol 51
	WireGuard                      // UDP of any port in the form of its four messages

	NumEncapsulations = iota
)

var encapsulationNames = [NumEncapsulations]string{
	"vlan", "qinq", "mpls", "pppoe", "llc", "snap", "macsec", "ipip", "6in4", "4in6", "6in6",
	"gre", "nvgre", "erspan_1", "erspan_2", "erspan_3", "pptp", "eoip", "vxlan", "geneve", "gtp_u",
	"l2tp", "l2tpv3", "esp", "esp_udp", "ah", "wireguard",
}

// String is the encapsulation's name in reports, "gtp_u".
func (e Encapsulation) String() string { return encapsulationNames[e] }

// Encapsulations is a set of them.
type Encapsulations uint32

func setOf(list ...Encapsulation) Encapsulations {
	var s Encapsulations
	for _, e := range list {
		s |= 1 << e
	}
	return s
}

// hiding are the encapsulations that keep the flows inside them from a NIC that
// reads the outer headers alone. A packet has at most one: Walk ends at it.
var hiding = setOf(MPLS, PPPoE, SNAP, MACsec, IPIP, SixInFour, FourInSix, SixInSix, GRE, NVGRE, ERSPAN1, ERSPAN2,
	ERSPAN3, PPTP, EoIP, VXLAN, Geneve, GTPU, L2TP, L2TPv3, ESP, ESPinUDP, WireGuard)

// innerHashed are those whose inner headers NICs with tunnel offload hash.
var innerHashed = setOf(IPIP, SixInFour, FourInSix, SixInSix, GRE, NVGRE, VXLAN, Geneve, GTPU)

// Has reports whether e is in the set.
func (s Encapsulations) Has(e Encapsulation) bool { return s>>e&1 != 0 }

// Tunnel is the one of the set that hides flows from a NIC that reads the outer
// headers alone.
func (s Encapsulations) Tunnel() (e Encapsulation, ok bool) {
	if s &= hiding; s == 0 {
		return 0, false
	}
	return Encapsulation(bits.TrailingZeros32(uint32(s))), true
}

// InnerHashed reports whether NICs with tunnel offload can hash the headers inside
// the encapsulation: IP in IP, GRE and NVGRE, VXLAN, Geneve and GTP-U.
func (e Encapsulation) InnerHashed() bool { return innerHashed.Has(e) }
