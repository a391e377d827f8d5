package text

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

// captureText is the text's section on the capture as one line.
func captureText(t *testing.T, change func(*report.Capture)) string {
	t.Helper()
	r := fixture.New(4, 3, "rss-msix")
	change(&r.Capture)
	var b bytes.Buffer
	if err := Write(&b, r, Options{}); err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(b.String()[strings.Index(b.String(), "CAPTURE"):], "\n\n")
	return regexp.MustCompile(`\s+`).ReplaceAllString(text, " ")
}

func TestCaptureFacts(t *testing.T) {
	const year = 31557600e9
	for _, test := range []struct {
		name   string
		change func(*report.Capture)
		want   string
	}{
		{"link layers", func(c *report.Capture) {
			c.LinkLayers = report.Counts{{Name: "ppp", Packets: 2}, {Name: "ethernet", Packets: c.Packets - 2}}
		}, " link layers ethernet "},
		{"encapsulations", func(c *report.Capture) {
			c.Encapsulations = report.Counts{{Name: "vlan", Packets: 0}, {Name: "gre", Packets: c.Packets}}
		}, " wrapped in gre 856,789 (100.0%) "},
		{"a tunnel", func(c *report.Capture) {
			c.Tunnels = report.List[report.Tunnel]{{Name: "gre", Packets: 1000, OuterFlows: 1, InnerPackets: 900, InnerFlows: 40, OuterCPUs: 1, InnerCPUs: 4, OuterImbalance: 4, InnerImbalance: 1.25}}
		}, " tunnels gre: 1,000 packets received; outside 1 flow on 1 CPU, max ÷ mean 4.000; inside 40 flows, which would reach 4 CPUs, max ÷ mean 1.250"},
		{"no IP header outside", func(c *report.Capture) {
			c.Tunnels = report.List[report.Tunnel]{{Name: "mpls", Packets: 1, InnerPackets: 1, InnerFlows: 1, OuterCPUs: 1, InnerCPUs: 1, OuterImbalance: 4, InnerImbalance: 4}}
		}, " tunnels mpls: 1 packet received; outside no IP header, on the default queue; inside 1 flow, which would reach 1 CPU, max ÷ mean 4.000"},
		{"encrypted", func(c *report.Capture) {
			c.Tunnels = report.List[report.Tunnel]{{Name: "esp", Packets: 7, OuterFlows: 2, OuterCPUs: 2, OuterImbalance: 2}}
		}, " tunnels esp: 7 packets received; outside 2 flows on 2 CPUs, max ÷ mean 2.000; inside nothing that can be read"},
		{"coalesced", func(c *report.Capture) {
			c.LongFrames = &report.LongFrames{Packets: 9, LargestBytes: 65226, TCPPackets: 8, Segments: 300, Kind: report.LongCoalesced}
		}, "9 frames longer than MTU 1500, the longest 65,226 bytes: joined by receive coalescing (GRO, LRO), or not yet parted by segmentation offload (TSO); on a wire of MTU 1500 the 8 of TCP are 300 frames"},
		{"damaged", func(c *report.Capture) {
			c.LongFrames = &report.LongFrames{Packets: 1, LargestBytes: 4294967072, Kind: report.LongCoalesced}
		}, "1 frame longer than MTU 1500, the longest 4,294,967,072 bytes: a damaged length, as no offload"},
		{"jumbo", func(c *report.Capture) {
			c.LongFrames = &report.LongFrames{Packets: 9, LargestBytes: 9014, LargestPackets: 8, Kind: report.LongJumbo}
		}, "the longest 9,014 bytes: jumbo frames, as 8 have that length"},
		{"unclear", func(c *report.Capture) {
			c.LongFrames = &report.LongFrames{Packets: 1, LargestBytes: 3000, LargestPackets: 1, Kind: report.LongUnclear}
		}, "1 frame longer than MTU 1500, the longest 3,000 bytes: jumbo frames, or the work of offloads"},
		{"leaps", func(c *report.Capture) {
			c.TimestampLeaps = report.TimestampLeaps{Packets: 5, First: report.List[report.TimestampLeap]{{Packet: 812, Step: 10.5 * year}, {Packet: 813, Step: -1500e6}, {Packet: 1813, Step: math.MinInt64}, {Packet: 1900, Step: 1}}}
		}, "5 timestamps leap: packet 812 by +10.5 years, packet 813 by −1.500 s, packet 1,813 by −292.3 years …; the replay"},
		{"one leap", func(c *report.Capture) {
			c.TimestampLeaps = report.TimestampLeaps{Packets: 1, First: report.List[report.TimestampLeap]{{Packet: 9, Step: -50 * 86400e9}}}
		}, "1 timestamp leaps: packet 9 by −50.0 days; the replay"},
	} {
		if got := captureText(t, test.change); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q is not in %q", test.name, test.want, got)
		}
	}
	if got := captureText(t, func(*report.Capture) {}); strings.Contains(got, "wrapped in") || strings.Contains(got, "tunnels") || strings.Contains(got, "long frames") || strings.Contains(got, "leap") {
		t.Errorf("a capture with nothing of note: %q", got)
	}
}
