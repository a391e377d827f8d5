package dispatch

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// Copies is how many of the first packets the capture has more than once, as it has where
// two ports of a switch are mirrored, or two interfaces of a host captured, on which a
// packet comes by. It is of IPv4 packets that were not sent, and whose identification is
// not 0: a host numbers its packets, so that one that it sends again has another number.
type Copies struct {
	Looked   uint64 // packets like that
	Copied   uint64 // of these: of which there are two to four alike, within a millisecond
	Distinct uint64 // packets that the copied ones are copies of
	Numbers  int    // identifications of these: few where a generator does not number what it sends

	Longest    int64    // ns between two copies of a packet
	Within     int      // packets from a copy to the next, at most
	Same       bool     // the copies are the same to the byte, as far as they were captured
	Hops       bool     // each packet has a copy whose time to live is less: a router lies between
	Interfaces []uint32 // that have one each of every packet, by the index that the capture gives them; nil if it tells none
	Cooked     bool     // these are a host's own numbers, as `ip link` has them
}

const (
	// copiesAmong are as many packets as tell whether a capture has all of them twice.
	copiesAmong = 1024
	mostCopies  = 4
	copyApart   = 1e6 // ns
)

// copies gathers Copies.
type copies struct {
	seen  int // packets of any kind
	at    map[fingerprint]int
	alike []alike // in order of appearance
	seed  maphash.Seed
}

// fingerprint is of an IPv4 packet what no router changes: its header without the type of
// service, the time to live and the checksum, and the first bytes behind it.
type fingerprint [16 + 16]byte

// alike is the packets that have a fingerprint.
type alike struct {
	number      int
	first, last int64
	at, within  int // number of the latest packet, and the most from one to the next
	id          [2]byte
	data        uint64
	differ      bool
	least, most uint8 // time to live
	interfaces  [mostCopies]uint32
}

// look takes the packets of recs, which c has walked.
func (p *copies) look(recs []pcaps.Record, c *chunk) {
	if p.seen >= copiesAmong {
		return
	}
	if p.at == nil {
		p.at, p.seed = map[fingerprint]int{}, maphash.MakeSeed()
	}
	for i := range recs[:min(c.n, copiesAmong-p.seen)] {
		p.seen++
		rec, h := &recs[i], c.header(i)
		at, ok := walk.IPAt(rec, h)
		if !ok || h.Version != 4 || h.Direction == pcaps.Outbound || binary.BigEndian.Uint16(rec.Data[at+4:]) == 0 {
			continue
		}
		f, hops := fingerprintOf(rec.Data[at:])
		data := maphash.Bytes(p.seed, rec.Data)
		k, known := p.at[f]
		if !known {
			k = len(p.alike)
			p.at[f] = k
			p.alike = append(p.alike, alike{first: rec.Time, id: [2]byte(f[2:]), data: data, least: hops, most: hops, at: p.seen})
		}
		a := &p.alike[k]
		if a.number < mostCopies {
			a.interfaces[a.number] = interfaceOf(rec)
		}
		a.number++
		a.last = rec.Time
		a.within, a.at = max(a.within, p.seen-a.at), p.seen
		a.differ = a.differ || a.data != data
		a.least, a.most = min(a.least, hops), max(a.most, hops)
	}
}

// fingerprintOf is that of a packet which begins with an IPv4 header, and its time to live.
func fingerprintOf(ip []byte) (f fingerprint, hops uint8) {
	copy(f[:], ip[2:8]) // length, identification, offset
	f[6] = ip[9]        // protocol
	copy(f[7:], ip[12:20])
	f[15] = ip[0] // length of the header
	copy(f[16:], ip[min(int(ip[0]&15)*4, len(ip)):])
	return f, ip[8]
}

// interfaceOf is the number of the interface that the packet was captured on: in Linux's
// cooked headers the host's own.
func interfaceOf(rec *pcaps.Record) uint32 {
	if rec.Link == pcaps.LinkSLL2 {
		return binary.BigEndian.Uint32(rec.Data[4:])
	}
	return uint32(rec.Interface)
}

// found is what was seen in a capture of these links.
func (p *copies) found(links []LinkPackets) Copies {
	numbers := map[[2]byte]bool{}
	c := Copies{Same: true, Hops: true, Cooked: len(links) == 1 && links[0].Link == pcaps.LinkSLL2}
	for i := range p.alike {
		a := &p.alike[i]
		c.Looked += uint64(a.number)
		apart := since(a.last, a.first)
		if a.number < 2 || a.number > mostCopies || apart < 0 || apart > copyApart {
			continue
		}
		c.Copied += uint64(a.number)
		c.Distinct++
		numbers[a.id] = true
		c.Longest, c.Within = max(c.Longest, apart), max(c.Within, a.within)
		c.Same = c.Same && !a.differ
		c.Hops = c.Hops && a.least < a.most
		on := a.interfaces[:a.number]
		slices.Sort(on)
		switch {
		case c.Distinct > 1 && !slices.Equal(c.Interfaces, on), len(slices.Compact(slices.Clone(on))) < len(on):
			c.Interfaces = nil
		default:
			c.Interfaces = on
		}
	}
	c.Numbers = len(numbers)
	return c
}
