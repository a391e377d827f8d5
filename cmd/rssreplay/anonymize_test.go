package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// secret is a word in all that the test names, and in nothing else.
const secret = "zyxeve"

// disguise copies a sample to a pcapng file whose names and comments have the secret. It
// returns all IP and MAC addresses that the sample has, by gopacket.
func disguise(t *testing.T, sample, path string) (addresses map[netip.Addr]bool, macs map[string]bool) {
	t.Helper()
	f, err := os.Open(filepath.Join(repository(t), "pcaps", "samples", sample))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	names := pcapgo.NgInterface{
		Name: secret + "0", Comment: secret, Description: secret, OS: secret, LinkType: r.LinkType(), SnapLength: r.Snaplen(), TimestampResolution: 9,
	}
	w, err := pcapgo.NewNgWriterInterface(out, names, pcapgo.NgWriterOptions{
		SectionInfo: pcapgo.NgSectionInfo{Hardware: secret, OS: secret, Application: secret, Comment: secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	addresses, macs = map[netip.Addr]bool{}, map[string]bool{}
	for {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			info.InterfaceIndex = 0
			err = w.WritePacket(info, data)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, layer := range gopacket.NewPacket(data, r.LinkType(), gopacket.DecodeOptions{Lazy: false, NoCopy: true}).Layers() {
			var ends [2][]byte
			switch l := layer.(type) {
			case *layers.Ethernet:
				macs[l.SrcMAC.String()], macs[l.DstMAC.String()] = true, true
			case *layers.IPv4:
				ends = [2][]byte{l.SrcIP, l.DstIP}
			case *layers.IPv6:
				ends = [2][]byte{l.SrcIP, l.DstIP}
			}
			for _, end := range ends {
				if addr, ok := netip.AddrFromSlice(end); ok && !addr.IsUnspecified() { // styles have ::before
					addresses[addr] = true
				}
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return addresses, macs
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

// No format of any result shows an address of the capture, a folder, or a name of an
// interface, wherever it was given.
func TestAnonymizeHidesAddresses(t *testing.T) {
	if testing.Short() {
		t.Skip("replays samples, over and over")
	}
	for _, sample := range []string{"web.pcap", "vlan.pcap", "dns.pcap"} {
		t.Run(sample, func(t *testing.T) { hidesAddresses(t, sample) })
	}
}

// textFile writes a file, and returns its path.
func textFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hidesAddresses(t *testing.T, sample string) {
	folder := filepath.Join(t.TempDir(), secret)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	unnamed := filepath.Join(folder, "capture.pcapng")
	addresses, macs := disguise(t, sample, unnamed)
	var first netip.Addr // of the hosts
	for a := range addresses {
		if !first.IsValid() || a.Less(first) {
			first = a
		}
	}
	// The capture's name, --local and --filter have an address, too.
	capture := filepath.Join(folder, strings.ReplaceAll(first.String(), ":", ".")+".pcapng")
	if err := os.Rename(unnamed, capture); err != nil {
		t.Fatal(err)
	}
	in := func(name, text string) string { return textFile(t, filepath.Join(folder, name), text) }
	rssKey := strings.TrimSuffix(strings.Repeat("6d:5a:", 20), ":")
	key := in("key", strings.Repeat("0f", 32))
	table := in("table", "RX flow hash indirection table for "+secret+"0 with 2 RX ring(s):\n    0:      0     1     0     1     1     1     0     1\n"+
		"RSS hash key:\n"+rssKey+"\n")
	local := "--local=" + first.String()
	counters := in("counters", "NIC statistics:\n     rx_queue_0_packets: 0\n     rx_queue_1_packets: 0\n")
	after := in("after", "NIC statistics:\n     rx_queue_0_packets: 7\n     rx_queue_1_packets: 9\n")
	recorded, old, now := filepath.Join(folder, "recorded.pcapng"), filepath.Join(folder, "old.json"), filepath.Join(folder, "now.json")
	runs(t, capture, local, "--table", table, "--flows", "all", "--write", recorded, "--output", old)
	if err := forgetPredicted(recorded); err != nil {
		t.Fatal(err)
	}
	runs(t, capture, local, "--cpus", "4", "--flows", "all", "--output", now)

	all := []string{"table", "mail", "markdown", "json", "csv", "html", "svg"}
	noMail := []string{"table", "markdown", "json", "csv", "html", "svg"} // which is of a report alone
	three := []string{"table", "markdown", "json"}
	four := append(three, "csv")
	for _, test := range []struct {
		formats []string
		args    []string
		how     []string // to anonymize
	}{
		{all, []string{capture, "--mode", "all", "--flows", "all", "--title", "of us", "--note", in("note", "ours")}, nil},
		{all, []string{capture, "--flows", "all", local}, []string{"--anonymize-ports"}},
		{all, []string{capture, "--flows", "all", "--table", table, "--filter=not (host " + first.String() + " and port 1)"}, []string{"--keep-hash"}},
		{noMail, []string{"compare", capture, local, "--table", table, "--report", old, "--scenario", "few: cpus=2 key=@" + in("rsskey", rssKey)}, nil},
		{noMail, []string{"compare", capture, local, "--report", old, "--layout", "file:" + in("layout", "0 1 0 1 0 1 1 1")}, nil},
		{noMail, []string{"diff", old, now}, nil},
		{three, []string{"explain", capture, "--mode", "all", "--flow", first.String(), local}, nil},
		{three, []string{"explain", capture, "--mode", "all", "--flow", first.String(), "--xfrm", "symmetric-xor"}, []string{"--anonymize-ports", "--keep-hash"}},
		{four, []string{"suggest", capture, "--table", table, local, "--no-gate"}, nil},
		{four, []string{"suggest", capture, "--cpus", "4", "--dev", secret + "1", "--no-gate"}, nil},
		{four, []string{"verify", recorded, "--table", table, local}, nil},
		{four, []string{"verify", recorded, "--cpus", "8", local}, nil},
		{four, []string{"verify", capture, "--table", table, local, "--counters-before", counters, "--counters-after", after}, nil},
	} {
		if !cgo && strings.HasPrefix(test.args[len(test.args)-1], "--filter") { // it needs libpcap
			continue
		}
		for _, format := range test.formats {
			args := slices.Concat(test.args, []string{"--format", format})
			output := stdoutOf
			if format == "svg" { // a picture is a file beside the report
				picture := filepath.Join(folder, "load.svg")
				args = slices.Concat(test.args, []string{"--plot", picture})
				output = func(t *testing.T, args ...string) string {
					runs(t, args...)
					text, err := os.ReadFile(picture)
					if err != nil {
						t.Fatal(err)
					}
					return string(text)
				}
			}
			what := fmt.Sprintf("%q", args)
			if text := output(t, args...); format == "json" && !strings.Contains(text, secret) {
				t.Fatalf("%s: nothing is secret where all is shown", what)
			}
			text := output(t, slices.Concat(args, []string{"--anonymize", "--anonymize-key", key}, test.how)...)
			if shown := shownAddresses(text, addresses); len(shown) > 0 {
				t.Errorf("%s: %d addresses are shown, first %s", what, len(shown), shown[0])
			}
			if format != "csv" && !strings.Contains(strings.ToLower(text), "crypto-pan") { // a table has numbers alone
				t.Errorf("%s: nothing says that addresses are replaced", what)
			}
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s: a folder, an interface or a host is shown: …%s…", what, text[max(0, at-60):min(len(text), at+60)])
			}
			for mac := range macs {
				if strings.Contains(strings.ToLower(text), mac) {
					t.Errorf("%s: the MAC address %s is shown", what, mac)
				}
			}
		}
	}
}

// stdoutOf is what a command writes that prints a result, whatever its verdict.
func stdoutOf(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	switch run(append([]string{"rssreplay"}, args...), strings.NewReader(""), &stdout, &stderr) {
	case exitDone, exitDiffers, exitCantTell:
		return stdout.String()
	}
	t.Fatalf("rssreplay %q: %s", args, stderr.String())
	return ""
}
