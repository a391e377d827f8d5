package file

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strings"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// This file is what blocks of pcapng have in them: interfaces, their statistics, and packets.

// sectionOptions reads the options of a section header: who wrote the section, and the
// comment on it.
func (p *pcapng) sectionOptions(b []byte) {
	opts := options{p: p, rest: b}
	for opts.next() {
		switch {
		case opts.code == optSHBApplication:
			name, _, _ := bytes.Cut(opts.value, []byte(" ")) // the version follows
			p.predicted = p.predicted || string(name) == predictor
		case opts.code == optComment && p.info.Comment == "":
			p.info.Comment = commentText(opts.value)
		}
	}
	if opts.bad {
		p.info.BadOptions++
	}
}

// commentText is a comment without what is no UTF-8 in it.
func commentText(b []byte) string {
	text, more := string(b), ""
	if len(text) > maxComment {
		text, more = text[:maxComment], "…"
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, "")) + more
}

// predicted tells whether a packet's comment is one that rssreplay copied it with
// ("cpu=3 entry=17 hash=0x51ccc178 tcp_ipv4"): where a copy was merged with other
// captures, the section no longer names who wrote it. No NIC records the entry of its
// table, why it did not hash, or the rule that decided. A CPU alone, which is what
// non-rss predicts, may be another program's word.
func predicted(comment []byte) (ours, cpuAlone bool) {
	digits := func(b []byte) []byte { return bytes.TrimLeft(b, "0123456789") }
	rest, ok := bytes.CutPrefix(comment, []byte("dropped"))
	if !ok {
		if rest, ok = bytes.CutPrefix(comment, []byte("cpu=")); !ok {
			return false, false
		}
		rest = digits(rest)
	}
	if irq, ok := bytes.CutPrefix(rest, []byte(" irq=")); ok {
		rest = digits(irq)
	}
	for _, next := range []string{" entry=", " unhashed=", " by=rss", " by=rps", " by=rule:"} {
		if bytes.HasPrefix(rest, []byte(next)) {
			return true, false
		}
	}
	return false, len(rest) == 0
}

// sectionInterface is what packets need of their interface.
type sectionInterface struct {
	link pcaps.LinkType
	snap uint32 // bytes, 0 if no limit
	unit tickUnit
}

// describe reads an interface description block: type, length, link type,
// reserved, snap length, options.
func (p *pcapng) describe(b []byte) *damage {
	i := Interface{Link: pcaps.LinkType(p.u16(b[8:])), SnapLength: p.u32(b[12:]), Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: -1}
	unit := microseconds
	opts := options{p: p, rest: b[16 : len(b)-4]}
	for opts.next() {
		switch v := opts.value; opts.code {
		case optIfName:
			i.Name = string(v[:min(len(v), maxInterfaceName)])
		case optIfTSResol:
			if len(v) != 1 {
				return damaged("the interface's if_tsresol has %d bytes, not 1", len(v))
			}
			unit.binary, unit.exponent = v[0]&0x80 != 0, v[0]&0x7f
		case optIfTSOffset:
			if len(v) != 8 {
				return damaged("the interface's if_tsoffset has %d bytes, not 8", len(v))
			}
			unit.offset = int64(p.u64(v))
		}
	}
	if opts.bad {
		// Not counted as elsewhere: the unit of every timestamp may be in it.
		return damaged("the interface description's options do not lie whole inside it")
	}
	if len(p.info.Interfaces) == maxInterfaces {
		return damaged("the capture describes more than %s interfaces", grouped.Int(maxInterfaces))
	}
	p.info.Interfaces = append(p.info.Interfaces, i)
	unit.settle()
	p.interfaces = append(p.interfaces, sectionInterface{i.Link, i.SnapLength, unit})
	p.info.sawLink(i.Link)
	return nil
}

