package walk

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"rssreplay/pcaps"
)

// oracleFacts are the facts that the oracle has an opinion of.
const oracleFacts = pcaps.HasPorts | pcaps.Fragment | pcaps.Atomic | pcaps.Extended | pcaps.Options | pcaps.ProtocolUnknown

// oracle reads a packet with gopacket's layers, which know nothing of Walk. It
// has no opinion (ok false) of what gopacket 1.1.19 cannot read: Linux cooked v2,
// and hardware types whose cooked protocol is no EtherType.
//
// Where the two are known to differ, the model's rule is put in by hand, each
// place marked "Known difference".
func oracle(rec *pcaps.Record) (h pcaps.Header, ok bool) {
	feedback := gopacket.NilDecodeFeedback
	data := append([]byte{}, rec.Data...)
	var kind layers.EthernetType
	var payload []byte
	switch rec.Link {
	case pcaps.LinkEthernet:
		var eth layers.Ethernet
		if eth.DecodeFromBytes(data, feedback) != nil {
			return pcaps.Header{Reason: pcaps.ShortLink}, true
		}
		kind, payload = eth.EthernetType, eth.Payload
	case pcaps.LinkSLL:
		// Known difference: gopacket panics where the address length exceeds the data.
		if len(data) >= 16 {
			data[4], data[5] = 0, 6
		}
		var sll layers.LinuxSLL
		if sll.DecodeFromBytes(data, feedback) != nil {
			return pcaps.Header{Reason: pcaps.ShortLink}, true
		}
		if sll.AddrType == 770 || sll.AddrType == 803 || sll.AddrType == 824 {
			return pcaps.Header{}, false
		}
		kind, payload = sll.EthernetType, sll.Payload
		switch {
		case kind == 1 || kind == 4:
			return pcaps.Header{Reason: pcaps.LLC}, true
		case kind < 0x600:
			return pcaps.Header{Reason: pcaps.NotIP}, true
		}
	case pcaps.LinkNull:
		if len(data) < 4 {
			return pcaps.Header{Reason: pcaps.ShortLink}, true
		}
		var loop layers.Loopback
		if loop.DecodeFromBytes(data, feedback) != nil {
			return pcaps.Header{Reason: pcaps.NotIP}, true
		}
		payload = loop.Payload
		switch loop.Family {
		case layers.ProtocolFamilyIPv4:
			kind = layers.EthernetTypeIPv4
		case layers.ProtocolFamilyIPv6BSD, layers.ProtocolFamilyIPv6FreeBSD, layers.ProtocolFamilyIPv6Darwin, layers.ProtocolFamilyIPv6Linux:
			kind = layers.EthernetTypeIPv6
		default:
			return pcaps.Header{Reason: pcaps.NotIP}, true
		}
	case pcaps.LinkRaw12, pcaps.LinkRaw14, pcaps.LinkRaw:
		payload = data
		switch {
		case len(data) == 0:
			return pcaps.Header{Reason: pcaps.ShortIP}, true
		case data[0]>>4 == 4:
			kind = layers.EthernetTypeIPv4
		case data[0]>>4 == 6:
			kind = layers.EthernetTypeIPv6
		default:
			return pcaps.Header{Reason: pcaps.BadIPVersion}, true
		}
	case pcaps.LinkIPv4:
		kind, payload = layers.EthernetTypeIPv4, data
	case pcaps.LinkIPv6:
		kind, payload = layers.EthernetTypeIPv6, data
	default:
		return pcaps.Header{}, false
	}
	// Known difference: gopacket does not know the tag 0x9100.
	for kind == layers.EthernetTypeDot1Q || kind == layers.EthernetTypeQinQ || kind == 0x9100 {
		var tag layers.Dot1Q
		if tag.DecodeFromBytes(payload, feedback) != nil {
			return pcaps.Header{Reason: pcaps.ShortLink}, true
		}
		kind, payload = tag.Type, tag.Payload
	}
	switch {
	case kind == layers.EthernetTypeIPv4:
		return oracle4(payload), true
	case kind == layers.EthernetTypeIPv6:
		return oracle6(payload), true
	case kind < 0x600:
		return pcaps.Header{Reason: pcaps.LLC}, true
	}
	return pcaps.Header{Reason: pcaps.NotIP}, true
}

