package file

import "rssreplay/pcaps"

// modifiedHeaderBytes is a record header of modified pcap: the four fields of
// pcap, then interface index (32 bits), protocol (16), packet type (8), padding
// (libpcap's sf-pcap.c, struct pcap_sf_patched_pkthdr).
const modifiedHeaderBytes = recordHeaderBytes + 8

// Of the packet type (linux/if_packet.h), PACKET_OUTGOING and the largest other.
const (
	packetTypeOutgoing = 4
	packetTypeOther    = 3
)

// modified decodes Alexey Kuznetzov's modified pcap, which Linux distributions
// wrote around 2000: pcap with longer record headers.
type modified struct{ classic }

// newModified reads the file header, which is pcap's.
func newModified(header []byte, info *Info) (*modified, *damage) {
	c, what := newClassic(header, info)
	if what != nil {
		return nil, what
	}
	info.Format = "modified pcap"
	return &modified{*c}, nil
}

func (m *modified) decode(buf []byte, recs []pcaps.Record) (n, used, want int, err *damage) {
	for n < len(recs) {
		b := buf[used:]
		if len(b) < modifiedHeaderBytes {
			if len(b) > 0 {
				want = modifiedHeaderBytes
			}
			return n, used, want, nil
		}
		captured, wire := m.lengths(m.u32(b[8:]), m.u32(b[12:]))
		if captured > maxCaptured {
			return n, used, 0, tooLong(captured)
		}
		whole := modifiedHeaderBytes + int(captured)
		if len(b) < whole {
			return n, used, whole, nil
		}
		if wire < captured {
			m.info.ShortWire++
		}
		direction := pcaps.DirectionUnknown
		switch packetType := b[22]; {
		case packetType == packetTypeOutgoing:
			direction = pcaps.Outbound
		case packetType <= packetTypeOther:
			direction = pcaps.Inbound
		}
		recs[n] = pcaps.Record{
			Time:      int64(m.u32(b))*1e9 + int64(m.u32(b[4:]))*m.nsPerTick,
			Data:      b[modifiedHeaderBytes:whole:whole],
			Wire:      wire,
			Link:      m.link,
			Direction: direction,
			Queue:     -1,
		}
		n++
		used += whole
	}
	return n, used, 0, nil
}

func (m *modified) cut(rest []byte) *damage {
	return m.cutRecord(rest, modifiedHeaderBytes)
}
