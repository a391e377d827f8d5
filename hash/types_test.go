package hash

import "testing"

func TestTypes(t *testing.T) {
	for _, test := range []struct {
		t     Type
		name  string
		len   int
		ports bool
		ex    bool
	}{
		{None, "none", 0, false, false},
		{IPv4, "ipv4", 8, false, false},
		{TCPIPv4, "tcp_ipv4", 12, true, false},
		{UDPIPv4, "udp_ipv4", 12, true, false},
		{IPv6, "ipv6", 32, false, false},
		{TCPIPv6, "tcp_ipv6", 36, true, false},
		{UDPIPv6, "udp_ipv6", 36, true, false},
		{IPv6Ex, "ipv6_ex", 32, false, true},
		{TCPIPv6Ex, "tcp_ipv6_ex", 36, true, true},
		{UDPIPv6Ex, "udp_ipv6_ex", 36, true, true},
		{Type(77), "type(77)", 0, false, false},
	} {
		if test.t.String() != test.name || test.t.InputLen() != test.len || test.t.Ports() != test.ports || test.t.Ex() != test.ex {
			t.Errorf("%v: length %d, ports %v, ex %v; want %+v", test.t, test.t.InputLen(), test.t.Ports(), test.t.Ex(), test)
		}
	}
}

func TestTypesSet(t *testing.T) {
	for _, test := range []struct {
		list, canonical string
		maxInput        int
	}{
		{"none", "none", 0},
		{"ipv4", "ipv4", 8},
		{"udp_ipv4,tcp_ipv4", "tcp_ipv4,udp_ipv4", 12},
		{"ipv4, ipv6", "ipv4,ipv6", 32},
		{"ipv6_ex,ipv6_ex", "ipv6_ex", 32},
		{DefaultTypes.String(), "ipv4,tcp_ipv4,udp_ipv4,ipv6,tcp_ipv6,udp_ipv6", 36},
	} {
		got, err := ParseTypes(test.list)
		if err != nil || got.String() != test.canonical || got.MaxInputLen() != test.maxInput {
			t.Errorf("%q: %v (longest input %d), %v; want %s (%d)", test.list, got, got.MaxInputLen(), err, test.canonical, test.maxInput)
		}
	}
	for _, bad := range []string{"", "tcp4", "ipv4,", "ipv4,none", "IPV4"} {
		if got, err := ParseTypes(bad); err == nil {
			t.Errorf("%q is %v, want an error", bad, got)
		}
	}
	if s := TypesOf(None, IPv4, Type(99)); s != 1<<IPv4 || s.Has(None) || s.Has(Type(99)) || !s.Has(IPv4) {
		t.Errorf("TypesOf(None, IPv4, 99) is %v", s)
	}
}
