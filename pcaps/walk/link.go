package walk

import (
	"encoding/binary"
	"math"

	"rssreplay/pcaps"
)

// EtherTypes and Linux hardware types that the walk knows.
const (
	etherIPv4          = 0x0800
	etherBridging      = 0x6558 // an Ethernet frame inside something else
	etherTag           = 0x8100
	etherIPv6          = 0x86dd
	etherPPP           = 0x880b
	etherMPLS          = 0x8847
	etherMPLSMulticast = 0x8848
	etherPPPoE         = 0x8864 // of a session
	etherTag88         = 0x88a8
	etherMACsec        = 0x88e5
	etherTag91         = 0x9100
	minEther           = 0x0600 // below, the field is an 802.3 length
	insideLLC          = 1      // walker.kind: LLC and SNAP headers
	etherBytes         = 14
	sllBytes           = 16
	sll2Bytes          = 20
	familyBytes        = 4

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

	// Address families of BSD loopback headers and of Linux.
	familyIPv4      = 2 // everywhere
	familyIPv6Linux = 10
	familyIPv6BSD   = 24 // NetBSD and OpenBSD
	familyIPv6Free  = 28 // FreeBSD
	familyIPv6Mac   = 30 // Darwin
	familyNetdev    = 5  // Linux's NFPROTO_NETDEV
	familyBridge    = 7  // and NFPROTO_BRIDGE
)

// link reads a packet of the link type from its start.
func (w *walker) link(link pcaps.LinkType, b []byte) {
	switch link {
	case pcaps.LinkEthernet:
		w.ethernet(b)
	case pcaps.LinkSLL:
		if len(b) < sllBytes {
			w.Reason = pcaps.ShortLink
			return
		}
		w.cooked(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[14:]), b[sllBytes:])
	case pcaps.LinkSLL2:
		if len(b) < sll2Bytes {
			w.Reason = pcaps.ShortLink
			return
		}
		w.cooked(uint16(b[10]), binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b), b[sll2Bytes:])
	case pcaps.LinkNull, pcaps.LinkLoop:
		w.loopback(link, b)
	case pcaps.LinkRaw12, pcaps.LinkRaw14, pcaps.LinkRaw:
		w.rawIP(b)
	case pcaps.LinkIPv4:
		w.ipv4(b)
	case pcaps.LinkIPv6:
		w.ipv6(b)
	case pcaps.LinkPPP, pcaps.LinkPPPHDLC, pcaps.LinkPPPEther, pcaps.LinkPPPD, pcaps.LinkPPPDir, pcaps.LinkCiscoHDLC, pcaps.LinkHDLCDir, pcaps.LinkFrameRelay:
		w.serial(link, b)
	case pcaps.Link80211:
		w.frame80211(b, false)
	case pcaps.LinkRadiotap:
		w.radiotap(b)
	case pcaps.LinkPPI:
		w.perPacketInformation(b)
	case pcaps.LinkMPLS:
		w.etherType(etherMPLS, b)
	case pcaps.LinkNFLOG:
		w.netfilterLog(b)
	default:
		w.Reason = pcaps.UnknownLink
	}
}

func (w *walker) ethernet(b []byte) {
	if len(b) < etherBytes {
		w.Reason = pcaps.ShortLink
		return
	}
	if w.frame != nil {
		w.frame.Destination, w.frame.Source = [6]byte(b), [6]byte(b[6:])
		w.frame.Has |= pcaps.FrameMACs
	}
	w.etherType(binary.BigEndian.Uint16(b[12:]), b[etherBytes:])
}

// loopback reads BSD's loopback header: an address family, of LinkNull in the byte order of
// the machine that captured.
func (w *walker) loopback(link pcaps.LinkType, b []byte) {
	if len(b) < familyBytes {
		w.Reason = pcaps.ShortLink
		return
	}
	family := binary.BigEndian.Uint32(b)
	if link == pcaps.LinkNull && family > math.MaxUint16 {
		family = binary.LittleEndian.Uint32(b) // families are small: the order is the other one
	}
	w.addressFamily(family, b[familyBytes:])
}

