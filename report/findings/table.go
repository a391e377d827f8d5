package findings

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
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
func (d *diagnosis) unhashed() *report.Finding {
	var n uint64
	var reasons []string
	cut := d.t.HeadersCut // of these the capture has lost what the NIC hashed
	for _, c := range d.r.Capture.Unhashed {
		if c.Name == "short_ip_header" || c.Name == "short_link_header" {
			lost := min(c.Packets, cut)
			c.Packets, cut = c.Packets-lost, cut-lost
		}
		if c.Packets > 0 && c.Name != noHashTypeReason {
			n += c.Packets
			reasons = append(reasons, fmt.Sprintf("%s %s", c.Name, words.Exact(c.Packets)))
		}
	}
	if !d.judged() || len(d.mode.CPUs) < 2 || float64(n) < report.OfFairShare*d.fair() || d.rps() && !d.uneven() {
		return nil
	}
	queue := d.defaultQueue()
	evidence := fmt.Sprintf("%s: %s packets", strings.Join(reasons, ", "), words.Exact(n))
	if d.busiest().CPU == d.r.Table.QueueCPUs[queue] {
		evidence += "; " + d.hottest()
	}
	return &report.Finding{
		ID: "unhashed", Severity: d.weigh(max(d.ofFair(n), report.UnevenFrom)),
		Summary:  fmt.Sprintf("%s of the received packets have no hash%s, and all go to queue %d on CPU %d.", words.Percent(d.share(n)), d.unhashedKind(n), queue, d.r.Table.QueueCPUs[queue]),
		Evidence: evidence + ".",
		Remedy:   d.spreadUnhashed(n, queue),
		Figures:  d.load(report.Numbers{"unhashed_packets": n, "unhashed_share": d.share(n), "queue": queue}),
	}
}

// unhashedKind says in parentheses what most of n packets without a hash are; "" if that
// is not known.
func (d *diagnosis) unhashedKind(n uint64) string {
	for _, c := range d.r.Capture.Encapsulations { // of all packets, sent ones included: those of the hashed ones are no cause
		if name := map[string]string{"pppoe": "PPPoE", "mpls": "MPLS", "macsec": "MACsec"}[c.Name]; name != "" && !d.inner() && 2*c.Packets > n && c.Packets <= n {
			return " (" + name + ")"
		}
	}
	for _, c := range d.r.Capture.Unhashed {
		if name := map[string]string{"not_ip": "not IP", "llc": "LLC", "unknown_link_type": "of an unknown link type"}[c.Name]; name != "" && 2*c.Packets > n {
			return " (" + name + ")"
		}
	}
	return ""
}

// parserReason is the reason of packets that a NIC's parser does not follow.
const parserReason = "nic_parser_rule"

// spreadUnhashed is what helps against n packets without a hash. Linux's own hash, by
// which RPS steers them, is of the flow inside PPPoE; of MPLS, ARP and the like it has
// the EtherType alone.
func (d *diagnosis) spreadUnhashed(n uint64, queue int) string {
	var seen uint64
	for _, c := range d.r.Capture.Encapsulations {
		if c.Name == "pppoe" && !d.inner() {
			seen += c.Packets
		}
	}
	for _, c := range d.r.Capture.Unhashed {
		if c.Name == parserReason {
			seen += c.Packets
		}
	}
	switch {
	case d.rps():
		return "An XDP program with a cpumap can spread them by what it reads of them itself: RPS has not."
	case 2*seen >= n:
		return "Spread them behind the NIC, by RPS: the kernel's own hash is of the flow inside: " + d.byRPS(fmt.Sprint(queue)) + "."
	}
	apart := "RPS keeps them together, too: of packets that are neither IP nor PPPoE the kernel's own hash has no more than the EtherType. "
	if d.ofFair(n) < 1 {
		return apart + "Keep hashed packets off their CPU: " + d.run("suggest") + " looks for a table that lasts."
	}
	return apart + "An XDP program with a cpumap can spread them by what it reads of them itself."
}

// inner tells whether the inner headers of tunnels are hashed.
func (d *diagnosis) inner() bool {
	p := d.parameter("inner")
	return p != nil && p.Value == true
}

