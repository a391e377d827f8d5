package findings

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about the receive queues and the CPUs that they are on.

// hasOneQueue tells whether there is no other receive queue that a table could lead to.
func (d *diagnosis) hasOneQueue() bool {
	return len(d.r.Table.QueueCPUs) == 1 && d.t.Rings < 2 && !d.t.Windows
}

// singleQueue: the NIC has one receive queue, and the host several CPUs.
func (d *diagnosis) singleQueue() *report.Finding {
	if d.mode == nil || !d.hasOneQueue() || d.mode.Totals.Packets == 0 {
		return nil
	}
	all, mask, cpus := d.cpuList(), d.cpuMask(), len(d.mode.CPUs)
	if host := d.hostCPUs(); len(host) > cpus {
		all, mask, cpus = listOf(host), maskOf(host), len(host)
	}
	if cpus < 2 {
		return nil
	}
	severity := report.Note // as small machines are made
	if len(d.mode.CPUs) > 1 || d.loaded() {
		severity = d.weigh(report.Fraction(cpus))
	}
	f := &report.Finding{
		ID: "single-queue", Severity: severity,
		Summary: fmt.Sprintf("The NIC has one receive queue: everything goes to CPU %d, and there are %d CPUs.", d.r.Table.QueueCPUs[0], cpus),
		Remedy: fmt.Sprintf("RPS spreads behind it: `echo %s >/sys/class/net/DEV/queues/rx-0/rps_cpus`; its effect: %s.",
			mask, d.run("", Argument{"--cpus", all}, Argument{"--rps", all})),
		Figures: d.load(report.Numbers{"queue": 0, "host_cpus": cpus}),
	}
	switch most := d.t.MostRings; {
	case d.t.MostQueues == 1:
		f.Evidence = "RSS of this NIC has one queue under its driver."
	case most > 1:
		f.Evidence = fmt.Sprintf("`ethtool -l DEV` says that it can have %d.", most)
		f.Remedy = fmt.Sprintf("`ethtool -L DEV combined %d` gives it more. Or ", min(most, cpus)) + f.Remedy
	case most == 1:
		f.Evidence = "`ethtool -l DEV` says that it can't have more."
	case d.t.PowerShell:
		f.Evidence = "How many it can have is not known."
		f.Remedy = words.UpperFirst(d.setQueues(cpus)) + ", where the NIC has more queues; there is no RPS under Windows."
	default:
		f.Evidence = "How many it can have is not known."
		f.Remedy = "More queues where the NIC can (`ethtool -l DEV`). Or " + f.Remedy
	}
	if n := d.withoutKernelHash(); 2*n > d.r.Capture.Received && !d.t.PowerShell {
		f.Evidence += fmt.Sprintf(" %s of the packets are neither IP nor PPPoE, which neither queues nor RPS spread.", words.Percent(d.share(n)))
		f.Remedy = d.keptTogether(n) + " " + readByXDP + "."
	}
	return f
}

// hostCPUs are the CPUs that the host has, as far as its texts tell.
func (d *diagnosis) hostCPUs() []int {
	if d.r.Host == nil || len(d.r.Host.CPUs) == 0 {
		return d.t.HostCPUs
	}
	var cpus []int
	for i := range d.r.Host.CPUs {
		cpus = append(cpus, d.r.Host.CPUs[i].CPU)
	}
	return cpus
}

// queuesOfCPU is how many queues are on each CPU that has one.
func (d *diagnosis) queuesOfCPU() map[int]int {
	queues := map[int]int{}
	for _, cpu := range d.r.Table.QueueCPUs {
		queues[cpu]++
	}
	return queues
}

// ownCPUs is the remedy where the interrupts of queues are not spread.
const ownCPUs = "Give each queue's interrupt a CPU of its own, and keep irqbalance from moving it back: `echo CPU >/proc/irq/N/smp_affinity_list`"

// sharedCPU: two queues on one CPU while another one in use has none (irqbalance #122).
func (d *diagnosis) sharedCPU() *report.Finding {
	if d.mode == nil {
		return nil
	}
	queues := d.queuesOfCPU()
	var idle, at, most int
	for i := range d.mode.CPUs {
		cpu := d.mode.CPUs[i].CPU
		if queues[cpu] == 0 {
			idle++
		}
		if queues[cpu] > most {
			most, at = queues[cpu], cpu
		}
	}
	switch {
	case most < 2:
		return nil
	case idle == 0:
		return d.unevenInterrupts(queues)
	}
	f := &report.Finding{
		ID: "queues-share-cpu", Severity: d.weigh(max(report.MaxOverMean(d.cpuEntries()), report.UnevenFrom)),
		Figures:  d.load(report.Numbers{"shared_cpu": at, "queues": most, "idle_cpus": idle}),
		Summary:  fmt.Sprintf("%d queues share CPU %d, while %s in use %s no queue.", most, at, words.Plural(uint64(idle), "CPU", "CPUs"), verb(idle, "has", "have")),
		Evidence: d.hottest() + ".",
		Remedy:   ownCPUs,
	}
	if d.t.PowerShell {
		f.Remedy = "Let RSS use more processors: " + d.setQueues(len(d.mode.CPUs))
	}
	if slices.ContainsFunc(d.t.Command, func(a Argument) bool { return a.Flag == "--affinity" }) {
		f.Remedy += "; its effect: " + d.run("", Argument{"--affinity", ""})
	}
	f.Remedy += "."
	return d.asCounted(f, at)
}

