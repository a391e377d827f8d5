package dispatch

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"rssreplay/nicmodel"
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
	for _, name := range strings.Split(list, ",") {
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

// Drain says what a DPC takes from its queue (MODEL.md section 5).
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

// Limits of Config: far above any machine, and low enough that no sum of them
// leaves an int64.
const (
	MaxCPUs     = 1024
	MaxTime     = int64(10e9) // ns, of each duration: 10 s
	MaxByteCost = int64(1e6)  // ps per byte
)

// Config is the model's parameters (MODEL.md section 9) in the form that the
// engines use: times in ns, CPUs by their index in CPUs, not by their number.
// Ask Validate before use: an engine trusts it.
type Config struct {
	nicmodel.Config

	CPUs         []int                     // numbers of the CPUs in use, ascending
	QueueCPU     []int                     // per queue: index into CPUs
	Table        nicmodel.IndirectionTable // per entry: queue
	DefaultQueue int                       // where unhashed packets go

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
}

// Validate reports the first parameter that makes no sense, by its flag's name.
func (c *Config) Validate() error {
	if len(c.CPUs) < 1 || len(c.CPUs) > MaxCPUs {
		return fmt.Errorf("--cpus must be from 1 to %d, not %d", MaxCPUs, len(c.CPUs))
	}
	if err := c.Config.Validate(); err != nil {
		return err
	}
	for _, d := range []struct {
		flag  string
		value int64
	}{
		{"dma-timeout", c.DMATimeout}, {"itr", c.ITR}, {"rx-usecs", c.RxUsecs},
		{"interrupt-latency", c.InterruptLatency}, {"isr-cost", c.ISRCost}, {"dpc-cost", c.DPCCost},
		{"packet-cost", c.PacketCost}, {"migration-cost", c.MigrationCost}, {"ipi-latency", c.IPILatency},
		{"distribute-cost", c.DistributeCost}, {"send-cost", c.SendCost},
	} {
		if d.value < 0 || d.value > MaxTime {
			return fmt.Errorf("--%s must be from 0 to 10s", d.flag)
		}
	}
	switch {
	case c.ByteCost < 0 || c.ByteCost > MaxByteCost:
		return fmt.Errorf("--byte-cost must be from 0 to 1000 ns per byte")
	case c.Interval <= 0 || c.Interval > math.MaxInt64/4:
		return fmt.Errorf("--interval must be above 0")
	case c.DPCBudget < 0:
		return fmt.Errorf("--dpc-budget can't be negative; 0 is no limit")
	case c.ISRCPU >= len(c.CPUs):
		return fmt.Errorf("--isr-cpu is not one of the CPUs in use")
	case c.DefaultQueue < 0 || c.DefaultQueue >= c.Queues:
		return fmt.Errorf("--default-queue %d is not below --queues %d", c.DefaultQueue, c.Queues)
	case len(c.QueueCPU) != c.Queues:
		return fmt.Errorf("--affinity names the CPUs of %d queues, but there are %d", len(c.QueueCPU), c.Queues)
	case len(c.Table) == 0:
		return fmt.Errorf("--table-size must be at least 1")
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
	return nil
}

// Cost is the time that a packet of length bytes on the wire takes up the
// stack, in ns: packet-cost + byte-cost × length, the product rounded down.
func (c *Config) Cost(length uint32) int64 {
	if c.ByteCost == 0 {
		return c.PacketCost
	}
	return c.PacketCost + c.ByteCost*int64(length)/1000
}

// queue is the hardware queue of a received packet whose Batch.Entry is entry.
func (c *Config) queue(entry uint16) uint16 {
	if entry == Unhashed {
		return uint16(c.DefaultQueue)
	}
	return c.Table[entry]
}

// counts reports whether a mode counts the same under both configurations: they
// are equal in what the mode uses.
func (c *Config) counts(mode Mode, other *Config) bool {
	return reflect.DeepEqual(c.usedBy(mode), other.usedBy(mode))
}

// usedBy is the configuration without what the mode does not use.
func (c *Config) usedBy(mode Mode) Config {
	used := *c
	if mode == NonRSS { // one queue; the default queue's CPU takes sends
		used.Queues, used.Table = 1, nil
		used.QueueCPU, used.DefaultQueue = []int{c.QueueCPU[c.DefaultQueue]}, 0
	}
	return used
}
