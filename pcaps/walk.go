package pcaps

import (
	"encoding/binary"
	"math"
)

// EtherTypes and Linux hardware types that the walk knows.
const (
	etherIPv4   = 0x0800
	etherTag    = 0x8100
	etherIPv6   = 0x86dd
	etherTag88  = 0x88a8
	etherTag91  = 0x9100
	minEther    = 0x0600 // below, the field is an 802.3 length
	etherBytes  = 14
	sllBytes    = 16
	sll2Bytes   = 20
	familyBytes = 4

	// A Linux cooked header's protocol field is no EtherType with these hardware
	// types (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html), and these
	// values of it are 802.3 frames.
	arphrdFRAD     = 770
	arphrdRadiotap = 803
	arphrdNetlink  = 824
	sll8023        = 1
	sllLLC         = 4

	// Packet types of Linux cooked headers: 0 to 3 were received (for this
	// machine, broadcast, multicast, for another one).
	sllOtherHost = 3
	sllOutgoing  = 4

	ipv4Bytes = 20
	ipv6Bytes = 40

	optionPad1        = 0
	optionHomeAddress = 201 // RFC 6275, section 6.3
	routingType2      = 2   // RFC 6275, section 6.4
)

// Walk reads rec's headers into h, all of whose fields it sets, and the
// addresses of mobile IPv6 into ext, as far as h.Facts says that they are there.
// It follows the model's section 2:
//
//   - VLAN tags (0x8100, 0x88a8, 0x9100, any depth) are stepped over.
//   - IP needs its whole fixed header in the captured bytes, the version that
//     its EtherType names, and IHL ≥ 5; anything else has a Reason.
//   - Bytes beyond the fixed header count only inside both the captured bytes
//     and the IP length; a length of 0 is not known, as segmentation offload
//     leaves it, and the captured bytes alone count.
//   - Any fragment, the first included, has no ports; an IPv6 atomic fragment is
//     a whole packet.
func Walk(rec *Record, h *Header, ext *Extension) {
	// Optimization: untagged Ethernet, IPv4 without options, TCP or UDP, no
	// fragment, ports inside the IP length. It must equal walk.
	if b := rec.Data; len(b) >= etherBytes+ipv4Bytes+4 && rec.Link == LinkEthernet &&
		b[12] == etherIPv4>>8 && b[13] == etherIPv4&0xff && b[14] == 0x45 &&
		(b[23] == ProtoTCP || b[23] == ProtoUDP) &&
		binary.BigEndian.Uint16(b[20:])&ipv4FragmentMask == 0 {
		if total := binary.BigEndian.Uint16(b[16:]); total == 0 || total >= ipv4Bytes+4 {
			// Field by field, as in classic.decode.
			h.Src, h.Dst = [16]byte{}, [16]byte{}
			*(*[4]byte)(h.Src[:]) = [4]byte(b[26:])
			*(*[4]byte)(h.Dst[:]) = [4]byte(b[30:])
			h.SrcPort = binary.BigEndian.Uint16(b[34:])
			h.DstPort = binary.BigEndian.Uint16(b[36:])
			h.Facts = HasPorts
			h.Protocol = b[23]
			h.Version = 4
			h.Reason = IP
			h.Direction = rec.Direction
			return
		}
	}
	walk(rec, h, ext)
}

