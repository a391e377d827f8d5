package dispatch

import (
	"math"
	"math/bits"

	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// Facts are what the capture says of itself, of all packets that are replayed
// unless a field says otherwise.
type Facts struct {
	Links          []LinkPackets // in order of first appearance
	Encapsulations [pcaps.NumEncapsulations]uint64
	CapturedBytes  uint64
	Cut            uint64 // packets of which the capture holds less than was on the wire
	TimeLeaps      TimeLeaps
	Gaps           Gaps
	// Grain is what the steps between the first timestamps are multiples of, ns: the
	// clock's resolution, or one it was rounded to; 0 where all are equal.
	Grain  int64
	Copies Copies
	// Interfaces are those that received packets among the first 8,192, the busiest first.
	Interfaces []Interface
	Long       LongFrames
	Tunnels    []Tunnel // of received packets, those met, in the order of pcaps
}

// LinkPackets is the packets of one link type.
type LinkPackets struct {
	Link    pcaps.LinkType
	Packets uint64
}

// TimeLeaps are the timestamps that lie more than maxStepAhead after the one
// before, or more than maxStepBack before it. The small steps back of a capture
// from several queues are none.
type TimeLeaps struct {
	Packets uint64
	Back    uint64     // of these: before the one before
	First   []TimeLeap // at most maxTimeLeaps
}

// TimeLeap is one of them.
type TimeLeap struct {
	Frame int64 // number in the capture, from 1
	Step  int64 // ns from the packet before; below 0: back
	At    int64 // where it is placed, ns after the capture's first packet; a lone step back has the largest time so far
}

const (
	maxStepAhead = 365 * 24 * 3600 * 1e9
	maxStepBack  = 1e9
	maxTimeLeaps = 10
)

// facts gathers Facts packet by packet.
type facts struct {
	*Facts
	link    pcaps.LinkType         // of the latest packet
	links   int                    // index in Links of link, −1 before the first packet
	at      map[pcaps.LinkType]int // index in Links of each: a capture may have one a packet
	counted uint64                 // packets before those of link that Links has not counted
	longest uint32                 // wire length of link's untagged frames of MTU 1500
}

func newFacts(f *Facts) facts { return facts{Facts: f, links: -1, at: map[pcaps.LinkType]int{}} }

// changeLink counts the packets before the n-th, which is the first of another
// link type.
func (f *facts) changeLink(n uint64, link pcaps.LinkType) {
	f.countLink(n)
	f.link, f.longest = link, math.MaxUint32
	if header, ok := walk.HeaderBytes(link); ok {
		f.longest = uint32(header + ethernetMTU)
	}
	var known bool
	if f.links, known = f.at[link]; !known {
		f.links = len(f.Links)
		f.at[link] = f.links
		f.Links = append(f.Links, LinkPackets{Link: link})
	}
}

// countLink counts the packets before the n-th for the link type.
func (f *facts) countLink(n uint64) {
	if f.links >= 0 {
		f.Links[f.links].Packets += n - f.counted
	}
	f.counted = n
}

func (f *facts) encapsulations(set pcaps.Encapsulations) {
	for ; set != 0; set &= set - 1 {
		f.Encapsulations[bits.TrailingZeros32(uint32(set))]++
	}
}

// note takes note of the chunk's packets, those of recs, before their direction is
// known.
func (s *stage) note(recs []pcaps.Record, c *chunk) {
	c.long, c.tunnels = c.long[:0], c.tunnels[:0]
	if s.facts.links < 0 && len(recs) > 0 {
		s.facts.changeLink(0, recs[0].Link)
	}
	captured, cut := uint64(0), uint64(0)
	link, longest := s.facts.link, s.facts.longest
	for i := range recs {
		rec := &recs[i]
		bytes, wire := uint64(len(rec.Data)), rec.Wire
		captured += bytes
		cut += (bytes - uint64(wire)) >> 63 // 1 where there are fewer
		if rec.Link != link {
			s.facts.changeLink(s.r.Packets+uint64(i), rec.Link)
			link, longest = s.facts.link, s.facts.longest
		}
		if wire > longest {
			c.noteLong(i, rec)
		}
	}
	s.r.CapturedBytes += captured
	s.r.Cut += cut
	if !c.walks {
		return
	}
	for i := range c.n {
		if !c.walked[i] {
			continue
		}
		h := &c.headers[i]
		if h.Encapsulations != 0 {
			s.facts.encapsulations(h.Encapsulations)
			h = c.open(i, &recs[i], s.o.Inner)
		}
		if h.Facts&pcaps.PortsCut != 0 {
			s.r.Snapped++
			if h.Protocol == pcaps.ProtoUDP {
				s.r.SnappedUDP++
			}
		} else if (h.Reason == pcaps.ShortIP || h.Reason == pcaps.ShortLink) && uint64(len(recs[i].Data)) < uint64(recs[i].Wire) {
			s.r.HeadersCut++
		}
	}
}

// note takes the leap of a packet's timestamp.
func (l *TimeLeaps) note(frame, step, at int64) {
	l.Packets++
	if step < 0 {
		l.Back++
	}
	if len(l.First) < maxTimeLeaps {
		l.First = append(l.First, TimeLeap{frame, step, at})
	}
}
