package nicmodel

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/hash"
	"rssreplay/pcaps"
)

// header is a packet's header as the walk gives it; with ports for TCP, UDP and
// SCTP.
func header(t testing.TB, src string, srcPort uint16, dst string, dstPort uint16, protocol uint8) pcaps.Header {
	t.Helper()
	a, err := netip.ParseAddr(src)
	if err != nil {
		t.Fatal(err)
	}
	b, err := netip.ParseAddr(dst)
	if err != nil {
		t.Fatal(err)
	}
	h := pcaps.Header{Protocol: protocol, Version: 6}
	if a.Is4() {
		h.Version = 4
	}
	copy(h.Src[:], a.AsSlice())
	copy(h.Dst[:], b.AsSlice())
	switch protocol {
	case pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoSCTP:
		h.SrcPort, h.DstPort, h.Facts = srcPort, dstPort, pcaps.HasPorts
	}
	return h
}

// config is a NIC of 8 queues with a round-robin table of 128 entries.
func config(t testing.TB, types hash.Types, change ...func(*SteeringConfig)) SteeringConfig {
	t.Helper()
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	c := SteeringConfig{
		HashTypes: types, Key: key, Table: equalTable(128, 8),
		QueueCPU: []int{0, 1, 2, 3, 4, 5, 6, 7},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func mustSteering(t testing.TB, c SteeringConfig) *Steering {
	t.Helper()
	s, err := NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func types(t testing.TB, list string) hash.Types {
	t.Helper()
	s, err := hash.ParseTypes(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The published vectors, through Decide and AppendInput.
func TestDecideVectors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "hash", "testdata", "toeplitz.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Source          string `json:"source"`
			SourcePort      uint16 `json:"source_port"`
			Destination     string `json:"destination"`
			DestinationPort uint16 `json:"destination_port"`
			IP              string `json:"ip"`
			IPPorts         string `json:"ip_ports"`
			XORIP           string `json:"symmetric_xor_ip"`
			XORIPPorts      string `json:"symmetric_xor_ip_ports"`
			OrXORIPPorts    string `json:"symmetric_or_xor_ip_ports"`
		} `json:"vectors"`
		EndToEnd struct {
			Hash  string `json:"hash"`
			Index int32  `json:"index"`
			Queue uint16 `json:"queue"`
		} `json:"end_to_end"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) != 8 {
		t.Fatalf("%d vectors, want 8", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		for _, test := range []struct {
			protocol  uint8
			types     hash.Types
			transform hash.Transform
			want      string
		}{
			{pcaps.ProtoTCP, hash.DefaultTypes, hash.NoTransform, v.IPPorts},
			{pcaps.ProtoUDP, hash.DefaultTypes, hash.NoTransform, v.IPPorts},
			{pcaps.ProtoUDP, types(t, "tcp_ipv4,ipv4,tcp_ipv6,ipv6"), hash.NoTransform, v.IP},
			{pcaps.ProtoSCTP, hash.DefaultTypes, hash.NoTransform, v.IP},
			{pcaps.ProtoICMP, hash.DefaultTypes, hash.NoTransform, v.IP},
			{pcaps.ProtoTCP, hash.DefaultTypes, hash.SymmetricXOR, v.XORIPPorts},
			{pcaps.ProtoICMP, hash.DefaultTypes, hash.SymmetricXOR, v.XORIP},
			{pcaps.ProtoTCP, hash.DefaultTypes, hash.SymmetricOrXOR, v.OrXORIPPorts},
		} {
			s := mustSteering(t, config(t, test.types, func(c *SteeringConfig) { c.Transform = test.transform }))
			h := header(t, v.Source, v.SourcePort, v.Destination, v.DestinationPort, test.protocol)
			d := s.Decide(&h, nil)
			if got := fmt.Sprintf("%#08x", d.Hash); got != test.want || d.Why != Hashed {
				t.Errorf("%s, protocol %d, %v, %v: %s as %v, want %s", v.Source, test.protocol, test.types, test.transform, got, d.Type, test.want)
			}
			if d.Entry != int32(d.Hash%128) || d.Queue != uint16(d.Entry%8) {
				t.Errorf("hash %#08x: entry %d, queue %d", d.Hash, d.Entry, d.Queue)
			}
			input := test.transform.Apply(AppendInput(nil, &h, nil, d.Type), h.Protocol)
			if sum := hash.Toeplitz(s.Config().Key, input); sum != d.Hash {
				t.Errorf("%s: the input %x has the hash %#08x, want %#08x", v.Source, input, sum, d.Hash)
			}
		}
	}
	// The end-to-end vector: ixgbe, 128 entries round robin over 16 queues.
	s := mustSteering(t, config(t, hash.DefaultTypes, func(c *SteeringConfig) {
		c.Table, c.QueueCPU = equalTable(128, 16), make([]int, 16)
	}))
	h := header(t, "153.39.163.191", 44251, "202.188.127.2", 1303, pcaps.ProtoTCP)
	sum, err := strconv.ParseUint(file.EndToEnd.Hash, 0, 32)
	if err != nil {
		t.Fatal(err)
	}
	want := Decision{Type: hash.TCPIPv4, Hash: uint32(sum), Entry: file.EndToEnd.Index, Queue: file.EndToEnd.Queue}
	if diff := cmp.Diff(want, s.Decide(&h, nil)); diff != "" {
		t.Error(diff)
	}
}

// Section 2: the most specific enabled type that fits.
func TestDecideType(t *testing.T) {
	tcp4 := header(t, "10.0.0.1", 1, "10.0.0.2", 2, pcaps.ProtoTCP)
	udp4 := header(t, "10.0.0.1", 1, "10.0.0.2", 2, pcaps.ProtoUDP)
	sctp4 := header(t, "10.0.0.1", 1, "10.0.0.2", 2, pcaps.ProtoSCTP)
	zeroPorts := header(t, "10.0.0.1", 0, "10.0.0.2", 0, pcaps.ProtoTCP)
	tcp6 := header(t, "2001:db8::1", 1, "2001:db8::2", 2, pcaps.ProtoTCP)
	udp6 := header(t, "2001:db8::1", 1, "2001:db8::2", 2, pcaps.ProtoUDP)
	icmp6 := header(t, "2001:db8::1", 0, "2001:db8::2", 0, pcaps.ProtoICMPv6)
	fragment := tcp4
	fragment.Facts, fragment.SrcPort, fragment.DstPort = pcaps.Fragment, 0, 0
	cut := tcp4
	cut.Facts, cut.SrcPort, cut.DstPort = pcaps.PortsCut, 0, 0
	atomic, extended, twoTags := tcp6, tcp6, tcp4
	atomic.Facts |= pcaps.Atomic | pcaps.Extended
	extended.Facts |= pcaps.Extended
	twoTags.Facts |= pcaps.Tag8100 | pcaps.TwoTags8100
	unknown6 := icmp6
	unknown6.Facts, unknown6.Protocol = pcaps.ProtocolUnknown, 0
	arp := pcaps.Header{Reason: pcaps.NotIP}
	noVersion := tcp4
	noVersion.Version = 0

	all := types(t, "ipv4,tcp_ipv4,udp_ipv4,ipv6,tcp_ipv6,udp_ipv6,ipv6_ex,tcp_ipv6_ex,udp_ipv6_ex")
	igb := Rules{AddressesOnly: pcaps.Extended | pcaps.Atomic, NoHash: pcaps.TwoTags8100}
	for _, test := range []struct {
		name  string
		h     pcaps.Header
		types hash.Types
		rules Rules
		want  hash.Type
		why   Unhashed
	}{
		{"tcp4", tcp4, hash.DefaultTypes, Rules{}, hash.TCPIPv4, Hashed},
		{"udp4", udp4, hash.DefaultTypes, Rules{}, hash.UDPIPv4, Hashed},
		{"ports 0 and 0 are ports", zeroPorts, hash.DefaultTypes, Rules{}, hash.TCPIPv4, Hashed},
		{"sctp by address", sctp4, hash.DefaultTypes, Rules{}, hash.IPv4, Hashed},
		{"sctp without ipv4", sctp4, types(t, "tcp_ipv4,udp_ipv4"), Rules{}, hash.None, NoHashType},
		{"udp with only tcp_ipv4", udp4, types(t, "tcp_ipv4"), Rules{}, hash.None, NoHashType},
		{"udp with tcp_ipv4 and ipv4", udp4, types(t, "tcp_ipv4,ipv4"), Rules{}, hash.IPv4, Hashed},
		{"tcp with only udp_ipv4", tcp4, types(t, "udp_ipv4"), Rules{}, hash.None, NoHashType},
		{"fragment", fragment, hash.DefaultTypes, Rules{}, hash.IPv4, Hashed},
		{"fragment without ipv4", fragment, types(t, "tcp_ipv4"), Rules{}, hash.None, NoHashType},
		{"ports cut off", cut, hash.DefaultTypes, Rules{}, hash.IPv4, Hashed},
		{"no type", tcp4, 0, Rules{}, hash.None, NoHashType},
		{"ipv6 with ipv4 types", tcp6, types(t, "ipv4,tcp_ipv4"), Rules{}, hash.None, NoHashType},
		{"ipv4 with ipv6 types", tcp4, types(t, "ipv6,tcp_ipv6,ipv6_ex,tcp_ipv6_ex"), Rules{}, hash.None, NoHashType},
		{"tcp6", tcp6, hash.DefaultTypes, Rules{}, hash.TCPIPv6, Hashed},
		{"udp6", udp6, hash.DefaultTypes, Rules{}, hash.UDPIPv6, Hashed},
		{"icmp6", icmp6, hash.DefaultTypes, Rules{}, hash.IPv6, Hashed},
		{"unknown protocol", unknown6, hash.DefaultTypes, Rules{}, hash.IPv6, Hashed},
		{"tcp6, _ex first", tcp6, all, Rules{}, hash.TCPIPv6Ex, Hashed},
		{"udp6, _ex first", udp6, all, Rules{}, hash.UDPIPv6Ex, Hashed},
		{"icmp6, _ex first", icmp6, all, Rules{}, hash.IPv6Ex, Hashed},
		{"tcp6, plain transport before plain _ex", tcp6, types(t, "tcp_ipv6,ipv6_ex"), Rules{}, hash.TCPIPv6, Hashed},
		{"udp6 falls to ipv6_ex", udp6, types(t, "tcp_ipv6_ex,ipv6_ex,ipv6"), Rules{}, hash.IPv6Ex, Hashed},
		{"atomic fragment is whole", atomic, hash.DefaultTypes, Rules{}, hash.TCPIPv6, Hashed},
		{"atomic fragment by rule", atomic, hash.DefaultTypes, Rules{AddressesOnly: pcaps.Atomic}, hash.IPv6, Hashed},
		{"extended", extended, hash.DefaultTypes, Rules{AddressesOnly: pcaps.Atomic}, hash.TCPIPv6, Hashed},
		{"extended by rule", extended, hash.DefaultTypes, igb, hash.IPv6, Hashed},
		{"two tags", twoTags, hash.DefaultTypes, Rules{}, hash.TCPIPv4, Hashed},
		{"two tags by rule", twoTags, hash.DefaultTypes, igb, hash.None, NICRule},
		{"rules leave others alone", tcp4, hash.DefaultTypes, igb, hash.TCPIPv4, Hashed},
		{"arp", arp, hash.DefaultTypes, Rules{}, hash.None, NotIP},
		{"no version", noVersion, hash.DefaultTypes, Rules{}, hash.None, NotIP},
	} {
		s := mustSteering(t, config(t, test.types, func(c *SteeringConfig) { c.Rules, c.DefaultQueue = test.rules, 5 }))
		d := s.Decide(&test.h, &pcaps.Extension{})
		if d.Type != test.want || d.Why != test.why {
			t.Errorf("%s: %v (%v), want %v (%v)", test.name, d.Type, d.Why, test.want, test.why)
		}
		if test.want == hash.None && (d.Hash != 0 || d.Entry != -1 || d.Queue != 5) {
			t.Errorf("%s: unhashed, but %+v; want the default queue 5", test.name, d)
		}
		if test.want != hash.None && d.Entry < 0 {
			t.Errorf("%s: hashed, but %+v", test.name, d)
		}
	}
}

// A computed hash may be 0; it is a hash all the same.
func TestDecideHashZero(t *testing.T) {
	s := mustSteering(t, config(t, hash.DefaultTypes, func(c *SteeringConfig) {
		c.Table, c.DefaultQueue = slices.Repeat(IndirectionTable{3}, 128), 1
	}))
	h := header(t, "0.0.0.0", 0, "0.0.0.0", 0, pcaps.ProtoUDP)
	want := Decision{Type: hash.UDPIPv4, Hash: 0, Entry: 0, Queue: 3}
	if diff := cmp.Diff(want, s.Decide(&h, nil)); diff != "" {
		t.Error(diff)
	}
}

// An _ex type hashes the addresses of the extension headers in place of the
// packet's own, each where there is one.
func TestDecideExtension(t *testing.T) {
	own := header(t, "2001:db8::1", 1000, "2001:db8::2", 2000, pcaps.ProtoTCP)
	ext := pcaps.Extension{Home: netip.MustParseAddr("2001:db8::a").As16(), Routing: netip.MustParseAddr("2001:db8::b").As16()}
	ex := types(t, "ipv6_ex,tcp_ipv6_ex,udp_ipv6_ex")
	for _, test := range []struct {
		name     string
		types    hash.Types
		facts    pcaps.Facts
		ext      *pcaps.Extension
		src, dst string
	}{
		{"none", ex, 0, &ext, "2001:db8::1", "2001:db8::2"},
		{"home", ex, pcaps.HomeAddress, &ext, "2001:db8::a", "2001:db8::2"},
		{"routing", ex, pcaps.RoutingType2, &ext, "2001:db8::1", "2001:db8::b"},
		{"both", ex, pcaps.HomeAddress | pcaps.RoutingType2, &ext, "2001:db8::a", "2001:db8::b"},
		{"both, plain type", hash.DefaultTypes, pcaps.HomeAddress | pcaps.RoutingType2, &ext, "2001:db8::1", "2001:db8::2"},
		{"said but absent", ex, pcaps.HomeAddress, nil, "2001:db8::1", "2001:db8::2"},
	} {
		for _, protocol := range []uint8{pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoICMPv6} {
			h := own
			h.Protocol = protocol
			h.Facts |= test.facts | pcaps.Extended
			if protocol == pcaps.ProtoICMPv6 {
				h.Facts &^= pcaps.HasPorts
			}
			plain := header(t, test.src, 1000, test.dst, 2000, protocol)
			got := mustSteering(t, config(t, test.types)).Decide(&h, test.ext)
			want := mustSteering(t, config(t, hash.DefaultTypes)).Decide(&plain, nil)
			if got.Hash != want.Hash || got.Why != Hashed {
				t.Errorf("%s, protocol %d: %v %#08x, want the hash of %s > %s, %#08x", test.name, protocol, got.Type, got.Hash, test.src, test.dst, want.Hash)
			}
		}
	}
}

func TestAppendInput(t *testing.T) {
	h4 := header(t, "1.2.3.4", 0x1122, "5.6.7.8", 0x3344, pcaps.ProtoTCP)
	for _, test := range []struct {
		t    hash.Type
		want []byte
	}{
		{hash.TCPIPv4, []byte{9, 1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x22, 0x33, 0x44}},
		{hash.IPv4, []byte{9, 1, 2, 3, 4, 5, 6, 7, 8}},
		{hash.None, []byte{9}},
		{hash.Type(99), []byte{9}},
	} {
		if diff := cmp.Diff(test.want, AppendInput([]byte{9}, &h4, nil, test.t)); diff != "" {
			t.Errorf("%v:\n%s", test.t, diff)
		}
	}
	h6 := header(t, "2001:db8::1", 1, "2001:db8::2", 2, pcaps.ProtoTCP)
	for _, typ := range []hash.Type{hash.IPv6, hash.TCPIPv6, hash.UDPIPv6Ex, hash.IPv6Ex} {
		if got := AppendInput(nil, &h6, nil, typ); len(got) != typ.InputLen() {
			t.Errorf("%v: %d bytes, want %d", typ, len(got), typ.InputLen())
		}
	}
}

func TestReasons(t *testing.T) {
	var names []string
	for _, u := range Reasons() {
		names = append(names, u.String())
	}
	want := []string{
		"not_ip", "llc", "short_link_header", "short_ip_header", "bad_ip_version", "bad_ip_header_length", "unknown_link_type",
		"no_enabled_hash_type", "nic_parser_rule",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if Hashed.String() != "hashed" || Unhashed(200).String() != "unhashed(200)" {
		t.Errorf("%v, %v", Hashed, Unhashed(200))
	}
	// Every reason of the walk is carried through under its name.
	s := mustSteering(t, config(t, hash.DefaultTypes))
	for r := pcaps.NotIP; r < pcaps.NumReasons; r++ {
		if d := s.Decide(&pcaps.Header{Reason: r}, nil); d.Why.String() != r.String() || d.Entry != -1 {
			t.Errorf("%v: %+v (%v)", r, d, d.Why)
		}
	}
}

func TestModulo(t *testing.T) {
	s := mustSteering(t, config(t, hash.DefaultTypes, func(c *SteeringConfig) {
		c.Table, c.Modulo = IndirectionTable{0, 1, 2}, true
	}))
	h := header(t, "66.9.149.187", 2794, "161.142.100.80", 1766, pcaps.ProtoTCP)
	if d := s.Decide(&h, nil); d.Hash != 0x51ccc178 || d.Entry != 0x51ccc178%3 || d.Queue != uint16(d.Entry) {
		t.Errorf("%+v, want entry %d", d, 0x51ccc178%3)
	}
	if got := s.Entry(0xffffffff); got != 0xffffffff%3 {
		t.Errorf("entry of the largest hash is %d", got)
	}
}

func TestOwnFacts(t *testing.T) {
	ex := pcaps.HomeAddress | pcaps.RoutingType2
	for _, test := range []struct {
		types string
		rules Rules
		want  pcaps.Facts
	}{
		{hash.DefaultTypes.String(), Rules{}, 0},
		{"none", Rules{}, 0},
		{"ipv6_ex", Rules{}, ex},
		{"tcp_ipv6_ex", Rules{}, ex},
		{"udp_ipv6_ex,ipv4", Rules{}, ex},
		{"ipv4", Rules{AddressesOnly: pcaps.Atomic, NoHash: pcaps.TwoTags8100}, pcaps.Atomic | pcaps.TwoTags8100},
	} {
		s := mustSteering(t, config(t, types(t, test.types), func(c *SteeringConfig) { c.Rules = test.rules }))
		if got := s.PerPacketFacts(); got != test.want {
			t.Errorf("%s, %+v: %b, want %b", test.types, test.rules, got, test.want)
		}
	}
}

func TestNewSteeringErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*SteeringConfig)
		want   string
	}{
		{"no queues", func(c *SteeringConfig) { c.QueueCPU = nil }, "--queues 0: give a number from 1 to 65535"},
		{"no table", func(c *SteeringConfig) { c.Table = nil }, "--table-size 0: give a power of two"},
		{"odd table", func(c *SteeringConfig) { c.Table = c.Table[:100] }, "--table-size 100 is no power of two; the nearest are 64 and 128"},
		{"entry", func(c *SteeringConfig) { c.Table = IndirectionTable{0, 8} }, "entry 1 of the table is queue 8, but there are only queues 0 to 7; raise --queues"},
		{"default queue", func(c *SteeringConfig) { c.DefaultQueue = 8 }, "--default-queue 8: there are only queues 0 to 7"},
		{"negative default queue", func(c *SteeringConfig) { c.DefaultQueue = -1 }, "--default-queue -1: there are only queues 0 to 7"},
		{"cpu", func(c *SteeringConfig) { c.QueueCPU = []int{0, 1, 2, 3, 4, 5, 6, -7} }, "--affinity: queue 7 is on CPU -7"},
		{"short key", func(c *SteeringConfig) { c.Key = c.Key[:20] }, "--key: key of 20 bytes: a hash input of 36 bytes needs a key of at least 40; give a longer key, or fewer --hash-types"},
		{"transformation", func(c *SteeringConfig) { c.Transform = 7 }, "unknown input transform(7)"},
	} {
		if _, err := NewSteering(config(t, hash.DefaultTypes, test.change)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.name, err, test.want)
		}
	}
	// A short key is enough for short inputs, none for no hash types.
	mustSteering(t, config(t, types(t, "ipv4,tcp_ipv4"), func(c *SteeringConfig) { c.Key = c.Key[:16] }))
	mustSteering(t, config(t, 0, func(c *SteeringConfig) { c.Key = nil }))
}

// A Steering is its own: the caller's slices may change.
func TestSteeringOwnsItsConfig(t *testing.T) {
	c := config(t, hash.DefaultTypes)
	s := mustSteering(t, c)
	h := header(t, "66.9.149.187", 2794, "161.142.100.80", 1766, pcaps.ProtoTCP)
	want := s.Decide(&h, nil)
	clear(c.Table)
	clear(c.Key)
	c.QueueCPU[7] = 99
	h2 := header(t, "38.27.205.30", 48228, "209.142.163.6", 2217, pcaps.ProtoTCP)
	if got := s.Decide(&h, nil); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if d := s.Decide(&h2, nil); d.Queue != 7 || s.CPU(d.Queue) != 7 || s.Queues() != 8 {
		t.Errorf("%+v on CPU %d of %d queues, want queue and CPU 7 of 8", d, s.CPU(d.Queue), s.Queues())
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	s := mustSteering(t, config(t, types(t, "ipv4,tcp_ipv4,ipv6_ex,tcp_ipv6_ex"), func(c *SteeringConfig) { c.Transform = hash.SymmetricXOR }))
	h4 := header(t, "66.9.149.187", 2794, "161.142.100.80", 1766, pcaps.ProtoTCP)
	h6 := header(t, "2001:db8::1", 1, "2001:db8::2", 2, pcaps.ProtoTCP)
	h6.Facts |= pcaps.HomeAddress
	ext := &pcaps.Extension{}
	var sum uint32
	if n := testing.AllocsPerRun(100, func() { sum += s.Decide(&h4, ext).Hash + s.Decide(&h6, ext).Hash }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecide(b *testing.B) {
	s := mustSteering(b, config(b, hash.DefaultTypes))
	for _, in := range []struct {
		name string
		h    pcaps.Header
	}{
		{"tcp4", header(b, "66.9.149.187", 2794, "161.142.100.80", 1766, pcaps.ProtoTCP)},
		{"icmp4", header(b, "66.9.149.187", 0, "161.142.100.80", 0, pcaps.ProtoICMP)},
		{"tcp6", header(b, "2001:db8::1", 1, "2001:db8::2", 2, pcaps.ProtoTCP)},
		{"arp", pcaps.Header{Reason: pcaps.NotIP}},
	} {
		b.Run("input="+in.name, func(b *testing.B) {
			var sum uint32
			for b.Loop() {
				sum += s.Decide(&in.h, nil).Hash
			}
			if sum == 1 {
				b.Log("keeps sum alive")
			}
		})
	}
}

// equalTable has queue i modulo queues at entry i.
func equalTable(size, queues int) IndirectionTable {
	table := make(IndirectionTable, size)
	for i := range table {
		table[i] = uint16(i % queues)
	}
	return table
}
