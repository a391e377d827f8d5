package report

import (
	"fmt"
	"slices"
	"strings"
)

// Findings about the table, the queues and the machine.

// cpuEntries is how many entries of the table lead to each of the mode's CPUs, by
// their order in it.
func (d *diagnosis) cpuEntries() []uint64 {
	place := map[int]int{}
	for i := range d.mode.CPUs {
		place[d.mode.CPUs[i].CPU] = i
	}
	entries := make([]uint64, len(d.mode.CPUs))
	for _, queue := range d.r.Table.Entries {
		if i, ok := place[d.r.Table.QueueCPUs[queue]]; ok {
			entries[i]++
		}
	}
	return entries
}

// queueEntries is how many entries of the table lead to each queue.
func (d *diagnosis) queueEntries() []uint64 {
	entries := make([]uint64, len(d.r.Table.QueueCPUs))
	for _, queue := range d.r.Table.Entries {
		entries[queue]++
	}
	return entries
}

func (d *diagnosis) defaultQueue() int {
	if p := d.parameter("default-queue"); p != nil {
		if n, ok := p.Value.(int); ok {
			return n
		}
	}
	return 0
}

// unhashed: packets without an IP header that the NIC could hash, all to one queue
// (PPPoE, MPLS and the like).
func (d *diagnosis) unhashed() *Finding {
	var n uint64
	var reasons []string
	for _, c := range d.r.Capture.Unhashed {
		if c.Packets > 0 && c.Name != noHashTypeReason {
			n += c.Packets
			reasons = append(reasons, fmt.Sprintf("%s %s", c.Name, exact(c.Packets)))
		}
	}
	if !d.judged() || len(d.mode.CPUs) < 2 || float64(n) < ofFairShare*d.fair() {
		return nil
	}
	queue := d.defaultQueue()
	return &Finding{
		ID: "unhashed", Severity: Problem,
		Summary:  fmt.Sprintf("%s of the received packets have no hash, and all go to queue %d on CPU %d.", percent(d.share(n)), queue, d.r.Table.QueueCPUs[queue]),
		Evidence: fmt.Sprintf("%s: %s packets; %s.", strings.Join(reasons, ", "), exact(n), d.hottest()),
		Remedy:   fmt.Sprintf("Spread them behind the NIC: `echo %s >/sys/class/net/DEV/queues/rx-%d/rps_cpus`, or an XDP cpumap.", d.cpuMask(), queue),
	}
}

// noHashTypeReason is the reason of IP packets that no enabled hash type fits.
const noHashTypeReason = "no_enabled_hash_type"

// noHashType: Windows never enabled the UDP types of NetKVM before 6.80, say.
func (d *diagnosis) noHashType() *Finding {
	var n uint64
	for _, c := range d.r.Capture.Unhashed {
		if c.Name == noHashTypeReason {
			n = c.Packets
		}
	}
	if !d.judged() || len(d.mode.CPUs) < 2 || float64(n) < ofFairShare*d.fair() {
		return nil
	}
	queue := d.defaultQueue()
	types := "none"
	if p := d.parameter("hash-types"); p != nil {
		types = p.text()
	}
	return &Finding{
		ID: "no-hash-type", Severity: Problem,
		Summary: fmt.Sprintf("%s of the received packets are IP of a kind for which no hash is enabled, and all go to queue %d on CPU %d.",
			percent(d.share(n)), queue, d.r.Table.QueueCPUs[queue]),
		Evidence: fmt.Sprintf("%s packets; enabled are %s; %s.", exact(n), types, d.hottest()),
		Remedy:   "Enable the hash: `ethtool -N DEV rx-flow-hash udp4 sdfn` and its like; under Windows, `Enable-NetAdapterRss` and a driver that has UDP types.",
	}
}

// oneQueue: a table of one value, as after a change of channels (onload #208).
func (d *diagnosis) oneQueue() *Finding {
	if d.mode == nil || len(d.mode.CPUs) < 2 || d.r.Table.Size < 2 {
		return nil
	}
	for _, queue := range d.r.Table.Entries {
		if queue != d.r.Table.Entries[0] {
			return nil
		}
	}
	queue := d.r.Table.Entries[0]
	return &Finding{
		ID: "one-queue", Severity: Problem,
		Summary:  fmt.Sprintf("All %d entries of the indirection table are queue %d: everything goes to CPU %d.", d.r.Table.Size, queue, d.r.Table.QueueCPUs[queue]),
		Evidence: d.hottest() + ".",
		Remedy:   "`ethtool -X DEV default`, or `ethtool -X DEV equal N`: a table is not made anew when the number of channels changes.",
	}
}

