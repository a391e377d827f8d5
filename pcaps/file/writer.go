package file

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// Writer writes a pcapng capture, record by record, with what a Record tells of
// a packet as options of its block: epb_flags, epb_hash and epb_queue. It
// writes little-endian, times in ns. It does not buffer.
//
// Note: gopacket's pcapgo writes no options of packets.
type Writer struct {
	w          io.Writer
	interfaces map[writtenInterface]uint32
	buf        []byte // the block being made
	packets    int64
}

// writtenInterface tells the interfaces of the file apart: those of the records,
// and where a record's time lies before 1970 another one for these.
type writtenInterface struct {
	id       int32
	link     pcaps.LinkType
	negative bool
}

// predictor is the application whose captures record what it predicted: what the command
// names itself with --write.
const predictor = "rssreplay"

// beforeEpoch is the if_tsoffset, in s, of interfaces with times before 1970:
// pcapng's own times are unsigned. No int64 of ns lies before it.
const beforeEpoch = math.MinInt64/1_000_000_000 - 1

// NewWriter begins a capture with the section header, which names the
// application that writes it. Errors are those of w.
func NewWriter(w io.Writer, application string) (*Writer, error) {
	out := &Writer{w: w, interfaces: make(map[writtenInterface]uint32)}
	out.begin(blockSection)
	out.u32(byteOrderMagic, 1, math.MaxUint32, math.MaxUint32) // version 1.0; length not said
	out.option(optSHBApplication, []byte(application))
	return out, out.end()
}

// Write appends the record, with the comment if it has one; at most 65,535 bytes
// of it, UTF-8. An interface that no record had before is described first. Of
// the options a record without Direction, Queue or Hash gets none. Errors are
// those of the underlying writer, and a record that is longer than pcapng's
// readers take.
func (w *Writer) Write(rec *pcaps.Record, comment []byte) error {
	if len(rec.Data) > maxCaptured {
		return fmt.Errorf("packet %s: %s captured bytes, more than libpcap's limit of %s", grouped.Int(w.packets+1), grouped.Int(len(rec.Data)), grouped.Int(maxCaptured))
	}
	id, err := w.interfaceOf(rec)
	if err != nil {
		return err
	}
	ticks := uint64(rec.Time)
	if rec.Time < 0 {
		seconds := int64(beforeEpoch)
		ticks -= uint64(seconds) * 1e9 // modulo 2^64; the difference fits
	}
	w.begin(blockEnhanced)
	w.u32(id, uint32(ticks>>32), uint32(ticks), uint32(len(rec.Data)), rec.Wire)
	w.padded(rec.Data)
	options := len(w.buf)
	if len(comment) > 0 {
		w.option(optComment, comment[:min(len(comment), math.MaxUint16)])
	}
	switch rec.Direction {
	case pcaps.Inbound:
		w.option32(optEPBFlags, flagsInbound)
	case pcaps.Outbound:
		w.option32(optEPBFlags, flagsOutbound)
	}
	if rec.HasHash {
		var value [5]byte
		value[0] = hashToeplitz
		binary.BigEndian.PutUint32(value[1:], rec.Hash)
		w.option(optEPBHash, value[:])
	}
	if rec.Queue >= 0 {
		w.option32(optEPBQueue, uint32(rec.Queue))
	}
	if len(w.buf) > options {
		w.u32(optEnd)
	}
	w.packets++
	return w.end()
}

// interfaceOf is the number of the record's interface in the file.
func (w *Writer) interfaceOf(rec *pcaps.Record) (uint32, error) {
	key := writtenInterface{rec.Interface, rec.Link, rec.Time < 0}
	if id, ok := w.interfaces[key]; ok {
		return id, nil
	}
	w.begin(blockInterface)
	w.u32(uint32(rec.Link), 0) // no limit of the captured length
	w.option(optIfTSResol, []byte{9})
	if key.negative {
		seconds := int64(beforeEpoch)
		w.option(optIfTSOffset, binary.LittleEndian.AppendUint64(nil, uint64(seconds)))
	}
	w.u32(optEnd)
	if err := w.end(); err != nil {
		return 0, err
	}
	id := uint32(len(w.interfaces))
	w.interfaces[key] = id
	return id, nil
}

// begin starts a block, whose length end fills in.
func (w *Writer) begin(kind uint32) {
	w.buf = w.buf[:0]
	w.u32(kind, 0)
}

// end writes the block.
func (w *Writer) end() error {
	total := uint32(len(w.buf) + 4)
	w.u32(total)
	binary.LittleEndian.PutUint32(w.buf[4:], total)
	_, err := w.w.Write(w.buf)
	return err
}

func (w *Writer) u32(values ...uint32) {
	for _, v := range values {
		w.buf = binary.LittleEndian.AppendUint32(w.buf, v)
	}
}

// padded appends b and zeros to a multiple of 4.
func (w *Writer) padded(b []byte) {
	w.buf = append(w.buf, b...)
	for len(w.buf)%4 != 0 {
		w.buf = append(w.buf, 0)
	}
}

func (w *Writer) option(code uint16, value []byte) {
	w.u32(uint32(code) | uint32(len(value))<<16)
	w.padded(value)
}

func (w *Writer) option32(code uint16, value uint32) {
	w.u32(uint32(code)|4<<16, value)
}
