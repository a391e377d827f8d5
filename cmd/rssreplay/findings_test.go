package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/pcaps"
	"rssreplay/report/findings"
)

// traffic writes a capture packet by packet, 10 µs after each other.
type trafficWriter struct {
	t    *testing.T
	w    *pcapgo.Writer
	now  time.Time
	snap int // bytes captured of each packet

	still bool // the clock stands
}

var macs = layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}}

// packet writes the layers as one frame.
func (w *trafficWriter) packet(all ...gopacket.SerializableLayer) {
	w.t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, all...); err != nil {
		w.t.Fatal(err)
	}
	data := b.Bytes()
	captured := min(len(data), w.snap)
	info := gopacket.CaptureInfo{Timestamp: w.now, CaptureLength: captured, Length: len(data)}
	if err := w.w.WritePacket(info, data[:captured]); err != nil {
		w.t.Fatal(err)
	}
	if !w.still {
		w.now = w.now.Add(10 * time.Microsecond)
	}
}

// flow is the n-th of some flows to 192.0.2.1.
func flowIP(n int, protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: protocol, SrcIP: net.IP{198, 51, byte(n >> 8), byte(n)}, DstIP: net.IP{192, 0, 2, 1}}
}

func ethernet(kind layers.EthernetType) *layers.Ethernet {
	e := macs
	e.EthernetType = kind
	return &e
}

// tcp writes a packet of the n-th TCP flow.
func (w *trafficWriter) tcp(n int) {
	w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(n, layers.IPProtocolTCP), &layers.TCP{SrcPort: layers.TCPPort(1024 + n*7%60000), DstPort: 80}, gopacket.Payload(make([]byte, 100)))
}

// even writes packets of n flows, times of each.
func (w *trafficWriter) even(n, times int) {
	for range times {
		for i := range n {
			w.tcp(i)
		}
	}
}

// segments writes, five times each, TCP packets of as many segments of 1,448 bytes,
// as receive coalescing makes them.
func (w *trafficWriter) segments(of ...int) {
	for range 5 {
		for i, n := range of {
			w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(i, layers.IPProtocolTCP), &layers.TCP{SrcPort: 4000, DstPort: 80, Options: timestamps}, gopacket.Payload(make([]byte, n*1448)))
		}
	}
}

// upload writes n joined segments of the server's.
func (w *trafficWriter) upload(n int) {
	ip := flowIP(0, layers.IPProtocolTCP)
	ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
	for range n {
		w.packet(ethernet(layers.EthernetTypeIPv4), ip, &layers.TCP{SrcPort: 80, DstPort: 4000, Options: timestamps}, gopacket.Payload(make([]byte, 20*1448)))
	}
}

// timestamps are the TCP options of most connections, 12 bytes.
var timestamps = []layers.TCPOption{{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)}}

// tagged writes n TCP flows with as many VLAN tags.
func (w *trafficWriter) tagged(n, tags int) {
	for i := range n {
		all := []gopacket.SerializableLayer{ethernet(layers.EthernetTypeDot1Q)}
		for k := range tags {
			kind := layers.EthernetTypeDot1Q
			if k == tags-1 {
				kind = layers.EthernetTypeIPv4
			}
			all = append(all, &layers.Dot1Q{VLANIdentifier: uint16(100 + k), Type: kind})
		}
		w.packet(append(all, flowIP(i, layers.IPProtocolTCP), &layers.TCP{SrcPort: layers.TCPPort(1024 + i), DstPort: 80}, gopacket.Payload(make([]byte, 100)))...)
	}
}

// numbered writes n packets of as many flows, each as often as times; number tells the
// identification of the k-th time.
func (w *trafficWriter) numbered(n, times int, number func(i, k int) int) {
	for i := range n {
		for k := range times {
			ip := flowIP(i, layers.IPProtocolTCP)
			ip.Id = uint16(number(i, k))
			w.packet(ethernet(layers.EthernetTypeIPv4), ip, &layers.TCP{SrcPort: layers.TCPPort(1024 + i), DstPort: 80}, gopacket.Payload(make([]byte, 100)))
		}
	}
}

// gre writes n TCP flows in as many GRE tunnels.
func (w *trafficWriter) gre(n, tunnels int) {
	for i := range n {
		inner := flowIP(i, layers.IPProtocolTCP)
		inner.SrcIP = net.IP{10, 1, byte(i >> 8), byte(i)}
		w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(5000+i%tunnels, layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeIPv4},
			inner, &layers.TCP{SrcPort: layers.TCPPort(1024 + i), DstPort: 80}, gopacket.Payload(make([]byte, 100)))
	}
}

// greOfOne writes n packets of one flow in a GRE tunnel.
func (w *trafficWriter) greOfOne(n int) {
	for range n {
		w.gre(1, 1)
	}
}

// findingsOf replays the capture that write makes, and gives the findings by id. Where a
// remedy has the command that shows its effect, there the finding must be gone.
func findingsOf(t *testing.T, args []string, write func(*trafficWriter)) map[string]string {
	t.Helper()
	path := captureOf(t, write)
	found := map[string]string{}
	for _, f := range findingsWith(t, append([]string{"rssreplay", path, "--mode", "rss-msix"}, args...)) {
		for _, m := range effect.FindAllStringSubmatch(f.Remedy, -1) {
			for _, left := range findingsWith(t, shellWords(m[1])) {
				if left.ID == f.ID {
					t.Errorf("%s is still there with %s: %s", f.ID, m[1], left.Summary)
				}
			}
		}
		if f.Summary == "" || f.Evidence == "" || f.Remedy == "" || strings.Contains(f.Summary+f.Evidence, " - ") {
			t.Errorf("%s has an empty sentence or a figure that is not known: %+v", f.ID, f)
		}
		found[f.ID] = f.Severity + ": " + f.Summary + " " + f.Evidence
	}
	return found
}

// captureOf is the file name of the capture that write makes.
func captureOf(t *testing.T, write func(*trafficWriter)) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "capture.pcap")
	var b bytes.Buffer
	w := &trafficWriter{t: t, w: pcapgo.NewWriterNanos(&b), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), snap: 65536}
	if err := w.w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	write(w)
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// effect is the command of a remedy that shows what it does.
var effect = regexp.MustCompile("[Ii]ts effect: `([^`]*)`")

type finding struct{ ID, Severity, Summary, Evidence, Remedy string }

// findingsWith are those of a command line.
func findingsWith(t *testing.T, line []string) []finding {
	t.Helper()
	var stdout, stderr strings.Builder
	if status := run(append(line, "--format", "json"), strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Fatalf("%q: status %d: %s", line, status, stderr.String())
	}
	var rep struct{ Findings []finding }
	if err := json.Unmarshal([]byte(stdout.String()), &rep); err != nil {
		t.Fatal(err)
	}
	return rep.Findings
}

