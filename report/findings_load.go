package report

import (
	"fmt"
	"math"
)

// Findings about flows: which are heavy, how many there are, and what is hashed of
// them. Of those that explain the same imbalance the most telling one comes first,
// and silences the rest.

// explained are the findings that explain an uneven load by the flows themselves.
var explained = []string{"tunnel", "single-flow", "elephant-flow", "udp-without-ports", "unhashed", "no-hash-type", "one-queue", "cpus-missed", "lopsided-table", "queues-share-cpu"}

// bound is the imbalance that one flow alone makes, whatever the table.
func (d *diagnosis) bound() float64 {
	if d.t.Largest == nil {
		return 0
	}
	return float64(d.t.Largest.Packets) / d.fair()
}

// elephantFrom is the bound from which one flow is called an elephant: it alone
// makes its CPU uneven, twice over.
const elephantFrom = 1 + 2*(unevenFrom-1)

// fragmented tells whether the flow with the most packets is one of fragments: TCP
// or UDP without ports, and not because the capture cut them off.
func (d *diagnosis) fragmented() bool {
	f := d.t.Largest
	return !f.HasPorts && (f.Protocol == "tcp" || f.Protocol == "udp") && d.r.Capture.Snapped < f.Packets
}

// avoidFragments is the remedy for a heavy flow of fragments, which have no ports:
// more connections between the same addresses are the same flow to the NIC.
const avoidFragments = "These are fragments, which have no ports: more connections change nothing. Avoid fragmentation (smaller datagrams, path MTU discovery), or use more pairs of addresses"

func (d *diagnosis) largest() string {
	f := d.t.Largest
	return fmt.Sprintf("%s, %s of %s packets", flowName(f, math.MaxInt32), exact(f.Packets), exact(d.r.Capture.Received))
}

// tunnel: the outer headers of a tunnel have few flows, and a CPU is hot by them
// (GRE: virtio-win #978; ESP: cilium #26979; VXLAN: moby #37214).
func (d *diagnosis) tunnel() *Finding {
	if !d.uneven() || d.t.LargestTunnel == "" || d.bound() < elephantFrom {
		return nil
	}
	f := &Finding{
		ID: "tunnel", Severity: Problem,
		Summary: fmt.Sprintf("One %s tunnel has %s of the received packets: the NIC sees one flow, and one CPU takes it all.",
			d.t.LargestTunnel, percent(d.share(d.t.Largest.Packets))),
		Evidence: fmt.Sprintf("%s; %s, and no table gets below %s.", d.largest(), d.hottest(), fixed(Fraction(d.bound()), 3)),
		Remedy:   "Spread behind the NIC (RPS, an XDP cpumap, threaded NAPI), or use several tunnels or addresses.",
	}
	if d.t.InnerFlows > 0 {
		f.Evidence += fmt.Sprintf(" Outside, the %s tunnelled packets are %s; inside, %s, and hashing these gives imbalance.packets %s.",
			exact(d.t.Tunnelled), plural(d.t.TunnelFlows, "flow", "flows"), exact(d.t.InnerFlows), fixed(d.t.InnerBalance, 3))
		f.Remedy = "Let the NIC hash the inner headers where it can (`rssreplay CAPTURE --inner` shows the effect); for UDP tunnels, vary the outer source port; else spread behind the NIC: RPS, or an XDP cpumap."
	}
	return f
}

// singleFlowFrom is the share of the packets from which the capture is one of a
// single flow.
const singleFlowFrom = 0.9

func (d *diagnosis) singleFlow() *Finding {
	if !d.uneven() || d.has("tunnel") || d.t.Largest == nil || d.share(d.t.Largest.Packets) < singleFlowFrom {
		return nil
	}
	remedy := "Test with more connections (iperf3 -P 16); `rssreplay plan SRC DST` names source ports that reach every CPU."
	if d.fragmented() {
		remedy = avoidFragments + "."
	}
	return &Finding{
		ID: "single-flow", Severity: Problem,
		Summary:  fmt.Sprintf("One flow has %s of the received packets: this shows one CPU of %d.", percent(d.share(d.t.Largest.Packets)), len(d.mode.CPUs)),
		Evidence: fmt.Sprintf("%s; %s.", d.largest(), d.hottest()),
		Remedy:   remedy,
	}
}

