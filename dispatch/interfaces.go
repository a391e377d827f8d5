package dispatch

import (
	"cmp"
	"encoding/binary"
	"slices"

	"rssreplay/pcaps"
)

// Interface is one that received packets.
type Interface struct {
	// Index is its number for `ip link` on the host, which Linux's cooked headers tell where all
	// interfaces were captured (`tcpdump -i any`); or, where Described, for the capture, which
	// describes its interfaces.
	Index     uint32
	Packets   uint64 // that it received, among the first
	Loopback  bool   // as cooked headers tell
	Described bool
}

const (
	interfacesAmong = 8192 // packets tell which interfaces a capture is of
	sll2Header      = 20
	arphrdLoopback  = 772 // <linux/if_arp.h>
)

// interfaces gathers them.
type interfaces struct {
	on    []int32 // of the first packets, each its place in of
	told  int     // of these, those of which it was told whether they were sent
	of    []Interface
	place map[Interface]int32 // in of, by index and description alone
}

// look takes the first n packets of recs.
func (p *interfaces) look(recs []pcaps.Record, n int) {
	for i := range recs[:min(n, interfacesAmong-len(p.on))] {
		rec := &recs[i]
		one, loopback := Interface{Index: uint32(rec.Interface), Described: true}, false
		if rec.Link == pcaps.LinkSLL2 && len(rec.Data) >= sll2Header {
			one = Interface{Index: binary.BigEndian.Uint32(rec.Data[4:])}
			loopback = binary.BigEndian.Uint16(rec.Data[8:]) == arphrdLoopback
		}
		k, met := p.place[one]
		if !met {
			if p.place == nil {
				p.place = map[Interface]int32{}
			}
			k = int32(len(p.of))
			p.place[one] = k
			one.Loopback = loopback
			p.of = append(p.of, one)
		}
		p.on = append(p.on, k)
	}
}

// receive counts those of c's packets, the next ones in order, that were received.
func (p *interfaces) receive(c *chunk) {
	for i := range min(c.n, len(p.on)-p.told) {
		if !c.wasSent(i) {
			p.of[p.on[p.told]].Packets++
		}
		p.told++
	}
}

// found are those that received packets, the one with the most first.
func (p *interfaces) found() []Interface {
	p.of = slices.DeleteFunc(p.of, func(of Interface) bool { return of.Packets == 0 })
	slices.SortFunc(p.of, func(a, b Interface) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Index, b.Index))
	})
	return p.of
}
