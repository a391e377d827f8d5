package pcaps

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Tuple is what tells flows apart, as the capture shows them, in words that are quick to
// hash and to compare:
//
//	0, 1  source address, its bytes as they lie, the first one lowest
//	2, 3  destination address
//	4     bits 0-31 the ports, their bytes as they lie; 32-39 the protocol; 40-47
//	      the IP version; 48 there are ports; 49 the walk ended before the protocol
//
// An IPv4 address fills half of a word. The zero value is that of all packets
// without an IP header.
type Tuple [5]uint64

// Of a Tuple's last word: the lowest bit of the protocol and of the IP version, and the
// bit that tells that there are ports.
const (
	TupleProtocol = 32
	TupleVersion  = 40
	TuplePorts    = 1 << 48
	tupleUnknown  = 1 << 49 // the walk ended before the protocol
)

// Set makes t the tuple of h.
func (t *Tuple) Set(h *Header) {
	w := uint64(bits.ReverseBytes16(h.SrcPort)) | uint64(bits.ReverseBytes16(h.DstPort))<<16 |
		uint64(h.Protocol)<<TupleProtocol | uint64(h.Version)<<TupleVersion
	if h.Facts&HasPorts != 0 {
		w |= TuplePorts
	}
	if h.Facts&ProtocolUnknown != 0 {
		w |= tupleUnknown
	}
	t[0], t[1] = binary.LittleEndian.Uint64(h.Src[:8]), binary.LittleEndian.Uint64(h.Src[8:])
	t[2], t[3] = binary.LittleEndian.Uint64(h.Dst[:8]), binary.LittleEndian.Uint64(h.Dst[8:])
	t[4] = w
}

// Header sets h to the header that Set makes t of, but for what is no part of a
// flow: direction, encapsulations, and of the facts all but HasPorts and
// ProtocolUnknown.
func (t *Tuple) Header(h *Header) {
	w := t[4]
	binary.LittleEndian.PutUint64(h.Src[:8], t[0])
	binary.LittleEndian.PutUint64(h.Src[8:], t[1])
	binary.LittleEndian.PutUint64(h.Dst[:8], t[2])
	binary.LittleEndian.PutUint64(h.Dst[8:], t[3])
	h.SrcPort, h.DstPort = bits.ReverseBytes16(uint16(w)), bits.ReverseBytes16(uint16(w>>16))
	h.Encapsulations = 0
	h.Facts = 0
	if w&TuplePorts != 0 {
		h.Facts = HasPorts
	}
	if w&tupleUnknown != 0 {
		h.Facts |= ProtocolUnknown
	}
	h.Protocol = uint8(w >> TupleProtocol)
	h.Version = uint8(w >> TupleVersion)
	h.Reason = IP
	h.Direction = DirectionUnknown
}

// IsIP tells whether t is of a packet with an IP header.
func (t *Tuple) IsIP() bool { return t[4] != 0 }

// Equal tells whether both are of one flow.
func (t *Tuple) Equal(o *Tuple) bool {
	return (t[0]^o[0])|(t[1]^o[1])|(t[2]^o[2])|(t[3]^o[3])|(t[4]^o[4]) == 0
}

// Reverse is the tuple of the flow in the other direction.
func (t *Tuple) Reverse() Tuple {
	w := t[4]&^0xffffffff | t[4]&0xffff<<16 | t[4]>>16&0xffff
	return Tuple{t[2], t[3], t[0], t[1], w}
}

// ReverseIf makes t its Reverse where that is asked for.
//
// Optimization: without a branch; it could not be foretold.
func (t *Tuple) ReverseIf(reverse bool) {
	mask := uint64(0)
	if reverse {
		mask = 1
	}
	mask = -mask
	hi, lo, ports := (t[0]^t[2])&mask, (t[1]^t[3])&mask, (t[4]^t[4]>>16)&mask&0xffff
	t[0] ^= hi
	t[2] ^= hi
	t[1] ^= lo
	t[3] ^= lo
	t[4] ^= ports | ports<<16
}

// Version is 4 or 6; 0 without an IP header.
func (t *Tuple) Version() int { return int(t[4] >> TupleVersion & 0xff) }

// Protocol is a number of the IANA registry, -1 where the walk ended before it.
func (t *Tuple) Protocol() int {
	if t[4]&tupleUnknown != 0 {
		return -1
	}
	return int(t[4] >> TupleProtocol & 0xff)
}

// Ports is the source and the destination port, if it has any.
func (t *Tuple) Ports() (src, dst uint16, ok bool) {
	return bits.ReverseBytes16(uint16(t[4])), bits.ReverseBytes16(uint16(t[4] >> 16)), t[4]&TuplePorts != 0
}

// Source is the source address of an IP packet.
func (t *Tuple) Source() netip.Addr { return t.address(0) }

// Destination is the destination address of an IP packet.
func (t *Tuple) Destination() netip.Addr { return t.address(2) }

func (t *Tuple) address(word int) netip.Addr {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], t[word])
	binary.LittleEndian.PutUint64(b[8:], t[word+1])
	if t.Version() == 4 {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16(b)
}