// assumesCPUs tells whether no entry reaches some of the CPUs, and nobody said that
// there are so many.
func (d *diagnosis) assumesCPUs() bool {
	p := d.parameter("cpus")
	return p != nil && p.Source == DefaultSource && slices.Contains(d.cpuEntries(), 0)
}

// missedCPUs: CPUs in use that no entry reaches.
func (d *diagnosis) missedCPUs() *Finding {
	if d.mode == nil || d.has("one-queue") || d.assumesCPUs() {
		return nil
	}
	var missed []string
	for i, n := range d.cpuEntries() {
		if n == 0 {
			missed = append(missed, fmt.Sprint(d.mode.CPUs[i].CPU))
		}
	}
	if len(missed) == 0 {
		return nil
	}
	more := ""
	if len(missed) > 16 {
		missed, more = missed[:16], ", …"
	}
	n := uint64(0)
	for _, entries := range d.cpuEntries() {
		if entries == 0 {
			n++
		}
	}
	return &Finding{
		ID: "cpus-missed", Severity: Warning,
		Summary:  fmt.Sprintf("No entry of the indirection table leads to %s of %d.", plural(n, "CPU", "CPUs"), len(d.mode.CPUs)),
		Evidence: fmt.Sprintf("CPU %s%s; the table has %d entries, and %d queues are on %d CPUs.", strings.Join(missed, ", "), more, d.r.Table.Size, len(d.r.Table.QueueCPUs), distinct(d.r.Table.QueueCPUs)),
		Remedy:   "More queues (`ethtool -L DEV combined N`), a table over all of them (`ethtool -X DEV equal N`), or interrupts on other CPUs (/proc/irq/N/smp_affinity_list).",
	}
}

func distinct(values []int) int {
	seen := map[int]bool{}
	for _, v := range values {
		seen[v] = true
	}
	return len(seen)
}

// lopsidedTable: one queue has far more entries than the rest, which nobody asked
// for (virtio-win #1618: 104, 8, 8 and 8 of 128).
func (d *diagnosis) lopsidedTable() *Finding {
	if d.mode == nil || d.has("one-queue") {
		return nil
	}
	if p := d.parameter("layout"); p != nil && strings.HasPrefix(p.text(), "weight") {
		return nil // asked for
	}
	entries := d.queueEntries()
	var most, second, used uint64
	at := 0
	for queue, n := range entries {
		if n > 0 {
			used++
		}
		switch {
		case n > most:
			most, second, at = n, most, queue
		case n > second:
			second = n
		}
	}
	if used < 3 || most < 3*second {
		return nil
	}
	return &Finding{
		ID: "lopsided-table", Severity: Problem,
		Summary:  fmt.Sprintf("Queue %d has %d of the indirection table's %d entries, the next one %d.", at, most, d.r.Table.Size, second),
		Evidence: d.hottest() + ".",
		Remedy:   fmt.Sprintf("`ethtool -X DEV equal %d`.", len(entries)),
	}
}

// unevenTable: the entries can't be shared out evenly.
func (d *diagnosis) unevenTable() *Finding {
	if d.mode == nil || len(d.mode.CPUs) < 2 || d.has("one-queue", "lopsided-table", "cpus-missed") || d.assumesCPUs() {
		return nil
	}
	entries := d.cpuEntries()
	least, most := entries[0], entries[0]
	for _, n := range entries {
		least, most = min(least, n), max(most, n)
	}
	uneven := MaxOverMean(entries)
	if most != least+1 || uneven < unevenFrom { // other tables are made so on purpose
		return nil
	}
	return &Finding{
		ID: "uneven-table", Severity: Warning,
		Summary: fmt.Sprintf("%d entries can't be shared out evenly over %d CPUs: some get %d, some %d, and imbalance.packets is %s for even traffic.",
			d.r.Table.Size, len(entries), most, least, fixed(uneven, 3)),
		Evidence: fmt.Sprintf("The table's size is no multiple of %d; %s.", len(entries), d.hottest()),
		Remedy:   fmt.Sprintf("As many queues as divide %d (`ethtool -L DEV combined %d`), or a larger table where the NIC has one.", d.r.Table.Size, floorPowerOfTwo(len(entries))),
	}
}

