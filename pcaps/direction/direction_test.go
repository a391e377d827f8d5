package direction

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"rssreplay/pcaps"
)

// from is the header of a packet from one address to another.
func from(src, dst string) *pcaps.Header {
	h := &pcaps.Header{}
	for i, s := range []string{src, dst} {
		a := netip.MustParseAddr(s)
		var b [16]byte
		if h.Version = 6; a.Is4() {
			h.Version = 4
			*(*[4]byte)(b[:]) = a.As4()
		} else {
			b = a.As16()
		}
		if i == 0 {
			h.Src = b
		} else {
			h.Dst = b
		}
	}
	return h
}

// isSent is d.Sent of a packet with that header.
func isSent(d *Directions, h *pcaps.Header) bool {
	var t pcaps.Tuple
	t.Set(h)
	return d.Sent(&t, h.Direction)
}

func TestParseLocalErrors(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   string
	}{
		{[]string{""}, `--local "": an empty value: give auto, none, an address (10.0.0.5) or a prefix (10.0.0.0/24)`},
		{[]string{"10.0.0.1,"}, `--local "10.0.0.1,": an empty value: give auto, none, an address (10.0.0.5) or a prefix (10.0.0.0/24)`},
		{[]string{"eth0"}, `--local "eth0": eth0 is no address (10.0.0.5) or prefix (10.0.0.0/24), nor auto or none`},
		{[]string{"10.0.0.0/33"}, `--local "10.0.0.0/33": 10.0.0.0/33 is no address (10.0.0.5) or prefix (10.0.0.0/24), nor auto or none`},
		{[]string{"fe80::1%eth0"}, `--local "fe80::1%eth0": fe80::1%eth0 has a zone, which packets do not carry: leave out %eth0`},
		{[]string{"::ffff:10.0.0.1"}, `--local "::ffff:10.0.0.1": ::ffff:10.0.0.1 is an IPv4 address written as IPv6: write 10.0.0.1`},
		{[]string{"auto", "none"}, "--local: auto and none exclude each other: give one of them"},
		{[]string{"auto,10.0.0.1"}, "--local: auto and 10.0.0.1/32 exclude each other: give only the addresses, or only auto"},
		{[]string{"10.0.0.1", "none"}, "--local: none and 10.0.0.1/32 exclude each other: give only the addresses, or only none"},
	} {
		if _, err := ParseLocal(test.values); err == nil || err.Error() != test.want {
			t.Errorf("%q: %v,\nwant %s", test.values, err, test.want)
		}
	}
}

func TestSentByLocal(t *testing.T) {
	for _, test := range []struct {
		local string
		h     *pcaps.Header
		want  bool
	}{
		{"10.0.0.5", from("10.0.0.5", "10.0.0.6"), true},
		{"10.0.0.5", from("10.0.0.6", "10.0.0.5"), false},
		{"10.0.0.5", from("10.0.0.5", "10.0.0.5"), false},
		{"10.0.0.5", from("10.0.0.5", "224.0.0.1"), true},
		{"10.0.0.5", from("10.0.0.4", "10.0.0.6"), false},
		{"10.0.0.5, 10.0.0.6", from("10.0.0.5", "10.0.0.6"), false},
		{"10.0.0.5,192.168.0.0/16", from("192.168.7.9", "10.0.0.6"), true},
		{"10.0.0.5,192.168.0.0/16", from("192.169.0.0", "10.0.0.6"), false},
		{"10.0.0.9/29", from("10.0.0.15", "10.0.0.16"), true}, // host bits are masked
		{"10.0.0.9/29", from("10.0.0.15", "10.0.0.8"), false},
		{"0.0.0.0/0", from("1.2.3.4", "5.6.7.8"), false},
		{"0.0.0.0/0", from("::1", "::2"), false}, // another version
		{"::/0", from("1.2.3.4", "5.6.7.8"), false},
		{"2001::/16", from("2001::1", "2002::1"), true},
		{"2001:0:0:1::/64", from("2001:0:0:1::1", "2001:0:0:2::1"), true},
		{"2001::8/125", from("2001::f", "2001::10"), true},
		{"2001::8/125", from("2001::10", "2001::f"), false},
		{"2001::1", from("2001::1", "2001::2"), true},
		{"2001::1", from("2001:0:0:1::1", "2001::2"), false},
		{"a00:5::", from("10.0.0.5", "10.0.0.6"), false}, // the same first bytes as 10.0.0.5
		{"none", from("10.0.0.5", "10.0.0.6"), false},
		{"10.0.0.5", &pcaps.Header{Reason: pcaps.NotIP}, false},
		{"none", &pcaps.Header{Direction: pcaps.Outbound}, true}, // the capture's word comes first
		{"10.0.0.5", func() *pcaps.Header { h := from("10.0.0.5", "10.0.0.6"); h.Direction = pcaps.Inbound; return h }(), false},
		{"10.0.0.5", &pcaps.Header{Direction: pcaps.Outbound, Reason: pcaps.NotIP}, true},
	} {
		local, err := ParseLocal([]string{test.local})
		if err != nil {
			t.Fatal(err)
		}
		d := NewDirections(local)
		if d.WantsMore() {
			t.Errorf("--local %s wants to observe", test.local)
		}
		if got := isSent(d, test.h); got != test.want {
			t.Errorf("--local %s: %v: sent is %v", test.local, test.h, got)
		}
	}
}

