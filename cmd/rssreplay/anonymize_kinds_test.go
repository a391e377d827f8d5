package main

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// What nothing but the capture and the texts of TestAnonymizeHidesEveryKind has.
var (
	kindMAC   = net.HardwareAddr{0x02, 0x5e, 0xc3, 0xe7, 0xab, 0x0a}
	kindAddrs = []netip.Addr{
		netip.MustParseAddr("198.18.77.1"), netip.MustParseAddr("198.18.77.20"), netip.MustParseAddr("fe80::5ec3"),
		netip.MustParseAddr("2001:db8:77::2"), netip.MustParseAddr("2001:db8:77:0:1:2:3:4"), netip.MustParseAddr("::ffff:198.18.77.9"),
	}
	kindVLAN = "3077"
)

// writeKinds writes a capture of one sender's tagged packets over both IP versions,
// with long and short forms of addresses; its last record is cut off.
func writeKinds(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := pcapgo.NewNgWriterInterface(f, pcapgo.NgInterface{Name: secret + "0", Comment: secret, Description: secret, LinkType: layers.LinkTypeEthernet, TimestampResolution: 9},
		pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Hardware: secret, Comment: secret}})
	if err != nil {
		t.Fatal(err)
	}
	from, to := kindAddrs[0], []netip.Addr{kindAddrs[1], netip.MustParseAddr("198.18.77.21")}
	from6, to6 := kindAddrs[2], []netip.Addr{kindAddrs[3], kindAddrs[4], kindAddrs[5]}
	for i := range 240 {
		eth := &layers.Ethernet{SrcMAC: kindMAC, DstMAC: kindMAC, EthernetType: layers.EthernetTypeDot1Q}
		tag := &layers.Dot1Q{VLANIdentifier: 3077, Type: layers.EthernetTypeIPv4}
		udp := &layers.UDP{SrcPort: 443, DstPort: layers.UDPPort(50000 + i%7)}
		var ip gopacket.SerializableLayer
		if i%3 == 0 {
			tag.Type = layers.EthernetTypeIPv6
			ip = &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolUDP, HopLimit: 9, SrcIP: from6.AsSlice(), DstIP: to6[i/3%len(to6)].AsSlice()}
		} else {
			ip = &layers.IPv4{Version: 4, Protocol: layers.IPProtocolUDP, TTL: 9, SrcIP: from.AsSlice(), DstIP: to[i%len(to)].AsSlice()}
		}
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, eth, tag, ip, udp, gopacket.Payload(make([]byte, 400))); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*1e6), CaptureLength: len(data), Length: len(data)}, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	size, err := f.Seek(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size - 100); err != nil {
		t.Fatal(err)
	}
}

// kindShown is what of the capture and its texts a text shows, in whatever spelling.
func kindShown(text string) (shown []string) {
	known := map[netip.Addr]bool{}
	for _, a := range kindAddrs {
		known[a] = true
	}
	shown = shownAddresses(text, known)
	lower := strings.ToLower(text)
	for _, form := range []string{
		kindMAC.String(), strings.ReplaceAll(kindMAC.String(), ":", "-"), strings.ReplaceAll(kindMAC.String(), ":", ""), "025e.c3e7.ab0a",
		"198-18-77", "198_18_77", "5ec3", "2001-db8", "c612:4d", "0xc6124d", "c6124d01", secret,
	} {
		if at := strings.Index(lower, form); at >= 0 {
			shown = append(shown, form+" in "+text[max(0, at-60):min(len(text), at+60)])
		}
	}
	if at := regexp.MustCompile(`\b` + kindVLAN + `\b`).FindString(text); at != "" {
		shown = append(shown, "the VLAN "+at)
	}
	return shown
}

