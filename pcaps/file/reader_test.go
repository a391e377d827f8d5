package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rssreplay/pcaps"
)

var le, bigEndian = binary.LittleEndian, binary.BigEndian

// ng is a capture of one section in the order o with two interfaces, and every
// kind of block.
func ng(o order) []byte {
	hash := ngOption(o, optEPBHash, hashToeplitz, 0x51, 0xcc, 0xc1, 0x78)
	queue := ngOption(o, optEPBQueue, o.AppendUint32(nil, 5)...)
	return slices.Concat(
		ngSection(o, ngOption(o, 4, []byte("a program")...), ngOption(o, optEnd)),
		ngInterface(o, pcaps.LinkEthernet, 96, ngOption(o, 2, []byte("eth0")...), ngOption(o, optEnd)),
		ngInterface(o, pcaps.LinkRaw, 0, ngOption(o, optIfTSResol, 9)),
		ngEnhanced(o, 0, 1_000_001, 60, []byte{1, 2, 3}),
		ngBlock(o, 0x80000bad, []byte("something else")),
		ngEnhanced(o, 1, 2_000_000_007, 4, []byte{4, 5, 6, 7},
			ngOption(o, 1, []byte("comment")...), ngOption(o, optEPBFlags, o.AppendUint32(nil, 2)...), hash, queue,
			ngOption(o, optEPBDropCount, o.AppendUint64(nil, 3)...), ngOption(o, optEnd)),
		ngSimple(o, 200, bytes.Repeat([]byte{8}, 96)),
		ngBlock(o, blockPacket, o.AppendUint16(nil, 1), o.AppendUint16(nil, 2), o.AppendUint32(nil, 1), o.AppendUint32(nil, 0),
			o.AppendUint32(nil, 2), o.AppendUint32(nil, 9), []byte{9, 9, 0, 0}, ngOption(o, optEPBFlags, o.AppendUint32(nil, 0xfffffffd)...)),
		ngBlock(o, blockStatistics, o.AppendUint32(nil, 1), make([]byte, 8), ngOption(o, optISBIfRecv, o.AppendUint64(nil, 10)...),
			ngOption(o, optISBIfDrop, o.AppendUint64(nil, 7)...)),
		ngBlock(o, blockStatistics, o.AppendUint32(nil, 1), make([]byte, 8), ngOption(o, optISBIfDrop, o.AppendUint64(nil, 8)...), ngOption(o, optISBAccept, o.AppendUint64(nil, 9)...)),
		ngBlock(o, blockNames, make([]byte, 4)), ngBlock(o, blockCustomNoCopy, []byte("abcd1234")), ngBlock(o, blockSecrets, []byte("TLSK"), make([]byte, 9)),
	)
}

func ngRecords(first int32) []pcaps.Record {
	return []pcaps.Record{
		{Time: 1_000_001_000, Data: []byte{1, 2, 3}, Wire: 60, Link: pcaps.LinkEthernet, Interface: first, Queue: -1},
		{Time: 2_000_000_007, Data: []byte{4, 5, 6, 7}, Wire: 4, Link: pcaps.LinkRaw, Direction: pcaps.Outbound, Interface: first + 1, Queue: 5, Hash: 0x51ccc178, HasHash: true},
		{Time: 2_000_000_007, Data: bytes.Repeat([]byte{8}, 96), Wire: 200, Link: pcaps.LinkEthernet, Interface: first, Queue: -1},
		{Time: 1 << 32, Data: []byte{9, 9}, Wire: 9, Link: pcaps.LinkRaw, Direction: pcaps.Inbound, Interface: first + 1, Queue: -1},
	}
}

var blockSizes = []int{1, 3, 16, 61, 300, blockBytes}

