package file

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"rssreplay/pcaps"
	"rssreplay/pcaps/grouped"
)

// packedSample is the sample vlan.pcap and what a program made of it:
// `gzip -9n`, `zstd -19`, `lz4 -9`, `xz -9`, `bzip2 -9`.
func packedSample(t testing.TB, suffix string) (plain, packed []byte) {
	plain, err := os.ReadFile(filepath.Join("..", "samples", "vlan.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	packed, err = os.ReadFile(filepath.Join("testdata", "vlan.pcap."+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return plain, packed
}

// suffixes are of the files, with the names of their compressions.
var suffixes = []struct{ suffix, name string }{
	{"gz", "gzip"}, {"zst", "zstd"}, {"lz4", "lz4"}, {"xz", "xz"}, {"bz2", "bzip2"},
}

// readBytes reads all records of a capture that must open.
func readBytes(t testing.TB, data []byte, size int) ([]pcaps.Record, Info, error) {
	t.Helper()
	r, err := newReader(bytes.NewReader(data), "x", size)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	recs, err := readAll(r, 256)
	return recs, r.Info(), err
}

// rounds is how often the tests of this file try something at random.
func rounds() int {
	if testing.Short() {
		return 8
	}
	return 100
}

// sameRecords compares what a cut or a change could spoil, without cmp's cost.
func sameRecords(a, b []pcaps.Record) bool {
	return slices.EqualFunc(a, b, func(a, b pcaps.Record) bool {
		return a.Time == b.Time && a.Wire == b.Wire && a.Link == b.Link && bytes.Equal(a.Data, b.Data)
	})
}

// TestCompressions reads each kind, whole, in two streams one after the other,
// and from a file and a pipe.
func TestCompressions(t *testing.T) {
	for _, c := range suffixes {
		plain, packed := packedSample(t, c.suffix)
		want, wantInfo, err := readBytes(t, plain, blockBytes)
		if err != nil {
			t.Fatal(err)
		}
		wantInfo.Compression, wantInfo.FileBytes = c.name, int64(len(packed))
		for _, size := range []int{61, blockBytes} {
			got, info, err := readBytes(t, packed, size)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if diff := cmp.Diff(wantInfo, info); diff != "" {
				t.Errorf("%s: Info (-want +got):\n%s", c.name, diff)
			}
			if !sameRecords(want, got) {
				t.Errorf("%s: blocks of %d: other records: %d, want %d", c.name, size, len(got), len(want))
			}
		}
		wantInfo.Name = filepath.Join("testdata", "vlan.pcap."+c.suffix)
		r, err := Open(wantInfo.Name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(r, 256)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s from a file: %d packets, %v", c.name, len(got), err)
		}
		if diff := cmp.Diff(wantInfo, r.Info()); diff != "" {
			t.Errorf("%s from a file: Info (-want +got):\n%s", c.name, diff)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCompressionPrograms reads what the programs of this machine make of a
// larger sample, in two streams, by each of some ways to call them.
func TestCompressionPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	path := filepath.Join("..", "samples", "elephant.pcap")
	plain, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := readBytes(t, plain, blockBytes)
	if err != nil {
		t.Fatal(err)
	}
	half := fileHeaderBytes
	for i := range len(want) / 2 {
		half += recordHeaderBytes + len(want[i].Data)
	}
	for _, command := range []string{
		"gzip -1c", "gzip -9c", "zstd -1c", "zstd -19c", "zstd --long=27 -c", "zstd --no-check -c",
		"lz4 -1c", "lz4 -9c", "lz4 -BD -B4 -c", "lz4 -lc", "xz -0c", "xz -T0 --block-size=100KiB -6c", "xz --x86 --lzma2=preset=3 -c", "bzip2 -1c", "bzip2 -9c",
	} {
		words := strings.Fields(command)
		if _, err := exec.LookPath(words[0]); err != nil {
			t.Logf("%s is not here", words[0])
			continue
		}
		var packed []byte
		for _, part := range [][]byte{plain[:half], plain[half:]} {
			c := exec.Command(words[0], words[1:]...)
			c.Stdin = bytes.NewReader(part)
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%s: %v", command, err)
			}
			packed = append(packed, out...)
		}
		got, info, err := readBytes(t, packed, blockBytes)
		if err != nil || info.Compression != words[0] || info.FileBytes != int64(len(packed)) {
			t.Errorf("%s: %v, %+v", command, err, info)
		}
		if !sameRecords(want, got) {
			t.Errorf("%s: other records: %d, want %d", command, len(got), len(want))
		}
	}
}

// TestCompressedCut cuts compressed captures anywhere: what comes out is the
// beginning of the whole, and the cut is named.
func TestCompressedCut(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, c := range suffixes {
		plain, packed := packedSample(t, c.suffix)
		want, _, err := readBytes(t, plain, blockBytes)
		if err != nil {
			t.Fatal(err)
		}
		most := 0
		for i := range 2 * rounds() {
			cut := i
			if i >= rounds() {
				cut = 1 + random.IntN(len(packed)-1)
			}
			r, err := NewReader(bytes.NewReader(packed[:cut]), "x")
			if err != nil {
				continue // too little is there of the file header
			}
			got, err := readAll(r, 256)
			most = max(most, len(got))
			if len(got) > len(want) || !sameRecords(want[:len(got)], got) {
				t.Errorf("%s cut after %d: %d records that are not the first", c.name, cut, len(got))
			}
			damage := (*DamageError)(nil)
			wantText := fmt.Sprintf("(byte %s decompressed): the %s data end early: the file was cut off", grouped.Int(r.offset), c.name)
			if !errors.As(err, &damage) || !damage.Cut || !r.Info().Truncated || !strings.Contains(err.Error(), wantText) {
				t.Errorf("%s cut after %d of %d: %v, want …%s", c.name, cut, len(packed), err, wantText)
			}
			r.Close()
		}
		if most == 0 && (c.name == "gzip" || c.name == "xz") {
			t.Errorf("%s: no cut leaves a packet", c.name)
		}
	}
}

// TestCompressedDamage changes single bytes: no panic, and never other packets
// without an error, where the format has a checksum of them.
func TestCompressedDamage(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	for _, c := range suffixes {
		plain, packed := packedSample(t, c.suffix)
		want, _, err := readBytes(t, plain, blockBytes)
		if err != nil {
			t.Fatal(err)
		}
		for range rounds() {
			data := bytes.Clone(packed)
			at := random.IntN(len(data))
			data[at] ^= 1 << random.IntN(8)
			r, err := NewReader(bytes.NewReader(data), "x")
			if err != nil {
				continue
			}
			got, err := readAll(r, 256)
			if err == nil && !sameRecords(want, got) {
				t.Errorf("%s with byte %d changed: %d records, not as before, and no error", c.name, at, len(got))
			}
			r.Close()
		}
	}
}

func TestCompressedErrors(t *testing.T) {
	capture := slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 0, 0, 3, []byte{1, 2, 3}))
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"twice", gzipped(gzipped(capture)), "x (decompressed from gzip): is compressed twice, with gzip inside: decompress it once"},
		{"nothing", gzipped(nil), "x (decompressed from gzip): the file is empty: a capture has at least a file header, so nothing was written to it; capture again"},
		{"short", gzipped(capture[:20]), "x (decompressed from gzip): the file ends after 20 of the 24 bytes of its file header: it was cut off before the first packet; copy it or capture again"},
		{"text", gzipped([]byte("hello\n")), "x (decompressed from gzip): is a text file, not a pcap or pcapng capture: write one with `tcpdump -w FILE`, or turn a hex dump into one with text2pcap"},
		{"tar", gzipped(slices.Concat([]byte("a.pcap"), make([]byte, 251), []byte("ustar\x00"), make([]byte, 1000))), "x: is a tar archive, not a pcap or pcapng capture: try `tar xf x`"},
		{"snoop", gzipped(slices.Concat([]byte("snoop\x00\x00\x00"), make([]byte, 40))), "x (decompressed from gzip): is a snoop capture, not a pcap or pcapng capture: try `editcap -F pcap x OUT.pcap`"},
		{"unknown", gzipped(make([]byte, 40)), "x (decompressed from gzip): not a pcap or pcapng capture (it begins with 00 00 00 00): if Wireshark opens it, `editcap -F pcap x OUT.pcap` makes one"},
		{"cut at once", gzipped(capture)[:12], "x: the gzip data end early: the file was cut off"},
		{"magic alone", []byte("\x1f\x8b"), "x: the gzip data end early: the file was cut off"},
		{"bad header", slices.Concat([]byte("\x1f\x8b\x07"), make([]byte, 40)), "x: the gzip data are damaged (gzip: invalid header)"},
		{"zstd window of 1 GiB", zstdOfWindow(20), "x: the zstd data want a window of more than 128 MiB, which no capture needs: if it is to be trusted, decompress it first"},
		{"xz dictionary of 1.5 GiB", xzOfDictionary(t, 37), "x: the xz data want a window of more than 128 MiB, which no capture needs: if it is to be trusted, decompress it first"},
	} {
		r, err := NewReader(bytes.NewReader(test.data), "x")
		if err == nil {
			r.Close()
			t.Errorf("%s: opens", test.name)
			continue
		}
		if err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
	broken := errors.New("input/output error")
	long := slices.Concat(pcapFile(le, magicMicro, 2, 4, 1), pcapRecord(le, 0, 0, 60000, incompressible(60000)))
	packed := gzipped(long)
	r, err := NewReader(io.MultiReader(bytes.NewReader(packed[:len(packed)/2]), &failing{broken}), "x")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := readAll(r, 1); !errors.Is(err, broken) || !strings.HasSuffix(err.Error(), "reading stopped: input/output error") || r.Info().Truncated {
		t.Errorf("a read error below the decompressor: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func incompressible(n int) []byte {
	b := make([]byte, n)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// zstdOfWindow is a zstd frame that claims a window of 2^(10+exponent) bytes
// (RFC 8878, section 3.1.1.1.2), with an empty last block.
func zstdOfWindow(exponent byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, 1, 0, 0}
}

// xzOfDictionary is the sample with another dictionary size in its block header:
// 2 or 3 (by bit 0) × 2^(size/2+11) bytes (The .xz File Format, section 5.3.1).
func xzOfDictionary(t testing.TB, size byte) []byte {
	_, packed := packedSample(t, "xz")
	block := packed[12:] // after the stream header
	header := block[:4*(int(block[0])+1)]
	at := bytes.Index(header, []byte{0x21, 1}) // LZMA2, one byte of properties
	if at < 0 {
		t.Fatal("no LZMA2 filter in the sample's block header")
	}
	header[at+2] = size
	le.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	return packed
}

// TestCompressionLimit: what `zstd --long` and `xz -9` write opens, the window
// that it claims included.
func TestCompressionLimit(t *testing.T) {
	for _, size := range []byte{28, 30} { // 64 and 128 MiB
		if _, _, err := readBytes(t, xzOfDictionary(t, size), blockBytes); err != nil {
			t.Errorf("xz, dictionary byte %d: %v", size, err)
		}
	}
	if _, err := NewReader(bytes.NewReader(zstdOfWindow(17)), "x"); err == nil || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("zstd, 128 MiB: %v", err)
	}
}

// TestBomb reads 1 GB of records without bytes, from 1 MB: memory stays where it
// was.
func TestBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 1 GB")
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	w.Write(pcapFile(le, magicMicro, 2, 4, 1))
	for range 1024 {
		w.Write(make([]byte, 1<<20))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(&bomb, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	recs := make([]pcaps.Record, 256)
	for packets := 0; err == nil; {
		var n int
		n, err = r.Read(recs)
		if packets += n; packets%(1<<20) == 0 {
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Fatalf("%d bytes more in use", grown)
			}
		}
	}
	if err != io.EOF || r.Info().Packets != 1<<26 {
		t.Errorf("%v, %+v", err, r.Info())
	}
}