// byRPS is the command that steers the packets of a queue on to all CPUs in use, and
// what replays that for all queues.
func (d *diagnosis) byRPS(queue string) string {
	s := fmt.Sprintf("`echo %s >/sys/class/net/DEV/queues/rx-%s/rps_cpus`", d.cpuMask(), queue)
	if d.mode.Mode != "rss-msix" { // the others run as without
		return s
	}
	return s + d.effect(nil, Argument{"--rps", d.cpuList()})
}

// cpuList is the CPUs in use as a list: 0-7,9.
func (d *diagnosis) cpuList() string {
	return listOf(d.mode.CPUs, func(c report.CPU) int { return c.CPU })
}

// listOf is a list of CPUs in order, which number gives of each.
func listOf[T any](cpus []T, number func(T) int) string {
	var list []string
	for i := 0; i < len(cpus); i++ {
		first := number(cpus[i])
		for i+1 < len(cpus) && number(cpus[i+1]) == number(cpus[i])+1 {
			i++
		}
		if last := number(cpus[i]); last > first {
			list = append(list, fmt.Sprintf("%d-%d", first, last))
		} else {
			list = append(list, fmt.Sprint(first))
		}
	}
	return strings.Join(list, ",")
}

// qinq: two VLAN tags, which the replay's NIC reads and many others do not: QEMU's igb
// and virtio-net were measured to give packets with two 0x8100 tags no hash.
func (d *diagnosis) qinq() *report.Finding {
	if !d.judged() || len(d.mode.CPUs) < 2 || d.has("unhashed", "both-directions") {
		return nil
	}
	var n uint64
	for _, c := range d.r.Capture.Encapsulations {
		if c.Name == "qinq" {
			n = c.Packets
		}
	}
	share := report.Ratio(n, d.r.Capture.Packets)
	if n == 0 || float64(share)*float64(len(d.mode.CPUs)) < report.OfFairShare {
		return nil
	}
	queue := d.defaultQueue()
	return &report.Finding{
		ID: "qinq", Severity: report.Warning,
		Summary: fmt.Sprintf("%s of the packets have two VLAN tags or more: many NICs do not read what is behind the second, and such a NIC puts all of them on queue %d.",
			words.Percent(share), queue),
		Evidence: fmt.Sprintf("%s packets; the replay hashes them as if the NIC read all tags. If it does not, CPU %d gets at least %s × its fair share.",
			words.Exact(n), d.r.Table.QueueCPUs[queue], words.Fixed(share*report.Fraction(len(d.mode.CPUs)), 2)),
		Remedy: fmt.Sprintf("See what the NIC does: %s with counters of its queues (`ethtool -S DEV` before and after). If one queue has them all, take a tag off before the NIC, or spread behind it: `echo %s >/sys/class/net/DEV/queues/rx-%d/rps_cpus`.",
			d.run("verify", Argument{"--counters-before", "BEFORE"}, Argument{"--counters-after", "AFTER"}), d.cpuMask(), queue),
		Figures: report.Numbers{"packets": n, "share": share, "queue": queue},
	}
}

// noHashTypeReason is the reason of IP packets that no enabled hash type fits.
const noHashTypeReason = "no_enabled_hash_type"

// noHashType: Windows never enabled the UDP types of NetKVM before 6.80, say.
func (d *diagnosis) noHashType() *report.Finding {
	var n uint64
	for _, c := range d.r.Capture.Unhashed {
		if c.Name == noHashTypeReason {
			n = c.Packets
		}
	}
	if !d.judged() || len(d.mode.CPUs) < 2 || float64(n) < report.OfFairShare*d.fair() {
		return nil
	}
	queue := d.defaultQueue()
	types := "none"
	if p := d.parameter("hash-types"); p != nil {
		types = p.Printed()
	}
	enable := d.enableHashes() + " All types on; its effect: "
	if d.t.Unsettable.Fields {
		enable = "The driver lets nobody choose what is hashed. What all types would do: "
	}
	return &report.Finding{
		ID: "no-hash-type", Severity: d.weigh(max(d.ofFair(n), report.UnevenFrom)),
		Summary: fmt.Sprintf("%s of the received packets are IP of a kind for which no hash is enabled, and all go to queue %d on CPU %d.",
			words.Percent(d.share(n)), queue, d.r.Table.QueueCPUs[queue]),
		Evidence: fmt.Sprintf("%s packets; enabled are %s; %s.", words.Exact(n), types, d.hottest()),
		Remedy:   enable + d.run("", Argument{"--hash-types", "ipv4,tcp_ipv4,udp_ipv4,ipv6,tcp_ipv6,udp_ipv6"}) + ".",
		Figures:  d.load(report.Numbers{"packets": n, "share": d.share(n), "queue": queue}),
	}
}