// TestReadFormats reads each format with blocks of many sizes, so that every
// record straddles two blocks somewhere, and in batches of one and of many.
func TestReadFormats(t *testing.T) {
	plain := func(o order, magic uint32, nsPerTick int64) ([]byte, []pcaps.Record) {
		return slices.Concat(pcapFile(o, magic, 2, 4, 0x14000071), pcapRecord(o, 1, 2, 70, []byte{1, 2, 3}), pcapRecord(o, math.MaxUint32, 999, 0, nil), pcapRecord(o, 0, 0, 2, []byte{7, 7, 7, 7})),
			[]pcaps.Record{
				{Time: 1e9 + 2*nsPerTick, Data: []byte{1, 2, 3}, Wire: 70, Link: pcaps.LinkSLL, Queue: -1},
				{Time: math.MaxUint32*1e9 + 999*nsPerTick, Data: []byte{}, Wire: 0, Link: pcaps.LinkSLL, Queue: -1},
				{Time: 0, Data: []byte{7, 7, 7, 7}, Wire: 2, Link: pcaps.LinkSLL, Queue: -1},
			}
	}
	type file struct {
		name string
		data []byte
		want []pcaps.Record
		info Info
	}
	var files []file
	for _, o := range []order{le, bigEndian} {
		pcapInfo := Info{Format: "pcap", LinkTypes: []pcaps.LinkType{pcaps.LinkSLL}, Packets: 3, ShortWire: 1}
		data, want := plain(o, magicMicro, 1000)
		files = append(files, file{fmt.Sprintf("pcap, µs, %s", o), data, want, pcapInfo})
		twice := pcapInfo
		twice.Packets, twice.ShortWire = 6, 2
		behind := slices.Clone(data)
		behind[17] ^= 1 // its snap length may be another
		files = append(files, file{fmt.Sprintf("pcap, one behind the other, %s", o), slices.Concat(data, behind), slices.Concat(want, want), twice})
		data, want = modifiedPcap(o)
		modifiedInfo := pcapInfo
		modifiedInfo.Format = "modified pcap"
		files = append(files, file{fmt.Sprintf("modified pcap, %s", o), data, want, modifiedInfo})
		data, want = plain(o, magicNano, 1)
		files = append(files, file{fmt.Sprintf("pcap, ns, %s", o), data, want, pcapInfo})
		interfaces := []Interface{
			{Name: "eth0", Link: pcaps.LinkEthernet, SnapLength: 96, Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: -1},
			{Link: pcaps.LinkRaw, Received: 10, Accepted: 9, Delivered: -1, Dropped: 8, OSDropped: -1},
		}
		ngInfo := Info{Format: "pcapng", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet, pcaps.LinkRaw}, Packets: 4, Hashes: 1, NoTimestamp: 1, DroppedBetween: 5, Interfaces: interfaces, Skipped: Skipped{1, 1, 1, 1}}
		files = append(files, file{fmt.Sprintf("pcapng, %s", o), ng(o), ngRecords(0), ngInfo})
		other := order(bigEndian)
		if o == other {
			other = le
		}
		ngInfo.Interfaces = slices.Concat(interfaces, interfaces)
		ngInfo.Packets, ngInfo.Hashes, ngInfo.NoTimestamp, ngInfo.DroppedBetween = 8, 2, 2, 10
		ngInfo.Skipped = Skipped{2, 2, 2, 2}
		files = append(files, file{fmt.Sprintf("pcapng, sections of both orders, %s first", o), slices.Concat(ng(o), ng(other)), slices.Concat(ngRecords(0), ngRecords(2)), ngInfo})
	}
	files = append(files,
		file{"pcap without packets", pcapFile(le, magicMicro, 2, 4, 1), nil, Info{Format: "pcap", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}}},
		file{"pcapng without packets", ngSection(le), nil, Info{Format: "pcapng"}},
		file{"pcap 2.2, lengths swapped", slices.Concat(pcapFile(le, magicMicro, 2, 2, 1), le.AppendUint32(make([]byte, 8), 9), le.AppendUint32(nil, 1), []byte{5}),
			[]pcaps.Record{{Data: []byte{5}, Wire: 9, Link: pcaps.LinkEthernet, Queue: -1}}, Info{Format: "pcap", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, Packets: 1}},
		file{"pcap 2.3, lengths swapped where they must bigEndian", slices.Concat(pcapFile(le, magicMicro, 2, 3, 1), le.AppendUint32(make([]byte, 8), 9), le.AppendUint32(nil, 1), []byte{5}, pcapRecord(le, 0, 0, 8, []byte{6})),
			[]pcaps.Record{{Data: []byte{5}, Wire: 9, Link: pcaps.LinkEthernet, Queue: -1}, {Data: []byte{6}, Wire: 8, Link: pcaps.LinkEthernet, Queue: -1}}, Info{Format: "pcap", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, Packets: 2}},
		file{"simple packets: snap length, none before with a time", slices.Concat(ngSection(le), ngInterface(le, pcaps.LinkEthernet, 2), ngSimple(le, 5, []byte{1, 2}), ngSimple(le, 1, []byte{3})),
			[]pcaps.Record{{Data: []byte{1, 2}, Wire: 5, Link: pcaps.LinkEthernet, Queue: -1}, {Data: []byte{3}, Wire: 1, Link: pcaps.LinkEthernet, Queue: -1}},
			Info{Format: "pcapng", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, Packets: 2, NoTimestamp: 2, Interfaces: []Interface{{Link: pcaps.LinkEthernet, SnapLength: 2, Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: -1}}}},
		file{"a time beyond 2262", slices.Concat(ngSection(le), ngInterface(le, pcaps.LinkEthernet, 0, ngOption(le, optIfTSResol, 0)), ngEnhanced(le, 0, 1<<63, 1, []byte{1}), ngEnhanced(le, 0, 5, 0, []byte{1})),
			[]pcaps.Record{{Time: math.MaxInt64, Data: []byte{1}, Wire: 1, Link: pcaps.LinkEthernet, Queue: -1}, {Time: 5e9, Data: []byte{1}, Wire: 0, Link: pcaps.LinkEthernet, Queue: -1}},
			Info{Format: "pcapng", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, Packets: 2, ClampedTime: 1, ShortWire: 1, Interfaces: []Interface{{Link: pcaps.LinkEthernet, Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: -1}}}},
		file{"options: offset and binary unit, bad lengths, a queue beyond int32, an unknown option, other hashes, two hashes",
			slices.Concat(ngSection(le), ngInterface(le, pcaps.LinkEthernet, 0, ngOption(le, optIfTSResol, 0x8a), ngOption(le, optIfTSOffset, le.AppendUint64(nil, 100)...)),
				ngEnhanced(le, 0, 1536, 1, []byte{1}, ngOption(le, optEPBQueue, 0xff, 0xff, 0xff, 0xff), ngOption(le, optEPBFlags, 1), ngOption(le, optEPBHash, 2, 1, 2, 3, 4), ngOption(le, optEPBHash, 3, 1, 2, 3, 4), ngOption(le, 99, 7, 0, 0, 0),
					ngOption(le, optEPBHash, hashToeplitz, 0, 0, 0, 0), ngOption(le, optEPBHash, hashToeplitz, 1, 1, 1, 1)),
				ngEnhanced(le, 0, 0, 1, []byte{1}, []byte{1, 0, 9, 0}), ngEnhanced(le, 0, 0, 1, []byte{1}, ngOption(le, optEPBFlags, le.AppendUint32(nil, 3)...))),
			[]pcaps.Record{{Time: 101_500_000_000, Data: []byte{1}, Wire: 1, Link: pcaps.LinkEthernet, Queue: -1, HasHash: true}, {Time: 100e9, Data: []byte{1}, Wire: 1, Link: pcaps.LinkEthernet, Queue: -1},
				{Time: 100e9, Data: []byte{1}, Wire: 1, Link: pcaps.LinkEthernet, Queue: -1}},
			Info{Format: "pcapng", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, Packets: 3, Hashes: 1, OtherHashes: 2, BadOptions: 1, Interfaces: []Interface{{Link: pcaps.LinkEthernet, Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: -1}}}},
		file{"statistics of no interface, and bad ones", slices.Concat(ngSection(le), ngInterface(le, pcaps.LinkEthernet, 0), ngBlock(le, blockStatistics, le.AppendUint32(nil, 9), make([]byte, 8)),
			ngBlock(le, blockStatistics, make([]byte, 12), ngOption(le, optISBOSDrop, le.AppendUint64(nil, 4)...), ngOption(le, optISBIfDrop, 1), []byte{4, 0, 8, 0})),
			nil, Info{Format: "pcapng", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, BadOptions: 1, Interfaces: []Interface{{Link: pcaps.LinkEthernet, Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: 4}}}},
		file{"a block of 300 kB that is skipped", slices.Concat(ngSection(le), ngBlock(le, 10, make([]byte, 300_000)), ngInterface(le, pcaps.LinkEthernet, 7), ngEnhanced(le, 0, 0, 3, []byte{1, 2, 3})),
			[]pcaps.Record{{Data: []byte{1, 2, 3}, Wire: 3, Link: pcaps.LinkEthernet, Queue: -1}},
			Info{Format: "pcapng", LinkTypes: []pcaps.LinkType{pcaps.LinkEthernet}, Packets: 1, Skipped: Skipped{Secrets: 1}, Interfaces: []Interface{{Link: pcaps.LinkEthernet, SnapLength: 7, Received: -1, Accepted: -1, Delivered: -1, Dropped: -1, OSDropped: -1}}}},
	)
	batches := []int{1, 2, 256}
	if testing.Short() {
		batches = batches[1:2]
	}
	for _, f := range files {
		f.info.Name, f.info.FileBytes = f.name, int64(len(f.data))
		for _, size := range blockSizes {
			for _, batch := range batches {
				r, err := newReader(bytes.NewReader(f.data), f.name, size)
				if err != nil {
					t.Fatal(err)
				}
				got, err := readAll(r, batch)
				if err != nil {
					t.Errorf("%s: blocks of %d: %v", f.name, size, err)
				}
				if diff := cmp.Diff(f.want, got); diff != "" {
					t.Errorf("%s: blocks of %d, batches of %d: records (-want +got):\n%s", f.name, size, batch, diff)
				}
				if diff := cmp.Diff(f.info, r.Info(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s: blocks of %d: Info (-want +got):\n%s", f.name, size, diff)
				}
				if _, err := r.Read(make([]pcaps.Record, 1)); err != io.EOF {
					t.Errorf("%s: after the end: %v", f.name, err)
				}
				r.Close()
			}
		}
	}
}

