package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// What spreads a tunnel is told by what the kernel's own hash has of its packets: of ESP the SPI,
// of which one does not spread, and of VXLAN the outer ports alone.
func TestTunnelRemedies(t *testing.T) {
	const (
		parts    = "RPS parts"
		several  = "Several tunnels, between more addresses, are several flows."
		moreSAs  = several + " So are several security associations under RPS"
		ports    = "The outer source port must vary with the inner flow, as the sender sets it. "
		together = "RPS on the NIC's queues keeps a tunnel together"
	)
	for _, test := range []struct {
		kind string
		rps  bool
		spis uint64
		want string // begins the remedy
		says string // is in it, too
		not  string // and is not
	}{
		{"esp", false, 1, several + " Its packets have one SPI, so that RPS keeps them together, too", "Several security associations have several.", parts},
		{"esp", false, 3, several + " RPS parts this one's 3 SPIs", "rps_cpus", "one SPI"},
		{"esp", false, 0, several + " RPS parts them by their SPI, too", "rps_cpus", "Its packets have one SPI"},
		{"esp", true, 1, moreSAs, "addresses and SPI", "rps_cpus"},
		{"esp", true, 3, several, "", "security associations"},
		{"esp", true, 0, several, "", "security associations"},
		{"gre", true, 0, several, "", "rps_cpus"},
		{"gre", false, 0, "RPS spreads them behind the NIC", "rps_cpus", several},
		{"vxlan", true, 0, ports + "An XDP program", "", together},
		{"vxlan", false, 0, ports + together, "An XDP program", "rps_cpus"},
		{"geneve", true, 0, ports + "An XDP program", "", together},
		{"gtp_u", true, 0, ports + "An XDP program", "", together},
		{"wireguard", false, 0, "Several tunnels, on other ports or between more addresses, are several flows. RPS on WireGuard's own interface", "`echo f >/sys/class/net/WG/queues/rx-0/rps_cpus`", "cpumap"},
		{"wireguard on addresses", false, 0, several + " RPS on WireGuard's own interface", "threaded", "cpumap"},
		{"wireguard", true, 0, "Several tunnels, on other ports", "threaded", "cpumap"},
		{"l2tp", false, 0, several + " " + together, "", "rps_cpus"},
	} {
		r := hot(2500, 500, 500, 500)
		if test.rps {
			r = steered(2500, 500, 500, 500)
		}
		flow := on(0, 2000)
		kind, addresses := strings.CutSuffix(test.kind, " on addresses")
		if addresses {
			flow.HashType = "ipv4"
		}
		f := newDiagnosis(r, &Traffic{Largest: &flow, LargestTunnel: kind, SameTunnels: 1, SPIs: test.spis, InnerBalance: report.Null}).tunnel()
		if f == nil || !strings.HasPrefix(f.Remedy, test.want) || !strings.Contains(f.Remedy, test.says) || strings.Contains(f.Remedy, test.not) {
			t.Errorf("%s, RPS %v, %d SPIs: %+v", test.kind, test.rps, test.spis, f)
		}
	}
}
