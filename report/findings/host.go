package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about the machine around the NIC, where its own texts were given.

// used are the CPUs of the judged mode that take packets, with what is told of each.
func (d *diagnosis) used() (cpus []*report.CPU, told []*report.HostCPU) {
	if d.mode == nil || d.r.Host == nil {
		return nil, nil
	}
	for i := range d.mode.CPUs {
		if c := &d.mode.CPUs[i]; c.Packets > 0 {
			cpus, told = append(cpus, c), append(told, d.r.Host.At(c.CPU))
		}
	}
	return cpus, told
}

// napiElsewhere: something on the host moves the work to other CPUs than those that the
// interrupts go to.
func (d *diagnosis) napiElsewhere() *report.Finding {
	h := d.r.Host
	if h == nil || d.mode == nil || d.parameter("napi-cpu") != nil {
		return nil
	}
	f := &report.Finding{ID: "napi-elsewhere", Severity: report.Warning, Figures: report.Numbers{"threaded_napi": flag(h.ThreadedNAPI), "busy_polling": flag(h.BusyPolling)}}
	where := "If you know the CPUs: " + d.run("", Argument{"--napi-cpu", "QUEUE=CPU"}) + "."
	switch {
	case h.ThreadedNAPI:
		f.Summary = "The interface polls in threads of its own (threaded NAPI): an interrupt's CPU is not where its queue's packets are worked on."
		f.Evidence = "/sys/class/net/DEV/threaded is not 0. The queues are right here; the CPUs are those of the interrupts."
		f.Remedy = "`ps -eLo psr,comm | grep napi/` tells where the threads run; it stays so only where `taskset` has pinned them. " + where
	case h.BusyPolling:
		f.Summary = "Programs may poll the queues themselves (busy polling): an interrupt's CPU is then not where its queue's packets are worked on."
		f.Evidence = "net.core.busy_poll or net.core.busy_read is not 0. The queues are right here; the CPUs are those of the interrupts."
		f.Remedy = "What polls runs where its thread does: `ps -eLo psr,comm`. " + where
	default:
		return nil
	}
	return f
}

func flag(is bool) int {
	if is {
		return 1
	}
	return 0
}

// offNode tells whether a CPU is on another NUMA node than the NIC, as the host's texts tell.
func (d *diagnosis) offNode(cpu int) bool {
	at := d.r.Host.At(cpu)
	return at != nil && at.Node != nil && d.r.Host.NICNode != nil && *at.Node != *d.r.Host.NICNode
}

// takenBy is what those of the CPUs take that are asked for: packets, their share of all, and
// which CPUs these are.
func (d *diagnosis) takenBy(are func(cpu int) bool) (packets uint64, share report.Fraction, cpus []int) {
	var all uint64
	for i := range d.mode.CPUs {
		c := &d.mode.CPUs[i]
		all += c.Packets
		if c.Packets > 0 && are(c.CPU) {
			packets, cpus = packets+c.Packets, append(cpus, c.CPU)
		}
	}
	return packets, report.Ratio(packets, all), cpus
}

// remoteNode: CPUs that take packets are on another NUMA node than the NIC.
func (d *diagnosis) remoteNode() *report.Finding {
	if len(d.t.FarCPUs) > 0 && d.mode != nil {
		return d.farProcessors()
	}
	if d.mode == nil || d.r.Host == nil || d.r.Host.NICNode == nil || d.has("rps-off-node") {
		return nil
	}
	node := *d.r.Host.NICNode
	remote, share, names := d.takenBy(d.offNode)
	if remote == 0 {
		return nil
	}
	var near []int
	for i := range d.r.Host.CPUs {
		if c := &d.r.Host.CPUs[i]; c.Node != nil && *c.Node == node {
			near = append(near, c.CPU)
		}
	}
	f := &report.Finding{
		ID: "remote-node", Severity: report.Warning,
		Summary: fmt.Sprintf("%s of the packets go to CPUs on another NUMA node than the NIC's, node %d: %s.",
			words.Percent(share), node, nameCPUs(names)),
		Evidence: acrossNodes,
		Figures:  report.Numbers{"nic_node": node, "remote_packets": remote, "remote_cpus": len(names)},
	}
	if len(near) > 0 {
		f.Remedy = fmt.Sprintf("Let the queues' interrupts go to CPUs of node %d: %s, by /proc/irq/*/smp_affinity_list, which irqbalance may change again.", node, nameCPUs(near))
		if len(d.mode.Queues) > len(near) {
			f.Remedy += fmt.Sprintf(" It has fewer CPUs than there are queues: `ethtool -L DEV combined %d`.", len(near))
		}
	}
	return f
}

