package findings

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

// hot is a report of four CPUs with these packets, and a table that gives each a quarter.
func hot(packets ...uint64) *report.Report {
	m := report.Mode{Mode: "rss-msix", Simulated: 1e9}
	var all uint64
	for cpu, n := range packets {
		m.CPUs = append(m.CPUs, report.CPU{CPU: cpu, Packets: n})
		all += n
	}
	m.Totals.Packets = all
	m.Derive()
	return &report.Report{
		Capture: report.Capture{Packets: all, Received: all, Duration: 1e9},
		Table:   report.TableReport{Size: 4, Entries: report.List[int]{0, 1, 2, 3}, QueueCPUs: report.List[int]{0, 1, 2, 3}},
		Modes:   report.List[report.Mode]{m},
	}
}

// on is a TCP flow with so many packets on one CPU.
func on(cpu int, packets uint64) report.Flow {
	return report.Flow{
		Protocol: "tcp", HasPorts: true, HashType: "tcp_ipv4", SourcePort: uint16(5000 + cpu), DestinationPort: 80, Packets: packets,
		Modes: []report.FlowMode{{Mode: "rss-msix", CPUs: []report.CPUPackets{{CPU: cpu, Packets: packets}}}},
	}
}

// The manual's page has every finding, and none that does not exist.
func TestFindingsAreInTheManual(t *testing.T) {
	page, err := os.ReadFile("../../cmd/rssreplay/help/findings.txt")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+)  `).FindAllStringSubmatch(string(page), -1) {
		said = append(said, m[1])
	}
	slices.Sort(said)
	if d := cmp.Diff(slices.Sorted(slices.Values(findingIDs())), said); d != "" { // which TestConditionsKnowAllFindings holds against the code
		t.Error(d)
	}
}

// Of a table that misses a CPU and a heavy flow, what is more of the busiest CPU's load comes
// first.
func TestFlowFirst(t *testing.T) {
	for _, test := range []struct {
		heaviest  uint64 // of 4,000 packets, on CPU 0 of 4, which has 2,000
		entries   report.List[int]
		elsewhere bool
		want      string
	}{
		{1500, report.List[int]{0, 1, 2, 0, 1, 2}, false, "elephant-flow"}, // 1.5 and 1.33
		{1300, report.List[int]{0, 1, 2, 0, 1, 2}, false, "cpus-missed"},   // 1.3
		{1500, report.List[int]{0, 1, 0, 1}, false, "cpus-missed"},         // 2
		{1500, report.List[int]{0, 1, 2, 0, 1, 2}, true, "cpus-missed"},
	} {
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 2000}, {CPU: 1, Packets: 1600}, {CPU: 2, Packets: 400}, {CPU: 3}}}
		m.Derive()
		on := report.CPUPackets{CPU: 0, Packets: test.heaviest}
		if test.elsewhere {
			on.CPU = 1
		}
		flow := &report.Flow{Protocol: "tcp", HasPorts: true, Packets: test.heaviest, Modes: report.List[report.FlowMode]{{Mode: "rss-msix", CPUs: report.List[report.CPUPackets]{on}}}}
		packets := make(report.List[uint64], len(test.entries))
		for i := range packets {
			packets[i] = 4000 / uint64(len(packets))
		}
		r := &report.Report{
			Capture: report.Capture{Packets: 4000, Received: 4000, Duration: 1e9}, Modes: report.List[report.Mode]{m},
			Table:      report.TableReport{Size: len(test.entries), Entries: test.entries, Packets: packets, QueueCPUs: report.List[int]{0, 1, 2, 3}},
			Parameters: report.Parameters{{Name: "cpus", Source: "--cpus"}},
		}
		all := Diagnose(r, &Traffic{Largest: flow, LargestBytes: flow, WithPorts: report.Null, InnerBalance: report.Null})
		if len(all) < 2 || all[0].ID != test.want {
			t.Errorf("%+v: %v", test, all)
		}
	}
}

// What no capture of the tests shows yet is told of the traffic's own figures.
func TestFindingsOfTraffic(t *testing.T) {
	flow := &report.Flow{Protocol: "gre", Packets: 900}
	base := func() (*report.Report, *Traffic) {
		r := &report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Duration: 1e9}, Table: report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 1}}}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 950}, {CPU: 1, Packets: 50}}}
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		return r, &Traffic{Largest: flow, LargestBytes: flow, WithPorts: report.Null, InnerBalance: report.Null}
	}
	eleven := func() uint64 { return 11 }
	for _, test := range []struct {
		id     string
		change func(*Traffic)
		want   []string
	}{
		{"tunnel", func(t *Traffic) {
			t.LargestTunnel, t.Tunnelled, t.TunnelFlows, t.InnerFlows, t.InnerBalance = "gre", 900, 1, 40, 1.2
		}, []string{"One gre tunnel has 90.0%", "900 tunnelled packets are 1 flow; inside, 40", "1.20 × its fair share"}},
		{"tunnel", func(t *Traffic) {
			t.LargestTunnel, t.Tunnelled, t.TunnelFlows, t.InnerFlows, t.InnerBalance, t.InTunnels, t.MayHashInner = "gre", 900, 1, 40, 1.2, 900, true
		}, []string{"90.0% of the received packets are gre, and this NIC may hash their inner headers", "whether it does is not in the capture"}},
		{"tunnel", func(t *Traffic) {
			t.LargestTunnel, t.SameTunnels, t.InTunnels, t.HashedBy = "esp", 1, 900, "SPI"
		}, []string{"90.0% of the received packets are esp, which this NIC hashes on the SPI", "can't be predicted"}},
		{"tunnel", func(t *Traffic) { t.LargestTunnel, t.SameTunnels, t.InTunnels = "esp", 4, 990 }, []string{"4 esp tunnels have 99.0%", "one of them 90.0%", "4 flows"}},
		{"udp-without-ports", func(t *Traffic) {
			t.UDPOnAddresses, t.WithPorts = 700, 1.1
			t.Inputs = &Inputs{Flows: 80, Distinct: 12, Hashes: eleven, Entries: 2, Portless: []Portless{{"udp", 70, 700, 2}}}
		}, []string{"70.0%", "UDP", "70 flows have 2 pairs of addresses", "12 distinct hash inputs", "11 hashes", "1.10 ×"}},
		{"few-inputs", func(t *Traffic) {
			t.WithPorts = 1.1
			t.Inputs = &Inputs{Flows: 80, Distinct: 12, Hashes: eleven, Entries: 2, Portless: []Portless{{"tcp", 70, 700, 1}}}
		}, []string{"TCP", "70 flows have 1 pair of addresses", "1.10 ×"}},
		{"few-inputs", func(t *Traffic) {
			t.Inputs = &Inputs{Flows: 80, Distinct: 12, Hashes: eleven, Entries: 2, Portless: []Portless{{"sctp", 70, 700, 1}}}
		}, []string{"SCTP"}},
		{"other-hash", func(t *Traffic) { t.OtherHash = OtherHash{"hashes with xor", "x.txt", true} }, []string{"The NIC hashes with xor. The spread here is not a prediction.", "The source of this is x.txt."}},
		{"weak-key", func(t *Traffic) { t.Key = &KeyStrength{"tcp_ipv4", 0, 1, 0, 96} }, []string{"every hashed packet meets the same entry", "0 of its 1 bits"}},
		{"weak-key", func(t *Traffic) { t.Key = &KeyStrength{"tcp_ipv4", 1, 1, 7, 96} }, []string{"only 7 of 96 bits"}},
		{"clock-leap", func(t *Traffic) { t.Gaps = Gaps{2, 0.9e9, 0.8e9, 501, 0.1e9} }, []string{"No packet for 800 ms before packet 501, and 1 gap more", "900 ms of the capture's 1.00 s"}},
		{"clock-still", func(t *Traffic) { t.Grain = 1e7 }, []string{"multiples of 10.0 ms", "10.0 packets lie in each"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 20, 65000 }, []string{"20 packets are longer", "offload made them", "65,000 bytes"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 1, 512<<10 }, []string{"1 packet is longer", "offload made it"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 1, 512<<10+1 }, []string{"1 packet is longer than the link carries: its length is damaged."}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 2, 4294967072 }, []string{"2 packets are longer", "the length of the longest at least is damaged", "4,294,967,072 bytes"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.OversizedFrames, t.LargestPacket = 2, 28, 14*1514 }, []string{"about 26 more: 2.6% of what was received"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.OversizedFrames, t.LargestPacket = 100, 4182, 45*1514 }, []string{"about 4,082 more: 5.1 times as many packets as were received"}},
		{"clock-leap", func(t *Traffic) { t.LeapsAhead = Leaps{Packets: 1, First: 812} }, []string{"1 timestamp leaps ahead, that of packet 812. Rates, utilization and the time series count the time that is leapt over, too."}},
		{"clock-leap", func(t *Traffic) { t.LeapsBack = Leaps{Packets: 2, First: 7} }, []string{"2 timestamps leap back, the first that of packet 7. Single packets that lie back"}},
		{"clock-leap", func(t *Traffic) {
			t.LeapsAhead, t.LeapsBack = Leaps{Packets: 12, First: 3}, Leaps{Packets: 1, First: 0}
		}, []string{"12 timestamps leap ahead, the first that of packet 3; 1 timestamp leaps back. Rates", "leapt over, too. Single packets"}},
		{"clock-leap", func(t *Traffic) { t.LeapsBack, t.Restarts = Leaps{Packets: 1, First: 5}, 1 }, []string{"1 timestamp leaps back, that of packet 5. After 1 leap back what follows is replayed right behind"}},
	} {
		r, traffic := base()
		test.change(traffic)
		said := ""
		for _, f := range Diagnose(r, traffic) {
			if f.ID == test.id {
				said = f.Summary + " " + f.Evidence
			}
		}
		for _, want := range test.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q does not say %q", test.id, said, want)
			}
		}
		r, traffic = base()
		for _, f := range Diagnose(r, traffic) {
			if f.ID == test.id {
				t.Errorf("%s is found without its evidence", test.id)
			}
		}
	}
}

// Few joined frames change little, and are a note.
func TestFewCoalesced(t *testing.T) {
	for frames, want := range map[uint64]string{6: report.Note, 14: report.Warning} { // 4 and 12 frames more
		r := &report.Report{Capture: report.Capture{Packets: 2000, Received: 1000, Duration: 1e9}}
		all := Diagnose(r, &Traffic{Oversized: 2, OversizedFrames: frames, LargestPacket: 4000, WithPorts: report.Null, InnerBalance: report.Null})
		if len(all) != 1 || all[0].ID != "coalesced" || all[0].Severity != want {
			t.Errorf("%d frames: %+v, want a %s", frames, all, want)
		}
	}
}

// The interface's name is in the commands, unless a shell would take it for something else.
func TestNameDevice(t *testing.T) {
	for name, want := range map[string]string{"": "DEV", "ens1f0": "ens1f0", "bond0.7": "bond0.7", "e;id": "DEV", "e`id`": "DEV", "-x": "DEV", "a b": "DEV", "$IF": "DEV"} {
		all := []report.Finding{{Remedy: "`ethtool -x DEV`"}}
		newDiagnosis(&report.Report{Interface: name}, &Traffic{}).nameDevice(all)
		if got := all[0].Remedy; got != "`ethtool -x "+want+"`" {
			t.Errorf("%q: %s", name, got)
		}
	}
}

// An adapter of Windows is named in PowerShell's commands, between quotes, as most names have blanks.
func TestNameAdapter(t *testing.T) {
	const linux = "`tcpdump -i DEV`"
	for name, want := range map[string]string{"": "DEV", "Ethernet 2": "'Ethernet 2'", "vEthernet (LAN, 1)": "'vEthernet (LAN, 1)'", "Bob's": "'Bob''s'", "e’; id": "'e’’; id'", "以太网": "'以太网'", "a*": "DEV", "[ab]": "DEV", "e`id`": "DEV", "-x": "DEV", "a\nb": "DEV"} {
		all := []report.Finding{{Evidence: linux, Remedy: "`Set-NetAdapterRss -Name DEV -Profile NUMAStatic`"}}
		newDiagnosis(&report.Report{Interface: name}, &Traffic{Windows: true}).nameDevice(all)
		if got := all[0].Remedy; got != "`Set-NetAdapterRss -Name "+want+" -Profile NUMAStatic`" || all[0].Evidence != linux {
			t.Errorf("%q: %s, %s", name, got, all[0].Evidence)
		}
	}
}

// What has no hash is no cause of the load of another CPU than its own.
func TestUnhashedExplainsItsOwnCPU(t *testing.T) {
	for hot, want := range []bool{true, false} {
		r := &report.Report{Table: report.TableReport{QueueCPUs: []int{0, 1}}}
		m := report.Mode{CPUs: []report.CPU{{CPU: 0, Packets: 1}, {CPU: 1, Packets: 1}}}
		m.CPUs[hot].Packets = 9
		d := &diagnosis{r: r, t: &Traffic{}, mode: &m, found: []report.Finding{{Bearing: report.ExplainsItsQueue}}}
		if got := d.explained(); got != want {
			t.Errorf("what has no hash is on CPU 0, and CPU %d is hot: explained %v", hot, got)
		}
	}
}
