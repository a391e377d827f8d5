package findings

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

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
	if d := cmp.Diff(slices.Sorted(slices.Values(findingIDs)), said); d != "" { // which TestConditionsKnowAllFindings holds against the code
		t.Error(d)
	}
}

func TestCPUMask(t *testing.T) {
	for _, test := range []struct {
		cpus []int
		want string
	}{
		{[]int{0}, "1"},
		{[]int{0, 1, 2, 3, 4, 5, 6, 7}, "ff"},
		{[]int{4, 33}, "2,00000010"},
		{[]int{64}, "1,00000000,00000000"},
	} {
		d := &diagnosis{mode: &report.Mode{}}
		for _, c := range test.cpus {
			d.mode.CPUs = append(d.mode.CPUs, report.CPU{CPU: c})
		}
		if got := d.cpuMask(); got != test.want {
			t.Errorf("%v: %s, want %s", test.cpus, got, test.want)
		}
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

// The hashes to enable are those of what has none.
func TestEnableHashes(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	flow := func(source netip.Addr, protocol, hashed string) report.Flow {
		return report.Flow{Protocol: protocol, Source: source, HasPorts: protocol != "icmp", HashType: hashed}
	}
	for _, test := range []struct {
		heavy []report.Flow
		want  string
	}{
		{[]report.Flow{flow(four, "udp", "udp_ipv4"), flow(six, "udp", "none"), flow(six, "udp", "none")}, "`ethtool -N DEV rx-flow-hash udp6 sdfn`; under Windows, `Enable-NetAdapterRss`, and a driver that has UDP types."},
		{[]report.Flow{flow(four, "tcp", "none"), flow(four, "udp", "udp_ipv4")}, "`ethtool -N DEV rx-flow-hash tcp4 sdfn`; under Windows, `Enable-NetAdapterRss`."},
		{[]report.Flow{flow(four, "tcp", "tcp_ipv4"), flow(four, "icmp", "none")}, "hash of addresses"},
	} {
		d := diagnosis{t: &Traffic{Heavy: test.heavy}}
		if got := d.enableHashes(); !strings.Contains(got, test.want) {
			t.Errorf("%v: %s", test.heavy, got)
		}
	}
}

// Where the inner headers spread no better, what is inside is to be split.
func TestSplitInside(t *testing.T) {
	m := report.Mode{Mode: "rss-msix", CPUs: report.List[report.CPU]{{CPU: 0, Packets: 950}, {CPU: 1, Packets: 50}}}
	m.Derive()
	outer := report.Flow{Protocol: "udp", HasPorts: true, SourcePort: 50001, DestinationPort: 4789, Packets: 900}
	other := report.Flow{Protocol: "udp", HasPorts: true, SourcePort: 7, DestinationPort: 9, Packets: 40}
	for _, test := range []struct {
		inner   report.Fraction
		tunnels uint64
		flow    report.Flow
		want    string
	}{
		{1.88, 30, outer, "split what is inside over several connections, whose outer source ports differ"},
		{1.88, 1, outer, "split what is inside over several connections, and let the NIC hash the inner headers"},
		{1.88, 30, other, "Split it over several connections"},
		{1.2, 30, outer, "Split it over several connections"},
	} {
		d := diagnosis{r: &report.Report{}, mode: &m, t: &Traffic{Largest: &outer, LargestTunnel: "vxlan", SameTunnels: test.tunnels, InnerFlows: 30, InnerBalance: test.inner}}
		if got := d.split(&test.flow); !strings.HasSuffix(got, test.want) {
			t.Errorf("%v inside, %d tunnels: %s", test.inner, test.tunnels, got)
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
		{"weak-key", func(t *Traffic) { t.Key = &KeyStrength{"tcp_ipv4", 0, 1, 0, 96} }, []string{"every packet meets the same entry", "0 of its 1 bits"}},
		{"weak-key", func(t *Traffic) { t.Key = &KeyStrength{"tcp_ipv4", 1, 1, 7, 96} }, []string{"only 7 of 96 bits"}},
		{"clock-leap", func(t *Traffic) { t.Gaps = Gaps{2, 0.9e9, 0.8e9, 501, 0.1e9} }, []string{"No packet for 800 ms before packet 501, and 1 gap more", "900 ms of the capture's 1.00 s"}},
		{"clock-still", func(t *Traffic) { t.Grain = 1e7 }, []string{"multiples of 10.0 ms", "10.0 packets lie in each"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 20, 65000 }, []string{"20 packets are longer", "offload made them", "65,000 bytes"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 1, 512<<10 }, []string{"1 packet is longer", "offload made it"}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 1, 512<<10+1 }, []string{"1 packet is longer than the link carries: its length is damaged."}},
		{"coalesced", func(t *Traffic) { t.Oversized, t.LargestPacket = 2, 4294967072 }, []string{"2 packets are longer", "the length of the longest at least is damaged", "4,294,967,072 bytes"}},
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

// Chance is measured against what the table's own shares make of any traffic.
func TestFewFlowsLeavesOutTheTable(t *testing.T) {
	for _, test := range []struct {
		entries report.List[int]
		chance  report.Fraction
		want    string // "" for no finding
	}{
		{report.List[int]{0, 1, 2, 3}, 1.4, "gives the busiest 1.40 × its fair share."},
		{report.List[int]{0, 1, 2, 3}, 1.2, ""},
		{report.List[int]{0, 0, 0, 0, 0, 1, 2, 3}, 2.51, ""}, // weight:5,1,1,1
		{report.List[int]{0, 0, 1, 2, 3}, 2.01, "gives the busiest 2.01 × its fair share; even traffic under this table gives it 1.60 ×."},
		{report.List[int]{0, 0, 1, 2, 3}, 1.99, ""},
	} {
		m := report.Mode{Mode: "rss-msix", CPUs: report.List[report.CPU]{{CPU: 0, Packets: 700}, {CPU: 1, Packets: 100}, {CPU: 2, Packets: 100}, {CPU: 3, Packets: 100}}}
		m.Derive()
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000}, Table: report.TableReport{Size: len(test.entries), Entries: test.entries, QueueCPUs: report.List[int]{0, 1, 2, 3}}, Modes: report.List[report.Mode]{m}},
			&Traffic{Flows: 9, Inputs: &Inputs{Flows: 9, Distinct: 9, Effective: 9}, Chance: &Chance{P50: test.chance, P999: report.Null}})
		f := d.fewFlows()
		switch {
		case f == nil && test.want != "", f != nil && test.want == "":
			t.Errorf("%v, chance %v: found %v", test.entries, test.chance, f)
		case f != nil && !strings.HasSuffix(f.Summary, test.want):
			t.Errorf("%v, chance %v: %q does not end in %q", test.entries, test.chance, f.Summary, test.want)
		}
	}
}

// Fragments have no ports, so that more connections are no remedy for a flow of them.
func TestRemedyForFragments(t *testing.T) {
	for _, test := range []struct {
		flow      report.Flow
		snapped   uint64
		fragments bool
	}{
		{report.Flow{Protocol: "udp"}, 0, true},
		{report.Flow{Protocol: "tcp"}, 0, true},
		{report.Flow{Protocol: "udp", HasPorts: true}, 0, false},
		{report.Flow{Protocol: "udp"}, 1000, false}, // the capture cut the ports off
		{report.Flow{Protocol: "gre"}, 0, false},
	} {
		for _, packets := range []uint64{800, 950} { // elephant-flow, single-flow
			test.flow.Packets = packets
			m := report.Mode{Mode: "rss-msix", CPUs: report.List[report.CPU]{{CPU: 0, Packets: packets}, {CPU: 1, Packets: 1000 - packets}}}
			m.Derive()
			d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Snapped: test.snapped}, Modes: report.List[report.Mode]{m}}, &Traffic{Flows: 100, Largest: &test.flow})
			f := d.singleFlow()
			if packets == 800 {
				f = d.elephant()
			}
			if f == nil {
				t.Fatalf("%+v: no finding", test.flow)
			}
			if got := strings.Contains(f.Remedy, "fragments"); got != test.fragments {
				t.Errorf("%+v, %d packets cut: %s: %s", test.flow, test.snapped, f.ID, f.Remedy)
			}
		}
	}
}

