//go:build cgo

package file

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcap"

	"rssreplay/pcaps"
)

// Filter is a filter expression of tcpdump's language, compiled by libpcap for
// each link type that occurs. It is used by one goroutine.
type Filter struct {
	expr     string
	programs map[pcaps.LinkType]*pcap.BPF
}

// NewFilter compiles expr. What an expression may say depends on the link type:
// one that fits Ethernet, raw IP or Linux cooked captures is accepted here, and
// compiled for the others when they come up.
func NewFilter(expr string) (*Filter, error) {
	f := &Filter{expr: expr, programs: make(map[pcaps.LinkType]*pcap.BPF)}
	var first error
	for _, link := range []pcaps.LinkType{pcaps.LinkEthernet, pcaps.LinkSLL2, pcaps.LinkSLL, pcaps.LinkRaw} {
		_, err := f.program(link)
		if err == nil {
			return f, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("--filter %q: %w (see `man pcap-filter`)", expr, first)
}

// Match tells whether rec passes. Its error says that the expression makes no
// sense for the record's link type.
func (f *Filter) Match(rec *pcaps.Record) (bool, error) {
	data, link := rec.Data, rec.Link
	if link == pcaps.LinkNull && bytes.HasPrefix(data, []byte{0, 0}) {
		link = pcaps.LinkLoop // of a big-endian machine: the address family as in this one
	}
	program := f.programs[link]
	if program == nil {
		var err error
		if program, err = f.program(link); err != nil {
			return false, fmt.Errorf("--filter %q: for link type %s: %w", f.expr, rec.Link, err)
		}
	}
	if len(data) == 0 {
		// gopacket takes the address of the first byte. One zero byte stands in
		// for none: only an expression about byte 0 itself can tell the two apart.
		data = []byte{0}
	}
	return program.Matches(gopacket.CaptureInfo{CaptureLength: len(data), Length: int(rec.Wire)}, data), nil
}

// program compiles the expression for a link type. libpcap takes it from the
// header of a capture without packets: gopacket's NewBPF has 8 bits for a link
// type, so that it would compile Linux cooked v2 (276) as 20, and wants the
// number that this operating system uses instead of the file's.
func (f *Filter) program(link pcaps.LinkType) (*pcap.BPF, error) {
	header := binary.LittleEndian.AppendUint32(nil, magicMicro)
	header = binary.LittleEndian.AppendUint16(header, 2)
	header = binary.LittleEndian.AppendUint16(header, 4)
	header = append(header, make([]byte, 8)...)
	header = binary.LittleEndian.AppendUint32(header, maxCaptured)
	header = binary.LittleEndian.AppendUint32(header, uint32(link))
	handle, err := openWritten(header)
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	program, err := handle.NewBPF(f.expr)
	if err != nil {
		return nil, err
	}
	f.programs[link] = program
	return program, nil
}

// LibpcapVersion is what libpcap says of itself, "libpcap version 1.10.3 (…)".
func LibpcapVersion() string { return pcap.Version() }
