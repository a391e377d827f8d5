package steer_test

import (
	"testing"

	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// rulesOf are rules in ethtool's words, in their order.
func rulesOf(t *testing.T, o steer.Options, words ...string) *steer.Rules {
	t.Helper()
	var commands []steer.Command
	for _, w := range words {
		c, err := steer.ParseCommand(w)
		if err != nil {
			t.Fatalf("%q: %v", w, err)
		}
		commands = append(commands, c)
	}
	list, err := steer.Apply(nil, commands, 2046)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := steer.New(list, o)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// tcp is TCP 198.51.100.7:40000 → 192.0.2.1:80, changed.
func packet(change func(h *pcaps.Header, f *pcaps.Frame)) (*pcaps.Header, *pcaps.Frame) {
	h := &pcaps.Header{
		Src: [16]byte{198, 51, 100, 7}, Dst: [16]byte{192, 0, 2, 1}, SrcPort: 40000, DstPort: 80,
		Protocol: pcaps.ProtoTCP, Version: 4, Facts: pcaps.HasPorts,
	}
	f := &pcaps.Frame{
		EtherType: 0x0800, Class: 0x10, Has: pcaps.FrameMACs | pcaps.FrameEtherType | pcaps.FrameClass | pcaps.FrameL4,
		Destination: [6]byte{2, 0, 0, 0, 0, 1}, Source: [6]byte{2, 0, 0, 0, 0, 2}, L4: [4]byte{0x9c, 0x40, 0, 80},
	}
	if change != nil {
		change(h, f)
	}
	return h, f
}

func TestMatch(t *testing.T) {
	fragment := func(h *pcaps.Header, f *pcaps.Frame) {
		h.Facts, h.SrcPort, h.DstPort = pcaps.Fragment, 0, 0
		f.Has &^= pcaps.FrameL4
	}
	udp := func(h *pcaps.Header, f *pcaps.Frame) { h.Protocol = pcaps.ProtoUDP }
	icmp := func(h *pcaps.Header, f *pcaps.Frame) { h.Protocol, h.Facts = pcaps.ProtoICMP, 0 }
	sctp := func(h *pcaps.Header, f *pcaps.Frame) { h.Protocol = pcaps.ProtoSCTP }
	icmp6 := func(h *pcaps.Header, f *pcaps.Frame) { h.Version, h.Protocol, h.Facts = 6, pcaps.ProtoICMPv6, 0 }
	tagged := func(h *pcaps.Header, f *pcaps.Frame) {
		f.TagType, f.Tag = 0x8100, 0x6064
		f.Has |= pcaps.FrameTag
	}
	arp := func(h *pcaps.Header, f *pcaps.Frame) {
		*h = pcaps.Header{Reason: pcaps.NotIP}
		f.EtherType, f.Has = 0x0806, pcaps.FrameMACs|pcaps.FrameEtherType
	}
	ah6 := func(h *pcaps.Header, f *pcaps.Frame) {
		h.Version, h.Encapsulations = 6, 1<<pcaps.AH
		f.AH = [4]byte{0, 0, 0x12, 0x34}
		f.Has |= pcaps.FrameAH
	}
	ah4 := func(h *pcaps.Header, f *pcaps.Frame) {
		h.Protocol, h.Facts = pcaps.ProtoAH, 0
		f.L4, f.AH = [4]byte{6, 4, 0, 0}, [4]byte{0, 0, 0x12, 0x34}
		f.Has |= pcaps.FrameAH
	}
	esp := func(h *pcaps.Header, f *pcaps.Frame) {
		h.Protocol, h.Facts = pcaps.ProtoESP, 0
		f.L4 = [4]byte{0, 0, 0x12, 0x34}
	}
	for _, test := range []struct {
		name    string
		rule    string
		options steer.Options
		packet  func(*pcaps.Header, *pcaps.Frame)
		want    bool
	}{
		{"port", "flow-type tcp4 dst-port 80 action 1", steer.Options{}, nil, true},
		{"other port", "flow-type tcp4 dst-port 81 action 1", steer.Options{}, nil, false},
		{"other protocol", "flow-type udp4 dst-port 80 action 1", steer.Options{}, nil, false},
		{"UDP", "flow-type udp4 dst-port 80 action 1", steer.Options{}, udp, true},
		{"SCTP", "flow-type sctp4 dst-port 80 action 1", steer.Options{}, sctp, true},
		{"other version", "flow-type tcp6 dst-port 80 action 1", steer.Options{}, nil, false},
		{"mask of the last byte ignored", "flow-type tcp4 src-ip 198.51.100.0 m 0.0.0.255 action 1", steer.Options{}, nil, true},
		{"mask of all but the last byte ignored", "flow-type tcp4 src-ip 198.51.100.0 m 255.255.255.0 action 1", steer.Options{}, nil, false},
		{"the same, by the other word", "flow-type tcp4 src-ip 1.1.1.7 src-ip-mask 255.255.255.0 action 1", steer.Options{}, nil, true},
		{"bits of a port", "flow-type tcp4 dst-port 0x51 m 0x1 action 1", steer.Options{}, nil, true},
		{"ports of a fragment", "flow-type tcp4 dst-port 0 action 1", steer.Options{}, fragment, false},
		{"a fragment", "flow-type tcp4 src-ip 198.51.100.7 action 1", steer.Options{}, fragment, false},
		{"port 0 of a fragment under mlx5", "flow-type tcp4 dst-port 0 action 1", steer.Options{Order: steer.MostFields}, fragment, false},
		{"a fragment under mlx5", "flow-type tcp4 src-ip 198.51.100.7 action 1", steer.Options{Order: steer.MostFields}, fragment, true},
		{"ip4, ixgbe", "flow-type ip4 action 2", steer.Options{}, nil, true},
		{"ip4, i40e", "flow-type ip4 action 2", steer.Options{IP: steer.OtherIP}, nil, false},
		{"ip4, i40e, fragment", "flow-type ip4 action 2", steer.Options{IP: steer.OtherIP}, fragment, true},
		{"ip4, i40e, ICMP", "flow-type ip4 action 2", steer.Options{IP: steer.OtherIP}, icmp, true},
		{"ip4, i40e, SCTP", "flow-type ip4 action 2", steer.Options{IP: steer.OtherIP}, sctp, false},
		{"ip6, bnxt, ICMP", "flow-type ip6 action 2", steer.Options{IP: steer.BnxtIP}, icmp6, true},
		{"ip4, bnxt, ESP", "flow-type ip4 action 2", steer.Options{IP: steer.BnxtIP}, esp, false},
		{"ip4, bnxt, TCP", "flow-type ip4 action 2", steer.Options{IP: steer.BnxtIP}, nil, true},
		{"ip4, bnxt, UDP", "flow-type ip4 action 2", steer.Options{IP: steer.BnxtIP}, udp, true},
		{"ip4, bnxt, ICMP", "flow-type ip4 action 2", steer.Options{IP: steer.BnxtIP}, icmp, true},
		{"ip4, bnxt, ESP by number", "flow-type ip4 l4proto 50 action 2", steer.Options{IP: steer.BnxtIP}, esp, true},
		{"ip4, bnxt, ESP by any protocol", "flow-type ip4 l4proto 255 src-ip 198.51.100.7 action 2", steer.Options{IP: steer.BnxtIP}, esp, true},
		{"ip4, bnxt, any protocol from another", "flow-type ip4 l4proto 255 src-ip 198.51.100.8 action 2", steer.Options{IP: steer.BnxtIP}, esp, false},
		{"protocol 255, which no packet has", "flow-type ip4 l4proto 255 action 2", steer.Options{}, esp, false},
		{"protocol", "flow-type ip4 l4proto 17 action 2", steer.Options{}, udp, true},
		{"protocol that is not known", "flow-type ip4 l4proto 6 action 2", steer.Options{}, func(h *pcaps.Header, f *pcaps.Frame) { h.Facts = pcaps.ProtocolUnknown }, false},
		{"first bytes", "flow-type ip4 l4data 0x9c400050 action 2", steer.Options{}, nil, true},
		{"first bytes of a fragment", "flow-type ip4 l4data 0x9c400050 action 2", steer.Options{}, fragment, false},
		{"TOS", "flow-type ip4 tos 0x10 action 2", steer.Options{}, nil, true},
		{"SPI of AH", "flow-type ah6 spi 4660 action 2", steer.Options{}, ah6, true},
		{"SPI of AH in IPv4", "flow-type ah4 spi 4660 action 2", steer.Options{}, ah4, true},
		{"AH in IPv6 without it", "flow-type ah6 action 2", steer.Options{}, func(h *pcaps.Header, f *pcaps.Frame) { h.Version = 6 }, false},
		{"TCP behind AH", "flow-type tcp6 dst-port 80 action 2", steer.Options{}, ah6, true},
		{"AH in a fragment", "flow-type ah6 action 2", steer.Options{}, func(h *pcaps.Header, f *pcaps.Frame) {
			ah6(h, f)
			h.Facts = pcaps.Fragment
		}, false},
		{"SPI of ESP", "flow-type esp4 spi 0x1234 action 2", steer.Options{}, esp, true},
		{"VLAN without a tag", "flow-type tcp4 vlan 100 m 0xf000 action 2", steer.Options{}, nil, false},
		{"VLAN 0 without a tag", "flow-type tcp4 vlan 0 action 2", steer.Options{}, nil, false},
		{"tag's type 0 without a tag", "flow-type tcp4 vlan-etype 0 action 2", steer.Options{}, nil, false},
		{"SPI 0 of TCP", "flow-type ah6 spi 0 action 2", steer.Options{}, func(h *pcaps.Header, f *pcaps.Frame) { h.Version, h.Encapsulations = 6, 1<<pcaps.AH }, false},
		{"VLAN id", "flow-type tcp4 vlan 100 m 0xf000 action 2", steer.Options{}, tagged, true},
		{"VLAN with its priority", "flow-type tcp4 vlan 100 action 2", steer.Options{}, tagged, false},
		{"tag's type", "flow-type tcp4 vlan-etype 0x8100 action 2", steer.Options{}, tagged, true},
		{"MAC of an IP rule", "flow-type tcp4 dst-mac 02:00:00:00:00:01 action 2", steer.Options{}, nil, true},
		{"MAC of the sender", "flow-type ether src 02:00:00:00:00:02 action 2", steer.Options{}, nil, true},
		{"EtherType", "flow-type ether proto 0x806 action 7", steer.Options{}, arp, true},
		{"EtherType of IP", "flow-type ether proto 0x800 action 7", steer.Options{}, nil, true},
		{"two fields of igb's", "flow-type ether proto 0x806 dst 02:00:00:00:00:01 action 7", steer.Options{Any: true}, nil, true},
		{"no field of igb's", "flow-type ether action 7", steer.Options{Any: true}, nil, true},
		{"two fields", "flow-type ether proto 0x806 dst 02:00:00:00:00:01 action 7", steer.Options{}, nil, false},
		{"user data", "flow-type tcp4 user-def 1 action 7", steer.Options{}, nil, false},
		{"user data that is ignored", "flow-type tcp4 user-def 0 m 0xffffffffffffffff action 7", steer.Options{}, nil, true},
	} {
		rule, _ := rulesOf(t, test.options, test.rule).Match(packet(test.packet))
		if got := rule == 0; got != test.want {
			t.Errorf("%s: %s: matches %v, want %v", test.name, test.rule, got, test.want)
		}
	}
}

// What rules say of the packets that they have to be asked of: of each flow once, of its
// fragments, of each packet, of frames without IP.
func TestAsked(t *testing.T) {
	for _, test := range []struct {
		rule              string
		options           steer.Options
		perPacket, frames bool
		facts             pcaps.Facts
	}{
		{"flow-type tcp4 dst-port 80 action 1", steer.Options{}, false, false, 0},
		{"flow-type tcp4 src-port 80 action 1", steer.Options{}, false, false, 0},
		{"flow-type tcp4 src-ip 198.51.100.7 action 1", steer.Options{}, false, false, pcaps.Fragment},
		{"flow-type tcp4 src-ip 198.51.100.7 action 1", steer.Options{Order: steer.MostFields}, false, false, 0},
		{"flow-type ip4 src-ip 198.51.100.7 action 1", steer.Options{}, false, false, 0},
		{"flow-type ip4 src-ip 198.51.100.7 action 1", steer.Options{IP: steer.OtherIP}, false, false, pcaps.Fragment},
		{"flow-type ip6 action 1", steer.Options{IP: steer.OtherIP}, false, false, pcaps.Fragment},
		{"flow-type tcp4 dst-port 80 tos 4 action 1", steer.Options{}, true, false, 0},
		{"flow-type tcp4 dst-port 80 vlan 7 action 1", steer.Options{}, true, false, 0},
		{"flow-type tcp4 dst-port 80 vlan-etype 0x8100 action 1", steer.Options{}, true, false, 0},
		{"flow-type tcp4 dst-port 80 dst-mac 02:00:00:00:00:01 action 1", steer.Options{}, true, false, 0},
		{"flow-type ip4 l4data 7 action 1", steer.Options{}, true, false, 0},
		{"flow-type ah6 src-ip 2001:db8::1 action 1", steer.Options{}, true, false, pcaps.Fragment},
		{"flow-type esp4 spi 7 action 1", steer.Options{}, true, false, pcaps.Fragment},
		{"flow-type ether proto 0x806 action 1", steer.Options{}, true, true, 0},
		{"flow-type ether src 02:00:00:00:00:01 action 1", steer.Options{}, true, true, 0},
	} {
		const plain = "flow-type tcp4 dst-port 81 action 1"
		for _, rules := range [][]string{{test.rule}, {plain, test.rule}, {test.rule, plain}} {
			r := rulesOf(t, test.options, rules...)
			if r.PerPacket() != test.perPacket || r.Frames() != test.frames || r.Facts() != test.facts {
				t.Errorf("%q, %+v: of each packet %v, of frames %v, by facts %v", rules, test.options, r.PerPacket(), r.Frames(), r.Facts())
			}
		}
	}
	if r := (*steer.Rules)(nil); r.PerPacket() || r.Frames() || r.Facts() != 0 {
		t.Error("no rules ask of no packet")
	}
}

// Which of several wins, and that the other one is told.
func TestOrder(t *testing.T) {
	words := []string{"flow-type tcp4 dst-port 80 action 1 loc 0", "flow-type tcp4 src-ip 198.51.100.7 dst-port 80 action 2 loc 1"}
	for order, want := range []int{1, 2} {
		rules := rulesOf(t, steer.Options{Order: steer.Order(order)}, words...)
		first, other := rules.Match(packet(nil))
		if first < 0 || other < 0 {
			t.Fatalf("order %d: rules %d and %d match", order, first, other)
		}
		if got := rules.All()[first].Queue; got != want {
			t.Errorf("order %d: queue %d, want %d", order, got, want)
		}
		if got := rules.All()[other].Queue; got != 3-want {
			t.Errorf("order %d: the other is queue %d", order, got)
		}
	}
	// mlx5: rules of IP come before those of frames, however many fields they compare.
	ether := "flow-type ether src 02:00:00:00:00:02 dst 02:00:00:00:00:01 proto 0x800 vlan 0 m 0xffff action 3 loc 0"
	rules := rulesOf(t, steer.Options{Order: steer.MostFields}, ether, "flow-type ip4 action 4 loc 9")
	if first, _ := rules.Match(packet(nil)); rules.All()[first].Queue != 4 {
		t.Errorf("mlx5: %v wins over a rule of IP", rules.All()[first])
	}
	// A tag counts as one field, its type and all.
	for _, test := range []struct {
		words []string
		want  int
	}{
		{[]string{"flow-type tcp4 dst-port 80 action 3 loc 0", "flow-type tcp4 vlan-etype 0x8100 vlan 7 action 4 loc 1"}, 3},
		{[]string{"flow-type tcp4 dst-port 80 action 3 loc 0", "flow-type tcp4 dst-port 80 vlan-etype 0x8100 action 4 loc 1"}, 4},
		{[]string{"flow-type tcp4 dst-port 80 action 3 loc 0", "flow-type tcp4 dst-port 80 vlan 7 action 4 loc 1"}, 4},
	} {
		rules := rulesOf(t, steer.Options{Order: steer.MostFields}, test.words...)
		if first := rules.All()[0]; first.Queue != test.want {
			t.Errorf("mlx5, %q: first is queue %d, want %d", test.words, first.Queue, test.want)
		}
	}
	// Rules of one result are not ambiguous, those of two are.
	rules = rulesOf(t, steer.Options{}, "flow-type ip4 action 4", "flow-type tcp4 action 4")
	if first, other := rules.Match(packet(nil)); first < 0 || other >= 0 {
		t.Errorf("rules %d and %d", first, other)
	}
	for _, words := range [][]string{{"flow-type ip4 context 1", "flow-type tcp4 context 2"}, {"flow-type ip4 action 0", "flow-type tcp4 action -1"}} {
		if first, other := rulesOf(t, steer.Options{}, words...).Match(packet(nil)); first < 0 || other < 0 {
			t.Errorf("%q: rules %d and %d", words, first, other)
		}
	}
}

func TestSameMask(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"flow-type tcp4 dst-port 80 action 1", "flow-type tcp4 dst-port 81 action 2", true},
		{"flow-type tcp4 dst-port 80 action 1", "flow-type tcp4 src-port 80 action 1", false},
		{"flow-type tcp4 dst-port 80 action 1", "flow-type tcp4 dst-port 80 m 1 action 1", false},
		{"flow-type tcp4 dst-port 80 action 1", "flow-type tcp4 dst-port 80 src-port 9 action 1", false},
	} {
		rules := rulesOf(t, steer.Options{}, test.a, test.b).All()
		if got, back := rules[0].SameMask(&rules[1]), rules[1].SameMask(&rules[0]); got != test.want || back != test.want {
			t.Errorf("%s and %s: %v, the other way round %v", test.a, test.b, got, back)
		}
	}
}