// Sorting mends leaps back, and a part of the capture has no leap ahead.
func TestRemedyForLeaps(t *testing.T) {
	for _, test := range []struct {
		ahead, back uint64
		sort, part  bool
	}{{1, 0, false, true}, {0, 1, true, false}, {1, 1, true, true}} {
		d := newDiagnosis(&report.Report{}, &Traffic{LeapsAhead: Leaps{Packets: test.ahead}, LeapsBack: Leaps{Packets: test.back}})
		remedy := d.leap().Remedy
		if strings.Contains(remedy, "reordercap") != test.sort || strings.Contains(remedy, "--from") != test.part {
			t.Errorf("%d leaps ahead, %d back: %s", test.ahead, test.back, remedy)
		}
	}
}

// The parts before and after a leap ahead are commands to paste, where it is known where
// it is.
func TestPartsAroundLeap(t *testing.T) {
	d := newDiagnosis(&report.Report{}, &Traffic{
		Command:    []Argument{{Value: "a b.pcap"}, {"--cpus", "8"}, {"--from", "1s"}},
		LeapsAhead: Leaps{Packets: 1, First: 5, FirstAt: 157e15 + 3},
	})
	want := "What came before it: `rssreplay 'a b.pcap' --cpus 8 --to 43611h6m40.000000003s`; what came after: `rssreplay 'a b.pcap' --cpus 8 --from 43611h6m40.000000003s`."
	if got := d.leap().Remedy; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A command that findings name has the settings that it was found under, as far as it takes
// them.
func TestRunRepeats(t *testing.T) {
	d := newDiagnosis(&report.Report{}, &Traffic{Command: []Argument{
		{Value: "a.pcap"}, {"--cpus", "8"}, {"--table-at", "1s=t.txt"}, {"--rebalance", "rsspp"}, {"--affinity-at", "2s=i.txt"},
	}})
	for _, test := range []struct{ got, want string }{
		{d.run("", Argument{"--rx-ring", "512"}), "`rssreplay a.pcap --cpus 8 --table-at 1s=t.txt --rebalance rsspp --affinity-at 2s=i.txt --rx-ring 512`"},
		{d.run("", Argument{"--from", "3s"}), "`rssreplay a.pcap --cpus 8 --rebalance rsspp --from 3s`"},
		{d.run("suggest"), "`rssreplay suggest a.pcap --cpus 8`"},
		{d.effect(cpuFlags, Argument{"--cpus", "9"}), ""},
	} {
		if test.got != test.want {
			t.Errorf("got  %s\nwant %s", test.got, test.want)
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

// A backtick in a name does not end the command that it stands in.
func TestCommandsWithBacktick(t *testing.T) {
	d := newDiagnosis(&report.Report{}, &Traffic{Command: []Argument{{Value: "we`ird.pcap"}, {"--cpus", "8"}}})
	for _, got := range []string{d.run(""), d.run("suggest"), d.sortByTime()} {
		if strings.Count(got, "`") != 2 || !strings.Contains(got, `'we'"$(printf '\140')"'ird.pcap'`) {
			t.Errorf("got %s", got)
		}
	}
}

// A capturing host's own address is in nearly all packets, whatever else is there; of two
// hosts either may be it, and a router has none.
func TestHost(t *testing.T) {
	flow := func(source, destination string, packets uint64) report.Flow {
		return report.Flow{Protocol: "udp", Source: netip.MustParseAddr(source), Destination: netip.MustParseAddr(destination), Packets: packets, Bytes: 100 * packets}
	}
	for _, test := range []struct {
		name  string
		flows []report.Flow
		want  string
	}{
		{"with noise", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50), flow("10.0.0.9", "10.0.0.2", 49), flow("10.0.0.3", "10.0.0.4", 1)},
			"name its address, which may be the one in 99.0% of the packets: `rssreplay CAPTURE --local 10.0.0.9`"},
		{"both versions", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50), flow("10.0.0.9", "10.0.0.2", 50), flow("2001:db8::1", "2001:db8::9", 15), flow("2001:db8::9", "2001:db8::2", 15), flow("2001:db8::3", "2001:db8::4", 6)},
			"name its addresses, which may be those in 83.3% of the packets: `rssreplay CAPTURE --local 10.0.0.9,2001:db8::9`"},
		{"two hosts", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50), flow("10.0.0.9", "10.0.0.1", 60)}, "name its address, 10.0.0.1 or 10.0.0.9: `rssreplay CAPTURE --local 10.0.0.1`"},
		{"one flow", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50)}, "name its address, 10.0.0.9 or 10.0.0.1: `rssreplay CAPTURE --local 10.0.0.9`"},
		{"to itself", []report.Flow{flow("10.0.0.9", "10.0.0.9", 50)}, "name its address, which may be the one in 100.0% of the packets: `rssreplay CAPTURE --local 10.0.0.9`"},
		{"router", []report.Flow{flow("10.0.0.1", "10.0.0.9", 70), flow("10.0.0.2", "10.0.0.3", 30)}, ""},
		{"nothing", nil, ""},
	} {
		if test.want == "" {
			test.want = "name its addresses, as `ip -brief address` shows them there: `rssreplay CAPTURE --local ADDR`"
		}
		d := newDiagnosis(&report.Report{}, &Traffic{Heavy: test.flows})
		if got := d.nameLocal(); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// A server's own addresses are told from its many clients; of two hosts either may have
// captured.
func TestServers(t *testing.T) {
	flow := func(client string, port uint16) report.Flow {
		return report.Flow{Protocol: "tcp", Source: netip.MustParseAddr(client), SourcePort: port, Destination: netip.MustParseAddr("192.0.2.1"), DestinationPort: 443, HasPorts: true, Packets: 10}
	}
	for _, test := range []struct {
		clients []string
		want    []string
	}{
		{[]string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, []string{"192.0.2.1"}},
		{[]string{"10.0.0.1", "10.0.0.1", "10.0.0.1"}, nil},
	} {
		d := newDiagnosis(&report.Report{}, &Traffic{})
		for i, client := range test.clients {
			d.t.Heavy = append(d.t.Heavy, flow(client, uint16(40000+i)))
		}
		if got := d.servers(); !slices.Equal(got, test.want) {
			t.Errorf("clients %v: servers %v, want %v", test.clients, got, test.want)
		}
	}
}

// What has no hash is no cause of the load of another CPU than its own.
func TestUnhashedExplainsItsOwnCPU(t *testing.T) {
	for hot, want := range []bool{true, false} {
		r := &report.Report{Table: report.TableReport{QueueCPUs: []int{0, 1}}}
		m := report.Mode{CPUs: []report.CPU{{CPU: 0, Packets: 1}, {CPU: 1, Packets: 1}}}
		m.CPUs[hot].Packets = 9
		for _, id := range []string{"unhashed", "no-hash-type"} {
			d := &diagnosis{r: r, t: &Traffic{}, mode: &m, found: []string{id}}
			if got := d.explained(); got != want {
				t.Errorf("%s on CPU 0, and CPU %d is hot: explained %v", id, hot, got)
			}
		}
	}
}

// The source ports to plan are those of the heaviest flow that has any.
func TestPlan(t *testing.T) {
	flow := func(protocol, source string, ports bool) report.Flow {
		return report.Flow{Protocol: protocol, Source: netip.MustParseAddr(source), Destination: netip.MustParseAddr("10.0.0.9"), DestinationPort: 443, HasPorts: ports}
	}
	d := newDiagnosis(&report.Report{}, &Traffic{Heavy: []report.Flow{flow("gre", "10.0.0.1", false), flow("sctp", "10.0.0.2", true), flow("udp", "10.0.0.3", true), flow("tcp", "10.0.0.4", true)}})
	if got, want := d.plan(), "`rssreplay plan 10.0.0.3 10.0.0.9:443 --protocol udp`"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.t.Heavy = d.t.Heavy[:2]
	if got := d.plan(); got != "" {
		t.Errorf("of flows without ports of TCP or UDP: %s", got)
	}
}

// Where one queue drops all, it is not said twice how many that is.
func TestDroppedBy(t *testing.T) {
	d := &diagnosis{r: &report.Report{}, t: &Traffic{}, mode: &report.Mode{Totals: report.Totals{Drops: 23}}}
	cpu := 6
	for drops, want := range map[uint64]string{23: " by queue 6 on CPU 6", 20: ", 20 of them by queue 6 on CPU 6"} {
		if got := d.droppedBy(&report.Queue{Queue: 6, CPU: &cpu, Drops: drops}); got != want {
			t.Errorf("%d of 23: %q, want %q", drops, got, want)
		}
	}
}

func TestNoClock(t *testing.T) {
	for _, test := range []struct {
		packets, back uint64
		want          string
	}{
		{2, 0, "Both packets have the same timestamp: the capture has no clock."},
		{3000, 0, "All 3,000 packets have the same timestamp: the capture has no clock."},
		{2, 1, "No packet has a later timestamp than the first: the capture has no clock."},
	} {
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: test.packets, TimestampRegressions: test.back}}, &Traffic{})
		if f := d.clockStill(); f == nil || f.Summary != test.want {
			t.Errorf("%d packets, %d back: %v, want %q", test.packets, test.back, f, test.want)
		}
	}
}