// asCounted is f, that queues share a CPU, as sure as it is: where counts since the host started
// alone tell which CPU a queue's interrupts go to, and others got a good part of them, irqbalance
// may have moved them since.
func (d *diagnosis) asCounted(f *report.Finding, cpu int) *report.Finding {
	if p := d.parameter("affinity"); p != nil && strings.HasPrefix(p.Source, "--") {
		return f
	}
	sure, least := 0, 1.0
	for queue, at := range d.r.Table.QueueCPUs {
		if at != cpu {
			continue
		}
		share := 1.0
		if queue < len(d.t.IRQShares) {
			share = d.t.IRQShares[queue]
		}
		if least = min(least, share); share >= settled {
			sure++
		}
	}
	if sure > 1 {
		return f
	}
	f.Severity = report.Note
	f.Summary = "By where most interrupts since the host started went, " + strings.ToLower(f.Summary[:1]) + f.Summary[1:]
	if least > 0 {
		f.Evidence += fmt.Sprintf(" But CPU %d got as little as %s of a queue's: they may go elsewhere now.", cpu, words.Percent(report.Fraction(least)))
	} else {
		f.Evidence += " But of a queue hardly any were counted: they may go elsewhere now."
	}
	f.Remedy = "First see where they go: give `grep . /proc/irq/*/*_affinity_list` with --irq as well. " + f.Remedy
	return f
}

// settled is the share of a queue's interrupts on one CPU from which they are taken to go there still.
const settled = 0.9

// unevenInterrupts: the table is even over the queues, and their interrupts are not over the
// CPUs, nor do they go to all that the host has (Aquantia's AQtion #31).
func (d *diagnosis) unevenInterrupts(queues map[int]int) *report.Finding {
	ofQueue, ofCPU := d.r.Table.QueueEntries(), d.cpuEntries()
	if slices.Max(ofQueue) > slices.Min(ofQueue)+1 || len(ofQueue) < 2 || d.t.PowerShell {
		return nil // the table's own weights
	}
	most := slices.Max(ofCPU)
	at := d.mode.CPUs[slices.Index(ofCPU, most)].CPU
	one := len(d.mode.CPUs) == 1
	if !one && (report.MaxOverMean(ofCPU) < report.UnevenFrom || !d.uneven() || d.busiestEntries() != most) {
		return nil
	}
	least := queues[at]
	for _, n := range queues {
		least = min(least, n)
	}
	f := &report.Finding{
		ID: "queues-share-cpu", Evidence: d.hottest() + ".", Remedy: ownCPUs + ".",
		Severity: d.weigh(report.MaxOverMean(ofCPU)),
		Figures:  d.load(report.Numbers{"shared_cpu": at, "queues": queues[at], "idle_cpus": 0}),
	}
	switch idle, of := d.idleOfHost(); {
	case idle > 0:
		cpus := len(d.mode.CPUs) + idle
		f.Severity = d.weigh(report.Fraction(float64(most) / float64(d.r.Table.Size) * float64(min(cpus, len(ofQueue)))))
		which := fmt.Sprintf("%d of %d", queues[at], len(ofQueue))
		if one {
			which = fmt.Sprintf("All %d", len(ofQueue))
		}
		all := len(d.hostCPUs())
		f.Summary = fmt.Sprintf("%s queues are on CPU %d, while %s of %s %s no queue.", which, at, words.Plural(uint64(idle), "CPU", "CPUs"), of, verb(idle, "has", "have"))
		f.Evidence = fmt.Sprintf("CPU %d has %s of the packets under %s, and the host %d CPUs.", at, words.Percent(report.Ratio(d.busiest().Packets, d.mode.Totals.Packets)), d.mode.Mode, all)
		f.Figures["idle_cpus"], f.Figures["host_cpus"] = idle, all
	case one:
		return nil
	case queues[at] > least+1:
		f.Summary = fmt.Sprintf("%d of %d queues are on CPU %d, and %d on another: the load follows the interrupts.", queues[at], len(ofQueue), at, least)
		f.Remedy = "Spread the queues' interrupts evenly, and keep irqbalance from moving them back: `echo CPU >/proc/irq/N/smp_affinity_list`."
	default:
		f.Summary = fmt.Sprintf("%d queues can't be shared out evenly over %d CPUs: some have %d, some %d, and the load follows.", len(ofQueue), len(ofCPU), queues[at], least)
		f.Remedy = fmt.Sprintf("As many queues as CPUs: %s%s.", d.setQueues(len(ofCPU)), d.effect(cpuFlags, Argument{"--queues", fmt.Sprint(len(ofCPU))}))
	}
	return d.asCounted(f, at)
}

