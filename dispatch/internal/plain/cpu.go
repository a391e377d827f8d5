package plain

import "rssreplay/dispatch/engine"

// cpu is one CPU in use.
type cpu struct {
	working string // the NIC's work that it is at, "" when none

	isrTime, dpcTime, sendTime int64 // ns, charged so far
	migrationTime              int64 // ns, of dpcTime
	migrated                   uint64

	packets, bytes   uint64
	interrupts, dpcs uint64
	maxPerDPC        uint64
	sendPackets      uint64
	latencies        []int64 // ns, in the order of indication

	turns // under receive packet steering
}

// The NIC's work.
const (
	isrWork = "isr"
	dpcWork = "dpc"
)

// begin and end bracket one piece of the NIC's work. No CPU ever has two at once:
// that is an invariant, not a queueing rule. Under receive packet steering ISRs
// overlap turns, but turns each other never.
func (e *machine) begin(cpu int, work string) {
	if e.secondHop() && work == isrWork {
		e.saw("%s c%d", work, cpu)
		return
	}
	working := &e.cpus[cpu].working
	e.invariant(*working == "", "CPU %d begins %s while at %s", cpu, work, *working)
	*working = work
	e.saw("%s c%d", work, cpu)
}

func (e *machine) end(cpu int, work string) {
	if e.secondHop() && work == isrWork {
		e.saw("%s ends c%d", work, cpu)
		return
	}
	working := &e.cpus[cpu].working
	e.invariant(*working == work, "CPU %d ends %s, but is at %q", cpu, work, *working)
	*working = ""
	e.saw("%s ends c%d", work, cpu)
}

// isrCPU is "the CPU of the ISR", chosen when vector v is raised. MSI-1d: the
// vector's own CPU. NON-3, HWQ-2, SQ-3: the system-determined CPU.
func (e *machine) isrCPU(v int) int {
	if e.mode == engine.RSSMSIX {
		return v
	}
	switch e.cfg.ISRCPU {
	case engine.LeastBusy:
		// "smallest ISR + DPC + send time charged so far; ties to the lowest number"
		least := 0
		for c := range e.cpus {
			if e.cpus[c].busy() < e.cpus[least].busy() {
				least = c
			}
		}
		return least
	case engine.RoundRobin:
		// "the next of the CPUs in use, starting at the first"
		cpu := e.roundRobin % len(e.cpus)
		e.roundRobin++
		return cpu
	default:
		return e.cfg.ISRCPU
	}
}

func (c *cpu) busy() int64 { return c.isrTime + c.dpcTime + c.sendTime }

// isr is MSI-3, NON-3, HWQ-2, SQ-3: MiniportInterrupt runs for isr-cost.
func (e *machine) isr(v, cpu int) {
	e.begin(cpu, isrWork)
	e.vectors[v].workTime += e.cfg.ISRCost
	e.cpus[cpu].interrupts++
	e.cpus[cpu].isrTime += e.cfg.ISRCost
	e.starts(e.now+e.cfg.ISRCost, cpu, isrs, func() { e.isrEnds(v, cpu) })
}

// isrEnds is MSI-4, NON-4, HWQ-3, SQ-4: the vector is masked (raising it did
// that already), and DPCs are queued.
func (e *machine) isrEnds(v, cpu int) {
	e.end(cpu, isrWork)
	vector := &e.vectors[v]

	switch e.mode {
	case engine.RSSMSIX, engine.NonRSS:
		// "It starts at the ISR's end, on the ISR's CPU": MSI-5, NON-5. Under receive
		// packet steering, when its turn comes.
		vector.running = 1
		if e.secondHop() {
			e.schedule(cpu, poller{vector: v})
		} else {
			e.dpc(v, cpu)
		}

	case engine.RSSHWQueues:
		// HWQ-3: "At the ISR's end a DPC is queued for every CPU with a non-empty
		// queue: on the ISR's own CPU it starts as part of the ISR's end, on
		// others ipi-latency later."
		for other := range e.cpus {
			if e.holds(v, other) == 0 {
				continue
			}
			vector.running++
			if other != cpu {
				e.starts(e.now+e.cfg.IPILatency, other, dpcStarts, func() { e.dpc(v, other) })
			}
		}
		if e.holds(v, cpu) > 0 {
			e.dpc(v, cpu)
		}

	case engine.RSSSingleQueue:
		e.deal(v, cpu)
	}
}

// dpc is a MiniportInterruptDPC that indicates: MSI-5a, NON-6, HWQ-4a, and
// SQ-6a for a CPU other than the one that dealt.
type dpc struct {
	vector, cpu int

	share     []buffer // taken, not yet indicated
	done      []buffer // indicated, not yet given back
	remained  bool     // the budget left some in the queue when it started
	indicated int
}

// dpc starts one that takes what drain says, in the three modes where drain
// applies.
func (e *machine) dpc(v, cpu int) {
	d := &dpc{vector: v, cpu: cpu}
	e.begin(cpu, dpcWork)
	e.cpus[cpu].dpcs++
	worked := e.now + e.cfg.DPCCost
	e.cpus[cpu].dpcTime += e.cfg.DPCCost

	switch e.cfg.Drain {
	case engine.Snapshot:
		// "at its start it takes every buffer in its queue, those published at
		// that very instant included"; budget: "it takes at most that many"
		n := e.holds(v, cpu)
		if budget := e.cfg.DPCBudget; budget > 0 && n > budget {
			n = budget
			d.remained = true
		}
		d.share = e.take(v, cpu, n)
		e.taken(d.share, cpu)
		// Not specified: the step in which a snapshot's first packet begins. No
		// one can see it.
		e.starts(worked, cpu, decisions, func() { e.workOnShare(d) })

	case engine.Poll:
		// "after dpc-cost, and again after each packet"
		e.starts(worked, cpu, decisions, func() { e.poll(d) })
	}
}