// Each finding is found where the problem is, and not where it nearly is.
func TestFindings(t *testing.T) {
	healthy := func(w *trafficWriter) { w.even(2000, 3) }
	for k, test := range []struct {
		id          string
		args        []string
		has, nearly func(*trafficWriter)
		nearlyArgs  []string
		figures     []string // that the sentences must have
	}{
		{
			id: "elephant-flow",
			has: func(w *trafficWriter) {
				w.even(1000, 1)
				for range 300 {
					w.tcp(5000)
				}
			},
			nearly: func(w *trafficWriter) {
				w.even(1000, 1)
				for range 100 {
					w.tcp(5000)
				}
			},
			figures: []string{"23.1%", "300 of 1,300 packets", "1.85 times"},
		}, {
			// The same where rings drop most of it: what the CPUs take looks even then.
			id: "elephant-flow", args: []string{"--packet-cost", "2ms", "--rx-ring", "16"}, nearlyArgs: []string{"--packet-cost", "2ms", "--rx-ring", "16"},
			has: func(w *trafficWriter) {
				w.even(1000, 1)
				w.even(1, 300)
			},
			nearly: func(w *trafficWriter) {
				w.even(1000, 1)
				w.even(1, 100)
			},
			figures: []string{"23.2%", "dropped ones included"},
		}, {
			id:      "single-flow",
			has:     func(w *trafficWriter) { w.even(20, 1); w.even(1, 980) },
			nearly:  func(w *trafficWriter) { w.even(1, 1000); w.even(500, 1) },
			figures: []string{"98.1%", "one CPU of 8"},
		}, {
			id:      "few-flows",
			has:     func(w *trafficWriter) { w.even(16, 100) },
			nearly:  healthy,
			figures: []string{"16 flows, worth 16 of equal size, are few for 8 CPUs", ": another key, or other ephemeral ports, changes it"},
		}, {
			id: "few-flows", // without ports
			has: func(w *trafficWriter) {
				for i := range 1600 {
					w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(i%16, layers.IPProtocolICMPv4), gopacket.Payload(make([]byte, 64)))
				}
			},
			nearly:  healthy,
			figures: []string{": another key changes it"},
		}, {
			// The key repeats after 16 bits, and so does each source address: nothing is left of it.
			id: "uneven-hash", args: []string{"--key", "symmetric"}, nearlyArgs: nil,
			has:     func(w *trafficWriter) { w.repeating(2000) },
			nearly:  func(w *trafficWriter) { w.repeating(2000) },
			figures: []string{"of 1,000 random spreads 999", "2,000 distinct inputs"},
		}, {
			id: "weak-key", args: []string{"--key", strings.Repeat("ff", 40)}, nearlyArgs: []string{"--key", "symmetric"},
			has: healthy, nearly: healthy,
			figures: []string{"problem", "at most 2 of the indirection table's 128 entries", "1 of its 7 bits"},
		}, {
			// A single bit, of which the index hears no more than as many of the input.
			id: "weak-key", args: []string{"--key", strings.Repeat("00", 13) + "80" + strings.Repeat("00", 26)}, nearlyArgs: nil,
			has: healthy, nearly: healthy,
			figures: []string{"only 7 of 96 bits"},
		}, {
			id: "uneven-table", args: []string{"--cpus", "4", "--layout", "weight:3,1,2,2"}, nearlyArgs: []string{"--cpus", "4", "--layout", "weight:2,2,2,2"},
			has: healthy, nearly: healthy,
			figures: []string{"one CPU 48 of its 128 entries, another 16", "1.50 × its fair share"},
		}, {
			id: "few-inputs", args: []string{"--rx-flow-hash", "tcp4=sd"}, nearlyArgs: nil,
			has: gateway, nearly: gateway,
			figures: []string{"1,000 flows have 3 pairs of addresses", "3 distinct hash inputs"},
		}, {
			// Two flows of a tenth each: on one CPU, and on two.
			id:     "colliding-flows",
			has:    func(w *trafficWriter) { w.even(2000, 2); w.heavy(500, 2003, 2005) },
			nearly: func(w *trafficWriter) { w.even(2000, 2); w.heavy(60, 2003, 2004) },
		}, {
			id:      "elephant-bytes",
			has:     func(w *trafficWriter) { w.even(2000, 2); w.big(200) },
			nearly:  func(w *trafficWriter) { w.even(2000, 2); w.big(60) },
			figures: []string{"of the received bytes"},
		}, {
			// A flow that has most of a tenth of the time.
			id: "hot-window", args: []string{"--interval", "5ms"}, nearlyArgs: []string{"--interval", "5ms"},
			has:     func(w *trafficWriter) { w.even(2000, 1); w.phase(800); w.even(2000, 2) },
			nearly:  func(w *trafficWriter) { w.even(2000, 1); w.phase(150); w.even(2000, 2) },
			figures: []string{"entry "},
		}, {
			id:      "clock-still",
			has:     func(w *trafficWriter) { w.still = true; w.even(300, 1) },
			nearly:  func(w *trafficWriter) { w.still = true; w.even(300, 1); w.still = false; w.even(300, 1) },
			figures: []string{"All 300 packets have the same timestamp"},
		}, {
			id:      "only-sent",
			has:     func(w *trafficWriter) { w.answers(400) },
			nearly:  func(w *trafficWriter) { w.answers(400); w.even(1, 1) },
			figures: []string{"192.0.2.1"},
		}, {
			id:      "one-direction-partly",
			has:     func(w *trafficWriter) { w.conversations(400, 10) },
			nearly:  func(w *trafficWriter) { w.conversations(400, 100) },
			figures: []string{"Of 400 connections 40 have both"},
		}, {
			id: "long-moderation", args: []string{"--rx-usecs", "1ms", "--rx-frames", "0"}, nearlyArgs: []string{"--rx-usecs", "100us", "--rx-frames", "0"},
			has: healthy, nearly: healthy,
			figures: []string{"rx-usecs is 1000"},
		}, {
			id: "microburst", args: []string{"--rx-ring", "64"}, nearlyArgs: []string{"--rx-ring", "1024"},
			has: bursts, nearly: bursts,
			figures: []string{"a ring of 64 buffers", "time enough on the mean", "within 50 µs, and up to 120 within 500 µs"},
		}, {
			id: "unhashed",
			has: func(w *trafficWriter) {
				w.even(1000, 1)
				for range 100 {
					w.packet(ethernet(layers.EthernetTypeMPLSUnicast), gopacket.Payload(make([]byte, 60)))
				}
			},
			nearly: func(w *trafficWriter) {
				w.even(1000, 1)
				for range 60 {
					w.packet(ethernet(layers.EthernetTypeMPLSUnicast), gopacket.Payload(make([]byte, 60)))
				}
			},
			figures: []string{"9.1%", "not_ip 100", "queue 0 on CPU 0"},
		}, {
			id: "no-hash-type", args: []string{"--hash-types", "tcp_ipv4"}, nearlyArgs: []string{"--hash-types", "tcp_ipv4,ipv4"},
			has: func(w *trafficWriter) {
				w.even(1000, 1)
				udp(w, 100)
			},
			nearly: func(w *trafficWriter) {
				w.even(1000, 1)
				udp(w, 100)
			},
			figures: []string{"9.1%", "enabled are tcp_ipv4"},
		}, {
			id: "one-queue", args: []string{"--layout", "equal:1"}, nearlyArgs: []string{"--layout", "equal:2"},
			has: healthy, nearly: healthy,
			figures: []string{"All 128 entries", "queue 0"},
		}, {
			id: "cpus-missed", args: []string{"--cpus", "8", "--layout", "equal:6"}, nearlyArgs: []string{"--cpus", "6", "--layout", "equal:6"},
			has: healthy, nearly: healthy,
			figures: []string{"warning", "2 of 8 CPUs", "CPUs 6-7"},
		}, {
			id: "cpus-missed", args: []string{"--nic", "igb", "--cpus", "12"}, nearlyArgs: []string{"--nic", "igb", "--cpus", "8"},
			has: healthy, nearly: healthy,
			figures: []string{"4 of 12 CPUs", "RSS of this NIC reaches at most 8 queues."},
		}, {
			id: "cpus-missed", args: []string{"--nic", "igb", "--cpus", "12", "--queues", "4"}, nearlyArgs: []string{"--nic", "igb", "--cpus", "8"},
			has: healthy, nearly: healthy,
			figures: []string{"8 of 12 CPUs", "RSS of this NIC reaches at most 8 queues."},
		}, {
			id: "cpus-missed", args: []string{"--layout", "equal:7"}, nearlyArgs: []string{"--layout", "equal:8"},
			has: healthy, nearly: healthy,
			figures: []string{"note", "1 of 8 CPUs", "That there are 8 CPUs is an assumption"},
		}, { // a rule feeds it, where there are packets for it
			id: "cpus-missed", args: []string{"--cpus", "8", "--layout", "equal:7", "--rule", "flow-type sctp4 action 7"}, nearlyArgs: []string{"--cpus", "8", "--layout", "equal:7", "--rule", "flow-type tcp4 action 7"},
			has: healthy, nearly: healthy,
			figures: []string{"warning", "1 of 8 CPUs", "CPU 7"},
		}, {
			id: "uneven-table", args: []string{"--cpus", "4", "--layout", "weight:3,1,2,2"}, nearlyArgs: []string{"--cpus", "4", "--layout", "equal:3", "--rule", "flow-type tcp4 action 3"},
			has: healthy, nearly: healthy,
			figures: []string{"gives one CPU 48 of its 128 entries"},
		}, {
			id: "lopsided-table", args: []string{"--cpus", "4", "--layout", "list:" + lopsided(104)}, nearlyArgs: []string{"--cpus", "4", "--layout", "list:" + lopsided(56)},
			has: healthy, nearly: healthy,
			figures: []string{"Queue 0 has 104 of the indirection table's 128 entries, the next one 8"},
		}, {
			id: "uneven-table", args: []string{"--cpus", "96"}, nearlyArgs: []string{"--cpus", "32"},
			has: healthy, nearly: healthy,
			figures: []string{"128 entries can't be shared out evenly over 96 CPUs"},
		}, {
			id: "queues-share-cpu", args: []string{"--cpus", "4", "--affinity", "0,0,1,2"}, nearlyArgs: []string{"--cpus", "4", "--affinity", "3,0,1,2"},
			has: healthy, nearly: healthy,
			figures: []string{"2 queues share CPU 0, while 1 CPU in use has no queue"},
		}, {
			id: "ring-overflow", args: []string{"--rx-ring", "16", "--packet-cost", "200us"}, nearlyArgs: []string{"--rx-ring", "512", "--packet-cost", "20us"},
			has: healthy, nearly: healthy,
			figures: []string{"problem", "its ring of 16 is full"},
		}, {
			id: "cpu-saturated", args: []string{"--packet-cost", "100us"}, nearlyArgs: []string{"--packet-cost", "40us"},
			has: healthy, nearly: healthy,
		}, {
			id: "udp-fragments", nearlyArgs: []string{"--rx-flow-hash", "udp4=sd"},
			has: fragmented, nearly: fragmented,
			figures: []string{"warning: ", "of 40 fragments", "where these are of the same ports, they may overtake", " -o ip.defragment:FALSE", "udp.srcport"},
		}, {
			// A few strays are none to begin a report with.
			id: "udp-fragments", nearlyArgs: []string{"--rx-flow-hash", "udp4=sd"},
			has:     func(w *trafficWriter) { w.even(1000, 45); fragmented(w) },
			nearly:  func(w *trafficWriter) { w.even(1000, 45); fragmented(w) },
			figures: []string{"note: ", "of 40 fragments"},
		}, {
			// Few pairs of addresses, many ports.
			id: "udp-without-ports", args: []string{"--rx-flow-hash", "udp4=sd"}, nearlyArgs: []string{"--rx-flow-hash", "udp4=sdfn"},
			has: udpPairs, nearly: udpPairs,
			figures: []string{"100.0%", "1,000 flows have 3 pairs of addresses"},
		}, {
			// The same, and nothing says which fields the NIC hashes; or as many pairs as flows.
			id:  "udp-ports-assumed",
			has: udpPairs, nearly: func(w *trafficWriter) {
				for range 40 {
					udp(w, 20)
				}
			},
			figures: []string{"warning", "100.0% of the received packets are UDP", "3 pairs of addresses"},
		}, {
			id: "udp-ports-assumed", nearlyArgs: []string{"--nic", "mlx5"},
			has: udpPairs, nearly: udpPairs,
		}, {
			// Not both-directions, whose remedy would be to name the address.
			id:  "loopback",
			has: func(w *trafficWriter) { w.ofLoopback(300); w.even(200, 1) }, nearly: func(w *trafficWriter) { w.ofLoopback(300); w.even(400, 1) },
			figures: []string{"warning", "60.0% of the packets", "300 of 500 packets"},
		}, {
			id: "asymmetric-connections", args: []string{"--local", "none"}, nearlyArgs: []string{"--local", "none", "--key", "symmetric"},
			has: connections, nearly: connections,
			figures: []string{"of 400 connections"},
		}, {
			id: "both-directions", nearlyArgs: []string{"--local", "192.0.2.0/24"},
			has: connections, nearly: connections,
			figures: []string{"800 of 800 flows"},
		}, {
			// A test between two hosts: one connection, and either may have captured.
			id: "both-directions", nearlyArgs: []string{"--local", "192.0.2.1"},
			has: twoHosts, nearly: twoHosts,
			figures: []string{"warning", "2 of 2 flows", "198.51.0.0 and 192.0.2.1 are both in all 600"},
		}, {
			// The host's IPv4 address is in all packets, and two of its IPv6 addresses.
			id: "both-directions", nearlyArgs: []string{"--local", "192.0.2.1,2001:db8::/64"},
			has:     func(w *trafficWriter) { w.conversation(100); w.conversations6(100) },
			nearly:  func(w *trafficWriter) { w.conversation(100); w.conversations6(100) },
			figures: []string{"warning", "200 of 300 flows", "Of IPv6, which 66.7% of the received packets are, which side captured is not known"},
		}, {
			id:      "both-directions",
			has:     func(w *trafficWriter) { w.conversation(1000); w.conversations6(50) },
			nearly:  func(w *trafficWriter) { w.conversation(1000); w.conversations6(20) },
			figures: []string{"note", "9.1%"},
		}, {
			id:   "driver-transforms",
			args: []string{"--nic", "mlx5", "--key", "microsoft", "--xfrm", "none"}, nearlyArgs: []string{"--nic", "mlx5", "--key", "microsoft"},
			has: healthy, nearly: healthy,
			figures: []string{"symmetric-or-xor", "xfrm is none by --xfrm"},
		}, {
			id: "ports-cut",
			has: func(w *trafficWriter) {
				w.even(1000, 1)
				w.snap = 34
				w.even(20, 1)
			},
			nearly: func(w *trafficWriter) {
				w.even(1000, 1)
				w.snap = 34
				w.even(5, 1)
			},
			figures: []string{"ports of 20 packets"},
		}, {
			// Ports that the NIC does not hash are no loss.
			id: "ports-cut", args: []string{"--nic", "ice"}, nearlyArgs: []string{"--nic", "qemu-igb"},
			has:     func(w *trafficWriter) { w.snap = 34; udp(w, 300) },
			nearly:  func(w *trafficWriter) { w.snap = 34; udp(w, 300) },
			figures: []string{"ports of 300 packets"},
		}, {
			// Frames that are short on the wire have no IP header for the NIC either.
			id:      "ports-cut",
			has:     func(w *trafficWriter) { w.snap = 20; w.even(300, 1) },
			nearly:  func(w *trafficWriter) { w.even(1000, 1); w.runts(300) },
			figures: []string{"IP header of 300 packets", "100.0% of 300 packets"},
		}, {
			id:      "unhashed",
			has:     func(w *trafficWriter) { w.even(1000, 1); w.runts(300) },
			nearly:  func(w *trafficWriter) { w.even(1000, 1); w.snap = 20; w.even(300, 1) },
			figures: []string{"short_ip_header 300"},
		},
		{
			id:      "clock-leap",
			has:     func(w *trafficWriter) { w.even(100, 1); w.now = w.now.AddDate(2, 0, 0); w.even(100, 1) },
			nearly:  func(w *trafficWriter) { w.even(100, 1); w.now = w.now.Add(9 * time.Second); w.even(100, 1) },
			figures: []string{"1 timestamp leaps ahead, that of packet 101"},
		}, {
			// An hour of silence between two captures, and one that is an hour long.
			id:  "clock-leap",
			has: func(w *trafficWriter) { w.even(100, 1); w.now = w.now.Add(time.Hour); w.even(100, 1) },
			nearly: func(w *trafficWriter) {
				for range 200 {
					w.even(1, 1)
					w.now = w.now.Add(18 * time.Second)
				}
			},
			figures: []string{"No packet for 60.0 min before packet 101"},
		}, {
			id:  "coalesced",
			has: func(w *trafficWriter) { w.even(100, 1); w.segments(7, 5, 3, 2) },
			// Full frames, none of them longer than the link carries.
			nearly:  func(w *trafficWriter) { w.even(100, 1); w.segments(1, 1, 1, 1) },
			figures: []string{"20 "},
		}, {
			// Segments that the host itself was yet to part never came to its NIC.
			id: "coalesced", args: []string{"--local", "none"}, nearlyArgs: []string{"--local", "192.0.2.0/24"},
			has:    func(w *trafficWriter) { w.even(100, 1); w.upload(20) },
			nearly: func(w *trafficWriter) { w.even(100, 1); w.upload(20) },
		}, {
			id:  "qinq",
			has: func(w *trafficWriter) { w.even(1000, 1); w.tagged(500, 2) },
			// One tag each NIC reads.
			nearly:  func(w *trafficWriter) { w.even(1000, 1); w.tagged(500, 1) },
			figures: []string{"33.3%", "500 packets", "2.67 × its fair share"},
		}, {
			id:      "tunnel",
			has:     func(w *trafficWriter) { w.even(100, 1); w.gre(400, 1) },
			nearly:  func(w *trafficWriter) { w.even(100, 1); w.gre(400, 200) },
			figures: []string{"gre", "80.0%", "inside"},
		}, {
			// Of a tunnel's one flow it is not the tunnel that is to blame.
			id:  "elephant-flow",
			has: func(w *trafficWriter) { w.even(200, 1); w.greOfOne(400) },
			nearly: func(w *trafficWriter) {
				w.even(200, 1)
				w.gre(400, 1)
			},
			figures: []string{"66.7%", "400 of 600 packets"},
		}, {
			id:      "tunnel",
			has:     func(w *trafficWriter) { w.even(200, 1); w.gre(400, 1) },
			nearly:  func(w *trafficWriter) { w.even(200, 1); w.greOfOne(400) },
			figures: []string{"66.7%"},
		}, {
			// RPS parts a tunnel that the stack looks into by the flows inside.
			id: "single-flow", args: []string{"--rps", "0-7"}, nearlyArgs: []string{"--rps", "0-7"},
			has:     func(w *trafficWriter) { w.even(1, 1000) },
			nearly:  func(w *trafficWriter) { w.gre(1000, 1) },
			figures: []string{"100.0%"},
		}, {
			id: "rps-hot", args: []string{"--rps", "0-7"}, nearlyArgs: []string{"--rps", "0-7"},
			has:     func(w *trafficWriter) { w.even(30, 100) },
			nearly:  func(w *trafficWriter) { w.even(300, 10) },
			figures: []string{"warning", "30 flows, worth 30 of equal size, are few for RPS over 8 CPUs", "these flows on random CPUs"},
		}, {
			// The same load, once by chance and once by a flow.
			id: "elephant-flow", args: []string{"--rps", "0-7"}, nearlyArgs: []string{"--rps", "0-7"},
			has:     func(w *trafficWriter) { w.even(1000, 1); w.even(1, 300) },
			nearly:  func(w *trafficWriter) { w.gre(300, 1) },
			figures: []string{"at least 1.85 times a fair share, whatever the masks of RPS"},
		}, {
			// Masks of half the CPUs, and of all.
			id: "rps-hot", args: []string{"--rps", "0-3"}, nearlyArgs: []string{"--rps", "0-7"},
			has:     healthy,
			nearly:  healthy,
			figures: []string{"4 CPUs of the 8 in use take no packet", "Even traffic would load the busiest CPU with 2.00 × its fair share"},
		}, {
			// A clock set back by 300 ms, and packets a little out of order.
			id:      "clock-leap",
			has:     func(w *trafficWriter) { w.even(1000, 10); w.now = w.now.Add(-30 * time.Millisecond); w.even(1000, 10) },
			nearly:  func(w *trafficWriter) { w.even(1000, 10); w.now = w.now.Add(-500 * time.Microsecond); w.even(1000, 10) },
			figures: []string{"packets lie before an earlier one, by up to"},
		}, {
			id:  "copied-packets",
			has: func(w *trafficWriter) { w.numbered(1000, 2, func(i, _ int) int { return 1 + i }) },
			// Sent again, each packet has another number.
			nearly:  func(w *trafficWriter) { w.numbered(1000, 2, func(i, k int) int { return 1 + 2*i + k }) },
			figures: []string{"of the first 1,024 packets of IPv4 that are numbered, 512 are copies", "1,024 are 512 packets, the same to the byte, within 10.0 µs"},
		}, {
			// A generator numbers all packets alike, or not at all.
			id:  "copied-packets",
			has: func(w *trafficWriter) { w.numbered(100, 4, func(i, _ int) int { return 1 + i }); w.even(600, 1) },
			nearly: func(w *trafficWriter) {
				w.numbered(300, 2, func(int, int) int { return 7 })
				w.numbered(300, 2, func(int, int) int { return 0 })
			},
			figures: []string{"of the first 400 packets of IPv4 that are numbered, 300 are copies"},
		}, {
			// Too few to be more than an accident.
			id: "copied-packets",
			has: func(w *trafficWriter) {
				w.numbered(600, 1, func(i, _ int) int { return 1 + i })
				w.numbered(40, 2, func(i, _ int) int { return 1000 + i })
			},
			nearly: func(w *trafficWriter) {
				w.numbered(600, 1, func(i, _ int) int { return 1 + i })
				w.numbered(20, 2, func(i, _ int) int { return 1000 + i })
			},
			figures: []string{"40 are copies", "flows that are copied have more than their share"},
		},
	} {
		t.Run(fmt.Sprintf("%s %d", test.id, k), func(t *testing.T) {
			t.Parallel()
			found := findingsOf(t, test.args, test.has)
			said, ok := found[test.id]
			if !ok {
				t.Errorf("not found; there are %q", found)
			}
			for _, figure := range test.figures {
				if !strings.Contains(said, figure) {
					t.Errorf("%q does not say %q", said, figure)
				}
			}
			if said, ok := findingsOf(t, test.nearlyArgs, test.nearly)[test.id]; ok {
				t.Errorf("found where it only nearly is: %s", said)
			}
		})
	}
	t.Run("healthy", func(t *testing.T) {
		if found := findingsOf(t, nil, healthy); len(found) > 0 {
			t.Errorf("a healthy capture has %q", found)
		}
	})
}