func floorPowerOfTwo(n int) int {
	p := 1
	for p*2 <= n {
		p *= 2
	}
	return p
}

// sharedCPU: two queues on one CPU while another one has none (irqbalance #122).
func (d *diagnosis) sharedCPU() *Finding {
	if d.mode == nil {
		return nil
	}
	queues := map[int]uint64{}
	for _, cpu := range d.r.Table.QueueCPUs {
		queues[cpu]++
	}
	var idle, at int
	var most uint64
	for i := range d.mode.CPUs {
		cpu := d.mode.CPUs[i].CPU
		if queues[cpu] == 0 {
			idle++
		}
		if queues[cpu] > most {
			most, at = queues[cpu], cpu
		}
	}
	if most < 2 || idle == 0 {
		return nil
	}
	return &Finding{
		ID: "queues-share-cpu", Severity: Warning,
		Summary:  fmt.Sprintf("%d queues share CPU %d, while %s in use %s no queue.", most, at, plural(uint64(idle), "CPU", "CPUs"), verb(idle, "has", "have")),
		Evidence: d.hottest() + ".",
		Remedy:   "Give each queue's interrupt a CPU of its own: `echo CPU >/proc/irq/N/smp_affinity_list`, and keep irqbalance from moving it back.",
	}
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// ringOverflow: the model drops packets.
func (d *diagnosis) ringOverflow() *Finding {
	if d.mode == nil || d.mode.Totals.Drops == 0 {
		return nil
	}
	worst := &d.mode.Queues[0]
	for i := range d.mode.Queues {
		if q := &d.mode.Queues[i]; q.Drops > worst.Drops {
			worst = q
		}
	}
	ring := ""
	if p := d.parameter("rx-ring"); p != nil {
		ring = " of " + p.text()
	}
	where := fmt.Sprintf("queue %d", worst.Queue)
	if worst.CPU != nil {
		where += fmt.Sprintf(" on CPU %d", *worst.CPU)
	}
	return &Finding{
		ID: "ring-overflow", Severity: Problem,
		Summary: fmt.Sprintf("Under %s %s packets are dropped, %s of them by %s: its ring%s is full.",
			d.mode.Mode, exact(d.mode.Totals.Drops), exact(worst.Drops), where, ring),
		Evidence: fmt.Sprintf("%s drops %s of the %s packets steered to it; %s.", where, percent(Ratio(worst.Drops, worst.Packets)), exact(worst.Packets), d.hottest()),
		Remedy:   "A longer ring for bursts (`ethtool -G DEV rx 4096`), a more even load for more than bursts. It follows from the assumed costs: set --packet-cost and its like to the machine's.",
	}
}

// saturated: a CPU is busy all the time.
func (d *diagnosis) saturated() *Finding {
	if !d.judged() {
		return nil
	}
	var most *CPU
	for i := range d.mode.CPUs {
		c := &d.mode.CPUs[i]
		if !c.Utilization.IsNull() && c.Utilization >= busyFrom && (most == nil || c.Utilization > most.Utilization) {
			most = c
		}
	}
	if most == nil {
		return nil
	}
	return &Finding{
		ID: "cpu-saturated", Severity: Problem,
		Summary:  fmt.Sprintf("CPU %d is busy %s of the time under %s.", most.CPU, percent(most.Utilization), d.mode.Mode),
		Evidence: fmt.Sprintf("It takes %s packets, %s of all; imbalance.busy is %s.", exact(most.Packets), percent(Ratio(most.Packets, d.mode.Totals.Packets)), fixed(d.mode.Imbalance.Busy, 3)),
		Remedy:   "More CPUs or a more even load. It follows from the assumed costs: set --packet-cost and its like to the machine's.",
	}
}

// cpuMask is the CPUs in use as rps_cpus takes them: hexadecimal, with a comma
// between each 32.
func (d *diagnosis) cpuMask() string {
	var words []uint32
	for i := range d.mode.CPUs {
		cpu := d.mode.CPUs[i].CPU
		for len(words) <= cpu/32 {
			words = append(words, 0)
		}
		words[cpu/32] |= 1 << (cpu % 32)
	}
	mask := fmt.Sprintf("%x", words[len(words)-1])
	for i := len(words) - 2; i >= 0; i-- {
		mask += fmt.Sprintf(",%08x", words[i])
	}
	return mask
}
