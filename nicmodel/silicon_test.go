package nicmodel_test

import (
	"net/netip"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
	"rssreplay/pcaps"
)

// TestSilicon: hashes and queues that real NICs gave out under a key that is known, as
// their users published them.
func TestSilicon(t *testing.T) {
	const (
		microsoft52 = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa000000000000000000000000"
		every32Bits = "1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd1234abcd"
	)
	fields := func(t hash.Type, letters string) (f [hash.NumTypes]nicmodel.Fields) {
		f[t], _ = nicmodel.ParseFields(letters)
		return f
	}
	addresses := hash.TypesOf(hash.IPv4, hash.IPv6)
	udp := hash.TypesOf(hash.UDPIPv4)
	for _, test := range []struct {
		source   string
		key      string
		from, to string
		protocol uint8
		config   nicmodel.SteeringConfig // but for key and table
		size     int
		layout   string
		queues   int
		hash     uint32
		queue    uint16
	}{
		{"Intel E810 VF, testpmd's output (DPDK net_iavf)", microsoft52, "66.9.149.187:0", "161.142.100.80:0", 1,
			nicmodel.SteeringConfig{HashTypes: addresses}, 64, "equal", 4, 0x323e8fc2, 2},
		{"the same", microsoft52, "199.92.111.2:0", "65.69.140.83:0", 1,
			nicmodel.SteeringConfig{HashTypes: addresses}, 64, "equal", 4, 0xd718262a, 2},
		{"the same, rte_flow types ipv4-udp", microsoft52, "66.9.149.187:2794", "161.142.100.80:1766", pcaps.ProtoUDP,
			nicmodel.SteeringConfig{HashTypes: udp, Transform: hash.ProtocolFirst}, 64, "equal", 4, 0x38a3076b, 3},
		{"the same, l4-dst-only", microsoft52, "66.9.149.187:2794", "161.142.100.80:1766", pcaps.ProtoUDP,
			nicmodel.SteeringConfig{HashTypes: udp, Transform: hash.ProtocolFirst, Fields: fields(hash.UDPIPv4, "n")}, 64, "equal", 4, 0xa512a6ca, 2},
		{"Intel 700 or 800 series, DPDK DTS sw_hw_thash_consistence", every32Bits, "[::11]:0", "[::22]:0", 59,
			nicmodel.SteeringConfig{HashTypes: addresses}, 512, "equal", 16, 0x914e08e4, 4},
		{"Intel 82599, VPP's trace", "microsoft", "10.0.0.2:0", "192.168.1.101:0", 1,
			nicmodel.SteeringConfig{HashTypes: addresses}, 128, "equal", 8, 0x666a73fa, 2},
		{"Intel X710, DPDK DTS vxlan_gpe_support_in_i40e, of the inner addresses", "dpdk-i40e", "10.0.0.1:0", "127.0.0.1:0", 1,
			nicmodel.SteeringConfig{HashTypes: addresses}, 512, "reversed", 4, 0x51ed6fc5, 2},
		{"Pensando DSC, VPP's trace", "symmetric", "2.0.0.4:4675", "2.0.0.9:6336", pcaps.ProtoUDP,
			nicmodel.SteeringConfig{HashTypes: udp}, 128, "equal", 3, 0xa978a978, 0},
		{"Intel E810, DPDK DTS cvl_advanced_rss, simple_xor", "microsoft", "1.1.4.1:0", "2.2.2.3:0", 1,
			nicmodel.SteeringConfig{HashTypes: addresses, Function: hash.FunctionSimpleXOR}, 64, "equal", 64, 0x03030602, 2},
		{"the same, the other way", "microsoft", "2.2.2.3:0", "1.1.4.1:0", 1,
			nicmodel.SteeringConfig{HashTypes: addresses, Function: hash.FunctionSimpleXOR}, 64, "equal", 64, 0x03030602, 2},
	} {
		layout, err := layout.Parse(test.layout)
		if err != nil {
			t.Fatal(err)
		}
		if test.config.Table, err = layout.Fill(test.size, test.queues); err != nil {
			t.Fatal(err)
		}
		if test.config.Key, err = hash.ParseKey(test.key); err != nil {
			t.Fatal(err)
		}
		test.config.QueueCPU = make([]int, test.queues)
		s, err := nicmodel.NewSteering(test.config)
		if err != nil {
			t.Fatal(err)
		}
		from, to := netip.MustParseAddrPort(test.from), netip.MustParseAddrPort(test.to)
		h := pcaps.Header{Version: 6, Protocol: test.protocol, SrcPort: from.Port(), DstPort: to.Port()}
		copy(h.Src[:], from.Addr().AsSlice())
		copy(h.Dst[:], to.Addr().AsSlice())
		if from.Addr().Is4() {
			h.Version = 4
		}
		if test.protocol == pcaps.ProtoUDP {
			h.Facts = pcaps.HasPorts
		}
		if d := s.Decide(&h, nil); d.Hash != test.hash || d.Queue != test.queue {
			t.Errorf("%s, %s to %s: hash %#08x, queue %d; want %#08x, %d", test.source, test.from, test.to, d.Hash, d.Queue, test.hash, test.queue)
		}
	}
}
