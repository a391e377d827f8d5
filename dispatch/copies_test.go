package dispatch

import (
	"encoding/binary"
	"slices"
	"testing"

	"rssreplay/pcaps"
)

// A packet that comes by several times is counted, with what tells its copies apart.
func TestCopies(t *testing.T) {
	const packets = 200
	type copied struct {
		each    int
		step    int64 // ns from a copy to the next
		change  func(b []byte, k int)
		cooked  bool
		ways    []byte // of each copy, by Linux's cooked header
		numbers int    // identifications; 0: each packet has one
	}
	number := func(b []byte, i int) { binary.BigEndian.PutUint16(b[18:], uint16(i)) }
	hop := func(b []byte, k int) { b[22] = byte(64 - k); b[24]++ }
	for name, test := range map[string]struct {
		copied
		looked, copies, distinct uint64
		numbers                  int
		same, hops               bool
		interfaces               []uint32
	}{
		"once":               {copied{each: 1}, packets, 0, 0, 0, true, true, nil},
		"twice":              {copied{each: 2, step: 2000}, 2 * packets, 2 * packets, packets, packets, true, false, nil},
		"four times":         {copied{each: 4, step: 2000}, 4 * packets, 4 * packets, packets, packets, true, false, nil},
		"five times":         {copied{each: 5, step: 2000}, 5 * packets, 0, 0, 0, true, true, nil},
		"a millisecond":      {copied{each: 2, step: 1e6}, 2 * packets, 2 * packets, packets, packets, true, false, nil},
		"more than that":     {copied{each: 2, step: 1e6 + 1}, 2 * packets, 0, 0, 0, true, true, nil},
		"behind a router":    {copied{each: 2, step: 2000, change: hop}, 2 * packets, 2 * packets, packets, packets, false, true, nil},
		"another MAC":        {copied{each: 2, step: 2000, change: func(b []byte, k int) { b[0] = byte(k) }}, 2 * packets, 2 * packets, packets, packets, false, false, nil},
		"another sequence":   {copied{each: 2, step: 2000, change: func(b []byte, k int) { b[41] = byte(k) }}, 2 * packets, 0, 0, 0, true, true, nil},
		"one number":         {copied{each: 2, step: 2000, numbers: 1}, 2 * packets, 2 * packets, packets, 1, true, false, nil},
		"bridge and NIC":     {copied{each: 2, step: 2000, cooked: true, ways: []byte{0, 0}}, 2 * packets, 2 * packets, packets, packets, false, false, []uint32{2, 3}},
		"received and sent":  {copied{each: 2, step: 2000, cooked: true, ways: []byte{0, 4}}, packets, 0, 0, 0, true, true, nil},
		"without any number": {copied{each: 2, step: 2000, change: func(b []byte, _ int) { b[18], b[19] = 0, 0 }}, 0, 0, 0, 0, true, true, nil},
	} {
		var recs []pcaps.Record
		for i := range packets {
			for k := range test.each {
				b := frameTo(i)
				number(b, 1+i)
				if test.copied.numbers > 0 {
					number(b, 1+i%test.copied.numbers)
				}
				b[22] = 64
				if test.change != nil {
					test.change(b, k)
				}
				rec := recordOf(b, int64(i)*10e6+int64(k)*test.step)
				if test.cooked {
					head := make([]byte, 20)
					binary.BigEndian.PutUint16(head, 0x0800)
					binary.BigEndian.PutUint32(head[4:], uint32(2+k))
					head[10] = test.ways[k]
					rec.Data, rec.Link = append(head, b[14:]...), pcaps.LinkSLL2
					rec.Wire = uint32(len(rec.Data))
				}
				recs = append(recs, rec)
			}
		}
		c := replayOf(t, Options{}, recs).Copies
		if c.Looked != test.looked || c.Copied != test.copies || c.Distinct != test.distinct || c.Numbers != test.numbers ||
			c.Distinct > 0 && (c.Same != test.same || c.Hops != test.hops) || !slices.Equal(c.Interfaces, test.interfaces) || c.Cooked != test.cooked {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
