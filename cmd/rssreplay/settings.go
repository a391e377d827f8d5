package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rssreplay/dispatch"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// modelFlags are the parameters of the model as they were given on the command
// line, named as MODEL.md section 9 names them.
type modelFlags struct {
	set *pflag.FlagSet

	cpus, affinity, isrCPU string
	baseCPU, queues        int
	defaultQueue           int
	local                  []string
	mode, hashTypes        string
	rxFlowHash             []string
	key, xfrm              string
	layout, table          string
	tableSize              int
	rxRing, dmaBatch       int
	rxFrames, dpcBudget    int
	dmaTimeout, itr        duration
	rxUsecs                usecs
	interruptLatency       duration
	isrCost, dpcCost       duration
	packetCost             duration
	byteCost               perByte
	ipiLatency             duration
	distributeCost         duration
	sendCost               duration
	drain                  string
	interval               duration
}

// newSteeringFlags adds the flags that choose a packet's CPU: those that the
// hash command has as well.
func newSteeringFlags(set *pflag.FlagSet) *modelFlags {
	f := &modelFlags{set: set}
	set.StringVar(&f.cpus, "cpus", "8", "")
	set.IntVar(&f.baseCPU, "base-cpu", 0, "")
	set.IntVar(&f.queues, "queues", 0, "")
	set.StringVar(&f.affinity, "affinity", "", "")
	set.IntVar(&f.defaultQueue, "default-queue", 0, "")
	set.StringVar(&f.hashTypes, "hash-types", hash.DefaultTypes.String(), "")
	set.StringArrayVar(&f.rxFlowHash, "rx-flow-hash", nil, "")
	set.StringVar(&f.key, "key", "microsoft", "")
	set.StringVar(&f.xfrm, "xfrm", hash.NoTransform.String(), "")
	set.IntVar(&f.tableSize, "table-size", 128, "")
	set.StringVar(&f.layout, "layout", "equal", "")
	set.StringVar(&f.table, "table", "", "")
	return f
}

// newModelFlags adds all of the model's flags.
func newModelFlags(set *pflag.FlagSet) *modelFlags {
	f := newSteeringFlags(set)
	f.dmaTimeout, f.interruptLatency, f.isrCost, f.dpcCost = 200, 1000, 1000, 1000
	f.packetCost, f.ipiLatency, f.distributeCost, f.sendCost = 1000, 2000, 50, 500
	f.interval = duration(100 * time.Millisecond)
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
	set.Var(&f.ipiLatency, "ipi-latency", "")
	set.Var(&f.distributeCost, "distribute-cost", "")
	set.Var(&f.sendCost, "send-cost", "")
	set.StringVar(&f.isrCPU, "isr-cpu", "least-busy", "")
	set.Var(&f.interval, "interval", "")
	return f
}

// settings are the parameters in force: what the flags and the imported table
// come to, each with its source.
type settings struct {
	config     dispatch.Config
	steering   *nicmodel.Steering
	key        hash.Key
	modes      []dispatch.Mode
	local      pcaps.Local
	parameters report.Parameters
	notes      []string // what the reader of the results must know first
}

// resolver fills settings parameter by parameter, in the model's order.
type resolver struct {
	*settings
	flags    *modelFlags
	imported *nicmodel.ImportedTable // nil without --table
	from     string                  // name of the imported text
	types    hash.Types
	xfrm     hash.Transform
}

// source says where the value of a flag comes from when no import sets it.
func (r *resolver) source(flag string) string {
	if r.flags.set.Changed(flag) {
		return "--" + flag
	}
	return report.DefaultSource
}

func (r *resolver) add(name string, value any, text, source string) {
	r.parameters = append(r.parameters, report.Parameter{Name: name, Value: value, Text: text, Source: source})
}

// resolve checks the flags and reads the table that they name.
func (f *modelFlags) resolve(stdin io.Reader) (*settings, error) {
	r := &resolver{settings: &settings{}, flags: f}
	if err := r.importTable(stdin); err != nil {
		return nil, err
	}
	steps := []func() error{r.cpus, r.queues}
	replay := f.set.Lookup("mode") != nil
	if replay {
		steps = append(steps, r.direction)
	}
	steps = append(steps, r.hashing, r.table)
	if replay {
		steps = append(steps, r.nic, r.host, r.validate)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, usageError{err}
		}
	}
	return r.settings, r.steer()
}

