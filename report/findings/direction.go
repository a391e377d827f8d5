package findings

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about which packets the host received, and which it sent.

// onlySentDestinations are the other ends from which one sender of all packets is
// taken for the host that captured.
const onlySentDestinations = 10

// onlySent: every packet comes from one address and port of a service, and goes to
// many: that is what a server sends, and its NIC receives none of it.
func (d *diagnosis) onlySent() *report.Finding {
	if !d.judged() || d.t.OnlySender == "" || d.r.Capture.Sent > 0 || d.has("loopback") {
		return nil
	}
	var service, all uint64
	ends := map[string]bool{}
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		all += f.Packets
		ends[f.Destination.String()] = true
		if f.HasPorts && servicePort(f.SourcePort, f.DestinationPort) {
			service += f.Packets
		}
	}
	if len(ends) < onlySentDestinations || float64(service) < 0.9*float64(all) {
		return nil
	}
	return &report.Finding{
		ID: "only-sent", Severity: report.Warning,
		Summary:  fmt.Sprintf("Every packet comes from %s, from the port of a service, and they go to many addresses: a server's answers, without what it received.", d.t.OnlySender),
		Evidence: fmt.Sprintf("%s of %s packets of the heaviest flows. If that host captured, its NIC received none of them, and RSS never spread them.", words.Exact(service), words.Exact(all)),
		Remedy:   "Capture what it receives: `tcpdump -i DEV -Q in -w OUT`. What the NIC at the other end makes of these packets: " + d.run("", Argument{"--direction", "out"}, Argument{"--local", d.t.OnlySender}) + ".",
		Figures:  report.Numbers{"packets": d.r.Capture.Received},
	}
}

// servicePort tells whether a is the port of a service, and b a client's.
func servicePort(a, b uint16) bool { return a < b && a < 32768 }

// servers are the addresses on the services' side of the heaviest flows, where they
// are few, fewer than on the other side, and each flow has exactly one: the host's own,
// if a host captured. Of two hosts either may have.
func (d *diagnosis) servers() []string {
	seen := map[netip.Addr]uint64{}
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		switch {
		case !f.HasPorts || f.SourcePort == f.DestinationPort:
		case servicePort(f.SourcePort, f.DestinationPort):
			seen[f.Source] += f.Packets
		case servicePort(f.DestinationPort, f.SourcePort):
			seen[f.Destination] += f.Packets
		}
	}
	var all []string
	clients := map[netip.Addr]bool{}
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		if (seen[f.Source] > 0) == (seen[f.Destination] > 0) {
			return nil
		}
		if seen[f.Source] > 0 {
			clients[f.Destination] = true
		} else {
			clients[f.Source] = true
		}
	}
	if len(clients) <= len(seen) {
		return nil
	}
	for _, addr := range slices.SortedFunc(maps.Keys(seen), netip.Addr.Compare) {
		all = append(all, addr.String())
	}
	if len(all) > 8 {
		return nil
	}
	return all
}

// bothDirections: sent and received packets can't be told apart, of any IP version or of one.
func (d *diagnosis) bothDirections() *report.Finding {
	version := d.versionShare()
	whole := d.t.DirectionUnknown && d.r.Capture.Sent == 0
	if d.mode == nil || !whole && version < versionFrom || d.has("loopback") {
		return nil
	}
	a := &d.mode.Affinity
	from := uint64(asymmetricFrom)
	if whole && d.judged() { // one is enough, as in a test between two hosts, where it has the packets
		from = 1
	}
	if a.Connections < from || whole && a.Connections*4 < a.Flows { // half of the flows have their reverse
		return nil
	}
	f := &report.Finding{
		ID: "both-directions", Severity: report.Warning,
		Summary: fmt.Sprintf("%s of %s flows have their other direction in the capture too, and both are counted as received.",
			words.Exact(2*a.Connections), words.Exact(a.Flows)),
		Figures: report.Numbers{"connections": a.Connections, "flows": a.Flows},
	}
	of, local := "Which", d.nameLocal()
	if !whole {
		of = fmt.Sprintf("Of IPv%d, which %s of the received packets are, which", d.t.UnknownVersion, words.Percent(version))
		local = "name its addresses of both versions, as `ip -brief address` shows them there: " + d.run("", Argument{"--local", d.t.Local + ",ADDR"})
		if version < versionMuch {
			f.Severity = report.Note
		}
	}
	f.Evidence = of + " side captured is not known: " + d.r.Capture.DirectionRule + "."
	f.Remedy = "If a host captured its own traffic, " + local + ". On a tap or a router both directions are received, and all is well: " + d.run("", Argument{"--direction", "both"}) + "."
	return f
}

// From versionFrom of the received packets an IP version counts whose sent packets can't be
// told from these; from versionMuch it changes what else is found.
const (
	versionFrom = 0.05
	versionMuch = 0.25
)

