package pcaps

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomHeader has every sort of tuple, of few enough values that flows meet.
func randomHeader(r *rand.Rand) Header {
	h := Header{Version: 4, Protocol: uint8(r.IntN(256))}
	n := 4
	if r.IntN(2) == 0 {
		h.Version, n = 6, 16
	}
	for i := range n {
		h.Src[i], h.Dst[i] = byte(r.IntN(256)), byte(r.IntN(256))
	}
	switch r.IntN(3) {
	case 0:
		h.Facts, h.SrcPort, h.DstPort = HasPorts, uint16(r.IntN(1<<16)), uint16(r.IntN(1<<16))
	case 1:
		h.Facts, h.Protocol = ProtocolUnknown, 0
	}
	return h
}

// TestTuple: a tuple says all of its header that tells flows apart, and its
// reverse is the tuple of the header with its ends exchanged.
func TestTuple(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 21))
	for range 2000 {
		h := randomHeader(r)
		var tuple, other Tuple
		tuple.Set(&h)
		back := Header{Facts: 0xffff, Reason: 9, Direction: 9, Encapsulations: 9} // must all be set
		tuple.Header(&back)
		if diff := cmp.Diff(h, back); diff != "" {
			t.Fatalf("%x: the header again (-want +got):\n%s", tuple, diff)
		}

		src, dst := netip.AddrFrom16(h.Src), netip.AddrFrom16(h.Dst)
		if h.Version == 4 {
			src, dst = netip.AddrFrom4([4]byte(h.Src[:])), netip.AddrFrom4([4]byte(h.Dst[:]))
		}
		protocol := int(h.Protocol)
		if h.Facts == ProtocolUnknown {
			protocol = -1
		}
		sport, dport, ports := tuple.Ports()
		if tuple.Source() != src || tuple.Destination() != dst || tuple.Protocol() != protocol || tuple.Version() != int(h.Version) ||
			sport != h.SrcPort || dport != h.DstPort || ports != (h.Facts == HasPorts) || !tuple.IsIP() {
			t.Fatalf("%+v:\n%v %v %d %d %d %d %v %v", h, tuple.Source(), tuple.Destination(), tuple.Protocol(), tuple.Version(), sport, dport, ports, tuple.IsIP())
		}

		h.Src, h.Dst, h.SrcPort, h.DstPort = h.Dst, h.Src, h.DstPort, h.SrcPort
		other.Set(&h)
		if tuple.Reverse() != other || other.Reverse() != tuple {
			t.Fatalf("%x: the reverse is %x, want %x", tuple, tuple.Reverse(), other)
		}
		turned, same := tuple, tuple
		turned.ReverseIf(true)
		same.ReverseIf(false)
		if turned != other || same != tuple {
			t.Fatalf("%x: reversed %x, and as it was %x", tuple, turned, same)
		}
		if tuple.Equal(&other) != (tuple == other) || !tuple.Equal(&tuple) {
			t.Fatalf("%x and %x: equal %v", tuple, other, tuple.Equal(&other))
		}
		for word := range other {
			changed := tuple
			changed[word] ^= 1 << r.IntN(50)
			if tuple.Equal(&changed) {
				t.Fatalf("%x equals %x", tuple, changed)
			}
		}
	}
	var tuple Tuple
	tuple.Set(&Header{Reason: NotIP, Facts: Tag8100})
	if tuple != (Tuple{}) || tuple.IsIP() {
		t.Errorf("without an IP header: %x", tuple)
	}
}
