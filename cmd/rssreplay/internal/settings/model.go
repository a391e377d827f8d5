package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
)

// nic lists rings, DMA batches and moderation.
func (r *resolver) nic() error {
	c := &r.Config
	r.count("rx-ring", c.RxRing)
	r.count("dma-batch", c.DMABatch)
	r.time("dma-timeout", c.DMATimeout)
	r.time("itr", c.ITR)
	r.add("rx-usecs", c.RxUsecs/1000, "", r.source("rx-usecs"))
	r.count("rx-frames", c.RxFrames)
	return nil
}

// host lists the costs, and sets the DPC and the ISR's CPU.
func (r *resolver) host() error {
	f, c := r.flags, &r.Config
	r.time("interrupt-latency", c.InterruptLatency)
	r.time("isr-cost", c.ISRCost)
	r.time("dpc-cost", c.DPCCost)
	switch f.drain {
	case "snapshot":
		c.Drain = engine.Snapshot
	case "poll":
		c.Drain = engine.Poll
	default:
		return fmt.Errorf("--drain must be snapshot or poll, not %q", f.drain)
	}
	r.add("drain", f.drain, "", r.source("drain"))
	r.count("dpc-budget", c.DPCBudget)
	r.time("packet-cost", c.PacketCost)
	r.add("byte-cost", float64(c.ByteCost)/1000, "", r.source("byte-cost"))
	r.time("migration-cost", c.MigrationCost)
	r.time("ipi-latency", c.IPILatency)
	r.time("distribute-cost", c.DistributeCost)
	r.time("send-cost", c.SendCost)
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
	r.time("interval", c.Interval)
	return nil
}

// count adds a parameter whose value is a number of things.
func (r *resolver) count(flag string, n int) { r.add(flag, n, "", r.source(flag)) }

// time adds a parameter whose value is a time in ns.
func (r *resolver) time(flag string, ns int64) {
	r.add(flag, ns, time.Duration(ns).String(), r.source(flag))
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
