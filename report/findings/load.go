package findings

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about flows: which are heavy, how many there are, and what is hashed of
// them. Of those that explain the same imbalance the most telling one comes first,
// and silences the rest.

// explained are the findings that explain an uneven load without chance.
var explained = []string{
	"weak-key", "one-queue", "single-queue", "queues-share-cpu", "cpus-missed", "lopsided-table", "no-hash-type", "unhashed",
	"tunnel", "single-flow", "udp-without-ports", "few-inputs", "hot-window", "elephant-flow",
}

// explained tells whether one of these was found. What has no hash explains the load of
// its own CPU alone.
func (d *diagnosis) explained() bool {
	return slices.ContainsFunc(d.found, func(id string) bool {
		if id == "unhashed" || id == "no-hash-type" {
			return d.r.Table.QueueCPUs[d.defaultQueue()] == d.busiest().CPU
		}
		return slices.Contains(explained, id)
	})
}

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
	number := on.Most().CPU
	at := slices.IndexFunc(d.mode.CPUs, func(c report.CPU) bool { return c.CPU == number })
	if at < 0 {
		return nil
	}
	return &d.mode.CPUs[at]
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

// tunnelOnBusiest tells whether the tunnel with the most packets, or a heavy one of its kind,
// is on the busiest CPU.
func (d *diagnosis) tunnelOnBusiest() bool {
	largest := d.t.Largest
	return d.onBusiest(largest) || slices.ContainsFunc(d.t.Heavy, func(f report.Flow) bool {
		kind := f.Protocol == largest.Protocol && f.DestinationPort == largest.DestinationPort
		return kind && d.ofFair(f.Packets) >= heavyFrom && d.onBusiest(&f)
	})
}

// tunnel: the outer headers of a tunnel have few flows, and a CPU is hot by them
// (GRE: virtio-win #978; ESP: cilium #26979; VXLAN: moby #37214).
func (d *diagnosis) tunnel() *report.Finding {
	if !d.hasHeavyTunnel() || !d.tunnelOnBusiest() {
		return nil
	}
	return d.aboutTunnel()
}

// tunnelElsewhere: a tunnel has more than a fair share, and the hottest CPU is another one.
func (d *diagnosis) tunnelElsewhere() *report.Finding {
	if !d.hasHeavyTunnel() || d.tunnelOnBusiest() {
		return nil
	}
	return d.aboutTunnel()
}

// insideAlike tells whether the inner headers would be spread no better than the outer ones:
// a tunnel's one heavy flow, say.
func (d *diagnosis) insideAlike() bool {
	return d.t.LargestTunnel != "" && d.t.InnerFlows > 0 && !d.t.InnerBalance.IsNull() && d.t.HashedBy == "" && d.gain(d.t.InnerBalance) < report.GainFrom
}

func (d *diagnosis) hasHeavyTunnel() bool {
	return d.uneven() && !d.insideAlike() && !d.has("weak-key", "one-queue", "single-queue") && d.t.LargestTunnel != "" && d.bound() >= report.UnevenFrom
}

