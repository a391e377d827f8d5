package engine

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps/grouped"
)

// Mode is one way from the NIC's interrupt to the stack: a document of NDIS's
// receive-side scaling pages.
type Mode uint8

const (
	RSSMSIX        Mode = iota // RSS with message signaled interrupts
	NonRSS                     // non-RSS receive processing
	RSSHWQueues                // RSS with hardware queuing
	RSSSingleQueue             // RSS with a single hardware receive queue

	NumModes = iota
)

var modeNames = [NumModes]string{"rss-msix", "non-rss", "rss-hw-queues", "rss-single-queue"}

// String is the mode's name on the command line and in reports.
func (m Mode) String() string { return modeNames[m] }

// ParseModes reads a comma-separated list of mode names, or "all". A mode
// given twice counts once; the order is the list's.
func ParseModes(list string) ([]Mode, error) {
	var modes []Mode
	var seen [NumModes]bool
	for name := range strings.SplitSeq(list, ",") {
		found := false
		for m := range Mode(NumModes) {
			if name == "all" || name == modeNames[m] {
				found = true
				if !seen[m] {
					seen[m] = true
					modes = append(modes, m)
				}
			}
		}
		if !found {
			return nil, fmt.Errorf("--mode: unknown mode %q; known are %s and all", name, strings.Join(modeNames[:], ", "))
		}
	}
	return modes, nil
}

// Drain says what a DPC takes from its queue.
type Drain uint8

const (
	Snapshot Drain = iota // at its start, every buffer in its queue
	Poll                  // one packet after the other, as NAPI does
)

func (d Drain) String() string {
	if d == Poll {
		return "poll"
	}
	return "snapshot"
}

// Choices of Config.ISRCPU that are no CPU.
const (
	LeastBusy  = -1 // smallest ISR + DPC + send time charged so far, ties to the lowest number
	RoundRobin = -2 // the next of the CPUs in use, starting at the first
)

// Limits of Config, beside those of its NIC: far above any machine. What they come
// to with many packets is for CheckWork.
const (
	MaxCPUs      = 1024
	MaxCPUNumber = math.MaxUint16
	MaxByteCost  = int64(1e6)               // ps per byte
	MaxInterval  = int64(87600 * time.Hour) // ns: ten years
)

// Config is the model's parameters in the form that the
// engines use: times in ns, CPUs by their index in CPUs, not by their number.
// Ask Validate before use: an engine trusts it.
type Config struct {
	nicmodel.Config

	CPUs         []int                     // numbers of the CPUs in use, ascending
	QueueCPU     []int                     // per queue: index into CPUs
	Table        nicmodel.IndirectionTable // per entry: queue
	DefaultQueue int                       // where unhashed packets go

	// Ruled is the queues that rules lead to: their Batch.Entry is their place here,
	// behind the entries of Table.
	Ruled     []uint16
	RuleDrops bool // some packets are dropped by rules

	// What changes during the replay; of each kind, by time.
	Tables     []TableAt
	Affinities []AffinityAt
	Rebalance  *rebalance.Options // nil: none; RSSMSIX alone has a rebalancer

	InterruptLatency int64 // raise to ISR
	ISRCost          int64
	DPCCost          int64 // per DPC
	PacketCost       int64 // per packet, up the stack
	ByteCost         int64 // ps per byte
	MigrationCost    int64 // more for a packet whose flow another CPU took last
	IPILatency       int64 // a DPC queued to another CPU
	DistributeCost   int64 // per buffer dealt, rss-single-queue
	SendCost         int64 // per sent packet

	Drain     Drain
	DPCBudget int // packets one DPC takes at most; 0: no limit
	ISRCPU    int // LeastBusy, RoundRobin or an index into CPUs

	Interval int64 // window of the time series

	RPS *RPS // nil: none
}

// times are the durations, each with its flag.
func (c *Config) times() []flagTime {
	return []flagTime{
		{"dma-timeout", c.DMATimeout}, {"itr", c.ITR}, {"rx-usecs", c.RxUsecs},
		{"interrupt-latency", c.InterruptLatency}, {"isr-cost", c.ISRCost}, {"dpc-cost", c.DPCCost},
		{"packet-cost", c.PacketCost}, {"migration-cost", c.MigrationCost}, {"ipi-latency", c.IPILatency},
		{"distribute-cost", c.DistributeCost}, {"send-cost", c.SendCost},
	}
}

type flagTime struct {
	flag string
	ns   int64
}