// elephant: one flow is more than a fair share, and RSS never splits a flow
// (RSS++, CoNEXT 2019, shows how common that is).
func (d *diagnosis) elephant() *Finding {
	if !d.uneven() || d.has("tunnel", "single-flow") || d.bound() < elephantFrom {
		return nil
	}
	remedy := "Split it over several connections"
	if d.fragmented() {
		remedy = avoidFragments
	}
	return &Finding{
		ID: "elephant-flow", Severity: Problem,
		Summary: fmt.Sprintf("One flow has %s of the received packets: its CPU gets at least %s times a fair share, whatever the table.",
			percent(d.share(d.t.Largest.Packets)), fixed(Fraction(d.bound()), 2)),
		Evidence: fmt.Sprintf("%s; %s, and no table gets below %s.", d.largest(), d.hottest(), fixed(Fraction(d.bound()), 3)),
		Remedy:   remedy + "; or keep other flows off its CPU: `rssreplay suggest CAPTURE` names the table.",
	}
}

// udpWithoutPorts: most drivers' default (firedancer #8337, Cloudflare's "How to
// receive a million packets per second").
func (d *diagnosis) udpWithoutPorts() *Finding {
	gain := d.gain(d.t.UDPWithPorts)
	if !d.uneven() || d.has("tunnel") || d.share(d.t.UDPOnAddresses) < 0.1 || gain < gainFrom {
		return nil
	}
	f := &Finding{
		ID: "udp-without-ports", Severity: Problem,
		Summary: fmt.Sprintf("%s of the received packets are UDP hashed on addresses alone: with their ports imbalance.packets would be %s instead of %s.",
			percent(d.share(d.t.UDPOnAddresses)), fixed(d.t.UDPWithPorts, 3), fixed(d.mode.Imbalance.Packets, 3)),
		Evidence: fmt.Sprintf("%s UDP packets with ports have a hash type without them; %s.", exact(d.t.UDPOnAddresses), d.hottest()),
		Remedy:   "`ethtool -N DEV rx-flow-hash udp4 sdfn` (and udp6).",
	}
	if d.t.UDPFragments > 0 {
		f.Remedy += fmt.Sprintf(" But %s more UDP packets are fragments, which have no ports: they would part from their flows, and may overtake them.", exact(d.t.UDPFragments))
	}
	return f
}

// gain is by how much imbalance.packets would fall; 0 where that is not known.
func (d *diagnosis) gain(other Fraction) float64 {
	if d.mode == nil || other.IsNull() || d.mode.Imbalance.Packets.IsNull() {
		return 0
	}
	return float64(d.mode.Imbalance.Packets - other)
}

// fewFlows: so few flows that any key makes an uneven load, now this one, now that
// (esnet/iperf #810). What the table's own shares make of any number of flows is not
// chance's.
func (d *diagnosis) fewFlows() *Finding {
	if !d.uneven() || d.t.Chance == nil || d.has(explained...) || d.has("uneven-hash") {
		return nil
	}
	table := MaxOverMean(d.cpuEntries())
	if table.IsNull() { // it is not told
		table = 1
	}
	if d.t.Chance.P50 < unevenFrom*table {
		return nil
	}
	than := ""
	if table > 1 {
		than = fmt.Sprintf(", where the table alone makes %s", fixed(table, 2))
	}
	return &Finding{
		ID: "few-flows", Severity: Warning,
		Summary: fmt.Sprintf("%s, worth %s of equal size, are few for %d CPUs: chance alone makes imbalance.packets %s%s.",
			plural(d.t.Flows, "flow", "flows"), exact(uint64(math.Round(d.t.EffectiveFlows))), len(d.mode.CPUs), fixed(d.t.Chance.P50, 2), than),
		Evidence: fmt.Sprintf("%s; these flows on random entries give %s to %s (10th to 90th percentile): another key, or other ephemeral ports, changes it.",
			d.hottest(), fixed(d.t.Chance.P10, 2), fixed(d.t.Chance.P90, 2)),
		Remedy: "More flows; in a test, fixed source ports that reach every CPU (`rssreplay plan SRC DST`) and a fixed key. `rssreplay suggest CAPTURE` names the best table for these flows.",
	}
}

