package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRotated cuts a sample into files as rotation does, compresses some of them,
// and gives them in a random order: the report is that of the whole.
func TestRotated(t *testing.T) {
	sample := filepath.Join(repository(t), "pcaps", "samples", "dns.pcap")
	data, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	dir, random := t.TempDir(), rand.New(rand.NewPCG(5, 6))
	var names []string
	const header, files = 24, 9
	for rest := data[header:]; len(rest) > 0; {
		end := 0
		for end < len(rest) && end < len(data)/files {
			end += 16 + int(binary.LittleEndian.Uint32(rest[end+8:]))
		}
		part := append(data[:header:header], rest[:end]...)
		if len(names)%2 == 1 {
			part = zipped(t, part)
		}
		names = append(names, filepath.Join(dir, fmt.Sprint("c.pcap", len(names))))
		if err := os.WriteFile(names[len(names)-1], part, 0o600); err != nil {
			t.Fatal(err)
		}
		rest = rest[end:]
	}
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	counted := func(args ...string) string {
		text := runs(t, append(args, "--mode", "all", "--flows", "all", "--format", "json")...)
		_, packets, ok := strings.Cut(text, `"packets": `)
		_, modes, ok2 := strings.Cut(packets, `"modes": [`)
		if !ok || !ok2 {
			t.Fatalf("no packets or modes in %s", text)
		}
		packets, _, _ = strings.Cut(packets, `"parameters": `)
		return packets + modes
	}
	want := counted(sample)
	for _, args := range [][]string{names, append([]string{"--merge"}, names...), {filepath.Join(dir, "c.*")}} {
		if got := counted(args...); got != want {
			t.Errorf("%v: the report is not that of the whole", args)
		}
	}
}
