package rps

import (
	"rssreplay/hash"
	"rssreplay/pcaps"
)

// Hashes are kinds of hashes that a NIC gives packets. A driver passes some of them up
// as hashes of layer 4 (PKT_HASH_TYPE_L4), and only those count for RPS; a packet
// without a hash of the NIC's is of no kind.
type Hashes uint8

const (
	// By what was hashed: exactly one of a hashed packet.
	OnTCPPorts  Hashes = 1 << iota // by a type of TCP
	OnUDPPorts                     // by a type of UDP
	OnExPorts                      // by tcp_ipv6_ex or udp_ipv6_ex
	OnAddresses                    // by a type without ports

	// By the packet, whatever was hashed of it: at most one.
	OfTCP  // unfragmented
	OfUDP  // unfragmented
	OfSCTP // unfragmented
	OfICMP // unfragmented

	NoHashes = Hashes(0)
	OnPorts  = OnTCPPorts | OnUDPPorts | OnExPorts
	All      = OnPorts | OnAddresses
	ByPacket = OfTCP | OfUDP | OfSCTP | OfICMP
)

// KindOf is the kind of the hash of a packet that was hashed by t, and whose header's
// protocol and facts these are.
func KindOf(t hash.Type, protocol uint8, facts pcaps.Facts) Hashes {
	if t == hash.None {
		return NoHashes
	}
	kind := OnAddresses
	switch t {
	case hash.TCPIPv4, hash.TCPIPv6:
		kind = OnTCPPorts
	case hash.UDPIPv4, hash.UDPIPv6:
		kind = OnUDPPorts
	case hash.TCPIPv6Ex, hash.UDPIPv6Ex:
		kind = OnExPorts
	}
	if facts&(pcaps.Fragment|pcaps.ProtocolUnknown) != 0 {
		return kind
	}
	switch protocol {
	case pcaps.ProtoTCP:
		kind |= OfTCP
	case pcaps.ProtoUDP:
		kind |= OfUDP
	case pcaps.ProtoSCTP:
		kind |= OfSCTP
	case pcaps.ProtoICMP, pcaps.ProtoICMPv6:
		kind |= OfICMP
	}
	return kind
}