// Addresses in all spellings, MAC addresses, names of hosts, interfaces and folders, and
// VLANs, given in every way there is, are in no format of what is anonymized.
func TestAnonymizeHidesEveryKind(t *testing.T) {
	folder := filepath.Join(t.TempDir(), secret)
	bundle := filepath.Join(folder, "sosreport-"+secret)
	if err := os.MkdirAll(bundle, 0o700); err != nil {
		t.Fatal(err)
	}
	in := func(name, text string) string { return textFile(t, filepath.Join(folder, name), text) }
	one, dashed, mac := filepath.Join(folder, "capture.pcapng"), filepath.Join(folder, "at-198-18-77-1.pcapng"), filepath.Join(folder, strings.ReplaceAll(kindMAC.String(), ":", "")+".pcapng")
	writeKinds(t, one)
	writeKinds(t, dashed)
	writeKinds(t, mac)
	table := in("table "+secret, "RX flow hash indirection table for "+secret+"0 with 4 RX ring(s):\n    0:      0     1     2     3     0     1     2     3\nRSS hash key:\n"+
		strings.TrimSuffix(strings.Repeat("6d:5a:", 20), ":")+"\n")
	table = rename(t, table, filepath.Join(folder, "fe80--5ec3.txt"))
	after := in("after.txt", "RX flow hash indirection table for "+secret+"0 with 4 RX ring(s):\n    0:      3     2     1     0     3     2     1     0\n")
	rules := in("rules.txt", "4 RX rings available\nTotal 2 rules\n\nFilter: 1\n\tRule Type: UDP over IPv4\n\tSrc IP addr: 198.18.77.1 mask: 0.0.0.0\n\tDest IP addr: 0.0.0.0 mask: 255.255.255.255\n"+
		"\tTOS: 0x0 mask: 0xff\n\tSrc port: 0 mask: 0xffff\n\tDest port: 50001 mask: 0x0\n\tAction: Direct to queue 2\n\n"+
		"Filter: 0\n\tFlow Type: Raw Ethernet\n\tSrc MAC addr: 02:5E:C3:E7:AB:0A mask: 00:00:00:00:00:00\n\tDest MAC addr: 00:00:00:00:00:00 mask: FF:FF:FF:FF:FF:FF\n"+
		"\tEthertype: 0x0 mask: 0xFFFF\n\tVLAN EtherType: 0x0 mask: 0xffff\n\tVLAN: 0xc05 mask: 0x0000\n\tUser-defined: 0x0 mask: 0xffffffffffffffff\n\tAction: Direct to queue 1\n")
	put := func(name, text string) { in(filepath.Join("sosreport-"+secret, name), text) }
	put("ethtool-x-"+secret+"0.txt", "RX flow hash indirection table for "+secret+"0 with 4 RX ring(s):\n    0:      0     1     2     3     0     1     2     3\nRSS hash key:\n"+
		strings.TrimSuffix(strings.Repeat("6d:5a:", 20), ":")+"\n")
	put("addresses.txt", "2: "+secret+"0: <UP> mtu 1500\n    link/ether "+kindMAC.String()+" brd ff:ff:ff:ff:ff:ff\n    inet 198.18.77.20/24 scope global "+secret+"0\n    inet6 fe80::5ec3/64 scope link\n")
	put("interrupts.txt", "           CPU0       CPU1\n 30:          5          0   PCI-MSI 1-edge      "+secret+"0-ring-0\n 31:          0          7   PCI-MSI 2-edge      "+secret+"0-ring-2\n")
	key := in("key", strings.Repeat("0f", 32))
	old, now := filepath.Join(folder, "198.18.77.1.json"), filepath.Join(folder, "now.json")
	write := func(path string, args ...string) {
		var stdout, stderr strings.Builder
		if status := run(slices.Concat([]string{"rssreplay"}, args, []string{"--flows", "all", "--format", "json"}), strings.NewReader(""), &stdout, &stderr); status != exitDone && stdout.Len() == 0 {
			t.Fatal(stderr.String())
		}
		textFile(t, path, stdout.String())
	}
	write(old, one, dashed, "--merge", "--local", "198.18.77.1,2001:db8:77::/48", "--table", table)
	write(now, one, dashed, "--merge")

	reports := []string{"table", "mail", "markdown", "json", "csv", "html"}
	for _, test := range []struct {
		name    string
		formats []string
		args    []string
	}{
		{"one sender", reports, []string{one, dashed, mac, "--merge", "--flows", "all", "--full"}},
		{"local, rules and moves", reports, []string{one, "--flows", "all", "--local", "fe80::5ec3,2001:db8:77::/48,198.18.77.1,198.18.77.99", "--table", table, "--table-at", "100ms=" + after,
			"--rule", "flow-type ether src " + kindMAC.String() + " vlan 3077 action 3", "--rules", rules, "--dev", secret + "0"}},
		{"a bundle", []string{"table", "json", "html"}, []string{one, "--bundle", bundle, "--full"}},
		{"a filter", []string{"json"}, []string{one, "--filter", "vlan 3077 and (host 198.18.77.1 or ether host " + kindMAC.String() + ")"}},
		{"several scenarios", []string{"table", "json", "csv", "html"}, []string{"compare", one, "--table", table, "--table", after + "x", "--scenario", "of 198.18.77.1: cpus=2 rule=\"flow-type ip6 src-ip fe80::5ec3 action 1\""}},
		{"earlier reports", []string{"table", "markdown", "json", "html"}, []string{"diff", old, now}},
		{"a packet", []string{"table", "json"}, []string{"explain", one, "--flow", "[fe80::5ec3]:443", "--local", "198.18.77.1"}},
		{"a packet of a rule", []string{"table"}, []string{"explain", one, "--flow", "198.18.77.1", "--rule", "flow-type udp4 src-ip 198.18.77.1 action 3", "--cpus", "4"}},
		{"suggestions", []string{"table", "json", "html"}, []string{"suggest", one, "--nic", "mlx5", "--cpus", "4", "--no-gate", "--bundle", bundle, "--local", "none"}},
		{"counters", []string{"table", "json"}, []string{"verify", one, "--table", table, "--local", "2001:db8:77:0::/64",
			"--counters-before", in("c1", "NIC statistics:\n     rx_queue_0_packets: 0\n     rx_queue_1_packets: 0\n     rx_queue_2_packets: 0\n     rx_queue_3_packets: 0\n"),
			"--counters-after", in("c2", "NIC statistics:\n     rx_queue_0_packets: 7\n     rx_queue_1_packets: 9\n     rx_queue_2_packets: 1\n     rx_queue_3_packets: 1\n")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "a filter" && !cgo { // it needs libpcap
				t.Skip("without libpcap")
			}
			if test.name == "several scenarios" {
				in("after.txtx", strings.ReplaceAll(readText(t, table), "0     1", "1     1"))
			}
			for _, format := range test.formats {
				args := slices.Concat([]string{"rssreplay"}, test.args, []string{"--format", format})
				args = slices.DeleteFunc(args, func(arg string) bool { return arg == "--full" && format != "table" })
				anonymized := slices.Concat(args, []string{"--anonymize", "--anonymize-key", key})
				if format != "csv" && (format == "json" || format == "table") && len(kindShown(outputOf(t, args))) == 0 {
					t.Errorf("%s: nothing is shown where all may be", format)
				}
				if format == "json" {
					anonymized = append(anonymized, "--anonymize-ports")
				}
				for _, shown := range kindShown(outputOf(t, anonymized)) {
					t.Errorf("%s: %s", format, shown)
				}
			}
		})
	}
}

func rename(t *testing.T, from, to string) string {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	return to
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// outputOf is what a command prints, which may end with what was wrong with a capture.
func outputOf(t *testing.T, args []string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	if run(args, strings.NewReader(""), &stdout, &stderr); stdout.Len() == 0 {
		t.Fatalf("%q: %s", args, stderr.String())
	}
	return stdout.String()
}
