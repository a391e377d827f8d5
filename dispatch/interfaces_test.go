package dispatch

import (
	"encoding/binary"
	"slices"
	"testing"

	"rssreplay/pcaps"
)

// Of a capture on all interfaces those are counted that received packets.
func TestInterfaces(t *testing.T) {
	var recs []pcaps.Record
	add := func(times int, link pcaps.LinkType, index uint32, kind uint16, way byte) {
		for range times {
			b := frameTo(len(recs))
			if link == pcaps.LinkSLL2 {
				head := make([]byte, 20)
				binary.BigEndian.PutUint16(head, 0x0800)
				binary.BigEndian.PutUint32(head[4:], index)
				binary.BigEndian.PutUint16(head[8:], kind)
				head[10] = way
				b = append(head, b[14:]...)
			}
			rec := recordOf(b, int64(len(recs))*1000)
			rec.Link = link
			recs = append(recs, rec)
		}
	}
	add(30, pcaps.LinkEthernet, 0, 0, 0)
	if got := replayOf(t, Options{}, recs).Interfaces; !slices.Equal(got, []Interface{{Packets: 30, Described: true}}) {
		t.Errorf("of Ethernet: %+v", got)
	}
	recs = nil
	add(30, pcaps.LinkSLL2, 7, 1, 0)
	add(20, pcaps.LinkSLL2, 7, 1, 4) // sent
	add(40, pcaps.LinkSLL2, 1, 772, 0)
	want := []Interface{{Index: 1, Packets: 40, Loopback: true}, {Index: 7, Packets: 30}}
	if got := replayOf(t, Options{}, recs).Interfaces; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	// Of a capture that describes several, as pcapng does, too; not what was sent.
	recs = nil
	add(30, pcaps.LinkEthernet, 0, 0, 0)
	for i := range recs {
		recs[i].Interface = int32(i % 3)
		if i%3 == 2 {
			recs[i].Direction = pcaps.Outbound
		}
	}
	want = []Interface{{Packets: 10, Described: true}, {Index: 1, Packets: 10, Described: true}}
	if got := replayOf(t, Options{}, recs).Interfaces; !slices.Equal(got, want) {
		t.Errorf("described: %+v, want %+v", got, want)
	}
}
