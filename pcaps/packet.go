package pcaps

// Direction is what the capture itself says of a packet's way.
type Direction uint8

const (
	DirectionUnknown Direction = iota
	Inbound
	Outbound
)

// Record is one packet record of a capture, before anything is read in it.
// Data belongs to the Reader and is valid until its next call.
type Record struct {
	Time      int64     // timestamp, ns since the Unix epoch
	Data      []byte    // the captured bytes
	Wire      uint32    // length on the wire in bytes (the record's original length)
	Interface int32     // pcapng interface, counted over all sections; 0 in classic pcap
	Queue     int32     // pcapng's epb_queue, -1 if absent
	Hash      uint32    // pcapng's epb_hash of algorithm Toeplitz, as its four bytes lie (big endian)
	Link      LinkType  // of the record's interface
	Direction Direction // pcapng's epb_flags; Walk refines it from Linux cooked headers
	HasHash   bool
	Predicted bool // Queue and Hash are what rssreplay wrote of them, not what a NIC did
}

// Set makes r a record of which no more is known, but for its time.
//
// Optimization: field by field. A composite literal is made on the stack and
// copied in wider pieces than it was written in, which waits for the stores.
func (r *Record) Set(data []byte, wire uint32, link LinkType) {
	r.Data = data
	r.Wire = wire
	r.Interface = 0
	r.Queue = -1
	r.Hash = 0
	r.Link = link
	r.Direction = DirectionUnknown
	r.HasHash = false
	r.Predicted = false
}

// Protocol numbers of the IANA registry that the walk knows by name.
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoIPv4     = 4
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoGRE      = 47
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMPv6   = 58
	ProtoNoNext   = 59
	ProtoDstOpts  = 60
	ProtoL2TP     = 115 // version 3
	ProtoSCTP     = 132
	ProtoMobility = 135
	ProtoUDPLite  = 136
	ProtoHIP      = 139
	ProtoShim6    = 140
)

// Facts are the facts about a packet's headers that are not part of its tuple.
// A NIC's parser may decide by some of them (see nicmodel).
type Facts uint16

const (
	// HasPorts: TCP, UDP or SCTP, no fragment, and all four bytes of the ports
	// lie inside both the captured bytes and the IP length.
	HasPorts Facts = 1 << iota
	// Fragment: any fragment of a datagram, the first included; not an atomic one.
	Fragment
	// ProtocolUnknown: an IPv6 extension header did not lie whole inside the
	// bytes, so that the walk ended before the upper-layer protocol.
	ProtocolUnknown
	// PortsCut: TCP, UDP or SCTP, no fragment, whose ports lie inside the IP
	// length but not inside the captured bytes: the snap length cut them off.
	PortsCut
	// HomeAddress: a destination options header holds a Home Address option
	// (RFC 6275, option type 201); the address is in Extension.Home.
	HomeAddress
	// RoutingType2: a type-2 routing header (RFC 6275); its address is in
	// Extension.Routing.
	RoutingType2
	// Atomic: an IPv6 Fragment header with M 0 and offset 0.
	Atomic
	// Extended: at least one IPv6 extension header was stepped over, the Fragment
	// header of a fragment included.
	Extended
	// Options: an IPv4 header longer than 20 bytes.
	Options
	// Tag8100, Tag88A8, Tag9100: at least one VLAN tag of that EtherType.
	Tag8100
	Tag88A8
	Tag9100
	// TwoTags8100: two tags of EtherType 0x8100 or more.
	TwoTags8100

	AnyTag = Tag8100 | Tag88A8 | Tag9100 | TwoTags8100
)

// Reason says why a packet has no IP header that a NIC could hash. The list is
// closed: each is reported, also when zero. The reasons that a NIC's hash types
// give to IP packets are in nicmodel.
type Reason uint8

const (
	IP           Reason = iota // an IP header was found
	NotIP                      // another EtherType (ARP, LLDP, MPLS, PPPoE …)
	LLC                        // an 802.3 length field: LLC or SNAP
	ShortLink                  // the link-layer header is not whole
	ShortIP                    // the fixed IP header is not whole
	BadIPVersion               // the version is not the one the EtherType names
	BadIHL                     // IPv4 header length below 5 words
	UnknownLink                // a link type that Walk does not know
	NumReasons   = iota
)

var reasonNames = [NumReasons]string{
	"ip", "not_ip", "llc", "short_link_header", "short_ip_header",
	"bad_ip_version", "bad_ip_header_length", "unknown_link_type",
}

// String is the reason's name in reports, "not_ip".
func (r Reason) String() string { return reasonNames[r] }

// Header is what Walk reads from one packet: its tuple and the facts about it.
// 48 bytes, no pointers. An IPv4 address stands in the first four bytes of Src
// and Dst, the rest are zero; addresses are in network order, ports in host
// order and zero without HasPorts.
type Header struct {
	Src, Dst         [16]byte
	SrcPort, DstPort uint16
	Encapsulations   Encapsulations
	Facts            Facts
	Protocol         uint8     // upper-layer protocol, 0 with ProtocolUnknown
	Version          uint8     // 4 or 6; 0 if Reason is not IP
	Reason           Reason    // why there is no IP header; IP if there is one
	Direction        Direction // the record's, refined by Linux cooked headers
}

// Extension holds the addresses that stand in for a packet's own under the
// NDIS hash types ending in _EX; each valid only with its Facts bit.
type Extension struct {
	Home    [16]byte // Home Address option: replaces the source
	Routing [16]byte // type-2 routing header: replaces the destination
}

// VersionIndex is 0 of IPv4 and 1 of IPv6.
func VersionIndex(version uint8) int {
	if version == 6 {
		return 1
	}
	return 0
}
