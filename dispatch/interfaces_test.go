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
	if got := replayOf(t, Options{}, recs).Interfaces; got != nil {
		t.Errorf("of Ethernet: %+v", got)
	}
	recs = nil
	add(30, pcaps.LinkSLL2, 7, 1, 0)
	add(20, pcaps.LinkSLL2, 7, 1, 4) // sent
	add(40, pcaps.LinkSLL2, 1, 772, 0)
	want := []Interface{{1, 40, true}, {7, 30, false}}
	if got := replayOf(t, Options{}, recs).Interfaces; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
