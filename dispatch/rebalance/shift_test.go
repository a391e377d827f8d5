package rebalance

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the capture of testdata anew")

// shift is a capture in which moving entries pays: of 64 TCP flows to one server, 8 have
// three quarters of the packets, and every 10 ms these are 8 others. A packet comes every
// 2.25 µs on the mean, and 40 ms long. Headers alone, timestamps in ns.
func shift() []byte {
	const flows, heavy, phase, length = 64, 8, 10_000_000, 40_000_000
	r := rand.New(rand.NewPCG(1, 1))
	le, be := binary.LittleEndian, binary.BigEndian
	capture := make([]byte, 24)
	le.PutUint32(capture, 0xa1b23c4d)
	le.PutUint16(capture[4:], 2)
	le.PutUint16(capture[6:], 4)
	le.PutUint32(capture[16:], 65535)
	le.PutUint32(capture[20:], 1) // Ethernet
	ports := make([]uint16, flows)
	for i := range ports {
		ports[i] = uint16(1024 + r.IntN(60000))
	}
	var order []int // of the flows, the heavy ones first
	for at, before := int64(0), int64(-1); at < length; at += int64(r.IntN(10)) * 500 {
		if at/phase != before {
			before, order = at/phase, r.Perm(flows)
		}
		flow := order[r.IntN(flows)]
		if r.IntN(4) > 0 {
			flow = order[r.IntN(heavy)]
		}
		record := make([]byte, 16+54)
		le.PutUint32(record, 1_800_000_000)
		le.PutUint32(record[4:], uint32(at))
		le.PutUint32(record[8:], 54)
		le.PutUint32(record[12:], 54)
		frame := record[16:]
		copy(frame[12:], []byte{8, 0, 0x45, 0, 0, 40})
		frame[22], frame[23] = 64, 6
		copy(frame[26:], []byte{198, 51, 100, 7, 192, 0, 2, 1})
		be.PutUint16(frame[34:], ports[flow])
		be.PutUint16(frame[36:], 443)
		frame[46] = 0x50
		capture = append(capture, record...)
	}
	return capture
}

// The capture that the manual's page on rebalancing replays is the one that shift makes.
func TestShift(t *testing.T) {
	path := filepath.Join("testdata", "shift.pcap.gz")
	if *update {
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one
		z.Write(shift())
		z.Close()
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(got, shift()) {
		t.Errorf("%s is not what shift makes, which has %d bytes: %v; `go test ./dispatch/rebalance -update` writes it anew", path, len(got), err)
	}
}
