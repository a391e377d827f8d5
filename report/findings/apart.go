package findings

import (
	"fmt"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about what belongs together and is on two CPUs.

// fragmentsFrom is the part of the received packets from which fragments of UDP are more than
// a few strays.
const fragmentsFrom = 0.001

// udpFragments: what Intel's drivers warn of when UDP is hashed on its ports (igb:
// "fragmented packets may arrive out of order to the stack above").
func (d *diagnosis) udpFragments() *report.Finding {
	if d.mode == nil || d.t.FragmentsApart == 0 {
		return nil
	}
	severity := report.Warning
	if report.Ratio(d.t.UDPFragments, d.r.Capture.Received) < fragmentsFrom {
		severity = report.Note
	}
	return &report.Finding{
		ID: "udp-fragments", Severity: severity,
		Summary: fmt.Sprintf("%s of %s fragments of UDP datagrams are on another CPU than whole datagrams between the same two addresses: where these are of the same ports, they may overtake each other.",
			words.Exact(d.t.FragmentsApart), words.Exact(d.t.UDPFragments)),
		Evidence: "Fragments have no ports and are hashed on addresses alone; whole datagrams are hashed with their ports. A first fragment has them inside, and whether they are those of whole datagrams is not compared here: `tshark -r " + d.capture() + " -o ip.defragment:FALSE -o ipv6.defragment:FALSE -Y 'udp && (ip.flags.mf == 1 || ipv6.fraghdr)' -T fields -e udp.srcport -e udp.dstport` shows them.",
		Remedy:   d.addressesAlone("udp"),
		Figures:  report.Numbers{"fragments": d.t.UDPFragments, "apart": d.t.FragmentsApart},
	}
}

// asymmetricFrom are the connections from which their symmetry is judged.
const asymmetricFrom = 10

// asymmetric: what makes Suricata count tcp.wrong_thread.
func (d *diagnosis) asymmetric() *report.Finding {
	if d.mode == nil {
		return nil
	}
	a := &d.mode.Affinity
	if a.Connections < asymmetricFrom || float64(a.SymmetricConnections) > 0.9*float64(a.Connections) {
		return nil
	}
	return &report.Finding{
		ID: "asymmetric-connections", Severity: report.Note,
		Summary: fmt.Sprintf("%s of %s connections have their two directions on different CPUs under %s: an IDS or a proxy pays for that.",
			words.Exact(a.Connections-a.SymmetricConnections), words.Exact(a.Connections), d.mode.Mode),
		Evidence: fmt.Sprintf("Of %s connections with both directions received, %s have them on one CPU.", words.Exact(a.Connections), words.Exact(a.SymmetricConnections)),
		Remedy:   d.setSymmetric(),
		Figures:  report.Numbers{"connections": a.Connections, "symmetric_connections": a.SymmetricConnections},
	}
}