// enableHashes is how the packets without an enabled hash come to have one: by what the
// heaviest flows among them are.
func (d *diagnosis) enableHashes() string {
	var kinds []string // as ethtool names them
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		kind := f.Protocol + "4"
		if f.Source.Is6() {
			kind = f.Protocol + "6"
		}
		if f.HashType == "none" && f.HasPorts && (f.Protocol == "tcp" || f.Protocol == "udp") && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 {
		return "Enable the hash of addresses, NDIS's types ipv4 and ipv6; under Windows by `Enable-NetAdapterRss`."
	}
	var set []string
	udp := ""
	for _, kind := range kinds {
		set = append(set, fmt.Sprintf("`ethtool -N DEV rx-flow-hash %s sdfn`", kind))
		if strings.HasPrefix(kind, "udp") {
			udp = ", and a driver that has UDP types"
		}
	}
	return fmt.Sprintf("Enable the hash: %s; under Windows, `Enable-NetAdapterRss`%s.", strings.Join(set, ", "), udp)
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
	if d.t.HostSteers {
		f.Summary = "This virtio device has no RSS (VIRTIO_NET_F_RSS): its host chooses each packet's queue, by rules of its own. The spread here is not a prediction."
		f.Evidence += " A tap device, for one, sends a flow to the queue that its guest last sent on."
		f.Remedy = "With QEMU 5.1 or newer (6.1 under vhost) and a guest of Linux 5.18 or newer, `rss=on` of virtio-net-pci gives it RSS; then collect its texts again. " + f.Remedy
	}
	return f
}

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
	if d.r.Host != nil && len(d.r.Host.CPUs) > cpus {
		hostCPU := func(c report.HostCPU) int { return c.CPU }
		all, mask, cpus = listOf(d.r.Host.CPUs, hostCPU), maskOf(d.r.Host.CPUs, hostCPU), len(d.r.Host.CPUs)
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
	default:
		f.Evidence = "How many it can have is not known."
		f.Remedy = "More queues where the NIC can (`ethtool -l DEV`). Or " + f.Remedy
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
		Summary:  fmt.Sprintf("All %s entries of the indirection table are queue %d: everything goes to CPU %d.", words.Exact(uint64(d.r.Table.Size)), queue, d.r.Table.QueueCPUs[queue]),
		Evidence: d.hottest() + ".",
		Remedy:   fmt.Sprintf("A table that was set stays as it is when the number of channels changes: `ethtool -X DEV default`, or %s.", d.setEqual()),
		Figures:  d.load(report.Numbers{"queue": queue}),
	}
	if d.t.Rings > 1 {
		f.Evidence = fmt.Sprintf("There are %d receive queues; %s.", d.t.Rings, d.hottest())
	}
	if d.t.Windows {
		f.Remedy = windowsRemedy
	}
	return f
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
	}
	if d.t.Windows {
		f.Remedy = windowsRemedy
	}
	return f
}

// assumesCPUs tells whether no entry reaches some of the CPUs, and nobody said that
// there are so many.
func (d *diagnosis) assumesCPUs() bool {
	p := d.parameter("cpus")
	return p != nil && p.Source == report.DefaultSource && slices.Contains(d.cpuEntries(), 0)
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
		Evidence: fmt.Sprintf("%s; the table has %s, and %s on %s.", nameCPUs(missed), words.Plural(uint64(d.r.Table.Size), "entry", "entries"), words.Plural(uint64(len(d.r.Table.QueueCPUs)), "queue is", "queues are"), words.Plural(uint64(distinct(d.r.Table.QueueCPUs)), "CPU", "CPUs")),
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
		f.Remedy = windowsRemedy
	}
	return f
}

