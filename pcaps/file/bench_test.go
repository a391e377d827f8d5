package file

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rssreplay/pcaps"
)

// benchCapture is a capture of packets of the given captured length, about 32 MB.
func benchCapture(format string, length int) (data []byte, packets int) {
	o := binary.LittleEndian
	frame := make([]byte, length)
	copy(frame, frame4)
	packets = 32 << 20 / (length + 32)
	if format == "pcap" {
		data = pcapFile(o, magicMicro, 2, 4, 1)
	} else {
		data = slices.Concat(ngSection(o), ngInterface(o, pcaps.LinkEthernet, 0))
	}
	for i := range packets {
		if format == "pcap" {
			data = append(data, pcapRecord(o, uint32(i/1000), uint32(i%1000), length, frame)...)
		} else {
			data = append(data, ngEnhanced(o, 0, uint64(i), length, frame)...)
		}
	}
	return data, packets
}

func BenchmarkReader(b *testing.B) {
	for _, input := range []struct {
		name, format string
		length       int
	}{{"pcap-66", "pcap", 66}, {"pcap-1514", "pcap", 1514}, {"pcapng-66", "pcapng", 66}, {"pcapng-1514", "pcapng", 1514}} {
		data, packets := benchCapture(input.format, input.length)
		recs := make([]pcaps.Record, 256)
		run := func(b *testing.B, open func() (*Reader, error)) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r, err := open()
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = r.Read(recs)
				}
				if got := r.Info().Packets; got != int64(packets) {
					b.Fatalf("%d packets, want %d: %v", got, packets, err)
				}
				r.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(packets), "ns/packet")
		}
		b.Run("impl=memory/input="+input.name, func(b *testing.B) {
			run(b, func() (*Reader, error) { return NewReader(bytes.NewReader(data), input.name) })
		})
		b.Run("impl=decode/input="+input.name, func(b *testing.B) { // one block, in the cache
			var info Info
			var d decoder
			if input.format == "pcap" {
				d, _ = newClassic(data[:fileHeaderBytes], &info)
			} else {
				d, _ = newPcapng(data[:fileHeaderBytes], &info)
				d.decode(data[fileHeaderBytes:][:24], recs) // the section's end and the interface
			}
			first := fileHeaderBytes
			if input.format == "pcapng" {
				first += 24
			}
			decoded := 0
			for b.Loop() {
				for used, n := first, 1; n > 0; decoded += n {
					var k int
					n, k, _, _ = d.decode(data[used:min(len(data), first+blockBytes)], recs)
					used += k
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(decoded), "ns/packet")
		})
		path := filepath.Join(b.TempDir(), "a.pcap")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			b.Fatal(err)
		}
		b.Run("impl=file/input="+input.name, func(b *testing.B) {
			run(b, func() (*Reader, error) { return Open(path) })
		})
		b.Run("impl=read-only/input="+input.name, func(b *testing.B) { // the floor
			buf := make([]byte, blockBytes)
			for b.Loop() {
				f, err := os.Open(path)
				for err == nil {
					_, err = f.Read(buf)
				}
				f.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(packets), "ns/packet")
		})
	}
}