// What is of no network's link type is not said to be a NIC's load, nor that RPS would not
// spread it.
func TestUnreadLink(t *testing.T) {
	t.Parallel()
	path := captureOf(t, func(w *trafficWriter) { w.even(300, 1) })
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(data[20:], 220)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	all := findingsWith(t, []string{"rssreplay", path, "--cpus", "8"})
	if len(all) != 1 || all[0].ID != "unread-link" || !strings.Contains(all[0].Summary, "100.0%") || !strings.Contains(all[0].Summary, "(usb_linux_mmapped)") {
		t.Errorf("found are %q", all)
	}
}

// Of Wi-Fi as a radio hears it, what can't be read is no load of a NIC's, and what can be is
// as of Ethernet.
func TestUnreadWireless(t *testing.T) {
	t.Parallel()
	const radiotap, ppi, ethernet = 127, 192, 1
	heard := []byte{0, 0, 8, 0, 0, 0, 0, 0} // a radiotap header without fields
	beacon := slices.Concat(heard, []byte{0x80, 0, 0, 0}, make([]byte, 40))
	acknowledgement := slices.Concat(heard, []byte{0xd4, 0, 0, 0}, make([]byte, 6))
	encrypted := slices.Concat(heard, []byte{0x08, 0x42}, make([]byte, 70))
	open := func(port int) []byte {
		ip := slices.Clone(tcp4[14:])
		binary.BigEndian.PutUint16(ip[20:], uint16(port))
		return slices.Concat(heard, []byte{0x08, 0x02}, make([]byte, 22), []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, ip)
	}
	write := func(link int, frames func(i int) []byte) string {
		f := &captureFile{}
		f.header(link)
		for i := range 800 {
			f.packet(frames(i))
		}
		path := filepath.Join(t.TempDir(), "air.pcap")
		if err := os.WriteFile(path, f.bytes, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const filter = "--filter 'ip or ip6'"
	for _, test := range []struct {
		name  string
		path  string
		share string // of the finding; "" for none
		rest  bool   // there is something else to replay
	}{
		{"no data", write(radiotap, func(i int) []byte { return [][]byte{beacon, acknowledgement, encrypted}[i%3] }), "100.0%", false},
		{"no data, as Kismet has it", write(ppi, func(i int) []byte {
			return slices.Concat([]byte{0, 0, 8, 0, 105, 0, 0, 0}, [][]byte{beacon, acknowledgement, encrypted}[i%3][len(heard):])
		}), "100.0%", false},
		{"mostly none", write(radiotap, func(i int) []byte { return [][]byte{beacon, acknowledgement, encrypted, open(i)}[i%4] }), "75.0%", true},
		{"mostly open", write(radiotap, func(i int) []byte { return [][]byte{beacon, open(i), open(i), open(i)}[i%4] }), "25.0%", true},
		{"open", write(radiotap, func(i int) []byte {
			if i%20 == 0 {
				return beacon
			}
			return open(i)
		}), "", false},
		{"not Wi-Fi", write(ethernet, func(int) []byte { return arp }), "", false},
	} {
		all := findingsWith(t, []string{"rssreplay", test.path, "--cpus", "8"})
		at := slices.IndexFunc(all, func(f finding) bool { return f.ID == "unread-link" })
		unhashed := slices.ContainsFunc(all, func(f finding) bool { return f.ID == "unhashed" })
		switch {
		case test.share == "":
			if at >= 0 || unhashed != (test.name == "not Wi-Fi") {
				t.Errorf("%s: found are %q", test.name, all)
			}
		case at < 0 || unhashed:
			t.Errorf("%s: found are %q", test.name, all)
		case !strings.HasPrefix(all[at].Summary, test.share+" of the received packets are Wi-Fi frames") || strings.Contains(all[at].Remedy, filter) != test.rest:
			t.Errorf("%s: %q", test.name, all[at])
		}
		if test.rest && cgo { // the filter needs libpcap
			if all := findingsWith(t, []string{"rssreplay", test.path, "--cpus", "8", "--filter", "ip or ip6"}); len(all) != 0 {
				t.Errorf("%s: of the rest, found are %q", test.name, all)
			}
		}
	}
}

// Windows has no ethtool to tell whether UDP's ports are hashed.
func TestUDPPortsUnderWindows(t *testing.T) {
	t.Parallel()
	table := filepath.Join(t.TempDir(), "rss.txt")
	text := "Name : Ethernet\nInterfaceDescription : NIC\nEnabled : True\nNumberOfReceiveQueues : 4\nProfile : NUMAStatic\nMaxProcessors : 4\n" +
		"RssProcessorArray: [Group:Number/NUMA Distance] : 0:0/0 0:2/0 0:4/0 0:6/0\nIndirectionTable: [Group:Number] : " + strings.Repeat("0:0 0:2 0:4 0:6 ", 32) + "\n"
	if err := os.WriteFile(table, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	all := findingsWith(t, []string{"rssreplay", captureOf(t, udpPairs), "--table", table, "--key", "microsoft"})
	at := slices.IndexFunc(all, func(f finding) bool { return f.ID == "udp-ports-assumed" })
	if at < 0 || strings.Contains(all[at].Remedy, "ethtool") || !strings.Contains(all[at].Remedy, "--rx-flow-hash udp4=sd") {
		t.Errorf("found are %q", all)
	}
}

// The command that is told leaves out what is of loopback.
func TestLoopbackLeftOut(t *testing.T) {
	t.Parallel()
	path := captureOf(t, func(w *trafficWriter) { w.ofLoopback(300); w.even(200, 1) })
	const filter = "not net 127.0.0.0/8 and not ip6 host ::1"
	if all := findingsWith(t, []string{"rssreplay", path}); len(all) == 0 || !strings.Contains(all[0].Remedy, "--filter '"+filter+"'") {
		t.Errorf("found are %q", all)
	}
	if cgo { // the filter needs libpcap
		all := findingsWith(t, []string{"rssreplay", path, "--filter", filter})
		if slices.ContainsFunc(all, func(f finding) bool { return f.ID == "loopback" }) {
			t.Errorf("without them, found are %q", all)
		}
	}
}

// evenPackets reads 600 packets of Ethernet, of as many flows.
func evenPackets(t *testing.T) *pcapgo.Reader {
	t.Helper()
	ethernet, err := os.ReadFile(captureOf(t, func(w *trafficWriter) { w.even(600, 1) }))
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewReader(bytes.NewReader(ethernet))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A capture of all interfaces has what no NIC receives, and the command that is told leaves
// one NIC's packets.
func TestSeveralInterfaces(t *testing.T) {
	t.Parallel()
	capture := func(loopback int) string {
		r := evenPackets(t)
		var b bytes.Buffer
		w := pcapgo.NewWriterNanos(&b)
		if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
			t.Fatal(err)
		}
		binary.LittleEndian.PutUint32(b.Bytes()[20:], uint32(pcaps.LinkSLL2))
		for i := range 600 {
			data, info, err := r.ReadPacketData()
			if err != nil {
				t.Fatal(err)
			}
			head := []byte{8, 0, 0, 0, 0, 0, 0, 7, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0} // interface 7
			if i < loopback {
				copy(head[7:], []byte{1, 772 >> 8, 772 & 255}) // interface 1
			}
			data = append(head, data[14:]...)
			info.CaptureLength, info.Length = len(data), len(data)
			if err := w.WritePacket(info, data); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "any.pcap")
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	told := func(line ...string) *finding {
		for _, f := range findingsWith(t, append([]string{"rssreplay", "--mode", "rss-msix"}, line...)) {
			if f.ID == "several-interfaces" {
				return &f
			}
		}
		return nil
	}
	path := capture(400)
	f := told(path)
	if f == nil {
		t.Fatal("not found")
	}
	if want := "of the first 600 received, 66.7% are interface 1's (loopback), 33.3% are interface 7's."; !strings.HasSuffix(f.Summary, want) {
		t.Errorf("%q does not end with %q", f.Summary, want)
	}
	if !strings.Contains(f.Remedy, "--filter 'ifindex 7'`") {
		t.Errorf("the remedy leaves no NIC: %q", f.Remedy)
	}
	if cgo { // the filter needs libpcap
		if f := told(path, "--filter", "ifindex 7"); f != nil {
			t.Errorf("of one interface: %s", f.Summary)
		}
	}
	if f := told(capture(29)); f != nil {
		t.Errorf("of 29 packets in 600: %s", f.Summary)
	}
}

// So has a capture of two NICs that describes them; but one NIC may be described twice.
func TestSeveralDescribed(t *testing.T) {
	t.Parallel()
	capture := func(names ...string) string {
		r := evenPackets(t)
		var b bytes.Buffer
		of := func(name string) pcapgo.NgInterface {
			return pcapgo.NgInterface{Name: name, LinkType: layers.LinkTypeEthernet}
		}
		w, err := pcapgo.NewNgWriterInterface(&b, of(names[0]), pcapgo.DefaultNgWriterOptions)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.AddInterface(of(names[1])); err != nil {
			t.Fatal(err)
		}
		for i := range 600 {
			data, info, err := r.ReadPacketData()
			if err != nil {
				t.Fatal(err)
			}
			if i >= 400 {
				info.InterfaceIndex = 1
			}
			if err := w.WritePacket(info, data); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "two.pcapng")
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		names  []string
		flags  []string
		want   string // how the summary ends; "": not found
		leaves string
	}{
		{[]string{"eth0", "eth1"}, nil, "66.7% are interface 0's (eth0), 33.3% are interface 1's (eth1).", "frame.interface_id==0"},
		{[]string{"lo", "eth1"}, nil, "66.7% are interface 0's (loopback), 33.3% are interface 1's (eth1).", "frame.interface_id==1"},
		{[]string{"eth0", "eth1"}, []string{"--anonymize"}, "66.7% are interface 0's, 33.3% are interface 1's.", "frame.interface_id==0"},
		{[]string{"eth0", "eth0"}, nil, "", ""},
		{[]string{"eth0", ""}, nil, "", ""},
	} {
		var told *finding
		for _, f := range findingsWith(t, append([]string{"rssreplay", "--mode", "rss-msix", capture(test.names...)}, test.flags...)) {
			if f.ID == "several-interfaces" {
				told = &f
			}
		}
		switch {
		case test.want == "" && told != nil:
			t.Errorf("%q: %s", test.names, told.Summary)
		case test.want == "":
		case told == nil:
			t.Errorf("%q: not found", test.names)
		case !strings.HasSuffix(told.Summary, test.want) || !strings.Contains(told.Remedy, test.leaves):
			t.Errorf("%q: %s %s", test.names, told.Summary, told.Remedy)
		}
	}
}

// Where the queue that takes all goes to another CPU meanwhile, no sentence names one that takes all.
func TestOneQueueMoves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	affinity := func(text string) string {
		path := filepath.Join(dir, fmt.Sprint(len(text)))
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return "1us=" + path
	}
	for name, test := range map[string]struct {
		args  []string
		write func(*trafficWriter)
		want  []string
	}{
		"no hash": {[]string{"--affinity-at", affinity("3\n2\n1\n0\n")}, func(w *trafficWriter) {
			for range 300 {
				w.packet(gopacket.Payload(arp))
			}
		}, []string{"No packet has a hash: all go to queue 0 on one CPU at a time, whatever the key.", "and all go to queue 0 on one CPU at a time. [unhashed]"}},
		"no type": {[]string{"--hash-types", "ipv6", "--affinity-at", affinity("3\n2\n1\n0\n")}, func(w *trafficWriter) { w.even(300, 3) },
			[]string{"and all go to queue 0 on one CPU at a time. [no-hash-type]"}},
		"a queue": {[]string{"--queues", "1", "--affinity-at", affinity("3\n")}, func(w *trafficWriter) { w.even(300, 3) },
			[]string{"There is one receive queue: all packets go to one CPU at a time, whatever the key."}},
	} {
		var stdout, stderr strings.Builder
		if status := run(slices.Concat([]string{"rssreplay", captureOf(t, test.write), "--cpus", "4", "--width", "200"}, test.args), strings.NewReader(""), &stdout, &stderr); status != exitDone {
			t.Fatalf("%s: status %d: %s", name, status, stderr.String())
		}
		for _, want := range test.want {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%s has no %q:\n%.1500s", name, want, stdout.String())
			}
		}
	}
}

// A spread is called typical only if the capture bears it.
func TestSpreadIsTypical(t *testing.T) {
	t.Parallel()
	cut := func(w *trafficWriter) { w.snap = 34; w.even(300, 3) }
	// Of these the default key leads all to one CPU, and four to each.
	colliding := []int{1, 6, 13, 18, 27, 29, 42, 65}
	apart := []int{1, 6, 13, 18, 8, 11, 14, 24, 2, 5, 17, 26, 10, 15, 34, 39, 0, 21, 35, 38, 3, 9, 19, 25, 12, 16, 22, 28, 4, 7, 20, 23}
	table := filepath.Join(t.TempDir(), "table.txt")
	text := "RX flow hash indirection table for eth0 with 8 RX ring(s):\n    0:  0 1 2 3 4 5 6 7\nRSS hash key:\n" + strings.Repeat("5e:17:", 19) + "5e:17\n"
	if err := os.WriteFile(table, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args  []string
		write func(*trafficWriter)
		want  string
	}{
		"healthy":  {nil, func(w *trafficWriter) { w.even(300, 3) }, "(default key); the spread is typical."},
		"cut":      {nil, cut, "(default key), and so is the spread: packets are cut off."},
		"loopback": {nil, func(w *trafficWriter) { w.ofLoopback(300) }, "(default key); so is the spread."},
		"no hash": {nil, func(w *trafficWriter) {
			for range 300 {
				w.packet(gopacket.Payload(arp))
			}
		}, "No packet has a hash: all go to queue 0 on CPU 0, whatever the key."},
		"UDP":        {nil, udpPairs, "(default key); the spread depends on UDP's hash."},
		"own key":    {[]string{"--key", "symmetric"}, cut, "and affinity (default), but for packets that are cut off."},
		"colliding":  {nil, func(w *trafficWriter) { w.heavy(30, colliding...) }, "(default key); 95% of random spreads are more even."},
		"dropped":    {[]string{"--packet-cost", "1ms", "--rx-ring", "8"}, func(w *trafficWriter) { w.heavy(30, colliding...); w.even(300, 1) }, "(default key); 95% of random spreads are more even."},
		"nearly one": {[]string{"--packet-cost", "2ms"}, func(w *trafficWriter) { w.heavy(1400, 1); w.heavy(1, 8) }, "(default key); the spread is typical."},
		"apart":      {nil, func(w *trafficWriter) { w.heavy(10, apart...) }, "(default key); 95% of random spreads are less even."},
	} {
		path := captureOf(t, test.write)
		for _, format := range []string{"table", "markdown"} {
			if len(test.args) > 0 && format == "markdown" { // has no sentence on keys that were given
				continue
			}
			var stdout, stderr strings.Builder
			line := append([]string{"rssreplay", path, "--cpus", "8", "--mode", "rss-msix", "--width", "200", "--format", format}, test.args...)
			if status := run(line, strings.NewReader(""), &stdout, &stderr); status != exitDone {
				t.Fatalf("%s: status %d: %s", name, status, stderr.String())
			}
			want := test.want
			if format == "markdown" {
				want = strings.TrimPrefix(want, "(default key)") // of which notes tell more
			}
			if text := stdout.String(); !strings.Contains(text, want) || strings.Count(text, "spread is typical") > strings.Count(want, "spread is typical") {
				t.Errorf("%s: %s has no %q, or more:\n%.600s", name, format, want, text)
			}
		}
		for _, command := range [][]string{{"compare", "--layout", "block"}, {"compare", "--table", table}, {"suggest"}} { // which don't look
			var stdout, stderr strings.Builder
			line := slices.Concat([]string{"rssreplay"}, command, []string{path, "--cpus", "8"}, test.args)
			status := run(line, strings.NewReader(""), &stdout, &stderr)
			if text := stdout.String(); status != exitDone || strings.Contains(text, "typical") {
				t.Errorf("%s: %s: status %d, %s\n%.600s", name, command, status, stderr.String(), text)
			} else if name == "no hash" && (!strings.Contains(text, test.want) || strings.Contains(text, "NIC's own") || strings.Contains(text, "default key")) {
				t.Errorf("%s: %s has no %q, or asks for a key:\n%.600s", name, command, test.want, text)
			}
		}
	}
}

// Nor do compare and suggest say that packets have no hash which are not read: of an unknown link
// type, as of Wi-Fi, or cut off.
func TestUnreadIsNotUnhashed(t *testing.T) {
	for name, write := range map[string]func(*trafficWriter){
		"unknown": func(w *trafficWriter) { w.packet(gopacket.Payload(arp)) },
		"cut":     func(w *trafficWriter) { w.snap = 20; w.even(10, 1) },
	} {
		path := captureOf(t, write)
		if capture, err := os.ReadFile(path); err != nil {
			t.Fatal(err)
		} else if capture[20] = 147; name == "unknown" { // LINKTYPE_USER0
			if err := os.WriteFile(path, capture, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, command := range [][]string{{"compare", "--layout", "block"}, {"suggest"}} {
			var stdout, stderr strings.Builder
			status := run(slices.Concat([]string{"rssreplay"}, command, []string{path}), strings.NewReader(""), &stdout, &stderr)
			if text := stdout.String(); status != exitDone || strings.Contains(text, "No packet has a hash") || !strings.Contains(text, "CPU numbers are illustrative") {
				t.Errorf("%s: %s: status %d, %s\n%.300s", name, command[0], status, stderr.String(), text)
			}
		}
	}
}

// runts writes n frames that end within their IP header.
func (w *trafficWriter) runts(n int) {
	for range n {
		w.packet(gopacket.Payload("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00\x45\x00\x00\x28"))
	}
}

// repeating writes packets of n TCP flows whose source addresses have two equal halves.
func (w *trafficWriter) repeating(n int) {
	for range 3 {
		for i := range n {
			ip := flowIP(0, layers.IPProtocolTCP)
			ip.SrcIP = net.IP{byte(11 + i%50), byte(i / 50), byte(11 + i%50), byte(i / 50)}
			w.packet(ethernet(layers.EthernetTypeIPv4), ip, &layers.TCP{SrcPort: 4096, DstPort: 80})
		}
	}
}

// gateway writes TCP of many ports between three pairs of addresses.
func gateway(w *trafficWriter) {
	for i := range 1000 {
		w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(i%3, layers.IPProtocolTCP), &layers.TCP{SrcPort: layers.TCPPort(1024 + 7*i), DstPort: 80})
	}
}

// heavy writes n packets of each of the flows, in turns.
func (w *trafficWriter) heavy(n int, flows ...int) {
	for range n {
		for _, flow := range flows {
			w.tcp(flow)
		}
	}
}

// big writes n packets of one flow of full frames, each after one of many small ones.
func (w *trafficWriter) big(n int) {
	for i := range n {
		w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(9000, layers.IPProtocolTCP), &layers.TCP{SrcPort: 4000, DstPort: 80}, gopacket.Payload(make([]byte, 1440)))
		w.tcp(i)
	}
}

// phase writes 1,000 packets, n of them of one flow.
func (w *trafficWriter) phase(n int) {
	for i := range 1000 {
		if i*n/1000 != (i+1)*n/1000 {
			w.tcp(8000)
		} else {
			w.tcp(i)
		}
	}
}

// answers writes a packet of a server to each of n clients.
func (w *trafficWriter) answers(n int) {
	for i := range n {
		there := flowIP(i, layers.IPProtocolTCP)
		there.SrcIP, there.DstIP = there.DstIP, there.SrcIP
		w.packet(ethernet(layers.EthernetTypeIPv4), there, &layers.TCP{SrcPort: 443, DstPort: layers.TCPPort(32768 + 7*i)})
	}
}

// conversations writes n connections with servers of several addresses, and the
// answers of percent of them.
func (w *trafficWriter) conversations(n, percent int) {
	for i := range n {
		there := flowIP(i, layers.IPProtocolTCP)
		there.DstIP = net.IP{192, 0, 2, byte(1 + i%5)}
		back := *there
		back.SrcIP, back.DstIP = there.DstIP, there.SrcIP
		port := layers.TCPPort(1024 + i*13)
		w.packet(ethernet(layers.EthernetTypeIPv4), there, &layers.TCP{SrcPort: port, DstPort: 80})
		if i%100 < percent {
			w.packet(ethernet(layers.EthernetTypeIPv4), &back, &layers.TCP{SrcPort: 80, DstPort: port})
		}
	}
}

// bursts writes 120 packets of one flow within 12 µs, and then a millisecond of
// nothing, many times.
func bursts(w *trafficWriter) {
	for i := range 100 {
		for range 120 {
			w.tcp(i)
			w.now = w.now.Add(-9900 * time.Nanosecond)
		}
		w.now = w.now.Add(time.Millisecond)
	}
}

// udp writes n packets of as many UDP flows.
func udp(w *trafficWriter, n int) {
	for i := range n {
		w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(i, layers.IPProtocolUDP), &layers.UDP{SrcPort: layers.UDPPort(1024 + i), DstPort: 53}, gopacket.Payload(make([]byte, 50)))
	}
}

// udpPairs writes UDP of many ports between three pairs of addresses.
func udpPairs(w *trafficWriter) {
	for i := range 1000 {
		w.packet(ethernet(layers.EthernetTypeIPv4), flowIP(i%3, layers.IPProtocolUDP), &layers.UDP{SrcPort: layers.UDPPort(1024 + i), DstPort: 53}, gopacket.Payload(make([]byte, 50)))
	}
}

// ofLoopback writes n packets of a host to itself.
func (w *trafficWriter) ofLoopback(n int) {
	for i := range n {
		ip := flowIP(0, layers.IPProtocolTCP)
		ip.SrcIP, ip.DstIP = net.IP{127, 0, 0, 1}, net.IP{127, 0, 0, 1}
		w.packet(ethernet(layers.EthernetTypeIPv4), ip, &layers.TCP{SrcPort: layers.TCPPort(40000 + i%50), DstPort: 80})
	}
}

// fragmented writes UDP datagrams between 20 pairs of addresses, whole ones and
// some in two fragments.
func fragmented(w *trafficWriter) {
	for range 10 {
		udp(w, 20)
	}
	for i := range 20 {
		first := flowIP(i, layers.IPProtocolUDP)
		first.Flags = layers.IPv4MoreFragments
		w.packet(ethernet(layers.EthernetTypeIPv4), first, &layers.UDP{SrcPort: layers.UDPPort(1024 + i), DstPort: 53}, gopacket.Payload(make([]byte, 56)))
		last := flowIP(i, layers.IPProtocolUDP)
		last.FragOffset = 8
		w.packet(ethernet(layers.EthernetTypeIPv4), last, gopacket.Payload(make([]byte, 56)))
	}
}

// connections writes both directions of 400 connections between two networks.
func connections(w *trafficWriter) {
	for i := range 400 {
		there := flowIP(i, layers.IPProtocolTCP)
		there.DstIP = net.IP{192, 0, 2, byte(1 + i%5)}
		back := *there
		back.SrcIP, back.DstIP = there.DstIP, there.SrcIP
		port := layers.TCPPort(1024 + i*13)
		w.packet(ethernet(layers.EthernetTypeIPv4), there, &layers.TCP{SrcPort: port, DstPort: 80})
		w.packet(ethernet(layers.EthernetTypeIPv4), &back, &layers.TCP{SrcPort: 80, DstPort: port})
	}
}

// conversation writes n connections with one server, and its answers.
func (w *trafficWriter) conversation(n int) {
	for i := range n {
		there := flowIP(i, layers.IPProtocolTCP)
		back := *there
		back.SrcIP, back.DstIP = there.DstIP, there.SrcIP
		port := layers.TCPPort(1024 + i)
		w.packet(ethernet(layers.EthernetTypeIPv4), there, &layers.TCP{SrcPort: port, DstPort: 80})
		w.packet(ethernet(layers.EthernetTypeIPv4), &back, &layers.TCP{SrcPort: 80, DstPort: port})
	}
}

// twoHosts writes 300 packets of one connection, and as many answers.
func twoHosts(w *trafficWriter) {
	for range 300 {
		w.conversation(1)
	}
}

// conversations6 is conversation over IPv6, with a server of two addresses.
func (w *trafficWriter) conversations6(n int) {
	for i := range n {
		client, server := net.ParseIP(fmt.Sprintf("2001:db8:1::%x", 1+i)), net.ParseIP(fmt.Sprintf("2001:db8::%x", 1+i%2))
		there := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolTCP, HopLimit: 64, SrcIP: client, DstIP: server}
		back := *there
		back.SrcIP, back.DstIP = server, client
		port := layers.TCPPort(1024 + i)
		w.packet(ethernet(layers.EthernetTypeIPv6), there, &layers.TCP{SrcPort: port, DstPort: 80})
		w.packet(ethernet(layers.EthernetTypeIPv6), &back, &layers.TCP{SrcPort: 80, DstPort: port})
	}
}

