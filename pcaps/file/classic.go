package file

import (
	"encoding/binary"
	"math/bits"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// The file formats' magic numbers, as a little-endian reader sees them in a
// file written on a little-endian machine
// (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html).
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's modified pcap, see modified.go

	fileHeaderBytes   = 24
	recordHeaderBytes = 16 // of modified pcap 8 more

	// maxCaptured is libpcap's MAXIMUM_SNAPLEN: a longer record is damage.
	maxCaptured = 262144
)

// classic decodes pcap: a file header, then records of a 16-byte header (seconds,
// fraction, captured length, original length), in modified pcap a longer one, and the
// captured bytes.
type classic struct {
	big       bool  // big-endian
	modified  bool  // see modified.go
	record    int   // length of a record's header
	nsPerTick int64 // of the timestamp's fraction
	link      pcaps.LinkType
	// swapLengths: the record's two lengths stand in the other order, as they do
	// by libpcap's sf-pcap.c in files of versions before 2.3 and of DG/UX (543.0);
	// in version 2.3 they do if the captured one is the larger (maybeSwapped).
	swapLengths, maybeSwapped bool
	header                    [fileHeaderBytes]byte
	info                      *Info
}

// newClassic reads the file header, whose 24 bytes must be there and whose magic
// the caller has looked at.
func newClassic(header []byte, info *Info) (*classic, *damage) {
	c := &classic{nsPerTick: 1000, record: recordHeaderBytes, header: [fileHeaderBytes]byte(header), info: info}
	c.big = binary.BigEndian.Uint32(header)>>16 == magicMicro>>16
	info.Format = "pcap"
	switch c.u32(header) {
	case magicNano:
		c.nsPerTick = 1
	case magicModified:
		c.modified, info.Format = true, "modified pcap"
		c.record += modifiedBytes
	}
	versions := c.u32(header[4:]) // two 16-bit fields, major first in the file
	major, minor := uint16(versions), uint16(versions>>16)
	if c.big {
		major, minor = minor, major
	}
	if major != 2 && !(major == 543 && minor == 0) {
		return nil, damaged("pcap version %d.%d is not known, only 2.x is: the file is damaged, or a newer program must write it as 2.4", major, minor)
	}
	c.swapLengths = minor < 3
	c.maybeSwapped = minor == 3
	c.link = pcaps.LinkType(c.u32(header[20:])) // the bits above tell of frame check sequences
	info.sawLink(c.link)
	return c, nil
}

func (c *classic) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if c.big {
		return bits.ReverseBytes32(v)
	}
	return v
}

// lengths puts a record's two lengths in the usual order.
func (c *classic) lengths(first, second uint32) (captured, wire uint32) {
	if c.swapLengths || c.maybeSwapped && first > second {
		return second, first
	}
	return first, second
}

func (c *classic) decode(buf []byte, recs []pcaps.Record) (n, used, want int, err *damage) {
	big, nsPerTick, link, header := c.big, c.nsPerTick, c.link, c.record
	swapLengths := c.swapLengths || c.maybeSwapped
	if !big && !swapLengths && !c.modified {
		n, used = c.plain(buf, recs)
	}
	for n < len(recs) {
		b := buf[used:]
		if len(b) < header {
			if len(b) > 0 {
				want = header
			}
			return n, used, want, nil
		}
		h := (*[recordHeaderBytes]byte)(b)
		seconds, fraction := binary.LittleEndian.Uint32(h[0:]), binary.LittleEndian.Uint32(h[4:])
		captured, wire := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
		if big {
			seconds, fraction = bits.ReverseBytes32(seconds), bits.ReverseBytes32(fraction)
			captured, wire = bits.ReverseBytes32(captured), bits.ReverseBytes32(wire)
		}
		if swapLengths {
			captured, wire = c.lengths(captured, wire)
		}
		if captured == 0 && [8]byte(b) == [8]byte(c.header[:]) { // no time of a packet: a file follows, by cat
			switch {
			case len(b) < fileHeaderBytes:
				return n, used, fileHeaderBytes, nil
			case [4]byte(b[20:]) != [4]byte(c.header[20:]):
				return n, used, 0, damaged("another capture begins, of another link type: give the files themselves, or join them with mergecap instead of cat")
			}
			used += fileHeaderBytes
			continue
		}
		if captured > maxCaptured {
			return n, used, 0, tooLong(captured)
		}
		whole := header + int(captured)
		if len(b) < whole {
			return n, used, whole, nil
		}
		if wire < captured {
			c.info.ShortWire++
		}
		rec := &recs[n]
		rec.Set(b[header:whole:whole], wire, link)
		if c.modified {
			rec.Direction = modifiedDirection(b)
		}
		rec.Time = int64(seconds)*1e9 + int64(fraction)*nsPerTick // seconds unsigned, to 2106: no overflow
		n++
		used += whole
	}
	return n, used, 0, nil
}

// plain decodes the whole records at the start of buf as far as nothing is odd
// about one: little-endian, the captured length first, not 0 and not above the other.
//
// Optimization: almost every capture is that alone, and the way from one record to
// the next is short. It must equal decode without it.
func (c *classic) plain(buf []byte, recs []pcaps.Record) (n, used int) {
	nsPerTick, link := c.nsPerTick, c.link
	for n < len(recs) && used+recordHeaderBytes <= len(buf) {
		h := buf[used : used+recordHeaderBytes : used+recordHeaderBytes]
		captured, wire := binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
		end := used + recordHeaderBytes + int(captured)
		if captured-1 >= maxCaptured || captured > wire || end > len(buf) {
			break
		}
		rec := &recs[n]
		rec.Set(buf[used+recordHeaderBytes:end:end], wire, link)
		rec.Time = int64(binary.LittleEndian.Uint32(h))*1e9 + int64(binary.LittleEndian.Uint32(h[4:]))*nsPerTick
		n++
		used = end
	}
	return n, used
}

func tooLong(captured uint32) *damage {
	return damaged("the record claims %s captured bytes, more than libpcap's limit of %s", grouped.Int(captured), grouped.Int(maxCaptured))
}

func (c *classic) cut(rest []byte) *damage {
	switch {
	case len(rest) == 0:
		return nil
	case len(rest) < c.record:
		return damaged("the file ends after %d of the %d bytes of its record header", len(rest), c.record)
	}
	captured, _ := c.lengths(c.u32(rest[8:]), c.u32(rest[12:]))
	if captured == 0 {
		return damaged("the file ends after %d of the %d bytes of another capture's header", len(rest), fileHeaderBytes)
	}
	return damaged("the file ends after %s of its %s captured bytes", grouped.Int(len(rest)-c.record), grouped.Int(captured))
}