// crowdedQueues: the load is shared out over a few CPUs of many, each with several queues; on purpose
// or as nobody spread the interrupts, which no text tells.
func (d *diagnosis) crowdedQueues() *report.Finding {
	if d.mode == nil || len(d.mode.CPUs) < 2 || d.t.PowerShell || d.has("queues-share-cpu") {
		return nil
	}
	queues, cpus := len(d.r.Table.QueueCPUs), len(d.mode.CPUs)
	of := d.queuesOfCPU()
	idle, where := d.idleOfHost()
	if len(of) < cpus || min(queues, cpus+idle) <= 2*cpus { // two on each may be a core's two threads
		return nil
	}
	at := slices.MaxFunc(slices.Sorted(maps.Keys(of)), func(a, b int) int { return of[a] - of[b] })
	return d.asCounted(&report.Finding{
		ID: "queues-share-cpu", Severity: report.Note,
		Summary:  fmt.Sprintf("%d queues are on %d CPUs, while %s of %s %s no queue.", queues, cpus, words.Plural(uint64(idle), "CPU", "CPUs"), where, verb(idle, "has", "have")),
		Evidence: fmt.Sprintf("CPU %d has %d of them. It is no fault if the others are kept for other work.", at, of[at]),
		Remedy:   ownCPUs + ".",
		Figures:  d.load(report.Numbers{"shared_cpu": at, "queues": of[at], "idle_cpus": idle, "host_cpus": len(d.hostCPUs())}),
	}, at)
}

// idleOfHost is how many CPUs the host has beside those in use, where its texts and not the
// user say which these are, and of what. CPUs off the NIC's NUMA node may be left out on purpose.
func (d *diagnosis) idleOfHost() (n int, of string) {
	of = "the host"
	if p := d.parameter("cpus"); p == nil || strings.HasPrefix(p.Source, "--") {
		return 0, of
	}
	for _, cpu := range d.hostCPUs() {
		switch {
		case d.mode.CPUNumbered(cpu) != nil:
		case d.offNode(cpu):
			of = "the NIC's NUMA node"
		default:
			n++
		}
	}
	return n, of
}

// ruled is the CPUs to which rules sent packets: each to its queue, or by the table of its RSS
// context.
func (d *diagnosis) ruled() map[int]bool {
	cpus := map[int]bool{}
	for i := range d.r.Rules {
		rule := &d.r.Rules[i]
		if rule.Queue != nil && rule.Packets > 0 && *rule.Queue < len(d.r.Table.QueueCPUs) {
			cpus[d.r.Table.QueueCPUs[*rule.Queue]] = true
		}
	}
	for i := range d.r.Contexts {
		context := &d.r.Contexts[i]
		for entry, packets := range context.Packets {
			if cpu, known := context.CPUOf(entry); known && packets > 0 {
				cpus[cpu] = true
			}
		}
	}
	return cpus
}

// assumesCPUs tells whether no entry reaches some of the CPUs, and nobody said that
// there are so many.
func (d *diagnosis) assumesCPUs() bool {
	p := d.parameter("cpus")
	return p != nil && p.Source == report.DefaultSource && slices.Contains(d.cpuEntries(), 0)
}

