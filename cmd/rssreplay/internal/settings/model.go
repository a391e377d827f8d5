package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

// nic sets rings, DMA batches and moderation.
func (r *resolver) nic() error {
	f, c := r.flags, &r.Config
	c.RxRing = r.count("rx-ring", f.rxRing)
	c.DMABatch = r.count("dma-batch", f.dmaBatch)
	c.DMATimeout = r.time("dma-timeout", f.dmaTimeout)
	c.ITR = r.time("itr", f.itr)
	c.RxUsecs = int64(f.rxUsecs)
	r.add("rx-usecs", c.RxUsecs/1000, "", r.source("rx-usecs"))
	c.RxFrames = r.count("rx-frames", f.rxFrames)
	return nil
}

// host sets the costs, the DPC and the ISR's CPU.
func (r *resolver) host() error {
	f, c := r.flags, &r.Config
	c.InterruptLatency = r.time("interrupt-latency", f.interruptLatency)
	c.ISRCost = r.time("isr-cost", f.isrCost)
	c.DPCCost = r.time("dpc-cost", f.dpcCost)
	switch f.drain {
	case "snapshot":
		c.Drain = engine.Snapshot
	case "poll":
		c.Drain = engine.Poll
	default:
		return fmt.Errorf("--drain must be snapshot or poll, not %q", f.drain)
	}
	r.add("drain", f.drain, "", r.source("drain"))
	c.DPCBudget = r.count("dpc-budget", f.dpcBudget)
	c.PacketCost = r.time("packet-cost", f.packetCost)
	c.ByteCost = int64(f.byteCost)
	r.add("byte-cost", float64(f.byteCost)/1000, "", r.source("byte-cost"))
	c.MigrationCost = r.time("migration-cost", f.migrationCost)
	c.IPILatency = r.time("ipi-latency", f.ipiLatency)
	c.DistributeCost = r.time("distribute-cost", f.distributeCost)
	c.SendCost = r.time("send-cost", f.sendCost)
	if r.Profile != nil && r.Profile.NAPI {
		r.offerOfProfile("isr-cpu", strconv.Itoa(c.CPUs[c.QueueCPU[c.DefaultQueue]]))
	}
	switch f.isrCPU {
	case "least-busy":
		c.ISRCPU = engine.LeastBusy
	case "round-robin":
		c.ISRCPU = engine.RoundRobin
	default:
		number, err := strconv.Atoi(f.isrCPU)
		if err != nil {
			return fmt.Errorf("--isr-cpu must be least-busy, round-robin or the number of a CPU in use, not %q", f.isrCPU)
		}
		if c.ISRCPU = slices.Index(c.CPUs, number); c.ISRCPU < 0 {
			return fmt.Errorf("--isr-cpu %d is not in use: --cpus has %s", number, nicmodel.CPUListOf(c.CPUs))
		}
	}
	r.add("isr-cpu", f.isrCPU, "", r.source("isr-cpu"))
	c.Interval = r.time("interval", f.Interval)
	return nil
}

// count adds a parameter whose value is a number of things, and returns it.
func (r *resolver) count(flag string, n int) int {
	r.add(flag, n, "", r.source(flag))
	return n
}

// time adds a parameter whose value is a time, and returns it in ns, as JSON has it.
func (r *resolver) time(flag string, d cli.Duration) int64 {
	r.add(flag, int64(d), d.String(), r.source(flag))
	if costs := r.imports.costs; costs.value != nil && r.source(flag) == costs.from {
		r.Parameters[len(r.Parameters)-1].Measured = r.measured
	}
	return int64(d)
}

func (r *resolver) validate() error {
	if slices.Contains(r.Modes, engine.RSSSingleQueue) && (r.Config.Drain == engine.Poll || r.Config.DPCBudget > 0) {
		r.Asides = append(r.Asides, "rss-single-queue has no use for --drain poll and --dpc-budget: its DPCs take all that they were dealt.")
	}
	err := r.Config.Validate()
	if wrong, ok := errors.AsType[*nicmodel.RangeError](err); ok {
		if o := r.origin(wrong.Flag); o.layer == fromImport {
			return fmt.Errorf("%s: %w", o.source, err) // nobody gave the flag
		}
	}
	return err
}
