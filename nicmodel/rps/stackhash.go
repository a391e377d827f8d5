package rps

import (
	"bytes"
	"encoding/binary"

	"rssreplay/pcaps"
)

// Secret is the kernel's hashrnd, which is drawn once per boot and not exported.
type Secret [16]byte

// OfFrame is Linux's own hash of a received frame, by which RPS steers where the NIC's
// hash does not count: SipHash-2-4, the low 32 bits, of what the flow dissector keeps
// of the innermost packet that it reaches. A 0 becomes 1. known is false of a link type
// whose frames hold no EtherType in a place of its own.
//
// It sees the captured bytes alone, padding included, and no IP length. A header
// that they do not hold whole ends the dissection with what is known by then.
func (s *Secret) OfFrame(link pcaps.LinkType, frame []byte) (hash uint32, known bool) {
	var d dissection
	switch link {
	case pcaps.LinkEthernet:
		d.ethernet(frame)
	case pcaps.LinkSLL:
		d.behind(frame, 16, 14)
	case pcaps.LinkSLL2:
		d.behind(frame, 20, 0)
	case pcaps.LinkRaw, pcaps.LinkRaw12, pcaps.LinkRaw14, pcaps.LinkIPv4, pcaps.LinkIPv6:
		if len(frame) > 0 && frame[0]>>4 == 6 {
			d.etherType = typeIPv6
		} else {
			d.etherType = typeIPv4
		}
		d.layers(frame)
	default:
		return 0, false
	}
	return s.of(&d), true
}

// OfFlow is OfFrame of an untagged packet of a flow, with no flow label, that is
// no fragment and in no tunnel.
func (s *Secret) OfFlow(t *pcaps.Tuple) uint32 {
	d := dissection{etherType: typeIPv4, version: t.Version()}
	var h pcaps.Header
	t.Header(&h)
	switch d.version {
	case 4:
		copy(d.addresses[:], h.Src[:4])
		copy(d.addresses[4:], h.Dst[:4])
	case 6:
		d.etherType = typeIPv6
		copy(d.addresses[:], h.Src[:])
		copy(d.addresses[16:], h.Dst[:])
	default:
		d.etherType = 0
	}
	d.protocol = h.Protocol
	binary.BigEndian.PutUint16(d.ports[:], h.SrcPort)
	binary.BigEndian.PutUint16(d.ports[2:], h.DstPort)
	return s.of(&d)
}

func (s *Secret) of(d *dissection) uint32 {
	var room [maxKeys]byte
	if h := uint32(sipHash(s, d.keys(room[:0]))); h != 0 {
		return h
	}
	return 1
}

// dissection is what the dissector keeps.
type dissection struct {
	etherType uint16
	protocol  byte
	flowLabel uint32

	tagged     bool // of the first tag met, also one inside GRE
	tci        uint16
	tpid       uint16
	taggedType uint16 // the EtherType that follows it

	greKey [4]byte
	ports  [4]byte // or an SPI

	// addresses begin with the last ones met, of 4 or 16 bytes each. What was written
	// there before and not over stays behind them.
	addresses [36]byte
	version   int // 4 or 6 of these, 0: none
}

const (
	typeIPv4  = 0x0800
	typeIPv6  = 0x86dd
	typeVLAN  = 0x8100
	typeSVLAN = 0x88a8 // 0x9100 is not stepped over
	typePPPoE = 0x8864
	typeMPLS  = 0x8847
	typeTEB   = 0x6558 // Ethernet in GRE
	typePPTP  = 0x880b // PPP in GRE
	typeIPX   = 0x0001 // raw IPX in an 802.3 frame
	type8022  = 0x0004 // an 802.3 length

	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
)

// maxHeaders is how many headers are looked into behind the first.
const maxHeaders = 15

// ethernet walks from the Ethernet header on. An EtherType that was cut off is 0.
//
// Not specified: an 802.3 length behind a tag; here it ends the walk as it
// stands. And kinds of packet whose addresses the dissector knows besides (TIPC,
// B.A.T.M.A.N.); here their EtherType ends the walk.
func (d *dissection) ethernet(frame []byte) { d.behind(frame, 14, 12) }