func (d *diagnosis) aboutTunnel() *report.Finding {
	f := &report.Finding{
		ID: "tunnel", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("One %s tunnel has %s of the received packets: the NIC sees one flow, and one CPU takes it all.",
			d.t.LargestTunnel, words.Percent(d.share(d.t.Largest.Packets))),
		Evidence: fmt.Sprintf("%s; %s. No table gets below %s ×.", d.flow(d.t.Largest), d.onHotCPU(d.t.Largest), words.Fixed(d.bound(), 2)),
		Remedy:   d.spreadTunnels(),
		Figures:  d.load(report.Numbers{"tunnels": d.t.SameTunnels, "share": d.share(d.t.Largest.Packets), "bound": d.bound()}),
	}
	if by := d.t.HashedBy; by != "" {
		f.Severity = report.Note
		f.Summary = fmt.Sprintf("%s of the received packets are %s, which this NIC hashes on the %s: which CPU takes them can't be predicted.", words.Percent(d.share(d.t.InTunnels)), d.t.LargestTunnel, by)
		f.Evidence = fmt.Sprintf("%s; here they go by their addresses alone, and %s. Where the %s stands in the NIC's hash is not published.", d.flow(d.t.Largest), d.onHotCPU(d.t.Largest), by)
		f.Remedy = fmt.Sprintf("Count each queue's packets on the machine (`ethtool -S DEV`, before and after): several %ss spread, one does not.", by)
		return f
	}
	if d.t.SameTunnels > 1 {
		f.Summary = fmt.Sprintf("%s %s tunnels have %s of the received packets, one of them %s: the NIC sees %s flows, and spreads no tunnel over CPUs.",
			words.Exact(d.t.SameTunnels), d.t.LargestTunnel, words.Percent(d.share(d.t.InTunnels)), words.Percent(d.share(d.t.Largest.Packets)), words.Exact(d.t.SameTunnels))
		if d.t.Largest.HasPorts { // a tunnel has many
			f.Summary = fmt.Sprintf("%s outer flows of %s have %s of the received packets, one of them %s: the NIC hashes the outer headers alone, and spreads no outer flow over CPUs.",
				words.Exact(d.t.SameTunnels), d.t.LargestTunnel, words.Percent(d.share(d.t.InTunnels)), words.Percent(d.share(d.t.Largest.Packets)))
		}
	}
	if d.t.InnerFlows > 0 {
		f.Evidence += fmt.Sprintf(" Outside, the %s tunnelled packets are %s; inside, %s, and hashing these gives the busiest CPU %s × its fair share.",
			words.Exact(d.t.Tunnelled), words.Plural(d.t.TunnelFlows, "flow", "flows"), words.Exact(d.t.InnerFlows), words.Fixed(d.t.InnerBalance, 2))
		inner := "Let the NIC hash the inner headers where it can; its effect: " + d.run("", Argument{"--inner", ""}) + ". "
		f.Remedy = inner + strings.Replace(f.Remedy, outerPort, "Else the outer source port", 1)
		f.Figures["inner_flows"], f.Figures["inner_imbalance"] = d.t.InnerFlows, d.t.InnerBalance
	}
	return f
}

// dissected are the tunnels that Linux's own hash, by which RPS steers their packets,
// looks into; of others it has the outer addresses and ports, of ESP the SPI, too.
var dissected = []string{"ipip", "6in4", "4in6", "6in6", "gre", "nvgre", "pptp"}

const outerPort = "The outer source port"

// spreadTunnels is what spreads the packets of a tunnel of the largest's kind where the
// NIC does not.
func (d *diagnosis) spreadTunnels() string {
	several := "Several tunnels, between more addresses, are several flows."
	switch kind := d.t.LargestTunnel; {
	case d.rps():
		return several
	case slices.Contains(dissected, kind):
		return "RPS spreads them behind the NIC, as the kernel's own hash is of the inner headers: " + d.byRPS("N") + "."
	case kind == "vxlan" || kind == "geneve" || kind == "gtp_u":
		return outerPort + " must vary with the inner flow, as the sender sets it. RPS on the NIC's queues keeps a tunnel together, too: the kernel's own hash is of the outer headers. An XDP program with a cpumap can read further."
	case kind == "esp":
		return several + " RPS parts them by their SPI, too, as the kernel's own hash is of addresses and SPI: of one SPI all packets stay together. " + upper(d.byRPS("N")) + "."
	}
	return several + " RPS on the NIC's queues keeps a tunnel together, too: the kernel's own hash is of the outer headers."
}

// singleFlowFrom is the share of the packets from which the capture is one of a
// single flow.
const singleFlowFrom = 0.9