func TestAuto(t *testing.T) {
	arp := &pcaps.Header{Reason: pcaps.NotIP}
	for _, test := range []struct {
		name    string
		packets []*pcaps.Header
		sent    []bool // of the packets in turn
		rule    string
	}{
		{"one host", []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("1.1.1.1", "10.0.0.5"), arp, from("2.2.2.2", "10.0.0.5")}, []bool{true, false, false, false},
			"auto: 10.0.0.5 is in all 3 unicast IPv4 packets"},
		{"multicast and broadcast do not count", []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("9.9.9.9", "224.0.0.251"), from("0.0.0.0", "255.255.255.255"), from("2.2.2.2", "10.0.0.5"), from("10.0.0.5", "239.1.1.1")},
			[]bool{true, false, false, false, true}, "auto: 10.0.0.5 is in all 2 unicast IPv4 packets"},
		{"both versions", []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("2001::1", "2001::5"), from("2.2.2.2", "10.0.0.5"), from("2001::5", "2001::2"), from("fe80::9", "ff02::1")},
			[]bool{true, false, false, true, false}, "auto: 10.0.0.5 is in all 2 unicast IPv4 packets; 2001::5 is in all 2 unicast IPv6 packets"},
		{"one conversation", []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("1.1.1.1", "10.0.0.5")}, []bool{false, false},
			"auto: 10.0.0.5 and 1.1.1.1 are both in all 2 unicast IPv4 packets, all are taken as received"},
		{"one direction", []*pcaps.Header{from("1.1.1.1", "10.0.0.5"), from("2.2.2.2", "10.0.0.5")}, []bool{false, false},
			"auto: 10.0.0.5 is in all 2 unicast IPv4 packets, but not in both directions, all are taken as received"},
		{"only sent", []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "2.2.2.2")}, []bool{false, false},
			"auto: 10.0.0.5 is in all 2 unicast IPv4 packets, but not in both directions, all are taken as received"},
		{"many hosts", []*pcaps.Header{from("1.1.1.1", "2.2.2.2"), from("3.3.3.3", "4.4.4.4")}, []bool{false, false},
			"auto: no address is in all 2 unicast IPv4 packets, all are taken as received"},
		{"to itself", []*pcaps.Header{from("10.0.0.5", "10.0.0.5"), from("10.0.0.5", "10.0.0.5")}, []bool{false, false},
			"auto: 10.0.0.5 is in all 2 unicast IPv4 packets, but not in both directions, all are taken as received"},
		{"to itself among others", []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "10.0.0.5"), from("1.1.1.1", "10.0.0.5")}, []bool{true, false, false},
			"auto: 10.0.0.5 is in all 3 unicast IPv4 packets"},
		{"no ip", []*pcaps.Header{arp, arp}, []bool{false, false}, "auto: no unicast IP packet in the first 2, all are taken as received"},
		{"none", nil, nil, "auto: no unicast IP packet in the first 0, all are taken as received"},
		{"the capture says it", []*pcaps.Header{{Direction: pcaps.Outbound}, {Direction: pcaps.Inbound}, arp}, []bool{true, false, false},
			"the capture itself says it of 2 packets; of others auto: 0.0.0.0 is in all 2 unicast IPv4 packets, but not in both directions, all are taken as received"},
	} {
		d := NewDirections(Local{})
		for _, h := range test.packets {
			if !d.WantsMore() {
				t.Fatalf("%s: wants no more", test.name)
			}
			d.Observe(h)
		}
		d.Settle()
		for i, h := range test.packets {
			if got := isSent(d, h); got != test.sent[i] {
				t.Errorf("%s: packet %d: sent is %v", test.name, i+1, got)
			}
		}
		if got := d.Rule(3); got != test.rule {
			t.Errorf("%s: rule\n%s, want\n%s", test.name, got, test.rule)
		}
	}
}

