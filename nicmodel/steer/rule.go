package steer

import (
	"encoding/binary"
	"fmt"
	"slices"

	"rssreplay/pcaps"
)

// Rule is one rule of `ethtool -n`.
type Rule struct {
	Location int // "Filter: 2045"
	Kind     Kind
	Fields   []Compare // those that have a bit that is compared
	Action   Action
	Queue    int // of ToQueue and ToVF; of ToContext what is added to its table's queue
	Context  int // of ToContext
	VF       int // of ToVF
}

// Kind is what a rule is about: ethtool's flow-type.
type Kind uint8

const (
	Unknown Kind = iota // one that this ethtool did not know; it matches nothing here
	Ether
	IP4
	TCP4
	UDP4
	SCTP4
	AH4
	ESP4
	IP6
	TCP6
	UDP6
	SCTP6
	AH6
	ESP6

	numKinds = iota
)

var kindNames = [numKinds]string{"unknown", "ether", "ip4", "tcp4", "udp4", "sctp4", "ah4", "esp4", "ip6", "tcp6", "udp6", "sctp6", "ah6", "esp6"}

// String is ethtool's word, "tcp4".
func (k Kind) String() string { return kindNames[k] }

// kindNamed is the kind of ethtool's word.
func kindNamed(word string) (Kind, bool) {
	for k := Ether; k < numKinds; k++ {
		if word == kindNames[k] {
			return k, true
		}
	}
	return Unknown, false
}

// Version is the IP version of the kind's packets, 0 for Ether and Unknown.
func (k Kind) Version() uint8 {
	switch {
	case k >= IP6:
		return 6
	case k >= IP4:
		return 4
	}
	return 0
}

// protocol is the IP protocol of the kind's packets, -1 where any is.
func (k Kind) protocol() int {
	switch k {
	case TCP4, TCP6:
		return pcaps.ProtoTCP
	case UDP4, UDP6:
		return pcaps.ProtoUDP
	case SCTP4, SCTP6:
		return pcaps.ProtoSCTP
	case AH4:
		return pcaps.ProtoAH
	case ESP4, ESP6:
		return pcaps.ProtoESP
	}
	return -1
}

// hasPorts tells the kinds whose rules can compare ports.
func (k Kind) hasPorts() bool {
	switch k {
	case TCP4, UDP4, SCTP4, TCP6, UDP6, SCTP6:
		return true
	}
	return false
}

// Action is what a rule does with a packet.
type Action uint8

const (
	ToQueue   Action = iota // Queue takes it
	ToContext               // the table of an RSS context does
	Drop                    // the NIC drops it
	WakeOnLAN               // the search ends, and nothing is steered
	ToVF                    // a virtual function gets it: it does not come here
)

// Field is something that a rule can compare.
type Field uint8

const (
	SourceMAC Field = iota
	DestinationMAC
	EtherType // after all tags
	SourceIP
	DestinationIP
	Class // IPv4's TOS, IPv6's traffic class
	Protocol
	SourcePort
	DestinationPort
	SPI      // of the AH or ESP header
	L4Bytes  // the first four after the IP headers
	TagType  // the outermost tag's EtherType
	Tag      // its other 16 bits
	UserData // what no packet has: a rule that compares it matches none

	numFields = iota
)

var fieldBytes = [numFields]int{6, 6, 2, 16, 16, 1, 1, 2, 2, 4, 4, 2, 2, 8}

// bytes is the length of the field, of addresses in the kind's IP version.
func (f Field) bytes(k Kind) int {
	if n := fieldBytes[f]; n < 16 || k.Version() == 6 {
		return n
	}
	return 4
}

// Compare is the bits of a field that a packet must have. Both arrays have the
// field's bytes at their beginning, as on the wire; a bit of Mask that is 1 is
// compared.
type Compare struct {
	Field       Field
	Value, Mask [16]byte
}

// compares reports whether the rule compares a bit of the field.
func (r *Rule) compares(f Field) bool {
	return slices.ContainsFunc(r.Fields, func(c Compare) bool { return c.Field == f })
}

// Add adds a comparison, if it has a bit that is compared.
func (r *Rule) Add(c Compare) {
	if c.Mask != [16]byte{} {
		r.Fields = append(r.Fields, c)
	}
}

