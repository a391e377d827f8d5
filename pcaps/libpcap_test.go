//go:build cgo

package pcaps

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket/pcap"
)

const haveLibpcap = true

func TestFilter(t *testing.T) {
	sll2 := concat([]byte{8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6}, make([]byte, 8), tcp4[14:])
	for _, test := range []struct {
		expr string
		rec  Record
		want bool
	}{
		{"tcp port 80", Record{Data: tcp4, Wire: 54, Link: LinkEthernet}, true},
		{"tcp port 81", Record{Data: tcp4, Wire: 54, Link: LinkEthernet}, false},
		{"ip6", Record{Data: tcp6, Wire: 74, Link: LinkEthernet}, true},
		{"ip6", Record{Data: tcp6[14:], Wire: 60, Link: LinkRaw}, true},
		{"ip6", Record{Data: tcp4[14:], Wire: 60, Link: LinkRaw}, false},
		{"tcp port 80", Record{Data: sll2, Wire: 60, Link: LinkSLL2}, true},
		{"ifindex 3", Record{Data: sll2, Wire: 60, Link: LinkSLL2}, true},
		{"ifindex 4", Record{Data: sll2, Wire: 60, Link: LinkSLL2}, false},
		{"tcp", Record{Data: tcp4[:20], Wire: 54, Link: LinkEthernet}, false},
		{"greater 1000", Record{Data: tcp4, Wire: 1514, Link: LinkEthernet}, true}, // the wire's length
		{"tcp", Record{Wire: 54, Link: LinkEthernet}, false},
		{"len = 54", Record{Wire: 54, Link: LinkEthernet}, true},
		{"", Record{Data: tcp4, Wire: 54, Link: LinkEthernet}, true},
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
	if _, err := f.Match(&Record{Data: make([]byte, 60), Link: 147}); err == nil || !strings.HasPrefix(err.Error(), `--filter "ether proto 0x806": for link type linktype 147: `) {
		t.Errorf("a link type that libpcap cannot compile for: %v", err)
	}
}

// modifiedRecord is a record of modified pcap: 8 bytes more in its header.
func modifiedRecord(o order, seconds, fraction uint32, wire int, data []byte) []byte {
	b := pcapRecord(o, seconds, fraction, wire, data)
	return concat(b[:16], make([]byte, 8), b[16:])
}

func TestModifiedPcap(t *testing.T) {
	for _, o := range []order{le, be} {
		file := concat(pcapFile(o, magicModified, 2, 4, uint32(LinkSLL2)), modifiedRecord(o, 1, 2, 70, []byte{1, 2, 3}), modifiedRecord(o, 3, 4, 2, []byte{4, 5}))
		want := []Record{
			{Time: 1_000_002_000, Data: []byte{1, 2, 3}, Wire: 70, Link: LinkSLL2, Queue: -1},
			{Time: 3_000_004_000, Data: []byte{4, 5}, Wire: 2, Link: LinkSLL2, Queue: -1},
		}
		path := filepath.Join(t.TempDir(), "modified.pcap")
		for _, cut := range []int{len(file), len(file) - 1} {
			if err := os.WriteFile(path, file[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			wantInfo := Info{Name: path, Format: "modified pcap (read by libpcap)", FileBytes: int64(cut), LinkTypes: []LinkType{LinkSLL2}, SnapLength: 65535, Packets: 2}
			got, err := readAll(r, 256)
			if cut < len(file) {
				wantInfo.Packets, wantInfo.Truncated = 1, true
				damage := (*DamageError)(nil)
				if !errors.As(err, &damage) || damage.Packet != 2 || damage.Offset != -1 || !damage.Cut {
					t.Errorf("%s, cut: %v", o, err)
				}
			} else if err != nil {
				t.Errorf("%s: %v", o, err)
			}
			if diff := cmp.Diff(want[:wantInfo.Packets], got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", o, diff)
			}
			if diff := cmp.Diff(wantInfo, r.Info()); diff != "" {
				t.Errorf("%s: Info (-want +got):\n%s", o, diff)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestModifiedPcapInBatches reads more than one batch of libpcap's buffer holds.
func TestModifiedPcapInBatches(t *testing.T) {
	file := pcapFile(le, magicModified, 2, 4, 1)
	for i := range 40 {
		data := make([]byte, 60000)
		data[0] = byte(i)
		file = append(file, modifiedRecord(le, 0, 0, len(data), data)...)
	}
	path := filepath.Join(t.TempDir(), "modified.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	recs, err := readAll(r, 256)
	if err != nil || len(recs) != 40 {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	for i, rec := range recs {
		if rec.Data[0] != byte(i) {
			t.Errorf("record %d holds %d", i, rec.Data[0])
		}
	}
}

// TestCapturesAgainstLibpcap compares time, lengths and bytes of every record of
// the shared captures with what libpcap reads, as far as it reads: it ends at
// the first interface whose link type or snap length is not the first one's.
func TestCapturesAgainstLibpcap(t *testing.T) {
	_, files := captureFiles(t)
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
