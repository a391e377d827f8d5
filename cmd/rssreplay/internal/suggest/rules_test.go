package suggest

import (
	"net/netip"
	"testing"

	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// A rule says what it takes: all of two addresses, one protocol of them, or what has no ports.
func TestRuleTakes(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for want, key := range map[string]groupKey{
		"all that goes from 192.0.2.1 to 192.0.2.2":           {kind: steer.IP4, source: a, destination: b},
		"what goes by gre from 192.0.2.1 to 192.0.2.2":        {kind: steer.IP4, source: a, destination: b, protocol: pcaps.ProtoGRE},
		"what goes without ports from 192.0.2.1 to 192.0.2.2": {kind: steer.IP4, source: a, destination: b, others: true},
		"all that goes to udp port 53 over IPv4":              {kind: steer.UDP4, destinationPort: 53},
	} {
		if got := key.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	whole := groupKey{kind: steer.IP4, source: a, destination: b, protocol: steer.AnyProtocol} // as bnxt writes it
	if got := whole.String(); got != "all that goes from 192.0.2.1 to 192.0.2.2" {
		t.Error(got)
	}
}