// walk is Walk for every packet.
func walk(rec *Record, h *Header, ext *Extension) {
	*h = Header{Direction: rec.Direction}
	b := rec.Data
	switch rec.Link {
	case LinkEthernet:
		if len(b) < etherBytes {
			h.Reason = ShortLink
			return
		}
		h.etherType(binary.BigEndian.Uint16(b[12:]), b[etherBytes:], ext)
	case LinkSLL:
		if len(b) < sllBytes {
			h.Reason = ShortLink
			return
		}
		h.cooked(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[14:]), b[sllBytes:], ext)
	case LinkSLL2:
		if len(b) < sll2Bytes {
			h.Reason = ShortLink
			return
		}
		h.cooked(uint16(b[10]), binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b), b[sll2Bytes:], ext)
	case LinkNull, LinkLoop:
		if len(b) < familyBytes {
			h.Reason = ShortLink
			return
		}
		h.addressFamily(rec.Link, b, ext)
	case LinkRaw12, LinkRaw14, LinkRaw:
		switch {
		case len(b) == 0:
			h.Reason = ShortIP
		case b[0]>>4 == 4:
			h.ipv4(b)
		case b[0]>>4 == 6:
			h.ipv6(b, ext)
		default:
			h.Reason = BadIPVersion
		}
	case LinkIPv4:
		h.ipv4(b)
	case LinkIPv6:
		h.ipv6(b, ext)
	default:
		h.Reason = UnknownLink
	}
}

// cooked goes on after a Linux cooked header.
func (h *Header) cooked(packetType, hardware, protocol uint16, b []byte, ext *Extension) {
	switch {
	case packetType == sllOutgoing:
		h.Direction = Outbound
	case packetType <= sllOtherHost:
		h.Direction = Inbound
	}
	switch {
	case hardware == arphrdFRAD || hardware == arphrdRadiotap || hardware == arphrdNetlink:
		h.Reason = NotIP
	case protocol == sll8023 || protocol == sllLLC:
		h.Reason = LLC
	case protocol < minEther:
		h.Reason = NotIP
	default:
		h.etherType(protocol, b, ext)
	}
}

// addressFamily goes on with a BSD loopback header: the family of its writer's
// byte order under LinkNull, of network order under LinkLoop.
func (h *Header) addressFamily(link LinkType, b []byte, ext *Extension) {
	family := binary.BigEndian.Uint32(b)
	if link == LinkNull && family > math.MaxUint16 {
		family = binary.LittleEndian.Uint32(b) // families are small: the order is the other one
	}
	switch family {
	case 2: // AF_INET everywhere
		h.ipv4(b[familyBytes:])
	case 24, 28, 30, 10: // AF_INET6 of NetBSD and OpenBSD, FreeBSD, Darwin, Linux
		h.ipv6(b[familyBytes:], ext)
	default:
		h.Reason = NotIP
	}
}

// etherType goes on with what an EtherType names; b begins after it.
func (h *Header) etherType(kind uint16, b []byte, ext *Extension) {
	for {
		switch kind {
		case etherIPv4:
			h.ipv4(b)
			return
		case etherIPv6:
			h.ipv6(b, ext)
			return
		case etherTag:
			if h.Facts&Tag8100 != 0 {
				h.Facts |= TwoTags8100
			}
			h.Facts |= Tag8100
		case etherTag88:
			h.Facts |= Tag88A8
		case etherTag91:
			h.Facts |= Tag9100
		default:
			h.Reason = NotIP
			if kind < minEther {
				h.Reason = LLC
			}
			return
		}
		if len(b) < 4 { // the tag's control information, and the next EtherType
			h.Reason = ShortLink
			return
		}
		kind = binary.BigEndian.Uint16(b[2:])
		b = b[4:]
	}
}

// ipv4FragmentMask is more-fragments and the offset. The reserved bit makes no
// fragment, and neither does don't-fragment.
const ipv4FragmentMask = 0x3fff