// TestCutAnywhere cuts captures after every byte: what lies whole before the cut
// comes out, and the cut is named.
func TestCutAnywhere(t *testing.T) {
	for _, f := range []struct {
		name string
		data []byte
		ends []int // where the records end
		safe []int // where the file may end besides
	}{
		{name: "pcap", data: slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 0, 0, 3, []byte{1, 2, 3}), pcapRecord(le, 0, 0, 0, nil), pcapRecord(le, 0, 0, 40, make([]byte, 40))),
			ends: []int{43, 59, 115}, safe: []int{24}},
		{name: "modified pcap", data: slices.Concat(pcapFile(le, magicModified, 2, 4, 1), modifiedRecord(le, 0, 0, 3, 0, []byte{1, 2, 3}), modifiedRecord(le, 0, 0, 0, 0, nil)),
			ends: []int{51, 75}, safe: []int{24}},
		{name: "pcapng", data: slices.Concat(ngSection(bigEndian), ngInterface(bigEndian, pcaps.LinkEthernet, 0), ngEnhanced(bigEndian, 0, 0, 3, []byte{1, 2, 3}), ngBlock(bigEndian, 77, make([]byte, 20)), ngSimple(bigEndian, 4, make([]byte, 4)), ngEnhanced(bigEndian, 0, 0, 9, nil)),
			ends: []int{28 + 20 + 36, 28 + 20 + 36 + 32 + 20, 28 + 20 + 36 + 32 + 20 + 32}, safe: []int{28, 48, 28 + 20 + 36 + 32}},
	} {
		if f.ends[len(f.ends)-1] != len(f.data) {
			t.Fatalf("%s: has %d bytes, the last record ends at %d", f.name, len(f.data), f.ends[len(f.ends)-1])
		}
		for cut := range len(f.data) + 1 {
			for _, size := range []int{5, blockBytes} {
				name := fmt.Sprintf("%s cut after %d bytes", f.name, cut)
				r, err := newReader(bytes.NewReader(f.data[:cut]), name, size)
				if cut < fileHeaderBytes {
					if err == nil {
						t.Fatalf("%s: opens", name)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				recs, err := readAll(r, 256)
				want := 0
				for _, end := range f.ends {
					if end <= cut {
						want++
					}
				}
				if len(recs) != want {
					t.Errorf("%s: %d packets, want %d", name, len(recs), want)
				}
				whole := slices.Contains(f.ends, cut) || slices.Contains(f.safe, cut)
				info := r.Info()
				if info.Truncated == whole {
					t.Errorf("%s: Truncated is %v", name, info.Truncated)
				}
				damage := (*DamageError)(nil)
				if errors.As(err, &damage) == whole {
					t.Errorf("%s: error %v", name, err)
				}
				if damage == nil {
					continue
				}
				number := int64(want + 1)
				if damage.After {
					number--
				}
				last := fileHeaderBytes
				for _, end := range append(append([]int{0}, f.ends...), f.safe...) {
					if end <= cut && end > last {
						last = end
					}
				}
				if f.name == "pcapng" && cut < 28 {
					last = 0
				}
				if damage.Packet != number || !damage.Cut || damage.Offset != int64(last) || damage.File != name {
					t.Errorf("%s: %+v, want packet %d at %d", name, damage, number, last)
				}
				r.Close()
			}
		}
	}
}

// TestDamage names each kind of damage; two packets come before it.
func TestDamage(t *testing.T) {
	pcapStart := slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 0, 0, 3, []byte{1, 2, 3}), pcapRecord(le, 0, 0, 1, []byte{1}))
	ngStart := slices.Concat(ngSection(le), ngInterface(le, pcaps.LinkEthernet, 0), ngEnhanced(le, 0, 0, 3, []byte{1, 2, 3}), ngEnhanced(le, 0, 0, 1, []byte{1}))
	good := ngEnhanced(le, 0, 0, 3, []byte{1, 2, 3})
	change := func(b []byte, at int, v uint32) []byte {
		b = append([]byte{}, b...)
		le.PutUint32(b[at:], v)
		return b
	}
	huge := func(kind, total uint32) []byte { return le.AppendUint32(le.AppendUint32(nil, kind), total) }
	for _, test := range []struct {
		name        string
		start, tail []byte
		want        string // after "x: "
	}{
		{"record of 4 GB", pcapStart, le.AppendUint32(le.AppendUint32(make([]byte, 8), math.MaxUint32), 60), "packet 3 (byte 60): the record claims 4,294,967,295 captured bytes, more than libpcap's limit of 262,144"},
		{"record just too long", pcapStart, le.AppendUint32(le.AppendUint32(make([]byte, 8), 262145), 60), "packet 3 (byte 60): the record claims 262,145 captured bytes, more than libpcap's limit of 262,144"},
		{"record of 256 kB, cut", pcapStart, le.AppendUint32(le.AppendUint32(make([]byte, 8), 262144), 60), "packet 3 (byte 60): the file ends after 0 of its 262,144 captured bytes"},
		{"another link type behind it", pcapStart, slices.Concat(pcapFile(le, magicMicro, 2, 4, 113), pcapRecord(le, 0, 0, 3, []byte{1, 2, 3})), "packet 3 (byte 60): another capture begins, of another link type: give the files themselves, or join them with mergecap instead of cat"},
		{"another header behind it, cut", pcapStart, pcapFile(le, magicMicro, 2, 4, 1)[:20], "packet 3 (byte 60): the file ends after 20 of the 24 bytes of another capture's header"},
		{"modified: record just too long", slices.Concat(pcapFile(le, magicModified, 2, 4, 1), modifiedRecord(le, 0, 0, 3, 0, nil), modifiedRecord(le, 0, 0, 3, 0, nil)), slices.Concat(le.AppendUint32(le.AppendUint32(make([]byte, 8), 262145), 60), make([]byte, 8)), "packet 3 (byte 72): the record claims 262,145 captured bytes, more than libpcap's limit of 262,144"},
		{"block of 4 GB", ngStart, slices.Concat(huge(blockEnhanced, math.MaxUint32-3), make([]byte, 24)), "packet 3 (byte 120): a block of type 0x6 claims 4,294,967,292 bytes, more than libpcap's limit of 16,777,216"},
		{"interface block of 4 GB", ngStart, slices.Concat(huge(blockInterface, math.MaxUint32-3), make([]byte, 24)), "after packet 2 (byte 120): a block of type 0x1 claims 4,294,967,292 bytes, more than libpcap's limit of 16,777,216"},
		{"unknown block of 4 GB", ngStart, slices.Concat(huge(99, math.MaxUint32-3), make([]byte, 24)), "after packet 2 (byte 120): the file ends after 32 of the 4,294,967,292 bytes of a block"},
		{"a byte of a block", ngStart, []byte{6}, "after packet 2 (byte 120): the file ends after 1 byte of a block"},
		{"bytes of a block", ngStart, []byte{6, 0}, "after packet 2 (byte 120): the file ends after 2 bytes of a block"},
		{"block length 0", ngStart, slices.Concat(huge(99, 0), make([]byte, 24)), "after packet 2 (byte 120): a block of type 0x63 claims a length of 0 bytes, which is not a multiple of 4 of at least 12"},
		{"block length 13", ngStart, slices.Concat(huge(99, 13), make([]byte, 24)), "after packet 2 (byte 120): a block of type 0x63 claims a length of 13 bytes, which is not a multiple of 4 of at least 12"},
		{"packet block too short", ngStart, slices.Concat(huge(blockEnhanced, 28), make([]byte, 24)), "packet 3 (byte 120): a block of type 0x6 claims a length of 28 bytes, which is not a multiple of 4 of at least 32"},
		{"lengths differ", ngStart, change(good, len(good)-4, 40), "packet 3 (byte 120): the block's length is 36 bytes where it begins and 40 where it ends"},
		{"lengths of an unknown block differ", ngStart, change(ngBlock(le, 99, make([]byte, 8)), 16, 24), "after packet 2 (byte 120): the block's length is 20 bytes where it begins and 24 where it ends"},
		{"lengths of an interface differ", ngStart, change(ngInterface(le, 1, 0), 16, 24), "after packet 2 (byte 120): the block's length is 20 bytes where it begins and 24 where it ends"},
		{"unknown interface", ngStart, change(good, 8, 1), "packet 3 (byte 120): the record names interface 1, but its section describes only 1 before it"},
		{"interface 4294967295", ngStart, change(good, 8, math.MaxUint32), "packet 3 (byte 120): the record names interface 4294967295, but its section describes only 1 before it"},
		{"interface of the last section", ngStart, slices.Concat(ngSection(le), good), "packet 3 (byte 148): the record names interface 0, but its section describes only 0 before it"},
		{"simple packet without interface", ngStart, slices.Concat(ngSection(le), ngSimple(le, 1, []byte{1})), "packet 3 (byte 148): the record names interface 0, but its section describes only 0 before it"},
		{"captured beyond the block", ngStart, change(good, 20, 5), "packet 3 (byte 120): the record claims 5 captured bytes in a block of 36"},
		{"captured 4 GB", ngStart, change(good, 20, math.MaxUint32), "packet 3 (byte 120): the record claims 4,294,967,295 captured bytes, more than libpcap's limit of 262,144"},
		{"simple beyond the block", ngStart, change(ngSimple(le, 4, []byte{1}), 8, 5), "packet 3 (byte 120): the record claims 5 captured bytes in a block of 20"},
		{"section without magic", ngStart, change(ngSection(le), 8, 0x01020304), "after packet 2 (byte 120): the section header has no byte-order magic, but 04 03 02 01"},
		{"section of version 2", ngStart, change(ngSection(le), 12, 2), "after packet 2 (byte 120): pcapng version 2.0 is not known, only 1.x is"},
		{"section too short", ngStart, change(ngSection(le), 4, 24), "after packet 2 (byte 120): the section header claims a length of 24 bytes, which is not a multiple of 4 of at least 28"},
		{"if_tsresol of 2 bytes", ngStart, ngInterface(le, 1, 0, ngOption(le, optIfTSResol, 1, 2)), "after packet 2 (byte 120): the interface's if_tsresol has 2 bytes, not 1"},
		{"if_tsoffset of 4 bytes", ngStart, ngInterface(le, 1, 0, ngOption(le, optIfTSOffset, 1, 2, 3, 4)), "after packet 2 (byte 120): the interface's if_tsoffset has 4 bytes, not 8"},
		{"interface options beyond the block", ngStart, ngInterface(le, 1, 0, []byte{2, 0, 99, 0}), "after packet 2 (byte 120): the interface description's options do not lie whole inside it"},
	} {
		for _, size := range blockSizes {
			r, err := newReader(bytes.NewReader(slices.Concat(test.start, test.tail)), "x", size)
			if err != nil {
				t.Fatal(err)
			}
			recs, err := readAll(r, 256)
			if len(recs) != 2 || err == nil || err.Error() != "x: "+test.want {
				t.Errorf("%s: blocks of %d: %d packets, error\n%v, want 2,\nx: %s", test.name, size, len(recs), err, test.want)
			}
			if _, again := r.Read(make([]pcaps.Record, 1)); again != err {
				t.Errorf("%s: the next Read returns %v", test.name, again)
			}
			r.Close()
		}
	}
}

