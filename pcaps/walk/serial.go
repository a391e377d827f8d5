package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// Values of PPP (RFC 1661, RFC 1662, the IANA registry), Cisco's HDLC and frame
// relay (RFC 2427).
const (
	pppIPv4          = 0x0021
	pppIPv6          = 0x0057
	pppMPLS          = 0x0281
	pppMPLSMulticast = 0x0283

	hdlcAllStations = 0xff
	hdlcUnnumbered  = 0x03
	ciscoUnicast    = 0x0f
	ciscoMulticast  = 0x8f

	nlpidPadding = 0x00
	nlpidSNAP    = 0x80
	nlpidIPv6    = 0x8e
	nlpidIPv4    = 0xcc
)

// serial reads the links of the PPP family, Cisco's HDLC and frame relay. Those
// that have a byte of direction before them give the packet's.
func (w *walker) serial(link pcaps.LinkType, b []byte) {
	if len(b) < 4 {
		w.Reason = pcaps.ShortLink
		return
	}
	switch link {
	case pcaps.LinkPPPD, pcaps.LinkPPPDir, pcaps.LinkHDLCDir:
		if w.Direction = pcaps.Inbound; b[0] != 0 {
			w.Direction = pcaps.Outbound
		}
	}
	switch link {
	case pcaps.LinkPPP:
		w.ppp(b)
	case pcaps.LinkPPPDir:
		w.ppp(b[1:])
	case pcaps.LinkPPPD: // the direction stands in the address's place
		w.ppp(b[2:])
	case pcaps.LinkPPPEther:
		w.holds(etherPPPoE, b)
		w.open()
	case pcaps.LinkPPPHDLC:
		if b[0] == ciscoUnicast || b[0] == ciscoMulticast {
			w.ciscoHDLC(b)
			return
		}
		w.ppp(b)
	case pcaps.LinkCiscoHDLC:
		w.ciscoHDLC(b)
	case pcaps.LinkHDLCDir:
		w.ciscoHDLC(b[1:])
	case pcaps.LinkFrameRelay:
		w.frameRelay(b)
	}
}

// ppp reads a PPP frame, whose address and control fields may be compressed away,
// and the first byte of the protocol too.
func (w *walker) ppp(b []byte) {
	if len(b) >= 2 && b[0] == hdlcAllStations && b[1] == hdlcUnnumbered {
		b = b[2:]
	}
	if len(b) < 2 {
		w.Reason = pcaps.ShortLink
		return
	}
	protocol, size := binary.BigEndian.Uint16(b), 2
	if b[0]&1 != 0 { // the low bit is set in a protocol's last byte alone
		protocol, size = uint16(b[0]), 1
	}
	switch b = b[size:]; protocol {
	case pppIPv4:
		w.ipv4(b)
	case pppIPv6:
		w.ipv6(b)
	case pppMPLS, pppMPLSMulticast:
		w.etherType(etherMPLS, b)
	default:
		w.Reason = pcaps.NotIP
	}
}

// ciscoHDLC reads Cisco's HDLC: address, control, EtherType.
func (w *walker) ciscoHDLC(b []byte) {
	if len(b) < 4 {
		w.Reason = pcaps.ShortLink
		return
	}
	w.etherType(binary.BigEndian.Uint16(b[2:]), b[4:])
}

// frameRelay reads frame relay's address, of two bytes or more, and what follows:
// RFC 2427's control and NLPID, or Cisco's EtherType.
func (w *walker) frameRelay(b []byte) {
	w.Reason = pcaps.ShortLink
	for {
		if len(b) == 0 {
			return
		}
		last := b[0]&1 != 0
		if b = b[1:]; last {
			break
		}
	}
	if len(b) < 3 {
		return
	}
	w.Reason = pcaps.IP
	if b[0] != hdlcUnnumbered {
		w.etherType(binary.BigEndian.Uint16(b), b[2:])
		return
	}
	if b = b[1:]; b[0] == nlpidPadding {
		b = b[1:]
	}
	switch {
	case b[0] == nlpidIPv4:
		w.ipv4(b[1:])
	case b[0] == nlpidIPv6:
		w.ipv6(b[1:])
	case b[0] == nlpidSNAP && len(b) >= 6 && b[1] == 0 && b[2] == 0 && b[3] == 0: // an OUI of 0, an EtherType
		w.etherType(binary.BigEndian.Uint16(b[4:]), b[6:])
	default:
		w.Reason = pcaps.NotIP
	}
}