// lopsided is a list of 128 entries of which queue 0 has n, and three others the
// rest evenly.
func lopsided(n int) string {
	words := slices.Repeat([]string{"0"}, n)
	for i := range 128 - n {
		words = append(words, fmt.Sprint(1+i%3))
	}
	return strings.Join(words, ",")
}

// Even traffic of any number of flows, under any random key, has no warning: what chance
// makes of some hundred flows is no fault.
func TestHealthyHasNoWarning(t *testing.T) {
	random := rand.New(rand.NewPCG(4711, 12))
	for i, flows := range []int{200, 250, 400, 900, 3000, 200, 300, 500, 2000, 200} {
		key := "microsoft"
		if i%3 > 0 {
			key = ""
			for range 40 {
				key += fmt.Sprintf("%02x", random.IntN(256))
			}
		}
		args := []string{"--key", key, "--local", "none"}
		if i >= 5 {
			args = append(args, "--rps", "0-7")
		}
		found := findingsOf(t, args, func(w *trafficWriter) {
			all := make([]*layers.IPv4, flows)
			ports := make([]layers.TCPPort, flows)
			for k := range all {
				all[k] = flowIP(0, layers.IPProtocolTCP)
				all[k].SrcIP = net.IP{byte(11 + random.IntN(180)), byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))}
				ports[k] = layers.TCPPort(1024 + random.IntN(60000))
			}
			for range 3 * max(flows, 3000) {
				k := random.IntN(flows)
				w.packet(ethernet(layers.EthernetTypeIPv4), all[k], &layers.TCP{SrcPort: ports[k], DstPort: 443}, gopacket.Payload(make([]byte, random.IntN(3)*700)))
			}
		})
		for id, said := range found {
			if !strings.HasPrefix(said, "note: ") {
				t.Errorf("%d even flows, key %s: %s: %s", flows, key, id, said)
			}
		}
	}
}