// TestManyInterfaces: no capture fills the memory with descriptions.
func TestManyInterfaces(t *testing.T) {
	described := ngInterface(le, pcaps.LinkEthernet, 0, ngOption(le, optIfName, bytes.Repeat([]byte("n"), 60000)...))
	_, info, err := readBytes(t, slices.Concat(ngSection(le), described), blockBytes)
	if err != nil || len(info.Interfaces) != 1 || len(info.Interfaces[0].Name) != maxInterfaceName {
		t.Errorf("%+v, %v", info, err)
	}
	data := slices.Concat(ngSection(le), bytes.Repeat(ngInterface(le, pcaps.LinkEthernet, 0), maxInterfaces/2))
	data = slices.Concat(data, data, ngInterface(le, pcaps.LinkEthernet, 0))
	_, info, err = readBytes(t, data, blockBytes)
	if err == nil || !strings.Contains(err.Error(), "the capture describes more than 65,536 interfaces") || len(info.Interfaces) != maxInterfaces {
		t.Errorf("%d interfaces, %v", len(info.Interfaces), err)
	}
}

func TestReadErrorIsDamage(t *testing.T) {
	broken := errors.New("input/output error")
	data := slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 0, 0, 3, []byte{1, 2, 3}))
	for cut, want := range map[int]string{
		24: "x: after packet 0 (byte 24): reading stopped: input/output error",
		30: "x: packet 1 (byte 24): reading stopped: input/output error",
		43: "x: after packet 1 (byte 43): reading stopped: input/output error",
	} {
		r, err := NewReader(io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken)), "x")
		if err != nil {
			t.Fatal(err)
		}
		_, err = readAll(r, 256)
		if err == nil || err.Error() != want || !errors.Is(err, broken) {
			t.Errorf("broken after %d bytes: %v, want %s", cut, err, want)
		}
		if r.Info().Truncated {
			t.Errorf("broken after %d bytes: Truncated", cut)
		}
	}
	if _, err := NewReader(iotest.ErrReader(broken), "x"); !errors.Is(err, broken) {
		t.Errorf("broken at once: %v", err)
	}
	if _, err := NewReader(io.MultiReader(bytes.NewReader(data), emptyReader{}), "x"); err != nil {
		t.Errorf("a reader of nothing, later: %v", err)
	}
}