// ipv4 reads an IPv4 header at the start of b.
func (h *Header) ipv4(b []byte) {
	switch {
	case len(b) < ipv4Bytes:
		h.Reason = ShortIP
		return
	case b[0]>>4 != 4:
		h.Reason = BadIPVersion
		return
	case b[0]&15 < ipv4Bytes/4:
		h.Reason = BadIHL
		return
	}
	h.Version = 4
	*(*[4]byte)(h.Src[:]) = [4]byte(b[12:])
	*(*[4]byte)(h.Dst[:]) = [4]byte(b[16:])
	h.Protocol = b[9]
	header := int(b[0]&15) * 4
	if header > ipv4Bytes {
		h.Facts |= Options
	}
	if binary.BigEndian.Uint16(b[6:])&ipv4FragmentMask != 0 {
		h.Facts |= Fragment
		return
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	if length == 0 {
		length = math.MaxInt
	}
	h.ports(b, header, length)
}

// ports reads the ports of a packet that is no fragment: b is the packet from
// its IP header on, at is where the transport header begins, length is the IP
// length in bytes, math.MaxInt if it is not known.
func (h *Header) ports(b []byte, at, length int) {
	if h.Protocol != ProtoTCP && h.Protocol != ProtoUDP && h.Protocol != ProtoSCTP || at+4 > length {
		return
	}
	if at+4 > len(b) {
		h.Facts |= PortsCut
		return
	}
	h.Facts |= HasPorts
	h.SrcPort = binary.BigEndian.Uint16(b[at:])
	h.DstPort = binary.BigEndian.Uint16(b[at+2:])
}

// ipv6 reads an IPv6 header at the start of b and the chain of extension headers
// after it.
func (h *Header) ipv6(b []byte, ext *Extension) {
	switch {
	case len(b) < ipv6Bytes:
		h.Reason = ShortIP
		return
	case b[0]>>4 != 6:
		h.Reason = BadIPVersion
		return
	}
	h.Version = 6
	h.Src = [16]byte(b[8:])
	h.Dst = [16]byte(b[24:])
	length := math.MaxInt
	if payload := int(binary.BigEndian.Uint16(b[4:])); payload != 0 {
		length = ipv6Bytes + payload
	}
	end := min(length, len(b)) // of the bytes that count

	next, at := b[6], ipv6Bytes
	for {
		rest := b[at:end]
		var size int
		switch next {
		case ProtoHopByHop, ProtoRouting, ProtoDstOpts, ProtoMobility, ProtoHIP, ProtoShim6:
			if len(rest) < 2 {
				h.Facts |= ProtocolUnknown
				return
			}
			size = (int(rest[1]) + 1) * 8
		case ProtoAH:
			if len(rest) < 2 {
				h.Facts |= ProtocolUnknown
				return
			}
			size = (int(rest[1]) + 2) * 4
		case ProtoFragment:
			size = 8
		default:
			h.Protocol = next
			h.ports(b, at, length)
			return
		}
		if len(rest) < size {
			h.Facts |= ProtocolUnknown
			return
		}
		h.Facts |= Extended
		switch next {
		case ProtoRouting:
			h.routing(rest[:size], ext)
		case ProtoDstOpts:
			h.destinationOptions(rest[:size], ext)
		case ProtoFragment:
			if offset := binary.BigEndian.Uint16(rest[2:]); offset&0xfff9 != 0 { // offset, or the M bit
				h.Facts |= Fragment
				h.Protocol = rest[0]
				return
			}
			h.Facts |= Atomic
		}
		next = rest[0]
		at += size
	}
}

// routing notes the address of a type-2 routing header b, the first one's if
// there are several.
func (h *Header) routing(b []byte, ext *Extension) {
	if b[2] == routingType2 && len(b) >= 24 && h.Facts&RoutingType2 == 0 {
		h.Facts |= RoutingType2
		ext.Routing = [16]byte(b[8:])
	}
}

// destinationOptions notes the address of a Home Address option in the header b,
// the first one's if there are several.
func (h *Header) destinationOptions(b []byte, ext *Extension) {
	if h.Facts&HomeAddress != 0 {
		return
	}
	for b = b[2:]; len(b) >= 2; {
		if b[0] == optionPad1 {
			b = b[1:]
			continue
		}
		size := 2 + int(b[1])
		if size > len(b) {
			return
		}
		if b[0] == optionHomeAddress && size == 18 {
			h.Facts |= HomeAddress
			ext.Home = [16]byte(b[2:])
			return
		}
		b = b[size:]
	}
}
