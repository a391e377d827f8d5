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