// What `auto` could not tell, and whether one address alone sent.
func TestUnknown(t *testing.T) {
	for _, test := range []struct {
		name    string
		side    Side
		packets []*pcaps.Header
		unknown bool
		sender  string
	}{
		{"one host", SideIn, []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("1.1.1.1", "10.0.0.5"), from("2.2.2.2", "10.0.0.5")}, false, ""},
		{"only sent", SideIn, []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "2.2.2.2")}, true, "10.0.0.5"},
		{"only sent, as most of the packets", SideIn, []*pcaps.Header{from("2001::1", "2001::5"), from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "2.2.2.2")}, true, "10.0.0.5"},
		{"only received", SideIn, []*pcaps.Header{from("1.1.1.1", "10.0.0.5"), from("2.2.2.2", "10.0.0.5")}, true, ""},
		{"one conversation", SideIn, []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "1.1.1.1")}, true, ""},
		{"of IPv6", SideIn, []*pcaps.Header{from("2001::5", "2001::1"), from("2001::5", "2001::2")}, true, "2001::5"},
		{"the other end's", SideOut, []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "2.2.2.2")}, true, ""},
		{"both ends'", SideBoth, []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("10.0.0.5", "2.2.2.2")}, false, ""},
		{"the capture says it", SideIn, []*pcaps.Header{{Direction: pcaps.Outbound}, {Direction: pcaps.Inbound}}, false, ""},
	} {
		d := NewDirections(Local{})
		d.Take(test.side)
		for _, h := range test.packets {
			d.Observe(h)
		}
		d.Settle()
		for _, h := range test.packets {
			isSent(d, h)
		}
		sender, ok := d.OnlySender()
		if ok != (test.sender != "") || ok && sender.String() != test.sender || d.Unknown() != test.unknown {
			t.Errorf("%s: unknown %v, the only sender is %v, %v", test.name, d.Unknown(), sender, ok)
		}
	}
	local, err := ParseLocal([]string{"10.0.0.5"})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDirections(local)
	if _, ok := d.OnlySender(); ok || d.Unknown() {
		t.Error("--local tells")
	}
}

// Of one version `auto` may tell directions, and not of the other.
func TestUnknownVersion(t *testing.T) {
	four := []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("1.1.1.1", "10.0.0.5"), from("2.2.2.2", "10.0.0.5")}
	six := []*pcaps.Header{from("2001::5", "2001::1"), from("2001::1", "2001::5"), from("2001::2", "2001::5")}
	pair := []*pcaps.Header{from("2001::5", "2001::1"), from("2001::1", "2001::5")}
	for _, test := range []struct {
		name    string
		local   string
		packets []*pcaps.Header
		version int
		known   string
	}{
		{"both known", "auto", slices.Concat(four, six), 0, ""},
		{"one there", "auto", four, 0, ""},
		{"IPv6 between two", "auto", slices.Concat(four, pair), 6, "10.0.0.5"},
		{"none known", "auto", pair, 0, ""},
		{"IPv4 of several", "auto", slices.Concat(six, []*pcaps.Header{from("1.1.1.1", "2.2.2.2"), from("3.3.3.3", "4.4.4.4")}), 4, "2001::5"},
		{"given", "10.0.0.5", slices.Concat(four, pair), 0, ""},
	} {
		local, err := ParseLocal([]string{test.local})
		if err != nil {
			t.Fatal(err)
		}
		d := NewDirections(local)
		for _, h := range test.packets {
			d.Observe(h)
		}
		d.Settle()
		version, known := d.UnknownVersion()
		if version != test.version || version != 0 && known.String() != test.known {
			t.Errorf("%s: IPv%d, beside %v; want %d, %q", test.name, version, known, test.version, test.known)
		}
	}
}