// unevenHash: worse than chance, so that the key or the hashed fields are to blame.
func (d *diagnosis) unevenHash() *Finding {
	if !d.uneven() || d.t.Chance == nil || d.has(explained...) || d.has("uneven-table") || d.mode.Imbalance.Packets <= d.t.Chance.P99 {
		return nil
	}
	return &Finding{
		ID: "uneven-hash", Severity: Warning,
		Summary: fmt.Sprintf("The hash spreads these flows worse than chance: imbalance.packets is %s, and 99 of 100 random spreads stay below %s.",
			fixed(d.mode.Imbalance.Packets, 3), fixed(d.t.Chance.P99, 3)),
		Evidence: d.hottest() + ".",
		Remedy:   "`rssreplay suggest CAPTURE --keys random:1000` tells whether the key is to blame, and names a table; check the hashed fields, too (`ethtool -n DEV rx-flow-hash tcp4`).",
	}
}

func (d *diagnosis) betterTable() *Finding {
	if !d.uneven() || d.gain(d.t.BestTable) < gainFrom || d.assumesCPUs() && !d.has("one-queue") {
		return nil
	}
	return &Finding{
		ID: "better-table", Severity: Warning,
		Summary: fmt.Sprintf("Another indirection table would bring imbalance.packets from %s to %s.",
			fixed(d.mode.Imbalance.Packets, 3), fixed(d.t.BestTable, 3)),
		Evidence: d.hottest() + "; the best table was made for this capture, and other traffic may differ.",
		Remedy:   "`rssreplay suggest CAPTURE` names the table, judges it on packets that it was not made for, and prints the command.",
	}
}

// udpFragments: what Intel's drivers warn of when UDP is hashed on its ports (igb:
// "fragmented packets may arrive out of order to the stack above").
func (d *diagnosis) udpFragments() *Finding {
	if d.mode == nil || d.t.FragmentsApart == 0 {
		return nil
	}
	return &Finding{
		ID: "udp-fragments", Severity: Warning,
		Summary: fmt.Sprintf("%s of %s fragments of UDP datagrams are on another CPU than whole datagrams between the same two addresses: they may overtake each other.",
			exact(d.t.FragmentsApart), exact(d.t.UDPFragments)),
		Evidence: "Fragments have no ports and are hashed on addresses alone; whole datagrams are hashed with their ports.",
		Remedy:   "`ethtool -N DEV rx-flow-hash udp4 sd` (and udp6), or datagrams that fit the MTU.",
	}
}

// asymmetricFrom are the connections from which their symmetry is judged.
const asymmetricFrom = 10

// asymmetric: what makes Suricata count tcp.wrong_thread.
func (d *diagnosis) asymmetric() *Finding {
	if d.mode == nil {
		return nil
	}
	a := &d.mode.Affinity
	if a.Connections < asymmetricFrom || float64(a.SymmetricConnections) > 0.9*float64(a.Connections) {
		return nil
	}
	return &Finding{
		ID: "asymmetric-connections", Severity: Note,
		Summary: fmt.Sprintf("%s of %s connections have their two directions on different CPUs under %s: an IDS or a proxy pays for that.",
			exact(a.Connections-a.SymmetricConnections), exact(a.Connections), d.mode.Mode),
		Evidence: fmt.Sprintf("symmetric_connections is %s of %s connections with both directions received.", exact(a.SymmetricConnections), exact(a.Connections)),
		Remedy:   "`ethtool -X DEV xfrm symmetric-xor` where the NIC can, or a symmetric key (`ethtool -X DEV hkey 6d:5a:6d:5a:…`): `--xfrm` and `--key symmetric` show the effect.",
	}
}