// acrossNodes is what it costs to work on packets off the NIC's node.
const acrossNodes = "Such a CPU reaches the packets, their descriptors and the NIC's registers across the link between the nodes. What that costs is not in the times here."

// farProcessors is remoteNode under Windows, which shows how far processors are from the NIC.
func (d *diagnosis) farProcessors() *report.Finding {
	remote, share, names := d.takenBy(func(cpu int) bool { return slices.Contains(d.t.FarCPUs, cpu) })
	if remote == 0 {
		return nil
	}
	f := &report.Finding{
		ID: "remote-node", Severity: report.Warning,
		Summary:  fmt.Sprintf("%s of the packets go to CPUs on another NUMA node than the NIC's: %s.", words.Percent(share), nameCPUs(names)),
		Evidence: "By the NUMA distances of RssProcessorArray. " + acrossNodes,
		Remedy:   fmt.Sprintf("`Set-NetAdapterRss -Name DEV -Profile ClosestStatic` takes those on the NIC's node first: %s.", nameCPUs(d.t.NearCPUs)),
		Figures:  report.Numbers{"remote_packets": remote, "remote_cpus": len(names)},
	}
	if len(d.t.NearCPUs) == 0 {
		f.Remedy = "RSS may use no CPU on the NIC's node: have -BaseProcessorGroup and -BaseProcessorNumber of `Set-NetAdapterRss -Name DEV`, and their -MaxProcessor… counterparts, span some that are."
	}
	return f
}

// sharedCore: threads of one core both take packets while other cores have no queue.
func (d *diagnosis) sharedCore() *report.Finding {
	cpus, told := d.used()
	var siblings []string
	var packets, all uint64
	var usedCores []int
	shared := 0
	for i, at := range told {
		if at == nil || at.Core == nil {
			return nil
		}
		all += cpus[i].Packets
		if slices.Contains(usedCores, *at.Core) {
			continue
		}
		usedCores = append(usedCores, *at.Core)
		names, sum := []int{cpus[i].CPU}, cpus[i].Packets
		for j := i + 1; j < len(told); j++ {
			if told[j] != nil && told[j].Core != nil && *told[j].Core == *at.Core {
				names, sum = append(names, cpus[j].CPU), sum+cpus[j].Packets
			}
		}
		if len(names) > 1 {
			shared++
			packets += sum
			siblings = append(siblings, listOf(names))
		}
	}
	if shared == 0 {
		return nil
	}
	// Cores without a queue, of the NIC's node where that is known.
	var free, seen []int
	for i := range d.r.Host.CPUs {
		c := &d.r.Host.CPUs[i]
		if c.Core == nil || slices.Contains(seen, *c.Core) || slices.Contains(usedCores, *c.Core) {
			continue
		}
		if d.offNode(c.CPU) {
			continue
		}
		seen = append(seen, *c.Core)
		free = append(free, c.CPU)
	}
	if len(free) == 0 {
		return nil
	}
	more := ""
	if len(siblings) > 4 {
		more = " and " + words.Plural(uint64(len(siblings)-4), "more core", "more cores")
		siblings = siblings[:4]
	}
	return &report.Finding{
		ID: "shared-core", Severity: report.Note,
		Summary: fmt.Sprintf("Queues are on several threads of %s (CPUs %s%s), which %s %s of the packets, while %s no queue.",
			words.Plural(uint64(shared), "core", "cores"), strings.Join(siblings, "; "), more, verb(shared, "has", "have"), words.Percent(report.Ratio(packets, all)), words.Plural(uint64(len(free)), "core has", "cores have")),
		Evidence: "Threads share what their core can do: by packets alone they look like CPUs of their own.",
		Remedy:   fmt.Sprintf("Move all but one of a core's queues to cores of their own, by /proc/irq/*/smp_affinity_list: %s.", nameCPUs(free)),
		Figures:  report.Numbers{"shared_cores": shared, "free_cores": len(free), "shared_packets": packets},
	}
}