// The rule in words about other addresses than the capture's, which stay.
func TestReplaced(t *testing.T) {
	d := NewDirections(Local{})
	for _, h := range []*pcaps.Header{from("10.0.0.5", "1.1.1.1"), from("2.2.2.2", "10.0.0.5"), from("2001::1", "2001::5"), from("2001::5", "2001::2")} {
		d.Observe(h)
	}
	d.Settle()
	next := func(p netip.Prefix) netip.Prefix { return netip.PrefixFrom(p.Addr().Next(), p.Bits()) }
	if got, want := d.Replaced(next).Rule(4), "auto: 10.0.0.6 is in all 2 unicast IPv4 packets; 2001::6 is in all 2 unicast IPv6 packets"; got != want {
		t.Errorf("replaced: %s, want %s", got, want)
	}
	if got, want := d.Rule(4), "auto: 10.0.0.5 is in all 2 unicast IPv4 packets; 2001::5 is in all 2 unicast IPv6 packets"; got != want {
		t.Errorf("the capture's own: %s, want %s", got, want)
	}
}

// TestAutoLooksAt10000Packets: packets of every kind are counted, the first
// after them changes nothing any more.
func TestAutoLooksAt10000Packets(t *testing.T) {
	d := NewDirections(Local{})
	for i := range 10000 {
		if !d.WantsMore() {
			t.Fatalf("wants no more after %d", i)
		}
		switch i % 3 {
		case 0:
			d.Observe(from("10.0.0.5", "1.1.1.1"))
		case 1:
			d.Observe(from("2.2.2.2", "10.0.0.5"))
		default:
			d.Observe(&pcaps.Header{Reason: pcaps.NotIP})
		}
	}
	if d.WantsMore() {
		t.Error("wants more after 10000")
	}
	d.Observe(from("3.3.3.3", "4.4.4.4"))
	if !isSent(d, from("10.0.0.5", "3.3.3.3")) {
		t.Error("10.0.0.5 should be local")
	}
	if want := "auto: 10.0.0.5 is in all 6,667 unicast IPv4 packets of the first 10,000"; d.Rule(0) != want {
		t.Errorf("%s, want %s", d.Rule(0), want)
	}
}

