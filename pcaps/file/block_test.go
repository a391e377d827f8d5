package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"rssreplay/pcaps"
)

// readInTurn is readAll by several goroutines that take turns, each with a block.
func readInTurn(t *testing.T, s *Set, hands, batch int) (all []pcaps.Record, err error) {
	t.Helper()
	turns := make([]chan struct{}, hands)
	for i := range turns {
		turns[i] = make(chan struct{}, 1)
	}
	var running sync.WaitGroup
	idle := 0 // turns since a record came
	for i, mine := range turns {
		running.Go(func() {
			recs := make([]pcaps.Record, batch)
			var b Block
			for ended := false; !ended; {
				s.Load(&b)
				<-mine
				s.Lend(&b)
				for err == nil {
					var n int
					n, err = s.Read(recs)
					for _, rec := range recs[:n] {
						rec.Data = append([]byte{}, rec.Data...)
						all = append(all, rec)
					}
					if idle++; n > 0 {
						idle = 0
					}
					if idle > 1000*hands {
						err = errors.New("no record in a thousand turns")
					}
					if n < batch {
						break
					}
				}
				ended = err != nil
				turns[(i+1)%hands] <- struct{}{}
			}
		})
	}
	turns[0] <- struct{}{}
	running.Wait()
	if err == io.EOF {
		err = nil
	}
	return all, err
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// TestTurns reads captures by goroutines in turn, whole, cut and damaged ones, compressed
// or not, in blocks of many sizes: they find what one finds that reads all.
func TestTurns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	captures := 60
	if testing.Short() {
		captures = 24
	}
	for i := range captures {
		var data []byte
		ng := i%3 == 0
		if ng {
			data = slices.Concat(ngSection(le), ngInterface(le, pcaps.LinkEthernet, 0))
		} else {
			data = pcapFile(le, magicMicro, 2, 4, 1)
		}
		for range random.IntN(60) {
			body := make([]byte, random.IntN(1+random.IntN(1000)))
			if ng {
				data = append(data, ngEnhanced(le, 0, uint64(len(data)), len(body), body)...)
			} else {
				data = append(data, pcapRecord(le, uint32(len(data)), 0, len(body), body)...)
			}
		}
		switch len := len(data); i % 4 {
		case 1:
			data = data[:max(fileHeaderBytes, len-random.IntN(200))]
		case 2:
			data[max(fileHeaderBytes, random.IntN(len))%len] ^= byte(random.IntN(256))
		}
		switch i % 5 {
		case 1, 2:
			data = gzipped(data)
		case 3:
			data = gzipped(data)
			data = data[:len(data)-random.IntN(len(data)/2)]
		}
		path := writeFile(t, dir, fmt.Sprint(i), data)
		r, err := Open(path)
		if err != nil {
			continue // its header was damaged
		}
		want, wantErr := readAll(r, 256)
		wantInfo := r.Info()
		r.Close()
		for _, size := range []int{40, 300, 4096, blockBytes} {
			for hands := 1; hands <= 3; hands++ {
				s, err := OpenSet([]string{path}, nil, false)
				if err != nil {
					t.Fatal(err)
				}
				s.captures[0].reader.blockSize = size
				got, gotErr := readInTurn(t, s, hands, 1+random.IntN(20))
				at := fmt.Sprintf("capture %d, blocks of %d bytes, %d goroutines", i, size, hands)
				if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
					t.Fatalf("%s: -one +in turn:\n%s", at, diff)
				}
				if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
					t.Fatalf("%s: ends with %v, want %v", at, gotErr, wantErr)
				}
				if diff := cmp.Diff(wantInfo, s.Info()[0]); diff != "" {
					t.Fatalf("%s: -one +in turn:\n%s", at, diff)
				}
				s.Close()
			}
		}
	}
}

// TestTurnsOfSets is the same of several captures: small and large files, a
// compressed one, a pipe, and merged ones.
func TestTurnsOfSets(t *testing.T) {
	dir := t.TempDir()
	large := func(tag byte, second uint32) []byte {
		data := pcapFile(le, magicMicro, 2, 4, 1)
		for i := range 700 {
			body := bytes.Repeat([]byte{tag, byte(i)}, i)
			data = append(data, pcapRecord(le, second, uint32(i), len(body), body)...)
		}
		return data
	}
	names := []string{
		writeFile(t, dir, "a", large('a', 10)),
		writeFile(t, dir, "b", captureOf('b', 20, 21)),
		writeFile(t, dir, "c", gzipped(large('c', 30))),
		writeFile(t, dir, "d", pcapFile(le, magicMicro, 2, 4, 1)),
		writeFile(t, dir, "e", large('e', 40)),
		"-",
		writeFile(t, dir, "f", large('f', 12)),
	}
	for _, merged := range []bool{false, true} {
		open := func() *Set {
			s, err := OpenSet(names, bytes.NewReader(large('g', 50)), merged)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		want, err := readAll(s, 256)
		s.Close()
		if len(want) != 5*700+2 || err != nil {
			t.Fatalf("%d records, %v", len(want), err)
		}
		for hands := 1; hands <= 4; hands++ {
			s := open()
			got, err := readInTurn(t, s, hands, 256)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
				t.Fatalf("merged %v, %d goroutines: -one +in turn:\n%s", merged, hands, diff)
			}
			s.Close()
		}
	}
}

// TestTurnWithBlockOfEarlierCapture has a block that was loaded of a capture which another's turn
// has ended since. Its place is that of the next capture's second block: it is not taken for that.
func TestTurnWithBlockOfEarlierCapture(t *testing.T) {
	dir := t.TempDir()
	records := 0
	capture := func(name string, size int) string {
		data := pcapFile(le, magicMicro, 2, 4, 1)
		for ; len(data) < size; records++ {
			body := make([]byte, min(1000, size-len(data)-16))
			data = append(data, pcapRecord(le, 20, 0, len(body), body)...)
		}
		return writeFile(t, dir, name, data)
	}
	s, err := OpenSet([]string{capture("a", blockBytes), capture("b", 3*blockBytes)}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var blocks [3]Block
	recs := make([]pcaps.Record, 256)
	s.Lend(&blocks[0])
	read, err := s.Read(recs[:1])
	s.Load(&blocks[2]) // as two other goroutines do meanwhile
	s.Load(&blocks[1])
	if at := blocks[2].at; at != fileHeaderBytes+blockBytes {
		t.Fatalf("the block behind the first capture is at %d", at)
	}
	for turn := 0; err == nil; turn++ {
		b := &blocks[turn%3]
		if turn > 2 {
			s.Load(b)
		}
		if turn > 0 {
			s.Lend(b)
		}
		for n := len(recs); n == len(recs) && err == nil; read += n {
			n, err = s.Read(recs)
		}
	}
	if err != io.EOF || read != records {
		t.Errorf("%d records and %v, want %d", read, err, records)
	}
}
