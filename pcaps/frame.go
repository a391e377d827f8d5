package pcaps

// Frame is what a NIC's filters can compare beside Header: what packets of one flow
// need not have in common. Numbers are in host order.
type Frame struct {
	Destination, Source [6]byte // MAC addresses
	TagType             uint16  // the outermost VLAN tag's EtherType
	Tag                 uint16  // its priority, DEI and id
	EtherType           uint16  // after all tags
	TCPFlags            uint8   // FIN 1, SYN 2, RST 4 and so on; 0 where they were cut off
	Class               uint8   // IPv4's TOS, IPv6's traffic class
	Has                 FrameFacts
	L4                  [4]byte // the first ones after the IP headers
	AH                  [4]byte // the security parameters index of the last AH header
}

// FrameFacts says which parts of a Frame a packet has.
type FrameFacts uint8

const (
	FrameMACs FrameFacts = 1 << iota
	FrameTag
	FrameEtherType
	FrameClass
	FrameL4 // inside the captured bytes and the IP length, of no fragment
	FrameAH
)