func (r *resolver) importTable(stdin io.Reader) error {
	f := r.flags
	if f.table == "" {
		return nil
	}
	for _, other := range []string{"layout", "table-size"} {
		if f.set.Changed(other) {
			return usagef("--%s contradicts --table, which brings a table of its own: leave one of them out", other)
		}
	}
	in, name := stdin, "standard input"
	if f.table != "-" {
		file, err := os.Open(f.table)
		if err != nil {
			return usagef("--table: %s: %w: give a file with the text of `ethtool -x`", f.table, cause(err))
		}
		defer file.Close()
		in, name = file, f.table
	}
	t, err := nicmodel.ReadTable(in, name)
	if err != nil {
		return usagef("--table: %w", err)
	}
	switch {
	case t.Function != nicmodel.FunctionNotShown && t.Function != nicmodel.FunctionToeplitz:
		return usagef("--table: %s: the NIC hashes with %s, and only toeplitz is emulated: switch it over with `ethtool -X … hfunc toeplitz`", name, t.Function)
	case t.Table == nil:
		return usagef("--table: %s shows no indirection table: the driver has none, or RSS is off; give --layout and --table-size instead", name)
	case t.Key == nil && !f.set.Changed("key") && t.Format != nicmodel.PlainList:
		return usagef("--table: %s shows no hash key: give it with --key; Linux has it in /proc/sys/net/core/netdev_rss_key (its first 40 bytes for most drivers), Windows' default is `--key microsoft`", name)
	}
	r.imported, r.from = t, name
	return nil
}

func (r *resolver) cpus() error {
	f := r.flags
	count, err := strconv.Atoi(f.cpus)
	switch {
	case err == nil && (count < 1 || count > dispatch.MaxCPUs):
		return fmt.Errorf("--cpus must be from 1 to %d, not %d", dispatch.MaxCPUs, count)
	case err == nil && r.imported != nil && r.imported.EntriesAreCPUs() && !f.set.Changed("cpus"):
		// Windows names the CPUs themselves.
		r.config.CPUs = slices.Sorted(slices.Values(r.imported.QueueCPU()))
		r.add("cpus", len(r.config.CPUs), formatCPUList(r.config.CPUs), r.from)
		r.add("base-cpu", r.config.CPUs[0], "", r.from)
		return nil
	case err == nil:
		if f.baseCPU < 0 || f.baseCPU > math.MaxUint16-count {
			return fmt.Errorf("--base-cpu must be from 0 to %d, not %d", math.MaxUint16-count, f.baseCPU)
		}
		for c := range count {
			r.config.CPUs = append(r.config.CPUs, f.baseCPU+c)
		}
	default:
		if r.config.CPUs, err = parseCPUList(f.cpus); err != nil {
			return fmt.Errorf("--cpus: %w, or how many there are", err)
		}
		if f.set.Changed("base-cpu") {
			return errors.New("--base-cpu contradicts a list in --cpus, which names each CPU: leave one of them out")
		}
		slices.Sort(r.config.CPUs)
		if len(slices.Compact(slices.Clone(r.config.CPUs))) < len(r.config.CPUs) {
			return fmt.Errorf("--cpus: a CPU is named twice in %q", f.cpus)
		}
		if len(r.config.CPUs) > dispatch.MaxCPUs {
			return fmt.Errorf("--cpus must name from 1 to %d CPUs, not %d", dispatch.MaxCPUs, len(r.config.CPUs))
		}
	}
	r.add("cpus", len(r.config.CPUs), formatCPUList(r.config.CPUs), r.source("cpus"))
	r.add("base-cpu", r.config.CPUs[0], "", r.source("base-cpu"))
	return nil
}

// queues sets the number of queues and the CPU of each.
func (r *resolver) queues() error {
	f, c := r.flags, &r.config
	queues, source := len(c.CPUs), r.source("queues")
	if r.imported != nil {
		queues, source = max(r.imported.Rings, int(slices.Max(r.imported.Table))+1), r.from
	}
	if f.set.Changed("queues") {
		queues, source = f.queues, r.source("queues")
	}
	if queues < 1 || queues > math.MaxUint16 {
		return fmt.Errorf("--queues must be from 1 to %d, not %d", math.MaxUint16, queues)
	}
	c.Queues = queues
	r.add("queues", queues, "", source)

	affinity, source := make([]int, queues), r.source("affinity")
	for q := range affinity {
		affinity[q] = c.CPUs[q%len(c.CPUs)]
	}
	if r.imported != nil && r.imported.EntriesAreCPUs() {
		affinity, source = r.imported.QueueCPU(), r.from
	}
	if f.affinity != "" {
		var err error
		if affinity, err = parseCPUList(f.affinity); err != nil {
			return fmt.Errorf("--affinity: %w, the CPU of each queue in order", err)
		}
		source = r.source("affinity")
	}
	if len(affinity) != queues {
		return fmt.Errorf("--affinity names the CPUs of %d queues, but there are %d: name one for each, or change --queues", len(affinity), queues)
	}
	for q, cpu := range affinity {
		i := slices.Index(c.CPUs, cpu)
		if i < 0 {
			return fmt.Errorf("--affinity puts queue %d on CPU %d, which is not in use: --cpus has %s", q, cpu, formatCPUList(c.CPUs))
		}
		c.QueueCPU = append(c.QueueCPU, i)
	}
	r.add("affinity", affinity, formatCPUList(affinity), source)

	c.DefaultQueue = f.defaultQueue
	if f.defaultQueue < 0 || f.defaultQueue >= queues {
		return fmt.Errorf("--default-queue must be below --queues %d, not %d", queues, f.defaultQueue)
	}
	r.add("default-queue", f.defaultQueue, "", r.source("default-queue"))
	return nil
}