// reachAll is how a table comes to reach every CPU: over all queues where these are
// on all CPUs, else with more queues.
func (d *diagnosis) reachAll() string {
	cpus, queues := len(d.mode.CPUs), len(d.r.Table.QueueCPUs)
	most := d.mostQueues(cpus)
	switch few := distinct(d.r.Table.QueueCPUs) < cpus; {
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

func distinct(values []int) int {
	seen := map[int]bool{}
	for _, v := range values {
		seen[v] = true
	}
	return len(seen)
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
		f.Remedy = fmt.Sprintf("With this table %d CPUs carry as much as %d: `ethtool -L DEV combined %d`, then `ethtool -X DEV default`%s.", enough, len(entries), enough, d.effect(cpuFlags, Argument{"--cpus", fmt.Sprint(enough)}))
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
func (d *diagnosis) busiestEntries() uint64 {
	busiest := d.busiest()
	for i, n := range d.cpuEntries() {
		if &d.mode.CPUs[i] == busiest {
			return n
		}
	}
	return 0
}

// weakKey: a key that can't reach every entry, or hears too little of its input,
// whatever the traffic.
func (d *diagnosis) weakKey() *report.Finding {
	k := d.t.Key
	if d.mode == nil || k == nil || k.Wanted == 0 || k.Rank == k.Wanted && k.Heard*2 >= k.Bits {
		return nil
	}
	f := &report.Finding{
		ID: "weak-key", Severity: report.Problem,
		Evidence: fmt.Sprintf("Of %d bits of a %s input %d change the index, and %d of its %d bits can differ on their own. %s.", k.Bits, k.HashType, k.Heard, k.Rank, k.Wanted, upper(d.hottest())),
		Remedy:   d.setKey(d.anyKey()),
		Figures:  d.load(report.Numbers{"rank": k.Rank, "index_bits": k.Wanted, "input_bits_heard": k.Heard, "input_bits": k.Bits}),
	}
	switch {
	case k.Rank == k.Wanted:
		f.Summary = fmt.Sprintf("The hash key is too weak: only %d of %d bits of the addresses and ports change the entry.", k.Heard, k.Bits)
	case k.Rank == 0:
		f.Summary = "The hash key is too weak: every packet meets the same entry of the indirection table."
	default:
		f.Summary = fmt.Sprintf("The hash key is too weak: it reaches at most %s of the indirection table's %s entries.", words.Exact(1<<k.Rank), words.Exact(uint64(d.r.Table.Size)))
	}
	return f
}

// anyKey is a random key of the present one's length: another for each capture, and
// the same each time.
func (d *diagnosis) anyKey() string {
	n := 40
	if p := d.parameter("key"); p != nil {
		if present, ok := p.Value.(string); ok && strings.Count(present, ":") >= 39 {
			n = strings.Count(present, ":") + 1
		}
	}
	random := rand.New(rand.NewPCG(uint64(d.r.Capture.First.UnixNano()), d.r.Capture.Packets))
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("%02x", byte(random.Uint32()))
	}
	return strings.Join(words, ":")
}

// sharedCPU: two queues on one CPU while another one has none (irqbalance #122).
func (d *diagnosis) sharedCPU() *report.Finding {
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
	f := &report.Finding{
		ID: "queues-share-cpu", Severity: d.weigh(max(report.MaxOverMean(d.cpuEntries()), report.UnevenFrom)),
		Figures:  d.load(report.Numbers{"shared_cpu": at, "queues": most, "idle_cpus": idle}),
		Summary:  fmt.Sprintf("%d queues share CPU %d, while %s in use %s no queue.", most, at, words.Plural(uint64(idle), "CPU", "CPUs"), verb(idle, "has", "have")),
		Evidence: d.hottest() + ".",
		Remedy:   "Give each queue's interrupt a CPU of its own, and keep irqbalance from moving it back: `echo CPU >/proc/irq/N/smp_affinity_list`",
	}
	if slices.ContainsFunc(d.t.Command, func(a Argument) bool { return a.Flag == "--affinity" }) {
		f.Remedy += "; its effect: " + d.run("", Argument{"--affinity", ""})
	}
	f.Remedy += "."
	return f
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// cpuMask is the CPUs in use as rps_cpus takes them: hexadecimal, with a comma
// between each 32.
func (d *diagnosis) cpuMask() string {
	return maskOf(d.mode.CPUs, func(c report.CPU) int { return c.CPU })
}

// maskOf is a mask of CPUs as the kernel writes it, which number gives of each.
func maskOf[T any](cpus []T, number func(T) int) string {
	var words []uint32
	for i := range cpus {
		cpu := number(cpus[i])
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
