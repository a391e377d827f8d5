package findings

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about the indirection table.

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

// noTable: the driver shows neither a table nor a key, so that what is replayed is not
// known to be what the NIC does.
func (d *diagnosis) noTable() *report.Finding {
	if !d.t.NoTable || d.mode == nil {
		return nil
	}
	f := &report.Finding{
		ID: "no-table", Severity: report.Warning,
		Summary:  "The driver shows no indirection table and no hash key: RSS can't be read there, or there is none. The table and key here are assumed.",
		Evidence: "`ethtool -x` says: Operation not supported.",
		Remedy:   "Count what each queue gets: `rssreplay verify` compares two outputs of `ethtool -S` with this prediction (rssreplay help verify).",
	}
	if d.t.OfSoftware {
		f.Summary = "This interface is made of software, and shows no indirection table and no hash key: the NIC that its packets come through has them. The table and key here are assumed."
		f.Remedy = "Collect from that NIC (rssreplay help collect): `ls -d /sys/class/net/DEV/lower_*` names it, where it is below."
	}
	if d.t.NoLower {
		f.Remedy = "Collect from that NIC (rssreplay help collect), on the host, outside containers: `ip route get ADDR` there, with an address that much comes from, names the interface of the way to it."
	}
	if d.t.HostSteers {
		f.Summary = "This virtio device has no RSS (VIRTIO_NET_F_RSS): its host chooses each packet's queue, by rules of its own. The spread here is not a prediction."
		f.Evidence += " A tap device, for one, sends a flow to the queue that its guest last sent on."
		f.Remedy = "With QEMU 5.1 or newer (6.1 under vhost) and a guest of Linux 5.18 or newer, `rss=on` of virtio-net-pci gives it RSS; then collect its texts again. " + f.Remedy
	}
	return f
}

// otherHash: what is replayed is not what the NIC does, whatever its table and key are.
func (d *diagnosis) otherHash() *report.Finding {
	if d.t.OtherHash.Does == "" || d.mode == nil {
		return nil
	}
	f := &report.Finding{
		ID: "other-hash", Severity: report.Warning,
		Summary:  fmt.Sprintf("The NIC %s. The spread here is not a prediction.", d.t.OtherHash.Does),
		Evidence: fmt.Sprintf("The source of this is %s.", d.t.OtherHash.By),
		Remedy:   "`ethtool -S DEV` counts what each queue gets, with most drivers.",
	}
	if d.t.OtherHash.MaySwitch {
		f.Remedy = fmt.Sprintf("`ethtool -X DEV equal %d hfunc toeplitz`, where the driver takes it; then collect the NIC's texts again. ", len(d.r.Table.QueueCPUs)) + f.Remedy
	}
	return f
}

// oneQueue: a table of one value, as after a change of channels (onload #208).
func (d *diagnosis) oneQueue() *report.Finding {
	if d.mode == nil || max(len(d.mode.CPUs), d.t.Rings) < 2 || d.r.Table.Size < 2 || d.hasOneQueue() {
		return nil
	}
	for _, queue := range d.r.Table.Entries {
		if queue != d.r.Table.Entries[0] {
			return nil
		}
	}
	queue := d.r.Table.Entries[0]
	f := &report.Finding{
		ID: "one-queue", Severity: d.weigh(report.Fraction(max(len(d.mode.CPUs), d.t.Rings))),
		Summary:  fmt.Sprintf("All %s entries of the indirection table are queue %d: all that meets it goes to CPU %d.", words.Exact(uint64(d.r.Table.Size)), queue, d.r.Table.QueueCPUs[queue]),
		Evidence: d.hottest() + ".",
		Remedy:   fmt.Sprintf("A table that was set stays as it is when the number of channels changes: `ethtool -X DEV default`, or %s.", d.setEqual()),
		Figures:  d.load(report.Numbers{"queue": queue}),
	}
	if d.t.Rings > 1 {
		f.Evidence = fmt.Sprintf("There are %d receive queues; %s.", d.t.Rings, d.hottest())
	}
	if d.t.Windows {
		d.byWindows(f)
	}
	return f
}

// byWindows is the finding where Windows filled the table.
func (d *diagnosis) byWindows(f *report.Finding) {
	f.Remedy = windowsRemedy
	if d.t.FewByDesign {
		f.Severity = report.Note
		f.Evidence += " That is as Windows means it: under the profile Conservative it takes as few CPUs as carry the load."
		f.Remedy = "If more are to share it: `Set-NetAdapterRss -Name DEV -Profile NUMAStatic`, which spreads the table over all that RSS may use."
	}
}

