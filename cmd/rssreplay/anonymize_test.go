package main

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// trueAddresses are all IP addresses in a pcap file, by gopacket.
func trueAddresses(t *testing.T, path string) map[netip.Addr]bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[netip.Addr]bool{}
	for {
		data, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, layer := range gopacket.NewPacket(data, r.LinkType(), gopacket.DecodeOptions{Lazy: false, NoCopy: true}).Layers() {
			var ends [2][]byte
			switch ip := layer.(type) {
			case *layers.IPv4:
				ends = [2][]byte{ip.SrcIP, ip.DstIP}
			case *layers.IPv6:
				ends = [2][]byte{ip.SrcIP, ip.DstIP}
			}
			for _, end := range ends {
				if addr, ok := netip.AddrFromSlice(end); ok && !addr.IsUnspecified() { // styles have ::before
					all[addr] = true
				}
			}
		}
	}
}

var addressRun = regexp.MustCompile(`[0-9A-Fa-f:.]+`)

// shownAddresses are those of the addresses that a text has, in whatever form.
func shownAddresses(text string, of map[netip.Addr]bool) (shown []string) {
	for _, run := range addressRun.FindAllString(text, -1) {
		for _, part := range append(strings.Split(run, ":"), run) { // an IPv4 address may have a port
			if addr, err := netip.ParseAddr(strings.Trim(part, ".")); err == nil && of[addr] {
				shown = append(shown, part)
			}
		}
	}
	return shown
}

// No format of a report shows an address of the capture, wherever it was given.
func TestAnonymizeHidesAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("replays all samples, over and over")
	}
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("0f", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web.pcap", "vlan.pcap", "dns.pcap"} {
		path := filepath.Join(repository(t), "pcaps", "samples", name)
		addresses := trueAddresses(t, path)
		var first netip.Addr
		for a := range addresses {
			if !first.IsValid() || a.Less(first) {
				first = a
			}
		}
		// The file, its folder, --local and --filter have an address, too.
		folder := filepath.Join(t.TempDir(), "secret")
		capture := filepath.Join(folder, strings.ReplaceAll(first.String(), ":", ".")+".pcap")
		data, err := os.ReadFile(path)
		if err == nil {
			err = os.Mkdir(folder, 0o700)
		}
		if err == nil {
			err = os.WriteFile(capture, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"table", "markdown", "json", "csv", "html"} {
			asked := [][]string{
				nil,
				{"--anonymize-ports", "--local", first.String()},
				{"--keep-hash"},
			}
			if cgo { // a filter needs libpcap
				asked[2] = append(asked[2], "--filter=not (host "+first.String()+" and port 1)")
			}
			for _, extra := range asked {
				args := append([]string{capture, "--mode", "all", "--flows", "all", "--format", format}, extra...)
				if format == "table" && extra == nil && len(shownAddresses(runs(t, args...), addresses)) == 0 {
					t.Fatalf("%s: the test finds no address where all are shown", name)
				}
				text := runs(t, append(args, "--anonymize", "--anonymize-key", key)...)
				if shown := shownAddresses(text, addresses); len(shown) > 0 {
					t.Errorf("%s, %s, %q: %d addresses are shown, first %s", name, format, extra, len(shown), shown[0])
				}
				if format != "csv" && !strings.Contains(strings.ToLower(text), "crypto-pan") { // a table has numbers alone
					t.Errorf("%s, %s, %q: nothing says that addresses are replaced", name, format, extra)
				}
				if strings.Contains(text, "secret") {
					t.Errorf("%s, %s, %q: the folder is shown", name, format, extra)
				}
			}
		}
	}
}
