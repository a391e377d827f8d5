package walk

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
)

// comparePlain compares what PlainTuples says of a packet, if anything, with Walk.
func comparePlain(t *testing.T, rec *pcaps.Record) (plain bool) {
	t.Helper()
	var want, got pcaps.Header
	var ext pcaps.Extension
	Walk(rec, &want, &ext)
	tuples := []pcaps.Tuple{{1, 2, 3, 4, 5}}
	PlainTuples([]pcaps.Record{*rec}, tuples)
	if !tuples[0].IsIP() {
		return false
	}
	tuples[0].Header(&got)
	got.Direction = rec.Direction
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s %s (-Walk +plain):\n%s", rec.Link, hex.EncodeToString(rec.Data), diff)
	}
	var tuple pcaps.Tuple
	if tuple.Set(&want); tuple != tuples[0] {
		t.Fatalf("%s: tuple %x, want %x", hex.EncodeToString(rec.Data), tuples[0], tuple)
	}
	return true
}

// TestPlainTuples compares every length of every sort of packet that comes near a
// plain one, with each byte that decides changed.
func TestPlainTuples(t *testing.T) {
	values := []byte{0, 1, 3, 4, 6, 8, 17, 23, 24, 0x20, 0x40, 0x44, 0x45, 0x46, 0x60, 0x65, 0x80, 0xff}
	step := 1
	if testing.Short() {
		step = 5
	}
	for _, test := range plainFrames {
		name, frame := test.name, test.data
		if !comparePlain(t, &pcaps.Record{Data: frame, Link: pcaps.LinkEthernet}) {
			t.Errorf("%s is not taken as plain", name)
		}
		plain, others := 0, 0
		for length := len(frame); length >= 0; length -= step {
			for at := 12; at < len(frame); at++ {
				for _, value := range values {
					b := append([]byte{}, frame[:length]...) // exactly as long, so that a read beyond it panics
					if at < length {
						b[at] = value
					}
					if comparePlain(t, &pcaps.Record{Data: b, Link: pcaps.LinkEthernet, Direction: pcaps.Outbound}) {
						plain++
					} else {
						others++
					}
				}
			}
		}
		if plain == 0 || others == 0 {
			t.Errorf("%s: %d plain packets and %d others: the case shows too little", name, plain, others)
		}
	}
}

var plainFrames = []struct {
	name string
	data []byte
}{
	{"tcp4", tcp4},
	{"tcp6", tcp6},
	{"udp4", ethernet(0x0800, ip4(pcaps.ProtoUDP, -1, 0, nil, transport))},
	{"udp6", ethernet(0x86dd, ip6(pcaps.ProtoUDP, -1, transport))},
	{"udp4, unknown length", ethernet(0x0800, ip4(pcaps.ProtoUDP, 0, 0x4000, nil, transport))},
	{"tcp6, unknown length", ethernet(0x86dd, ip6(pcaps.ProtoTCP, 0, transport))},
}

// TestPlainTuplesOfMany: each tuple is of its own record, under every link type.
func TestPlainTuplesOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 22))
	var frames [][]byte
	for _, plain := range plainFrames {
		frames = append(frames, plain.data)
	}
	frames = append(frames, tagged(tcp4, 0x8100), ethernet(0x0806, make([]byte, 46)), nil)
	links := []pcaps.LinkType{pcaps.LinkEthernet, pcaps.LinkEthernet, pcaps.LinkEthernet, pcaps.LinkRaw, pcaps.LinkSLL, pcaps.LinkNull, 147}
	recs, tuples := make([]pcaps.Record, 256), make([]pcaps.Tuple, 300)
	seen := 0
	for range 50 {
		n := r.IntN(len(recs) + 1)
		for i := range recs[:n] {
			frame := append([]byte{}, frames[r.IntN(len(frames))]...)
			for range r.IntN(3) {
				if len(frame) > 0 {
					frame[r.IntN(len(frame))] ^= 1 << r.IntN(8)
				}
			}
			recs[i] = pcaps.Record{Data: frame, Link: links[r.IntN(len(links))]}
		}
		PlainTuples(recs[:n], tuples)
		for i := range recs[:n] {
			if plain := comparePlain(t, &recs[i]); plain != tuples[i].IsIP() {
				t.Fatalf("packet %d of %d: plain %v, alone %v", i, n, tuples[i].IsIP(), plain)
			}
			if !tuples[i].IsIP() {
				continue
			}
			one := make([]pcaps.Tuple, 1)
			if PlainTuples(recs[i:i+1], one); one[0] != tuples[i] {
				t.Fatalf("packet %d of %d: %x, alone %x", i, n, tuples[i], one[0])
			}
			seen++
		}
	}
	if seen < 500 {
		t.Errorf("only %d plain packets", seen)
	}
	if n := testing.AllocsPerRun(100, func() { PlainTuples(recs, tuples) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
