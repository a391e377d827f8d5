package main

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestFlows runs every client against its server over the loopback interface.
func TestFlows(t *testing.T) {
	tcp := func(serve func(net.Listener) error) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go serve(l)
		return l.Addr().String()
	}
	udp := func(answer func([]byte) []byte) string {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		go serveUDP(c, answer)
		return c.LocalAddr().String()
	}
	tests := []struct {
		mode, server string
	}{
		{"web", tcp(func(l net.Listener) error { return http.Serve(l, http.HandlerFunc(respond)) })},
		{"upload", tcp(serveSink)},
		{"dns", udp(dnsAnswer)},
		{"echo", udp(func(b []byte) []byte { return b })},
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			f := flow{
				local:     netip.MustParseAddr("127.0.0.1"),
				server:    netip.MustParseAddrPort(tt.server),
				exchanges: 3,
				think:     time.Millisecond,
				minBytes:  100,
				maxBytes:  5000,
				rate:      1 << 20,
				random:    rand.New(rand.NewPCG(1, 2)),
			}
			if err := services()[tt.mode].flow(&f); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFlowNotices has a server that answers wrongly, and one that is not there.
func TestFlowNotices(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go serveUDP(c, func(b []byte) []byte { return b[:len(b)-1] })
	f := flow{
		local:     netip.MustParseAddr("127.0.0.1"),
		server:    netip.MustParseAddrPort(c.LocalAddr().String()),
		exchanges: 1,
		minBytes:  100,
		maxBytes:  100,
		random:    rand.New(rand.NewPCG(1, 2)),
	}
	if err := f.echo(); err == nil || !strings.Contains(err.Error(), "unexpected answer of 99 bytes") {
		t.Errorf("echo cut short: got error %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.server = netip.MustParseAddrPort(l.Addr().String())
	l.Close()
	if err := f.upload(); err == nil {
		t.Error("upload to a closed port: got no error")
	}
}

func TestHost(t *testing.T) {
	for _, tt := range []struct {
		prefix string
		n      int
		want   string
	}{
		{"198.51.100.0/24", 1, "198.51.100.1"},
		{"198.51.100.128/25", 100, "198.51.100.228"},
		{"2001:db8:1::/64", 300, "2001:db8:1::12c"},
	} {
		if got := host(netip.MustParsePrefix(tt.prefix), tt.n); got.String() != tt.want {
			t.Errorf("host(%s, %d) = %v, want %s", tt.prefix, tt.n, got, tt.want)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "no mode"},
		{"ftp", `mode "ftp"`},
		{"serve", "no address"},
		{"dns -to 192.0.2.1", "needs -to and -from"},
		{"dns -to 192.0.2.1 -from 198.51.100.0/24 now", `unexpected argument "now"`},
		{"dns -to 192.0.2.1 -from 2001:db8::/64", "no address of its IP version"},
		{"dns -to 192.0.2.1 -from 198.51.100.0/24 -flows 0", "at least 1"},
		{"web -to 192.0.2.1 -from 198.51.100.0/24", "needs -bytes"},
		{"web -to 192.0.2.1 -from 198.51.100.0/24 -bytes 9:1", "needs -bytes"},
	} {
		var out strings.Builder
		if err := run(strings.Fields(tt.args), &out); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("traffic %s: got error %v, want one with %q", tt.args, err, tt.want)
		}
		if out.Len() > 0 {
			t.Errorf("traffic %s: got output %q", tt.args, out.String())
		}
	}
}