// A clock of 1 ms is one where packets share its steps: 1,000 packets, each a step after the
// last, share none.
func TestClockOfWholeSteps(t *testing.T) {
	for duration, found := range map[int64]bool{999e6: false, 998e6: true, 2000e6: false} {
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Duration: duration}}, &Traffic{Grain: 1e6})
		if f := d.clockStill(); (f != nil) != found {
			t.Errorf("1,000 packets in %d ns: found %v", duration, f)
		}
	}
}

// With masks of all CPUs a cause is named only if it explains the busiest CPU's load.
func TestRPSFullMask(t *testing.T) {
	for _, test := range []struct {
		notIP uint64
		pppoe uint64
		want  string
		not   string
	}{
		{2, 0, "by chance: here of 90 flows, by their packets worth 9 of equal size.", "EtherType"},
		{300, 0, "neither IP nor PPPoE, here 300 of 1,000, it has no more than the EtherType", "chance"},
		{300, 298, "by chance", "EtherType"},
	} {
		r := &report.Report{Table: report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 1}}, Capture: report.Capture{
			Packets: 1000, Received: 1000, Duration: 1e9,
			Unhashed:       report.Counts{{Name: "not_ip", Packets: test.notIP}},
			Encapsulations: report.Counts{{Name: "pppoe", Packets: test.pppoe}},
		}}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, RPS: &report.RPS{}, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 750}, {CPU: 1, Packets: 250}}}
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		largest := &report.Flow{Protocol: "udp", Packets: 100}
		traffic := &Traffic{
			Largest: largest, LargestBytes: largest, WithPorts: report.Null, InnerBalance: report.Null,
			Inputs: &Inputs{Flows: 90, Distinct: 90, Effective: 9}, Masked: []int{0, 1}, MaskFull: true,
		}
		said := ""
		for _, f := range Diagnose(r, traffic) {
			if f.ID == "rps-hot" {
				said = f.Evidence
			}
		}
		if !strings.Contains(said, test.want) || strings.Contains(said, test.not) {
			t.Errorf("%d not IP, %d of PPPoE: %q", test.notIP, test.pppoe, said)
		}
	}
}

