package file

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
)

// addSamples adds the beginning of each sample capture that the pattern matches.
func addSamples(f *testing.F, pattern string) {
	paths, err := filepath.Glob(filepath.Join("..", "samples", pattern))
	if err != nil || len(paths) == 0 {
		f.Fatalf("%d samples: %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 2000)])
	}
}

// FuzzPcap reads what may be pcap, modified pcap, or anything else.
func FuzzPcap(f *testing.F) {
	addSamples(f, "*.pcap")
	f.Add(slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 1, 2, 60, frame4)))
	f.Add(slices.Concat(pcapFile(bigEndian, magicNano, 2, 3, 113), pcapRecord(bigEndian, 1, 2, 60, frame4)))
	f.Add(slices.Concat(pcapFile(le, magicModified, 2, 4, 1), modifiedRecord(le, 1, 2, 60, 4, frame4)))
	f.Add([]byte("0000  00 01 02 03 04 05 06 07\x00"))
	f.Fuzz(fuzzReader)
}

// FuzzPcapng reads what may be pcapng.
func FuzzPcapng(f *testing.F) {
	addSamples(f, "*.pcapng")
	f.Add(slices.Concat(ng(bigEndian), ng(le)))
	for at := range ng(le) { // each byte of a capture changed
		data := ng(le)
		data[at] ^= 0x41
		f.Add(data)
	}
	f.Fuzz(fuzzReader)
}

// fuzzReader reads data in blocks of two sizes: no panic, the same records and
// the same error whatever the size, and no more bytes than there are.
func fuzzReader(t *testing.T, data []byte) {
	if compressionOf(data) != nil {
		return // FuzzCompressed's
	}
	var first []pcaps.Record
	var firstErr error
	for i, size := range []int{4096, 13} {
		r, err := newReader(bytes.NewReader(data), "x", size)
		var recs []pcaps.Record
		if err == nil {
			recs, err = readAll(r, 16)
			total := 0
			for _, rec := range recs {
				total += len(rec.Data)
			}
			if info := r.Info(); total > len(data) || info.FileBytes > int64(len(data)) || info.Packets != int64(len(recs)) {
				t.Errorf("%d bytes of packets, %+v, from %d bytes and %d records", total, info, len(data), len(recs))
			}
			r.Close()
		}
		if i == 0 {
			first, firstErr = recs, err
			continue
		}
		if diff := cmp.Diff(first, recs); diff != "" {
			t.Errorf("blocks of %d give other records:\n%s", size, diff)
		}
		if fmt.Sprint(firstErr) != fmt.Sprint(err) {
			t.Errorf("blocks of %d give another error: %v, not %v", size, err, firstErr)
		}
	}
}

// FuzzCompressed reads what may be compressed: no panic, and an end.
func FuzzCompressed(f *testing.F) {
	for _, c := range suffixes {
		_, packed := packedSample(f, c.suffix)
		if c.name == "xz" {
			packed = xzOfDictionary(f, 8) // 64 KiB: clearing the 64 MiB of `xz -9` takes long
		}
		f.Add(packed)
		f.Add(packed[:len(packed)/2])
	}
	for _, c := range compressions {
		f.Add([]byte(c.magic))
	}
	f.Add(zstdOfWindow(20))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := newReader(bytes.NewReader(data), "x", 4096)
		if err != nil {
			return
		}
		defer r.Close()
		recs := make([]pcaps.Record, 256)
		for packets := 0; packets < 1<<16; { // a bomb may go on
			n, err := r.Read(recs)
			packets += n
			if err != nil {
				return
			}
			if n == 0 {
				t.Fatal("Read returned 0 records and no error")
			}
		}
	})
}
