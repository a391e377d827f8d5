package profile

import (
	"slices"
	"time"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// Hash types as drivers enable them.
const (
	addresses = 1<<hash.IPv4 | 1<<hash.IPv6
	tcpOnly   = addresses | 1<<hash.TCPIPv4 | 1<<hash.TCPIPv6 // UDP by its addresses
	tcpUDP    = hash.DefaultTypes
)

const (
	linux = "Linux 6.12, drivers/net/"
	dpdk  = "DPDK 2026-07, drivers/net/"

	udpOnAddresses = "UDP is hashed on its addresses only, until told otherwise: ethtool -N IF rx-flow-hash udp4 sdfn (and udp6)"
	globalKey      = "the key is random, drawn once per boot and shared by all NICs of the host that use it: see /proc/sys/net/core/netdev_rss_key"
	keyHidden      = "ethtool -x shows no key: the first 40 bytes of netdev_rss_key are in use"
	atrNote        = "Flow Director (ATR) overrides RSS for TCP flows that the host itself sends on"
	oneQueue       = "no RSS: one queue"
	xorFirst       = "hashes with xor until `ethtool -X DEV equal N hfunc toeplitz` is run"
	dpdkPolls      = "DPDK polls and takes no interrupts: of a replay only queues, entries and flows are about it"
)

// All are all profiles, in the order in which `rssreplay nics` lists them.
func All() []Profile {
	inIPOrGRE := []pcaps.Encapsulation{pcaps.IPIP, pcaps.SixInFour, pcaps.FourInSix, pcaps.SixInSix, pcaps.GRE, pcaps.NVGRE}
	parser := Doubt{"", "what this NIC's own parser does with IPv6 extension headers, atomic fragments and two VLAN tags (the model's rules are used)"}
	tcpEx := Doubt{"hash-types", "the driver also enables tcp_ipv6_ex, which the profile leaves out"}
	powerOn := Doubt{"hash-types", "UDP on its ports, which is the expected power-on value of GLQF_HASH_INSET (ethtool -n shows the NIC's)"}
	capped := Doubt{"itr", "50 µs, where adaptive moderation caps at 20,000 interrupts a second; bulk traffic gets fewer, down to 4,000"}
	application := Doubt{"hash-types", "addresses alone, testpmd's default: the application chooses (its rss_hf)"}

	keyOrder := Doubt{"", "in which order the NIC takes the key's bytes: the driver writes words of four as the CPU has them"}
	half := Doubt{"queues", "as many as CPUs, where the driver begins with half as many as there are cores (ethtool -l shows them)"}
	halfCores := Doubt{"queues", "as many as CPUs, where the driver begins with half as many as there are cores, and at most CPUs ÷ ports (ethtool -l shows them)"}

	enaIPs := "packets that are not IP go to the queue of the table's first entry"
	enaRules := "rules (ethtool -N): Linux's own driver (6.12) takes none, Amazon's newer ones do; --rule takes any"
	turnsSymmetric := "with ethtool 6.9 or newer, `ethtool -X` without xfrm turns symmetric-xor on, whatever else it sets (Linux 6.12): say xfrm none with it"
	every50us := Moderation{ITR: 50 * time.Microsecond, RXFrames: 1, Adaptive: true}
	none := Moderation{RXFrames: 1}

	// What drivers make of ntuple rules, by Linux 6.12's. Those of noRules have no code for
	// them (set_rxnfc).
	noRules := NTuple{Kinds: []steer.Kind{}}
	ether := []steer.Kind{steer.Ether}
	both := []steer.Kind{steer.TCP4, steer.UDP4, steer.SCTP4, steer.IP4, steer.TCP6, steer.UDP6, steer.SCTP6, steer.IP6}
	security := []steer.Kind{steer.AH4, steer.ESP4, steer.AH6, steer.ESP6}
	others := steer.Options{IP: steer.OtherIP}
	igbRules := NTuple{Options: steer.Options{Any: true}, Kinds: ether, Locations: 16, NoDrops: true}
	igcRules := NTuple{Kinds: ether, Locations: 64, NoDrops: true, Has: []steer.Field{steer.Tag, steer.TagType, steer.UserData}}
	ixgbeRules := NTuple{
		Kinds: []steer.Kind{steer.TCP4, steer.UDP4, steer.SCTP4, steer.IP4}, Locations: 2046, Masks: MaskPerPort,
		ATR: true, OffATR: "ethtool -K DEV ntuple on",
	}
	i40eRules := NTuple{Options: others, Kinds: both, Whole: true, Masks: MaskPerKind, ATR: true, OffATR: "ethtool --set-priv-flags DEV flow-director-atr off"}
	iceRules := NTuple{Options: others, Kinds: both, Whole: true, Masks: MaskPerKind}
	iavfRules := NTuple{Options: others, Kinds: slices.Concat(both, security), Whole: true}
	mlx4Rules := NTuple{Kinds: []steer.Kind{steer.TCP4, steer.UDP4, steer.IP4, steer.Ether}, Locations: 256, Whole: true, Masks: AnyMasks}
	mlx5Rules := NTuple{
		Options: steer.Options{Order: steer.MostFields}, Locations: 1024, Masks: AnyMasks, Contexts: true, Has: []steer.Field{steer.Tag, steer.DestinationMAC},
		Kinds: []steer.Kind{steer.TCP4, steer.UDP4, steer.IP4, steer.TCP6, steer.UDP6, steer.IP6, steer.Ether},
	}
	bnxtRules := NTuple{
		Options: steer.Options{IP: steer.BnxtIP}, Places: true, Masks: AnyMasks, Contexts: true, Lacks: []steer.Field{steer.TagType, steer.Tag, steer.DestinationMAC, steer.UserData, steer.Class, steer.L4Bytes},
		Kinds:     []steer.Kind{steer.TCP4, steer.UDP4, steer.IP4, steer.TCP6, steer.UDP6, steer.IP6},
		Protocols: []uint8{pcaps.ProtoICMP, pcaps.ProtoICMPv6, steer.AnyProtocol}, // bnxt_verify_ntuple_ip4_flow
	}

	gveRules := NTuple{
		Kinds:   slices.Concat([]steer.Kind{steer.TCP4, steer.UDP4, steer.SCTP4, steer.TCP6, steer.UDP6, steer.SCTP6}, security),
		NoDrops: true,
	}
	sfcRules := NTuple{
		Options: steer.Options{Order: steer.MostFields}, Places: true, Whole: true, Masks: AnyMasks, Contexts: true, Adds: true, Has: []steer.Field{steer.Tag},
		Kinds: []steer.Kind{steer.TCP4, steer.UDP4, steer.IP4, steer.TCP6, steer.UDP6, steer.IP6, steer.Ether},
		Lacks: []steer.Field{steer.Class, steer.L4Bytes, steer.TagType, steer.UserData},
	}

	// Whose hashes RPS takes, by Linux 6.12's drivers. Without an entry none: igb and
	// e1000e pass every hash as one of layer 3.
	noEx := rps.OnTCPPorts | rps.OnUDPPorts
	tcpUDPPackets := rps.OfTCP | rps.OfUDP

	return []Profile{{
		Name: "igb", NIC: "Intel 82575, 82576, 82580, i350, i210, i211", Drivers: []string{"igb"},
		MaxQueues: 8, TableSize: TableSize{Entries: 128}, Layout: "block", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 256, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 3, Fixed: SetKey, NAPI: true, NTuple: igbRules, Source: linux + "ethernet/intel/igb",
		Notes:      []string{globalKey, udpOnAddresses, keyHidden, "82575 and i210 have 4 queues, i211 2"},
		Unverified: []Doubt{parser, tcpEx, capped},
	}, {
		Name: "igc", NIC: "Intel i225, i226", Drivers: []string{"igc"},
		MaxQueues: 4, TableSize: TableSize{Entries: 128}, Layout: "block", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 256, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 3, Fixed: SetKey, NAPI: true, LayerFour: rps.OnPorts, NTuple: igcRules, Source: linux + "ethernet/intel/igc",
		Notes:      []string{globalKey, udpOnAddresses, keyHidden},
		Unverified: []Doubt{parser, tcpEx, capped},
	}, {
		Name: "e1000e", NIC: "Intel 82574, 82579, i217, i218, i219", Drivers: []string{"e1000e"},
		MaxQueues: 1, TableSize: TableSize{Entries: 128}, Layout: "equal:1", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 256, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 4, Fixed: SetTable | SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/intel/e1000e/netdev.c:3451",
		Notes:      []string{globalKey, "one receive queue: every entry of the table is 0"},
		Unverified: []Doubt{parser, tcpEx, capped},
	}, {
		Name: "e1000", NIC: "Intel 82540 to 82547, real or emulated", Drivers: []string{"e1000"},
		MaxQueues: 1, TableSize: TableSize{Entries: 1}, Layout: "equal",
		RXRing: 256, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 4, Fixed: SetTable | SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/intel/e1000",
		Notes: []string{oneQueue}, Unverified: []Doubt{capped},
	}, {
		Name: "igbvf", NIC: "Intel virtual functions of 82576 and i350", Drivers: []string{"igbvf"},
		MaxQueues: 1, TableSize: TableSize{Entries: 1}, Layout: "equal",
		RXRing: 256, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 3, Fixed: SetTable | SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/intel/igbvf",
		Notes: []string{oneQueue}, Unverified: []Doubt{capped},
	}, {
		Name: "ixgbe", NIC: "Intel 82598, 82599, X540", Drivers: []string{"ixgbe"},
		MaxQueues: 16, RSSQueues: 16, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 512, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 1, NAPI: true, LayerFour: noEx, NTuple: ixgbeRules, Source: linux + "ethernet/intel/ixgbe",
		Notes:      []string{globalKey, udpOnAddresses, atrNote, "there may be up to 63 rings, but RSS reaches only the first 16", "X550 and E610 have the same driver: --nic x550"},
		Unverified: []Doubt{parser},
	}, {
		Name: "x550", NIC: "Intel X550, E610", Drivers: []string{"ixgbe"},
		MaxQueues: 63, TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 512, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 1, NAPI: true, LayerFour: noEx, NTuple: ixgbeRules, Source: linux + "ethernet/intel/ixgbe",
		Notes:      []string{globalKey, udpOnAddresses, atrNote, "64 entries under SR-IOV"},
		Unverified: []Doubt{parser},
	}, {
		Name: "ixgbevf", NIC: "Intel virtual functions of 82599, X540, X550", Drivers: []string{"ixgbevf"},
		MaxQueues: 2, TableSize: TableSize{Entries: 64}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 512, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 1, Fixed: SetTable | SetKey | SetFields, NAPI: true, NTuple: noRules, LayerFour: noEx, Source: linux + "ethernet/intel/ixgbevf/ixgbevf.h:133",
		Notes:      []string{globalKey, udpOnAddresses, "of an 82599 the table has 128 entries, with the same queues"},
		Unverified: []Doubt{parser, {"rx-ring", "512, taken from ixgbe"}, {"itr", "50 µs, taken from ixgbe"}},
	}, {
		Name: "i40e", NIC: "Intel X710, XL710, X722", Drivers: []string{"i40e"},
		TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 512, Moderation: every50us, Usecs: UsecsInterval, KeyResetsTable: true, NAPI: true, LayerFour: rps.ByPacket, NTuple: i40eRules, Source: linux + "ethernet/intel/i40e",
		Notes:      []string{globalKey, atrNote},
		Unverified: []Doubt{parser, powerOn},
	}, {
		Name: "iavf", NIC: "Intel virtual functions of X710 and E810", Drivers: []string{"iavf", "i40evf"},
		MaxQueues: 16, TableSize: TableSize{Entries: 64}, Layout: "equal", PacksFields: true, KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 512, Moderation: every50us, Usecs: UsecsInterval, SetsTransform: true, NAPI: true, LayerFour: rps.ByPacket, NTuple: iavfRules, Source: linux + "ethernet/intel/iavf",
		Notes:      []string{globalKey, turnsSymmetric, "the physical function may set another table size and key length"},
		Unverified: []Doubt{parser, powerOn},
	}, {
		Name: "ice", NIC: "Intel E810, E82x, E830", Drivers: []string{"ice"},
		TableSize: TableSize{Entries: 2048}, Layout: "equal", HashesTEID: true, MayHashInner: append([]pcaps.Encapsulation{pcaps.VXLAN, pcaps.Geneve}, inIPOrGRE...), PacksFields: true, KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 2048, Moderation: every50us, Usecs: UsecsInterval, SetsTransform: true, KeyResetsTable: true, NAPI: true, LayerFour: rps.ByPacket, NTuple: iceRules, Source: linux + "ethernet/intel/ice",
		Notes:      []string{globalKey, turnsSymmetric, "SCTP is hashed on its ports and GTP on its TEID, which no NDIS type does: here they go by their addresses"},
		Unverified: []Doubt{parser, {"table-size", "2048: the device states its size, and 512 is in use too"}, {"", "whether a tunnel goes by its outer headers, as here, or its inner ones (--inner): the driver sets both"}},
	}, {
		Name: "idpf", NIC: "Intel IPU E2000, E2100", Drivers: []string{"idpf"},
		MaxQueues: 16, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 512, Moderation: Moderation{ITR: 8 * time.Microsecond, RXFrames: 1, Adaptive: true}, Usecs: UsecsInterval, Fixed: SetFields, NAPI: true, LayerFour: rps.ByPacket, NTuple: noRules, Source: linux + "ethernet/intel/idpf",
		Notes: []string{globalKey, "the device states the key's length: ethtool -x shows it"},
		Unverified: []Doubt{parser, {"table-size", "128: the device states its size"}, {"hash-types", "UDP on its ports: the device chooses of what the driver asks for"},
			{"itr", "8 µs, where adaptive moderation starts"}},
	}, {
		Name: "mlx4", NIC: "Mellanox ConnectX-3", Drivers: []string{"mlx4_en"},
		MaxQueues: 16, PowerOfTwoQueues: true, TableSize: TableSize{Rule: TableQueues}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1024, Moderation: Moderation{RXDelay: 16 * time.Microsecond, RXFrames: 44, Adaptive: true}, Fixed: SetFields, EqualPowers: true, NAPI: true, LayerFour: tcpUDPPackets, NTuple: mlx4Rules, Source: linux + "ethernet/mellanox/mlx4",
		Notes:      []string{globalKey, "the hash may be xor instead: see ethtool -x", "the table is equal over 1, 2, 4, 8 or 16 queues, from queue 0: the driver takes no other", "adaptive moderation goes from 0 µs at 400,000 packets a second to 128 µs at 450,000"},
		Unverified: []Doubt{parser},
	}, {
		Name: "mlx5", NIC: "NVIDIA (Mellanox) ConnectX-4 and later", Drivers: []string{"mlx5_core"},
		MaxQueues: 256, TableSize: TableSize{Entries: 256, Rule: TableTwice}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP, Transform: hash.SymmetricOrXOR,
		HashesSPI: true, MayHashInner: inIPOrGRE, RXRing: 1024, Moderation: Moderation{RXDelay: 8 * time.Microsecond, RXFrames: 128, Adaptive: true}, NAPI: true, LayerFour: rps.OnPorts, NTuple: mlx5Rules, Source: linux + "ethernet/mellanox/mlx5/core/en",
		Notes:      []string{globalKey, "Toeplitz is symmetric (or-xor) here; older ethtool and kernels do not show it", "IPsec is hashed on its SPI, which no NDIS type does", "GRE and IP in IP are hashed on their inner headers where the device can: --inner replays that"},
		Unverified: []Doubt{parser, {"rx-usecs", "8 µs or 128 packets, where adaptive moderation starts on a NIC that times from the last completion"}},
	}, {
		Name: "bnxt", NIC: "Broadcom NetXtreme-E 574xx (P4)", Drivers: []string{"bnxt_en"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 511, Moderation: Moderation{RXDelay: 10 * time.Microsecond, RXFrames: 15, Adaptive: true}, NAPI: true, LayerFour: tcpUDPPackets, NTuple: bnxtRules, Source: linux + "ethernet/broadcom/bnxt",
		Notes:      []string{"the key is random and the driver's own, not netdev_rss_key: ethtool -x shows it", "with firmware before 1.5.1 UDP is hashed on its addresses only", "575xx and later have the same driver: --nic bnxt-p5"},
		Unverified: []Doubt{parser, halfCores},
	}, {
		Name: "bnxt-p5", NIC: "Broadcom NetXtreme-E 575xx and later (P5)", Drivers: []string{"bnxt_en"},
		TableSize: TableSize{Entries: 64, Rule: TablePer64Ring}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 511, Moderation: Moderation{RXDelay: 10 * time.Microsecond, RXFrames: 15, Adaptive: true}, NAPI: true, LayerFour: tcpUDPPackets, NTuple: bnxtRules, Source: linux + "ethernet/broadcom/bnxt",
		Notes:      []string{"the key is random and the driver's own, not netdev_rss_key: ethtool -x shows it"},
		Unverified: []Doubt{parser, halfCores},
	}, {
		Name: "tg3", NIC: "Broadcom BCM5717, 5718, 5719, 5720, 57762", Drivers: []string{"tg3"},
		MaxQueues: 4, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 200, Moderation: Moderation{RXDelay: 20 * time.Microsecond, RXFrames: 5}, Fixed: SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/broadcom/tg3.c:10671",
		Notes:      []string{globalKey, "UDP is hashed on its addresses", keyHidden, "the first of its interrupts is that of sending; older chips have one queue"},
		Unverified: []Doubt{parser, half, keyOrder},
	}, {
		Name: "bnx2x", NIC: "Broadcom (QLogic) NetXtreme II 57710 to 57840", Drivers: []string{"bnx2x"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly, MayHashInner: []pcaps.Encapsulation{pcaps.VXLAN, pcaps.GRE, pcaps.NVGRE},
		RXRing: 509, Moderation: Moderation{RXDelay: 24 * time.Microsecond}, Fixed: SetKey, NAPI: true, LayerFour: rps.OnTCPPorts, NTuple: noRules, Source: linux + "ethernet/broadcom/bnx2x",
		Notes: []string{globalKey, udpOnAddresses, "57710 and 57711 hash UDP on its addresses only", keyHidden},
		Unverified: []Doubt{parser, half, {"rx-ring", "509, as with 8 queues: 4078 ÷ queues (ethtool -g shows it)"},
			{"", "whether a tunnel goes by its outer headers, as here, or its inner ones (--inner): the driver sets both"}},
	}, {
		Name: "qede", NIC: "QLogic (Marvell) FastLinQ 41000, 45000", Drivers: []string{"qede"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 1023, Moderation: Moderation{RXDelay: 12 * time.Microsecond}, NAPI: true, LayerFour: noEx, Source: linux + "ethernet/qlogic/qede",
		Notes: []string{globalKey, udpOnAddresses, "devices of 100 Gbit/s with two engines let neither table nor key be set, and have queues of both",
			"rules (ethtool -N): the driver takes those of tcp4, udp4, tcp6 and udp6 that name both addresses and both ports, or one of dst-port, src-ip and dst-ip, all the same; --rule takes any"},
		Unverified: []Doubt{parser, half},
	}, {
		Name: "sfc", NIC: "Solarflare (AMD) SFN7000, SFN8000, X2", Drivers: []string{"sfc"},
		MaxQueues: 32, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1024, Moderation: Moderation{ITR: 60 * time.Microsecond, RXFrames: 1, Adaptive: true}, Usecs: UsecsInterval, Fixed: SetFields, NAPI: true, NTuple: sfcRules, Source: linux + "ethernet/sfc",
		Notes: []string{globalKey},
		Unverified: []Doubt{parser, {"queues", "as many as CPUs, at most 32, where the driver begins with the cores of the NIC's node (ethtool -l shows them)"},
			{"hash-types", "UDP on its ports, where the firmware can: else on its addresses (ethtool -n shows it)"}, {"itr", "60 µs, the driver's start value of its adaptive moderation"},
			{"", "which of several rules that match counts: the one with most fields, here"}},
	}, {
		Name: "enic", NIC: "Cisco VIC", Drivers: []string{"enic"},
		MaxQueues: 8, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		Moderation: none, Fixed: SetTable | SetFields, NAPI: true, LayerFour: rps.OnTCPPorts | rps.OnExPorts, NTuple: noRules, Source: linux + "ethernet/cisco/enic",
		Notes: []string{globalKey, "ethtool -x shows no table: the driver fills it"},
		Unverified: []Doubt{parser, {"queues", "as many as CPUs, at most 8: the adapter policy sets them"}, {"hash-types", "UDP on its addresses: newer firmware says what it hashes (ethtool -n shows it)"},
			{"itr", "no moderation: it begins with the adapter policy's, and adapts"}},
	}, {
		Name: "atlantic", NIC: "Aquantia (Marvell) AQC107, AQC108, AQC113", Drivers: []string{"atlantic"},
		MaxQueues: 8, PowerOfTwoQueues: true, TableSize: TableSize{Entries: 64}, Layout: "equal", KeyLen: 40, Key: "dpdk-atlantic", HashTypes: tcpOnly,
		RXRing: 2048, Moderation: Moderation{RXDelay: 12 * time.Microsecond}, Fixed: SetFields, NAPI: true, LayerFour: rps.OnTCPPorts, Source: linux + "ethernet/aquantia/atlantic/aq_nic.c:45",
		Notes: []string{"the key is the driver's own, always, until it is set", "its interrupts all have the interface's name",
			"rules (ethtool -N): the driver takes them at locations of their own for each kind, and those of IP without masks; --rule takes any"},
		Unverified: []Doubt{parser, {"hash-types", "UDP on its addresses; the driver has AQC113 hash its ports, too (--rx-flow-hash udp4=sdfn)"}, {"rx-usecs", "12 µs, the least that the driver sets at 10 Gbit/s: up to 112 while packets come"}},
	}, {
		Name: "cxgb4", NIC: "Chelsio T4, T5, T6", Drivers: []string{"cxgb4"},
		MaxQueues: 32, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1024, Moderation: Moderation{RXDelay: 5 * time.Microsecond, RXFrames: 10}, Fixed: SetKey | SetFields, NAPI: true, Source: linux + "ethernet/chelsio/cxgb4",
		KeyAt: "of cxgb4, debugfs has it: /sys/kernel/debug/cxgb4/*/rss_key",
		Notes: []string{"the key is the firmware's: ethtool -x does not show it, /sys/kernel/debug/cxgb4/*/rss_key does", "ports of 1 Gbit/s have one queue",
			"ethtool -g shows 64 buffers of up to 64 KB, which take many packets each: the queue has room for 1024",
			"rules (ethtool -N): the driver takes as many as the firmware has room for; --rule takes any number"},
		Unverified: []Doubt{parser, {"queues", "as many as CPUs, at most 32, which the ports share"}, {"table-size", "128: the firmware states its size"},
			{"", "in which order the NIC takes the key's bytes: the last word comes first in rss_key"}},
	}, {
		Name: "be2net", NIC: "Emulex OneConnect: BE2, BE3, Lancer, Skyhawk", Drivers: []string{"be2net"},
		MaxQueues: 32, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1023, Moderation: Moderation{RXFrames: 1, Adaptive: true}, NAPI: true, NTuple: noRules, Source: linux + "ethernet/emulex/benet/be_main.c:3708",
		Notes: []string{globalKey, "BE2 and BE3 hash UDP on its addresses only"},
		Unverified: []Doubt{parser, half, {"hash-types", "UDP on its ports, as of Lancer and Skyhawk"},
			{"itr", "none, as where few packets come: adaptive moderation waits up to 96 µs"},
			{"", "where packets without a hash go: with older firmware to a queue of their own behind the others, not to queue 0"}},
	}, {
		Name: "hns3", NIC: "HiSilicon HNS, of Kunpeng 920 and later", Drivers: []string{"hns3"},
		TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: tcpUDP, Unpredicted: xorFirst, UntilToeplitz: true,
		Moderation: Moderation{ITR: 20 * time.Microsecond, RXFrames: 1, Adaptive: true}, Usecs: UsecsInterval, NAPI: true, LayerFour: rps.OfTCP | rps.OfUDP | rps.OfSCTP, Source: linux + "ethernet/hisilicon/hns3/hns3_common/hclge_comm_rss.c:43",
		Notes: []string{"the key is Microsoft's, until it is set", "ethtool -X must name a table (equal N) with whatever else it sets",
			"rules (ethtool -N): the driver takes those of ether, and of tcp, udp, sctp and ip of both versions; --rule takes any"},
		Unverified: []Doubt{parser, {"queues", "as many as CPUs: the device's configuration has their number (ethtool -l shows it)"}, {"table-size", "512, unless the device states another size"}},
	}, {
		Name: "hinic", NIC: "Huawei Hi1822", Drivers: []string{"hinic"},
		TableSize: TableSize{Entries: 256}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP, Unpredicted: xorFirst, UntilToeplitz: true,
		RXRing: 4096, Moderation: Moderation{RXDelay: 288 * time.Microsecond, RXFrames: 16}, NAPI: true, NTuple: noRules, Source: linux + "ethernet/huawei/hinic/hinic_main.c:350",
		Notes:      []string{globalKey},
		Unverified: []Doubt{parser, {"queues", "as many as CPUs, where the driver begins with those of the NIC's node (ethtool -l shows them)"}},
	}, {
		Name: "octeontx2", NIC: "Marvell OCTEON TX2, CN10K", Drivers: []string{"rvu-nicpf", "rvu-nicvf"},
		MaxQueues: 64, TableSize: TableSize{Entries: 256}, Layout: "equal", KeyLen: 44, HashTypes: tcpUDP,
		Unpredicted: "hashes ports at byte 32 of its input, with VLAN and protocol behind them, though ethtool -x shows toeplitz",
		RXRing:      256, Moderation: Moderation{RXDelay: time.Microsecond, RXFrames: 10}, NAPI: true, LayerFour: rps.All, Source: linux + "ethernet/marvell/octeontx2/af/rvu_nix.c:3958",
		Notes:      []string{globalKey, "rules (ethtool -N): the driver takes 16, or as many as its devlink parameter mcam_count says; --rule takes any number"},
		Unverified: []Doubt{parser},
	}, {
		Name: "amd-xgbe", NIC: "AMD EPYC Embedded, Ryzen Embedded 10 Gbit/s", Drivers: []string{"amd-xgbe"},
		TableSize: TableSize{Entries: 256}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 512, Moderation: Moderation{RXDelay: 30 * time.Microsecond, RXFrames: 25}, Fixed: SetFields, NAPI: true, LayerFour: tcpUDPPackets, NTuple: noRules, Source: linux + "ethernet/amd/xgbe/xgbe-main.c:323",
		Notes:      []string{globalKey},
		Unverified: []Doubt{parser, {"queues", "as many as CPUs: the device may have fewer (ethtool -l shows them)"}, keyOrder},
	}, {
		Name: "stmmac", NIC: "Synopsys DesignWare MAC, of Intel Elkhart Lake, Rockchip, STM32 and many more", Drivers: []string{"st_gmac", "st_xgmac", "st_mac100"},
		MaxQueues: 1, TableSize: TableSize{Entries: 256}, Layout: "equal",
		RXRing: 512, Moderation: none, Fixed: SetTable | SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/stmicro/stmmac/stmmac_main.c:3297",
		Notes:      []string{"no RSS, though ethtool -x shows a table and a key: Linux 6.12 sets it up for no device. If ethtool -k shows receive-hashing on, it is in use: then give --hash-types", "of several queues a packet's VLAN priority chooses, as the device tree has it; packets without one all go to one queue"},
		Unverified: []Doubt{{"queues", "one, as without VLAN priorities (ethtool -S shows what each gets)"}, {"itr", "no moderation: ethtool -c shows the driver's"}},
	}, {
		Name: "mvneta", NIC: "Marvell Armada 370, XP, 38x, 3700", Drivers: []string{"mvneta"},
		MaxQueues: 1, TableSize: TableSize{Entries: 1}, Layout: "equal",
		RXRing: 512, Moderation: Moderation{RXDelay: 100 * time.Microsecond, RXFrames: 32}, Fixed: SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/marvell/mvneta.c:331",
		Notes: []string{"no RSS: of its 8 queues one takes all packets, the one in the table's only entry"},
	}, {
		Name: "ena", NIC: "Amazon Elastic Network Adapter", Drivers: []string{"ena"},
		MaxQueues: 128, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP, Transform: hash.ENA, FirstEntry: true,
		RXRing: 1024, Moderation: Moderation{RXDelay: 20 * time.Microsecond, Adaptive: true}, NAPI: true, LayerFour: tcpUDPPackets, Source: linux + "ethernet/amazon/ena; amzn-drivers issues 109, 136, 169",
		Notes:      []string{globalKey, enaIPs, enaRules, "with a driver up to 2.6 and its default key: --nic ena-old; on instances of generation 4 and with a key that can't be set: --nic ena-gen4; Windows' driver hashes like this one"},
		Unverified: []Doubt{parser},
	}, {
		Name: "ena-old", NIC: "Amazon Elastic Network Adapter under Linux's driver up to 2.6, with its default key", Drivers: []string{"ena"},
		MaxQueues: 128, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP, Transform: hash.ENAOld, FirstEntry: true,
		RXRing: 1024, Moderation: Moderation{RXDelay: 20 * time.Microsecond, Adaptive: true}, NAPI: true, LayerFour: tcpUDPPackets, Source: "amzn-drivers issues 109, 136, 169",
		Notes:      []string{globalKey, enaIPs, enaRules, "with a key that was set by hand: --nic ena"},
		Unverified: []Doubt{parser},
	}, {
		Name: "ena-gen4", NIC: "Amazon Elastic Network Adapter on instances of generation 4, whose key is fixed", Drivers: []string{"ena"},
		MaxQueues: 128, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "ena-gen4", HashTypes: tcpUDP, Transform: hash.ENAGen4, FirstEntry: true,
		RXRing: 1024, Moderation: Moderation{RXDelay: 20 * time.Microsecond, Adaptive: true}, Fixed: SetKey | SetFields, NAPI: true, LayerFour: tcpUDPPackets, Source: "amzn-drivers, toeplitz_calc.py",
		Notes:      []string{enaIPs, enaRules},
		Unverified: []Doubt{parser, {"hash-types", "UDP on its ports"}},
	}, {
		Name: "gve", NIC: "Google Compute Engine Virtual NIC", Drivers: []string{"gve", "gvnic"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		Moderation: Moderation{RXDelay: 20 * time.Microsecond}, Fixed: SetFields, NAPI: true, LayerFour: tcpUDPPackets, NTuple: gveRules, Source: linux + "ethernet/google/gve",
		Notes:      []string{"the device or the driver sets the key: ethtool -x shows it", "only some devices take rules at all: ethtool -k shows ntuple-filters"},
		Unverified: []Doubt{parser, {"table-size", "128: the device sets it"}, {"layout", "equal: the device or the driver sets it"}, {"hash-types", "all that the device's interface has: the device sets them"}, {"", "which rules the device takes of those that the driver passes on: how many, and whether with masks"}},
	}, {
		Name: "virtio", NIC: "virtio network device", Drivers: []string{"virtio_net"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 256, Moderation: none, NAPI: true, NTuple: noRules, LayerFour: rps.OnPorts, Source: linux + "virtio_net.c:4000",
		Notes:      []string{globalKey, "values of a device by QEMU; other devices may set others", "on QEMU itself: --nic qemu-virtio"},
		Unverified: []Doubt{parser},
	}, {
		Name: "vmxnet3", NIC: "VMware vmxnet3", Drivers: []string{"vmxnet3"},
		MaxQueues: 8, PowerOfTwoQueues: true, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 1024, Moderation: none, Fixed: SetKey, NAPI: true, NTuple: noRules, LayerFour: rps.OnPorts, Source: linux + "vmxnet3",
		Notes:      []string{globalKey, udpOnAddresses, keyHidden, "newer virtual hardware has up to 32 queues, of any number"},
		Unverified: []Doubt{parser},
	}, {
		Name: "netvsc", NIC: "Hyper-V and Azure synthetic network", Drivers: []string{"hv_netvsc"},
		MaxQueues: 64, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: tcpOnly,
		Moderation: none, FlowHashUntrue: true, NAPI: true, NTuple: noRules, LayerFour: rps.All, Source: linux + "hyperv/rndis_filter.c:55",
		Notes:      []string{"the key is Microsoft's, always", "ethtool -n may say that UDP is hashed on its ports, but the host is never told to: UDP is hashed on its addresses"},
		Unverified: []Doubt{parser, {"itr", "no moderation: it is the host's"}},
	}, {
		Name: "ionic", NIC: "AMD Pensando DSC", Drivers: []string{"ionic"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1024, Moderation: Moderation{ITR: 64 * time.Microsecond, RXFrames: 1, Adaptive: true}, Fixed: SetFields, NAPI: true, NTuple: noRules, LayerFour: rps.OnPorts, Source: linux + "ethernet/pensando/ionic",
		Notes:      []string{globalKey},
		Unverified: []Doubt{parser, {"table-size", "128: the device states its size"}, {"itr", "64 µs, the driver's start value of its adaptive moderation"}},
	}, {
		Name: "mana", NIC: "Microsoft Azure Network Adapter", Drivers: []string{"mana"},
		TableSize: TableSize{Entries: 64}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 512, Moderation: none, Fixed: SetFields, NAPI: true, NTuple: noRules, LayerFour: rps.OnPorts, Source: linux + "ethernet/microsoft/mana",
		Notes:      []string{globalKey, "the device may have up to 512 entries"},
		Unverified: []Doubt{parser, {"hash-types", "UDP on its ports"}, {"itr", "no moderation"}},
	}, {
		Name: "r8169", NIC: "Realtek RTL8111, RTL8125 with the driver in the kernel", Drivers: []string{"r8169"},
		MaxQueues: 1, TableSize: TableSize{Entries: 1}, Layout: "equal",
		RXRing: 256, Moderation: none, Fixed: SetTable | SetKey | SetFields, NAPI: true, NTuple: noRules, Source: linux + "ethernet/realtek/r8169_main.c",
		Notes: []string{oneQueue, "the kernel puts off its polling by 20 µs (gro_flush_timeout), which the profile leaves out"},
	}, {
		Name: "r8125", NIC: "Realtek RTL8125B, RTL8126 with Realtek's own driver", Drivers: []string{"r8125", "r8126"},
		MaxQueues: 4, PowerOfTwoQueues: true, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 1024, Moderation: none, NAPI: true, LayerFour: rps.OnPorts, NTuple: noRules, Source: "Realtek's r8125, r8125_rss.c",
		Notes:      []string{globalKey, udpOnAddresses, "RSS only where the driver was built with ENABLE_RSS_SUPPORT=y: else one queue (--nic r8169)"},
		Unverified: []Doubt{parser, {"queues", "up to 4, as built with RSS"}, {"itr", "no moderation"}, keyOrder},
	}, {
		Name: "qemu-igb", NIC: "QEMU's igb device under Linux's driver", Drivers: []string{"igb"},
		MaxQueues: 8, TableSize: TableSize{Entries: 128}, Layout: "block", KeyLen: 40, HashTypes: tcpOnly,
		Rules:  nicmodel.Rules{AddressesOnly: pcaps.Extended | pcaps.Atomic, NoHash: pcaps.TwoTags8100},
		RXRing: 256, Moderation: every50us, Usecs: UsecsInterval, UsecsModes: 3, Fixed: SetKey, NAPI: true, NTuple: noRules, Source: "measured: Linux 6.12 igb on QEMU 10.0.2, 1232 packets in each of 2 configurations",
		Notes:      []string{globalKey, udpOnAddresses, keyHidden},
		Unverified: []Doubt{capped},
	}, {
		Name: "qemu-virtio", NIC: "QEMU's virtio-net device under Linux's driver", Drivers: []string{"virtio_net"},
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		Rules:  nicmodel.Rules{AddressesOnly: pcaps.Atomic, NoHash: pcaps.TwoTags8100},
		RXRing: 256, Moderation: none, NAPI: true, NTuple: noRules, LayerFour: rps.OnPorts, Source: "measured: Linux 6.1 virtio_net on QEMU 10.0.2, 1232 packets in each of 2 configurations",
		Notes: []string{globalKey},
	}, {
		Name: "dpdk-igb", NIC: "Intel 1G under DPDK's igb and igc",
		MaxQueues: 8, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: addresses,
		Moderation: none, Source: dpdk + "intel/e1000", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application},
	}, {
		Name: "dpdk-ixgbe", NIC: "Intel 82599, X540 under DPDK",
		MaxQueues: 16, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: addresses,
		Moderation: none, Source: dpdk + "intel/ixgbe", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application},
	}, {
		Name: "dpdk-x550", NIC: "Intel X550, E610 under DPDK",
		MaxQueues: 63, TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: addresses,
		Moderation: none, Source: dpdk + "intel/ixgbe", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application, {"queues", "at most 63, taken from Linux"}},
	}, {
		Name: "dpdk-fm10k", NIC: "Intel FM10000 under DPDK",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: addresses,
		Moderation: none, Source: dpdk + "intel/fm10k", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application, {"table-size", "128"}},
	}, {
		Name: "dpdk-i40e", NIC: "Intel X710, XL710, X722 under DPDK",
		TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 52, Key: "dpdk-i40e", HashTypes: addresses,
		Moderation: none, Source: dpdk + "intel/i40e/i40e_hash.c:238", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application},
	}, {
		Name: "dpdk-ice", NIC: "Intel E810 under DPDK",
		TableSize: TableSize{Entries: 2048}, Layout: "equal", PacksFields: true, KeyLen: 52, HashTypes: addresses,
		Moderation: none, Source: dpdk + "intel/ice",
		Notes:      []string{dpdkPolls, "the key is random (rte_rand)"},
		Unverified: []Doubt{parser, application, {"table-size", "2048: the device states it"}},
	}, {
		Name: "dpdk-iavf", NIC: "Intel virtual functions of E810 under DPDK",
		MaxQueues: 16, TableSize: TableSize{Entries: 64}, Layout: "equal", PacksFields: true, KeyLen: 52, HashTypes: addresses, Transform: hash.ProtocolFirst,
		Moderation: none, Source: dpdk + "intel/iavf; hashes that testpmd printed on an E810's virtual function",
		Notes:      []string{dpdkPolls, "the key is random (rte_rand)", "where ports are hashed, two bytes with the IP protocol come before the addresses"},
		Unverified: []Doubt{parser, application},
	}, {
		Name: "dpdk-virtio", NIC: "virtio network device under DPDK",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: addresses,
		Moderation: none, Source: dpdk + "virtio/virtio_ethdev.c:1787", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application},
	}, {
		Name: "dpdk-vmxnet3", NIC: "VMware vmxnet3 under DPDK",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: addresses,
		Moderation: none, Source: dpdk + "vmxnet3/vmxnet3_rxtx.c:1376", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application},
	}, {
		Name: "dpdk-mlx5", NIC: "NVIDIA (Mellanox) ConnectX-4 and later under DPDK",
		TableSize: TableSize{Entries: 512, Rule: TableQueuesOr}, Layout: "equal", KeyLen: 40, Key: "mellanox", HashTypes: addresses,
		Moderation: none, Source: dpdk + "mlx5/mlx5_rxq.c:38",
		Notes:      []string{dpdkPolls},
		Unverified: []Doubt{parser, application, {"table-size", "512 where the queues are no power of two: the NIC's maximum"}},
	}, {
		Name: "dpdk-netvsc", NIC: "Hyper-V and Azure synthetic network under DPDK",
		MaxQueues: 64, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "mellanox", HashTypes: addresses,
		Moderation: none, Source: dpdk + "netvsc/hn_ethdev.c:128",
		Notes:      []string{dpdkPolls},
		Unverified: []Doubt{parser, application, {"table-size", "128, taken from Linux"}, {"queues", "at most 64, taken from Linux"}, {"layout", "equal"}},
	}, {
		Name: "dpdk-ena", NIC: "Amazon Elastic Network Adapter under DPDK, or FreeBSD",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: addresses, FirstEntry: true,
		Moderation: none, Source: dpdk + "ena/ena_rss.c:60; amzn-drivers issue 353",
		Notes:      []string{dpdkPolls, "the key is random; its bytes go to the device in reverse order, so that the hash is the specification's", enaIPs},
		Unverified: []Doubt{parser, application, {"layout", "equal"}},
	}, {
		Name: "dpdk-bnxt", NIC: "Broadcom NetXtreme-E 574xx under DPDK",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: addresses,
		Moderation: none, Source: dpdk + "bnxt/bnxt_vnic.c:194",
		Notes:      []string{dpdkPolls, "the key is pseudo-random"},
		Unverified: []Doubt{parser, application, {"layout", "equal"}},
	}, {
		Name: "dpdk-atlantic", NIC: "Aquantia (Marvell) AQC under DPDK",
		TableSize: TableSize{Entries: 64}, Layout: "equal", KeyLen: 40, Key: "dpdk-atlantic", HashTypes: addresses,
		Moderation: none, Source: dpdk + "atlantic", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application, {"table-size", "64"}, {"layout", "equal"}},
	}, {
		Name: "dpdk-sfc", NIC: "Solarflare (AMD) under DPDK",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "symmetric", HashTypes: addresses,
		Moderation: none, Source: dpdk + "sfc", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application, {"table-size", "128"}, {"layout", "equal"}},
	}, {
		Name: "dpdk-ionic", NIC: "AMD Pensando DSC under DPDK",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "symmetric", HashTypes: addresses,
		Moderation: none, Source: dpdk + "ionic; a hash that VPP printed", Notes: []string{dpdkPolls}, Unverified: []Doubt{parser, application},
	}, {
		Name: "ndis", NIC: "any NIC under Windows, as the NDIS documentation has it",
		MaxQueues: 16, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		Moderation: none, Source: "Microsoft, standardized INF keywords for RSS, RSS hashing types",
		Notes: []string{"Windows sets the key, and Get-NetAdapterRss does not print it", "*NumRSSQueues and *MaxRssProcessors are 16", "CPUs are those with even numbers where cores have two threads: --cpus 0,2,4,6"},
		Unverified: []Doubt{{"hash-types", "UDP on its addresses: the driver and Windows agree on the types"}, {"table-size", "128: the miniport states its size"},
			{"layout", "equal: Windows sets and moves the entries"}, {"itr", "no moderation: the driver's (*InterruptModeration)"}},
	}}
}