// versionShare is the part of the received packets of the IP version whose sent ones can't be
// told from them, where those of the other version can; 0 if there is none.
func (d *diagnosis) versionShare() report.Fraction {
	var packets uint64
	for _, t := range d.r.Capture.HashTypes {
		if d.t.UnknownVersion != 0 && strings.Contains(t.Name, fmt.Sprintf("ipv%d", d.t.UnknownVersion)) {
			packets += t.Packets
		}
	}
	return report.Ratio(packets, max(d.r.Capture.Received, 1))
}

// oneDirectionPartly: of most connections one direction alone is there, and of some
// both: a mirror port that drops, a filter, or a second path.
func (d *diagnosis) oneDirectionPartly() *report.Finding {
	if d.mode == nil || !d.t.DirectionUnknown || d.r.Capture.Sent > 0 || d.has("both-directions", "loopback") {
		return nil
	}
	a := &d.mode.Affinity
	all := a.Flows - a.Connections // with the two directions as one
	if a.Connections < asymmetricFrom || a.Connections*50 < all {
		return nil
	}
	return &report.Finding{
		ID: "one-direction-partly", Severity: report.Warning,
		Summary: fmt.Sprintf("Of %s connections %s have both directions here: of the others one was not captured, or took another way.",
			words.Exact(all), words.Exact(a.Connections)),
		Evidence: fmt.Sprintf("%s of %s connections; on one link it would be nearly all, or none.", words.Percent(report.Ratio(a.Connections, all)), words.Exact(all)),
		Remedy:   "Capture where both directions pass, or only what the NIC receives (`tcpdump -i DEV -Q in -w OUT`); a mirror port of too little rate drops one of them. If a host captured, " + d.nameLocal() + ".",
		Figures:  report.Numbers{"connections": a.Connections, "all_connections": all},
	}
}

// hostFrom is the share of an IP version's packets from which the address in most of them
// may be the host's that captured; hostAhead is by how much more than the next one's that
// share is, as of two hosts that talk to each other either may have captured.
const (
	hostFrom  = 0.8
	hostAhead = 0.1
)

// host is the address of each IP version that is in nearly all packets of the heaviest
// flows, and the least share that one has: the host's own, if a host captured. None, where
// a version that counts has no such address. Of two hosts that have it alike, either is it:
// first the one to which most bytes go.
func (d *diagnosis) host() (addresses []string, least report.Fraction, either []netip.Addr) {
	var seen [2]map[netip.Addr]uint64
	bytes := map[netip.Addr]uint64{} // received
	var packets [2]uint64
	var all uint64
	for i := range d.t.Heavy {
		f := &d.t.Heavy[i]
		version := 0
		if f.Source.Is6() {
			version = 1
		}
		if seen[version] == nil {
			seen[version] = map[netip.Addr]uint64{}
		}
		seen[version][f.Source] += f.Packets
		if f.Destination != f.Source {
			seen[version][f.Destination] += f.Packets
		}
		bytes[f.Destination] += f.Bytes
		packets[version] += f.Packets
		all += f.Packets
	}
	least = 1
	for version, n := range packets {
		if n == 0 || n < all/10 {
			continue
		}
		var first, second netip.Addr
		for _, addr := range slices.SortedFunc(maps.Keys(seen[version]), netip.Addr.Compare) {
			if m := seen[version]; m[addr] > m[first] {
				first, second = addr, first
			} else if m[addr] > m[second] {
				second = addr
			}
		}
		share := report.Ratio(seen[version][first], n)
		if share < hostFrom || share-report.Ratio(seen[version][second], n) < hostAhead {
			if report.Ratio(seen[version][second], n) >= hostFrom && n == all {
				either = []netip.Addr{first, second}
				slices.SortStableFunc(either, func(a, b netip.Addr) int { return cmp.Compare(bytes[b], bytes[a]) })
			}
			return nil, 0, either
		}
		addresses, least = append(addresses, first.String()), min(least, share)
	}
	return addresses, least, nil
}

// nameLocal is the clause that has the reader tell which addresses are the capturing
// host's: those that they most likely are, or how to find them.
func (d *diagnosis) nameLocal() string {
	run := func(addresses string) string { return d.run("", Argument{"--local", addresses}) }
	host, least, either := d.host()
	switch {
	case len(host) == 1:
		return fmt.Sprintf("name its address, which may be %s, in %s of the packets: %s", host[0], words.Percent(least), run(host[0]))
	case host != nil:
		return fmt.Sprintf("name its addresses, which may be %s, in %s of the packets: %s", strings.Join(host, " and "), words.Percent(least), run(strings.Join(host, ",")))
	case either != nil:
		return fmt.Sprintf("name its address, %s or %s: %s", either[0], either[1], run(either[0].String()))
	}
	if servers := d.servers(); servers != nil {
		return "name its addresses, which may be those of the services: " + run(strings.Join(servers, ","))
	}
	return "name its addresses, as `ip -brief address` shows them there: " + run("ADDR")
}