// A better table is found by itself only for flows that stay, and as the cause has it
// where there is one; never for flows that come and go.
func TestBetterTable(t *testing.T) {
	random := rand.New(rand.NewPCG(815, 13))
	alone := 0
	for range 6 {
		of := random.IntN(1 << 15)
		stay := func(w *trafficWriter) {
			for range 12_000 {
				w.tcp(of + random.IntN(350))
			}
		}
		found := findingsOf(t, []string{"--local", "none"}, stay)
		if said, ok := found["better-table"]; ok {
			alone++
			if !strings.HasPrefix(said, "note: ") || len(found) > 1 {
				t.Errorf("%q", found)
			}
		}
		// Of 10,000 flows each 350 take turns.
		found = findingsOf(t, []string{"--local", "none"}, func(w *trafficWriter) {
			for i := range 12_000 {
				w.tcp(of + i*10_000/12_000 + random.IntN(350))
			}
		})
		if said, ok := found["better-table"]; ok {
			t.Errorf("flows that come and go: %s", said)
		}
	}
	if alone < 2 {
		t.Errorf("of flows that stay only %d in 6 captures have a better table", alone)
	}
	colliding := findingsOf(t, []string{"--local", "none"}, func(w *trafficWriter) {
		for i := range 12_000 {
			w.tcp(i % 2000)
			if i%7 == 0 {
				w.heavy(1, 2003, 2005)
			}
		}
	})
	if _, ok := colliding["better-table"]; ok || !strings.Contains(colliding["colliding-flows"], "On eighths of the capture, such a table found on others has ") {
		t.Errorf("%q", colliding)
	}
}