func TestRules(t *testing.T) {
	for value, want := range map[string]string{
		"none":                             "none: every packet is taken as received",
		"10.0.0.5,10.0.0.5,192.168.1.1/16": "local: sent is what comes from 10.0.0.5, 192.168.0.0/16 and does not go there",
		"fe80::/10":                        "local: sent is what comes from fe80::/10 and does not go there",
	} {
		local, err := ParseLocal(strings.Split(value, " "))
		if err != nil {
			t.Fatal(err)
		}
		if got := NewDirections(local).Rule(0); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	if local, err := ParseLocal(nil); err != nil || !NewDirections(local).WantsMore() {
		t.Errorf("no --local is not auto: %v", err)
	}
	if local, err := ParseLocal([]string{"auto", "auto"}); err != nil || !NewDirections(local).WantsMore() {
		t.Errorf("auto twice is not auto: %v", err)
	}
}

// TestSides: --direction turns what is known of each packet round, or leaves it out.
func TestSides(t *testing.T) {
	received, sent := from("1.1.1.1", "10.0.0.5"), from("10.0.0.5", "1.1.1.1")
	said := &pcaps.Header{Direction: pcaps.Outbound}
	for _, test := range []struct {
		value string
		sent  [3]bool // of received, sent, said
		finds bool
		rule  string
	}{
		{"in", [3]bool{false, true, true}, true, "the capture itself says it of 1 packet; of others local: sent is what comes from 10.0.0.5 and does not go there"},
		{"out", [3]bool{true, false, false}, true, "--direction out: the NIC is at the other end, and receives what the capturing machine sent; of that, the capture itself says it of 1 packet; of others local: sent is what comes from 10.0.0.5 and does not go there"},
		{"both", [3]bool{}, false, "--direction both: every packet is taken as received"},
	} {
		side, err := ParseSide(test.value)
		if err != nil {
			t.Fatal(err)
		}
		local, err := ParseLocal([]string{"10.0.0.5"})
		if err != nil {
			t.Fatal(err)
		}
		d := NewDirections(local)
		d.Take(side)
		if got := [3]bool{isSent(d, received), isSent(d, sent), isSent(d, said)}; got != test.sent || d.FindsSent() != test.finds {
			t.Errorf("%s: sent %v, finds %v", test.value, got, d.FindsSent())
		}
		if all := d.Rule(uint64(d.Said())); test.value != "both" && !strings.HasSuffix(all, "the capture itself says it of the only packet") {
			t.Errorf("%s: where it is said of each packet: %s", test.value, all)
		}
		if d.Rule(0) != test.rule {
			t.Errorf("%s: rule %s\nwant %s", test.value, d.Rule(0), test.rule)
		}
	}
	for i := range 2 {
		d := NewDirections(Local{})
		for range i + 1 {
			isSent(d, said)
		}
		if want := []string{"the capture itself says it of the only packet", "the capture itself says it of all 2 packets"}[i]; d.Rule(uint64(i+1)) != want {
			t.Errorf("rule %s, want %s", d.Rule(uint64(i+1)), want)
		}
	}
	auto := NewDirections(Local{})
	auto.Take(SideOut)
	if !auto.FindsSent() || !auto.WantsMore() {
		t.Error("out: finds none sent, or does not look for the local address")
	}
	auto.Take(SideBoth)
	if auto.WantsMore() {
		t.Error("both: wants more")
	}
	if _, err := ParseSide("inout"); err == nil {
		t.Error("inout is a side")
	}
}

// TestSentAll: of many packets at once the same is told and learnt as of each alone.
func TestSentAll(t *testing.T) {
	addresses := [][]string{
		{"10.0.0.5", "10.0.0.6", "10.1.0.1", "192.0.2.1", "1.1.1.1"},
		{"fe80::1", "2001:db8::1", "2001:db8::2", "2001:db8:1::1", "a00:5::"}, // the last: as 10.0.0.5 lies
	}
	var tuples []pcaps.Tuple
	for _, version := range addresses {
		for _, a := range version {
			for _, b := range version {
				var tuple pcaps.Tuple
				tuple.Set(from(a, b))
				tuples = append(tuples, tuple, pcaps.Tuple{}) // and one that is not IP
			}
		}
	}
	tuples = append(tuples, tuples...) // more than the slice to be filled
	for _, value := range []string{
		"none", "10.0.0.5", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::1", "10.0.0.5,2001:db8::/32", "192.0.2.7",
		"10.0.0.5,10.0.0.6", "10.0.0.5,fe80::/10,2001:db8::1", "10.0.0.0/8,10.0.0.5",
	} {
		local, err := ParseLocal([]string{value})
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []Side{SideIn, SideOut, SideBoth} {
			all, each := NewDirections(local), NewDirections(local)
			all.Take(side)
			each.Take(side)
			sent := slices.Repeat([]bool{true}, len(tuples)/2)
			all.SentAll(sent, tuples)
			for i, got := range sent {
				if want := each.Sent(&tuples[i], pcaps.DirectionUnknown); got != want {
					t.Errorf("--local %s, side %d, %v to %v: %v, want %v", value, side, tuples[i].Source(), tuples[i].Destination(), got, want)
				}
			}
			if !slices.Equal(all.Unmet(), each.Unmet()) {
				t.Errorf("--local %s, side %d: unmet %q, want %q", value, side, all.Unmet(), each.Unmet())
			}
		}
	}
}

func TestSentAllocatesNothing(t *testing.T) {
	local, err := ParseLocal([]string{"10.0.0.0/8,fe80::/10"})
	if err != nil {
		t.Fatal(err)
	}
	d, h := NewDirections(local), from("10.0.0.5", "1.1.1.1")
	if n := testing.AllocsPerRun(100, func() { isSent(d, h) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// A text's addresses are a doubt only where packets have none of them.
func TestUnmetOfText(t *testing.T) {
	says := from("1.1.1.1", "2.2.2.2")
	says.Direction = pcaps.Inbound
	for _, test := range []struct {
		packet   *pcaps.Header
		given    bool
		side     Side
		want     int
		unmetOwn int
	}{
		{packet: from("1.1.1.1", "2.2.2.2"), want: 2},
		{packet: from("1.1.1.1", "10.0.0.5"), want: 0},
		{packet: from("2001::1", "1::1"), want: 0},
		{packet: says, want: 0},
		{packet: from("1.1.1.1", "2.2.2.2"), side: SideBoth, want: 0},
		{packet: from("1.1.1.1", "2.2.2.2"), given: true, want: 0, unmetOwn: 2},
	} {
		local, err := ParseLocal([]string{"10.0.0.5,2001::1"})
		if err != nil {
			t.Fatal(err)
		}
		local.OfText = !test.given
		d := NewDirections(local)
		d.Take(test.side)
		isSent(d, test.packet)
		if got, own := d.UnmetOfText(), len(d.Unmet()); got != test.want || own != test.unmetOwn {
			t.Errorf("%+v: %d of a text, %d given", test, got, own)
		}
	}
}
