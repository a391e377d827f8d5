package walk

import (
	"slices"
	"testing"

	"rssreplay/pcaps"
)

func TestSegmentOf(t *testing.T) {
	options := []byte{1, 1, 1, 0}
	long := slices.Concat(transport[:12], []byte{0x80, 2}, make([]byte, 18)) // a TCP header of 32 bytes
	for _, test := range []struct {
		name string
		link pcaps.LinkType
		data []byte
		wire uint32
		want Segment
		ok   bool
	}{
		{"ethernet", pcaps.LinkEthernet, tcp4, 1514, Segment{1500, 40}, true},
		{"options", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 0, 0, options, long)), 65014, Segment{65000, 56}, true},
		{"ipv6", pcaps.LinkEthernet, tcp6, 9014, Segment{9000, 60}, true},
		{"tags", pcaps.LinkEthernet, tagged(tcp4, 0x88a8, 0x9100, 0x8100), 1526, Segment{1500, 40}, true},
		{"cooked", pcaps.LinkSLL, slices.Concat(make([]byte, 14), []byte{8, 0}, tcp4[14:]), 1516, Segment{1500, 40}, true},
		{"cooked, a tag", pcaps.LinkSLL2, slices.Concat([]byte{0x81, 0}, make([]byte, 18), []byte{0, 7, 8, 0}, tcp4[14:]), 1524, Segment{1500, 40}, true},
		{"raw", pcaps.LinkRaw, tcp4[14:], 1500, Segment{1500, 40}, true},
		{"loopback", pcaps.LinkNull, slices.Concat([]byte{0, 0, 0, 2}, tcp4[14:]), 65536, Segment{65532, 40}, true},
		{"udp", pcaps.LinkEthernet, udp4(80, make([]byte, 10)), 2014, Segment{2000, 0}, true},
		{"a fragment", pcaps.LinkEthernet, ethernet(0x0800, ip4(pcaps.ProtoTCP, 0, 0x2000, nil, transport)), 2014, Segment{2000, 0}, true},
		{"the TCP header is cut off", pcaps.LinkEthernet, tcp4[:46], 2014, Segment{2000, 0}, true},
		{"arp", pcaps.LinkEthernet, ethernet(0x0806, make([]byte, 28)), 2014, Segment{}, false},
		{"802.11", pcaps.Link80211, make([]byte, 60), 2014, Segment{}, false},
	} {
		rec := pcaps.Record{Data: test.data, Link: test.link, Wire: test.wire}
		var h pcaps.Header
		var ext pcaps.Extension
		Walk(&rec, &h, &ext)
		if got, ok := SegmentOf(&rec, &h); got != test.want || ok != test.ok {
			t.Errorf("%s: %+v, %t; want %+v, %t", test.name, got, ok, test.want, test.ok)
		}
	}
}
