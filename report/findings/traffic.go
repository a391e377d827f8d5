package findings

import (
	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Traffic is what the findings are drawn from beside the report itself: figures
// over all flows, which the report may not list, and what would be under other
// settings. They are of the received packets, and of the first mode with RSS.
type Traffic struct {
	Command []Argument // what other commands need to be told of this replay
	Scaled  bool       // its time is not the capture's
	Begins  *int64     // the replay's time 0 as --from counts it, in ns; nil where its time is another: scaled, or that of an interval

	Largest       *report.Flow  // the flow with the most packets, of those that RPS does not part; nil without one
	LargestBytes  *report.Flow  // and the one with the most bytes
	Heavy         []report.Flow // the flows with the most packets, in falling order: a few hundred
	LargestTunnel string        // the tunnel that Largest is, by its name in reports; "" for none
	HashedBy      string        // what the NIC hashes of such a tunnel beside addresses, and the replay can't: "SPI", "TEID"; "" for nothing
	MayHashInner  bool          // whether the NIC's driver asks for hashes of such a tunnel's inner headers, too
	SPIs          uint64        // security associations that it is; 0 if it is no ESP, or that is not known
	SameTunnels   uint64        // flows that are a tunnel of that kind
	InTunnels     uint64        // their packets
	Flows         uint64        // all of them
	Inputs        *Inputs       // nil where it was not asked for
	Chance        *Chance       // nil where it was not asked for
	Key           *KeyStrength  // for the hash type with the most packets; nil without a hash

	Better *report.FoundTable // the best table known for the capture; nil where none was looked for

	UDPOnAddresses uint64          // UDP packets with ports that are hashed without them
	WithPorts      report.Fraction // imbalance.packets if TCP and UDP were hashed with their ports; Null if unknown

	// UDPAssumed is the packets hashed on UDP's ports because no flag, file or profile says what
	// is hashed; WithoutUDPPorts is imbalance.packets if they were hashed on addresses, Null if unknown.
	UDPAssumed      uint64
	WithoutUDPPorts report.Fraction

	UDPFragments   uint64 // fragments of UDP datagrams, the first ones included
	FragmentsApart uint64 // of these, on another CPU than whole datagrams between the same two addresses

	Tunnelled    uint64          // packets in tunnels whose inner headers can be hashed
	TunnelFlows  uint64          // flows that they are outside
	InnerFlows   uint64          // and inside; 0 if unknown
	InnerBalance report.Fraction // imbalance.packets if the inner headers were hashed; Null if unknown

	HostCPUs    []int     // that the text of interrupts tells of; nil if it does not
	IRQShares   []float64 // of each queue's interrupts since the host started, that its CPU got, 0 where too few came to tell; nil if not known
	NearCPUs    []int     // that RSS may use on the NIC's NUMA node, as Windows shows them
	FarCPUs     []int     // and on others
	Rings       int       // receive queues that the imported texts say there are; 0 if unknown
	MostRings   int       // that the NIC can have; 0 if unknown
	MostQueues  int       // that RSS of the NIC can reach; 0 if unknown
	PowerOfTwo  bool      // its driver rounds them down to a power of two
	RSSQueues   int       // the first queues, which RSS of this NIC reaches alone; 0 for all
	NoTable     bool      // the driver shows neither a table nor a key
	HostSteers  bool      // and the NIC is virtio: its host chooses the queues
	OfSoftware  bool      // and it is no NIC: its driver makes an interface of software, as a bond
	NoLower     bool      // and /sys names no interface below it, as of a container's veth
	OtherHash   OtherHash // what the NIC does other than hash as is replayed
	Windows     bool      // the table is Windows'
	FewByDesign bool      // and its profile, Conservative, takes as few CPUs as carry the load

	Unsettable  Unsettable
	Application bool // what has the NIC to itself sets all that, under DPDK
	PowerShell  bool // Set-NetAdapterRss does, under Windows
	LongestRing int  // buffers that a ring can have, as the imported texts say; 0 if unknown

	Masked   []int        // CPUs that some queue's mask of RPS has
	MaskFull bool         // each queue's has all CPUs in use
	Steered  bool         // RPS spreads what has no hash of the NIC's: the default queue's mask has several CPUs
	Parted   bool         // RPS parts the flow with the most packets
	Stack    *StackInputs // nil without RPS, or where it is not known

	KeepTransform   string // what `ethtool -X` must say of the hash's input, else the driver changes it; "" where it need not
	DriverTransform string // of the hash's input, as the NIC's driver sets it; "" if that is not known

	Oversized        uint64 // received packets longer than the link carries
	OversizedFrames  uint64 // of MTU 1500 that these would be
	LargestPacket    uint64 // of them, in bytes on the wire
	PortsCut         uint64 // packets whose ports the NIC hashes, and the capture cut off
	HeadersCut       uint64 // packets without a hash of which the capture cut off the IP header
	DirectionUnknown bool   // no rule told sent packets from received ones
	UnknownVersion   int    // the IP version, 4 or 6, of which none did, where one did of the other; else 0
	Local            string // the address of that other version by which it did
	OnlySender       string // the address that every packet is from, to several; "" for none
	TakenOnHost      string // why it is certain that the host itself captured; "" if it is not

	LeapsAhead, LeapsBack Leaps  // of the timestamps
	Restarts              uint64 // leaps back after which the clock went on from there
	Behind                int64  // ns: the most that a packet lies back, but for leaps
	Gaps                  Gaps
	Bursts                []Burst // per queue
	Ambiguous             []Ambiguity
	ATR                   *ATR // nil where the NIC has none
	Copies                Copies
	Interfaces            []Interface // the busiest first
	Loopback              uint64      // packets of Heavy with a loopback address
	UnreadLink            string      // the link type of most packets of a link type that is not read; "" for none
	Wireless              uint64      // packets of IEEE 802.11, as a radio heard them
	Grain                 int64       // what the steps between timestamps are multiples of, ns; 0: there is no step
}

// Inputs is what the hash is told of the flows that have one: flows with the same
// input meet one entry, whatever the key.
type Inputs struct {
	Flows     uint64
	Distinct  uint64        // inputs
	Hashes    func() uint64 // counts the distinct ones: few findings ask, and it takes a sort of all
	Entries   uint64        // of the table that have packets
	Effective report.Fraction
	Portless  []Portless // hashed without the ports that they have, by falling packets
}

// StackInputs is what the hash of RPS tells apart: flows, and those inside tunnels that the
// stack looks into.
type StackInputs struct {
	Flows, Distinct uint64
	Effective       report.Fraction
	Heaviest        uint64          // packets
	HeaviestSPI     bool            // of a security association of ESP
	Associations    uint64          // these, of Flows
	Even            report.Fraction // imbalance.packets that the masks make of even traffic
	Everywhere      *Chance         // if each queue's mask had all CPUs in use; nil without packets
}

// Portless is a protocol's flows that are hashed on addresses alone, though they have ports.
type Portless struct {
	Protocol               string
	Flows, Packets, Inputs uint64
}

// KeyStrength is what the hash key can do.
type KeyStrength struct {
	HashType     string
	Rank, Wanted int // bits of the table's index that can differ on their own, and those that it has
	Heard, Bits  int // bits of the hash input that change the index, and those that it has
}

// Ambiguity is the packets that two filters match and would do different things with;
// the first one takes them.
type Ambiguity struct {
	Filter, Other       int
	Action, OtherAction string
	Packets             uint64
	MostFields          bool // the filter wins by its number of fields, else by its location
}

// ATR is Intel's application targeted routing, of a NIC whose driver has it on by
// default.
type ATR struct {
	NIC     string
	Packets uint64 // received TCP packets whose connection had sent a SYN or some packets, as far as the capture shows
	Most    uint64 // received TCP packets but the SYNs of new connections
	Off     string // the command that turns it off
}

// Burst is the most packets that come for a queue within any 50 µs and 500 µs,
// dropped ones included.
type Burst struct{ In50us, In500us uint64 }

// Leaps are the timestamps that leap one way.
type Leaps struct {
	Packets uint64
	First   uint64 // number of the first of these packets; 0 if it is not known
	FirstAt int64  // where that is in the replay's time, ns after the capture's first packet
}

// text says how many there are, and where the first is.
func (l *Leaps) text(way string) string {
	s := words.Plural(l.Packets, "timestamp leaps ", "timestamps leap ") + way
	switch {
	case l.First == 0:
	case l.Packets == 1:
		s += ", that of packet " + words.Exact(l.First)
	default:
		s += ", the first that of packet " + words.Exact(l.First)
	}
	return s
}

// Gaps are times of ten seconds and more without a packet.
type Gaps struct {
	Count        uint64
	Total        int64 // ns
	Longest      int64
	LongestFrame uint64 // number of the packet after it
	LongestStart int64  // where it begins, ns after the capture's first packet
}

// Copies are packets that the capture has more than once, among its first.
type Copies struct {
	Looked, Copied, Distinct uint64
	Numbered                 bool  // as hosts number what they send
	Longest                  int64 // ns between two copies
	Within                   int   // packets from a copy to the next
	Same                     bool  // they are the same to the byte
	Hops                     bool  // their times to live differ
	Interfaces               []uint32
	Cooked                   bool // these are the host's own numbers
}

// Interface is one that received packets: where the capture numbers a host's, or describes
// several of different names.
type Interface struct {
	Index     uint32
	Packets   uint64
	Loopback  bool
	Described bool   // Index is the capture's own number
	Name      string // "" if it is not known, or not to be shown
}

// Chance is the distribution of imbalance.packets when the inputs fall on the
// table's entries at random, or on the CPUs of RPS: percentiles.
type Chance struct {
	Deviation                             report.Fraction // of the replay, in standard deviations
	P1, P5, P10, P50, P90, P95, P99, P999 report.Fraction // P999 is Null where the deviation is small
}

// OtherHash is what a NIC does other than hash as is replayed.
type OtherHash struct {
	Does      string // after "the NIC"; "" where it is not known to
	By        string // the text or the driver's source that tells it
	MaySwitch bool   // toeplitz may be set instead
}
