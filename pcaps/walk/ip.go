package walk

import (
	"encoding/binary"
	"math"

	"rssreplay/pcaps"
)

const (
	ipv4Bytes = 20
	ipv6Bytes = 40

	optionPad1        = 0
	optionHomeAddress = 201 // RFC 6275, section 6.3
	routingType2      = 2   // RFC 6275, section 6.4
)

// ipv4FragmentMask is more-fragments and the offset. The reserved bit makes no
// fragment, and neither does don't-fragment.
const ipv4FragmentMask = 0x3fff

// ipv4 reads an IPv4 header at the start of b.
func (w *walker) ipv4(b []byte) {
	switch {
	case len(b) < ipv4Bytes:
		w.Reason = pcaps.ShortIP
		return
	case b[0]>>4 != 4:
		w.Reason = pcaps.BadIPVersion
		return
	case b[0]&15 < ipv4Bytes/4:
		w.Reason = pcaps.BadIHL
		return
	}
	w.Version = 4
	*(*[4]byte)(w.Src[:]) = [4]byte(b[12:])
	*(*[4]byte)(w.Dst[:]) = [4]byte(b[16:])
	w.Protocol = b[9]
	if w.frame != nil {
		w.frame.Class = b[1]
		w.frame.Has |= pcaps.FrameClass
	}
	header := int(b[0]&15) * 4
	if header > ipv4Bytes {
		w.Facts |= pcaps.Options
	}
	if binary.BigEndian.Uint16(b[6:])&ipv4FragmentMask != 0 {
		w.Facts |= pcaps.Fragment
		w.tunnel(nil)
		return
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	if length == 0 {
		length = math.MaxInt
	}
	w.upper(b, header, length)
}

// upper goes on with the protocol of a packet that is no fragment: b is the packet
// from its IP header on, at is where the protocol's header begins, length is the
// IP length in bytes, math.MaxInt if it is not known.
func (w *walker) upper(b []byte, at, length int) {
	if w.frame != nil {
		w.frameUpper(b[:min(length, len(b))], at)
	}
	switch w.Protocol {
	case pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoSCTP:
		switch {
		case at+4 > length:
			return
		case at+4 > len(b):
			if w.cut {
				w.Facts |= pcaps.PortsCut
			}
			return
		}
		w.Facts |= pcaps.HasPorts
		w.SrcPort = binary.BigEndian.Uint16(b[at:])
		w.DstPort = binary.BigEndian.Uint16(b[at+2:])
		if w.Protocol != pcaps.ProtoUDP || !mayBeTunnel(b[at:]) {
			return
		}
	case pcaps.ProtoIPv4, pcaps.ProtoIPv6, pcaps.ProtoGRE, pcaps.ProtoESP, pcaps.ProtoAH, pcaps.ProtoL2TP:
	default:
		return
	}
	if length <= len(b) {
		b, w.cut = b[:length], false
	}
	w.tunnel(after(b, at))
}

// ipv6 reads an IPv6 header at the start of b and the chain of extension headers
// after it.
func (w *walker) ipv6(b []byte) {
	switch {
	case len(b) < ipv6Bytes:
		w.Reason = pcaps.ShortIP
		return
	case b[0]>>4 != 6:
		w.Reason = pcaps.BadIPVersion
		return
	}
	w.Version = 6
	w.Src = [16]byte(b[8:])
	w.Dst = [16]byte(b[24:])
	if w.frame != nil {
		w.frame.Class = b[0]<<4 | b[1]>>4
		w.frame.Has |= pcaps.FrameClass
	}
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
		case pcaps.ProtoHopByHop, pcaps.ProtoRouting, pcaps.ProtoDstOpts, pcaps.ProtoMobility, pcaps.ProtoHIP, pcaps.ProtoShim6:
			if len(rest) < 2 {
				w.Facts |= pcaps.ProtocolUnknown
				return
			}
			size = (int(rest[1]) + 1) * 8
		case pcaps.ProtoAH:
			w.Encapsulations |= 1 << pcaps.AH
			if len(rest) < 2 {
				w.Facts |= pcaps.ProtocolUnknown
				return
			}
			size = (int(rest[1]) + 2) * 4
		case pcaps.ProtoFragment:
			size = 8
		default:
			w.Protocol = next
			w.upper(b, at, length)
			return
		}
		if len(rest) < size {
			w.Facts |= pcaps.ProtocolUnknown
			return
		}
		if w.extension(next, rest[:size]) {
			return
		}
		next = rest[0]
		at += size
	}
}

// extension reads an extension header of IPv6, whole, and reports whether nothing is read
// after it: what follows a fragment's header is not in each of the fragments.
func (w *walker) extension(kind uint8, b []byte) (ends bool) {
	w.Facts |= pcaps.Extended
	switch kind {
	case pcaps.ProtoRouting:
		w.routing(b)
	case pcaps.ProtoAH:
		if w.frame != nil {
			w.frameAH(b)
		}
	case pcaps.ProtoDstOpts:
		w.destinationOptions(b)
	case pcaps.ProtoFragment:
		if offset := binary.BigEndian.Uint16(b[2:]); offset&0xfff9 != 0 { // offset, or the M bit
			w.Facts |= pcaps.Fragment
			w.Protocol = b[0]
			w.tunnel(nil)
			return true
		}
		w.Facts |= pcaps.Atomic
	}
	return false
}

// routing notes the address of a type-2 routing header b, the first one's if
// there are several.
func (w *walker) routing(b []byte) {
	if b[2] == routingType2 && len(b) >= 24 && w.Facts&pcaps.RoutingType2 == 0 {
		w.Facts |= pcaps.RoutingType2
		w.ext.Routing = [16]byte(b[8:])
	}
}

// destinationOptions notes the address of a Home Address option in the header b,
// the first one's if there are several.
func (w *walker) destinationOptions(b []byte) {
	if w.Facts&pcaps.HomeAddress != 0 {
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
			w.Facts |= pcaps.HomeAddress
			w.ext.Home = [16]byte(b[2:])
			return
		}
		b = b[size:]
	}
}