// windowsRemedy makes a table of Windows' anew.
const windowsRemedy = "`Disable-NetAdapterRss` and `Enable-NetAdapterRss` make the table anew; if it stays so, look at -BaseProcessorNumber, -MaxProcessors and -NumberOfReceiveQueues of `Set-NetAdapterRss`."

// staleTable: entries beyond the queues that there are, as after `ethtool -L`.
func (d *diagnosis) staleTable() *report.Finding {
	if d.mode == nil || d.t.Rings == 0 {
		return nil
	}
	var beyond, packets uint64
	queues := map[int]bool{}
	for i, queue := range d.r.Table.Entries {
		if queue >= d.t.Rings {
			queues[queue] = true
			beyond++
			packets += d.r.Table.Packets[i]
		}
	}
	if beyond == 0 {
		return nil
	}
	f := &report.Finding{
		ID: "stale-table", Severity: report.Problem,
		Summary: fmt.Sprintf("%d of %d entries of the indirection table lead to %s beyond the %s that there are: the table is of another number of queues.",
			beyond, d.r.Table.Size, words.Plural(uint64(len(queues)), "queue", "queues"), words.Plural(uint64(d.t.Rings), "queue", "queues")),
		Evidence: fmt.Sprintf("%s packets meet these entries. Here they are replayed on the queues that the table names; where the NIC puts them is not known.", words.Exact(packets)),
		Remedy:   "`ethtool -X DEV default`, after each `ethtool -L`. If it comes again, it is a fault of the driver's: report it with the output of `ethtool -x` and `ethtool -l`.",
		Figures:  report.Numbers{"entries": beyond, "queues_beyond": len(queues), "queues": d.t.Rings, "packets": packets},
	}
	if d.t.Windows {
		f.Remedy = windowsRemedy
	}
	return f
}

// lopsidedTable: one queue has far more entries than the rest, which nobody asked
// for (virtio-win #1618: 104, 8, 8 and 8 of 128).
func (d *diagnosis) lopsidedTable() *report.Finding {
	if d.mode == nil || d.has("one-queue", "single-queue") {
		return nil
	}
	if d.weighted() {
		return nil // asked for, and so an uneven table
	}
	entries := d.r.Table.QueueEntries()
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
	return &report.Finding{
		ID: "lopsided-table", Severity: d.weigh(max(report.MaxOverMean(d.cpuEntries()), report.UnevenFrom)),
		Summary:  fmt.Sprintf("Queue %d has %d of the indirection table's %d entries, the next one %d.", at, most, d.r.Table.Size, second),
		Evidence: d.hottest() + ".",
		Remedy:   d.setEqual() + ".",
		Figures:  d.load(report.Numbers{"queue": at, "entries": most, "table_imbalance": report.MaxOverMean(d.cpuEntries())}),
	}
}

// weighted tells whether the user gave the table weights.
func (d *diagnosis) weighted() bool {
	p := d.parameter("layout")
	return p != nil && strings.HasPrefix(p.Printed(), "weight")
}

// tableFrom is the unevenness of the table itself that is worth a note: even traffic
// loses a tenth of the capacity.
const tableFrom = 1.1

