package walk

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
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
		link pcaps.LinkType
		data []byte
		want pcaps.Header
	}{
		{"ppp", pcaps.LinkPPP, slices.Concat([]byte{0, 0x21}, inner4), innerHeader4},
		{"ppp, address and control", pcaps.LinkPPP, slices.Concat([]byte{0xff, 3, 0, 0x57}, inner6), innerHeader6},
		{"ppp, compressed protocol", pcaps.LinkPPP, slices.Concat([]byte{0x21}, inner4), innerHeader4},
		{"ppp, link control", pcaps.LinkPPP, []byte{0xff, 3, 0xc0, 0x21, 1, 2}, because(pcaps.NotIP, 0)},
		{"ppp, cut", pcaps.LinkPPP, []byte{0xff, 3, 0}, because(pcaps.ShortLink, 0)},
		{"ppp, cut after the address", pcaps.LinkPPP, []byte{0xff, 3, 0x21, 0x45}, because(pcaps.ShortIP, 0)},
		{"ppp in hdlc", pcaps.LinkPPPHDLC, slices.Concat([]byte{0xff, 3, 0, 0x21}, inner4), innerHeader4},
		{"cisco in hdlc", pcaps.LinkPPPHDLC, slices.Concat([]byte{0x0f, 0, 8, 0}, inner4), innerHeader4},
		{"cisco", pcaps.LinkCiscoHDLC, slices.Concat([]byte{0x8f, 0, 0x86, 0xdd}, inner6), innerHeader6},
		{"cisco, cut", pcaps.LinkCiscoHDLC, []byte{0x0f, 0, 8}, because(pcaps.ShortLink, 0)},
		{"cisco, sent", pcaps.LinkHDLCDir, slices.Concat([]byte{1, 0x0f, 0, 8, 0}, inner4), directed(innerHeader4, pcaps.Outbound)},
		{"cisco, its type cut off", pcaps.LinkHDLCDir, []byte{0, 0x0f, 0, 8}, directed(because(pcaps.ShortLink, 0), pcaps.Inbound)},
		{"pppoe", pcaps.LinkPPPEther, pppoeFrame(0x21, inner4), innerHeader4},
		{"pppoe, discovery", pcaps.LinkPPPEther, []byte{0x11, 9, 0, 0, 0, 0}, because(pcaps.ShortLink, 0)},
		{"pppd, received", pcaps.LinkPPPD, slices.Concat([]byte{0, 3, 0, 0x21}, inner4), directed(innerHeader4, pcaps.Inbound)},
		{"pppd, sent", pcaps.LinkPPPD, slices.Concat([]byte{1, 3, 0, 0x21}, inner4), directed(innerHeader4, pcaps.Outbound)},
		{"ppp, sent", pcaps.LinkPPPDir, slices.Concat([]byte{1, 0xff, 3, 0, 0x57}, inner6), directed(innerHeader6, pcaps.Outbound)},
		{"frame relay", pcaps.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0xcc}, inner4), innerHeader4},
		{"frame relay, long address", pcaps.LinkFrameRelay, slices.Concat([]byte{0x18, 0x40, 0x20, 0x01, 3, 0, 0x8e}, inner6), innerHeader6},
		{"frame relay, snap", pcaps.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0}, inner4), innerHeader4},
		{"frame relay of cisco", pcaps.LinkFrameRelay, slices.Concat([]byte{0x18, 0x41, 8, 0}, inner4), innerHeader4},
		{"frame relay, q.933", pcaps.LinkFrameRelay, []byte{0, 1, 3, 8, 0, 0x75}, because(pcaps.NotIP, 0)},
		{"frame relay, no end of the address", pcaps.LinkFrameRelay, []byte{0, 0, 0, 0}, because(pcaps.ShortLink, 0)},
		{"frame relay, cut", pcaps.LinkFrameRelay, []byte{0x18, 0x41, 3, 0}, because(pcaps.ShortLink, 0)},
		{"802.11", pcaps.Link80211, data(0x08, 1, 24, snapHeader, inner4), innerHeader4},
		{"802.11, between access points", pcaps.Link80211, data(0x08, 3, 30, snapHeader, inner4), innerHeader4},
		{"802.11, quality of service", pcaps.Link80211, data(0x88, 2, 26, snap6, inner6), innerHeader6},
		{"802.11, high throughput", pcaps.Link80211, data(0x88, 0x82, 30, snapHeader, inner4), innerHeader4},
		{"802.11, encrypted", pcaps.Link80211, data(0x08, 0x41, 24, snapHeader, inner4), because(pcaps.NotIP, 0)},
		{"802.11, null", pcaps.Link80211, data(0x48, 1, 24), because(pcaps.NotIP, 0)},
		{"802.11, beacon", pcaps.Link80211, data(0x80, 0, 60), because(pcaps.NotIP, 0)},
		{"802.11, acknowledgement", pcaps.Link80211, data(0xd4, 0, 10), because(pcaps.NotIP, 0)},
		{"802.11, an aggregate", pcaps.Link80211, slices.Concat(data(0x88, 2, 24), []byte{0x80, 0}, make([]byte, 14), snapHeader, inner4), because(pcaps.NotIP, 0)},
		{"802.11, llc", pcaps.Link80211, data(0x08, 1, 24, []byte{0x42, 0x42, 3, 0, 0, 0, 0, 0}), because(pcaps.LLC, 0)},
		{"802.11, cut", pcaps.Link80211, data(0x08, 1, 24, snapHeader)[:31], because(pcaps.ShortLink, 0)},
		{"802.11, its quality of service cut off", pcaps.Link80211, data(0x88, 1, 25), because(pcaps.ShortLink, 0)},
		{"802.11, a byte", pcaps.Link80211, []byte{8}, because(pcaps.ShortLink, 0)},
		{"radiotap", pcaps.LinkRadiotap, radiotap([]uint32{0}, nil, data(0x08, 1, 24, snapHeader, inner4)), innerHeader4},
		{"radiotap, flags", pcaps.LinkRadiotap, radiotap([]uint32{2}, []byte{0x10}, data(0x88, 2, 26, snapHeader, inner4)), innerHeader4},
		{"radiotap, padded", pcaps.LinkRadiotap, radiotap([]uint32{2}, []byte{0x20}, data(0x88, 2, 28, snapHeader, inner4)), innerHeader4},
		{"radiotap, time, padded", pcaps.LinkRadiotap, radiotap([]uint32{3}, append(make([]byte, 8), 0x20), data(0x88, 2, 28, snapHeader, inner4)), innerHeader4},
		{"radiotap, more fields", pcaps.LinkRadiotap, radiotap([]uint32{2 | 1<<31, 1 << 31, 0}, []byte{0x20}, data(0x88, 2, 28, snapHeader, inner4)), innerHeader4},
		{"radiotap, fields without an end", pcaps.LinkRadiotap, radiotap([]uint32{1 << 31}, nil, data(0x08, 1, 24, snapHeader, inner4)), because(pcaps.ShortLink, 0)},
		{"radiotap, too long", pcaps.LinkRadiotap, radiotap([]uint32{0}, make([]byte, 20))[:20], because(pcaps.ShortLink, 0)},
		{"radiotap, too short", pcaps.LinkRadiotap, slices.Concat([]byte{0, 0, 7, 0}, make([]byte, 80)), because(pcaps.ShortLink, 0)},
		{"ppi", pcaps.LinkPPI, ppi(105, 12, data(0x08, 1, 24, snapHeader, inner4)), innerHeader4},
		{"ppi, ethernet", pcaps.LinkPPI, ppi(1, 0, tagged(ethernet(0x0800, inner4), 0x8100)), withTags(innerHeader4, pcaps.Tag8100)},
		{"ppi, ppi", pcaps.LinkPPI, ppi(192, 0, ppi(1, 0, ethernet(0x0800, inner4))), because(pcaps.UnknownLink, 0)},
		{"ppi, no link type", pcaps.LinkPPI, ppi(1<<16, 0, ethernet(0x0800, inner4)), because(pcaps.UnknownLink, 0)},
		{"ppi, too long", pcaps.LinkPPI, ppi(1, 80, nil)[:40], because(pcaps.ShortLink, 0)},
		{"nflog", pcaps.LinkNFLOG, slices.Concat([]byte{2, 0, 0, 0}, attribute(1, []byte{8, 0, 0}), attribute(9, inner4)), innerHeader4},
		{"nflog, IPv6", pcaps.LinkNFLOG, slices.Concat([]byte{10, 0, 0, 0}, attribute(9, inner6)), innerHeader6},
		{"nflog, no packet", pcaps.LinkNFLOG, slices.Concat([]byte{2, 0, 0, 0}, attribute(1, []byte{8, 0, 0})), because(pcaps.ShortLink, 0)},
		{"nflog, no length", pcaps.LinkNFLOG, []byte{2, 0, 0, 0, 0, 0, 1, 0}, because(pcaps.ShortLink, 0)},
		{"nflog, arp", pcaps.LinkNFLOG, slices.Concat([]byte{3, 0, 0, 0}, attribute(9, inner4)), because(pcaps.NotIP, 0)},
		{"nflog, bridge", pcaps.LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(1, []byte{0x86, 0xdd, 0, 0}), attribute(16, make([]byte, 14)), attribute(9, inner6)), innerHeader6},
		{"nflog, bridge, tagged", pcaps.LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(1, []byte{0x81, 0, 0, 0}), attribute(9, slices.Concat([]byte{0, 5, 8, 0}, inner4))), withTags(innerHeader4, pcaps.Tag8100)},
		{"nflog, bridge, arp", pcaps.LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(1, []byte{8, 6, 0, 0}), attribute(9, inner4)), because(pcaps.NotIP, 0)},
		{"nflog, bridge, no packet header", pcaps.LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, attribute(9, inner4)), because(pcaps.NotIP, 0)},
		{"nflog, bridge, packet header cut", pcaps.LinkNFLOG, slices.Concat([]byte{7, 0, 0, 0}, []byte{6, 0, 1, 0, 8}), because(pcaps.ShortLink, 0)},
		{"nflog, ingress of a device", pcaps.LinkNFLOG, slices.Concat([]byte{5, 0, 0, 0}, attribute(1, []byte{8, 0, 0, 0}), attribute(9, inner4)), innerHeader4},
		{"mpls", pcaps.LinkMPLS, slices.Concat(lastLabel, inner4), because(pcaps.NotIP, 0)},
	} {
		for n := range len(test.data) { // no cut makes it read further
			rec := pcaps.Record{Data: slices.Clip(test.data[:n]), Link: test.link}
			var h pcaps.Header
			var ext pcaps.Extension
			Walk(&rec, &h, &ext)
			if h.Version != 0 && h.Src != test.want.Src {
				t.Errorf("%s, %d bytes: %+v", test.name, n, h)
			}
		}
		rec := pcaps.Record{Data: slices.Clip(test.data), Link: test.link}
		var h pcaps.Header
		var ext pcaps.Extension
		Walk(&rec, &h, &ext)
		h.Encapsulations = 0
		if diff := cmp.Diff(test.want, h); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func withTags(h pcaps.Header, tags pcaps.Facts) pcaps.Header {
	h.Facts |= tags
	return h
}

// Every link type that Walk knows has a name of its own, and no other is known.
func TestKnownLinks(t *testing.T) {
	for l := range pcaps.LinkType(300) {
		var h pcaps.Header
		var ext pcaps.Extension
		Walk(&pcaps.Record{Data: make([]byte, 64), Link: l}, &h, &ext)
		if known := h.Reason != pcaps.UnknownLink || l == pcaps.LinkPPI; known != l.Known() {
			t.Errorf("%s: Walk knows it: %t; Known says %t", l, known, l.Known())
		}
	}
	names := pcaps.KnownLinkNames()
	if !slices.IsSorted(names) || !slices.Contains(names, "linux_sll2") || slices.Contains(names, "mtp2") || len(names) < 20 {
		t.Errorf("known names: %v", names)
	}
}

// Of a packet that iptables' NFLOG logged a part of, the bytes that fill its attribute up are
// none of it.
func TestNetfilterLogCut(t *testing.T) {
	for n := range len(inner4) {
		log := binary.LittleEndian.AppendUint16([]byte{2, 0, 0, 0}, uint16(4+n))
		log = slices.Concat(log, []byte{9, 0}, inner4[:n], make([]byte, (4-n%4)%4))
		var got, want pcaps.Header
		var ext pcaps.Extension
		Walk(&pcaps.Record{Link: pcaps.LinkNFLOG, Data: log}, &got, &ext)
		Walk(&pcaps.Record{Link: pcaps.LinkIPv4, Data: inner4[:n]}, &want, &ext)
		if got != want {
			t.Errorf("%d bytes: %+v, want %+v", n, got, want)
		}
	}
}

// What Walk finds of a direction, SaysDirection foresees: else a replay begins that does
// not reckon with sent packets. Every link type is tried with many packets, whose headers
// may be those of other link types, too.
func TestLinksThatSayDirection(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	met := make(map[pcaps.LinkType]bool)
	for l := range pcaps.LinkType(300) {
		foreseen := l.SaysDirection()
		for range 2000 {
			data := make([]byte, 80)
			for i := 0; i < len(data); i += 8 { // few bits, so that small numbers are the likelier
				binary.LittleEndian.PutUint64(data[i:], random.Uint64()&random.Uint64()&random.Uint64())
			}
			if random.IntN(2) == 0 { // PPI: its length, and a link type
				binary.LittleEndian.PutUint16(data[2:], 8)
				binary.LittleEndian.PutUint32(data[4:], random.Uint32N(300))
			}
			var h pcaps.Header
			var ext pcaps.Extension
			if Walk(&pcaps.Record{Data: data, Link: l}, &h, &ext); h.Direction != pcaps.DirectionUnknown {
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
