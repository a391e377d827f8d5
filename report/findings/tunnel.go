package findings

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about tunnels, of which the NIC hashes the outer headers alone.

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
		Evidence: fmt.Sprintf("%s; %s. No %s below %s ×.", d.flow(d.t.Largest), d.onHotCPU(d.t.Largest), d.gets(), words.Fixed(d.bound(), 2)),
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
		f.Evidence += fmt.Sprintf(" Outside, the %s tunnelled packets are %s; inside, %s", words.Exact(d.t.Tunnelled), words.Plural(d.t.TunnelFlows, "flow", "flows"), words.Exact(d.t.InnerFlows))
		if !d.t.InnerBalance.IsNull() {
			f.Evidence += fmt.Sprintf(", and hashing these gives the busiest CPU %s × its fair share", words.Fixed(d.t.InnerBalance, 2))
		}
		f.Evidence += "."
		outside := f.Remedy
		inner := "Let the NIC hash the inner headers where it can; its effect: " + d.run("", Argument{"--inner", ""}) + ". "
		f.Remedy = inner + strings.Replace(f.Remedy, outerPort, "Else the outer source port", 1)
		f.Figures["inner_flows"], f.Figures["inner_imbalance"] = d.t.InnerFlows, d.t.InnerBalance
		if d.t.MayHashInner {
			d.mayBeSpread(f, outside)
		}
	}
	return f
}

// mayBeSpread says in f, about a tunnel, that the NIC may spread it already; outside is what
// helps where it does not.
func (d *diagnosis) mayBeSpread(f *report.Finding, outside string) {
	f.Severity = report.Note
	f.Summary = fmt.Sprintf("%s of the received packets are %s, and this NIC may hash their inner headers: here they go by the outer ones.",
		words.Percent(d.share(d.t.InTunnels)), d.t.LargestTunnel)
	f.Evidence += " The driver asks the NIC to hash the inner headers, too; whether it does is not in the capture."
	f.Remedy = "Count each queue's packets on the machine (`ethtool -S DEV`, before and after): if many queues have them, the NIC hashes the inner headers, as " +
		d.run("", Argument{"--inner", ""}) + " does. If only one has them: " + outside
}

// dissected are the tunnels that Linux's own hash, by which RPS steers their packets,
// looks into; of others it has the outer addresses and ports, of ESP the SPI, too.
var dissected = []string{"ipip", "6in4", "4in6", "6in6", "gre", "nvgre", "pptp"}

const outerPort = "The outer source port"

// gets is what no tunnel is split by.
func (d *diagnosis) gets() string {
	if d.rps() {
		return "masks of RPS get"
	}
	return "table gets"
}

// spreadTunnels is what spreads the packets of a tunnel of the largest's kind where the
// NIC does not.
func (d *diagnosis) spreadTunnels() string {
	several := "Several tunnels, between more addresses, are several flows."
	switch kind := d.t.LargestTunnel; {
	case kind == "wireguard":
		return d.behindWireGuard()
	case d.rps() && (kind == "vxlan" || kind == "geneve" || kind == "gtp_u"):
		return outerPort + " must vary with the inner flow, as the sender sets it. An XDP program with a cpumap can read further."
	case d.rps() && d.t.SPIs == 1:
		return several + " So are several security associations under RPS, as the kernel's own hash is of addresses and SPI."
	case d.rps():
		return several
	case slices.Contains(dissected, kind):
		return "RPS spreads them behind the NIC, as the kernel's own hash is of the inner headers: " + d.byRPS("N") + "."
	case kind == "vxlan" || kind == "geneve" || kind == "gtp_u":
		return outerPort + " must vary with the inner flow, as the sender sets it. RPS on the NIC's queues keeps a tunnel together, too: the kernel's own hash is of the outer headers. An XDP program with a cpumap can read further."
	case kind == "esp" && d.t.SPIs == 1:
		return several + " Its packets have one SPI, so that RPS keeps them together, too: the kernel's own hash is of addresses and SPI. Several security associations have several."
	case kind == "esp" && d.t.SPIs > 1:
		return several + fmt.Sprintf(" RPS parts this one's %s SPIs, as the kernel's own hash is of addresses and SPI: ", words.Exact(d.t.SPIs)) + d.byRPS("N") + "."
	case kind == "esp":
		return several + " RPS parts them by their SPI, too, as the kernel's own hash is of addresses and SPI: of one SPI all packets stay together. " + words.UpperFirst(d.byRPS("N")) + "."
	}
	return several + " RPS on the NIC's queues keeps a tunnel together, too: the kernel's own hash is of the outer headers."
}

// behindWireGuard is what spreads the packets of a WireGuard tunnel: the NIC and the kernel's own
// hash see one flow, but what was decrypted comes in anew, on an interface of its own
// (calico #9223).
func (d *diagnosis) behindWireGuard() string {
	several := "Several tunnels, on other ports or between more addresses, are several flows."
	if !d.rps() && onAddresses(d.t.Largest) {
		several = "Several tunnels, between more addresses, are several flows."
	}
	return several + fmt.Sprintf(" RPS on WireGuard's own interface spreads what was decrypted, by its inner headers: `echo %s >/sys/class/net/WG/queues/rx-0/rps_cpus`. Threaded NAPI there (`echo 1 >/sys/class/net/WG/threaded`) gives each peer a thread. RPS on the NIC's queues keeps a tunnel together.", d.cpuMask())
}