// workOnShare works on the packets of a share "one after the other. At the end
// all its buffers come back."
func (e *machine) workOnShare(d *dpc) {
	if len(d.share) == 0 {
		e.giveBack(d.done)
		e.dpcEnds(d)
		if d.remained {
			// "then at its end the vector stays masked and the DPC starts anew on
			// the same CPU in step (4) of that instant"
			e.starts(e.now, d.cpu, dpcStarts, func() { e.dpc(d.vector, d.cpu) })
		} else {
			e.oneDone(d.vector)
		}
		return
	}
	b := d.share[0]
	d.share = d.share[1:]
	e.ends(e.now+e.work(d.cpu, b), d.cpu, func() {
		e.indicate(d, b)
		d.done = append(d.done, b)
		e.workOnShare(d)
	})
}

// poll is NAPI's decision, in step (4): it "takes the oldest packet if its queue
// then holds one, else it ends".
func (e *machine) poll(d *dpc) {
	if e.holds(d.vector, d.cpu) == 0 {
		e.dpcEnds(d)
		e.oneDone(d.vector)
		return
	}
	// "after that many packets, if the queue holds more, the DPC starts anew at
	// once in the same way"
	if budget := e.cfg.DPCBudget; budget > 0 && d.indicated == budget {
		e.dpcEnds(d)
		e.dpc(d.vector, d.cpu)
		return
	}
	oldest := e.take(d.vector, d.cpu, 1)
	e.taken(oldest, d.cpu)
	b := oldest[0]
	e.ends(e.now+e.work(d.cpu, b), d.cpu, func() {
		e.indicate(d, b)
		// "Each buffer comes back when its packet is indicated."
		e.giveBack(oldest)
		e.starts(e.now, d.cpu, decisions, func() { e.poll(d) })
	})
}

// deal is SQ-5a: the first DPC "takes every buffer from the hardware queue and
// deals them to the CPUs' software queues by hash, at dpc-cost +
// distribute-cost × buffers".
func (e *machine) deal(v, cpu int) {
	e.begin(cpu, dpcWork)
	e.cpus[cpu].dpcs++
	buffers := e.take(v, cpu, e.holds(v, cpu))
	shares := make([][]buffer, len(e.cpus))
	for _, b := range buffers {
		shares[b.cpu] = append(shares[b.cpu], b)
	}
	cost := e.cfg.DPCCost + e.cfg.DistributeCost*int64(len(buffers))
	e.cpus[cpu].dpcTime += cost
	e.starts(e.now+cost, cpu, ownShares, func() { e.dealt(v, cpu, shares) })
}

// dealt is SQ-5b: "every other CPU with a share gets a DPC ipi-latency after the
// dealing ended"; and SQ-5c: the first DPC "indicates its own CPU's share at
// once (no second dpc-cost)".
func (e *machine) dealt(v, cpu int, shares [][]buffer) {
	e.saw("dealt c%d", cpu)
	vector := &e.vectors[v]
	for other, share := range shares {
		if len(share) == 0 {
			continue
		}
		vector.running++
		if other != cpu {
			e.starts(e.now+e.cfg.IPILatency, other, dpcStarts, func() { e.shareDPC(v, other, share) })
		}
	}
	d := &dpc{vector: v, cpu: cpu, share: shares[cpu]}
	if len(d.share) == 0 {
		// "it then ends when the dealing ends"
		e.dpcEnds(d)
		return
	}
	e.taken(d.share, cpu)
	e.workOnShare(d)
}

// shareDPC is SQ-6a on a CPU other than the one that dealt, "with its own
// dpc-cost".
func (e *machine) shareDPC(v, cpu int, share []buffer) {
	d := &dpc{vector: v, cpu: cpu, share: share}
	e.begin(cpu, dpcWork)
	e.cpus[cpu].dpcs++
	e.cpus[cpu].dpcTime += e.cfg.DPCCost
	e.taken(share, cpu)
	e.starts(e.now+e.cfg.DPCCost, cpu, decisions, func() { e.workOnShare(d) })
}

// indicate is the end of a packet's work: up the driver stack.
func (e *machine) indicate(d *dpc, b buffer) {
	d.indicated++
	c := &e.cpus[d.cpu]
	c.packets++
	c.bytes += uint64(e.packets[b.packet].Length)
	c.latencies = append(c.latencies, e.now-e.packets[b.packet].Time)
	e.rings[b.queue].indicated++
	e.invariant(e.indicated[b.packet].cpu == none, "packet %d is indicated twice", b.packet)
	e.indicated[b.packet] = indication{cpu: d.cpu, end: e.now}
	e.saw("indicate p%d c%d", b.packet, d.cpu)
}

// dpcEnds ends one DPC, whether or not its work starts anew in another.
func (e *machine) dpcEnds(d *dpc) {
	e.end(d.cpu, dpcWork)
	e.cpus[d.cpu].maxPerDPC = max(e.cpus[d.cpu].maxPerDPC, uint64(d.indicated))
}

// oneDone counts the vector's DPCs (or shares) down. MSI-5b, NON-7: the only one
// enables the interrupts; HWQ-4b, SQ-6b: the last of them does.
func (e *machine) oneDone(v int) {
	vector := &e.vectors[v]
	vector.running--
	if vector.running == 0 {
		e.enable(v)
	}
}
