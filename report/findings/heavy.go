package findings

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about one heavy flow: RSS never splits it.

// bound is the imbalance that one flow alone makes, whatever the table.
func (d *diagnosis) bound() report.Fraction {
	if d.t.Largest == nil {
		return 0
	}
	return d.ofFair(d.t.Largest.Packets)
}

// fragmented tells whether the flow with the most packets is one of fragments: TCP
// or UDP without ports, and not because the capture cut them off.
func (d *diagnosis) fragmented() bool {
	f := d.t.Largest
	return f != nil && !f.HasPorts && (f.Protocol == "tcp" || f.Protocol == "udp") && d.r.Capture.Snapped < f.Packets
}

// noPorts is the remedy for a heavy flow of fragments, which have no ports:
// more connections between the same addresses are the same flow to the NIC.
const noPorts = "fragments, which have no ports: more connections change nothing. Avoid fragmentation (smaller datagrams, path MTU discovery), or use more pairs of addresses"

// cpuOf is the CPU that takes most of a flow's packets; nil if none was indicated.
func (d *diagnosis) cpuOf(f *report.Flow) *report.CPU {
	on := f.InMode(d.mode.Mode)
	if len(on.CPUs) == 0 {
		return nil
	}
	return d.mode.CPUNumbered(on.Most().CPU)
}

// onBusiest tells whether a flow is on a CPU that no other has more packets than: else it is
// not why that one is hot.
func (d *diagnosis) onBusiest(f *report.Flow) bool {
	c := d.cpuOf(f)
	return c == nil || c.Packets >= d.busiest().Packets
}

// onHotCPU is the clause about the hot CPU, which says of a flow that is not there where it
// is.
func (d *diagnosis) onHotCPU(f *report.Flow) string {
	if d.onBusiest(f) {
		return d.hottest()
	}
	c := d.cpuOf(f)
	return fmt.Sprintf("it is on CPU %d, which has %s of the packets, %s × its fair share, while %s",
		c.CPU, words.Percent(report.Ratio(c.Packets, d.mode.Totals.Packets)), words.Fixed(d.ofFair(c.Packets), 2), d.hottest())
}

// singleFlowFrom is the share of the packets from which the capture is one of a
// single flow.
const singleFlowFrom = 0.9

func (d *diagnosis) singleFlow() *report.Finding {
	if !d.uneven() || d.has("tunnel") || d.t.Largest == nil || d.share(d.t.Largest.Packets) < singleFlowFrom {
		return nil
	}
	remedy := "Only more flows reach more CPUs: in a test more connections (iperf3 -P 16), of NFS nconnect=8; of a tunnel, more inside it do not."
	if plan := d.plan(); plan != "" {
		remedy += " " + words.UpperFirst(plan) + " names source ports that reach every CPU."
	}
	if why := d.unsplit(d.t.Largest); why != "" {
		remedy = why + "."
	}
	return &report.Finding{
		ID: "single-flow", Severity: d.weigh(d.lost()),
		Summary:  fmt.Sprintf("One flow has %s of the received packets: this shows one CPU of %d.", words.Percent(d.share(d.t.Largest.Packets)), len(d.mode.CPUs)),
		Evidence: fmt.Sprintf("%s; %s.", d.flow(d.t.Largest), d.hottest()),
		Remedy:   remedy,
		Figures:  d.load(report.Numbers{"share": d.share(d.t.Largest.Packets)}),
	}
}

// plan is the command that finds source ports for the addresses of the heaviest flow of
// TCP or UDP; "" where there is none.
func (d *diagnosis) plan() string {
	at := slices.IndexFunc(d.t.Heavy, func(f report.Flow) bool {
		return f.HasPorts && (f.Protocol == "tcp" || f.Protocol == "udp") && !f.Destination.IsMulticast() && !onAddresses(&f)
	})
	if at < 0 {
		return ""
	}
	f := &d.t.Heavy[at]
	list := []string{"rssreplay plan", f.Source.String(), words.ShellWord(report.EndName(f.Destination, f.DestinationPort, true, 0))}
	if f.Protocol == "udp" {
		list = append(list, "--protocol udp")
	}
	for _, a := range d.t.Command {
		if slices.Contains([]string{"--cpus", "--base-cpu", "--queues", "--affinity", "--key", "--table", "--table-size", "--layout", "--hash-types", "--rx-flow-hash", "--xfrm", "--nic", "--driver", "--bundle"}, a.Flag) {
			list = append(list, a.Flag, words.ShellWord(a.Value))
		}
	}
	return words.MarkedCommand(list)
}

