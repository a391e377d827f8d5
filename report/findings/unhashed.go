package findings

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about packets without a hash: all of them go to the default queue.

func (d *diagnosis) defaultQueue() int {
	if p := d.parameter("default-queue"); p != nil {
		if n, ok := p.Value.(int); ok {
			return n
		}
	}
	return 0
}

// takerOf is where a queue's packets go, in words: an affinity that is given later moves it.
func (d *diagnosis) takerOf(queue int) string {
	if c := d.r.Changes; c != nil && len(c.Affinities) > 0 {
		return "one CPU at a time"
	}
	return fmt.Sprintf("CPU %d", d.r.Table.QueueCPUs[queue])
}

// ruledUnhashed is how many packets without a hash rules took: what no entry of the table has
// and no rule took is on the default queue.
func (d *diagnosis) ruledUnhashed() uint64 {
	var ruled, left uint64
	for i := range d.r.Rules {
		if rule := &d.r.Rules[i]; rule.Overrides() {
			ruled += rule.Packets
		}
	}
	if ruled == 0 {
		return 0
	}
	for _, n := range d.r.Table.Packets {
		ruled += n
	}
	for _, c := range d.r.Capture.Unhashed {
		left += c.Packets
	}
	there := d.r.Capture.Received - min(ruled, d.r.Capture.Received)
	return left - min(left, there)
}

// unhashed: packets without an IP header that the NIC could hash, all to one queue
// (PPPoE, MPLS and the like).
func (d *diagnosis) unhashed() *report.Finding {
	var n uint64
	var reasons []string
	cut := d.t.HeadersCut // of these the capture has lost what the NIC hashed
	var unread, wireless uint64
	if d.has("unread-link") { // which tells of these
		unread, wireless = d.unread()
	}
	for _, c := range d.r.Capture.Unhashed {
		switch c.Name {
		case "short_ip_header", "short_link_header":
			lost := min(c.Packets, cut)
			c.Packets, cut = c.Packets-lost, cut-lost
		case unreadReason:
			c.Packets -= unread
		case "not_ip":
			c.Packets -= wireless
		}
		if c.Packets > 0 && c.Name != noHashTypeReason {
			n += c.Packets
			reasons = append(reasons, fmt.Sprintf("%s %s", c.Name, words.Exact(c.Packets)))
		}
	}
	met, ruled := n, d.ruledUnhashed()
	n -= min(n, ruled)
	if !d.judged() || len(d.mode.CPUs) < 2 || float64(n) < report.OfFairShare*d.fair() || d.has("single-queue") || d.rps() && (!d.uneven() || d.t.Steered) {
		return nil // the stack's own hash takes them on
	}
	queue := d.defaultQueue()
	evidence := fmt.Sprintf("%s: %s packets", strings.Join(reasons, ", "), words.Exact(met))
	if ruled > 0 {
		evidence += fmt.Sprintf("; rules took %s without a hash", words.Exact(ruled))
	}
	if d.busiest().CPU == d.r.Table.QueueCPUs[queue] {
		evidence += "; " + d.hottest()
	}
	return &report.Finding{
		ID: "unhashed", Severity: d.weigh(max(d.ofFair(n), report.UnevenFrom)),
		Summary:  fmt.Sprintf("%s of the received packets have no hash%s, and all go to queue %d on %s.", words.Percent(d.share(n)), d.unhashedKind(n), queue, d.takerOf(queue)),
		Evidence: evidence + ".",
		Remedy:   d.spreadUnhashed(n, queue),
		Figures:  d.load(report.Numbers{"unhashed_packets": n, "unhashed_share": d.share(n), "queue": queue}),
	}
}

// notIP is the kind of those of which no more is known than that they are not IP.
const notIP = " (not IP)"

// unhashedKind says in parentheses what most of n packets without a hash are; "" if that
// is not known.
func (d *diagnosis) unhashedKind(n uint64) string {
	for _, c := range d.r.Capture.Encapsulations { // of all packets, sent ones included: those of the hashed ones are no cause
		if name := map[string]string{"pppoe": "PPPoE", "mpls": "MPLS", "macsec": "MACsec"}[c.Name]; name != "" && !d.inner() && 2*c.Packets > n && c.Packets <= n {
			return " (" + name + ")"
		}
	}
	for _, c := range d.r.Capture.Unhashed {
		if name := map[string]string{"not_ip": notIP, "llc": " (LLC)", "unknown_link_type": " (of an unknown link type)"}[c.Name]; name != "" && 2*c.Packets > n {
			return name
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
		return readByXDP + ": RPS has not."
	case 2*seen >= n:
		return "Spread them behind the NIC, by RPS: the kernel's own hash is of the flow inside: " + d.byRPS(fmt.Sprint(queue)) + "."
	}
	if d.ofFair(n) < 1 && !d.t.Unsettable.Table {
		return d.keptTogether(n) + " Keep hashed packets off their CPU:" + d.otherTable()
	}
	return d.keptTogether(n) + " " + readByXDP + "."
}

// keptTogether is why RPS does not spread n packets without a hash.
func (d *diagnosis) keptTogether(n uint64) string {
	together := "RPS keeps them together, too: of packets that are neither IP nor PPPoE the kernel's own hash has no more than the EtherType."
	if d.unhashedKind(n) == notIP {
		together = "`tshark -r " + d.capture() + " -Y 'not ip and not ipv6' | head` shows what they are: a storm of ARP, say, ends where it comes from. " + together
	}
	return together
}

// readByXDP is what spreads packets all the same.
const readByXDP = "An XDP program with a cpumap can spread them by what it reads of them itself"

// inner tells whether the inner headers of tunnels are hashed.
func (d *diagnosis) inner() bool {
	p := d.parameter("inner")
	return p != nil && p.Value == true
}

// qinq: two VLAN tags, which the replay's NIC reads and many others do not: QEMU's igb
// and virtio-net were measured to give packets with two 0x8100 tags no hash.
func (d *diagnosis) qinq() *report.Finding {
	if !d.judged() || len(d.mode.CPUs) < 2 || d.has("unhashed", "both-directions", "single-queue") || d.rps() && d.t.Steered {
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
			n = c.Packets - min(c.Packets, d.ruledUnhashed())
		}
	}
	if !d.judged() || len(d.mode.CPUs) < 2 || float64(n) < report.OfFairShare*d.fair() || d.has("single-queue") || d.rps() && d.t.Steered {
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
		Summary: fmt.Sprintf("%s of the received packets are IP of a kind for which no hash is enabled, and all go to queue %d on %s.",
			words.Percent(d.share(n)), queue, d.takerOf(queue)),
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
