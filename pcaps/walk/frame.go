package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// frameTypes notes the outermost tag, and the EtherType after all; kind is the first
// one's, and b begins after it.
func (w *walker) frameTypes(kind uint16, b []byte) {
	f := w.frame
	for kind == etherTag || kind == etherTag88 || kind == etherTag91 {
		if len(b) < 4 {
			return
		}
		if f.Has&pcaps.FrameTag == 0 {
			f.TagType, f.Tag = kind, binary.BigEndian.Uint16(b)
			f.Has |= pcaps.FrameTag
		}
		kind = binary.BigEndian.Uint16(b[2:])
		b = b[4:]
	}
	f.EtherType = kind
	f.Has |= pcaps.FrameEtherType
}

// frameUpper notes the first bytes at at, after the IP headers of a packet that is no
// fragment; b is what counts of the packet.
func (w *walker) frameUpper(b []byte, at int) {
	if at+4 > len(b) {
		return
	}
	w.frame.L4 = [4]byte(b[at:])
	w.frame.Has |= pcaps.FrameL4
	if w.Protocol == pcaps.ProtoTCP && at+14 <= len(b) {
		w.frame.TCPFlags = b[at+13]
	}
	if w.Protocol == pcaps.ProtoAH {
		w.frameAH(b[at:])
	}
}

// frameAH notes the security parameters index of an AH header at the start of b.
func (w *walker) frameAH(b []byte) {
	if len(b) >= 8 {
		w.frame.AH = [4]byte(b[4:])
		w.frame.Has |= pcaps.FrameAH
	}
}
