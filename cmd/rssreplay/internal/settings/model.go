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
	f, c := r.flags, &r.Config
	c.InterruptLatency, c.ISRCost, c.DPCCost = int64(f.interruptLatency), int64(f.isrCost), int64(f.dpcCost)
	c.PacketCost, c.ByteCost, c.IPILatency = int64(f.packetCost), int64(f.byteCost), int64(f.ipiLatency)
	c.MigrationCost, c.DistributeCost, c.SendCost = int64(f.migrationCost), int64(f.distributeCost), int64(f.sendCost)
	c.DPCBudget, c.Interval = f.dpcBudget, int64(f.Interval)
	r.time("interrupt-latency", f.interruptLatency)
	r.time("isr-cost", f.isrCost)
	r.time("dpc-cost", f.dpcCost)
	switch f.drain {
	case "snapshot":
		c.Drain = engine.Snapshot
	case "poll":
		c.Drain = engine.Poll
	default:
		return fmt.Errorf("--drain must be snapshot or poll, not %q", f.drain)
	}
	r.add("drain", f.drain, "", r.source("drain"))
	r.add("dpc-budget", f.dpcBudget, "", r.source("dpc-budget"))
	r.time("packet-cost", f.packetCost)
	r.add("byte-cost", float64(f.byteCost)/1000, "", r.source("byte-cost"))
	r.time("migration-cost", f.migrationCost)
	r.time("ipi-latency", f.ipiLatency)
	r.time("distribute-cost", f.distributeCost)
	r.time("send-cost", f.sendCost)
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
	r.time("interval", f.Interval)
	return nil
}

// time adds a parameter whose value is a time: ns in JSON.
func (r *resolver) time(flag string, d cli.Duration) {
	r.add(flag, int64(d), d.String(), r.source(flag))
	if costs := r.imports.costs; costs.value != nil && r.source(flag) == costs.from {
		r.Parameters[len(r.Parameters)-1].Measured = r.measured
	}
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