func (d *diagnosis) singleFlow() *report.Finding {
	if !d.uneven() || d.has("tunnel") || d.t.Largest == nil || d.share(d.t.Largest.Packets) < singleFlowFrom {
		return nil
	}
	remedy := "Test with more connections (iperf3 -P 16)."
	if plan := d.plan(); plan != "" {
		remedy = fmt.Sprintf("Test with more connections (iperf3 -P 16); %s names source ports that reach every CPU.", plan)
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
	case d.insideAlike() && report.FlowName(f, math.MaxInt32) == report.FlowName(d.t.Largest, math.MaxInt32):
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
	if !d.hasElephant() || d.onBusiest(d.t.Largest) || d.has("elephant-bytes") && report.FlowName(d.t.Largest, math.MaxInt32) == report.FlowName(d.t.LargestBytes, math.MaxInt32) {
		return nil
	}
	return d.aboutElephant()
}

func (d *diagnosis) hasElephant() bool {
	return d.uneven() && !d.has("tunnel", "single-flow", "udp-without-ports", "few-inputs", "hot-window", "weak-key", "one-queue", "single-queue") && d.bound() >= report.UnevenFrom && !d.fewInAll()
}

func (d *diagnosis) aboutElephant() *report.Finding {
	figures := d.load(report.Numbers{"share": d.share(d.t.Largest.Packets), "bound": d.bound()})
	its := "its CPU"
	if d.r.Moves() {
		its = "the CPU that has it at the time"
	}
	return &report.Finding{
		ID: "elephant-flow", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("One flow has %s of the received packets: %s gets at least %s times a fair share, whatever the table.",
			words.Percent(d.share(d.t.Largest.Packets)), its, words.Fixed(d.bound(), 2)),
		Evidence: fmt.Sprintf("%s; %s.%s", d.flow(d.t.Largest), d.onHotCPU(d.t.Largest), d.best(figures)),
		Remedy:   d.relieve(d.t.Largest),
		Figures:  figures,
	}
}

// relieve is what helps the CPU of a heavy flow. Under RPS no table does.
func (d *diagnosis) relieve(f *report.Flow) string {
	if d.rps() {
		return d.split(f) + "."
	}
	return d.split(f) + "; or keep other flows off its CPU: " + d.run("suggest") + " looks for a table that lasts."
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
		Summary: fmt.Sprintf("One flow has %s of the received bytes in %s of the packets: by bytes its CPU gets at least %s times a fair share, whatever the table.",
			words.Percent(share), words.Percent(d.share(f.Packets)), words.Fixed(bound, 2)),
		Evidence: fmt.Sprintf("%s, of %s bytes; CPU %d has %s of the bytes, %s × its fair share. By packets the busiest has %s ×.",
			report.FlowName(f, math.MaxInt32), words.Exact(f.Bytes), most.CPU, words.Percent(report.Ratio(most.Bytes, bytes)), words.Fixed(d.mode.Imbalance.Bytes, 2), words.Fixed(d.lost(), 2)),
		Remedy:  fmt.Sprintf("This counts where bytes cost (copies, checksums: `--byte-cost`). %s; or keep other flows off its CPU: %s.", d.split(f), d.run("suggest", Argument{"--by", "bytes"})),
		Figures: report.Numbers{"cpu": most.CPU, "cpu_share_bytes": report.Ratio(most.Bytes, bytes), "lost_capacity_bytes": d.mode.Imbalance.Bytes, "share_bytes": share, "share": d.share(f.Packets), "bound": bound},
	}
}

// udpWithoutPorts: most drivers' default (firedancer #8337, Cloudflare's "How to
// receive a million packets per second").
func (d *diagnosis) udpWithoutPorts() *report.Finding {
	gain := d.gain(d.t.WithPorts)
	if !d.uneven() || d.has("tunnel", "weak-key", "one-queue", "single-queue") || d.share(d.t.UDPOnAddresses) < 0.1 || gain < report.GainFrom || d.mostPortless() != "udp" {
		return nil
	}
	f := d.portless("udp-without-ports")
	if d.t.UDPFragments > 0 {
		f.Remedy += fmt.Sprintf(" But %s more UDP packets are fragments, which have no ports: they would part from their flows, and may overtake them.", words.Exact(d.t.UDPFragments))
	}
	return f
}

