package hosttext

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHostAddresses(t *testing.T) {
	all := []Address{
		{"eth0", netip.MustParseAddr("198.51.100.7")}, {"eth0", netip.MustParseAddr("fe80::1:2")},
		{"eth0.10", netip.MustParseAddr("2001:db8::7")}, {"tun0", netip.MustParseAddr("10.8.0.2")},
	}
	for name, text := range map[string]string{
		"ip -o addr": `1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
1: lo    inet 192.0.2.99/32 scope host lo\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host noprefixroute \       valid_lft forever preferred_lft forever
2: eth0    inet 198.51.100.7/24 brd 198.51.100.255 scope global dynamic eth0\       valid_lft 3 sec preferred_lft 3 sec
2: eth0    inet6 fe80::1:2/64 scope link \       valid_lft forever preferred_lft forever
5: eth0.10    inet6 2001:db8::7/64 scope global \       valid_lft forever preferred_lft forever
6: tun0    inet 10.8.0.2 peer 10.8.0.1/32 scope global tun0\       valid_lft forever preferred_lft forever
`,
		"ip addr": `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 198.51.100.7/24 brd 198.51.100.255 scope global dynamic eth0
       valid_lft 3sec preferred_lft 3sec
    inet6 fe80::1:2/64 scope link
5: eth0.10@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    inet6 2001:db8::7/64 scope global
6: tun0: <POINTOPOINT> mtu 1500
    inet 10.8.0.2 peer 10.8.0.1/32 scope global tun0
`,
	} {
		if diff := cmp.Diff(all, Addresses([]byte(text)), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, other := range []string{"", "inet 198.51.100.7/24 scope global", "NIC statistics:\n rx_packets: 7\n", "2: eth0 inet 198.51.100.777/24 scope global\n"} {
		if got := Addresses([]byte(other)); got != nil {
			t.Errorf("%q: %v", other, got)
		}
	}
}