// Remote are the CPUs whose node is told and not the NIC's, and which have packets by RPS.
func TestRPSOffNode(t *testing.T) {
	near, far := 0, 1
	backlog := func(packets uint64) *report.Backlog { return &report.Backlog{FromBacklog: packets} }
	m := report.Mode{Mode: "rss-msix", Simulated: 1e9, RPS: &report.RPS{}, CPUs: report.List[report.CPU]{
		{CPU: 0, Packets: 500, Backlog: backlog(300)}, {CPU: 1, Packets: 200, Backlog: backlog(150)},
		{CPU: 2, Packets: 200, Backlog: backlog(0)}, {CPU: 3, Packets: 50, Backlog: backlog(50)}, {CPU: 4, Packets: 50, Backlog: backlog(50)},
	}}
	m.Derive()
	for _, test := range []struct {
		nic  *int
		want string // "": nothing is found
	}{
		{&near, "RPS moves 15.0% of the packets to CPUs on another NUMA node than the NIC's, node 0: CPU 1."},
		{&far, "RPS moves 30.0% of the packets to CPUs on another NUMA node than the NIC's, node 1: CPU 0."},
		{nil, ""},
	} {
		host := &report.Host{NICNode: test.nic, CPUs: report.List[report.HostCPU]{{CPU: 0, Node: &near}, {CPU: 1, Node: &far}, {CPU: 2, Node: &far}, {CPU: 3}}}
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Duration: 1e9}, Modes: report.List[report.Mode]{m}, Host: host}, &Traffic{})
		got := ""
		if f := d.rpsOffNode(); f != nil {
			got = f.Summary
		}
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// Over which time a host's counts are, where its snapshots say it.
func TestCounted(t *testing.T) {
	for window, want := range map[int64]string{-1: "between the snapshots", 0: "between the snapshots", 1: "in the 1 ns between the snapshots", 2e9: "in the 2.00 s between the snapshots"} {
		d := newDiagnosis(&report.Report{Host: &report.Host{Window: &window}}, &Traffic{})
		if got := d.counted(); got != want {
			t.Errorf("%d ns: %s, want %s", window, got, want)
		}
	}
	if got := newDiagnosis(&report.Report{Host: &report.Host{}}, &Traffic{}).counted(); got != "since the host booted" {
		t.Errorf("without snapshots: %s", got)
	}
}

