package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// Walk reads rec's headers into h, all of whose fields it sets, and the
// addresses of mobile IPv6 into ext, as far as h.Facts says that they are there.
// Its rules:
//
//   - VLAN tags (0x8100, 0x88a8, 0x9100, any depth) are stepped over.
//   - IP needs its whole fixed header in the captured bytes, the version that
//     its EtherType names, and IHL ≥ 5; anything else has a Reason.
//   - Bytes beyond the fixed header count only inside both the captured bytes
//     and the IP length; a length of 0 is not known, as segmentation offload
//     leaves it, and the captured bytes alone count.
//   - Any fragment, the first included, has no ports; an IPv6 atomic fragment is
//     a whole packet.
//
// Encapsulations on the way are noted, and the walk ends at the first that hides
// what is inside: h is the outermost IP header. WalkInner goes on from there.
//
// PlainTuples is the same, faster, for most packets.
func Walk(rec *pcaps.Record, h *pcaps.Header, ext *pcaps.Extension) {
	*h = pcaps.Header{Direction: rec.Direction}
	w := walker{Header: h, ext: ext, cut: true}
	if b := rec.Data; rec.Link == pcaps.LinkEthernet && len(b) >= etherBytes { // Optimization: saves a call
		w.etherType(binary.BigEndian.Uint16(b[12:]), b[etherBytes:])
		return
	}
	w.link(rec.Link, rec.Data)
}

// WalkFrame is Walk, and sets frame to what is no part of h.
func WalkFrame(rec *pcaps.Record, h *pcaps.Header, ext *pcaps.Extension, frame *pcaps.Frame) {
	*h = pcaps.Header{Direction: rec.Direction}
	*frame = pcaps.Frame{}
	w := walker{Header: h, ext: ext, cut: true, frame: frame}
	w.link(rec.Link, rec.Data)
}

// WalkInner is Walk of the first IP header inside the encapsulation that Walk
// ends at. It reports whether there is one, whole and in the clear; h and ext mean
// nothing otherwise. Its bytes count inside the lengths of the outer headers, too.
// The tags among h.Facts are the outer frame's, which a NIC's rules are about;
// h.Encapsulations are those on the way from the outer IP header.
func WalkInner(rec *pcaps.Record, h *pcaps.Header, ext *pcaps.Extension) bool {
	w := walker{Header: h, ext: ext, cut: true}
	*h = pcaps.Header{Direction: rec.Direction}
	w.link(rec.Link, rec.Data)
	tags := h.Facts & pcaps.AnyTag
	for w.kind != 0 {
		*h = pcaps.Header{Direction: h.Direction}
		w.open()
		if h.Version != 0 {
			h.Facts = h.Facts&^pcaps.AnyTag | tags
			return true
		}
	}
	return false
}

// walker reads one packet, header after header. Its methods take the bytes that
// count from where they begin to read.
type walker struct {
	*pcaps.Header
	ext *pcaps.Extension
	cut bool // where the bytes end, the capture does, and not the packet

	frame *pcaps.Frame // nil: nobody asks for it

	// What the encapsulation holds at which the walk ended.
	kind   uint16 // EtherType, or insideLLC; 0 if it ended at none, or inside can't be read
	inside []byte
}

// holds ends the walk at an encapsulation.
func (w *walker) holds(kind uint16, inside []byte) { w.kind, w.inside = kind, inside }

// after is b without its first n bytes, empty if it has not as many.
func after(b []byte, n int) []byte { return b[min(n, len(b)):] }

// etherType goes on with what an EtherType names; b begins after it.
func (w *walker) etherType(kind uint16, b []byte) {
	if w.frame != nil {
		w.frameTypes(kind, b)
	}
	for {
		switch kind {
		case etherIPv4:
			w.ipv4(b)
			return
		case etherIPv6:
			w.ipv6(b)
			return
		case etherTag:
			if w.Facts&pcaps.Tag8100 != 0 {
				w.Facts |= pcaps.TwoTags8100
			}
			w.Facts |= pcaps.Tag8100
		case etherTag88:
			w.Facts |= pcaps.Tag88A8
		case etherTag91:
			w.Facts |= pcaps.Tag9100
		default:
			w.notIP(kind, b)
			return
		}
		if w.Encapsulations&(1<<pcaps.VLAN|1<<pcaps.QinQ) == 0 {
			w.Encapsulations |= 1 << pcaps.VLAN
		} else {
			w.Encapsulations = w.Encapsulations&^(1<<pcaps.VLAN) | 1<<pcaps.QinQ
		}
		if len(b) < 4 { // the tag's control information, and the next EtherType
			w.Reason = pcaps.ShortLink
			return
		}
		kind = binary.BigEndian.Uint16(b[2:])
		b = b[4:]
	}
}

// notIP notes why a frame of that EtherType, or of that length, is not IP for a
// NIC, and what it is.
func (w *walker) notIP(kind uint16, b []byte) {
	w.Reason = pcaps.NotIP
	switch {
	case kind < minEther:
		w.Reason = pcaps.LLC
		w.llc(b)
	case kind == etherMPLS || kind == etherMPLSMulticast:
		w.Encapsulations |= 1 << pcaps.MPLS
		w.holds(etherMPLS, b)
	case kind == etherPPPoE:
		w.Encapsulations |= 1 << pcaps.PPPoE
		w.holds(etherPPPoE, b)
	case kind == etherMACsec:
		w.Encapsulations |= 1 << pcaps.MACsec
	}
}

// llc notes whether an 802.2 header is that of SNAP.
func (w *walker) llc(b []byte) {
	if isSNAP(b) {
		w.Encapsulations |= 1 << pcaps.SNAP
		w.holds(insideLLC, b)
		return
	}
	w.Encapsulations |= 1 << pcaps.LLC8022
}

const snapBytes = 8

// isSNAP tells LLC and SNAP headers that an EtherType ends: those of RFC 1042 and
// of 802.1H.
func isSNAP(b []byte) bool {
	return len(b) >= snapBytes && b[0] == 0xaa && b[1] == 0xaa && b[2] == 3 && b[3] == 0 && b[4] == 0 && (b[5] == 0 || b[5] == 0xf8)
}
