package findings

import (
	"fmt"
	"net/netip"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about what is hashed: flows with the same input meet one entry, whatever the key.

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

// udpPortsAssumed: nothing says whether the NIC hashes UDP's ports, and much depends on it.
func (d *diagnosis) udpPortsAssumed() *report.Finding {
	without := d.t.WithoutUDPPorts
	if !d.judged() || d.t.UDPAssumed == 0 || without.IsNull() || without < report.UnevenFrom || -d.gain(without) < report.GainFrom || d.has("loopback") {
		return nil
	}
	flows := 0
	pairs := map[[2]netip.Addr]bool{}
	for i := range d.t.Heavy {
		if f := &d.t.Heavy[i]; f.Protocol == "udp" && f.HasPorts {
			flows++
			pairs[[2]netip.Addr{f.Source, f.Destination}] = true
		}
	}
	if 4*len(pairs) > flows || uint64(len(pairs)) > fewPerCPU*uint64(len(d.mode.CPUs)) {
		return nil // nearly as many by their addresses: another spread by chance
	}
	tells := "`ethtool -n DEV rx-flow-hash udp4` tells (--flow-hash FILE), or the driver (--nic, `ethtool -i DEV`)."
	switch {
	case d.t.PowerShell:
		tells = "`Get-NetAdapterRss` does not show which it is; the load of each processor, in Performance Monitor, does."
	case d.t.Application:
		tells = "What has the NIC to itself chooses it."
	}
	list := words.Plural(uint64(len(pairs)), "pair of addresses", "pairs of addresses")
	return &report.Finding{
		ID: "udp-ports-assumed", Severity: report.Warning,
		Summary: fmt.Sprintf("%s of the received packets are UDP, taken to be hashed on ports, which many drivers leave out: then the busiest CPU has %s × its fair share.",
			words.Percent(d.share(d.t.UDPAssumed)), words.Fixed(without, 2)),
		Evidence: fmt.Sprintf("The %s have %s. No flag or file tells what the NIC hashes.", words.Plural(uint64(flows), "heaviest UDP flow", "heaviest UDP flows"), list),
		Remedy: tells + " Without ports: " +
			d.run("", Argument{"--rx-flow-hash", "udp4=sd"}, Argument{"--rx-flow-hash", "udp6=sd"}) + ".",
		Figures: report.Numbers{"share": d.share(d.t.UDPAssumed), "flows": uint64(flows), "pairs": uint64(len(pairs)), "imbalance_without_ports": without},
	}
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
	if !d.uneven() || d.rps() || d.has("tunnel", "weak-key", "one-queue", "single-queue", "udp-without-ports") || d.mostPortless() == "" {
		return nil // RPS has a hash of its own, or rpsHot tells
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
	f.Remedy = words.UpperFirst(d.portsToo(p.Protocol)) + "."
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
