package dispatch

import (
	"cmp"
	"encoding/binary"
	"slices"

	"rssreplay/pcaps"
)

// Interface is one that received packets, of a host that captured on all of its own
// (`tcpdump -i any`): Linux's cooked headers tell it.
type Interface struct {
	Index    uint32 // as `ip link` numbers it
	Packets  uint64 // that it received, among the first
	Loopback bool
}

const (
	interfacesAmong = 8192 // packets tell which interfaces a capture is of
	sll2Header      = 20
	arphrdLoopback  = 772 // <linux/if_arp.h>
)

// interfaces gathers them.
type interfaces struct {
	seen int // packets of any kind
	of   []Interface
}

// look takes the packets of recs, which c has walked.
func (p *interfaces) look(recs []pcaps.Record, c *chunk) {
	for i := range recs[:min(c.n, interfacesAmong-p.seen)] {
		p.seen++
		rec := &recs[i]
		if rec.Link != pcaps.LinkSLL2 || len(rec.Data) < sll2Header || c.header(i).Direction == pcaps.Outbound {
			continue
		}
		index := binary.BigEndian.Uint32(rec.Data[4:])
		k := slices.IndexFunc(p.of, func(o Interface) bool { return o.Index == index })
		if k < 0 {
			k = len(p.of)
			p.of = append(p.of, Interface{Index: index, Loopback: binary.BigEndian.Uint16(rec.Data[8:]) == arphrdLoopback})
		}
		p.of[k].Packets++
	}
}

// found are those that were met, the one with the most packets first.
func (p *interfaces) found() []Interface {
	slices.SortFunc(p.of, func(a, b Interface) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), cmp.Compare(a.Index, b.Index))
	})
	return p.of
}
