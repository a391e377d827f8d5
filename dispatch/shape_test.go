package dispatch

import (
	"testing"

	"rssreplay/pcaps"
)

// TestFragmentsApart has two pairs of ends whose UDP comes whole and in fragments, and a third
// that has fragments alone: of each pair the fragments are parted from the flow with ports, where
// they go to another CPU.
func TestFragmentsApart(t *testing.T) {
	udp := func(pair int, fragment bool) []byte {
		b := frameTo(pair)
		b[23] = pcaps.ProtoUDP
		if fragment {
			b[21] = 185 // an offset
		}
		return b
	}
	var recs []pcaps.Record
	add := func(pair, packets int, fragment bool) {
		for range packets {
			recs = append(recs, recordOf(udp(pair, fragment), int64(len(recs))))
		}
	}
	add(1, 2, false)
	add(2, 3, false)
	add(1, 5, true)
	add(2, 7, true)
	add(3, 11, true)
	r := replayRecords(t, false, recs)
	want := uint64(0)
	for id := range uint32(r.NumFlows) {
		whole := r.Flow(id)
		for other := range uint32(r.NumFlows) {
			if f := r.Flow(other); whole.HasPorts && !f.HasPorts && f.Source == whole.Source && f.Queue != whole.Queue {
				want += f.Packets
			}
		}
	}
	if s := r.Shape(); s.UDPFragments != 23 || want != 12 || s.FragmentsApart != want {
		t.Errorf("%d packets in fragments, %d apart, want 23 and %d (of 12)", s.UDPFragments, s.FragmentsApart, want)
	}
}

// TestRoCE: packets to UDP's port 4791 count, those from it and TCP's do not.
func TestRoCE(t *testing.T) {
	var recs []pcaps.Record
	for pair, test := range []struct {
		packets  int
		protocol byte
		at       int // of the port in the frame
	}{{3, pcaps.ProtoUDP, 36}, {5, pcaps.ProtoUDP, 34}, {7, pcaps.ProtoTCP, 36}} {
		for range test.packets {
			b := frameTo(pair + 1)
			b[23], b[test.at], b[test.at+1] = test.protocol, 4791>>8, 4791&0xff
			recs = append(recs, recordOf(b, int64(len(recs))))
		}
	}
	if s := replayRecords(t, false, recs).Shape(); s.RoCE != 3 {
		t.Errorf("%d packets, want 3", s.RoCE)
	}
}
