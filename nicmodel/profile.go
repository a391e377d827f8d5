package nicmodel

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"rssreplay/hash"
	"rssreplay/pcaps"
)

// Profile is what is known of one NIC under one driver, as data: the values
// that the driver sets when nobody has changed them. The sources are the
// drivers of Linux 6.12 and the NIC models of QEMU 10.0.
type Profile struct {
	Name string // the driver's, "igb"
	NIC  string // the NICs it is about, in words

	// MaxQueues bounds the receive queues that RSS uses, which are otherwise as
	// many as the CPUs; 0 if nothing near bounds them.
	MaxQueues        int
	PowerOfTwoQueues bool // the driver rounds them down to a power of two

	TableSize TableSize
	Layout    string // for ParseLayout
	KeyLen    int    // bytes; 0 without RSS
	// Key is the name of a fixed key; empty if the driver draws a random one,
	// so that only the NIC's own tells which CPU a flow goes to.
	Key       string
	HashTypes hash.Types
	Transform hash.Transform
	Rules     Rules

	// RXRing is the number of buffers of a queue; 0 if the driver takes it from
	// the device.
	RXRing     int
	Moderation Moderation
	// NAPI: the receive loop is Linux's, that is `drain poll`, `dpc-budget 64`
	// and a fixed `isr-cpu`.
	NAPI bool

	Source     string   // where the values stand
	Notes      []string // what else a reader must know
	Unverified []string // values or rules that no source or measurement confirms
}

// Moderation is a driver's default interrupt moderation in the model's terms.
// Of an adaptive one it is the value that the driver starts with.
type Moderation struct {
	ITR      time.Duration // least gap between two interrupts
	RXUsecs  time.Duration // delay after the first packet
	RXFrames int           // packets that end the delay; 0: only the time does
	Adaptive bool          // the driver changes it with the traffic
}

// TableSize says how many entries a driver's table has.
type TableSize struct {
	Entries int       // if Rule is TableFixed; else the least number
	Rule    TableRule // how it depends on the queues
}

// TableRule is how a table's size depends on the number of queues.
type TableRule uint8

const (
	TableFixed     TableRule = iota // it does not
	TableQueues                     // the largest power of two not above the queues (mlx4)
	TableTwice                      // the smallest not below 2 × queues (mlx5)
	TablePer64Ring                  // 64 × the smallest power of two not below queues ÷ 64 (bnxt P5)
)

// For is the table's size in entries with the given number of queues.
func (s TableSize) For(queues int) int {
	queues = min(max(queues, 1), MaxTableSize/2)
	n := s.Entries
	switch s.Rule {
	case TableQueues:
		n = floorPowerOfTwo(queues)
	case TableTwice:
		n = ceilPowerOfTwo(2 * queues)
	case TablePer64Ring:
		n = 64 * ceilPowerOfTwo((queues+63)/64)
	}
	return max(n, s.Entries)
}

func floorPowerOfTwo(n int) int { return 1 << (bits.Len(uint(n)) - 1) }

func ceilPowerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// Queues is the number of receive queues that RSS uses on a machine with the
// given number of CPUs.
func (p *Profile) Queues(cpus int) int {
	n := max(cpus, 1)
	if p.MaxQueues > 0 {
		n = min(n, p.MaxQueues)
	}
	if p.PowerOfTwoQueues {
		n = floorPowerOfTwo(n)
	}
	return n
}