// behind walks behind a link header of so many bytes, with the EtherType at a place
// in it.
func (d *dissection) behind(frame []byte, header, at int) {
	if len(frame) < header {
		return
	}
	d.etherType = binary.BigEndian.Uint16(frame[at:])
	data := frame[header:]
	if d.etherType < 0x600 {
		d.etherType = type8022
		if len(data) >= 2 && data[0] == 0xff && data[1] == 0xff {
			d.etherType = typeIPX
		}
	}
	d.layers(data)
}

func (d *dissection) layers(data []byte) {
	for range maxHeaders + 1 {
		next, more := d.layer(data)
		if !more {
			return
		}
		data = next
	}
}

// layer looks into what the EtherType names, and sets the EtherType of what
// follows, if that is to be looked into too.
func (d *dissection) layer(data []byte) (next []byte, more bool) {
	switch d.etherType {
	case typeVLAN, typeSVLAN:
		if len(data) < 4 {
			return nil, false
		}
		tpid := d.etherType
		d.etherType = binary.BigEndian.Uint16(data[2:])
		if !d.tagged { // an inner one is looked through
			d.tagged, d.tci, d.tpid, d.taggedType = true, binary.BigEndian.Uint16(data), tpid, d.etherType
		}
		return data[4:], true

	case typePPPoE:
		if len(data) < 8 || data[0] != 0x11 || data[1] != 0 { // version 1, type 1, a session's data
			return nil, false
		}
		return d.ppp(binary.BigEndian.Uint16(data[6:]), data[8:])

	case typeIPv4:
		return d.ipv4(data)
	case typeIPv6:
		return d.ipv6(data)
	}
	return nil, false // ARP, MPLS, LLDP …: the EtherType alone
}

func (d *dissection) ppp(protocol uint16, data []byte) (next []byte, more bool) {
	switch protocol {
	case pppIPv4:
		d.etherType = typeIPv4
	case pppIPv6:
		d.etherType = typeIPv6
	default:
		return nil, false
	}
	return data, true
}

func (d *dissection) ipv4(data []byte) (next []byte, more bool) {
	if len(data) < 20 || data[0]&15 < 5 {
		return nil, false
	}
	d.protocol = data[9]
	d.version = 4
	copy(d.addresses[:], data[12:20])
	if binary.BigEndian.Uint16(data[6:])&0x3fff != 0 { // a fragment, the first too
		return nil, false
	}
	return d.transport(rest(data, 4*int(data[0]&15)))
}

func (d *dissection) ipv6(data []byte) (next []byte, more bool) {
	if len(data) < 40 {
		return nil, false
	}
	d.protocol = data[6]
	d.version = 6
	copy(d.addresses[:], data[8:40])
	if label := binary.BigEndian.Uint32(data) & 0xfffff; label != 0 {
		d.flowLabel = label // enough to tell flows apart
		return nil, false
	}
	data = data[40:]
	for range maxHeaders {
		switch d.protocol {
		case 0, 43, 60: // hop-by-hop, routing, destination options
			if len(data) < 2 {
				return nil, false
			}
			d.protocol = data[0]
			data = rest(data, 8*(int(data[1])+1))
		case 44: // a fragment, an atomic one too
			if len(data) >= 8 {
				d.protocol = data[0]
			}
			return nil, false
		default:
			return d.transport(data)
		}
	}
	return nil, false
}

// rest is data after n bytes, which may reach past its end.
func rest(data []byte, n int) []byte { return data[min(n, len(data)):] }

// transport is what an IP header carries, if that is no fragment.
func (d *dissection) transport(data []byte) (next []byte, more bool) {
	switch d.protocol {
	case 4: // IPv4 in IP
		d.etherType = typeIPv4
		return data, true
	case 41:
		d.etherType = typeIPv6
		return data, true
	case 47:
		return d.gre(data)
	case 137: // MPLS in IP, which ends the walk as MPLS does
		d.etherType = typeMPLS
	case 51: // authentication header: its SPI
		data = rest(data, 4)
		fallthrough
	case 6, 17, 33, 132, 136, 50: // TCP, UDP, DCCP, SCTP, UDP-Lite: ports; ESP: its SPI
		if len(data) >= 4 {
			copy(d.ports[:], data)
		}
	}
	return nil, false
}

