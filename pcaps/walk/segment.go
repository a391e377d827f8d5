package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// Segment is the lengths by which receive coalescing and segmentation offload
// show in a packet, in bytes on the wire.
type Segment struct {
	IP      int64 // from the IP header on, padding included
	Headers int64 // IP and TCP headers; 0 if the packet is not TCP, or they are not whole
}

// SegmentOf measures a packet of which h is the outermost header; not ok if it is
// not IP, or the link layer's header has no fixed length.
func SegmentOf(rec *pcaps.Record, h *pcaps.Header) (s Segment, ok bool) {
	at, ok := IPAt(rec, h)
	if !ok {
		return Segment{}, false
	}
	b := rec.Data
	s.IP = int64(rec.Wire) - int64(at)
	if h.Protocol != pcaps.ProtoTCP || h.Facts&pcaps.HasPorts == 0 || h.Facts&pcaps.Extended != 0 {
		return s, true
	}
	tcp := at + ipv6Bytes
	if h.Version == 4 {
		tcp = at + int(b[at]&15)*4
	}
	if tcp+12 < len(b) {
		s.Headers = int64(tcp - at + int(b[tcp+12]>>4)*4)
	}
	return s, true
}

// IPAt is where the IP header of a packet begins, of which h is the outermost one; not ok if
// it is not IP, or the link layer's header has no fixed length.
func IPAt(rec *pcaps.Record, h *pcaps.Header) (at int, ok bool) {
	at, ok = HeaderBytes(rec.Link)
	if !ok || h.Version == 0 {
		return 0, false
	}
	b := rec.Data
	kindAt := at - 2 // of the EtherType
	if rec.Link == pcaps.LinkSLL2 {
		kindAt = 0
	}
	if h.Encapsulations&(1<<pcaps.VLAN|1<<pcaps.QinQ) != 0 { // h has IP, so the tags are whole
		for {
			kind := binary.BigEndian.Uint16(b[kindAt:])
			if kind != etherTag && kind != etherTag88 && kind != etherTag91 {
				break
			}
			kindAt, at = at+2, at+4
		}
	}
	return at, true
}

// HeaderBytes is the length of the link type's header before an untagged IP
// packet; not ok where it varies.
func HeaderBytes(l pcaps.LinkType) (n int, ok bool) {
	switch l {
	case pcaps.LinkEthernet:
		return etherBytes, true
	case pcaps.LinkSLL:
		return sllBytes, true
	case pcaps.LinkSLL2:
		return sll2Bytes, true
	case pcaps.LinkNull, pcaps.LinkLoop:
		return familyBytes, true
	case pcaps.LinkRaw12, pcaps.LinkRaw14, pcaps.LinkRaw, pcaps.LinkIPv4, pcaps.LinkIPv6:
		return 0, true
	}
	return 0, false
}