// onAddresses tells whether a flow has ports and is hashed without them, so that another flow
// between its addresses meets the same entry.
func onAddresses(f *report.Flow) bool {
	return f.HasPorts && f.Rule == nil && (f.HashType == "ipv4" || f.HashType == "ipv6" || f.HashType == "ipv6_ex")
}

// unsplit is why more connections are no remedy for a heavy flow, and what is one; "" where
// they are.
func (d *diagnosis) unsplit(f *report.Flow) string {
	const pairs = "more pairs of addresses are several flows"
	switch {
	case d.insideAlike() && report.FlowWords(f) == report.FlowWords(d.t.Largest):
		then := ", and let the NIC hash the inner headers"
		if f.HasPorts && d.t.SameTunnels > 1 {
			then = ", whose outer source ports differ"
		}
		return fmt.Sprintf("It is of %s, and hashing the inner headers alone gives the busiest CPU %s × its fair share, too: split what is inside over several connections%s", d.t.LargestTunnel, words.Fixed(d.t.InnerBalance, 2), then)
	case d.fragmented() && !f.HasPorts:
		return "These are " + noPorts
	case d.rps(): // the stack's own hash has the ports
	case onAddresses(f) && (f.Protocol == "tcp" || f.Protocol == "udp") && !d.t.Unsettable.Fields:
		return fmt.Sprintf("More connections between the same addresses change nothing while %s is hashed on addresses alone: first %s, then split it over several connections", strings.ToUpper(f.Protocol), setFields(f.Protocol, "sdfn"))
	case onAddresses(f):
		return fmt.Sprintf("Its ports are not hashed, so that more connections between the same addresses change nothing: %s", pairs)
	}
	if !f.HasPorts && f.Protocol != "tcp" && f.Protocol != "udp" && f.Protocol != "sctp" {
		return "It has no ports: all such packets between its addresses are one flow to the NIC, and " + pairs
	}
	return ""
}

// split is what parts the load of a heavy flow.
func (d *diagnosis) split(f *report.Flow) string {
	if why := d.unsplit(f); why != "" {
		return why
	}
	return "Split it over several connections"
}

// elephant: one flow is more than a fair share, and RSS never splits a flow
// (RSS++, CoNEXT 2019, shows how common that is).
func (d *diagnosis) elephant() *report.Finding {
	if !d.hasElephant() || !d.onBusiest(d.t.Largest) {
		return nil
	}
	return d.aboutElephant()
}

// elephantElsewhere: one flow is more than a fair share, and the hottest CPU is another one.
func (d *diagnosis) elephantElsewhere() *report.Finding {
	if !d.hasElephant() || d.onBusiest(d.t.Largest) || d.has("elephant-bytes") && report.FlowWords(d.t.Largest) == report.FlowWords(d.t.LargestBytes) {
		return nil
	}
	return d.aboutElephant()
}

func (d *diagnosis) hasElephant() bool {
	if d.has("hot-window") && !d.r.Moves() { // where tables change that may be why a window is hot
		return false
	}
	return d.uneven() && !d.has("tunnel", "single-flow", "udp-without-ports", "few-inputs", "weak-key", "one-queue", "single-queue") && d.bound() >= report.UnevenFrom && !d.fewInAll()
}

func (d *diagnosis) aboutElephant() *report.Finding {
	figures := d.load(report.Numbers{"share": d.share(d.t.Largest.Packets), "bound": d.bound()})
	its := "its CPU"
	if d.r.Moves() {
		its = "the CPU that has it at the time"
	}
	f := &report.Finding{
		ID: "elephant-flow", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("One flow has %s of the received packets: %s gets at least %s times a fair share, whatever the %s.",
			words.Percent(d.share(d.t.Largest.Packets)), its, words.Fixed(d.bound(), 2), d.spreads()),
		Evidence: fmt.Sprintf("%s; %s.%s", d.flow(d.t.Largest), d.onHotCPU(d.t.Largest), d.best(figures)),
		Remedy:   d.relieve(d.t.Largest),
		Figures:  figures,
	}
	if entry := d.entryOf(d.t.Largest); float64(entry-d.bound()) >= d.worthwhile() {
		f.Evidence += fmt.Sprintf(" Under this key entry %d of the table, which the flow shares with others, has %s × alone: no table gets below that.", d.t.Largest.Index, words.Fixed(entry, 2))
		figures["entry_bound"] = entry
		if !d.assumedKey() && !onAddresses(d.t.Largest) {
			f.Remedy = d.partedBy() + " part the flows of that entry by luck. " + f.Remedy
		}
	}
	return f
}