// mostPortless is the protocol with the most packets that are hashed without ports.
func (d *diagnosis) mostPortless() string {
	if d.t.Inputs == nil || len(d.t.Inputs.Portless) == 0 {
		return ""
	}
	return d.t.Inputs.Portless[0].Protocol
}

// fewInputs: what the hash is told of many flows is the same, so that no key can
// spread them: TCP by addresses behind a NAT, SCTP between few peers.
func (d *diagnosis) fewInputs() *report.Finding {
	if !d.uneven() || d.has("tunnel", "weak-key", "one-queue", "single-queue", "udp-without-ports") || d.mostPortless() == "" {
		return nil
	}
	p := d.t.Inputs.Portless[0]
	if d.share(p.Packets) < 0.1 || p.Inputs*2 > p.Flows || p.Inputs > fewPerCPU*uint64(len(d.mode.CPUs)) {
		return nil
	}
	if p.Protocol != "sctp" && d.gain(d.t.WithPorts) < report.GainFrom {
		return nil
	}
	return d.portless("few-inputs")
}

// portless is the finding about the protocol that most packets are hashed without
// ports of.
func (d *diagnosis) portless(id string) *report.Finding {
	p, in := &d.t.Inputs.Portless[0], d.t.Inputs
	name, hashes := strings.ToUpper(p.Protocol), in.Hashes()
	f := &report.Finding{
		ID: id, Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("%s of the received packets are %s hashed on addresses alone: %s %s %s, and no key can part flows of the same pair.",
			words.Percent(d.share(p.Packets)), name, words.Plural(p.Flows, "flow has", "flows have"), words.Exact(p.Inputs), verb(int(p.Inputs), "pair of addresses", "pairs of addresses")),
		Evidence: fmt.Sprintf("All %s are %s, with %s and %s of the table; %s.", words.Plural(in.Flows, "hashed flow", "hashed flows"), words.Plural(in.Distinct, "distinct hash input", "distinct hash inputs"),
			words.Plural(hashes, "hash", "hashes"), words.Plural(in.Entries, "entry", "entries"), d.hottest()),
		Figures: d.load(report.Numbers{"share": d.share(p.Packets), "flows": p.Flows, "inputs": p.Inputs, "hashes": hashes, "entries_met": in.Entries}),
	}
	if p.Protocol == "sctp" {
		f.Remedy = "Hash its ports where the NIC can (`ethtool -N DEV rx-flow-hash sctp4 sdfn`; no NDIS hash type does); else spread behind the NIC, by RPS, as the kernel's own hash has its ports: " + d.byRPS("N") + "."
		return f
	}
	f.Evidence += fmt.Sprintf(" With their ports the busiest CPU has %s ×.", words.Fixed(d.t.WithPorts, 2))
	f.Figures["imbalance_with_ports"] = d.t.WithPorts
	f.Remedy = upper(d.portsToo(p.Protocol)) + "."
	return f
}

// withPorts is the flags that hash a protocol's ports in the place of those that
// leave them out.
func (d *diagnosis) withPorts(protocol string) []Argument {
	var change []Argument
	for _, a := range d.t.Command {
		switch {
		case a.Flag == "--hash-types":
			change = append(change, Argument{a.Flag, ""})
		case a.Flag == "--rx-flow-hash" && !strings.HasPrefix(a.Value, protocol+"4=") && !strings.HasPrefix(a.Value, protocol+"6="):
			change = append(change, a) // run leaves all of the flag out
		}
	}
	return append(change, Argument{"--rx-flow-hash", protocol + "4=sdfn"}, Argument{"--rx-flow-hash", protocol + "6=sdfn"})
}

// fewPerCPU are so few flows, or hash inputs, for each CPU that chance makes
// the load uneven by itself.
const fewPerCPU = 10

