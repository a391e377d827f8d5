package settings

import (
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
)

// defaultCPUs is how many CPUs take packets where nothing tells.
const defaultCPUs = 8

// Flags are the parameters of the model as they were given on the command
// line, by their flags' names.
type Flags struct {
	Set *pflag.FlagSet
	// LayoutOverBundle lets --layout take the place of a bundle's table, but for its
	// size; else the two contradict each other.
	LayoutOverBundle bool
	LayoutOverTable  bool // and of the table of --table
	// Common are flags that were given for several settings: they may say something of
	// rules or of RPS where there are none. Settings.Idle has those that do.
	Common map[string]bool

	cpus, affinity  string
	napiCPU         []string
	baseCPU, queues int
	defaultQueue    int
	local           []string
	mode, hashTypes string
	rxFlowHash      []string
	key, xfrm       string
	hashFunction    string
	layout          string
	tableSize       int
	Imports         ImportFlags
	rules           ruleFlags
	changes         changeFlags
	rps             rpsFlags
	isrCPU, drain   string
	model           engine.Config // of it what flags set as it is: rings, moderation, costs and the interval
}

// NewSteeringFlags adds the flags that choose a packet's CPU: those that the
// hash command has as well.
func NewSteeringFlags(set *pflag.FlagSet) *Flags {
	f := &Flags{Set: set}
	set.StringVar(&f.cpus, "cpus", strconv.Itoa(defaultCPUs), "")
	set.IntVar(&f.baseCPU, "base-cpu", 0, "")
	set.IntVar(&f.queues, "queues", 0, "")
	set.StringVar(&f.affinity, "affinity", "", "")
	set.Var((*cli.Texts)(&f.napiCPU), "napi-cpu", "")
	set.IntVar(&f.defaultQueue, "default-queue", 0, "")
	set.StringVar(&f.hashTypes, "hash-types", hash.DefaultTypes.String(), "")
	set.Var((*cli.Texts)(&f.rxFlowHash), "rx-flow-hash", "")
	set.StringVar(&f.key, "key", "microsoft", "")
	set.StringVar(&f.xfrm, "xfrm", hash.NoTransform.String(), "")
	set.StringVar(&f.hashFunction, "hash-function", hash.FunctionToeplitz.String(), "")
	set.IntVar(&f.tableSize, "table-size", 128, "")
	set.StringVar(&f.layout, "layout", "equal", "")
	f.Imports.addSteering(set)
	f.rules.add(set)
	return f
}

// NewFlags adds all of the model's flags.
func NewFlags(set *pflag.FlagSet) *Flags {
	f := NewSteeringFlags(set)
	f.Imports.addReplay(set)
	f.changes.add(set)
	f.AddRPS()
	f.addRPSReplay()
	set.StringSliceVar(&f.local, "local", []string{"auto"}, "")
	set.StringVar(&f.mode, "mode", "rss-msix,non-rss", "")
	set.StringVar(&f.drain, "drain", "snapshot", "")
	set.StringVar(&f.isrCPU, "isr-cpu", "least-busy", "")

	c := &f.model
	duration := func(to *int64, flag string, initial time.Duration) {
		*to = int64(initial)
		set.Var((*cli.Duration)(to), flag, "")
	}
	set.IntVar(&c.RxRing, "rx-ring", 512, "")
	set.IntVar(&c.DMABatch, "dma-batch", 4, "")
	duration(&c.DMATimeout, "dma-timeout", 200*time.Nanosecond)
	duration(&c.ITR, "itr", 0)
	set.Var((*cli.Usecs)(&c.RxUsecs), "rx-usecs", "")
	set.IntVar(&c.RxFrames, "rx-frames", 1, "")
	duration(&c.InterruptLatency, "interrupt-latency", time.Microsecond)
	duration(&c.ISRCost, "isr-cost", time.Microsecond)
	duration(&c.DPCCost, "dpc-cost", time.Microsecond)
	set.IntVar(&c.DPCBudget, "dpc-budget", 0, "")
	duration(&c.PacketCost, "packet-cost", time.Microsecond)
	set.Var((*cli.PerByte)(&c.ByteCost), "byte-cost", "")
	duration(&c.MigrationCost, "migration-cost", 500*time.Nanosecond)
	duration(&c.IPILatency, "ipi-latency", 2*time.Microsecond)
	duration(&c.DistributeCost, "distribute-cost", 50*time.Nanosecond)
	duration(&c.SendCost, "send-cost", 500*time.Nanosecond)
	duration(&c.Interval, "interval", 100*time.Millisecond)
	return f
}

// Interval is the window of the time series.
func (f *Flags) Interval() time.Duration { return time.Duration(f.model.Interval) }
