package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// UDP ports that tell a tunnel.
const (
	portL2TP      = 1701 // RFC 2661, section 8.1; RFC 3931, section 4.1.2
	portGTPU      = 2152 // 3GPP TS 29.281, section 4.4.2
	portESP       = 4500 // RFC 3948
	portVXLAN     = 4789 // RFC 7348
	portGeneve    = 6081 // RFC 8926
	portVXLANOld  = 8472 // Linux's, from before the assignment
	udpBytes      = 8
	greKey        = 0x2000
	greSequence   = 0x1000
	greErspan     = 0x88be
	greErspan3    = 0x22eb
	greEoIP       = 0x6400
	vxlanBytes    = 8
	vxlanHasID    = 0x08
	gtpBytes      = 8
	gtpUserPacket = 255 // G-PDU
)

// mayBeTunnel tells whether a UDP datagram can be one that udpTunnel recognises.
// b begins with its header, of which the ports are there; it may be longer than
// the datagram.
func mayBeTunnel(b []byte) bool {
	return tunnelPort(binary.BigEndian.Uint16(b)) || tunnelPort(binary.BigEndian.Uint16(b[2:])) ||
		len(b) >= udpBytes+4 && binary.LittleEndian.Uint32(b[udpBytes:])-1 < 4 // WireGuard
}

func tunnelPort(port uint16) bool {
	switch port {
	case portL2TP, portGTPU, portESP, portVXLAN, portGeneve, portVXLANOld:
		return true
	}
	return false
}

// tunnel notes what the protocol, or the ports, and the bytes b that count after
// the IP headers make of a packet: of a fragment none.
func (w *walker) tunnel(b []byte) {
	switch w.Protocol {
	case pcaps.ProtoUDP:
		w.udpTunnel(after(b, udpBytes))
	case pcaps.ProtoGRE:
		w.gre(b)
	case pcaps.ProtoIPv4:
		w.Encapsulations |= 1 << [2]pcaps.Encapsulation{pcaps.IPIP, pcaps.FourInSix}[pcaps.VersionIndex(w.Version)]
		w.holds(etherIPv4, b)
	case pcaps.ProtoIPv6:
		w.Encapsulations |= 1 << [2]pcaps.Encapsulation{pcaps.SixInFour, pcaps.SixInSix}[pcaps.VersionIndex(w.Version)]
		w.holds(etherIPv6, b)
	case pcaps.ProtoESP:
		w.Encapsulations |= 1 << pcaps.ESP
	case pcaps.ProtoAH:
		w.Encapsulations |= 1 << pcaps.AH
	case pcaps.ProtoL2TP:
		w.Encapsulations |= 1 << pcaps.L2TPv3
	}
}

// udpTunnel recognises a datagram by its ports and the first bytes of its payload.
func (w *walker) udpTunnel(b []byte) {
	if len(b) < 4 {
		return
	}
	either := func(port uint16) bool { return w.DstPort == port || w.SrcPort == port }
	switch {
	case (w.DstPort == portVXLAN || w.DstPort == portVXLANOld) && b[0]&vxlanHasID != 0:
		w.Encapsulations |= 1 << pcaps.VXLAN
		w.holds(etherBridging, after(b, vxlanBytes))
	case w.DstPort == portGeneve && b[0]>>6 == 0:
		w.Encapsulations |= 1 << pcaps.Geneve
		w.holdsTyped(binary.BigEndian.Uint16(b[2:]), after(b, 8+int(b[0]&63)*4))
	case either(portGTPU) && isGTPU(b):
		w.Encapsulations |= 1 << pcaps.GTPU
		w.gtpUser(b)
	case either(portL2TP) && b[1]&15 == 2:
		w.Encapsulations |= 1 << pcaps.L2TP
		w.l2tpData(b)
	case either(portL2TP) && b[1]&15 == 3:
		w.Encapsulations |= 1 << pcaps.L2TPv3 // what it holds was agreed on when the session began
	case either(portESP) && len(b) > 8 && binary.BigEndian.Uint32(b) != 0:
		w.Encapsulations |= 1 << pcaps.ESPinUDP
	case isWireGuard(b, w.cut):
		w.Encapsulations |= 1 << pcaps.WireGuard
	}
}

// isWireGuard tells WireGuard's messages by their form, whatever the port: type,
// three zero bytes, the length (https://www.wireguard.com/protocol). Of data, it
// takes a counter below 2⁴⁸ for one; the length is a multiple of 16, but where the
// capture cut it off that isn't known.
func isWireGuard(b []byte, cut bool) bool {
	const initiation, response, cookie, data = 1, 2, 3, 4
	n := len(b)
	long := func(want int) bool { return n == want || cut && n < want }
	switch binary.LittleEndian.Uint32(b) {
	case initiation:
		return long(148)
	case response:
		return long(92)
	case cookie:
		return long(64)
	case data:
		return n >= 16 && b[14] == 0 && b[15] == 0 && (cut || n >= 32 && n%16 == 0)
	}
	return false
}

// isGTPU tells GTP-U by its version, which is 1, and by its types of message (TS
// 29.281, section 6.1).
func isGTPU(b []byte) bool {
	const version1, version1Mask = 0x30, 0xf0 // with the bit that says that it is not GTP'
	const echoRequest, echoResponse, errorIndication, extensions, tunnelStatus, endMarker = 1, 2, 26, 31, 253, 254
	switch b[1] {
	case echoRequest, echoResponse, errorIndication, extensions, tunnelStatus, endMarker, gtpUserPacket:
		return b[0]&version1Mask == version1
	}
	return false
}

