package findings

import (
	"net/netip"
	"strings"
	"testing"

	"rssreplay/report"
)

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

// A heavy flow that shares its entry with others is not told that a table helps as far as the flow
// alone allows.
func TestHeavyFlowsOfOneEntry(t *testing.T) {
	heavy := on(0, 1600)
	ownKey := report.Parameters{{Name: "key", Value: "x", Source: "--key"}}
	for _, test := range []struct {
		entry      uint64 // packets
		parameters report.Parameters
		told, key  bool
	}{{1600, nil, false, false}, {1700, ownKey, false, false}, {3000, nil, true, false}, {3000, ownKey, true, true}} {
		r := hot(3200, 300, 300, 200)
		r.Parameters = test.parameters
		r.Table.Packets = report.List[uint64]{test.entry, 300, 300, 200}
		f := newDiagnosis(r, &Traffic{Flows: 100, Largest: &heavy}).elephant()
		if f == nil {
			t.Fatalf("%+v: no finding", test)
		}
		if got := strings.Contains(f.Evidence, "has 3.00 × alone: no table gets below that."); got != test.told {
			t.Errorf("%+v: %s", test, f.Evidence)
		}
		if got := strings.HasPrefix(f.Remedy, "Other source ports, or another key, part the flows of that entry by luck. "); got != test.key {
			t.Errorf("%+v: %s", test, f.Remedy)
		}
	}
}

// What is heavy in bytes alone has no remedy that the NIC or RPS has not.
func TestRemedyForHeavyBytes(t *testing.T) {
	r := hot(250, 250, 250, 250)
	for i := range r.Modes[0].CPUs {
		r.Modes[0].CPUs[i].Bytes = 100
	}
	r.Modes[0].CPUs[0].Bytes = 10_000
	r.Modes[0].Derive()
	heavy := on(0, 20)
	heavy.Bytes = 9_900
	for want, traffic := range map[string]Traffic{
		"Split it over several connections; or keep other flows off its CPU: `rssreplay suggest CAPTURE --by bytes` looks for a table that lasts.": {},
		"Split it over several connections.": {Unsettable: Unsettable{Table: true}},
	} {
		traffic.Flows, traffic.Largest, traffic.LargestBytes = 100, &heavy, &heavy
		if f := newDiagnosis(r, &traffic).elephantBytes(); f == nil || !strings.HasSuffix(f.Remedy, want) {
			t.Errorf("%+v, want %q", f, want)
		}
	}
}