// entryOf is the packets of the table's entry that a flow meets, of a fair share; 0 where no one
// entry has them, or which it is may not be told.
func (d *diagnosis) entryOf(f *report.Flow) report.Fraction {
	if d.rps() || d.r.Moves() || f.HashWithheld || f.Rule != nil || f.HashType == report.NoHash || f.Index >= len(d.r.Table.Packets) {
		return 0
	}
	return d.ofFair(d.r.Table.Packets[f.Index])
}

// spreads is what spreads flows over CPUs, and splits none.
func (d *diagnosis) spreads() string {
	if d.rps() {
		return "masks of RPS"
	}
	return "table"
}

// relieve is what helps the CPU of a heavy flow. Under RPS no table does.
func (d *diagnosis) relieve(f *report.Flow, change ...Argument) string {
	if d.rps() {
		return d.split(f) + ", as no mask splits it. " + d.ownCPU() + "."
	}
	return d.orApart(d.split(f), "its CPU", change...)
}

// bytesFrom is how much more a flow must be of the bytes than of the packets to be
// heavy in bytes alone.
const bytesFrom = 3

// elephantBytes: a flow is heavy in bytes, and not in packets. Where bytes cost, in a
// copy or a checksum, its CPU is the hot one.
func (d *diagnosis) elephantBytes() *report.Finding {
	if !d.judged() || d.has("tunnel", "single-flow", "elephant-flow", "udp-without-ports", "few-inputs", "hot-window", "weak-key", "one-queue", "single-queue") || d.t.LargestBytes == nil || d.mode.Imbalance.Bytes.IsNull() || d.fewInAll() {
		return nil
	}
	var bytes uint64
	var most *report.CPU
	for i := range d.mode.CPUs {
		c := &d.mode.CPUs[i]
		bytes += c.Bytes
		if most == nil || c.Bytes > most.Bytes {
			most = c
		}
	}
	f := d.t.LargestBytes
	var received uint64 // with what rings and backlogs drop
	for i := range d.mode.Queues {
		received += d.mode.Queues[i].Bytes
	}
	share := report.Ratio(f.Bytes, max(received, bytes))
	bound := share * report.Fraction(len(d.mode.CPUs))
	if share.IsNull() || bound < report.UnevenFrom || share < bytesFrom*d.share(f.Packets) {
		return nil
	}
	return &report.Finding{
		ID: "elephant-bytes", Severity: report.Warning, // what bytes cost is not known
		Summary: fmt.Sprintf("One flow has %s of the received bytes in %s of the packets: by bytes its CPU gets at least %s times a fair share, whatever the %s.",
			words.Percent(share), words.Percent(d.share(f.Packets)), words.Fixed(bound, 2), d.spreads()),
		Evidence: fmt.Sprintf("%s, of %s bytes; CPU %d has %s of the bytes, %s × its fair share. By packets the busiest has %s ×.",
			report.FlowWords(f), words.Exact(f.Bytes), most.CPU, words.Percent(report.Ratio(most.Bytes, bytes)), words.Fixed(d.mode.Imbalance.Bytes, 2), words.Fixed(d.lost(), 2)),
		Remedy:  "This counts where bytes cost (copies, checksums: `--byte-cost`). " + d.relieve(f, Argument{"--by", "bytes"}),
		Figures: report.Numbers{"cpu": most.CPU, "cpu_share_bytes": report.Ratio(most.Bytes, bytes), "lost_capacity_bytes": d.mode.Imbalance.Bytes, "share_bytes": share, "share": d.share(f.Packets), "bound": bound},
	}
}
