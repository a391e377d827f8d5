package findings

import (
	"net/netip"
	"strings"
	"testing"

	"rssreplay/report"
)

// TestSingleFlowRemedy names source ports where a flow has any that are hashed, and says why
// where more connections would not help.
func TestSingleFlowRemedy(t *testing.T) {
	m := report.Mode{Mode: "rss-msix", CPUs: report.List[report.CPU]{{CPU: 0, Packets: 950}, {CPU: 1, Packets: 50}}}
	m.Derive()
	r := &report.Report{Capture: report.Capture{Packets: 1000, Received: 1000}, Modes: report.List[report.Mode]{m}}
	tcp := report.Flow{Protocol: "tcp", HasPorts: true, HashType: "tcp_ipv4", Packets: 950}
	onAddresses, multicast := tcp, tcp
	onAddresses.HashType = "ipv4"
	multicast.Destination = netip.MustParseAddr("239.1.2.3")
	for _, test := range []struct {
		heavy report.Flow
		want  string
		plan  bool
	}{
		{tcp, "Only more flows reach more CPUs: in a test more connections (iperf3 -P 16), of NFS nconnect=8; of a tunnel, more inside it do not. `rssreplay plan", true},
		{multicast, "Only more flows reach more CPUs: ", false},
		{report.Flow{Protocol: "gre", Packets: 950}, "It has no ports", false},
		{onAddresses, "", false},
	} {
		f := newDiagnosis(r, &Traffic{Flows: 100, Largest: &test.heavy, Heavy: []report.Flow{test.heavy}}).singleFlow()
		if f == nil {
			t.Fatalf("%+v: no finding", test.heavy)
		}
		if !strings.HasPrefix(f.Remedy, test.want) || strings.Contains(f.Remedy, "rssreplay plan") != test.plan || test.want == "" && strings.Contains(f.Remedy, "iperf3") {
			t.Errorf("%+v: %s", test.heavy, f.Remedy)
		}
	}
}
