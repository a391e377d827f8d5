package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"rssreplay/pcaps"
)

// packetEnds is where each packet's record ends in a little-endian capture, and
// where else it may end without a loss; found by lengths alone.
func packetEnds(t *testing.T, data []byte) (packets []int, safe map[int]bool) {
	t.Helper()
	word := func(at int) int { return int(binary.LittleEndian.Uint32(data[at:])) }
	safe = map[int]bool{}
	if word(0) == blockSection {
		for at := 0; at < len(data); {
			kind := word(at)
			at += word(at + 4)
			safe[at] = true
			if kind == blockEnhanced {
				packets = append(packets, at)
			}
		}
	} else {
		safe[fileHeaderBytes] = true
		for at := fileHeaderBytes; at < len(data); {
			at += recordHeaderBytes + word(at+8)
			safe[at] = true
			packets = append(packets, at)
		}
	}
	if !safe[len(data)] {
		t.Fatalf("the last record does not end where the file does, at %d", len(data))
	}
	return packets, safe
}

// TestCutSamples cuts every sample at each byte of its first kilobyte and at
// random places: the packets before the cut come out, and a cut inside a record
// is named.
func TestCutSamples(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "samples", "*.pcap*"))
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d samples: %v", len(paths), err)
	}
	random := rand.New(rand.NewPCG(11, 12))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		packets, safe := packetEnds(t, data)
		var cuts []int
		step, places := 1, 1000
		if testing.Short() {
			step, places = 7, 10
		}
		for cut := 0; cut < 1024; cut += step {
			cuts = append(cuts, cut)
		}
		for range places {
			cuts = append(cuts, random.IntN(len(data)+1))
		}
		recs := make([]pcaps.Record, 256)
		for _, cut := range cuts {
			r, err := newReader(bytes.NewReader(data[:cut]), "x", 64<<10)
			if err != nil {
				if cut >= fileHeaderBytes {
					t.Errorf("%s cut after %d: %v", path, cut, err)
				}
				continue
			}
			got := 0
			for err == nil {
				var n int
				n, err = r.Read(recs)
				got += n
			}
			if want := sort.SearchInts(packets, cut+1); got != want || r.Info().Packets != int64(want) {
				t.Errorf("%s cut after %d: %d packets, want %d", path, cut, got, want)
			}
			damage := (*DamageError)(nil)
			if errors.As(err, &damage) == safe[cut] || damage != nil && !damage.Cut {
				t.Errorf("%s cut after %d: %v", path, cut, err)
			}
			r.Close()
		}
	}
}
