package walk

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"rssreplay/pcaps"
)

// oracleAddresses are the source and destination of the IP headers of an Ethernet
// frame that gopacket finds, one after the other, those that ICMP quotes left out.
func oracleAddresses(data []byte) (all [][2][]byte) {
	defer func() {
		if recover() != nil { // Known difference: gopacket panics on some damaged tunnels.
			all = nil
		}
	}()
	packet := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.DecodeOptions{NoCopy: true, SkipDecodeRecovery: true})
	for _, l := range packet.Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			if l.SrcIP == nil { // Known difference: gopacket ends at a length that it dislikes.
				return all
			}
			all = append(all, [2][]byte{l.SrcIP, l.DstIP})
		case *layers.IPv6:
			if l.SrcIP == nil {
				return all
			}
			all = append(all, [2][]byte{l.SrcIP, l.DstIP})
		case *layers.GRE:
			if l.Version == 0 && l.AckPresent { // Known difference: that bit has a meaning in version 1 alone.
				return all
			}
		case *layers.Geneve:
			// Known difference: gopacket goes by each option's length, and not by that
			// of all.
			if len(l.Contents) != 8+int(l.OptionsLength) {
				return all
			}
		case *layers.ICMPv4, *layers.ICMPv6:
			return all
		}
	}
	return all
}

// compareInner fails the test where WalkInner and gopacket both find an inner
// header and not the same, and tells whether both did. Whether there is one is
// tshark's to say (TestTshark): gopacket 1.1.19 takes other UDP ports for tunnels,
// and ends at much that is damaged.
func compareInner(t *testing.T, rec *pcaps.Record) bool {
	t.Helper()
	if rec.Link != pcaps.LinkEthernet {
		return false
	}
	var outer, inner pcaps.Header
	var ext pcaps.Extension
	Walk(rec, &outer, &ext)
	if !WalkInner(rec, &inner, &ext) || outer.Encapsulations.Has(pcaps.PPTP) { // gopacket reads version 1 of GRE as version 0
		return false
	}
	all := oracleAddresses(bytes.Clone(rec.Data))
	at := 0
	if outer.Reason == pcaps.IP {
		at = 1
	}
	if len(all) <= at {
		return false
	}
	n := 4
	if inner.Version == 6 {
		n = 16
	}
	if !bytes.Equal(all[at][0], inner.Src[:n]) || !bytes.Equal(all[at][1], inner.Dst[:n]) {
		t.Errorf("% x: inside %v, Walk finds % x to % x, gopacket % x to % x", rec.Data, names(outer.Encapsulations),
			inner.Src[:n], inner.Dst[:n], all[at][0], all[at][1])
	}
	return true
}

func TestInnerOracle(t *testing.T) {
	compared := 0
	for _, test := range tunnelled {
		if compareInner(t, &pcaps.Record{Data: test.data, Link: test.link}) {
			compared++
		}
	}
	if compared < 20 {
		t.Errorf("gopacket reads only %d tunnels of the table", compared)
	}
}

// FuzzWalkInner: no input makes the walk inside tunnels panic or read on for ever,
// and what it finds is an IP header. What it finds in whole tunnels is compared with
// gopacket above; of damaged ones that reads otherwise, in more ways than can be listed.
func FuzzWalkInner(f *testing.F) {
	for _, test := range tunnelled {
		f.Add(test.data, uint16(test.link))
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint16) {
		rec := pcaps.Record{Data: data, Link: pcaps.LinkType(link)}
		var h pcaps.Header
		var ext pcaps.Extension
		if !WalkInner(&rec, &h, &ext) {
			return
		}
		if h.Reason != pcaps.IP || h.Version != 4 && h.Version != 6 {
			t.Errorf("%d % x: an inner header that is none: %+v", link, data, h)
		}
	})
}
