package file

import (
	"encoding/binary"
	"math/bits"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// Block types and option codes of pcapng
// (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html).
const (
	blockInterface    = 1
	blockPacket       = 2 // obsolete
	blockSimple       = 3
	blockNames        = 4
	blockStatistics   = 5
	blockEnhanced     = 6
	blockSecrets      = 10
	blockCustom       = 0x00000bad
	blockCustomNoCopy = 0x40000bad
	blockSection      = 0x0a0d0d0a // the same in both byte orders

	byteOrderMagic = 0x1a2b3c4d

	optEnd            = 0
	optComment        = 1 // of all blocks
	optSHBApplication = 4
	optEPBFlags       = 2 // pack_flags and pack_hash of the obsolete block have the same codes
	optEPBHash        = 3
	optEPBDropCount   = 4
	optEPBQueue       = 6
	optIfName         = 2
	optIfTSResol      = 9
	optIfTSOffset     = 14
	optISBIfRecv      = 4
	optISBIfDrop      = 5
	optISBAccept      = 6
	optISBOSDrop      = 7
	optISBDeliver     = 8
	hashToeplitz      = 5 // epb_hash's algorithm octet
	flagsInbound      = 1
	flagsOutbound     = 2
	flagsDirection    = 3
	minBlock          = 12 // type, length, length
	packetBlockFixed  = 28 // of enhanced and obsolete blocks, before the captured bytes

	// maxBlock is the longest block that is read as a whole, in bytes, libpcap's
	// limit; blocks that are only skipped may have any length.
	maxBlock = 16 << 20

	// Of all sections' interfaces no more than these are kept, with no more than
	// so many bytes of their names: no capture fills the memory with them.
	maxInterfaces    = 1 << 16
	maxInterfaceName = 64

	// maxComment is how much of the capture's comment is kept, in bytes.
	maxComment = 1024

	// maxSection is the longest section header whose options are looked at, in bytes.
	maxSection = 1 << 16
)

// pcapng decodes pcapng: sections, each in its own byte order and with its own
// interfaces, of blocks that begin and end with their length.
type pcapng struct {
	big        bool               // the section is big-endian
	first      int                // of info.Interfaces: the section's interface 0
	interfaces []sectionInterface // the section's
	last       int64              // timestamp of the last record that had one, for simple packets
	predicted  bool               // rssreplay wrote the section: its hashes and queues are predictions
	info       *Info

	// skipped is the length of a block whose body is passed over without being
	// looked at, 0 if there is none; skipLeft is what is left of its body, in bytes.
	skipped, skipLeft uint32
	inSection         bool // it is a section header, whose options are to be looked at
}

// newPcapng reads the fixed part of the first section header, its 24 bytes.
func newPcapng(header []byte, info *Info) (*pcapng, *damage) {
	p := &pcapng{info: info}
	info.Format = "pcapng"
	return p, p.section(header)
}

func (p *pcapng) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if p.big {
		return bits.ReverseBytes16(v)
	}
	return v
}

func (p *pcapng) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if p.big {
		return bits.ReverseBytes32(v)
	}
	return v
}

func (p *pcapng) u64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if p.big {
		return bits.ReverseBytes64(v)
	}
	return v
}

// decode goes from block to block. Blocks that matter are read whole (want asks
// for the rest); of all others only the two lengths are compared.
func (p *pcapng) decode(buf []byte, recs []pcaps.Record) (n, used, want int, err *damage) {
	for n < len(recs) {
		b := buf[used:]
		if p.skipped > 0 {
			size, want, err := p.goOnSkipping(b)
			used += size
			if err != nil || p.skipped > 0 {
				return n, used, want, err
			}
			continue
		}
		if len(b) < 8 {
			if len(b) > 0 {
				want = 8
			}
			return n, used, want, nil
		}
		if !p.big {
			if m, size := p.plain(b, recs[n:]); m > 0 {
				n += m
				used += size
				continue
			}
		}
		isPacket, size, want, err := p.block(b, &recs[n])
		if err != nil || want > 0 {
			return n, used, want, err
		}
		if isPacket {
			n++
		}
		used += size
	}
	return n, used, 0, nil
}

// goOnSkipping passes over what b has of the skipped block; skipped is 0 once it ends.
func (p *pcapng) goOnSkipping(b []byte) (used, want int, err *damage) {
	if p.inSection {
		if len(b) < int(p.skipLeft) {
			return 0, int(p.skipLeft), nil
		}
		p.inSection = false
		p.sectionOptions(b[:p.skipLeft])
	}
	used = int(min(uint64(len(b)), uint64(p.skipLeft)))
	b = b[used:]
	p.skipLeft -= uint32(used)
	switch {
	case len(b) == 0:
		return used, 0, nil
	case len(b) < 4:
		return used, 4, nil
	}
	if trailer := p.u32(b); trailer != p.skipped {
		err := lengthsDiffer(p.skipped, trailer)
		err.back = int64(p.skipped) - 4
		return used, 0, err.between()
	}
	p.skipped = 0
	return used + 4, 0, nil
}

