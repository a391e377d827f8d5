package file

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"rssreplay/pcaps"
)

// order is a byte order to write captures in.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// frame4 and frame6 are Ethernet frames of TCP from port 1000 to port 80: from 1.2.3.4
// to 5.6.7.8, and from 2001::1 to 2001::2.
var (
	frame4 = slices.Concat(make([]byte, 12), []byte{8, 0, 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, tcpHeader)
	frame6 = slices.Concat(make([]byte, 12), []byte{0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64,
		0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}, tcpHeader)
	tcpHeader = slices.Concat([]byte{0x03, 0xe8, 0, 80}, make([]byte, 8), []byte{0x50, 2}, make([]byte, 6))
)

// pcapFile is a pcap file header.
func pcapFile(o order, magic uint32, major, minor uint16, link uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, major)
	b = o.AppendUint16(b, minor)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(b, 65535)
	return o.AppendUint32(b, link)
}

// pcapRecord is a pcap record.
func pcapRecord(o order, seconds, fraction uint32, wire int, data []byte) []byte {
	b := o.AppendUint32(nil, seconds)
	b = o.AppendUint32(b, fraction)
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(wire))
	return append(b, data...)
}

// ngBlock is a pcapng block with body padded.
func ngBlock(o order, kind uint32, body ...[]byte) []byte {
	all := slices.Concat(body...)
	for len(all)%4 != 0 {
		all = append(all, 0)
	}
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, uint32(len(all)+12))
	b = append(b, all...)
	return o.AppendUint32(b, uint32(len(all)+12))
}

func ngOption(o order, code uint16, value ...byte) []byte {
	b := o.AppendUint16(nil, code)
	b = o.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngSection(o order, options ...[]byte) []byte {
	b := o.AppendUint32(nil, byteOrderMagic)
	b = o.AppendUint16(b, 1)
	b = o.AppendUint16(b, 0)
	b = o.AppendUint64(b, ^uint64(0))
	return ngBlock(o, blockSection, append([][]byte{b}, options...)...)
}

func ngInterface(o order, link pcaps.LinkType, snap uint32, options ...[]byte) []byte {
	b := o.AppendUint16(nil, uint16(link))
	b = o.AppendUint16(b, 0)
	b = o.AppendUint32(b, snap)
	return ngBlock(o, blockInterface, append([][]byte{b}, options...)...)
}

func ngEnhanced(o order, id uint32, ticks uint64, wire int, data []byte, options ...[]byte) []byte {
	b := o.AppendUint32(nil, id)
	b = o.AppendUint32(b, uint32(ticks>>32))
	b = o.AppendUint32(b, uint32(ticks))
	b = o.AppendUint32(b, uint32(len(data)))
	b = o.AppendUint32(b, uint32(wire))
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return ngBlock(o, blockEnhanced, append([][]byte{b}, options...)...)
}

func ngSimple(o order, wire int, data []byte) []byte {
	return ngBlock(o, blockSimple, o.AppendUint32(nil, uint32(wire)), data)
}

// readAll reads to the end in batches of size; the records' data are copied.
func readAll(r interface {
	Read([]pcaps.Record) (int, error)
}, size int) ([]pcaps.Record, error) {
	var all []pcaps.Record
	recs := make([]pcaps.Record, size)
	for {
		n, err := r.Read(recs)
		for _, rec := range recs[:n] {
			rec.Data = append([]byte{}, rec.Data...)
			all = append(all, rec)
		}
		if err == nil && n == 0 {
			return all, errors.New("Read returned 0 records and no error")
		}
		if err != nil {
			if n > 0 {
				return all, errors.New("Read returned records and an error")
			}
			if err == io.EOF {
				return all, nil
			}
			return all, err
		}
	}
}