// gtpUser is the user's packet in GTP-U version 1, if there is one: behind the
// optional fields and extension headers (TS 29.281, section 5).
func (w *walker) gtpUser(b []byte) {
	if len(b) < gtpBytes || b[1] != gtpUserPacket {
		return
	}
	at := gtpBytes
	if b[0]&7 != 0 { // extensions, sequence number or N-PDU number: then all three fields are there
		if at += 4; at > len(b) {
			return
		}
		extension := b[at-1]
		if b[0]&4 == 0 {
			extension = 0
		}
		for extension != 0 {
			if at >= len(b) || b[at] == 0 || at+int(b[at])*4 > len(b) {
				return
			}
			at += int(b[at]) * 4
			extension = b[at-1]
		}
	}
	w.holdsIP(after(b, at))
}

// holdsIP is holds for an IP packet whose version its first byte tells.
func (w *walker) holdsIP(b []byte) {
	if len(b) > 0 {
		switch b[0] >> 4 {
		case 4:
			w.holds(etherIPv4, b)
		case 6:
			w.holds(etherIPv6, b)
		}
	}
}

// l2tpData is the PPP frame in a data message of L2TP version 2 (RFC 2661,
// section 3.1).
func (w *walker) l2tpData(b []byte) {
	const control, hasLength, hasSequence, hasOffset = 0x80, 0x40, 0x08, 0x02
	at := 6 // flags, tunnel, session
	if b[0]&control != 0 {
		return
	}
	if b[0]&hasLength != 0 {
		at += 2
	}
	if b[0]&hasSequence != 0 {
		at += 4
	}
	if b[0]&hasOffset != 0 {
		if at += 2; at > len(b) {
			return
		}
		at += int(binary.BigEndian.Uint16(b[at-2:]))
	}
	w.holds(etherPPP, after(b, at))
}

// gre reads a GRE header at the start of b (RFC 2784, RFC 2890), of which a
// fragment shows nothing.
func (w *walker) gre(b []byte) {
	const checksum, routing, acknowledgement, version = 0x8000, 0x4000, 0x0080, 7
	if len(b) < 4 {
		w.Encapsulations |= 1 << pcaps.GRE
		return
	}
	flags, kind, at := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), 4
	for _, field := range []uint16{checksum | routing, greKey, greSequence} {
		if flags&field != 0 {
			at += 4
		}
	}
	switch {
	case flags&version == 1 && kind == greEoIP:
		w.Encapsulations |= 1 << pcaps.EoIP
		kind = etherBridging
	case flags&version == 1:
		w.Encapsulations |= 1 << pcaps.PPTP
		if flags&acknowledgement != 0 {
			at += 4
		}
	case kind == greErspan && flags&greSequence == 0:
		w.Encapsulations |= 1 << pcaps.ERSPAN1
		kind = etherBridging
	case kind == greErspan:
		w.Encapsulations |= 1 << pcaps.ERSPAN2
		kind, at = etherBridging, at+8
	case kind == greErspan3:
		w.Encapsulations |= 1 << pcaps.ERSPAN3
		if at += 12; at <= len(b) && b[at-1]&1 != 0 { // a platform specific header follows
			at += 8
		}
		kind = etherBridging
	case kind == etherBridging && flags&greKey != 0:
		w.Encapsulations |= 1 << pcaps.NVGRE
	default:
		w.Encapsulations |= 1 << pcaps.GRE
	}
	if flags&version > 1 || flags&routing != 0 && flags&version == 0 {
		return // nobody knows; or source routes, of any length
	}
	w.holdsTyped(kind, after(b, at))
}

// holdsTyped is holds where a protocol field should be an EtherType.
func (w *walker) holdsTyped(kind uint16, b []byte) {
	if kind >= minEther { // not so a keep-alive of Cisco's GRE
		w.holds(kind, b)
	}
}

// open goes on in what is inside an encapsulation, to its IP header or to the
// next encapsulation.
func (w *walker) open() {
	kind, b := w.kind, w.inside
	w.kind, w.inside = 0, nil
	switch kind {
	case etherBridging:
		if len(b) < etherBytes {
			w.Reason = pcaps.ShortLink
			return
		}
		w.etherType(binary.BigEndian.Uint16(b[12:]), b[etherBytes:])
	case etherMPLS, etherMPLSMulticast:
		w.labels(b)
	case etherPPPoE: // RFC 2516, section 4
		const version1Type1, session = 0x11, 0
		if len(b) < 6 || b[0] != version1Type1 || b[1] != session {
			w.Reason = pcaps.ShortLink
			return
		}
		w.ppp(b[6:])
	case etherPPP:
		w.ppp(b)
	case insideLLC:
		w.etherType(binary.BigEndian.Uint16(b[snapBytes-2:]), b[snapBytes:])
	default:
		w.etherType(kind, b)
	}
}

// labels steps over a stack of MPLS labels to the IP packet below, if it is one.
func (w *walker) labels(b []byte) {
	w.Reason = pcaps.ShortLink
	for len(b) >= 4 {
		last := b[2]&1 != 0
		if b = b[4:]; last {
			w.Reason = pcaps.NotIP
			if w.holdsIP(b); w.kind != 0 {
				w.Reason = pcaps.IP
				w.open()
			}
			return
		}
	}
}