// fewInAll tells whether there are so few flows that none of them is to blame.
func (d *diagnosis) fewInAll() bool {
	n := d.t.Flows
	if in := d.t.Inputs; in != nil {
		n = in.Distinct
	}
	return n > 1 && n <= 2*uint64(len(d.mode.CPUs))
}

// evenTable is the imbalance that the table makes of even traffic.
func (d *diagnosis) evenTable() report.Fraction {
	if table := report.MaxOverMean(d.cpuEntries()); !table.IsNull() { // else it is not told
		return table
	}
	return 1
}

// fewFlows: so few flows that any key makes an uneven load, now this one, now that
// (esnet/iperf #810). What the table's own shares make of any number of flows is not
// chance's.
func (d *diagnosis) fewFlows() *report.Finding {
	if !d.uneven() || d.rps() || d.t.Chance == nil || d.t.Inputs == nil || d.explained() || d.has("uneven-table") && d.lost() < d.t.Chance.P50 {
		return nil
	}
	in, table := d.t.Inputs, max(d.evenTable(), d.r.BuiltIn(d.mode))
	heavy := d.heavyOnBusiest()
	few := in.Distinct <= fewPerCPU*uint64(len(d.mode.CPUs))
	if d.t.Chance.P50 < report.UnevenFrom*table || !few && heavy != nil {
		return nil
	}
	than := ""
	if table > 1 {
		than = fmt.Sprintf("; even traffic under this table gives it %s ×", words.Fixed(table, 2))
	}
	severity := report.Note // chance collisions of some hundred flows are no fault
	if d.t.Chance.P50 >= fewFrom*table {
		severity = report.Warning // and no fault of the machine's, however uneven
	}
	plan, changes := d.plan(), "another key changes it"
	if plan != "" {
		changes = "another key, or other ephemeral ports, changes it"
	}
	figures := d.load(report.Numbers{"flows": d.t.Flows, "inputs": in.Distinct, "effective_flows": in.Effective, "chance_p10": d.t.Chance.P10, "chance_p50": d.t.Chance.P50, "chance_p90": d.t.Chance.P90})
	f := &report.Finding{
		ID: "few-flows", Severity: severity,
		Summary: fmt.Sprintf("%s, worth %s of equal size, are few for %s CPUs: chance alone typically gives the busiest %s × its fair share%s.",
			words.Plural(d.t.Flows, "flow", "flows"), words.Exact(uint64(math.Round(float64(in.Effective)))), words.Exact(uint64(len(d.mode.CPUs))), words.Fixed(d.t.Chance.P50, 2), than),
		Evidence: fmt.Sprintf("%s; %s: %s.%s%s", upper(d.hottest()), d.byChance(), changes, d.named(heavy), d.best(figures)),
		Remedy:   "More flows. " + d.run("suggest") + " looks for a table that lasts.",
		Figures:  figures,
	}
	if plan != "" {
		f.Remedy = "More flows; in a test, fixed source ports that reach every CPU (" + plan + ") and a fixed key. " + d.run("suggest") + " looks for a table that lasts."
	}
	if d.t.Largest != nil && d.fragmented() {
		f.Remedy = "The heaviest flow is of " + noPorts + "."
	}
	if in.Distinct*2 < in.Flows {
		f.Summary = fmt.Sprintf("%s have %s, few for %s CPUs: chance alone typically gives the busiest %s × its fair share%s.",
			words.Plural(in.Flows, "flow", "flows"), words.Plural(in.Distinct, "distinct hash input", "distinct hash inputs"), words.Exact(uint64(len(d.mode.CPUs))), words.Fixed(d.t.Chance.P50, 2), than)
	}
	return f
}

// byChance is what the flows give on random entries.
func (d *diagnosis) byChance() string {
	return fmt.Sprintf("these flows on random entries give %s to %s × (10th to 90th percentile)", words.Fixed(d.t.Chance.P10, 2), words.Fixed(d.t.Chance.P90, 2))
}

// fewFrom is the imbalance that chance makes half of the time from which few flows
// are more than a note.
const fewFrom = 1.5

