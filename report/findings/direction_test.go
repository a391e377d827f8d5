package findings

import (
	"net/netip"
	"slices"
	"testing"

	"rssreplay/report"
)

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
			"name its address, which may be 10.0.0.9, in 99.0% of the packets: `rssreplay CAPTURE --local 10.0.0.9`"},
		{"both versions", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50), flow("10.0.0.9", "10.0.0.2", 50), flow("2001:db8::1", "2001:db8::9", 15), flow("2001:db8::9", "2001:db8::2", 15), flow("2001:db8::3", "2001:db8::4", 6)},
			"name its addresses, which may be 10.0.0.9 and 2001:db8::9, in 83.3% of the packets: `rssreplay CAPTURE --local 10.0.0.9,2001:db8::9`"},
		{"two hosts", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50), flow("10.0.0.9", "10.0.0.1", 60)}, "name its address, 10.0.0.1 or 10.0.0.9: `rssreplay CAPTURE --local 10.0.0.1`"},
		{"one flow", []report.Flow{flow("10.0.0.1", "10.0.0.9", 50)}, "name its address, 10.0.0.9 or 10.0.0.1: `rssreplay CAPTURE --local 10.0.0.9`"},
		{"to itself", []report.Flow{flow("10.0.0.9", "10.0.0.9", 50)}, "name its address, which may be 10.0.0.9, in 100.0% of the packets: `rssreplay CAPTURE --local 10.0.0.9`"},
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