func oracle4(data []byte) pcaps.Header {
	var ip layers.IPv4
	err := ip.DecodeFromBytes(data, gopacket.NilDecodeFeedback)
	switch {
	case len(data) < 20:
		return pcaps.Header{Reason: pcaps.ShortIP}
	case ip.Version != 4: // Known difference: gopacket does not look at the version.
		return pcaps.Header{Reason: pcaps.BadIPVersion}
	case ip.IHL < 5:
		return pcaps.Header{Reason: pcaps.BadIHL}
	}
	h := withAddresses(4, ip.SrcIP, ip.DstIP)
	h.Protocol = uint8(ip.Protocol)
	if ip.IHL > 5 {
		h.Facts |= pcaps.Options
	}
	if ip.Flags&layers.IPv4MoreFragments != 0 || ip.FragOffset != 0 {
		h.Facts |= pcaps.Fragment
		return h
	}
	// Known difference: gopacket has no packet where the total length is below the
	// header's or the options are cut, and then no payload, which is to say no
	// ports. Where it dislikes the options themselves it has set the payload before.
	if err == nil || len(ip.Payload) > 0 {
		oraclePorts(&h, ip.Payload)
	}
	return h
}

func oracle6(data []byte) pcaps.Header {
	switch {
	case len(data) < 40:
		return pcaps.Header{Reason: pcaps.ShortIP}
	case data[0]>>4 != 6: // Known difference: gopacket does not look at the version.
		return pcaps.Header{Reason: pcaps.BadIPVersion}
	}
	// Known difference: gopacket takes a hop-by-hop header for part of the IPv6
	// header, and its length then is missing when it cuts off the padding. So it
	// is not shown the next header.
	next := layers.IPProtocol(data[6])
	data[6] = pcaps.ProtoNoNext
	// Known difference: a payload length of 0 is an error to gopacket.
	unknown := binary.BigEndian.Uint16(data[4:]) == 0
	if unknown {
		binary.BigEndian.PutUint16(data[4:], 1)
	}
	var ip layers.IPv6
	if err := ip.DecodeFromBytes(data, gopacket.NilDecodeFeedback); err != nil {
		return pcaps.Header{Reason: pcaps.NumReasons} // unexpected
	}
	payload := ip.Payload
	if unknown {
		payload = data[40:]
	}
	h := withAddresses(6, ip.SrcIP, ip.DstIP)
	for {
		var rest []byte
		var after layers.IPProtocol
		switch next {
		case layers.IPProtocolIPv6HopByHop, layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Destination,
			135, 139, 140: // Known difference: gopacket does not step over mobility, HIP and shim6.
			var skip layers.IPv6ExtensionSkipper
			if skip.DecodeFromBytes(payload, gopacket.NilDecodeFeedback) != nil {
				h.Facts |= pcaps.ProtocolUnknown
				return h
			}
			rest, after = skip.Payload, skip.NextHeader
		case layers.IPProtocolAH:
			// Known difference: gopacket wants the 12 bytes that RFC 4302 has at
			// least; the model has no minimum but (0 + 2) × 4.
			if len(payload) >= 2 && payload[1] == 0 && len(payload) >= 8 {
				rest, after = payload[8:], layers.IPProtocol(payload[0])
				break
			}
			packet := gopacket.NewPacket(payload, layers.LayerTypeIPSecAH, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
			ah, ok := packet.Layer(layers.LayerTypeIPSecAH).(*layers.IPSecAH)
			if !ok {
				h.Facts |= pcaps.ProtocolUnknown
				return h
			}
			rest, after = ah.Payload, ah.NextHeader
		case layers.IPProtocolIPv6Fragment:
			packet := gopacket.NewPacket(payload, layers.LayerTypeIPv6Fragment, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
			f, ok := packet.Layer(layers.LayerTypeIPv6Fragment).(*layers.IPv6Fragment)
			if !ok {
				h.Facts |= pcaps.ProtocolUnknown
				return h
			}
			if f.MoreFragments || f.FragmentOffset != 0 {
				h.Facts |= pcaps.Fragment | pcaps.Extended
				h.Protocol = uint8(f.NextHeader)
				return h
			}
			// Known difference: gopacket takes an atomic fragment for a fragment.
			h.Facts |= pcaps.Atomic
			rest, after = f.Payload, f.NextHeader
		default:
			h.Protocol = uint8(next)
			oraclePorts(&h, payload)
			return h
		}
		h.Facts |= pcaps.Extended
		payload, next = rest, after
	}
}

// oraclePorts reads ports where there are 4 bytes of transport header.
// Known difference: gopacket wants the whole TCP, UDP or SCTP header.
func oraclePorts(h *pcaps.Header, payload []byte) {
	full := append(append([]byte{}, payload[:min(len(payload), 4)]...), make([]byte, 20)...)
	if len(payload) < 4 {
		return
	}
	switch h.Protocol {
	case pcaps.ProtoTCP:
		full[12] = 0x50
		var tcp layers.TCP
		if tcp.DecodeFromBytes(full, gopacket.NilDecodeFeedback) == nil {
			h.Facts, h.SrcPort, h.DstPort = h.Facts|pcaps.HasPorts, uint16(tcp.SrcPort), uint16(tcp.DstPort)
		}
	case pcaps.ProtoUDP:
		var udp layers.UDP
		if udp.DecodeFromBytes(full, gopacket.NilDecodeFeedback) == nil {
			h.Facts, h.SrcPort, h.DstPort = h.Facts|pcaps.HasPorts, uint16(udp.SrcPort), uint16(udp.DstPort)
		}
	case pcaps.ProtoSCTP:
		var sctp layers.SCTP
		if sctp.DecodeFromBytes(full, gopacket.NilDecodeFeedback) == nil {
			h.Facts, h.SrcPort, h.DstPort = h.Facts|pcaps.HasPorts, uint16(sctp.SrcPort), uint16(sctp.DstPort)
		}
	}
}

// compareOracle fails the test where Walk and the oracle differ, and tells
// whether the oracle had an opinion.
func compareOracle(t *testing.T, rec *pcaps.Record) bool {
	t.Helper()
	want, ok := oracle(rec)
	if !ok {
		return false
	}
	var got pcaps.Header
	var ext pcaps.Extension
	Walk(rec, &got, &ext)
	got.Facts &= oracleFacts
	got.Direction, got.Encapsulations = pcaps.DirectionUnknown, 0
	if got != want {
		t.Errorf("%s % x: Walk and gopacket differ (-gopacket +walk):\n%s", rec.Link, rec.Data, cmp.Diff(want, got))
	}
	return true
}

// FuzzWalk compares Walk with the general walk and with gopacket on packets cut
// at any length.
func FuzzWalk(f *testing.F) {
	for _, data := range [][]byte{tcp4, tcp6, tagged(tcp4, 0x8100, 0x9100),
		ethernet(0x86dd, ip6(pcaps.ProtoFragment, -1, fragment6(pcaps.ProtoDstOpts, 0), homeHeader(pcaps.ProtoRouting), routing2(pcaps.ProtoAH), []byte{pcaps.ProtoTCP, 4}, make([]byte, 22), transport)),
		ethernet(0x0800, ip4(pcaps.ProtoTCP, 0, 0x2000, []byte{7, 3, 4, 0}, transport))} {
		f.Add(data, uint16(pcaps.LinkEthernet))
		f.Add(data[14:], uint16(pcaps.LinkRaw))
		f.Add(slices.Concat([]byte{2, 0, 0, 0}, data[14:]), uint16(pcaps.LinkNull))
		f.Add(slices.Concat(make([]byte, 14), data[12:]), uint16(pcaps.LinkSLL))
		f.Add(slices.Concat(data[12:14], make([]byte, 18), data[14:]), uint16(pcaps.LinkSLL2))
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint16) {
		if len(data) > 65535 {
			return // gopacket's length of a packet without one wraps
		}
		rec := pcaps.Record{Data: data, Link: pcaps.LinkType(link)}
		comparePlain(t, &rec)
		compareOracle(t, &rec)
	})
}
