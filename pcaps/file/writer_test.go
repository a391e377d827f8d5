package file

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
)

func writeRecords(t testing.TB, recs []pcaps.Record, comment string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, "a test")
	if err != nil {
		t.Fatal(err)
	}
	for i := range recs {
		if err := w.Write(&recs[i], []byte(comment)); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// What is written is read back: every field of a record, at the ends of its
// range, and interfaces in the order of their first packets.
func TestWriterReadsBack(t *testing.T) {
	want := []pcaps.Record{
		{Time: 1_000_001_003, Data: []byte{1, 2, 3}, Wire: 60, Link: pcaps.LinkEthernet, Queue: -1},
		{Time: math.MaxInt64, Data: []byte{}, Wire: 0, Link: pcaps.LinkRaw, Interface: 1, Direction: pcaps.Outbound, Queue: -1},
		{Time: 0, Data: []byte{4, 5, 6, 7}, Wire: math.MaxUint32, Link: pcaps.LinkEthernet, Direction: pcaps.Inbound, Queue: math.MaxInt32, Hash: 0x51ccc178, HasHash: true},
		{Time: -1, Data: []byte{8}, Wire: 1, Link: pcaps.LinkSLL2, Interface: 2, Queue: 0, HasHash: true},
		{Time: math.MinInt64, Data: bytes.Repeat([]byte{9}, maxCaptured), Wire: maxCaptured, Link: pcaps.LinkSLL2, Interface: 2, Queue: 5},
	}
	for _, comment := range []string{"", "cpu=3", "cpu=3 µs", strings.Repeat("long ", 1<<14)} {
		data := writeRecords(t, want, comment)
		for _, size := range []int{4096, blockBytes} {
			got, info, err := readBytes(t, data, size)
			if err != nil {
				t.Fatalf("comment of %d bytes: %v", len(comment), err)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
				t.Fatalf("comment of %d bytes (-written +read):\n%s", len(comment), diff)
			}
			if info.BadOptions+info.ClampedTime > 0 || len(info.Interfaces) != 3 || info.Truncated {
				t.Fatalf("comment of %d bytes: %+v", len(comment), info)
			}
		}
	}
}

// What rssreplay wrote of queues and hashes is told from what a NIC recorded: by the
// section's application, or by the comments, which stay when another program copies it.
func TestPredicted(t *testing.T) {
	records := []pcaps.Record{
		{Data: []byte{1}, Wire: 1, Link: pcaps.LinkEthernet, Queue: 3, Hash: 0x51ccc178, HasHash: true},
		{Data: []byte{2}, Wire: 1, Link: pcaps.LinkEthernet, Queue: 0},
		{Data: []byte{3}, Wire: 1, Link: pcaps.LinkEthernet, Queue: -1},
		{Data: []byte{4}, Wire: 1, Link: pcaps.LinkEthernet, Queue: 0, Direction: pcaps.Inbound}, // as non-rss is copied
	}
	for _, test := range []struct {
		application, comment string
		predicted, hashes    int64
	}{
		{"rssreplay 1.0", "", 3, 0}, {"rssreplay", "sent", 3, 0}, {"a test", "", 0, 1}, {"rssreplays", "", 0, 1}, {"not rssreplay 1.0", "", 0, 1},
		{"Mergecap", "cpu=3 entry=17 hash=0x51ccc178 tcp_ipv4", 3, 0}, {"Mergecap", "cpu=0 unhashed=not_ip", 3, 0}, {"Mergecap", "cpu=1 irq=2 by=rps", 3, 0},
		{"Mergecap", "dropped entry=3 hash=0x00000001 ipv4", 3, 0},
		{"Mergecap", "cpu=1 irq=2 by=rps rule:2045 hash=0x51ccc178 tcp_ipv4", 3, 0}, {"Mergecap", "dropped by=rule:7", 3, 0},
		{"Mergecap", "cpu=12", 1, 1}, {"Mergecap", "cpu=1 irq=2", 1, 1}, // of a hash, or of a packet that nothing says was received, the CPU may be real
		{"bpftrace", "cpu=3 queue=2", 0, 1}, {"bpftrace", "entry=17", 0, 1}, {"bpftrace", "cpu=3 pid=7 by=ksoftirqd entry=17", 0, 1}, {"bpftrace", "dropped by the filter", 0, 1},
	} {
		var out bytes.Buffer
		w, err := NewWriter(&out, test.application)
		for i := 0; err == nil && i < len(records); i++ {
			err = w.Write(&records[i], []byte(test.comment))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{out.Bytes(), append(slices.Clone(out.Bytes()), writeRecords(t, records[:1], "")...)} { // and a section of others
			others := int64(0)
			if len(data) > out.Len() {
				others = 1
			}
			got, info, err := readBytes(t, data, 64)
			if err != nil || info.Predicted != test.predicted || info.Hashes != test.hashes+others {
				t.Errorf("%s, %q: %d predicted and %d hashes, want %d and %d (%v)", test.application, test.comment, info.Predicted, info.Hashes, test.predicted, test.hashes+others, err)
			}
			var predicted int64
			for i := range got {
				if got[i].Predicted {
					predicted++
				}
			}
			if predicted != test.predicted {
				t.Errorf("%s, %q: %d records are predicted, want %d", test.application, test.comment, predicted, test.predicted)
			}
		}
	}
}

func TestWriterErrors(t *testing.T) {
	full := errors.New("disk full")
	if _, err := NewWriter(&failingWriter{0, full}, "a test"); !errors.Is(err, full) {
		t.Errorf("section: %v", err)
	}
	for blocks := 1; blocks <= 2; blocks++ { // the interface's, the packet's
		w, err := NewWriter(&failingWriter{blocks, full}, "a test")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(&pcaps.Record{Data: []byte{1}, Queue: -1}, nil); !errors.Is(err, full) {
			t.Errorf("after %d blocks: %v", blocks, err)
		}
	}
	w, err := NewWriter(&bytes.Buffer{}, "a test")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&pcaps.Record{Data: make([]byte, maxCaptured+1)}, nil); err == nil || !strings.HasPrefix(err.Error(), "packet 1: 262,145 captured bytes, more than") {
		t.Errorf("a record that is too long: %v", err)
	}
}

// failingWriter takes so many writes.
type failingWriter struct {
	takes int
	err   error
}

func (f *failingWriter) Write(b []byte) (int, error) {
	if f.takes == 0 {
		return 0, f.err
	}
	f.takes--
	return len(b), nil
}

func TestWriteAllocatesNothing(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, "a test")
	if err != nil {
		t.Fatal(err)
	}
	rec := pcaps.Record{Data: make([]byte, 128), Wire: 128, Link: pcaps.LinkEthernet, Queue: 1, HasHash: true, Direction: pcaps.Inbound}
	comment := []byte("cpu=3 entry=17 hash=0x51ccc178 tcp_ipv4")
	out.Grow(1 << 20)
	if n := testing.AllocsPerRun(100, func() {
		if err := w.Write(&rec, comment); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// A comment on the capture is the first one's text, no longer than is kept of it.
func TestCommentText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " a test\n": "a test", "caf\xc3": "caf", strings.Repeat("é", maxComment/2): strings.Repeat("é", maxComment/2),
		"x" + strings.Repeat("é", maxComment/2): "x" + strings.Repeat("é", maxComment/2-1) + "…",
	} {
		if got := commentText([]byte(text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