// Rules without a location take the highest free one; a taken one is replaced.
func TestPlaces(t *testing.T) {
	rules := rulesOf(t, steer.Options{}, "flow-type tcp4 action 0", "ethtool -N eth0 flow-type tcp4 action 1", "flow-type tcp4 action 2",
		"flow-type udp4 action -1 loc 2044", "delete 2045")
	var places []int
	for _, r := range rules.All() {
		places = append(places, r.Location)
	}
	if len(places) != 2 || places[0] != 2043 || places[1] != 2044 || rules.All()[1].Action != steer.Drop {
		t.Errorf("%v", rules.All())
	}
	// What is there may lie above the size; only a free location is taken.
	anywhere := []steer.Command{{Rule: steer.Rule{Kind: steer.TCP4}}}
	if list, err := steer.Apply([]steer.Rule{{Location: 5}}, anywhere, 4); err != nil || len(list) != 2 || list[1].Location != 4 {
		t.Errorf("above a rule at 5: %v, %v", list, err)
	}
	if list, err := steer.Apply(nil, anywhere, 1); err != nil || len(list) != 1 || list[0].Location != 0 {
		t.Errorf("of one location: %v, %v", list, err)
	}
	if list, err := steer.Apply([]steer.Rule{{Location: 0}}, anywhere, 1); err == nil {
		t.Errorf("of no free location: %v", list)
	}
}

func TestBadWords(t *testing.T) {
	for _, words := range []string{
		"", "tcp4", "flow-type tcp5 action 1", "flow-type tcp4", "flow-type tcp4 dst-port 80", "flow-type tcp4 dst-port action 1", "flow-type tcp4 action x",
		"flow-type tcp4 action 70000", "flow-type tcp4 action -3", "flow-type tcp4 dst-port 65536 action 1", "flow-type tcp4 src-ip ::1 action 1",
		"flow-type tcp6 src-ip 1.2.3.4 action 1", "flow-type ip4 dst-port 80 action 1", "flow-type tcp4 tclass 1 action 1", "flow-type tcp4 dst 02:00:00:00:00:01 action 1",
		"flow-type ether dst-mac 02:00:00:00:00:01 action 1", "flow-type tcp4 spi 1 action 1", "flow-type tcp4 action 1 loc", "flow-type tcp4 dst-port 1 dst-port 2 action 1",
		"delete x", "delete 1 2", "delete 2147483648", "flow-type tcp4 src-ip fe80::1%eth0 action 1",
	} {
		if c, err := steer.ParseCommand(words); err == nil {
			t.Errorf("%q is %v", words, c)
		}
	}
}