// A command to run next has the flags that choose packets or set the model, as they were given.
func TestArguments(t *testing.T) {
	all := newReplayCommand(&cli.Env{}).Flags()
	words := []string{"a b.pcap", "--cpus=4", "--format", "json", "-o", "r.html", "-or.txt", "--inner", "--rebalance", "rsspp", "--local", "10.0.0.1", "--fail-if", "findings>0", "--rx-flow-hash", "udp4=sd", "--", "--odd.pcap", "c.pcap", "-"}
	given := assemble.Arguments(words, all)
	want := []findings.Argument{
		{Value: "a b.pcap"}, {Flag: "--cpus", Value: "4"}, {Flag: "--inner"}, {Flag: "--rebalance", Value: "rsspp"}, {Flag: "--local", Value: "10.0.0.1"}, {Flag: "--rx-flow-hash", Value: "udp4=sd"}, {Value: "./--odd.pcap"}, {Value: "c.pcap"}, {Value: "-"},
	}
	if diff := cmp.Diff(want, given); diff != "" {
		t.Error(diff)
	}
	for _, name := range findings.ChangeFlags {
		if all.Lookup(name) == nil {
			t.Errorf("there is no flag --%s", name)
		}
	}
	own := ownFlags(words, all, all, "format", "output", "fail-if", "local", "rebalance")
	if diff := cmp.Diff([]string{"a b.pcap", "--cpus=4", "--inner", "--rx-flow-hash", "udp4=sd", "--", "--odd.pcap", "c.pcap", "-"}, own); diff != "" {
		t.Error(diff)
	}
}