// frameFields are the fields that differ between packets of a flow, or are no part of
// Header: see pcaps.Frame.
const frameFields = 1<<SourceMAC | 1<<DestinationMAC | 1<<EtherType | 1<<Class | 1<<SPI | 1<<L4Bytes | 1<<TagType | 1<<Tag

// perPacket reports whether the rule may take some packets of a flow and not others,
// fragments aside.
func (r *Rule) perPacket() bool {
	return r.Kind == AH6 || slices.ContainsFunc(r.Fields, func(c Compare) bool { return frameFields>>c.Field&1 != 0 })
}

// field is what a packet has in the field; ok is false if it has no such field.
func field(f Field, h *pcaps.Header, frame *pcaps.Frame, k Kind) (b [16]byte, ok bool) {
	put16 := func(v uint16) { binary.BigEndian.PutUint16(b[:], v) }
	switch f {
	case SourceMAC:
		copy(b[:], frame.Source[:])
		return b, frame.Has&pcaps.FrameMACs != 0
	case DestinationMAC:
		copy(b[:], frame.Destination[:])
		return b, frame.Has&pcaps.FrameMACs != 0
	case EtherType:
		put16(frame.EtherType)
		return b, frame.Has&pcaps.FrameEtherType != 0
	case TagType:
		put16(frame.TagType)
		return b, frame.Has&pcaps.FrameTag != 0
	case Tag:
		put16(frame.Tag)
		return b, frame.Has&pcaps.FrameTag != 0
	case SourceIP:
		return h.Src, h.Version != 0
	case DestinationIP:
		return h.Dst, h.Version != 0
	case Class:
		b[0] = frame.Class
		return b, frame.Has&pcaps.FrameClass != 0
	case Protocol:
		b[0] = h.Protocol
		return b, h.Version != 0 && h.Facts&pcaps.ProtocolUnknown == 0
	case SourcePort:
		put16(h.SrcPort)
		return b, h.Facts&pcaps.HasPorts != 0
	case DestinationPort:
		put16(h.DstPort)
		return b, h.Facts&pcaps.HasPorts != 0
	case SPI:
		if k == AH4 || k == AH6 {
			copy(b[:], frame.AH[:])
			return b, frame.Has&pcaps.FrameAH != 0
		}
		copy(b[:], frame.L4[:])
		return b, frame.Has&pcaps.FrameL4 != 0
	case L4Bytes:
		copy(b[:], frame.L4[:])
		return b, frame.Has&pcaps.FrameL4 != 0
	}
	return b, false
}

// matches reports whether the packet has what is compared.
func (c *Compare) matches(h *pcaps.Header, frame *pcaps.Frame, k Kind) bool {
	b, ok := field(c.Field, h, frame, k)
	if !ok {
		return false
	}
	differ := byte(0)
	for i := range b {
		differ |= (b[i] ^ c.Value[i]) & c.Mask[i]
	}
	return differ == 0
}

// anyProtocol reports whether it is the protocol by which bnxt's rules name any.
func (c *Compare) anyProtocol() bool {
	return c.Field == Protocol && c.Mask[0] == 0xff && c.Value[0] == AnyProtocol
}

// sameResult reports whether both do the same with a packet.
func (r *Rule) sameResult(o *Rule) bool {
	return r.Action == o.Action && r.Queue == o.Queue && r.Context == o.Context && r.VF == o.VF
}

// SameMask reports whether both compare the same bits of the same fields.
func (r *Rule) SameMask(o *Rule) bool {
	covers := func(r, o *Rule) bool {
		return !slices.ContainsFunc(r.Fields, func(c Compare) bool {
			return !slices.ContainsFunc(o.Fields, func(d Compare) bool { return c.Field == d.Field && c.Mask == d.Mask })
		})
	}
	return covers(r, o) && covers(o, r)
}

// Does says what the rule does, "queue 3".
func (r *Rule) Does() string {
	switch r.Action {
	case ToQueue:
		return fmt.Sprintf("queue %d", r.Queue)
	case ToContext:
		if r.Queue > 0 {
			return fmt.Sprintf("RSS context %d from queue %d on", r.Context, r.Queue)
		}
		return fmt.Sprintf("RSS context %d", r.Context)
	case Drop:
		return "dropped"
	case WakeOnLAN:
		return "Wake-on-LAN, which steers nothing"
	}
	return fmt.Sprintf("virtual function %d", r.VF)
}