// heavyFrom is the part of a fair share from which a flow is heavy.
const heavyFrom = 0.2

// heavyOnBusiest is the heavy flows of the busiest CPU, in falling order, if without
// them it had no more than its fair share; else nil.
func (d *diagnosis) heavyOnBusiest() []*report.Flow {
	c := d.busiest()
	var heavy []*report.Flow
	var packets uint64
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		if d.ofFair(f.Packets) < heavyFrom {
			break
		}
		on := f.InMode(d.mode.Mode)
		if len(on.CPUs) == 0 { // all dropped
			continue
		}
		switch cpu := on.Most(); {
		case cpu.CPU != c.CPU:
		case d.mode != d.taken: // of the flow others came, and were dropped
			heavy = append(heavy, f)
			packets += f.Packets
		case cpu.Packets*2 > f.Packets:
			heavy = append(heavy, f)
			packets += cpu.Packets
		}
	}
	if float64(c.Packets) > d.fair()+float64(packets) {
		return nil
	}
	return heavy
}

// namedFlows are as many flows as a sentence has room for.
const namedFlows = 3

// named is the sentence that names heavy flows of the busiest CPU; "" for none.
func (d *diagnosis) named(heavy []*report.Flow) string {
	if len(heavy) == 0 {
		return ""
	}
	var list []string
	for _, f := range heavy[:min(len(heavy), namedFlows)] {
		list = append(list, fmt.Sprintf("%s (%s × a fair share)", report.FlowName(f, math.MaxInt32), words.Fixed(d.ofFair(f.Packets), 2)))
	}
	more := ""
	if n := len(heavy) - namedFlows; n > 0 {
		more = fmt.Sprintf(" and %s more", words.Exact(uint64(n)))
	}
	return fmt.Sprintf(" Heavy on CPU %d: %s%s.", d.busiest().CPU, strings.Join(list, ", "), more)
}

// collidingFlows: among many flows some heavy ones meet on one CPU.
func (d *diagnosis) collidingFlows() *report.Finding {
	if !d.uneven() || d.explained() || d.has("few-flows", "elephant-bytes") {
		return nil
	}
	heavy := d.heavyOnBusiest()
	if heavy == nil {
		return nil
	}
	var packets uint64
	for _, f := range heavy {
		packets += f.Packets
	}
	figures := d.load(report.Numbers{"heavy_flows": len(heavy), "share": d.share(packets)})
	f := &report.Finding{
		ID: "colliding-flows", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("%s heavy flows meet on CPU %d: together they have %s of the received packets, %s × a CPU's fair share.",
			words.Exact(uint64(len(heavy))), d.busiest().CPU, words.Percent(d.share(packets)), words.Fixed(d.ofFair(packets), 2)),
		Evidence: upper(d.hottest()) + "." + d.named(heavy) + d.best(figures),
		Remedy:   "Other source ports, or another key, part them by luck. " + d.run("suggest") + " looks for a table that lasts.",
		Figures:  figures,
	}
	if d.t.Chance != nil {
		f.Evidence += " " + upper(d.byChance())
		switch key := d.parameter("key"); {
		case d.lost() > d.t.Chance.P90:
			f.Evidence += "."
		case key == nil || key.Source == report.DefaultSource: // on another NIC others meet
			f.Severity = report.Note
			f.Evidence += ": chance explains it, and under the NIC's own key other flows may meet."
		default:
			f.Evidence += ": chance explains it, but with this key and table these flows load that CPU each time."
		}
	}
	if len(heavy) == 1 {
		f.Summary = fmt.Sprintf("One heavy flow, %s × a CPU's fair share, shares CPU %d with others: together they have %s × a fair share.",
			words.Fixed(d.ofFair(packets), 2), d.busiest().CPU, words.Fixed(d.lost(), 2))
	}
	if m := d.oneMove(heavy); m != nil {
		f.Remedy = fmt.Sprintf("One entry of the table does most of it: entry %d from queue %d to queue %d gives %s × instead of %s ×, as long as these flows last: %s prints the table. %s", m.entry, m.from, m.to, words.Fixed(m.after, 2), words.Fixed(d.lost(), 2),
			d.run("suggest", Argument{"--max-moves", "1"}, Argument{"--no-gate", ""}), f.Remedy)
		f.Figures["entry"], f.Figures["from_queue"], f.Figures["to_queue"], f.Figures["imbalance_after"] = m.entry, m.from, m.to, m.after
	}
	return f
}