// missedCPUs: CPUs in use that no entry reaches, and no rule.
func (d *diagnosis) missedCPUs() *report.Finding {
	if d.mode == nil || d.has("one-queue", "single-queue", "queues-share-cpu") {
		return nil
	}
	var missed []int
	ruled := d.ruled()
	for i, n := range d.cpuEntries() {
		if cpu := d.mode.CPUs[i].CPU; n == 0 && !ruled[cpu] {
			missed = append(missed, cpu)
		}
	}
	if len(missed) == 0 {
		return nil
	}
	n := uint64(len(missed))
	f := &report.Finding{
		ID: "cpus-missed", Severity: report.Warning,
		Summary:  fmt.Sprintf("%s of %s CPUs %s no hashed packet: no entry of the indirection table leads there.", words.Exact(n), words.Exact(uint64(len(d.mode.CPUs))), verb(int(n), "gets", "get")),
		Evidence: fmt.Sprintf("%s; the table has %s, and %s on %s.", nameCPUs(missed), words.Plural(uint64(d.r.Table.Size), "entry", "entries"), words.Plural(uint64(len(d.r.Table.QueueCPUs)), "queue is", "queues are"), words.Plural(uint64(len(d.queuesOfCPU())), "CPU", "CPUs")),
		Remedy:   d.reachAll(),
		Figures:  report.Numbers{"missed_cpus": n, "cpus": len(d.mode.CPUs)},
	}
	if most := d.mostQueues(len(d.mode.CPUs)); most > 0 && most < len(d.mode.CPUs) {
		f.Evidence += fmt.Sprintf(" RSS of this NIC reaches at most %s%s.", words.Plural(uint64(most), "queue", "queues"), d.rounded(most))
	}
	if d.assumesCPUs() { // and so how much is lost, if any is
		f.Severity = d.weigh(report.MaxOverMean(d.cpuEntries()))
		f.Evidence += fmt.Sprintf(" That there are %d CPUs is an assumption.", len(d.mode.CPUs))
		f.Remedy += fmt.Sprintf(" If there are fewer CPUs: %s.", d.run("", Argument{"--cpus", fmt.Sprint(len(d.mode.CPUs) - int(n))}))
	}
	switch most := d.t.RSSQueues; {
	case most > 0 && len(d.r.Table.QueueCPUs) > most:
		f.Evidence = fmt.Sprintf("RSS of this NIC reaches the first %d of its %d queues. %s", most, len(d.r.Table.QueueCPUs), f.Evidence)
		f.Remedy = fmt.Sprintf("`ethtool -L DEV combined %d`: no table can lead to more queues. Or receive rules (`ethtool -N`), which reach the others.", most)
	case d.t.Windows:
		d.byWindows(f)
	}
	return f
}

// reachAll is how a table comes to reach every CPU: over all queues where these are
// on all CPUs, else with more queues.
func (d *diagnosis) reachAll() string {
	cpus, queues := len(d.mode.CPUs), len(d.r.Table.QueueCPUs)
	most := d.mostQueues(cpus)
	switch few := len(d.queuesOfCPU()) < cpus; {
	case d.t.PowerShell:
		return fmt.Sprintf("Let RSS use more processors, where the NIC has as many queues: %s.", d.setQueues(cpus))
	case few && most > 0 && queues >= most && most < cpus:
		return fmt.Sprintf("RPS spreads behind the NIC: %s. Or leave the other CPUs out: %s.",
			d.byRPS("N"), d.run("", Argument{"--cpus", fmt.Sprint(most)}))
	case few && most > 0 && most < cpus:
		return fmt.Sprintf("As many queues as the NIC has (`ethtool -L DEV combined %d`), then `ethtool -X DEV default`; or interrupts on the other CPUs (/proc/irq/N/smp_affinity_list).", most)
	case few:
		return fmt.Sprintf("As many queues as CPUs (`ethtool -L DEV combined %d`), then `ethtool -X DEV default`; or interrupts on the other CPUs (/proc/irq/N/smp_affinity_list).", cpus)
	case d.r.Table.Size < cpus && reached(d.cpuEntries()) == d.r.Table.Size:
		return fmt.Sprintf("No table of %s leads to more CPUs: leave the others out, %s. Or RPS spreads behind the NIC: %s.",
			words.Plural(uint64(d.r.Table.Size), "entry", "entries"), d.run("", Argument{"--cpus", fmt.Sprint(d.r.Table.Size)}), d.byRPS("N"))
	}
	return fmt.Sprintf("A table over all queues: %s.", d.setEqual())
}

// reached is how many CPUs have an entry, of the entries of each.
func reached(entries []uint64) (n int) {
	for _, of := range entries {
		if of > 0 {
			n++
		}
	}
	return n
}

// mostQueues is how many queues RSS of the NIC can reach for so many CPUs, by its profile and
// `ethtool -l`; 0 if neither tells.
func (d *diagnosis) mostQueues(cpus int) int {
	most := min(d.t.MostQueues, d.t.MostRings)
	if most == 0 {
		most = max(d.t.MostQueues, d.t.MostRings)
	}
	if d.t.PowerOfTwo && cpus > 0 && (most == 0 || most > cpus) {
		most = 1 << (bits.Len(uint(cpus)) - 1)
	}
	return most
}

// rounded is the clause about why RSS reaches so few queues, where a larger power of two would
// be more than the CPUs.
func (d *diagnosis) rounded(most int) string {
	if d.t.PowerOfTwo && most > 0 && 2*most > len(d.mode.CPUs) {
		return fmt.Sprintf(" for %d CPUs, as its driver rounds their number down to a power of two", len(d.mode.CPUs))
	}
	return ""
}