// block reads the block at the start of b, which has at least its type and length, and
// begins to skip one that does not matter. The record is filled if it is a packet's. Where
// b has too few bytes of it nothing is used, and want says how many it takes to go on.
func (p *pcapng) block(b []byte, rec *pcaps.Record) (isPacket bool, used, want int, err *damage) {
	kind, total := p.u32(b), p.u32(b[4:])
	if kind == blockSection {
		if len(b) < fileHeaderBytes {
			return false, 0, fileHeaderBytes, nil
		}
		return false, fileHeaderBytes, 0, p.section(b)
	}
	fixed, isPacket := fixedBytes(kind)
	if total < uint32(fixed) || total%4 != 0 {
		err := damaged("a block of type %#x claims a length of %s bytes, which is not a multiple of 4 of at least %d", kind, grouped.Int(total), fixed)
		err.after = !isPacket
		return false, 0, 0, err
	}
	if fixed == minBlock {
		p.info.Skipped.count(kind)
		p.skip(total, 8)
		return false, 8, 0, nil
	}
	var captured, id int
	if isPacket {
		if len(b) < fixed {
			return false, 0, fixed, nil
		}
		// Before the rest of the block is asked for: a false length ends here.
		if captured, id, err = p.captured(b, kind, total); err != nil {
			return false, 0, 0, err
		}
	}
	if total > maxBlock {
		err := damaged("a block of type %#x claims %s bytes, more than libpcap's limit of %s", kind, grouped.Int(total), grouped.Int(maxBlock))
		err.after = !isPacket
		return false, 0, 0, err
	}
	if len(b) < int(total) {
		return false, 0, int(total), nil
	}
	b = b[:total]
	if trailer := p.u32(b[total-4:]); trailer != total {
		err := lengthsDiffer(total, trailer)
		err.after = !isPacket
		return false, 0, 0, err
	}
	switch kind {
	case blockInterface:
		if err := p.describe(b); err != nil {
			return false, 0, 0, err.between()
		}
	case blockStatistics:
		p.statistics(b)
	default:
		p.packet(b, kind, captured, id, rec)
	}
	return isPacket, int(total), 0, nil
}

func lengthsDiffer(first, last uint32) *damage {
	return damaged("the block's length is %s bytes where it begins and %s where it ends", grouped.Int(first), grouped.Int(last))
}

// fixedBytes is the shortest length of a block of this type in bytes, minBlock
// for those that are skipped.
func fixedBytes(kind uint32) (bytes int, isPacket bool) {
	switch kind {
	case blockEnhanced, blockPacket:
		return packetBlockFixed + 4, true
	case blockSimple:
		return 16, true
	case blockInterface:
		return 20, false
	case blockStatistics:
		return 24, false
	}
	return minBlock, false
}

// skip passes over a block of total bytes, of which the first done are read.
func (p *pcapng) skip(total, done uint32) {
	p.skipped, p.skipLeft = total, total-done-4
}

// section reads the fixed part of a section header block, 24 bytes: type,
// length, byte-order magic, version (16 bits each), section length.
func (p *pcapng) section(b []byte) *damage {
	switch magic := binary.LittleEndian.Uint32(b[8:]); magic {
	case byteOrderMagic:
		p.big = false
	case bits.ReverseBytes32(byteOrderMagic):
		p.big = true
	default:
		return damaged("the section header has no byte-order magic, but % x", b[8:12]).between()
	}
	if major := p.u16(b[12:]); major != 1 {
		return damaged("pcapng version %d.%d is not known, only 1.x is", major, p.u16(b[14:])).between()
	}
	total := p.u32(b[4:])
	if total < fileHeaderBytes+4 || total%4 != 0 {
		return damaged("the section header claims a length of %s bytes, which is not a multiple of 4 of at least %d", grouped.Int(total), fileHeaderBytes+4).between()
	}
	p.first = len(p.info.Interfaces)
	p.interfaces = p.interfaces[:0]
	p.predicted = false
	p.skip(total, fileHeaderBytes)
	p.inSection = total <= maxSection
	return nil
}

func (p *pcapng) cut(rest []byte) *damage {
	switch {
	case p.skipped > 0:
		done := p.skipped - 4 - p.skipLeft
		err := damaged("the file ends after %s of the %s bytes of a block", grouped.Int(int(done)+len(rest)), grouped.Int(p.skipped))
		err.back = int64(done)
		return err.between()
	case len(rest) == 0:
		return nil
	case len(rest) < 8:
		unit := "bytes"
		if len(rest) == 1 {
			unit = "byte"
		}
		return damaged("the file ends after %d %s of a block", len(rest), unit).between()
	}
	err := damaged("the file ends after %s of the %s bytes of its block", grouped.Int(len(rest)), grouped.Int(p.u32(rest[4:])))
	_, isPacket := fixedBytes(p.u32(rest))
	err.after = !isPacket
	return err
}