// statistics reads an interface statistics block: type, length, interface,
// timestamp, options. The counters are totals: the last block of an interface
// counts. One for an interface that the section does not have says nothing
// about packets, and is passed over.
func (p *pcapng) statistics(b []byte) {
	id := p.u32(b[8:])
	if uint64(id) >= uint64(len(p.interfaces)) {
		return
	}
	i := &p.info.Interfaces[p.first+int(id)]
	opts := options{p: p, rest: b[20 : len(b)-4]}
	for opts.next() {
		if len(opts.value) != 8 {
			continue
		}
		count := int64(min(p.u64(opts.value), math.MaxInt64))
		switch opts.code {
		case optISBIfRecv:
			i.Received = count
		case optISBIfDrop:
			i.Dropped = count
		case optISBOSDrop:
			i.OSDropped = count
		case optISBAccept:
			i.Accepted = count
		case optISBDeliver:
			i.Delivered = count
		}
	}
	if opts.bad {
		p.info.BadOptions++
	}
}

// captured checks the fixed part of a packet block, which must be there, and
// gives the number of its captured bytes and its interface in the section.
func (p *pcapng) captured(b []byte, kind, total uint32) (length, id int, err *damage) {
	var n, fixed, local uint32
	switch kind {
	case blockEnhanced:
		n, fixed, local = p.u32(b[20:]), packetBlockFixed, p.u32(b[8:])
	case blockPacket:
		n, fixed, local = p.u32(b[20:]), packetBlockFixed, uint32(p.u16(b[8:]))
	case blockSimple:
		n, fixed, local = p.u32(b[8:]), 12, 0
	}
	if uint64(local) >= uint64(len(p.interfaces)) {
		return 0, 0, damaged("the record names interface %d, but its section describes only %d before it", local, len(p.interfaces))
	}
	if snap := p.interfaces[local].snap; kind == blockSimple && snap > 0 {
		n = min(n, snap)
	}
	if n > maxCaptured {
		return 0, 0, damaged("the record claims %s captured bytes, more than libpcap's limit of %s", grouped.Int(n), grouped.Int(maxCaptured))
	}
	if fixed+(n+3)&^3+4 > total {
		return 0, 0, damaged("the record claims %s captured bytes in a block of %s", grouped.Int(n), grouped.Int(total))
	}
	return int(n), int(local), nil
}

// packet reads a whole packet block of n captured bytes and interface id, which
// captured has checked.
func (p *pcapng) packet(b []byte, kind uint32, n, id int, rec *pcaps.Record) {
	fixed := packetBlockFixed
	if kind == blockSimple {
		fixed = 12
	}
	rec.Set(b[fixed:fixed+n:fixed+n], 0, p.interfaces[id].link)
	rec.Interface = int32(p.first + id)
	if kind == blockSimple {
		rec.Time, rec.Wire = p.last, p.u32(b[8:])
		p.info.NoTimestamp++
	} else {
		ticks := uint64(p.u32(b[12:]))<<32 | uint64(p.u32(b[16:]))
		var exact bool
		if rec.Time, exact = p.interfaces[id].unit.time(ticks); !exact {
			p.info.ClampedTime++
		}
		p.last = rec.Time
		rec.Wire = p.u32(b[24:])
		if kind == blockPacket {
			if drops := p.u16(b[10:]); drops != 0xffff { // which is: not known
				p.info.lost(int64(drops))
			}
		}
		if opts := b[fixed+(n+3)&^3 : len(b)-4]; len(opts) > 0 {
			p.packetOptions(opts, rec)
		}
	}
	if rec.Wire < uint32(n) {
		p.info.ShortWire++
	}
}

