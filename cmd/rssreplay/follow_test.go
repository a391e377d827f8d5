package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// What suggest advises on the first half of traffic is replayed on the second half: of
// flows that stay it makes that more even; of flows that come and go it advises next to
// nothing, and so does no harm.
func TestSuggestHoldsOnWhatFollows(t *testing.T) {
	if testing.Short() {
		t.Skip("replays many captures")
	}
	const traces, packets = 5, 12_000
	stay := func(r *rand.Rand, w *trafficWriter, of int) {
		var sums []float64 // of the flows' weights, as Zipf has it
		sum := 0.0
		for i := range 1500 {
			sum += math.Pow(float64(i+1), -1.1)
			sums = append(sums, sum)
		}
		for range packets {
			w.tcp(of + sort.SearchFloat64s(sums, r.Float64()*sum))
		}
	}
	// Of 300 flows each packet ends one with a chance of 1 in 30; another takes its place.
	come := func(r *rand.Rand, w *trafficWriter, of int) {
		flows := make([]int, 300)
		for i := range flows {
			flows[i] = of + i
		}
		next := of + len(flows)
		for range packets {
			i := int(float64(len(flows)) * r.Float64() * r.Float64())
			w.tcp(flows[i])
			if r.IntN(30) == 0 {
				flows[i] = next
				next++
			}
		}
	}
	for _, kind := range []struct {
		name                      string
		write                     func(*rand.Rand, *trafficWriter, int)
		leastAdvised, mostAdvised int
	}{{"stay", stay, traces - 1, traces}, {"come and go", come, 0, 1}} {
		advised := 0
		for seed := range uint64(traces) {
			r := rand.New(rand.NewPCG(seed, 2027))
			first, second := halves(t, func(w *trafficWriter) { kind.write(r, w, r.IntN(20_000)) }, packets/2)
			layout := suggestedLayout(t, first)
			if layout == "" {
				continue
			}
			advised++
			now, then := imbalanceOf(t, second), imbalanceOf(t, second, "--layout", layout)
			if kind.leastAdvised > 0 && then > now {
				t.Errorf("%s, seed %d: %.3f × with the suggested table, and %.3f × without", kind.name, seed, then, now)
			}
		}
		if advised < kind.leastAdvised || advised > kind.mostAdvised {
			t.Errorf("%s: in %d of %d traces a table is advised", kind.name, advised, traces)
		}
	}
}

// halves writes a capture of the first so many packets, and one of the rest.
func halves(t *testing.T, write func(*trafficWriter), n int) (first, second string) {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	w := &trafficWriter{t: t, w: pcapgo.NewWriterNanos(&b), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), snap: 65536}
	if err := w.w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	header := b.Len()
	write(w)
	const record = 16 + 14 + 20 + 20 + 100 // of each packet that tcp writes
	all := b.Bytes()
	border := header + n*record
	first, second = filepath.Join(dir, "first.pcap"), filepath.Join(dir, "second.pcap")
	for path, data := range map[string][]byte{first: all[:border], second: append(bytes.Clone(all[:header]), all[border:]...)} {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return first, second
}

// suggestedLayout is the first table that suggest advises; "" for none.
func suggestedLayout(t *testing.T, capture string) string {
	var s struct {
		Suggestions []struct {
			Goal       string
			Parameters map[string]struct{ Value any }
		}
	}
	runJSON(t, &s, "suggest", capture, "--cpus", "8", "--local", "none")
	for _, one := range s.Suggestions {
		if layout, ok := one.Parameters["layout"].Value.(string); ok && one.Goal == "balance" {
			return layout
		}
	}
	return ""
}

func imbalanceOf(t *testing.T, args ...string) float64 {
	var r struct {
		Modes []struct{ Imbalance struct{ Packets float64 } }
	}
	runJSON(t, &r, append(args, "--cpus", "8", "--local", "none", "--mode", "rss-msix")...)
	return r.Modes[0].Imbalance.Packets
}