// A flow that a rule drops comes to no CPU: it is no elephant, and no bound of a table. Where rules
// take all packets no key and no other table matters.
func TestRulesTakeTheHeaviest(t *testing.T) {
	path := captureOf(t, func(w *trafficWriter) {
		w.phase(500) // half of the packets are of flow 8000
		w.heavy(10, 1, 2, 3, 4, 5, 6, 7, 8)
	})
	drop := "flow-type tcp4 src-ip " + flowIP(8000, layers.IPProtocolTCP).SrcIP.String() + " action -1"
	for _, test := range []struct {
		rules    []string
		elephant bool
	}{{nil, true}, {[]string{"--rule", drop}, false}} {
		found := findingsWith(t, append([]string{"rssreplay", path, "--cpus", "8"}, test.rules...))
		if got := slices.ContainsFunc(found, func(f finding) bool { return f.ID == "elephant-flow" }); got != test.elephant {
			t.Errorf("%q: %+v", test.rules, found)
		}
	}
	heaviest := "One flow alone is 3."
	if got := runs(t, "suggest", path, "--cpus", "8"); !strings.Contains(got, heaviest) {
		t.Errorf("no %q:\n%s", heaviest, got)
	}
	if got := runs(t, "suggest", path, "--cpus", "8", "--rule", drop); strings.Contains(got, heaviest) {
		t.Errorf("a flow that is dropped is told of:\n%s", got)
	}
	for action, want := range map[string]string{"action 2": "rules, or the lack of a hash, choose all queues", "action -1": "Rules drop all packets, whatever the key."} {
		got := runs(t, path, "--cpus", "8", "--rule", "flow-type tcp4 "+action)
		if !strings.Contains(got, want) || strings.Contains(got, "a better table?") || strings.Contains(got, "--table -") || strings.Contains(got, "hash-type]") || strings.Contains(got, "[unhashed]") {
			t.Errorf("%s:\n%s", action, got)
		}
	}
}