// direction sets which packets were sent, and the modes.
func (r *resolver) direction() (err error) {
	f := r.flags
	if r.local, err = pcaps.ParseLocal(f.local); err != nil {
		return err
	}
	r.add("local", strings.Join(f.local, ","), "", r.source("local"))
	if r.modes, err = dispatch.ParseModes(f.mode); err != nil {
		return err
	}
	names := make([]string, len(r.modes))
	for i, m := range r.modes {
		names[i] = m.String()
	}
	r.add("mode", strings.Join(names, ","), "", r.source("mode"))
	return nil
}

func (r *resolver) hashing() (err error) {
	f := r.flags
	if r.types, err = hash.ParseTypes(f.hashTypes); err != nil {
		return fmt.Errorf("--hash-types: %w", err)
	}
	source := r.source("hash-types")
	if len(f.rxFlowHash) > 0 {
		if f.set.Changed("hash-types") {
			return errors.New("--rx-flow-hash contradicts --hash-types: both choose the hash types; give one of them")
		}
		source = r.source("rx-flow-hash")
		for _, word := range f.rxFlowHash {
			if r.types, err = withFlowHash(r.types, word); err != nil {
				return err
			}
		}
	}
	r.add("hash-types", r.types.String(), "", source)
	source = r.source("key")
	if r.imported != nil && r.imported.Key != nil && !f.set.Changed("key") {
		r.key, source = r.imported.Key, r.from
	} else if r.key, err = hash.ParseKey(f.key); err != nil {
		return fmt.Errorf("--key: %w", err)
	}
	if source == report.DefaultSource {
		r.notes = append(r.notes, "CPU numbers are illustrative until the NIC's own key and table are given (--key, --table); the spread is typical.")
	}
	r.add("key", r.key.String(), keyText(r.key), source)
	source = r.source("xfrm")
	if r.imported != nil && r.imported.TransformShown && !f.set.Changed("xfrm") {
		r.xfrm, source = r.imported.Transform, r.from
	} else if r.xfrm, err = hash.ParseTransform(f.xfrm); err != nil {
		return fmt.Errorf("--xfrm: %w", err)
	}
	r.add("xfrm", r.xfrm.String(), "", source)
	return nil
}

// withFlowHash changes the enabled types as `ethtool -N eth0 rx-flow-hash udp4
// sdfn` does: which fields of a kind of packet are hashed.
func withFlowHash(types hash.Types, word string) (hash.Types, error) {
	kind, fields, _ := strings.Cut(word, "=")
	withPorts, plain := hash.None, hash.None
	switch kind {
	case "tcp4":
		withPorts, plain = hash.TCPIPv4, hash.IPv4
	case "udp4":
		withPorts, plain = hash.UDPIPv4, hash.IPv4
	case "tcp6":
		withPorts, plain = hash.TCPIPv6, hash.IPv6
	case "udp6":
		withPorts, plain = hash.UDPIPv6, hash.IPv6
	default:
		return 0, fmt.Errorf("--rx-flow-hash %s: the kinds of packet are tcp4, udp4, tcp6 and udp6, as udp4=sdfn", word)
	}
	switch fields {
	case "sdfn":
		return types | hash.TypesOf(withPorts), nil
	case "sd":
		return types&^hash.TypesOf(withPorts) | hash.TypesOf(plain), nil
	}
	return 0, fmt.Errorf("--rx-flow-hash %s: the fields are sd (addresses) or sdfn (addresses and ports), as %s=sdfn", word, kind)
}

// keyText is the key for people: its name, or its bytes.
func keyText(k hash.Key) string {
	if name := k.Name(); name != "" {
		return name
	}
	return k.String()
}