// rawIP reads a packet that begins with its IP header, whose version it tells itself.
func (w *walker) rawIP(b []byte) {
	switch {
	case len(b) == 0:
		w.Reason = pcaps.ShortIP
	case b[0]>>4 == 4:
		w.ipv4(b)
	case b[0]>>4 == 6:
		w.ipv6(b)
	default:
		w.Reason = pcaps.BadIPVersion
	}
}

// cooked goes on after a Linux cooked header.
func (w *walker) cooked(packetType, hardware, protocol uint16, b []byte) {
	switch {
	case packetType == sllOutgoing:
		w.Direction = pcaps.Outbound
	case packetType <= sllOtherHost:
		w.Direction = pcaps.Inbound
	}
	if hardware == arphrdFRAD || hardware == arphrdRadiotap || hardware == arphrdNetlink {
		w.Reason = pcaps.NotIP
		return
	}
	w.protocol(protocol, b)
}

// protocol goes on after a protocol as Linux has it in its packets: an EtherType, or
// a number of its own for what has none.
func (w *walker) protocol(protocol uint16, b []byte) {
	switch {
	case protocol == sll8023 || protocol == sllLLC:
		w.Reason = pcaps.LLC
		w.llc(b)
	case protocol < minEther:
		w.Reason = pcaps.NotIP
	default:
		w.etherType(protocol, b)
	}
}

// addressFamily goes on with a packet of an address family.
func (w *walker) addressFamily(family uint32, b []byte) {
	switch family {
	case familyIPv4:
		w.ipv4(b)
	case familyIPv6BSD, familyIPv6Free, familyIPv6Mac, familyIPv6Linux:
		w.ipv6(b)
	default:
		w.Reason = pcaps.NotIP
	}
}

// perPacketInformation steps over a PPI header to the packet of another link type.
func (w *walker) perPacketInformation(b []byte) {
	const headerBytes = 8
	if len(b) < headerBytes {
		w.Reason = pcaps.ShortLink
		return
	}
	size, link := int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint32(b[4:])
	switch {
	case size < headerBytes || size > len(b):
		w.Reason = pcaps.ShortLink
	case link > math.MaxUint16 || pcaps.LinkType(link) == pcaps.LinkPPI:
		w.Reason = pcaps.UnknownLink
	default:
		w.link(pcaps.LinkType(link), b[size:])
	}
}

// netfilterLog finds the packet among the attributes of a record of Linux's
// netfilter log (include/uapi/linux/netfilter/nfnetlink_log.h). Of a family without
// IP of its own, such as the bridge's, the packet header attribute has the EtherType.
func (w *walker) netfilterLog(b []byte) {
	const (
		headerBytes, attributeBytes = 4, 4
		packetHeader, payload       = 1, 9
	)
	w.Reason = pcaps.ShortLink
	if len(b) < headerBytes {
		return
	}
	family, etherType := uint32(b[0]), uint16(0)
	for b = b[headerBytes:]; len(b) >= attributeBytes; {
		// In the writer's byte order, nearly always little-endian.
		size, kind := int(binary.LittleEndian.Uint16(b)), binary.LittleEndian.Uint16(b[2:])
		if size < attributeBytes {
			return
		}
		switch kind & 0x7fff {
		case packetHeader:
			if size >= attributeBytes+2 && len(b) >= attributeBytes+2 {
				etherType = binary.BigEndian.Uint16(b[attributeBytes:])
			}
		case payload:
			w.Reason = pcaps.IP
			packet := b[attributeBytes:min(size, len(b))] // padding follows, where --nflog-size cut it
			if family == familyBridge || family == familyNetdev {
				w.protocol(etherType, packet)
			} else {
				w.addressFamily(family, packet)
			}
			return
		}
		b = after(b, (size+3)&^3)
	}
}