// total is the sum over the host's CPUs of what was counted.
func total(h *report.Host, of func(*report.HostCPU) *uint64) (sum uint64) {
	for i := range h.CPUs {
		if n := of(&h.CPUs[i]); n != nil {
			sum += *n
		}
	}
	return sum
}

// counted says over which time the host's counts are.
func (d *diagnosis) counted() string {
	switch w := d.r.Host.Window; {
	case w == nil:
		return "since the host booted"
	case *w <= 0:
		return "between the snapshots"
	default:
		return fmt.Sprintf("in the %s between the snapshots", words.Nanoseconds(*w))
	}
}

// most are the CPUs with the most of what was counted, as "CPU 3 (1,200), CPU 1 (7)".
func most(h *report.Host, of func(*report.HostCPU) *uint64) string {
	var sorted []*report.HostCPU
	for i := range h.CPUs {
		if n := of(&h.CPUs[i]); n != nil && *n > 0 {
			sorted = append(sorted, &h.CPUs[i])
		}
	}
	slices.SortStableFunc(sorted, func(a, b *report.HostCPU) int { return cmp.Compare(*of(b), *of(a)) })
	var names []string
	for i, c := range sorted {
		if i == 3 && len(sorted) > 4 {
			names = append(names, fmt.Sprintf("%d more CPUs", len(sorted)-i))
			break
		}
		names = append(names, fmt.Sprintf("CPU %d (%s)", c.CPU, words.Exact(*of(c))))
	}
	return strings.Join(names, ", ")
}

// sinceSeverity is a warning where the counts are of the snapshots' time, else a note: since a
// host booted much may have been that is mended.
func (d *diagnosis) sinceSeverity() string {
	if d.r.Host.Window == nil {
		return report.Note
	}
	return report.Warning
}

// backlogDrops: the host itself dropped packets behind the NIC.
func (d *diagnosis) backlogDrops() *report.Finding {
	if d.r.Host == nil {
		return nil
	}
	of := func(c *report.HostCPU) *uint64 { return c.BacklogDrops }
	drops := total(d.r.Host, of)
	if drops == 0 {
		return nil
	}
	return &report.Finding{
		ID: "backlog-drops", Severity: d.sinceSeverity(),
		Summary:  fmt.Sprintf("The host dropped %s from full backlogs %s: %s.", words.Plural(drops, "packet", "packets"), d.counted(), most(d.r.Host, of)),
		Evidence: "Column 2 of /proc/net/softnet_stat. A backlog takes the packets that RPS, veth and loopback hand on to a CPU: the NIC and its driver lost none of these.",
		Remedy:   "`sysctl -w net.core.netdev_max_backlog=N` with a larger N (1000 is the default) takes longer bursts; a CPU that is overloaded needs fewer flows.",
		Figures:  report.Numbers{"backlog_drops": drops},
	}
}

// squeezedFrom is the share of NET_RX softirqs that ended with work left which is worth a
// finding: now and then each host has one.
const squeezedFrom = 0.01

// timeSqueezed: polling often ended by its budget, with packets left in the rings.
func (d *diagnosis) timeSqueezed() *report.Finding {
	if d.r.Host == nil {
		return nil
	}
	of := func(c *report.HostCPU) *uint64 { return c.TimeSqueezes }
	squeezes, runs := total(d.r.Host, of), total(d.r.Host, func(c *report.HostCPU) *uint64 { return c.NetRXRuns })
	share := report.Ratio(squeezes, runs)
	if share.IsNull() || share < squeezedFrom {
		return nil
	}
	return &report.Finding{
		ID: "time-squeezed", Severity: d.sinceSeverity(),
		Summary:  fmt.Sprintf("%s of the host's NET_RX softirqs ended because their budget or their time was used up (%s %s): %s.", words.Percent(share), words.Exact(squeezes), d.counted(), most(d.r.Host, of)),
		Evidence: fmt.Sprintf("Column 3 of /proc/net/softnet_stat, of %s NET_RX softirqs in /proc/softirqs. What packets are left wait for the next one, or for ksoftirqd, which competes with programs.", words.Exact(runs)),
		Remedy:   "A more even spread takes work from those CPUs. `sysctl net.core.netdev_budget net.core.netdev_budget_usecs` shows how much one softirq may do (300 packets and 2 jiffies are the defaults); twice as much of both lets them poll longer at a time.",
		Figures:  report.Numbers{"time_squeezes": squeezes, "net_rx_runs": runs, "squeezed": share},
	}
}