// ProfileNamed is the profile of that name. The error lists the known names.
func ProfileNamed(name string) (*Profile, error) {
	var names []string
	for _, p := range Profiles() {
		if p.Name == name {
			return &p, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("--nic %s: no such profile; known are %s (rssreplay nics shows them)", quoteShort(name), strings.Join(names, ", "))
}

// Hash types as drivers enable them.
const (
	tcpOnly = 1<<hash.IPv4 | 1<<hash.TCPIPv4 | 1<<hash.IPv6 | 1<<hash.TCPIPv6 // UDP by its addresses
	tcpUDP  = hash.DefaultTypes
)

const (
	udpOnAddresses = "UDP is hashed on its addresses only, until told otherwise: ethtool -N IF rx-flow-hash udp4 sdfn (and udp6)"
	globalKey      = "the key is random, drawn once per boot and shared by all NICs of the host that use it: see /proc/sys/net/core/netdev_rss_key"
	parserUnknown  = "what this NIC's own parser does with IPv6 extension headers, atomic fragments and two VLAN tags: the model's rules are used"
	atrNote        = "Flow Director (ATR) overrides RSS for TCP flows that the host itself sends on"
)

// Profiles are all profiles, in the order in which `rssreplay nics` lists them.
func Profiles() []Profile {
	const drivers = "Linux 6.12, drivers/net/"
	itr50 := Moderation{ITR: 50 * time.Microsecond, RXFrames: 1, Adaptive: true}
	none := Moderation{RXFrames: 1}
	return []Profile{{
		Name: "igb", NIC: "Intel 82575, 82576, 82580, i350, i210, i211",
		MaxQueues: 8, TableSize: TableSize{Entries: 128}, Layout: "block", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 256, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/igb",
		Notes:      []string{globalKey, udpOnAddresses, "ethtool -x shows no key: the first 40 bytes of netdev_rss_key are in use", "82575 and i210 have 4 queues, i211 2", "rx-usecs 3 is a mode, not 3 µs: at most 20,000 interrupts a second"},
		Unverified: []string{parserUnknown, "the driver also enables tcp_ipv6_ex, which the profile leaves out"},
	}, {
		Name: "igc", NIC: "Intel i225, i226",
		MaxQueues: 4, TableSize: TableSize{Entries: 128}, Layout: "block", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 256, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/igc",
		Notes:      []string{globalKey, udpOnAddresses, "ethtool -x shows no key: the first 40 bytes of netdev_rss_key are in use"},
		Unverified: []string{parserUnknown, "the driver also enables tcp_ipv6_ex, which the profile leaves out"},
	}, {
		Name: "e1000e", NIC: "Intel 82574, 82579, i217, i218, i219",
		MaxQueues: 1, TableSize: TableSize{Entries: 128}, Layout: "equal:1", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 256, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/e1000e/netdev.c:3451",
		Notes: []string{"one receive queue: every entry of the table is 0"}, Unverified: []string{parserUnknown},
	}, {
		Name: "ixgbe", NIC: "Intel 82598, 82599, X540",
		MaxQueues: 16, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 512, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/ixgbe",
		Notes:      []string{globalKey, udpOnAddresses, atrNote, "there may be up to 63 rings, but RSS reaches only the first 16"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "ixgbe-x550", NIC: "Intel X550, E610",
		MaxQueues: 63, TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 512, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/ixgbe",
		Notes:      []string{globalKey, udpOnAddresses, atrNote, "64 entries under SR-IOV"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "i40e", NIC: "Intel X710, XL710, X722",
		TableSize: TableSize{Entries: 512}, Layout: "equal", KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 512, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/i40e",
		Notes:      []string{globalKey, atrNote},
		Unverified: []string{parserUnknown, "UDP on its ports: the power-on value of GLQF_HASH_INSET"},
	}, {
		Name: "iavf", NIC: "Intel virtual functions of X710 and E810",
		MaxQueues: 16, TableSize: TableSize{Entries: 64}, Layout: "equal", KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 512, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/iavf",
		Notes:      []string{globalKey, "the physical function may set another table size and key length"},
		Unverified: []string{parserUnknown, "UDP on its ports: the power-on value of GLQF_HASH_INSET"},
	}, {
		Name: "ice", NIC: "Intel E810, E82x, E830",
		TableSize: TableSize{Entries: 2048}, Layout: "equal", KeyLen: 52, HashTypes: tcpUDP,
		RXRing: 2048, Moderation: itr50, NAPI: true, Source: drivers + "ethernet/intel/ice",
		Notes:      []string{globalKey, "SCTP is hashed on its ports and GTP on its TEID, which no NDIS type does: here they go by their addresses"},
		Unverified: []string{parserUnknown, "2048 entries: the device states the size, 512 is in use too"},
	}, {
		Name: "mlx4", NIC: "Mellanox ConnectX-3",
		MaxQueues: 16, PowerOfTwoQueues: true, TableSize: TableSize{Rule: TableQueues}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1024, Moderation: Moderation{RXUsecs: 16 * time.Microsecond, RXFrames: 44, Adaptive: true}, NAPI: true, Source: drivers + "ethernet/mellanox/mlx4",
		Notes:      []string{globalKey, "the hash may be xor instead: see ethtool -x"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "mlx5", NIC: "NVIDIA (Mellanox) ConnectX-4 and later",
		MaxQueues: 128, TableSize: TableSize{Entries: 256, Rule: TableTwice}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP, Transform: hash.SymmetricOrXOR,
		RXRing: 1024, Moderation: Moderation{RXUsecs: 8 * time.Microsecond, RXFrames: 128, Adaptive: true}, NAPI: true, Source: drivers + "ethernet/mellanox/mlx5/core/en",
		Notes:      []string{globalKey, "Toeplitz is symmetric (or-xor) here; older ethtool and kernels do not show it", "IPsec is hashed on its SPI, which no NDIS type does"},
		Unverified: []string{parserUnknown, "moderation of 8 µs or 128 packets: where adaptive moderation starts, of a NIC that times from the last completion"},
	}, {
		Name: "bnxt", NIC: "Broadcom NetXtreme-E 574xx (P4)",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 511, Moderation: Moderation{RXUsecs: 10 * time.Microsecond, RXFrames: 15, Adaptive: true}, NAPI: true, Source: drivers + "ethernet/broadcom/bnxt",
		Notes:      []string{"the key is random and the driver's own", "with firmware before 1.5.1 UDP is hashed on its addresses only"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "bnxt-p5", NIC: "Broadcom NetXtreme-E 575xx and later (P5)",
		TableSize: TableSize{Entries: 64, Rule: TablePer64Ring}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 511, Moderation: Moderation{RXUsecs: 10 * time.Microsecond, RXFrames: 15, Adaptive: true}, NAPI: true, Source: drivers + "ethernet/broadcom/bnxt",
		Notes:      []string{"the key is random and the driver's own"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "ena", NIC: "Amazon Elastic Network Adapter",
		MaxQueues: 128, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 1024, Moderation: Moderation{RXUsecs: 20 * time.Microsecond, Adaptive: true}, NAPI: true, Source: drivers + "ethernet/amazon/ena",
		Notes:      []string{globalKey, "packets that are not IP are hashed on their MAC addresses, which no NDIS type does: here they go to the default queue"},
		Unverified: []string{parserUnknown, "the hash itself: under this driver the device starts it from 0xffffffff and reverses the key, so queue numbers are illustrative and only the spread is typical"},
	}, {
		Name: "gve", NIC: "Google Compute Engine Virtual NIC",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		Moderation: Moderation{RXUsecs: 20 * time.Microsecond}, NAPI: true, Source: drivers + "ethernet/google/gve",
		Unverified: []string{parserUnknown, "table, key and layout: the device sets them"},
	}, {
		Name: "virtio_net", NIC: "virtio network device",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		RXRing: 256, Moderation: none, NAPI: true, Source: drivers + "virtio_net.c:4000",
		Notes:      []string{globalKey, "values of a device by QEMU; other devices may set others"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "vmxnet3", NIC: "VMware vmxnet3",
		MaxQueues: 8, PowerOfTwoQueues: true, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpOnly,
		RXRing: 1024, Moderation: none, NAPI: true, Source: drivers + "vmxnet3",
		Notes:      []string{globalKey, udpOnAddresses, "newer virtual hardware has up to 32 queues, of any number", "ethtool -x shows no key"},
		Unverified: []string{parserUnknown},
	}, {
		Name: "hv_netvsc", NIC: "Hyper-V and Azure synthetic network",
		MaxQueues: 64, TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, Key: "microsoft", HashTypes: tcpOnly,
		Moderation: none, NAPI: true, Source: drivers + "hyperv/rndis_filter.c:55",
		Notes:      []string{"the key is Microsoft's, always", "ethtool -n may say that UDP is hashed on its ports; the host is never told to"},
		Unverified: []string{parserUnknown, "moderation: the host's"},
	}, {
		Name: "r8169", NIC: "Realtek RTL8111, RTL8125 with the driver in the kernel",
		MaxQueues: 1, TableSize: TableSize{Entries: 1}, Layout: "equal",
		RXRing: 256, Moderation: none, NAPI: true, Source: drivers + "ethernet/realtek/r8169_main.c",
		Notes: []string{"no RSS: one queue", "the kernel puts off its polling by 20 µs (gro_flush_timeout), which the profile leaves out"},
	}, {
		Name: "qemu-igb", NIC: "QEMU's igb device under Linux's driver",
		MaxQueues: 8, TableSize: TableSize{Entries: 128}, Layout: "block", KeyLen: 40, HashTypes: tcpOnly,
		Rules:  Rules{AddressesOnly: pcaps.Extended | pcaps.Atomic, NoHash: pcaps.TwoTags8100},
		RXRing: 256, Moderation: itr50, NAPI: true, Source: "measured: Linux 6.12 igb on QEMU 10.0.2, 1232 packets in each of 2 configurations",
		Notes: []string{globalKey, udpOnAddresses, "IPv6 extension headers are not stepped over: addresses only", "an IPv6 atomic fragment counts as a fragment: addresses only", "two 0x8100 tags: no hash, queue 0"},
	}, {
		Name: "qemu-virtio", NIC: "QEMU's virtio-net device under Linux's driver",
		TableSize: TableSize{Entries: 128}, Layout: "equal", KeyLen: 40, HashTypes: tcpUDP,
		Rules:  Rules{AddressesOnly: pcaps.Atomic, NoHash: pcaps.TwoTags8100},
		RXRing: 256, Moderation: none, NAPI: true, Source: "measured: Linux 6.1 virtio_net on QEMU 10.0.2, 1232 packets in each of 2 configurations",
		Notes: []string{globalKey, "an IPv6 atomic fragment counts as a fragment: addresses only", "two 0x8100 tags: no hash, queue 0"},
	}}
}