// gre looks into GRE of version 0 and PPTP's of version 1.
func (d *dissection) gre(data []byte) (next []byte, more bool) {
	const (
		checksum, routing, key, sequence = 0x8000, 0x4000, 0x2000, 0x1000
		acknowledgment, version          = 0x0080, 0x0007
	)
	if len(data) < 4 {
		return nil, false
	}
	flags, inner := binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	if flags&routing != 0 || flags&version > 1 {
		return nil, false
	}
	d.etherType = inner // also where the rest of the header is cut off
	pptp := flags&version == 1
	if pptp && (inner != typePPTP || flags&key == 0) {
		return nil, false
	}
	data = data[4:]
	if flags&checksum != 0 {
		data = rest(data, 4)
	}
	if flags&key != 0 {
		if len(data) < 4 {
			return nil, false
		}
		copy(d.greKey[:], data)
		if pptp { // the payload's length is no part of it, the call's number is
			d.greKey[0], d.greKey[1] = 0, 0
		}
		data = data[4:]
	}
	if flags&sequence != 0 {
		data = rest(data, 4)
	}
	if pptp {
		if flags&acknowledgment != 0 {
			data = rest(data, 4)
		}
		if len(data) < 4 {
			return nil, false
		}
		return d.ppp(binary.BigEndian.Uint16(data[2:]), data[4:])
	}
	if inner == typeTEB {
		if len(data) < 14 {
			return nil, false
		}
		d.etherType = binary.BigEndian.Uint16(data[12:])
		data = data[14:]
	}
	return data, true
}

// maxKeys is the most bytes that are hashed.
const maxKeys = 36 + 32 + 4

// keys appends what is hashed to k: on a little-endian machine, where numbers that are not
// in network order stand low byte first. Addresses and ports are each sorted, so
// that both directions are alike: IPv4 addresses and ports as little-endian
// numbers, IPv6 addresses as bytes.
func (d *dissection) keys(k []byte) []byte {
	k = binary.BigEndian.AppendUint16(k, d.etherType)
	k = append(k, d.protocol, 0)
	k = binary.LittleEndian.AppendUint32(k, d.flowLabel)
	k = binary.LittleEndian.AppendUint16(k, d.tci&0xefff) // without the drop eligible indicator
	k = binary.BigEndian.AppendUint16(k, d.tpid)
	k = binary.BigEndian.AppendUint16(k, d.taggedType)
	k = append(k, 0, 0)
	k = append(k, 0, 0, 0, 0, 0, 0, 0, 0) // an inner tag, which is not kept
	k = append(k, d.greKey[:]...)

	ports, addresses := d.ports, d.addresses
	little := binary.LittleEndian
	if d.version != 0 && little.Uint16(ports[2:]) < little.Uint16(ports[:]) {
		copy(ports[:], d.ports[2:])
		copy(ports[2:], d.ports[:2])
	}
	k = append(k, ports[:]...)
	k = append(k, 0, 0, 0, 0) // ICMP's, which are not kept

	// The addresses, and the 4 bytes after them, whatever is there.
	switch d.version {
	case 4:
		if little.Uint32(addresses[4:]) < little.Uint32(addresses[:]) {
			copy(addresses[:], d.addresses[4:8])
			copy(addresses[4:], d.addresses[:4])
		}
		return append(k, addresses[:8+4]...)
	case 6:
		if bytes.Compare(addresses[16:32], addresses[:16]) < 0 {
			copy(addresses[:], d.addresses[16:32])
			copy(addresses[16:], d.addresses[:16])
		}
		return append(k, addresses[:32+4]...)
	default:
		return append(k, addresses[:4]...)
	}
}