// plain decodes the whole enhanced packet blocks at the start of buf as far as
// nothing is odd about one.
//
// Optimization: a little-endian section, a decimal time unit of at least 1 ns
// without an offset, and nothing wrong with the block. It must equal captured and
// packet.
func (p *pcapng) plain(buf []byte, recs []pcaps.Record) (n, used int) {
	le := binary.LittleEndian
	interfaces := p.interfaces
	for n < len(recs) && used+packetBlockFixed <= len(buf) {
		h := buf[used : used+packetBlockFixed : used+packetBlockFixed]
		size, local := int(le.Uint32(h[4:])), le.Uint32(h[8:])
		captured, wire := le.Uint32(h[20:]), le.Uint32(h[24:])
		data := used + packetBlockFixed
		options := data + (int(captured)+3)&^3 // where they would begin
		end := used + size
		if le.Uint32(h) != blockEnhanced || captured > maxCaptured || wire < captured || uint64(local) >= uint64(len(interfaces)) ||
			end > len(buf) || size > maxBlock || size%4 != 0 || options+4 > end || int(le.Uint32(buf[end-4:])) != size {
			break
		}
		i := &interfaces[local]
		over, ns := bits.Mul64(uint64(le.Uint32(h[12:]))<<32|uint64(le.Uint32(h[16:])), i.unit.perTick)
		if over != 0 || ns > math.MaxInt64 || i.unit.perTick == 0 {
			break
		}
		rec := &recs[n]
		rec.Set(buf[data:data+int(captured):data+int(captured)], wire, i.link)
		rec.Time = int64(ns)
		rec.Interface = int32(p.first + int(local))
		if options+4 < end {
			p.packetOptions(buf[options:end-4], rec)
		}
		n++
		used = end
	}
	if n > 0 {
		p.last = recs[n-1].Time
	}
	return n, used
}

// packetOptions reads the options of an enhanced or obsolete packet block. An
// option of a length that is not its own is passed over.
func (p *pcapng) packetOptions(b []byte, rec *pcaps.Record) {
	opts := options{p: p, rest: b}
	ours, cpuAlone := p.predicted, false
	for opts.next() {
		v := opts.value
		switch {
		case opts.code == optEPBFlags && len(v) == 4:
			switch p.u32(v) & flagsDirection {
			case flagsInbound:
				rec.Direction = pcaps.Inbound
			case flagsOutbound:
				rec.Direction = pcaps.Outbound
			}
		case opts.code == optEPBHash && len(v) == 5 && v[0] == hashToeplitz && !rec.HasHash:
			// The draft does not say in which order; as they lie, then (and DPDK
			// writes them as the host has them).
			rec.Hash, rec.HasHash = binary.BigEndian.Uint32(v[1:]), true
		case opts.code == optEPBHash && len(v) > 0 && v[0] != hashToeplitz:
			p.info.OtherHashes++
		case opts.code == optEPBDropCount && len(v) == 8:
			p.info.lost(int64(min(p.u64(v), math.MaxInt64)))
		case opts.code == optEPBQueue && len(v) == 4:
			if q := p.u32(v); q <= math.MaxInt32 {
				rec.Queue = int32(q)
			}
		case opts.code == optComment:
			of, alone := predicted(v)
			ours, cpuAlone = ours || of, cpuAlone || alone
		}
	}
	ours = ours || cpuAlone && rec.Queue == 0 && !rec.HasHash && rec.Direction == pcaps.Inbound // as non-rss is copied
	switch {
	case ours && (rec.HasHash || rec.Queue >= 0):
		rec.Predicted = true
		p.info.Predicted++
	case rec.HasHash:
		p.info.Hashes++
	}
	if opts.bad {
		p.info.BadOptions++
	}
}

// options goes through a list of options: code and length of 16 bits each, the
// value padded to a multiple of 4.
type options struct {
	p     *pcapng
	rest  []byte
	code  uint16
	value []byte
	bad   bool // the list does not lie whole inside the block
}

func (o *options) next() bool {
	if len(o.rest) == 0 {
		return false // the end mark may be left out
	}
	if len(o.rest) < 4 {
		o.bad = true
		return false
	}
	n := int(o.p.u16(o.rest[2:]))
	if o.code = o.p.u16(o.rest); o.code == optEnd {
		return false
	}
	if len(o.rest) < 4+n {
		o.bad = true
		return false
	}
	o.value = o.rest[4 : 4+n]
	o.rest = o.rest[min(4+(n+3)&^3, len(o.rest)):]
	return true
}
