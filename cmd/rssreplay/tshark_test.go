package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// tsharkFields are what TestTshark asks tshark for, of each packet the first
// occurrence. sll.pkttype 4 and direction 2 are packets that were sent.
var tsharkFields = []string{
	"frame.packet_flags_direction", "sll.pkttype",
	"ip.src", "ip.dst", "ip.proto", "ip.flags.mf", "ip.frag_offset",
	"ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.hopopts.nxt", "ipv6.fraghdr.nxt",
	"tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
}

// Packets in all, and packets of each flow: protocol, addresses and ports as
// Wireshark's dissectors read them equal those of the report, on every sample.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed; .ci/run installs it")
	}
	for _, path := range samples(t) {
		if testing.Short() && !slices.Contains([]string{"cooked.pcap", "directions.pcapng"}, filepath.Base(path)) {
			continue // walk's test reads the others with tshark
		}
		packets, received, flows := tsharkFlows(t, path)
		var report struct {
			Capture struct{ Packets, Received int }
			Flows   []struct {
				Protocol, Source, Destination string
				SourcePort                    *int `json:"source_port"`
				DestinationPort               *int `json:"destination_port"`
				Packets                       int
			}
		}
		text := runs(t, path, "--format", "json", "--flows", "all", "--local", "none")
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if report.Capture.Packets != packets || report.Capture.Received != received {
			t.Errorf("%s: %d packets, %d of them received; tshark says %d, %d", name,
				report.Capture.Packets, report.Capture.Received, packets, received)
		}
		got := make(map[string]int)
		for _, f := range report.Flows {
			key := fmt.Sprintf("%s %s > %s", f.Protocol, f.Source, f.Destination)
			if f.SourcePort != nil {
				key = fmt.Sprintf("%s %s %d > %s %d", f.Protocol, f.Source, *f.SourcePort, f.Destination, *f.DestinationPort)
			}
			got[key] += f.Packets
		}
		if len(got) != len(report.Flows) {
			t.Errorf("%s: %d flows, but %d different ones", name, len(report.Flows), len(got))
		}
		if diff := gocmp.Diff(flows, got); diff != "" {
			t.Errorf("%s: packets of each flow (-tshark +report):\n%s", name, diff)
		}
		t.Logf("%s: %d packets, %d received, %d flows", name, packets, received, len(flows))
	}
}

// tsharkFlows counts the capture's packets, those received, and these by flow: a
// fragment has no ports.
func tsharkFlows(t *testing.T, path string) (packets, received int, flows map[string]int) {
	args := []string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=f",
		"-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"}
	for _, field := range tsharkFields {
		args = append(args, "-e", field)
	}
	tshark := exec.Command("tshark", args...)
	var stderr bytes.Buffer
	tshark.Stderr = &stderr
	out, err := tshark.Output()
	if err != nil {
		t.Fatalf("tshark %s: %v: %s", path, err, stderr.String())
	}
	names := map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "47": "gre", "58": "ipv6-icmp"}
	flows = make(map[string]int)
	for line := range strings.Lines(string(out)) {
		packets++
		field := make(map[string]string)
		for i, value := range strings.Split(strings.TrimSuffix(line, "\n"), "\t") {
			field[tsharkFields[i]] = value
		}
		if direction := field["frame.packet_flags_direction"]; direction == "2" || direction == "0x00000002" || field["sll.pkttype"] == "4" {
			continue
		}
		received++
		source, destination := cmp.Or(field["ip.src"], field["ipv6.src"]), cmp.Or(field["ip.dst"], field["ipv6.dst"])
		if source == "" {
			continue // no IP
		}
		number := cmp.Or(field["ip.proto"], field["ipv6.fraghdr.nxt"], field["ipv6.hopopts.nxt"], field["ipv6.nxt"])
		protocol, known := names[number]
		if !known {
			t.Fatalf("%s: packet %d: protocol %q is new to this test", path, packets, number)
		}
		moreFragments := field["ip.flags.mf"] == "1" || field["ip.flags.mf"] == "True"
		fragment := moreFragments || cmp.Or(field["ip.frag_offset"], "0") != "0" || field["ipv6.fraghdr.nxt"] != ""
		// Not those of another protocol in a tunnel: of GRE, say, there is no such field.
		ports := [2]string{field[protocol+".srcport"], field[protocol+".dstport"]}
		if fragment || ports[0] == "" {
			flows[fmt.Sprintf("%s %s > %s", protocol, source, destination)]++
			continue
		}
		flows[fmt.Sprintf("%s %s %s > %s %s", protocol, source, ports[0], destination, ports[1])]++
	}
	return packets, received, flows
}