func (r *resolver) table() error {
	f, c := r.flags, &r.config
	if r.imported != nil {
		c.Table = r.imported.Table
		r.add("table-size", len(c.Table), "", r.from)
		r.add("layout", "imported", fmt.Sprintf("imported (%s)", r.imported.Format), r.from)
	} else {
		layout, err := nicmodel.ParseLayout(f.layout)
		if err != nil {
			return err
		}
		size, source := f.tableSize, r.source("table-size")
		if layout.Size() > 0 && !f.set.Changed("table-size") {
			size, source = layout.Size(), r.source("layout")
		}
		if size > dispatch.MaxTable {
			return fmt.Errorf("--table-size must be at most %d, not %d", dispatch.MaxTable, size)
		}
		if c.Table, err = layout.Fill(size, c.Queues); err != nil {
			return err
		}
		r.add("table-size", size, "", source)
		r.add("layout", f.layout, "", r.source("layout"))
	}
	if len(c.Table) > dispatch.MaxTable {
		return fmt.Errorf("--table: %s has %d entries; at most %d are emulated", r.from, len(c.Table), dispatch.MaxTable)
	}
	for i, q := range c.Table {
		if int(q) >= c.Queues {
			return fmt.Errorf("entry %d of the indirection table is queue %d, which is not below --queues %d", i, q, c.Queues)
		}
	}
	return nil
}

// nic sets rings, DMA batches and moderation.
func (r *resolver) nic() error {
	f, c := r.flags, &r.config
	c.RxRing, c.DMABatch, c.DMATimeout = f.rxRing, f.dmaBatch, int64(f.dmaTimeout)
	c.ITR, c.RxUsecs, c.RxFrames = int64(f.itr), int64(f.rxUsecs), f.rxFrames
	r.add("rx-ring", f.rxRing, "", r.source("rx-ring"))
	r.add("dma-batch", f.dmaBatch, "", r.source("dma-batch"))
	r.time("dma-timeout", f.dmaTimeout)
	r.time("itr", f.itr)
	r.add("rx-usecs", int64(f.rxUsecs)/1000, "", r.source("rx-usecs"))
	r.add("rx-frames", f.rxFrames, "", r.source("rx-frames"))
	return nil
}

// host sets the costs, the DPC and the ISR's CPU.
func (r *resolver) host() error {
	f, c := r.flags, &r.config
	c.InterruptLatency, c.ISRCost, c.DPCCost = int64(f.interruptLatency), int64(f.isrCost), int64(f.dpcCost)
	c.PacketCost, c.ByteCost, c.IPILatency = int64(f.packetCost), int64(f.byteCost), int64(f.ipiLatency)
	c.DistributeCost, c.SendCost = int64(f.distributeCost), int64(f.sendCost)
	c.DPCBudget, c.Interval = f.dpcBudget, int64(f.interval)
	r.time("interrupt-latency", f.interruptLatency)
	r.time("isr-cost", f.isrCost)
	r.time("dpc-cost", f.dpcCost)
	switch f.drain {
	case "snapshot":
		c.Drain = dispatch.Snapshot
	case "poll":
		c.Drain = dispatch.Poll
	default:
		return fmt.Errorf("--drain must be snapshot or poll, not %q", f.drain)
	}
	r.add("drain", f.drain, "", r.source("drain"))
	r.add("dpc-budget", f.dpcBudget, "", r.source("dpc-budget"))
	r.time("packet-cost", f.packetCost)
	r.add("byte-cost", float64(f.byteCost)/1000, "", r.source("byte-cost"))
	r.time("ipi-latency", f.ipiLatency)
	r.time("distribute-cost", f.distributeCost)
	r.time("send-cost", f.sendCost)
	switch f.isrCPU {
	case "least-busy":
		c.ISRCPU = dispatch.LeastBusy
	case "round-robin":
		c.ISRCPU = dispatch.RoundRobin
	default:
		number, err := strconv.Atoi(f.isrCPU)
		if err != nil {
			return fmt.Errorf("--isr-cpu must be least-busy, round-robin or the number of a CPU in use, not %q", f.isrCPU)
		}
		if c.ISRCPU = slices.Index(c.CPUs, number); c.ISRCPU < 0 {
			return fmt.Errorf("--isr-cpu %d is not in use: --cpus has %s", number, formatCPUList(c.CPUs))
		}
	}
	r.add("isr-cpu", f.isrCPU, "", r.source("isr-cpu"))
	r.time("interval", f.interval)
	return nil
}

// time adds a parameter whose value is a time: ns in JSON.
func (r *resolver) time(flag string, d duration) {
	r.add(flag, int64(d), d.String(), r.source(flag))
}

func (r *resolver) validate() error {
	if slices.Contains(r.modes, dispatch.RSSSingleQueue) && (r.config.Drain == dispatch.Poll || r.config.DPCBudget > 0) {
		r.notes = append(r.notes, "rss-single-queue has no use for --drain poll and --dpc-budget: its DPCs take all that they were dealt.")
	}
	return r.config.Validate()
}

func (r *resolver) steer() (err error) {
	r.steering, err = nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: r.types, Key: r.key, Transform: r.xfrm, Table: r.config.Table,
		DefaultQueue: r.config.DefaultQueue, QueueCPU: r.config.QueueCPU,
	})
	if err != nil {
		return usageError{err}
	}
	return nil
}
