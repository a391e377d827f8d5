package pcaps

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLinkTypes: the headers of links other than Ethernet and Linux's cooked ones,
// before the packets inner4 and inner6.
func TestLinkTypes(t *testing.T) {
	le := binary.LittleEndian
	radiotap := func(present []uint32, fields []byte, payload ...[]byte) []byte {
		size := 4 + 4*len(present) + len(fields)
		b := le.AppendUint16([]byte{0, 0}, uint16(size))
		for _, p := range present {
			b = le.AppendUint32(b, p)
		}
		return slices.Concat(b, fields, slices.Concat(payload...))
	}
	data := func(control, flags byte, header int, payload ...[]byte) []byte {
		return slices.Concat([]byte{control, flags}, make([]byte, header-2), slices.Concat(payload...))
	}
	ppi := func(link uint32, fields int, payload []byte) []byte {
		b := le.AppendUint16([]byte{0, 0}, uint16(8+fields))
		return slices.Concat(le.AppendUint32(b, link), make([]byte, fields), payload)
	}
	attribute := func(kind uint16, value []byte) []byte {
		b := le.AppendUint16(le.AppendUint16(nil, uint16(4+len(value))), kind)
		return append(append(b, value...), make([]byte, (4-len(value)%4)%4)...)
	}
	snap6 := []byte{0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd}
	for _, test := range []struct {
		name string
		link LinkType
		data []byte
		want Header
	}{
		{"ppp", LinkPPP, slices.Concat([]byte{0, 0x21}, inner4), innerHeader4},
		{"ppp, address and control", LinkPPP, slices.Concat([]byte{0xff, 3, 0, 0x57}, inner6), innerHeader6},
		{"ppp, compressed protocol", LinkPPP, slices.Concat([]byte{0x21}, inner4), innerHeader4},
		{"ppp, link control", LinkPPP, []byte{0xff, 3, 0xc0, 0x21, 1, 2}, because(NotIP, 0)},
		{"ppp, cut", LinkPPP, []byte{0xff, 3, 0}, because(ShortLink, 0)},
		{"ppp, cut after the address", LinkPPP, []byte{0xff, 3, 0x21, 0x45}, because(ShortIP, 0)},
		{"ppp in hdlc", LinkPPPHDLC, slices.Concat([]byte{0xff, 3, 0, 0x21}, inner4), innerHeader4},
		{"cisco in hdlc", LinkPPPHDLC, slices.Concat([]byte{0x0f, 0, 8, 0}, inner4), innerHeader4},
		{"cisco", LinkCiscoHDLC, slices.Concat([]byte{0x8f, 0, 0x86, 0xdd}, inner6), innerHeader6},
		{"cisco, cut", LinkCiscoHDLC, []byte{0x0f, 0, 8}, because(ShortLink, 0)},
		{"cisco, sent", LinkHDLCDir, slices.Concat([]byte{1, 0x0f, 0, 8, 0}, inner4), directed(innerHeader4, Outbound)},
		{"cisco, its type cut off", LinkHDLCDir, []byte{0, 0x0f, 0, 8}, directed(because(ShortLink, 0), Inbound)},
		{"pppoe", LinkPPPEther, pppoeFrame(0x21, inner4), innerHeader4},
		{"pppoe, discovery", LinkPPPEther, []byte{0x11, 9, 0, 0, 0, 0}, because(ShortLink, 0)},
		{"pppd, received", LinkPPPD, slices.Concat([]byte{0, 3, 0, 0x21}, inner4), directed(innerHeader4, Inbound)},
		{"pppd, sent", LinkPPPD, slices.Concat([]byte{1, 3, 0, 0x21}, inner4), directed(innerHeader4, Outbound)},
		{"ppp, sent", LinkPPPDir, slices.Concat([]byte{1, 0xff, 3, 0, 0x57}, inner6), directed(innerHeader6, Outbound)},
		{"frame relay", LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0xcc}, inner4), innerHeader4},
		{"frame relay, long address", LinkFrameRelay, slices.Concat([]byte{0x18, 0x40, 0x20, 0x01, 3, 0, 0x8e}, inner6), innerHeader6},
		{"frame relay, snap", LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}, inner4), innerHeader4},
		{"frame relay of cisco", LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 8, 0}, inner4), innerHeader4},
		{"frame relay, q.933", LinkFrameRelay, []byte{0, 1, 3, 8, 0, 0x75}, because(NotIP, 0)},
		{"frame relay, no end of the address", LinkFrameRelay, []byte{0, 0, 0, 0}, because(ShortLink, 0)},
		{"frame relay, cut", LinkFrameRelay, []byte{0x18, 0x41, 3, 0}, because(ShortLink, 0)},
		{"802.11", Link80211, data(0x08, 1, 24, snapHeader, inner4), innerHeader4},
		{"802.11, between access points", Link80211, data(0x08, 3, 30, snapHeader, inner4), innerHeader4},
		{"802.11, quality of service", Link80211, data(0x88, 2, 26, snap6, inner6), innerHeader6},
		{"802.11, high throughput", Link80211, data(0x88, 0x82, 30, snapHeader, inner4), innerHeader4},
		{"802.11, encrypted", Link80211, data(0x08, 0x41, 24, snapHeader, inner4), because(NotIP, 0)},
		{"802.11, null", Link80211, data(0x48, 1, 24), because(NotIP, 0)},
		{"802.11, beacon", Link80211, data(0x80, 0, 60), because(NotIP, 0)},
		{"802.11, acknowledgement", Link80211, data(0xd4, 0, 10), because(NotIP, 0)},
		{"802.11, an aggregate", Link80211, slices.Concat(data(0x88, 2, 24), []byte{0x80, 0}, make([]byte, 14), snapHeader, inner4), because(NotIP, 0)},
		{"802.11, llc", Link80211, data(0x08, 1, 24, []byte{0x42, 0x42, 3, 0, 0, 0, 0, 0}), because(LLC, 0)},
		{"802.11, cut", Link80211, data(0x08, 1, 24, snapHeader)[:31], because(ShortLink, 0)},
		{"802.11, its quality of service cut off", Link80211, data(0x88, 1, 25), because(ShortLink, 0)},
		{"802.11, a byte", Link80211, []byte{8}, because(ShortLink, 0)},
		{"radiotap", LinkRadiotap, radiotap([]uint32{0}, nil, data(0x08, 1, 24, snapHeader, inner4)), innerHeader4},
		{"radiotap, flags", LinkRadiotap, radiotap([]uint32{2}, []byte{0x10}, data(0x88, 2, 26, snapHeader, inner4)), innerHeader4},
		{"radiotap, padded", LinkRadiotap, radiotap([]uint32{2}, []byte{0x20}, data(0x88, 2, 28, snapHeader, inner4)), innerHeader4},
		{"radiotap, time, padded", LinkRadiotap, radiotap([]uint32{3}, append(make([]byte, 8), 0x20), data(0x88, 2, 28, snapHeader, inner4)), innerHeader4},
		{"radiotap, more fields", LinkRadiotap, radiotap([]uint32{2 | 1<<31, 1 << 31, 0}, []byte{0x20}, data(0x88, 2, 28, snapHeader, inner4)), innerHeader4},
		{"radiotap, fields without an end", LinkRadiotap, radiotap([]uint32{1 << 31}, nil, data(0x08, 1, 24, snapHeader, inner4)), because(ShortLink, 0)},
		{"radiotap, too long", LinkRadiotap, radiotap([]uint32{0}, make([]byte, 20))[:20], because(ShortLink, 0)},
		{"radiotap, too short", LinkRadiotap, slices.Concat([]byte{0, 0, 7, 0}, make([]byte, 80)), because(ShortLink, 0)},
		{"ppi", LinkPPI, ppi(105, 12, data(0x08, 1, 24, snapHeader, inner4)), innerHeader4},
		{"ppi, ethernet", LinkPPI, ppi(1, 0, tagged(ethernet(0x0800, inner4), 0x8100)), withTags(innerHeader4, Tag8100)},
		{"ppi, ppi", LinkPPI, ppi(192, 0, ppi(1, 0, ethernet(0x0800, inner4))), because(UnknownLink, 0)},
		{"ppi, no link type", LinkPPI, ppi(1<<16, 0, ethernet(0x0800, inner4)), because(UnknownLink, 0)},
		{"ppi, too long", LinkPPI, ppi(1, 80, nil)[:40], because(ShortLink, 0)},
		{"nflog", LinkNFLOG, slices.Concat([]byte{2, 0, 0, 0}, attribute(1, []byte{8, 0, 0}), attribute(9, inner4)), innerHeader4},
		{"nflog, IPv6", LinkNFLOG, slices.Concat([]byte{10, 0, 0, 0}, attribute(9, inner6)), innerHeader6},
		{"nflog, no packet", LinkNFLOG, slices.Concat([]byte{2, 0, 0, 0}, attribute(1, []byte{8, 0, 0})), because(ShortLink, 0)},
		{"nflog, no length", LinkNFLOG, []byte{2, 0, 0, 0, 0, 0, 1, 0}, because(ShortLink, 0)},
		{"nflog, arp", LinkNFLOG, slices.Concat([]byte{3, 0, 0, 0}, attribute(9, inner4)), because(NotIP, 0)},
		{"nflog, bridge", LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(1, []byte{0x86, 0xdd, 0, 0}), attribute(16, make([]byte, 14)), attribute(9, inner6)), innerHeader6},
		{"nflog, bridge, tagged", LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(1, []byte{0x81, 0, 0, 0}), attribute(9, slices.Concat([]byte{0, 5, 8, 0}, inner4))), withTags(innerHeader4, Tag8100)},
		{"nflog, bridge, arp", LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(1, []byte{8, 6, 0, 0}), attribute(9, inner4)), because(NotIP, 0)},
		{"nflog, bridge, no packet header", LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(9, inner4)), because(NotIP, 0)},
		{"nflog, bridge, packet header cut", LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, []byte{6, 0, 1, 0, 8}), because(ShortLink, 0)},
		{"nflog, ingress of a device", LinkNFLOG, slices.Concat([]byte{5, 0, 0, 0}, attribute(1, []byte{8, 0, 0, 0}), attribute(9, inner4)), innerHeader4},
		{"mpls", LinkMPLS, slices.Concat(lastLabel, inner4), because(NotIP, 0)},
	} {
		for n := range len(test.data) { // no cut makes it read further
			rec := Record{Data: slices.Clip(test.data[:n]), Link: test.link}
			var h Header
			var ext Extension
			Walk(&rec, &h, &ext)
			if h.Version != 0 && h.Src != test.want.Src {
				t.Errorf("%s, %d bytes: %+v", test.name, n, h)
			}
		}
		rec := Record{Data: slices.Clip(test.data), Link: test.link}
		var h Header
		var ext Extension
		Walk(&rec, &h, &ext)
		h.Encapsulations = 0
		if diff := cmp.Diff(test.want, h); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func withTags(h Header, tags Facts) Header {
	h.Facts |= tags
	return h
}

// Every link type that Walk knows has a name of its own, and no other is known.
func TestKnownLinks(t *testing.T) {
	for l := range LinkType(300) {
		var h Header
		var ext Extension
		Walk(&Record{Data: make([]byte, 64), Link: l}, &h, &ext)
		if known := h.Reason != UnknownLink || l == LinkPPI; known != l.Known() {
			t.Errorf("%s: Walk knows it: %t; Known says %t", l, known, l.Known())
		}
	}
	names := KnownLinkNames()
	if !slices.IsSorted(names) || !slices.Contains(names, "linux_sll2") || slices.Contains(names, "mtp2") || len(names) < 20 {
		t.Errorf("known names: %v", names)
	}
}

// What Walk finds of a direction, SaysDirection foresees: else a replay begins that does
// not reckon with sent packets. Every link type is tried with many packets, whose headers
// may be those of other link types, too.
func TestLinksThatSayDirection(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	met := make(map[LinkType]bool)
	for l := range LinkType(300) {
		foreseen := l.SaysDirection()
		for range 2000 {
			data := make([]byte, 80)
			for i := range data {
				data[i] = byte(random.Uint32() & random.Uint32() & random.Uint32()) // small numbers are the likelier
			}
			if random.IntN(2) == 0 { // PPI: its length, and a link type
				binary.LittleEndian.PutUint16(data[2:], 8)
				binary.LittleEndian.PutUint32(data[4:], random.Uint32N(300))
			}
			var h Header
			var ext Extension
			if Walk(&Record{Data: data, Link: l}, &h, &ext); h.Direction != DirectionUnknown {
				met[l] = true
				if !foreseen {
					t.Fatalf("%s: % x is %v, which is not foreseen", l, data, h.Direction)
				}
			}
		}
		if foreseen && !met[l] {
			t.Errorf("%s: a direction is foreseen, and no packet has one", l)
		}
	}
	if len(met) != 6 {
		t.Errorf("link types that say a direction: %v", met)
	}
}