// move is one entry that goes to another queue, and the imbalance after it.
type move struct {
	entry, from, to int
	after           report.Fraction
}

// oneMove is the move of one entry that relieves the busiest CPU most; nil if that
// gains little, or the report is not to tell which entries flows meet.
func (d *diagnosis) oneMove(heavy []*report.Flow) *move {
	t := &d.r.Table
	if heavy[0].HashWithheld || len(t.Packets) != len(t.Entries) {
		return nil
	}
	queueOf := map[int]int{} // per CPU its lowest queue
	for queue := len(t.QueueCPUs) - 1; queue >= 0; queue-- {
		queueOf[t.QueueCPUs[queue]] = queue
	}
	hot := d.busiest()
	var cold *report.CPU
	second := uint64(0)
	for i := range d.mode.CPUs {
		c := &d.mode.CPUs[i]
		if c == hot {
			continue
		}
		second = max(second, c.Packets)
		if _, ok := queueOf[c.CPU]; ok && (cold == nil || c.Packets < cold.Packets) {
			cold = c
		}
	}
	if cold == nil {
		return nil
	}
	best := hot.Packets
	m := &move{to: queueOf[cold.CPU]}
	for i, queue := range t.Entries {
		n := t.Packets[i]
		if t.QueueCPUs[queue] != hot.CPU || n > hot.Packets {
			continue
		}
		if after := max(hot.Packets-n, cold.Packets+n, second); after < best {
			best, m.entry, m.from = after, i, queue
		}
	}
	m.after = report.Fraction(float64(best) * float64(len(d.mode.CPUs)) / float64(d.mode.Totals.Packets))
	if d.gain(m.after) < report.GainFrom {
		return nil
	}
	return m
}

// strangeFrom is the standard deviations from which a CPU's load is no chance, for
// one who looks at hundreds of captures. Bad keys are far beyond it.
const strangeFrom = 4

// unevenHash: worse than chance, so that the key or the hashed fields are to blame.
func (d *diagnosis) unevenHash() *report.Finding {
	if !d.uneven() || d.t.Chance == nil || d.t.Chance.P999.IsNull() || d.t.Chance.Deviation < strangeFrom || d.explained() || d.has("few-flows", "colliding-flows") || d.mode.Imbalance.Packets <= d.t.Chance.P999 {
		return nil
	}
	in, hashes := d.t.Inputs, d.t.Inputs.Hashes()
	return &report.Finding{
		ID: "uneven-hash", Severity: d.weigh(d.lost()),
		Summary: fmt.Sprintf("The hash spreads these flows worse than chance: the busiest CPU has %s × its fair share, and of 1,000 random spreads 999 stay below %s ×.",
			words.Fixed(d.lost(), 2), words.Fixed(d.t.Chance.P999, 2)),
		Evidence: fmt.Sprintf("That CPU is %s standard deviations above what chance gives it; %s are %s with %s and %s of the table. %s.", words.Fixed(d.t.Chance.Deviation, 1),
			words.Plural(in.Flows, "flow", "flows"), words.Plural(in.Distinct, "distinct input", "distinct inputs"), words.Plural(hashes, "hash", "hashes"), words.Plural(in.Entries, "entry", "entries"), upper(d.hottest())),
		Remedy:  d.run("suggest", Argument{"--keys", "random:1000"}) + " tells whether the key is to blame. Its like at random: " + d.run("", Argument{"--key", d.anyKey()}) + ". Check the hashed fields, too (`ethtool -n DEV rx-flow-hash tcp4`).",
		Figures: d.load(report.Numbers{"chance_p999": d.t.Chance.P999, "deviation": d.t.Chance.Deviation, "flows": in.Flows, "inputs": in.Distinct, "hashes": hashes, "entries_met": in.Entries}),
	}
}

