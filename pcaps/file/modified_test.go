package file

import (
	"math"
	"slices"

	"rssreplay/pcaps"
)

// modifiedRecord is a record of modified pcap of a packet type.
func modifiedRecord(o order, seconds, fraction uint32, wire int, packetType byte, data []byte) []byte {
	b := pcapRecord(o, seconds, fraction, wire, data)
	return slices.Concat(b[:16], o.AppendUint32(nil, 3), o.AppendUint16(nil, 0x800), []byte{packetType, 0}, b[16:])
}

// modifiedPcap is a capture of three packets, and what is to be read of it.
func modifiedPcap(o order) ([]byte, []pcaps.Record) {
	return slices.Concat(pcapFile(o, magicModified, 2, 4, uint32(pcaps.LinkSLL)),
			modifiedRecord(o, 1, 2, 70, 0, []byte{1, 2, 3}), modifiedRecord(o, math.MaxUint32, 999, 0, 4, nil), modifiedRecord(o, 0, 0, 2, 9, []byte{7, 7, 7, 7})),
		[]pcaps.Record{
			{Time: 1_000_002_000, Data: []byte{1, 2, 3}, Wire: 70, Link: pcaps.LinkSLL, Direction: pcaps.Inbound, Queue: -1},
			{Time: math.MaxUint32*1e9 + 999_000, Data: []byte{}, Wire: 0, Link: pcaps.LinkSLL, Direction: pcaps.Outbound, Queue: -1},
			{Time: 0, Data: []byte{7, 7, 7, 7}, Wire: 2, Link: pcaps.LinkSLL, Queue: -1},
		}
}
