package findings

import (
	"net/netip"
	"strings"
	"testing"

	"rssreplay/report"
)

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

// What has no hash is named by its encapsulation, unless the NIC reads that (--inner), or
// more packets have it than have no hash.
func TestUnhashedKind(t *testing.T) {
	for _, test := range []struct {
		pppoe uint64
		inner bool
		want  string
	}{{60, false, " (PPPoE)"}, {100, false, " (PPPoE)"}, {50, false, ""}, {101, false, ""}, {60, true, ""}} {
		r := &report.Report{Capture: report.Capture{Encapsulations: report.Counts{{Name: "pppoe", Packets: test.pppoe}}}}
		r.Parameters = report.Parameters{{Name: "inner", Value: test.inner}}
		if got := (&diagnosis{r: r}).unhashedKind(100); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

// What a rule takes is not on the default queue, hash or none.
func TestRuledUnhashed(t *testing.T) {
	capture := func(rules ...report.Rule) *report.Report { // 800 packets have a hash, and 200 none
		r := &report.Report{Rules: rules, Table: report.TableReport{Packets: []uint64{500, 300}, QueueCPUs: []int{0, 1}}}
		r.Capture.Received, r.Capture.Unhashed = 1000, report.Counts{{Name: "not_ip", Packets: 120}, {Name: noHashTypeReason, Packets: 80}}
		for _, rule := range rules {
			if rule.Kind != "ether" && rule.Overrides() {
				r.Table.Packets[0] -= rule.Packets
			}
		}
		r.Modes = []report.Mode{{Mode: "rss-msix", CPUs: make([]report.CPU, 8)}}
		for i := range r.Modes[0].CPUs {
			r.Modes[0].CPUs[i] = report.CPU{CPU: i, Packets: 125}
		}
		return r
	}
	for _, test := range []struct {
		rules []report.Rule
		want  uint64
		found bool
	}{
		{nil, 0, true},
		{[]report.Rule{{Kind: "ether", Action: "queue 1", Packets: 120}}, 120, false},
		{[]report.Rule{{Kind: "tcp4", Action: "queue 1", Packets: 400}}, 0, true},
		{[]report.Rule{{Kind: "tcp4", Action: "queue 1", Packets: 400}, {Kind: "ether", Action: "dropped", Packets: 20}}, 20, true},
		{[]report.Rule{{Kind: "ether", Action: "Wake-on-LAN", Packets: 120}}, 0, true},
	} {
		d := newDiagnosis(capture(test.rules...), &Traffic{})
		if got := d.ruledUnhashed(); got != test.want {
			t.Errorf("%+v: rules took %d packets without a hash, want %d", test.rules, got, test.want)
		}
		f := d.unhashed()
		if (f != nil) != test.found {
			t.Errorf("%+v: %+v", test.rules, f)
		}
		if f != nil && !strings.HasPrefix(f.Remedy, "`tshark -r CAPTURE -Y 'not ip and not ipv6' | head` shows what they are") {
			t.Errorf("what is no IP packet is not to be looked at: %s", f.Remedy)
		}
		if f != nil && f.Figures["unhashed_packets"] != 120-test.want {
			t.Errorf("%+v: %v packets go to the default queue", test.rules, f.Figures["unhashed_packets"])
		}
	}
}

// Of a NIC with one queue it is that which is told, once; where most packets are such that RPS does
// not spread them, RPS is no remedy.
func TestUnhashedOfOneQueue(t *testing.T) {
	for reason, told := range map[string]bool{noHashTypeReason: true, "not_ip": false} {
		r := hot(1000, 0, 0, 0)
		r.Table = report.TableReport{Size: 1, Entries: report.List[int]{0}, QueueCPUs: report.List[int]{0}}
		r.Capture.Unhashed = report.Counts{{Name: reason, Packets: 1000}}
		found := Diagnose(r, &Traffic{MostQueues: 1})
		if len(found) != 1 || found[0].ID != "single-queue" {
			t.Fatalf("%s: %+v", reason, found)
		}
		if got := strings.Contains(found[0].Remedy, "--rps 0-3"); got != told || strings.Contains(found[0].Remedy, "RPS keeps them together, too") == told {
			t.Errorf("%s: %s", reason, found[0].Remedy)
		}
	}
}