// betterTable: another table is better, and would stay so; nothing else explains the
// load than chance and this table. With the default key another NIC has other chances.
func (d *diagnosis) betterTable() *report.Finding {
	b := d.t.Better
	if !d.uneven() || b == nil || !b.Lasts || d.gain(b.Best) < report.GainFrom || float64(b.Present-b.Judged) < report.GainFrom || d.explained() || d.has("stale-table", "uneven-table", "few-flows", "colliding-flows", "uneven-hash") {
		return nil
	}
	f := &report.Finding{
		ID: "better-table", Severity: report.Note,
		Summary: fmt.Sprintf("Another indirection table spreads this traffic better, and would stay better: %s × instead of %s × on eighths of the capture that it was not found on.",
			words.Fixed(b.Judged, 2), words.Fixed(b.Present, 2)),
		Evidence: fmt.Sprintf("%s. The best table found for the whole capture has %s ×.", upper(d.hottest()), words.Fixed(b.Best, 2)),
		Remedy:   d.run("suggest") + " prints it, and how few entries to move.",
		Figures:  d.load(report.Numbers{"best_table": b.Best, "judged": b.Judged, "judged_present": b.Present, "lasts": b.Lasts}),
	}
	switch p := d.parameter("key"); {
	case p != nil && p.Source == report.DefaultSource:
		f.Remedy = "Give the NIC's own key first (`ethtool -x DEV`): a table fits one key. Then " + f.Remedy
	case d.lost() >= fewFrom:
		f.Severity = d.weigh(d.lost())
	}
	return f
}

// udpFragments: what Intel's drivers warn of when UDP is hashed on its ports (igb:
// "fragmented packets may arrive out of order to the stack above").
func (d *diagnosis) udpFragments() *report.Finding {
	if d.mode == nil || d.t.FragmentsApart == 0 {
		return nil
	}
	return &report.Finding{
		ID: "udp-fragments", Severity: report.Warning,
		Summary: fmt.Sprintf("%s of %s fragments of UDP datagrams are on another CPU than whole datagrams between the same two addresses: they may overtake each other.",
			words.Exact(d.t.FragmentsApart), words.Exact(d.t.UDPFragments)),
		Evidence: "Fragments have no ports and are hashed on addresses alone; whole datagrams are hashed with their ports.",
		Remedy:   d.addressesAlone("udp"),
		Figures:  report.Numbers{"fragments": d.t.UDPFragments, "apart": d.t.FragmentsApart},
	}
}

// asymmetricFrom are the connections from which their symmetry is judged.
const asymmetricFrom = 10

// asymmetric: what makes Suricata count tcp.wrong_thread.
func (d *diagnosis) asymmetric() *report.Finding {
	if d.mode == nil {
		return nil
	}
	a := &d.mode.Affinity
	if a.Connections < asymmetricFrom || float64(a.SymmetricConnections) > 0.9*float64(a.Connections) {
		return nil
	}
	return &report.Finding{
		ID: "asymmetric-connections", Severity: report.Note,
		Summary: fmt.Sprintf("%s of %s connections have their two directions on different CPUs under %s: an IDS or a proxy pays for that.",
			words.Exact(a.Connections-a.SymmetricConnections), words.Exact(a.Connections), d.mode.Mode),
		Evidence: fmt.Sprintf("Of %s connections with both directions received, %s have them on one CPU.", words.Exact(a.Connections), words.Exact(a.SymmetricConnections)),
		Remedy:   d.setSymmetric(),
		Figures:  report.Numbers{"connections": a.Connections, "symmetric_connections": a.SymmetricConnections},
	}
}
