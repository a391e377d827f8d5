package dispatch

import (
	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// ethernetMTU is the longest IP packet of a link that nobody changed, in bytes.
const ethernetMTU = 1500

// LongFrames are the packets whose IP packet is longer than 1500 bytes. Either the
// link takes jumbo frames, or what was captured are not the wire's frames: receive
// coalescing (GRO, LRO) has joined several, or segmentation offload (TSO) was yet
// to part them.
type LongFrames struct {
	Packets, Bytes uint64 // bytes on the wire
	Largest        uint32 // on the wire, bytes
	OfLargest      uint64 // packets of exactly that length
	TCP            uint64 // packets whose TCP header is there
	Multiples      uint64 // of these: their payload is a whole multiple of what a frame of MTU 1500 takes
	Segments       uint64 // frames of MTU 1500 that these would be
	Kind           LongKind

	Received        uint64 // of the packets
	LargestReceived uint32 // of these
	ReceivedFrames  uint64 // of MTU 1500 that these would be
}

// LongKind is what long frames are.
type LongKind uint8

const (
	LongNone      LongKind = iota // there are none
	LongUnclear                   // nothing tells
	LongJumbo                     // jumbo frames: the largest length is the most frequent
	LongCoalesced                 // coalesced, or not yet segmented
)

// maxJumbo is above the MTUs of the NICs in use, in bytes: 9978 (ConnectX) is the
// largest of those that are common.
const maxJumbo = 10000

// minJumbo is how many frames of one length make a link's limit likely.
const minJumbo = 3

// longFrame is a long frame of a chunk: its place there, and its measures.
type longFrame struct {
	at   int
	wire uint32
	walk.Segment
}

// noteLong notes packet i, that of rec, if it is a long frame, and one of IP.
func (c *chunk) noteLong(i int, rec *pcaps.Record) {
	if s, ok := walk.SegmentOf(rec, c.header(i)); ok && s.IP > ethernetMTU {
		c.long = append(c.long, longFrame{i, rec.Wire, s})
	}
}

// longFrames gathers LongFrames.
type longFrames struct {
	*LongFrames
	lengths   map[uint32]uint64 // packets by length on the wire; above maxLength as maxLength
	largestIP int64
}

// maxLength bounds the lengths that are told apart: a capture may claim any.
const maxLength = 1 << 17

func (l *longFrames) add(f longFrame, sent bool) {
	if l.lengths == nil {
		l.lengths = map[uint32]uint64{}
	}
	l.lengths[min(f.wire, maxLength)]++
	l.Packets++
	l.Bytes += uint64(f.wire)
	segment, payload := int64(ethernetMTU), f.IP
	headers := f.Headers > 0 && f.Headers < ethernetMTU
	if headers { // those of every frame, so the frames' payloads are as long
		segment, payload = ethernetMTU-f.Headers, f.IP-f.Headers
	}
	frames := uint64((payload + segment - 1) / segment)
	if !sent {
		l.Received++
		l.ReceivedFrames += frames
		l.LargestReceived = max(l.LargestReceived, f.wire)
	}
	l.Largest, l.largestIP = max(l.Largest, f.wire), max(l.largestIP, f.IP)
	if !headers {
		return
	}
	l.TCP++
	l.Segments += frames
	if payload%segment == 0 {
		l.Multiples++
	}
}

// finish decides what the frames are.
func (l *longFrames) finish() {
	if l.Packets == 0 {
		return
	}
	l.OfLargest = l.lengths[min(l.Largest, maxLength)]
	most := uint64(0)
	for _, n := range l.lengths {
		most = max(most, n)
	}
	switch {
	case l.largestIP > maxJumbo || l.Multiples > 0 && l.Multiples >= l.TCP/2:
		l.Kind = LongCoalesced
	case l.OfLargest == most && most >= minJumbo:
		l.Kind = LongJumbo
	default:
		l.Kind = LongUnclear
	}
}
