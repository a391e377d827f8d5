package settings

import (
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
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

	cpus, affinity, isrCPU string
	napiCPU                []string
	baseCPU, queues        int
	defaultQueue           int
	local                  []string
	mode, hashTypes        string
	rxFlowHash             []string
	key, xfrm              string
	hashFunction           string
	layout                 string
	tableSize              int
	Imports                ImportFlags
	rules                  ruleFlags
	changes                changeFlags
	rps                    rpsFlags
	rxRing, dmaBatch       int
	rxFrames, dpcBudget    int
	dmaTimeout, itr        cli.Duration
	rxUsecs                cli.Usecs
	interruptLatency       cli.Duration
	isrCost, dpcCost       cli.Duration
	packetCost             cli.Duration
	byteCost               cli.PerByte
	migrationCost          cli.Duration
	ipiLatency             cli.Duration
	distributeCost         cli.Duration
	sendCost               cli.Duration
	drain                  string
	Interval               cli.Duration
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
	f.dmaTimeout, f.interruptLatency, f.isrCost, f.dpcCost = 200, 1000, 1000, 1000
	f.packetCost, f.ipiLatency, f.distributeCost, f.sendCost = 1000, 2000, 50, 500
	f.migrationCost = 500
	f.Interval = cli.Duration(100 * time.Millisecond)
	set.StringSliceVar(&f.local, "local", []string{"auto"}, "")
	set.StringVar(&f.mode, "mode", "rss-msix,non-rss", "")
	set.IntVar(&f.rxRing, "rx-ring", 512, "")
	set.IntVar(&f.dmaBatch, "dma-batch", 4, "")
	set.Var(&f.dmaTimeout, "dma-timeout", "")
	set.Var(&f.itr, "itr", "")
	set.Var(&f.rxUsecs, "rx-usecs", "")
	set.IntVar(&f.rxFrames, "rx-frames", 1, "")
	set.Var(&f.interruptLatency, "interrupt-latency", "")
	set.Var(&f.isrCost, "isr-cost", "")
	set.Var(&f.dpcCost, "dpc-cost", "")
	set.StringVar(&f.drain, "drain", "snapshot", "")
	set.IntVar(&f.dpcBudget, "dpc-budget", 0, "")
	set.Var(&f.packetCost, "packet-cost", "")
	set.Var(&f.byteCost, "byte-cost", "")
	set.Var(&f.migrationCost, "migration-cost", "")
	set.Var(&f.ipiLatency, "ipi-latency", "")
	set.Var(&f.distributeCost, "distribute-cost", "")
	set.Var(&f.sendCost, "send-cost", "")
	set.StringVar(&f.isrCPU, "isr-cpu", "least-busy", "")
	set.Var(&f.Interval, "interval", "")
	return f
}