// emptyReader reads nothing, without an error, for ever.
type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pad := make([]byte, 40)
	for _, test := range []struct {
		path, want string // want stands after the path
	}{
		{filepath.Join(dir, "missing"), "no such file: check its name and folder"},
		{dir, "is a directory: name the capture files in it"},
		{write("empty", nil), "the file is empty: a capture has at least a file header, so nothing was written to it; capture again"},
		{write("short", pcapFile(le, magicMicro, 2, 4, 1)[:10]), "the file ends after 10 of the 24 bytes of its file header: it was cut off before the first packet; copy it or capture again"},
		{write("short-ng", ngSection(le)[:23]), "the file ends after 23 of the 24 bytes of its file header"},
		{write("version", pcapFile(le, magicMicro, 9, 1, 1)), "pcap version 9.1 is not known, only 2.x is"},
		{write("text", []byte("Frame 1: 66 bytes on wire\n0000  00 01 Grüße")), "is a text file, not a pcap or pcapng capture: write one with `tcpdump -w FILE`"},
		{write("redirected", slices.Concat([]byte("\xff\xfeM\x00<\x00"), pad)), "is text in UTF-16, as PowerShell's > makes of all that it writes, not a pcap or pcapng capture: capture again with `tcpdump -w FILE`, without >"},
		{write("short-text", []byte("hi\n")), "is a text file"},
		{write("compress", slices.Concat([]byte{0x1f, 0x9d}, pad)), "is compressed with compress, not a pcap or pcapng capture: try `uncompress "},
		{write("report.json", slices.Concat([]byte("{\n  \"schema\": \"rssreplay/report/v1\",\n"), pad)), "is a report of rssreplay, not a pcap or pcapng capture: try `rssreplay diff "},
		{write("x.ETL", slices.Concat([]byte{0, 0, 1, 0}, pad)), "is a trace of Windows, not a pcap or pcapng capture: `pktmon etl2pcap "},
		{write("zip", slices.Concat([]byte("PK\x03\x04"), pad)), "is a zip archive, not a pcap or pcapng capture: try `unzip "},
		{write("NetTrace.cab", slices.Concat([]byte("MSCF"), pad)), "is a cabinet of Windows, not a pcap or pcapng capture: try `cabextract "},
		{write("tar", slices.Concat([]byte("a.pcap"), make([]byte, 251), []byte("ustar\x00"), make([]byte, 1000))), "is a tar archive, not a pcap or pcapng capture: try `tar xf "},
		{write("snoop", slices.Concat([]byte("snoop\x00\x00\x00"), pad)), "is a snoop capture, not a pcap or pcapng capture: try `editcap -F pcap "},
		{write("elf", slices.Concat([]byte("\x7fELF"), pad)), "is a program, not a pcap or pcapng capture"},
		{write("erf", make([]byte, 60)), "not a pcap or pcapng capture (it begins with 00 00 00 00): if Wireshark opens it, `editcap -F pcap "},
		{write("one-byte", []byte{0xd4}), "not a pcap or pcapng capture (it begins with d4)"},
		{write("section-magic", le.AppendUint32(nil, blockSection)), "the file ends after 4 of the 24 bytes of its file header"},
		{write("bad-section", slices.Concat(ngSection(le)[:8], pad)), "the section header has no byte-order magic, but 00 00 00 00"},
	} {
		r, err := Open(test.path)
		if err == nil {
			t.Errorf("%s opens", test.path)
			r.Close()
			continue
		}
		if !strings.HasPrefix(err.Error(), test.path+": "+test.want) {
			t.Errorf("%v,\nwant %s: %s…", err, test.path, test.want)
		}
	}
	if _, err := Open(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file is not fs.ErrNotExist: %v", err)
	}
}