// unevenTable: the entries themselves are shared out unevenly over the CPUs, so that
// even traffic is uneven.
func (d *diagnosis) unevenTable() *report.Finding {
	if d.mode == nil || len(d.mode.CPUs) < 2 || d.has("one-queue", "single-queue", "lopsided-table", "cpus-missed", "queues-share-cpu") || d.assumesCPUs() {
		return nil
	}
	entries := d.cpuEntries()
	ruled := d.ruled()
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i] == 0 && ruled[d.mode.CPUs[i].CPU] { // these are left to the rules
			entries = slices.Delete(entries, i, i+1)
		}
	}
	if len(entries) < 2 {
		return nil
	}
	least, most := entries[0], entries[0]
	var all uint64
	for _, n := range entries {
		least, most = min(least, n), max(most, n)
		all += n
	}
	uneven := report.MaxOverMean(entries)
	f := &report.Finding{
		ID: "uneven-table", Severity: d.weigh(uneven),
		Evidence: fmt.Sprintf("Even traffic would load the busiest CPU with %s × its fair share. Here %s.", words.Fixed(uneven, 2), d.hottest()),
		Figures:  d.load(report.Numbers{"table_imbalance": uneven, "entries_least": least, "entries_most": most}),
	}
	// Many tables are made uneven on purpose, by hand or by a program: they are judged
	// by what they do to this load.
	asked := most > least+1
	switch {
	case uneven < tableFrom, asked && (uneven < report.UnevenFrom || !d.uneven() || d.busiestEntries() != most):
		return nil
	case asked:
		f.Summary = fmt.Sprintf("The indirection table gives one CPU %s of its %s entries, another %s, and the load follows.", words.Exact(uint64(most)), words.Exact(uint64(d.r.Table.Size)), words.Exact(uint64(least)))
		f.Remedy = fmt.Sprintf("Unless the weights are meant so: %s.", d.setEqual())
	default:
		f.Summary = fmt.Sprintf("%s entries can't be shared out evenly over %s CPUs: some get %d, some %d.", words.Exact(uint64(d.r.Table.Size)), words.Exact(uint64(len(entries))), most, least)
		// As many queues carry as much as are full with most entries each.
		enough := (all + most - 1) / most
		f.Remedy = fmt.Sprintf("With this table %d CPUs carry as much as %d: %s%s.", enough, len(entries), d.setQueues(int(enough)), d.effect(cpuFlags, Argument{"--cpus", fmt.Sprint(enough)}))
		if larger := d.largerTable(); larger > 0 {
			f.Remedy += fmt.Sprintf(" Or a larger table, where the NIC has one%s.", d.effect(append([]string{"--nic", "--layout", "--table-at"}, tableFlags...), Argument{"--table-size", fmt.Sprint(larger)}))
		}
		f.Figures["cpus_enough"] = enough
	}
	return f
}

// largestTable is the entries of the largest tables that NICs have.
const largestTable = 2048

// largerTable is the entries with which a table is even enough; 0 for none.
func (d *diagnosis) largerTable() int {
	cpus := len(d.mode.CPUs)
	for size := 2 * d.r.Table.Size; size <= largestTable; size *= 2 {
		if most := (size + cpus - 1) / cpus; float64(most*cpus) < tableFrom*float64(size) {
			return size
		}
	}
	return 0
}

// busiestEntries is the entries of the busiest CPU.
func (d *diagnosis) busiestEntries() (n uint64) {
	busiest := d.busiest().CPU
	for _, queue := range d.r.Table.Entries {
		if d.r.Table.QueueCPUs[queue] == busiest {
			n++
		}
	}
	return n
}

// evenTable is the imbalance that the table makes of even traffic.
func (d *diagnosis) evenTable() report.Fraction {
	if table := report.MaxOverMean(d.cpuEntries()); !table.IsNull() { // else it is not told
		return table
	}
	return 1
}

// betterTable: another table is better, and would stay so; nothing else explains the
// load than chance and this table. With the default key another NIC has other chances.
func (d *diagnosis) betterTable() *report.Finding {
	b := d.t.Better
	if !d.uneven() || b == nil || !b.Lasts || d.t.Unsettable.Table || d.gain(b.Imbalance) < d.worthwhile() || float64(b.Present-b.Judged) < report.GainFrom || d.explained() || d.has("stale-table", "uneven-table", "few-flows", "colliding-flows", "uneven-hash") {
		return nil
	}
	f := &report.Finding{
		ID: "better-table", Severity: report.Note,
		Summary: fmt.Sprintf("Another indirection table spreads this traffic better, and would stay better: %s × instead of %s × on eighths of the capture that it was not found on.",
			words.Fixed(b.Judged, 2), words.Fixed(b.Present, 2)),
		Evidence: fmt.Sprintf("%s. The best table found for the whole capture has %s ×.", words.UpperFirst(d.hottest()), words.Fixed(b.Imbalance, 2)),
		Remedy:   d.run("suggest") + " prints it, and how few entries to move.",
		Figures:  d.load(report.Numbers{"best_table": b.Imbalance, "judged": b.Judged, "judged_present": b.Present, "lasts": b.Lasts}),
	}
	switch {
	case d.assumedKey():
		f.Remedy = keyFirst + ": a table fits one key. Then " + f.Remedy
	case d.lost() >= fewFrom:
		f.Severity = d.weigh(d.lost())
	}
	return f
}