// Validate reports the first parameter that makes no sense, by its flag's name.
func (c *Config) Validate() error {
	if err := nicmodel.CheckCount("cpus", len(c.CPUs), 1, MaxCPUs, ""); err != nil {
		return err
	}
	if err := c.Config.Validate(); err != nil {
		return err
	}
	for _, t := range c.times() {
		if err := nicmodel.CheckTime(t.flag, t.ns); err != nil {
			return err
		}
	}
	if c.ByteCost < 0 || c.ByteCost > MaxByteCost {
		return &nicmodel.RangeError{Flag: "byte-cost", Value: perByte(c.ByteCost), Least: "0", Most: perByte(MaxByteCost), Why: "it is in ns per byte"}
	}
	if c.Interval < 1 || c.Interval > MaxInterval {
		return &nicmodel.RangeError{Flag: "interval", Value: nicmodel.TimeText(c.Interval), Least: "1ns", Most: nicmodel.TimeText(MaxInterval)}
	}
	if err := nicmodel.CheckCount("dpc-budget", c.DPCBudget, 0, nicmodel.MaxBuffers, ""); err != nil {
		return err
	}
	switch last := c.CPUs[len(c.CPUs)-1]; {
	case c.CPUs[0] < 0 || last > MaxCPUNumber:
		return fmt.Errorf("--cpus: CPUs are numbered from 0 to %d, and here they are %d to %d", MaxCPUNumber, c.CPUs[0], last)
	case c.ISRCPU < RoundRobin || c.ISRCPU >= len(c.CPUs):
		return fmt.Errorf("--isr-cpu is not one of the CPUs in use")
	case c.DefaultQueue < 0 || c.DefaultQueue >= c.Queues:
		return fmt.Errorf("--default-queue %d is not below --queues %d", c.DefaultQueue, c.Queues)
	case len(c.QueueCPU) != c.Queues:
		return fmt.Errorf("--affinity names the CPUs of %d queues, but there are %d", len(c.QueueCPU), c.Queues)
	}
	if c.RPS != nil {
		if err := c.RPS.validate(c.Queues, len(c.CPUs)); err != nil {
			return err
		}
	}
	if err := nicmodel.CheckCount("table-size", len(c.Table), 1, nicmodel.MaxTableSize, ""); err != nil {
		return err
	}
	if err := nicmodel.CheckCount("rules", len(c.Ruled), 0, maxRuled, ""); err != nil {
		return err
	}
	for _, q := range c.Ruled {
		if int(q) >= c.Queues {
			return fmt.Errorf("a rule leads to queue %d, which is not below --queues %d", q, c.Queues)
		}
	}
	for i, q := range c.Table {
		if int(q) >= c.Queues {
			return fmt.Errorf("entry %d of the indirection table is queue %d, which is not below --queues %d", i, q, c.Queues)
		}
	}
	for q, cpu := range c.QueueCPU {
		if cpu < 0 || cpu >= len(c.CPUs) {
			return fmt.Errorf("--affinity puts queue %d on a CPU that is not in use", q)
		}
	}
	return c.checkChanges()
}

// perByte is a cost in ps per byte as the flag takes it, in ns.
func perByte(ps int64) string { return strconv.FormatFloat(float64(ps)/1000, 'f', -1, 64) }

// MostWork bounds what a packet and a byte can add to the time that the work ends, in
// ns, were each packet an interrupt of its own.
func (c *Config) MostWork() (packet, byte float64) {
	for _, t := range c.times() {
		packet += float64(t.ns)
	}
	if c.RPS != nil { // each packet a turn of its own, before and after
		packet += float64(c.RPS.Cost) + float64(c.DPCCost)
	}
	return packet, float64(c.ByteCost) / 1000
}

// CheckWork reports that the work on so many packets and bytes may take more than
// MaxSpan: sums of times may then leave an int64.
func (c *Config) CheckWork(packets, bytes uint64) error {
	packet, byte := c.MostWork()
	if packet*float64(packets)+byte*float64(bytes) <= MaxSpan {
		return nil
	}
	most := slices.MaxFunc(c.times(), func(a, b flagTime) int { return cmp.Compare(a.ns, b.ns) })
	if byte*float64(bytes) > float64(most.ns)*float64(packets) {
		most.flag = "byte-cost"
	}
	return fmt.Errorf("the work on %s packets and %s bytes may take more than 73 years, too long to be counted in ns: give a smaller --%s", grouped.Int(packets), grouped.Int(bytes), most.flag)
}

// maxTicks is as often as a rebalancer may act in a replay: each tick is in the report.
const maxTicks = 4_000_000

// MaxTickTime is the latest time of an arrival or a send that CheckTicks lets pass, ns.
func (c *Config) MaxTickTime() int64 {
	if c.Rebalance == nil || c.Rebalance.Max > MaxSpan/maxTicks {
		return MaxSpan
	}
	return c.Rebalance.Max * maxTicks
}

// CheckTicks reports that a rebalancer would have more ticks than can be kept before a
// time in ns, that of the packet of that number.
func (c *Config) CheckTicks(t int64, packet uint64) error {
	if t <= c.MaxTickTime() {
		return nil
	}
	return fmt.Errorf("packet %s comes %s s after the first, and RSS++ would look at the loads %s times before it; %s times is the most: give --rebalance-max %s or more, or leave the silence out with --from and --to",
		grouped.Int(packet), grouped.Fixed(float64(t)/1e9, 0), grouped.Int(t/c.Rebalance.Max), grouped.Int(maxTicks), ceilDuration(t/maxTicks))
}

// ceilDuration is a duration above ns, of two digits at least.
func ceilDuration(ns int64) time.Duration {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if time.Duration(ns) >= 10*unit {
			return (time.Duration(ns)/unit + 1) * unit
		}
	}
	return time.Duration(ns + 1)
}

