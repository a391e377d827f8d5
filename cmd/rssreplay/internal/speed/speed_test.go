//go:build unix

package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The captures are what they are said to be, by gopacket's own decoders.
func TestCaptures(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []capture{
		{name: "small.pcap", packets: 1000, flows: 50},
		{name: "mixed.pcap", packets: 200, flows: 50, mixed: true},
		{name: "own.pcap", packets: 300},
		{name: "host.pcap", packets: 300, flows: 50, answers: true},
		{name: "zipf.pcap", packets: 300, flows: 50, zipf: true},
	} {
		path, err := c.make(dir)
		if err != nil {
			t.Fatal(err)
		}
		n, err := decodeAll(path)
		if err != nil || n != c.packets {
			t.Errorf("%s: gopacket finds %d packets with ports of %d; %v", c.name, n, c.packets, err)
		}
	}
}

// A small run of everything prints every row.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 60 processes")
	}
	dir := t.TempDir()
	tool := filepath.Join(dir, "rssreplay")
	if out, err := exec.Command("go", "build", "-o", tool, "rssreplay/cmd/rssreplay").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	self := filepath.Join(dir, "speed")
	if out, err := exec.Command("go", "build", "-o", self, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var table strings.Builder
	c := exec.Command(self, "-dir", dir, "-tool", tool, "-n", "1", "-scale", "5000", "-long")
	c.Stdout = &table
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 M packets of 66 bytes", "pcapng", "four modes", "half received", "66 to 1465", "700,000 even", "100,000 Zipf", "700,000 Zipf", "--rps", "--rebalance", "--table-at", "json", "each a flow", "16 layouts", "100 packets", "50 M"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no row has %q:\n%s", want, table.String())
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-scale", "0"}, {"-nosuch"}, {"-decode", "no such file"}} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}
