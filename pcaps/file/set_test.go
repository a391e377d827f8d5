package file

import (
	"bytes"
	stdcmp "cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rssreplay/pcaps"
)

// captureOf is a capture of packets at these times in seconds, whose bytes are
// its tag and their number.
func captureOf(tag byte, seconds ...int) []byte {
	b := pcapFile(le, magicMicro, 2, 4, 1)
	for i, s := range seconds {
		b = append(b, pcapRecord(le, uint32(s), 0, 60, []byte{tag, byte(i)})...)
	}
	return b
}

// writeFile writes a file in the test's folder.
func writeFile(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readSet reads a set to its end: of each packet its tag and its second, "a1".
func readSet(t testing.TB, s *Set, batch int) (string, error) {
	t.Helper()
	var packets []string
	recs := make([]pcaps.Record, batch)
	for {
		n, err := s.Read(recs)
		for _, rec := range recs[:n] {
			packets = append(packets, fmt.Sprintf("%c%d", rec.Data[0], rec.Time/1e9))
		}
		if err != nil {
			if n > 0 {
				t.Error("Read returned records and an error")
			}
			if _, again := s.Read(recs); again != err {
				t.Errorf("the next Read returns %v, not %v", again, err)
			}
			if err == io.EOF {
				err = nil
			}
			return strings.Join(packets, " "), err
		}
	}
}

func TestSet(t *testing.T) {
	dir := t.TempDir()
	a := writeFile(t, dir, "a", captureOf('a', 1, 2, 3))
	b := writeFile(t, dir, "b", captureOf('b', 4, 6, 8))
	c := writeFile(t, dir, "c", captureOf('c', 5, 5, 9, 7))
	d := writeFile(t, dir, "d", captureOf('d', 1, 9))
	none := writeFile(t, dir, "none", captureOf('n'))
	cut := writeFile(t, dir, "cut", captureOf('x', 4, 5)[:50])
	for _, test := range []struct {
		names  []string
		stdin  []byte
		merged bool
		want   string
		order  Order
		err    string
	}{
		{names: []string{a, b}, want: "a1 a2 a3 b4 b6 b8"},
		{names: []string{b, a}, want: "a1 a2 a3 b4 b6 b8", order: Order{Sorted: true}},
		{names: []string{b, none, a}, want: "a1 a2 a3 b4 b6 b8", order: Order{Sorted: true}},
		{names: []string{none}},
		{names: []string{none, none}},
		{names: []string{a, b, c}, want: "a1 a2 a3 b4 b6 b8 c5 c5 c9 c7", order: Order{Overlaps: 1, Overlap: 3e9}},
		{names: []string{d, a, c}, want: "d1 d9 a1 a2 a3 c5 c5 c9 c7", order: Order{Overlaps: 2, Overlap: 8e9}},
		{names: []string{a, d}, want: "a1 a2 a3 d1 d9", order: Order{Overlaps: 1, Overlap: 2e9}},
		{names: []string{c, b, a}, merged: true, want: "a1 a2 a3 b4 c5 c5 b6 b8 c9 c7", order: Order{Merged: true, Sorted: true}},
		{names: []string{a, d}, merged: true, want: "a1 d1 a2 a3 d9", order: Order{Merged: true}},
		{names: []string{d, a}, merged: true, want: "d1 a1 a2 a3 d9", order: Order{Merged: true}},
		{names: []string{none, a}, merged: true, want: "a1 a2 a3", order: Order{Merged: true, Sorted: true}},
		{names: []string{a}, merged: true, want: "a1 a2 a3"},
		{names: []string{b, "-"}, stdin: captureOf('s', 2, 3), want: "s2 s3 b4 b6 b8", order: Order{Sorted: true}},
		{names: []string{b, "-"}, stdin: captureOf('s', 2, 5), want: "s2 s5 b4 b6 b8", order: Order{Sorted: true, Overlaps: 1, Overlap: 1e9}},
		{names: []string{b, "-"}, stdin: captureOf('s', 2, 5), merged: true, want: "s2 b4 s5 b6 b8", order: Order{Sorted: true, Merged: true}},
		{names: []string{"-"}, stdin: captureOf('s', 2, 5), want: "s2 s5"},
		{names: []string{cut, a, c}, want: "a1 a2 a3 x4 c5 c5 c9 c7", order: Order{Sorted: true}, err: cut + ": packet 2 (byte 42): the file ends after 8 of the 16 bytes of its record header"},
		{names: []string{cut, a, c}, merged: true, want: "a1 a2 a3 x4 c5 c5 c9 c7", order: Order{Merged: true, Sorted: true}, err: cut + ": packet 2 (byte 42): the file ends after 8 of the 16 bytes of its record header"},
	} {
		for _, batch := range []int{1, 2, 256} {
			s, err := OpenSet(test.names, bytes.NewReader(test.stdin), test.merged)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readSet(t, s, batch)
			if got != test.want || test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
				t.Errorf("%v, merged %v, batches of %d: %s, error %v;\nwant %s, %s", test.names, test.merged, batch, got, err, test.want, test.err)
			}
			if diff := cmp.Diff(test.order, s.Order()); diff != "" {
				t.Errorf("%v, merged %v: order (-want +got):\n%s", test.names, test.merged, diff)
			}
			var packets, size int64
			for _, info := range s.Info() {
				packets += info.Packets
				size += info.FileBytes
			}
			read, readBytes, ofBytes := s.Progress()
			if want := int64(len(strings.Fields(got))); packets != want || read != want {
				t.Errorf("%v: %d packets in Info, %d in Progress, want %d", test.names, packets, read, want)
			}
			if slices.Contains(test.names, "-") {
				size = -1
			}
			if ofBytes != size || err == nil && size >= 0 && readBytes != size {
				t.Errorf("%v: %d of %d bytes in Progress, want %d", test.names, readBytes, ofBytes, size)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	for _, names := range [][]string{{filepath.Join(dir, "missing")}, {a, filepath.Join(dir, "missing")}, {a, dir}} {
		if _, err := OpenSet(names, nil, false); err == nil {
			t.Errorf("%v opens", names)
		}
	}
}

// Two times may lie further apart than an int64 has ns.
func TestOverlapOfCenturies(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for i, times := range [][]int64{{math.MinInt64, math.MaxInt64}, {-5}} {
		var b bytes.Buffer
		w, err := NewWriter(&b, "a test")
		for _, time := range times {
			if err == nil {
				err = w.Write(&pcaps.Record{Time: time, Data: []byte{'a'}, Link: pcaps.LinkEthernet, Queue: -1}, nil)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, writeFile(t, dir, fmt.Sprint(i), b.Bytes()))
	}
	s, err := OpenSet(names, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := readSet(t, s, 256); err != nil {
		t.Fatal(err)
	}
	if want := (Order{Overlaps: 1, Overlap: math.MaxInt64}); s.Order() != want {
		t.Errorf("%+v, want %+v", s.Order(), want)
	}
}

// TestMergeRandom merges random captures, rotated and overlapping: the result is
// a stable sort of those whose own times never go back.
func TestMergeRandom(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 9))
		type packet struct {
			time int64
			data string
		}
		var names []string
		var want []packet
		var files [][]packet
		for i := range 1 + random.IntN(8) {
			data, now := pcapFile(le, magicNano, 2, 4, 1), uint32(random.IntN(50))
			var packets []packet
			for j := range random.IntN(3000) {
				now += uint32(random.IntN(3))
				bytes := []byte{byte(i), byte(j), byte(j >> 8)}
				data = append(data, pcapRecord(le, now, 0, 60, bytes)...)
				packets = append(packets, packet{int64(now) * 1e9, string(bytes)})
			}
			files = append(files, packets)
			names = append(names, writeFile(t, dir, fmt.Sprint(seed, "-", i), data))
		}
		// In the order of reading, then sorted by time.
		slices.SortStableFunc(files, func(a, b []packet) int {
			if len(a) == 0 || len(b) == 0 {
				return len(b) - len(a)
			}
			return stdcmp.Compare(a[0].time, b[0].time)
		})
		for _, f := range files {
			want = append(want, f...)
		}
		slices.SortStableFunc(want, func(a, b packet) int { return stdcmp.Compare(a.time, b.time) })
		s, err := OpenSet(names, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []packet
		recs := make([]pcaps.Record, 1+random.IntN(300))
		for err == nil {
			var n int
			n, err = s.Read(recs)
			for _, rec := range recs[:n] {
				got = append(got, packet{rec.Time, string(rec.Data)})
			}
		}
		if err != io.EOF || !slices.Equal(got, want) {
			t.Errorf("seed %d: %d packets, want %d: %v", seed, len(got), len(want), err)
		}
		s.Close()
	}
}

// TestManyFiles reads a rotated capture of many files: never more than a few are
// open.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	var names []string
	const files = 600
	for i := range files {
		names = append(names, writeFile(t, dir, fmt.Sprint("capture.pcap", i), captureOf('r', 2*i, 2*i+1)))
	}
	slices.Sort(names) // as a shell sorts them: 1, 10, 100, 101
	for _, merged := range []bool{false, true} {
		s, err := OpenSet(names, nil, merged)
		if err != nil {
			t.Fatal(err)
		}
		recs, last, most := make([]pcaps.Record, 16), int64(-1), 0
		for err == nil {
			var n int
			n, err = s.Read(recs)
			for _, rec := range recs[:n] {
				if rec.Time != last+1e9 && last >= 0 {
					t.Fatalf("%d ns after %d", rec.Time, last)
				}
				last = rec.Time
			}
			open := 0
			for _, c := range s.captures {
				if c.reader != nil {
					open++
				}
			}
			most = max(most, open)
		}
		if err != io.EOF || last != (2*files-1)*1e9 || most > 2 {
			t.Errorf("merged %v: to %d ns, %d files open at most: %v", merged, last, most, err)
		}
		if want := (Order{Merged: merged, Sorted: true}); s.Order() != want {
			t.Errorf("%+v, want %+v", s.Order(), want)
		}
		s.Close()
	}
}

// TestFileVanishes: a file that is gone when its turn comes is a loss that is
// named, not the end of what was read before.
func TestFileVanishes(t *testing.T) {
	dir := t.TempDir()
	a, b, c := writeFile(t, dir, "a", captureOf('a', 1)), writeFile(t, dir, "b", captureOf('b', 2)), writeFile(t, dir, "c", captureOf('c', 3))
	s, err := OpenSet([]string{a, b, c}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Remove(b); err != nil {
		t.Fatal(err)
	}
	got, err := readSet(t, s, 256)
	damage := (*DamageError)(nil)
	if got != "a1 c3" || !errors.As(err, &damage) || damage.File != b || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestInterrupt ends a reading that waits for a pipe, and one that never would
// end, at once.
func TestInterrupt(t *testing.T) {
	for _, test := range []struct {
		name string
		more func(*io.PipeWriter)
	}{
		{"waiting", func(*io.PipeWriter) {}},
		{"endless", func(w *io.PipeWriter) {
			for err := error(nil); err == nil; {
				_, err = w.Write(pcapRecord(le, 9, 0, 60, []byte{'p', 9}))
			}
		}},
	} {
		in, out := io.Pipe()
		go func() {
			out.Write(captureOf('p', 1, 2))
			test.more(out)
		}()
		s, err := OpenSet([]string{"-"}, in, false)
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		s.InterruptBy(stop)
		recs := make([]pcaps.Record, 256)
		for n := 0; n < 2; {
			k, err := s.Read(recs)
			if err != nil {
				t.Fatal(err)
			}
			n += k
		}
		time.AfterFunc(10*time.Millisecond, func() { close(stop) })
		end := time.Now().Add(10 * time.Second)
		for err == nil && time.Now().Before(end) {
			_, err = s.Read(recs)
		}
		damage := (*DamageError)(nil)
		if !errors.As(err, &damage) || !errors.Is(err, ErrInterrupted) || !damage.After || damage.Cut || !strings.HasSuffix(err.Error(), "): interrupted, the rest was not read") {
			t.Errorf("%s: %v", test.name, err)
		}
		if info := s.Info()[0]; info.Truncated || damage != nil && info.Packets != damage.Packet {
			t.Errorf("%s: %+v, %v", test.name, info, err)
		}
		s.Close()
		in.Close()
	}
}
