package findings

import (
	"fmt"
	"math/bits"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about what the stack decides after the interrupt: receive packet steering.

// nearlyAll is the share of the hottest CPU's packets from which on one flow is why it is
// hot: masks of more CPUs would not change that.
const nearlyAll = 0.9

// rpsMasks: RPS is on, and its masks are why the CPUs are loaded unevenly.
func (d *diagnosis) rpsMasks() *report.Finding {
	if !d.rps() || !d.uneven() || d.sparedSteerers() || !d.byMasks() {
		return nil
	}
	return d.rpsUneven(true)
}

// rpsHot: RPS is on, and still the CPUs are loaded unevenly, not by its masks nor by what has
// a finding of its own.
func (d *diagnosis) rpsHot() *report.Finding {
	if !d.rps() || !d.uneven() || d.sparedSteerers() && d.evenOverMasks() || d.has("rps-hot", "hot-window") || d.byOneFlow() || d.has("unhashed", "no-hash-type") && d.explained() {
		return nil
	}
	return d.rpsUneven(false)
}

// rpsUneven is why the CPUs are loaded unevenly under RPS: by masks, or by what they spread.
func (d *diagnosis) rpsUneven(masks bool) *report.Finding {
	var idle, steeredTo int
	for i := range d.mode.CPUs {
		switch c := &d.mode.CPUs[i]; {
		case c.Packets == 0 && !slices.Contains(d.t.Masked, c.CPU):
			idle++
		case c.Backlog != nil && c.FromBacklog > 0:
			steeredTo++
		}
	}
	f := &report.Finding{
		ID: "rps-hot", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("CPU %d takes %s of the packets with RPS, too, %s × its fair share.",
			d.busiest().CPU, words.Percent(report.Ratio(d.busiest().Packets, d.mode.Totals.Packets)), words.Fixed(d.lost(), 2)),
		Figures: d.load(report.Numbers{"idle_cpus": idle, "backlog_cpus": steeredTo, "steered_packets": d.mode.RPS.Steered}),
	}
	if !masks && d.byStackChance() {
		return d.rpsByChance(f)
	}
	in := d.t.Stack
	every := fmt.Sprintf("`for f in /sys/class/net/DEV/queues/rx-*/rps_cpus; do echo %s >$f; done`", d.cpuMask())
	switch largest := d.t.Largest; {
	case masks && idle > 0:
		f.Evidence = fmt.Sprintf("%s of the %d in use take no packet: no mask has them, and no interrupt goes there. Packets steered on go to %d.%s",
			words.Plural(uint64(idle), "CPU", "CPUs"), len(d.mode.CPUs), steeredTo, d.ofMasks())
		f.Remedy = every + " puts all CPUs in use into the masks; its effect: " + d.allMasks() + "."
	case masks && in != nil:
		f.Evidence = fmt.Sprintf("A queue's mask says among which CPUs the hash chooses, and these have %s.%s", d.parameter("rps").Printed(), d.ofMasks())
		f.Remedy = every + " gives every queue all CPUs in use; its effect: " + d.allMasks() + "."
	case in != nil && d.onAddresses(in):
		f.Evidence = fmt.Sprintf("The NIC's hash, which chooses, is of addresses alone: %s have %s.",
			words.Plural(in.Flows, "flow", "flows"), words.Plural(in.Distinct, "distinct hash", "distinct hashes"))
		f.Remedy = d.ownHash()
	case largest != nil && d.ofFair(largest.Packets) >= 1:
		f.Evidence = fmt.Sprintf("RPS keeps a flow on one CPU, and one alone is %s × a fair share: %s.", words.Fixed(d.ofFair(largest.Packets), 2), d.flow(largest))
		f.Remedy = "No mask splits a flow. " + d.ownCPU() + "."
	case in != nil && d.ofFair(in.Heaviest) >= 1:
		what, helps := "a flow inside a tunnel", "No mask splits a flow: several connections inside the tunnel do."
		if in.HeaviestSPI {
			what, helps = "the packets of one security association of ESP", "No mask parts packets with one SPI: several security associations have several."
		}
		f.Evidence = fmt.Sprintf("RPS keeps %s on one CPU, and one alone is %s × a fair share: %s packets of %s.",
			what, words.Fixed(d.ofFair(in.Heaviest), 2), words.Exact(in.Heaviest), words.Exact(d.r.Capture.Received))
		f.Remedy = helps
	case d.t.MaskFull || in != nil || d.byEtherType():
		f.Evidence, f.Remedy = d.fullMask()
	default:
		f.Evidence = fmt.Sprintf("The high bits of %s choose among the CPUs of each queue's mask: %s.", words.Plural(d.t.Flows, "flow's hash", "flows' hashes"), d.parameter("rps").Printed())
		f.Remedy = every + " gives every queue all CPUs in use; its effect: " + d.allMasks() + "."
	}
	return f
}

// onAddresses tells whether many flows have few hashes, by which the stack steers, as the
// NIC's is of addresses alone.
func (d *diagnosis) onAddresses(in *StackInputs) bool {
	return 2*in.Distinct <= in.Flows && d.mostPortless() != ""
}

// ownHash is how the stack comes to hash packets itself, with their ports.
func (d *diagnosis) ownHash() string {
	return "`ethtool -K DEV rxhash off` has the stack hash packets itself, with their ports; its effect: " + d.run("", Argument{"--rps-hash", "software"}) + "."
}

// byEtherType tells whether most of what is too much on the busiest CPU are packets of which
// the kernel's own hash has the EtherType alone.
func (d *diagnosis) byEtherType() bool {
	return 2*float64(d.withoutKernelHash()) >= float64(d.busiest().Packets)-d.fair()
}

// allMasks is the command that replays masks of all CPUs in use.
func (d *diagnosis) allMasks() string { return d.run("", Argument{"--rps", d.cpuList()}) }

// byMasks tells whether masks that leave CPUs out are why the load is uneven: with all CPUs in
// each it would be more even.
func (d *diagnosis) byMasks() bool {
	switch s := d.t.Stack; {
	case d.t.MaskFull, d.t.Steered && s == nil && d.byEtherType(), d.t.Largest != nil && d.ofFair(d.t.Largest.Packets) >= nearlyAll*d.lost():
		return false
	case s != nil && s.Everywhere != nil:
		return s.Even >= report.UnevenFrom && d.gain(s.Everywhere.P50) >= d.worthwhile()
	}
	return slices.ContainsFunc(d.mode.CPUs, func(c report.CPU) bool { return c.Packets == 0 && !slices.Contains(d.t.Masked, c.CPU) })
}

// ofMasks is the sentence about what the masks make of even traffic, and all CPUs of this; ""
// if that is not known.
func (d *diagnosis) ofMasks() string {
	s := d.t.Stack
	if s == nil || s.Everywhere == nil {
		return ""
	}
	return fmt.Sprintf(" Even traffic would load the busiest CPU with %s × its fair share; with all CPUs in each mask this one typically has %s ×.", words.Fixed(s.Even, 2), words.Fixed(s.Everywhere.P50, 2))
}

// byOneFlow tells whether a finding about the heaviest flow says why the busiest CPU is hot.
func (d *diagnosis) byOneFlow() bool {
	largest := d.t.Largest
	switch {
	case largest == nil:
		return false
	case d.hasHeavyTunnel():
		return d.tunnelOnBusiest()
	}
	return d.onBusiest(largest) && (d.hasElephant() || d.share(largest.Packets) >= singleFlowFrom)
}

// byStackChance tells whether chance explains the load: of what the hash of RPS tells apart
// none is heavy by itself, or all are, as they are so few.
func (d *diagnosis) byStackChance() bool {
	c, in := d.t.Chance, d.t.Stack
	if c == nil || in == nil || !c.P999.IsNull() && d.lost() > c.P999 {
		return false
	}
	return d.ofFair(in.Heaviest) < 1 || d.fewInAll() && 2*in.Effective >= report.Fraction(in.Distinct)
}

// rpsByChance is f where chance alone loads the CPUs unevenly; nil where it seldom does.
func (d *diagnosis) rpsByChance(f *report.Finding) *report.Finding {
	c, in := d.t.Chance, d.t.Stack
	heavy := d.heavyOnBusiest()
	everywhere := c // what few flows make, without what the masks do
	if in.Everywhere != nil {
		everywhere = in.Everywhere
	}
	if everywhere.P50 < report.UnevenFrom && heavy == nil {
		return nil
	}
	f.Severity = report.Note
	if everywhere.P50 >= fewFrom {
		f.Severity = report.Warning
	}
	than := ""
	if in.Even > 1 {
		than = fmt.Sprintf("; even traffic under these masks gives it %s ×", words.Fixed(in.Even, 2))
	}
	flows := words.Plural(in.Flows, "flow", "flows")
	switch {
	case in.Associations == in.Flows:
		flows = words.Plural(in.Flows, "security association of ESP", "security associations of ESP")
	case in.Associations > 0:
		flows = fmt.Sprintf("%s and security associations of ESP", flows)
	case d.t.Parted:
		flows += " inside tunnels and beside them"
	}
	over, ofMasks := words.Exact(uint64(len(d.mode.CPUs)))+" CPUs", ""
	if !d.t.MaskFull {
		over, ofMasks = "the CPUs of its masks", " of the masks"
	}
	f.Summary = fmt.Sprintf("%s, %s, are few for RPS over %s: chance alone typically gives the busiest %s × its fair share%s.",
		flows, ofEqualSize(in.Effective), over, words.Fixed(c.P50, 2), than)
	f.Evidence = fmt.Sprintf("%s; these flows on random CPUs%s give %s to %s × (10th to 90th percentile).%s", words.UpperFirst(d.hottest()), ofMasks, words.Fixed(c.P10, 2), words.Fixed(c.P90, 2), d.named(heavy))
	f.Remedy = d.moreFlows(heavy)
	if d.onAddresses(in) {
		f.Summary = fmt.Sprintf("%s have %s of the NIC's, which is of addresses alone: few for RPS over %s: chance alone typically gives the busiest %s × its fair share%s.",
			flows, words.Plural(in.Distinct, "distinct hash", "distinct hashes"), over, words.Fixed(c.P50, 2), than)
		f.Remedy = d.ownHash()
	}
	f.Figures["flows"], f.Figures["effective_flows"] = in.Flows, in.Effective
	f.Figures["chance_p10"], f.Figures["chance_p50"], f.Figures["chance_p90"] = c.P10, c.P50, c.P90
	return f
}

// fullMask is why a CPU is hot though each queue's mask has all CPUs in use, and what helps:
// packets for which the kernel's hash has the EtherType alone, if they are most of what is too
// much there, else the flows that the hash brings together.
func (d *diagnosis) fullMask() (evidence, remedy string) {
	all := fmt.Sprintf("Each queue's mask has all %d CPUs in use, and the hash chooses among them", len(d.mode.CPUs))
	if !d.t.MaskFull {
		all = "The hash chooses among the CPUs of each queue's mask"
	}
	if d.byEtherType() {
		return fmt.Sprintf("%s: of packets that are neither IP nor PPPoE, here %s of %s, it has no more than the EtherType.", all, words.Exact(d.withoutKernelHash()), words.Exact(d.r.Capture.Received)),
			"No mask parts packets that are neither IP nor PPPoE: to the kernel's own hash they are alike. An XDP program with a cpumap can, by what it reads of them itself."
	}
	evidence = all + ", by chance."
	flows, effective := uint64(0), report.Fraction(0)
	switch {
	case d.t.Stack != nil:
		flows, effective = d.t.Stack.Flows, d.t.Stack.Effective
	case d.t.Parted:
		evidence = all + ". It reads more of them than addresses and ports, as an SPI or a flow label, so that how many it tells apart is not known."
	case d.t.Inputs != nil:
		flows, effective = d.t.Inputs.Flows, d.t.Inputs.Effective
	}
	if flows > 0 {
		evidence = fmt.Sprintf("%s, by chance: here of %s, by their packets %s.", all, words.Plural(flows, "flow", "flows"), ofEqualSize(effective))
	}
	heavy := d.heavyOnBusiest()
	return evidence + d.named(heavy), d.moreFlows(heavy)
}

// moreFlows is what helps where flows meet on a CPU of RPS by chance.
func (d *diagnosis) moreFlows(heavy []*report.Flow) string {
	const more = "No mask says which flows meet: more flows of equal size spread better."
	if heavy == nil {
		return more
	}
	return more + " " + d.ownCPU() + "."
}

// withoutKernelHash is the received packets of which the kernel's own hash has no more than
// the EtherType: neither IP nor PPPoE.
func (d *diagnosis) withoutKernelHash() (n uint64) {
	for _, c := range d.r.Capture.Unhashed {
		if c.Name == "not_ip" {
			n += c.Packets
		}
	}
	if d.inner() { // PPPoE's flows have a hash
		return n
	}
	for _, c := range d.r.Capture.Encapsulations {
		if c.Name == "pppoe" {
			n -= min(n, c.Packets)
		}
	}
	return n
}

// rpsOffNode: RPS moves packets to CPUs on another NUMA node than the NIC.
func (d *diagnosis) rpsOffNode() *report.Finding {
	if d.mode == nil || d.mode.RPS == nil || d.r.Host == nil || d.r.Host.NICNode == nil {
		return nil
	}
	node := *d.r.Host.NICNode
	var remote uint64
	var names []int
	for i := range d.mode.CPUs {
		c := &d.mode.CPUs[i]
		if c.Backlog != nil && c.FromBacklog > 0 && d.offNode(c.CPU) {
			remote += c.FromBacklog
			names = append(names, c.CPU)
		}
	}
	if remote == 0 {
		return nil
	}
	return &report.Finding{
		ID: "rps-off-node", Severity: report.Warning,
		Summary: fmt.Sprintf("RPS moves %s of the packets to CPUs on another NUMA node than the NIC's, node %d: %s.",
			words.Percent(d.share(remote)), node, nameCPUs(names)),
		Evidence: "The CPU of the interrupt has the packet in its cache; the other node reads it across the link between the nodes. What that costs is not in the times here.",
		Remedy:   fmt.Sprintf("Leave these CPUs out of the masks: `cat /sys/devices/system/node/node%d/cpumap` is a mask of the NIC's node, for /sys/class/net/DEV/queues/rx-*/rps_cpus.", node),
		Figures:  report.Numbers{"nic_node": node, "remote_packets": remote, "remote_cpus": len(names)},
	}
}

// backlogOverflow: RPS gives a CPU more than its backlog holds.
func (d *diagnosis) backlogOverflow() *report.Finding {
	if d.mode == nil || d.mode.Totals.BacklogDrops == nil || *d.mode.Totals.BacklogDrops == 0 || !d.timed() {
		return nil
	}
	drops := *d.mode.Totals.BacklogDrops
	worst := &d.mode.CPUs[0]
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; c.Backlog != nil && (worst.Backlog == nil || c.BacklogDrops > worst.BacklogDrops) {
			worst = c
		}
	}
	limit := d.number("backlog", 1000)
	more := 1 << bits.Len(uint(2*limit))
	severity, host := report.Warning, " If this was taken on the receiver itself, its backlogs took all of these packets, and the costs are too high."
	switch {
	case d.t.Scaled: // a backlog took them at the capture's own rate
		host = ""
	case d.t.TakenOnHost != "": // what captures stands behind the backlog
		severity, host = report.Note, fmt.Sprintf(" But they were received: %s, so each of these packets had passed a backlog.", d.t.TakenOnHost)
	case d.ownCosts() && d.loaded():
		severity = report.Problem
	}
	where := fmt.Sprintf("in full backlogs of RPS, %s of them on CPU %d", words.Exact(worst.BacklogDrops), worst.CPU)
	if worst.BacklogDrops == drops {
		where = fmt.Sprintf("in the full backlog of CPU %d (RPS)", worst.CPU)
	}
	return &report.Finding{
		ID: "backlog-overflow", Severity: severity,
		Summary: words.UpperFirst(d.assumed() + fmt.Sprintf("%s %s.", words.Plural(drops, "packet is dropped", "packets are dropped"), where)),
		Evidence: fmt.Sprintf("More than --backlog %d waited there; the CPU was busy %s of the time. Linux drops at the latest where twice as many wait: what the running backlog has taken over does not count there.%s",
			limit, words.Percent(worst.Utilization), host),
		Remedy:  fmt.Sprintf("`sysctl -w net.core.netdev_max_backlog=%d` for bursts; where the CPU is full, more CPUs in the masks. To see what that does: %s.", more, d.run("", Argument{"--backlog", fmt.Sprint(more)})),
		Figures: report.Numbers{"drops": drops, "cpu": worst.CPU, "cpu_drops": worst.BacklogDrops, "backlog": limit},
	}
}
