package findings

import (
	"strings"
	"testing"

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

// A heavy flow is the cause of its own CPU's load alone: where others make another CPU
// hotter, these come first.
func TestHeavyFlowElsewhere(t *testing.T) {
	for _, test := range []struct {
		cpu         int
		tunnel      string
		first, then string
	}{
		{1, "", "elephant-flow", ""},
		{3, "", "colliding-flows", "elephant-flow"},
		{1, "gre", "tunnel", ""},
		{3, "gre", "colliding-flows", "tunnel"},
	} {
		r := hot(100, 600, 100, 400)
		largest := on(test.cpu, 390)
		if test.tunnel != "" {
			largest.Protocol, largest.HasPorts, largest.HashType = "gre", false, "ipv4"
		}
		traffic := &Traffic{Flows: 900, Largest: &largest, LargestBytes: &largest, LargestTunnel: test.tunnel, SameTunnels: 1, WithPorts: report.Null, InnerBalance: report.Null}
		traffic.Heavy = []report.Flow{largest, on(1, 160), on(1, 159)}
		if test.cpu == 1 {
			traffic.Heavy = []report.Flow{largest}
		}
		var ids []string
		for _, f := range Diagnose(r, traffic) {
			ids = append(ids, f.ID)
			if f.ID == test.then && !strings.Contains(f.Evidence, "it is on CPU 3, which has 33.3% of the packets, 1.33 × its fair share, while CPU 1 has 50.0%") {
				t.Errorf("on CPU %d: %s", test.cpu, f.Evidence)
			}
		}
		want := test.first
		if test.then != "" {
			want += " " + test.then
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s on CPU %d: found %s, want %s", largest.Protocol, test.cpu, got, want)
		}
	}
}

// More connections are no remedy where they meet the same entry.
func TestRemedyForHeavyFlow(t *testing.T) {
	for _, test := range []struct {
		protocol, hashType string
		ports, fixed       bool
		want               string // "" for other connections
	}{
		{"tcp", "tcp_ipv4", true, false, ""},
		{"udp", "udp_ipv4", true, false, ""},
		{"udp", "ipv4", true, false, "first `ethtool -N DEV rx-flow-hash udp4 sdfn` (and udp6), then split it"},
		{"udp", "ipv6", true, true, "Its ports are not hashed, so that more connections between the same addresses change nothing"},
		{"sctp", "ipv4", true, false, "Its ports are not hashed"},
		{"icmp", "ipv4", false, false, "It has no ports"},
	} {
		for _, packets := range []uint64{700, 950} { // elephant-flow, single-flow
			f := on(0, packets)
			f.Protocol, f.HashType, f.HasPorts = test.protocol, test.hashType, test.ports
			rest := (1000 - packets) / 3
			d := newDiagnosis(hot(1000-3*rest, rest, rest, rest), &Traffic{Flows: 900, Largest: &f, LargestBytes: &f, Heavy: []report.Flow{f}, Unsettable: Unsettable{Fields: test.fixed}})
			found := d.singleFlow()
			if packets == 700 {
				found = d.elephant()
			}
			switch {
			case found == nil:
				t.Errorf("%+v: %d packets: nothing found", test, packets)
			case test.want != "" && (!strings.Contains(found.Remedy, test.want) || strings.Contains(found.Remedy, "iperf3") || strings.Contains(found.Remedy, "rssreplay plan")):
				t.Errorf("%+v: %s: %s", test, found.ID, found.Remedy)
			case test.want == "" && !strings.Contains(strings.ToLower(found.Remedy), "connections"):
				t.Errorf("%+v: %s: %s", test, found.ID, found.Remedy)
			}
		}
	}
}

// No remedy is a command that the NIC's driver refuses.
func TestRemediesThatTheDriverTakes(t *testing.T) {
	free, fixed := newDiagnosis(hot(400, 200, 200, 200), &Traffic{}), newDiagnosis(hot(400, 200, 200, 200), &Traffic{Unsettable: Unsettable{Table: true, Key: true, Fields: true, Transform: true, Rule: true}})
	for name, remedy := range map[string]func(d *diagnosis) string{
		"ports":     func(d *diagnosis) string { return d.portsToo("udp") },
		"addresses": func(d *diagnosis) string { return d.addressesAlone("udp") },
		"key":       func(d *diagnosis) string { return d.setKey("01:02") },
		"table":     (*diagnosis).setEqual,
		"symmetric": (*diagnosis).setSymmetric,
		"rule":      (*diagnosis).ownCPU,
	} {
		if got := remedy(free); !strings.Contains(got, "`ethtool -") {
			t.Errorf("%s: %q has no command", name, got)
		}
		if got := remedy(fixed); strings.Contains(got, "`ethtool -") || !strings.Contains(strings.ToLower(got), "the driver") {
			t.Errorf("%s: %q of a driver that takes none", name, got)
		}
	}
}

// A ring is made no longer than it can be.
func TestRemedyForRings(t *testing.T) {
	for _, test := range []struct {
		ring, longest int
		want          string
	}{
		{256, 0, "`ethtool -G DEV rx 1024` (`ethtool -g DEV` shows the longest); its effect: `rssreplay CAPTURE --rx-ring 1024`"},
		{256, 4096, "`ethtool -G DEV rx 1024`; its effect"},
		{256, 512, "`ethtool -G DEV rx 512`, the longest that it can have; its effect: `rssreplay CAPTURE --rx-ring 512`"},
		{512, 512, "The ring is as long as it can be (`ethtool -g DEV`)"},
	} {
		r := hot(400, 200, 200, 200)
		r.Parameters = report.Parameters{{Name: "rx-ring", Value: test.ring}}
		r.Modes[0].Totals.Drops = 9
		cpu := 0
		r.Modes[0].Queues = report.List[report.Queue]{{Queue: 0, CPU: &cpu, Packets: 400, Drops: 9}}
		f := newDiagnosis(r, &Traffic{LongestRing: test.longest, Bursts: []Burst{{90, 900}}}).microburst()
		if f == nil || !strings.Contains(f.Remedy, test.want) {
			t.Errorf("a ring of %d, at most %d: %+v", test.ring, test.longest, f)
		}
	}
}

// Commands of Linux are said to be that where they are not the NIC's.
func TestOtherToolsThanEthtool(t *testing.T) {
	for _, test := range []struct {
		traffic Traffic
		want    string
	}{{Traffic{}, ""}, {Traffic{Application: true}, "under DPDK"}, {Traffic{PowerShell: true}, "under Windows"}} {
		d := newDiagnosis(hot(400, 200, 200, 200), &test.traffic)
		all := []report.Finding{{Remedy: "`ethtool -X DEV default`."}, {Remedy: "More flows."}}
		d.noEthtool(all)
		if test.want == "" && all[0].Remedy != "`ethtool -X DEV default`." || !strings.Contains(all[0].Remedy, test.want) || all[1].Remedy != "More flows." {
			t.Errorf("%+v: %+v", test.traffic, all)
		}
	}
}

// Drops of a backlog are grave only by measured costs, and impossible of packets that a
// host captured behind it.
func TestBacklogOverflowByWhatIsKnown(t *testing.T) {
	for _, test := range []struct {
		source, taken, want string
	}{
		{report.DefaultSource, "", report.Warning},
		{"--packet-cost", "", report.Problem},
		{"--packet-cost", "the capture says it", report.Note},
	} {
		r := hot(90000, 200, 200, 200)
		r.Parameters = report.Parameters{{Name: "packet-cost", Value: "1µs", Source: test.source}}
		drops, backlog := uint64(7), uint64(1001)
		m := &r.Modes[0]
		m.RPS, m.Totals.BacklogDrops = &report.RPS{}, &drops
		m.CPUs[0].Backlog = &report.Backlog{BacklogDrops: drops, BacklogMax: backlog}
		f := newDiagnosis(r, &Traffic{TakenOnHost: test.taken}).backlogOverflow()
		if f == nil || f.Severity != test.want || strings.Contains(f.Evidence, "they were received: the capture says it") != (test.taken != "") {
			t.Errorf("%+v: %+v", test, f)
		}
	}
}

// Where one CPU's backlog dropped all, no part of them is named.
func TestBacklogOverflowOfOneCPU(t *testing.T) {
	for _, test := range []struct {
		drops uint64
		want  string
	}{
		{7, "7 packets are dropped in the full backlog of CPU 0 (RPS)."},
		{9, "9 packets are dropped in full backlogs of RPS, 7 of them on CPU 0."},
	} {
		r := hot(90000, 200, 200, 200)
		m := &r.Modes[0]
		m.RPS, m.Totals.BacklogDrops = &report.RPS{}, &test.drops
		m.CPUs[0].Backlog = &report.Backlog{BacklogDrops: 7, BacklogMax: 1001}
		if f := newDiagnosis(r, &Traffic{}).backlogOverflow(); f == nil || !strings.HasSuffix(f.Summary, test.want) {
			t.Errorf("want %s, got %+v", test.want, f)
		}
	}
}

// A driver that rounds its queues down to a power of two is not told to have more.
func TestQueuesOfAPowerOfTwo(t *testing.T) {
	for _, test := range []struct{ most, rings, cpus, want int }{
		{0, 0, 6, 0}, {16, 0, 6, 16}, {16, 8, 6, 8}, {0, 8, 6, 8},
	} {
		d := newDiagnosis(hot(400, 200), &Traffic{MostQueues: test.most, MostRings: test.rings})
		if got := d.mostQueues(test.cpus); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
	for cpus, want := range map[int]int{1: 1, 2: 2, 3: 2, 6: 4, 8: 8, 15: 8, 40: 16} {
		d := newDiagnosis(hot(400, 200), &Traffic{MostQueues: 16, PowerOfTwo: true})
		if got := d.mostQueues(cpus); got != want {
			t.Errorf("%d CPUs: %d queues, want %d", cpus, got, want)
		}
	}
	r := hot(300, 300, 300, 300, 0, 0)
	f := newDiagnosis(r, &Traffic{MostQueues: 16, PowerOfTwo: true}).missedCPUs()
	if f == nil || !strings.Contains(f.Evidence, "at most 4 queues for 6 CPUs, as its driver rounds") || strings.Contains(f.Remedy, "ethtool -L") || !strings.Contains(f.Remedy, "RPS spreads") {
		t.Errorf("%+v", f)
	}
}
