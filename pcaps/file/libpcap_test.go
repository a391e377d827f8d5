//go:build cgo

package file

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket/pcap"

	"rssreplay/pcaps"
	"rssreplay/pcaps/internal/shared"
)

func TestFilter(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere")) // compiling leaves no file, since it makes none
	sll2 := slices.Concat([]byte{8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6}, make([]byte, 8), frame4[14:])
	for _, test := range []struct {
		expr string
		rec  pcaps.Record
		want bool
	}{
		{"tcp port 80", pcaps.Record{Data: frame4, Wire: 54, Link: pcaps.LinkEthernet}, true},
		{"tcp port 81", pcaps.Record{Data: frame4, Wire: 54, Link: pcaps.LinkEthernet}, false},
		{"ip6", pcaps.Record{Data: frame6, Wire: 74, Link: pcaps.LinkEthernet}, true},
		{"ip6", pcaps.Record{Data: frame6[14:], Wire: 60, Link: pcaps.LinkRaw}, true},
		{"ip6", pcaps.Record{Data: frame4[14:], Wire: 60, Link: pcaps.LinkRaw}, false},
		{"tcp port 80", pcaps.Record{Data: sll2, Wire: 60, Link: pcaps.LinkSLL2}, true},
		{"ifindex 3", pcaps.Record{Data: sll2, Wire: 60, Link: pcaps.LinkSLL2}, true},
		{"ifindex 4", pcaps.Record{Data: sll2, Wire: 60, Link: pcaps.LinkSLL2}, false},
		{"tcp port 80", pcaps.Record{Data: slices.Concat([]byte{2, 0, 0, 0}, frame4[14:]), Wire: 44, Link: pcaps.LinkNull}, true},
		{"tcp port 80", pcaps.Record{Data: slices.Concat([]byte{0, 0, 0, 2}, frame4[14:]), Wire: 44, Link: pcaps.LinkNull}, true}, // a big-endian machine's
		{"ip6", pcaps.Record{Data: slices.Concat([]byte{0, 0, 0, 30}, frame6[14:]), Wire: 64, Link: pcaps.LinkNull}, true},
		{"ip6", pcaps.Record{Data: slices.Concat([]byte{0, 0, 0, 2}, frame4[14:]), Wire: 44, Link: pcaps.LinkNull}, false},
		{"tcp", pcaps.Record{Data: frame4[:20], Wire: 54, Link: pcaps.LinkEthernet}, false},
		{"greater 1000", pcaps.Record{Data: frame4, Wire: 1514, Link: pcaps.LinkEthernet}, true}, // the wire's length
		{"tcp", pcaps.Record{Wire: 54, Link: pcaps.LinkEthernet}, false},
		{"len = 54", pcaps.Record{Wire: 54, Link: pcaps.LinkEthernet}, true},
		{"", pcaps.Record{Data: frame4, Wire: 54, Link: pcaps.LinkEthernet}, true},
	} {
		f, err := NewFilter(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := f.Match(&test.rec); err != nil || got != test.want {
				t.Errorf("%q on %s: %v, %v", test.expr, test.rec.Link, got, err)
			}
		}
	}
}

func TestFilterErrors(t *testing.T) {
	if _, err := NewFilter("tcp prot 80"); err == nil || !strings.HasPrefix(err.Error(), `--filter "tcp prot 80": `) {
		t.Errorf("%v", err)
	}
	f, err := NewFilter("ether proto 0x806")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Match(&pcaps.Record{Data: make([]byte, 60), Link: 147}); err == nil || !strings.HasPrefix(err.Error(), `--filter "ether proto 0x806": for link type linktype 147: `) {
		t.Errorf("a link type that libpcap cannot compile for: %v", err)
	}
}

// TestCapturesAgainstLibpcap compares time, lengths and bytes of every record of
// the shared captures with what libpcap reads, as far as it reads: it ends at
// the first interface whose link type or snap length is not the first one's.
func TestCapturesAgainstLibpcap(t *testing.T) {
	_, files := shared.Captures(t)
	compared := 0
	for _, path := range files {
		handle, err := pcap.OpenOffline(path)
		if err != nil {
			continue
		}
		r, err := Open(path)
		if err != nil {
			t.Errorf("libpcap opens it: %v", err)
			handle.Close()
			continue
		}
		recs, _ := readAll(r, 256)
		simple := r.Info().NoTimestamp > 0
		r.Close()
		for i := 0; ; i++ {
			data, packet, err := handle.ZeroCopyReadPacketData()
			if err != nil {
				break
			}
			if i == len(recs) {
				t.Errorf("%s: libpcap reads more than %d records", path, len(recs))
				break
			}
			rec := &recs[i]
			if len(data) < len(rec.Data) && len(data) == handle.SnapLen() {
				// Known difference: libpcap cuts a record to the file's snap length.
				rec.Data = rec.Data[:len(data)]
			}
			// Known differences: libpcap's seconds and fractions are signed, the pcap
			// draft's and ours unsigned; libpcap's simple packets have the time 0.
			libpcapTime := packet.Timestamp.UnixNano()
			if wraps := rec.Time - libpcapTime; wraps == 1<<32*1e9 || wraps == 1<<32*1e3 || wraps == 1<<32*(1e9+1e3) || libpcapTime == 0 && simple {
				libpcapTime = rec.Time
			}
			if rec.Time != libpcapTime || int(rec.Wire) != packet.Length || !bytes.Equal(rec.Data, data) {
				t.Errorf("%s: packet %d: time %d, wire %d, %d bytes; libpcap has %d, %d, %d", path, i+1,
					rec.Time, rec.Wire, len(rec.Data), libpcapTime, packet.Length, len(data))
				break
			}
			compared++
		}
		handle.Close()
	}
	if compared < 100000 {
		t.Errorf("only %d records compared", compared)
	}
	t.Logf("%d records compared", compared)
}
