package walk

import (
	"encoding/binary"

	"rssreplay/pcaps"
)

// The bytes 12 to 15 of an untagged Ethernet frame around IP, read little-endian:
// the EtherType, the version, and of IPv4 a header length of 5 words.
const (
	plainIPv4     = etherIPv4>>8 | etherIPv4&0xff<<8 | 0x45<<16
	plainIPv4Mask = 0xffffff
	plainIPv6     = etherIPv6>>8 | etherIPv6&0xff<<8 | 0x60<<16
	plainIPv6Mask = 0xf0ffff
)

// PlainTuples sets tuples[i] to the tuple of recs[i] where that is a plain packet:
// untagged Ethernet, IPv4 without options or IPv6 without extension headers, TCP
// or UDP that is no tunnel, no fragment, the ports inside the IP length. Elsewhere IsIP is
// false of it, the rest means nothing, and Walk must say what the packet is. tuples
// is at least as long as recs.
//
// Optimization: most packets are plain, and nothing more is to be known of them:
// Tuple.Header and the record's direction must equal Walk.
func PlainTuples(recs []pcaps.Record, tuples []pcaps.Tuple) {
	const v4, v6 = etherBytes + ipv4Bytes, etherBytes + ipv6Bytes // where the ports begin
	le, be := binary.LittleEndian, binary.BigEndian
	tuples = tuples[:len(recs)]
	for i := range recs {
		rec, t := &recs[i], &tuples[i]
		b := rec.Data
		t[4] = 0
		if len(b) < v4+4 || rec.Link != pcaps.LinkEthernet {
			continue
		}
		start := le.Uint32(b[12:])
		if start&plainIPv4Mask == plainIPv4 {
			p := (*[v4 + 4]byte)(b)
			fragment, length := be.Uint16(p[20:])&ipv4FragmentMask, be.Uint16(p[16:]) // a length of 0 is not known
			if protocol := p[23]; fragment == 0 && length-1 >= ipv4Bytes+4-1 && isPlain(protocol, b[v4:]) {
				t[0], t[1] = uint64(le.Uint32(p[26:])), 0
				t[2], t[3] = uint64(le.Uint32(p[30:])), 0
				t[4] = uint64(le.Uint32(p[v4:])) | uint64(protocol)<<pcaps.TupleProtocol | 4<<pcaps.TupleVersion | pcaps.TuplePorts
			}
			continue
		}
		if start&plainIPv6Mask == plainIPv6 && len(b) >= v6+4 {
			p := (*[v6 + 4]byte)(b)
			if protocol := p[20]; be.Uint16(p[18:])-1 >= 4-1 && isPlain(protocol, b[v6:]) {
				t[0], t[1] = le.Uint64(p[22:]), le.Uint64(p[30:])
				t[2], t[3] = le.Uint64(p[38:]), le.Uint64(p[46:])
				t[4] = uint64(le.Uint32(p[v6:])) | uint64(protocol)<<pcaps.TupleProtocol | 6<<pcaps.TupleVersion | pcaps.TuplePorts
			}
		}
	}
}

// isPlain: b begins with the transport header, of which the ports are there.
func isPlain(protocol byte, b []byte) bool {
	return protocol == pcaps.ProtoTCP || protocol == pcaps.ProtoUDP && !mayBeTunnel(b)
}