// cost is the time that a packet of length bytes on the wire takes up the
// stack, in ns: packet-cost + byte-cost × length, the product rounded down.
func (c *Config) cost(length uint32) int64 {
	if c.ByteCost == 0 {
		return c.PacketCost
	}
	return c.PacketCost + c.ByteCost*int64(length)/1000
}

// Queue is the hardware queue of a received packet whose Batch.Entry is entry.
func (c *Config) Queue(entry uint16) uint16 {
	switch size := len(c.Table); {
	case int(entry) < size:
		return c.Table[entry]
	case int(entry) < size+len(c.Ruled):
		return c.Ruled[int(entry)-size]
	}
	return uint16(c.DefaultQueue)
}

// SetRules sets what the configuration says of the steering's rules.
func (c *Config) SetRules(s *nicmodel.Steering) {
	c.Ruled, c.RuleDrops = nil, false
	for _, target := range s.Targets() {
		c.Ruled = append(c.Ruled, target.Queue)
	}
	for _, rule := range s.NTuple().All() {
		c.RuleDrops = c.RuleDrops || rule.Action == steer.Drop || rule.Action == steer.ToVF
	}
}

// counts reports whether a mode counts the same under both configurations: they
// are equal in what the mode uses.
func (c *Config) counts(mode Mode, other *Config) bool {
	return reflect.DeepEqual(c.usedBy(mode), other.usedBy(mode))
}

// usedBy is the configuration without what the mode does not use.
func (c *Config) usedBy(mode Mode) Config {
	used := *c
	if c.RPS.Active(mode) {
		used.Drain = Poll
	} else {
		used.RPS = nil
	}
	if mode == NonRSS { // one queue; the default queue's CPU takes sends
		used.Queues, used.Table, used.Ruled = 1, nil, nil
		used.QueueCPU, used.DefaultQueue = []int{c.QueueCPU[c.DefaultQueue]}, 0
		used.Tables, used.Affinities = nil, nil
		for _, at := range c.Affinities {
			used.Affinities = append(used.Affinities, AffinityAt{at.Time, []int{at.QueueCPU[c.DefaultQueue]}})
		}
		if c.RPS != nil {
			first := *c.RPS
			first.CPUs = first.CPUs[:1]
			used.RPS = &first
		}
	}
	if mode != RSSMSIX {
		used.Rebalance = nil
	}
	return used
}

// MaxSpan is the longest time a replay covers, in ns: 73 years. What lies later
// is clamped to it, so that no sum of times leaves an int64.
const MaxSpan = math.MaxInt64 / 4

// RPS is receive packet steering: after the NIC and the interrupt have chosen a CPU,
// the stack moves packets to others by software. RSSMSIX and NonRSS get a second hop
// by it, and drain by poll, whatever Config.Drain says; the two other modes run as
// without.
type RPS struct {
	// CPUs is the mask of each queue: the CPUs in it, ascending, as indices into
	// Config.CPUs, and OfflineCPU in the place of one that went offline after the mask
	// was written. An empty one steers nothing. In NonRSS the one hardware queue is
	// rx-0, so the first mask decides for all packets.
	CPUs [][]uint16

	Cost    int64      // ns, of handing a packet over, instead of packet-cost
	Backlog int        // a packet is dropped where more than this wait
	Passed  rps.Hashes // kinds of the NIC's hashes that count; else the stack makes its own
}

// OfflineCPU is a CPU of a mask that is offline: a packet that chooses it is not steered.
const OfflineCPU = notSteered

// validate reports what makes no sense of so many queues and CPUs.
func (r *RPS) validate(queues, cpus int) error {
	if err := nicmodel.CheckTime("rps-cost", r.Cost); err != nil {
		return err
	}
	if err := nicmodel.CheckCount("backlog", r.Backlog, 0, nicmodel.MaxBuffers, ""); err != nil {
		return err
	}
	if len(r.CPUs) != queues {
		return fmt.Errorf("--rps has the masks of %d queues, but there are %d", len(r.CPUs), queues)
	}
	for q, mask := range r.CPUs {
		last := -1
		for _, cpu := range mask {
			if cpu == OfflineCPU {
				continue
			}
			if int(cpu) >= cpus || int(cpu) <= last {
				return fmt.Errorf("--rps gives queue %d a CPU that is not in use, or one twice", q)
			}
			last = int(cpu)
		}
	}
	return nil
}

// Full tells whether the mask of each queue has all of so many CPUs.
func (r *RPS) Full(cpus int) bool {
	return !slices.ContainsFunc(r.CPUs, func(mask []uint16) bool {
		return len(mask) != cpus || slices.Contains(mask, OfflineCPU)
	})
}

// Steers tells whether any queue has a mask. Without one the modes that have a second hop
// drain by poll all the same, and no packet takes it.
func (r *RPS) Steers() bool {
	return r != nil && slices.ContainsFunc(r.CPUs, func(mask []uint16) bool { return len(mask) > 0 })
}

// Active tells the modes that have a second hop.
func (r *RPS) Active(mode Mode) bool { return r != nil && (mode == RSSMSIX || mode == NonRSS) }