// TestPipe: a packet comes out before the next is written.
func TestPipe(t *testing.T) {
	in, out := io.Pipe()
	go func() { out.Write(pcapFile(le, magicMicro, 2, 4, 1)) }()
	r, err := NewReader(in, "-")
	if err != nil {
		t.Fatal(err)
	}
	recs := make([]pcaps.Record, 256)
	for i := range byte(10) {
		go func() { out.Write(pcapRecord(le, 0, 0, 1, []byte{i})) }()
		n, err := r.Read(recs)
		if n != 1 || err != nil || recs[0].Data[0] != i {
			t.Fatalf("packet %d: %d records, %v", i, n, err)
		}
	}
	out.Close()
	if n, err := r.Read(recs); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
	r.Close()
}

func TestReadIntoNothing(t *testing.T) {
	r, err := NewReader(bytes.NewReader(slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 0, 0, 1, []byte{1}))), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if recs, err := readAll(r, 1); len(recs) != 1 || err != nil {
		t.Errorf("%d records, %v", len(recs), err)
	}
}

// TestCloseStopsReadingAhead opens a capture larger than all blocks and closes it
// after its first packets: the goroutine and the file are gone.
func TestCloseStopsReadingAhead(t *testing.T) {
	data := pcapFile(le, magicMicro, 2, 4, 1)
	for len(data) < 8*blockBytes {
		data = append(data, pcapRecord(le, 0, 0, 60000, make([]byte, 60000))...)
	}
	path := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for range 20 {
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]pcaps.Record, 2)); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(make([]pcaps.Record, 2)); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Read after Close: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// TestReadAllocatesNothing reads many blocks, records that straddle them
// included: allocations are of the reader, none of a packet.
func TestReadAllocatesNothing(t *testing.T) {
	for _, format := range []string{"pcap", "pcapng"} {
		data, packets := benchCapture(format, 1000)
		r, err := NewReader(bytes.NewReader(data), format)
		if err != nil {
			t.Fatal(err)
		}
		recs := make([]pcaps.Record, 256)
		for range 20 { // until every buffer is there
			if _, err := r.Read(recs); err != nil {
				t.Fatal(err)
			}
		}
		n := testing.AllocsPerRun(50, func() {
			if _, err := r.Read(recs); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %g allocations a Read", format, n)
		}
		if got := r.Info().Packets; got < 4000 || got > int64(packets) {
			t.Errorf("%s: only %d packets read of %d", format, got, packets)
		}
		r.Close()
	}
}