// Heavy flows that meet as chance has it are no more than a note under a key that is assumed;
// under a given one they meet each time.
func TestCollidingByChance(t *testing.T) {
	for _, test := range []struct {
		source   string
		p90      report.Fraction
		severity string
		want     string
	}{
		{report.DefaultSource, 2, report.Note, "chance explains it, and under the NIC's own key"},
		{"--key", 2, report.Warning, "chance explains it, but with this key and table these flows load that CPU each time."},
		{report.DefaultSource, 1.3, report.Warning, "1.10 to 1.30 × (10th to 90th percentile)."},
	} {
		r := &report.Report{
			Capture:    report.Capture{Packets: 1000, Received: 1000, Duration: 1e9},
			Table:      report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 1}},
			Parameters: report.Parameters{{Name: "key", Source: test.source}},
		}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 750}, {CPU: 1, Packets: 250}}}
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		heavy := func(packets uint64) report.Flow {
			return report.Flow{Protocol: "udp", HashWithheld: true, Packets: packets, Modes: []report.FlowMode{{Mode: "rss-msix", CPUs: []report.CPUPackets{{CPU: 0, Packets: packets}}}}}
		}
		traffic := &Traffic{
			Heavy: []report.Flow{heavy(210), heavy(200)}, WithPorts: report.Null, InnerBalance: report.Null,
			Inputs: &Inputs{Flows: 900, Distinct: 900, Effective: 50},
			Chance: &Chance{P5: 1.05, P10: 1.1, P50: 1.2, P90: test.p90, P95: 2.1, P999: report.Null},
		}
		said := false
		for _, f := range Diagnose(r, traffic) {
			if f.ID == "colliding-flows" {
				said = true
				if f.Severity != test.severity || !strings.Contains(f.Evidence, test.want) {
					t.Errorf("key of %s, 9 of 10 below %v: %s: %s", test.source, test.p90, f.Severity, f.Evidence)
				}
			}
		}
		if !said {
			t.Errorf("key of %s, 9 of 10 below %v: not found", test.source, test.p90)
		}
	}
}
