package findings

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about the capture: what it can't show.

// coarse is a resolution of timestamps by which no burst can be told from its pause,
// in ns.
const coarse = 1e6

// clockStill: all packets at one instant, or a clock of milliseconds or seconds, so
// that what the capture shows as bursts may be none.
func (d *diagnosis) clockStill() *report.Finding {
	c := &d.r.Capture
	if c.Packets < 2 {
		return nil
	}
	f := &report.Finding{
		ID: "clock-still", Severity: report.Warning,
		Remedy: "Which CPU gets which packet holds all the same. For the rest, capture with the kernel's clock (`tcpdump -i DEV -w OUT`), and write formats that keep nanoseconds or microseconds.",
	}
	switch {
	case c.Duration == 0:
		switch {
		case c.TimestampRegressions > 0:
			f.Summary = "No packet has a later timestamp than the first: the capture has no clock."
		case c.Packets == 2:
			f.Summary = "Both packets have the same timestamp: the capture has no clock."
		default:
			f.Summary = fmt.Sprintf("All %s packets have the same timestamp: the capture has no clock.", words.Exact(c.Packets))
		}
		f.Evidence = "Drops, load and latency can't be judged, and are left out here."
		f.Figures = report.Numbers{"packets": c.Packets, "duration_ns": c.Duration}
	case d.t.Grain >= coarse && c.Packets >= report.MinPackets && report.Fraction(c.Duration) < report.Fraction(c.Packets-1)*report.Fraction(d.t.Grain): // so some share one
		f.Summary = fmt.Sprintf("All timestamps are multiples of %s, and %s packets lie in each on the mean: within it they arrive at once in the replay.",
			words.Nanoseconds(d.t.Grain), words.Fixed(report.Fraction(c.Packets)*report.Fraction(d.t.Grain)/report.Fraction(c.Duration), 1))
		f.Evidence = "Drops and latency follow from that, and can't be judged; they are left out here."
		f.Figures = report.Numbers{"packets": c.Packets, "grain_ns": d.t.Grain}
	default:
		return nil
	}
	return f
}

// onlySentDestinations are the other ends from which one sender of all packets is
// taken for the host that captured.
const onlySentDestinations = 10

// onlySent: every packet comes from one address and port of a service, and goes to
// many: that is what a server sends, and its NIC receives none of it.
func (d *diagnosis) onlySent() *report.Finding {
	if !d.judged() || d.t.OnlySender == "" || d.r.Capture.Sent > 0 {
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

// bothDirections: sent and received packets can't be told apart.
func (d *diagnosis) bothDirections() *report.Finding {
	if d.mode == nil || !d.t.DirectionUnknown || d.r.Capture.Sent > 0 {
		return nil
	}
	a := &d.mode.Affinity
	if a.Connections < asymmetricFrom || a.Connections*4 < a.Flows { // half of the flows have their reverse
		return nil
	}
	return &report.Finding{
		ID: "both-directions", Severity: report.Warning,
		Summary: fmt.Sprintf("%s of %s flows have their other direction in the capture too, and both are counted as received.",
			words.Exact(2*a.Connections), words.Exact(a.Flows)),
		Evidence: "Which side captured is not known: " + d.r.Capture.DirectionRule + ".",
		Remedy:   "If a host captured its own traffic, " + d.nameLocal() + ". On a tap or a router both directions are received, and all is well: " + d.run("", Argument{"--direction", "both"}) + ".",
		Figures:  report.Numbers{"connections": a.Connections, "flows": a.Flows},
	}
}

// oneDirectionPartly: of most connections one direction alone is there, and of some
// both: a mirror port that drops, a filter, or a second path.
func (d *diagnosis) oneDirectionPartly() *report.Finding {
	if d.mode == nil || !d.t.DirectionUnknown || d.r.Capture.Sent > 0 || d.has("both-directions") {
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
		return fmt.Sprintf("name its address, which may be the one in %s of the packets: %s", words.Percent(least), run(host[0]))
	case host != nil:
		return fmt.Sprintf("name its addresses, which may be those in %s of the packets: %s", words.Percent(least), run(strings.Join(host, ",")))
	case either != nil:
		return fmt.Sprintf("name its address, %s or %s: %s", either[0], either[1], run(either[0].String()))
	}
	if servers := d.servers(); servers != nil {
		return "name its addresses, which may be those of the services: " + run(strings.Join(servers, ","))
	}
	return "name its addresses, as `ip -brief address` shows them there: " + run("ADDR")
}

// oversized: receive coalescing or segmentation offload made the capture's packets,
// or a length in it is damaged.
func (d *diagnosis) oversized() *report.Finding {
	if d.t.Oversized == 0 {
		return nil
	}
	f := &report.Finding{
		ID: "coalesced", Severity: report.Warning,
		Summary:  words.Plural(d.t.Oversized, "packet is", "packets are") + " longer than the link carries: ",
		Evidence: fmt.Sprintf("The longest has %s bytes on the wire, as the capture says", words.Exact(d.t.LargestPacket)),
		Figures:  report.Numbers{"packets": d.t.Oversized, "largest_bytes": d.t.LargestPacket},
	}
	if d.t.LargestPacket <= report.LargestOffloaded {
		f.Summary += "receive or segmentation offload made " + verb(int(d.t.Oversized), "it", "them") + ", and the wire had more and shorter ones."
		f.Evidence += "."
		off := "`ethtool -K DEV gro off lro off tso off gso off`"
		if d.t.PowerShell {
			off = "`Disable-NetAdapterRsc -Name *` and `Disable-NetAdapterLso -Name *`"
		}
		f.Remedy = "Packet counts, interrupts and drops understate the wire. Capture on a tap or a mirror port, or without offloads: " + off + "."
		return f
	}
	if d.t.Oversized == 1 {
		f.Summary += "its length is damaged."
	} else {
		f.Summary += "the length of the longest at least is damaged."
	}
	f.Evidence += "; no offload makes frames that long."
	f.Remedy = "Bytes, and what is reckoned by them, are overstated. Capture anew, or leave such packets out: `tshark -r CAPTURE -Y 'frame.len <= 524288' -w OUT`."
	return f
}

// portsCut: a snap length below the ports, or below the addresses.
func (d *diagnosis) portsCut() *report.Finding {
	ports, headers := d.t.PortsCut, d.t.HeadersCut
	n := ports + headers
	if n == 0 || float64(n) < report.CutFrom*float64(d.r.Capture.Packets) {
		return nil
	}
	var cut []string
	if ports > 0 {
		cut = append(cut, fmt.Sprintf("the ports of %s: they are hashed on addresses alone, which the NIC would not do", words.Plural(ports, "packet", "packets")))
	}
	if headers > 0 {
		cut = append(cut, fmt.Sprintf("the IP header of %s: they have no hash here, and the NIC may have had one", words.Plural(headers, "packet", "packets")))
	}
	return &report.Finding{
		ID: "ports-cut", Severity: report.Warning,
		Summary:  "The capture cut off " + strings.Join(cut, "; and ") + ".",
		Evidence: fmt.Sprintf("%s of %s packets.", words.Percent(report.Ratio(n, d.r.Capture.Packets)), words.Exact(d.r.Capture.Packets)),
		Remedy:   "Capture more of each packet: `tcpdump -i DEV -s 128 -w OUT`.",
		Figures:  report.Numbers{"packets": n, "of_packets": d.r.Capture.Packets},
	}
}

// overlap: captures of the same time, of several interfaces or queues, say, were read one
// behind the other: what lies back arrives at one instant, as no traffic did.
func (d *diagnosis) overlap() *report.Finding {
	c := &d.r.Capture
	if c.Overlaps == 0 || float64(c.TimestampRegressions) < report.CutFrom*float64(c.Packets) && c.ClockRestarts == 0 {
		return nil
	}
	f := &report.Finding{
		ID: "captures-overlap", Severity: report.Warning,
		Summary:  "The captures overlap in time, and are read one behind the other: their packets did not come like that.",
		Evidence: fmt.Sprintf("%s before an earlier one ends, by up to %s.", words.Plural(c.Overlaps, "file begins", "files begin"), words.Nanoseconds(c.Overlap)),
		Remedy:   "Replay them by time: " + d.run("", Argument{"--merge", ""}) + ".",
		Figures:  report.Numbers{"overlaps": c.Overlaps, "overlap_ns": c.Overlap, "packets": c.TimestampRegressions},
	}
	if c.TimestampRegressions > 0 {
		f.Evidence += fmt.Sprintf(" %s of %s packets lie back, and arrive at the latest time so far.", words.Exact(c.TimestampRegressions), words.Exact(c.Packets))
	}
	f.Evidence += " Bursts, drops, load and latency follow from that, and are not judged."
	return f
}

// joinedFrom is how many times the mean step between packets a gap must be to be told
// of, where the gaps are half of the capture's time.
const joinedFrom = 1000

// gapsOfPackets is how many packets there must be to a gap: a trickle has none.
const gapsOfPackets = 50

// joined tells whether most of the capture's time is gaps that the packets around
// them don't make likely.
func (d *diagnosis) joined() bool {
	g, c := &d.t.Gaps, &d.r.Capture
	if g.Count == 0 || g.Count*gapsOfPackets > c.Packets || c.Packets < report.MinPackets || g.Total < c.Duration/2 {
		return false
	}
	return float64(g.Longest)*float64(c.Packets) >= joinedFrom*float64(c.Duration-min(g.Total, c.Duration))
}

// leap: timestamps lie far from the ones before them. The replay follows leaps
// ahead, and never goes back.
func (d *diagnosis) leap() *report.Finding {
	ahead, back := &d.t.LeapsAhead, &d.t.LeapsBack
	f := &report.Finding{ID: "clock-leap", Severity: report.Warning, Figures: report.Numbers{"ahead": ahead.Packets, "back": back.Packets}}
	var where, evidence, remedy []string
	switch {
	case ahead.Packets > 0:
		where = append(where, ahead.text("ahead"))
		evidence = append(evidence, "Rates, utilization and the time series count the time that is leapt over, too.")
	case d.joined():
		g := &d.t.Gaps
		f.Figures["gaps"], f.Figures["gap_ns"], f.Figures["packet"] = g.Count, g.Longest, g.LongestFrame
		gap := "No packet for " + words.Nanoseconds(g.Longest)
		if g.LongestFrame > 0 {
			gap += " before packet " + words.Exact(g.LongestFrame)
		}
		if g.Count > 1 {
			gap += fmt.Sprintf(", and %s more of 10 s and more", words.Plural(g.Count-1, "gap", "gaps"))
		}
		where = append(where, gap+": a clock set ahead, captures joined, or silence")
		evidence = append(evidence, fmt.Sprintf("%s of the capture's %s are such gaps: rates, utilization and the time series are spread over them.",
			words.Nanoseconds(min(g.Total, d.r.Capture.Duration)), words.Nanoseconds(d.r.Capture.Duration)))
	}
	if back.Packets > 0 {
		where = append(where, back.text("back"))
		if d.t.Restarts > 0 {
			f.Figures["restarts"] = d.t.Restarts
			evidence = append(evidence, "After "+words.Plural(d.t.Restarts, "leap back", "leaps back")+" what follows is replayed right behind what came before, as of a clock set back, or captures put one behind the other: how long it was between them is not known.")
		}
		if back.Packets > d.t.Restarts {
			evidence = append(evidence, "Single packets that lie back arrive at the latest time so far.")
		}
		evidence = append(evidence, "Drops, load and latency are not judged.")
		if back.Packets == 1 && d.t.Restarts == 1 && ahead.Packets == 0 {
			remedy = append(remedy, "What came before it: "+d.run("", Argument{"--from", ""}, Argument{"--to", seconds(back.FirstAt)})+
				"; and after it: "+d.run("", Argument{"--from", seconds(back.FirstAt + 1)}, Argument{"--to", ""})+".")
		} else {
			remedy = append(remedy, d.sortByTime()+" sorts the packets by time.")
		}
	}
	switch {
	case ahead.Packets > 0 && back.Packets > 0 && ahead.FirstAt > 0 && ahead.First < back.First:
		remedy = append(remedy, "There `--to "+seconds(ahead.FirstAt)+"` leaves out what lies ahead.")
	case ahead.Packets > 0 && (ahead.FirstAt == 0 || back.Packets > 0): // where it is is not known
		remedy = append(remedy, "`--from` and `--to` take the part before or after a leap ahead.")
	case ahead.Packets > 0:
		at := seconds(ahead.FirstAt)
		first := "it"
		if ahead.Packets > 1 {
			first = "the first leap ahead"
		}
		remedy = append([]string{"What came before " + first + ": " + d.run("", Argument{"--from", ""}, Argument{"--to", at}) +
			"; what came after: " + d.run("", Argument{"--from", at}, Argument{"--to", ""}) + "."}, remedy...)
	case d.joined():
		at := d.t.Gaps.LongestStart
		remedy = append(remedy, "Before the longest gap: "+d.run("", Argument{"--from", ""}, Argument{"--to", seconds(at + 1)})+
			"; after it: "+d.run("", Argument{"--from", seconds(at + d.t.Gaps.Longest)}, Argument{"--to", ""})+".")
	}
	if where == nil || d.has("captures-overlap") && ahead.Packets == 0 && !d.joined() { // --merge mends it
		return nil
	}
	f.Summary, f.Evidence, f.Remedy = strings.Join(where, "; ")+".", strings.Join(evidence, " "), strings.Join(remedy, " ")
	return f
}

// sortByTime is the command that does it with the captures.
func (d *diagnosis) sortByTime() string {
	if captures := d.captures(); len(captures) > 1 { // without -a, which appends them
		return words.MarkedCommand(append([]string{"mergecap", "-w", "sorted.pcap"}, captures...))
	}
	return words.MarkedCommand([]string{"reordercap", d.capture(), "sorted.pcap"})
}

// captures are the file names given, as a shell takes them.
func (d *diagnosis) captures() (names []string) {
	for _, a := range d.t.Command {
		if a.Flag == "" {
			names = append(names, words.ShellWord(a.Value))
		}
	}
	return names
}

// capture is the only one, and a word for it where it is no file.
func (d *diagnosis) capture() string {
	if captures := d.captures(); len(captures) == 1 && captures[0] != "-" {
		return captures[0]
	}
	return "CAPTURE"
}

// seconds is a time as --from and --to take it, exactly.
func seconds(ns int64) string { return time.Duration(ns).String() }

// text says how many there are, and where the first is.
func (l *Leaps) text(way string) string {
	s := words.Plural(l.Packets, "timestamp leaps ", "timestamps leap ") + way
	switch {
	case l.First == 0:
	case l.Packets == 1:
		s += ", that of packet " + words.Exact(l.First)
	default:
		s += ", the first that of packet " + words.Exact(l.First)
	}
	return s
}

const (
	copiedFrom  = 0.1 // of the packets that are looked at
	copiedLeast = 50
)

// copiedPackets: a packet comes by twice where two ports of a switch are mirrored, or a
// bond, a bridge or a VLAN device is captured beside the NIC under it.
func (d *diagnosis) copiedPackets() *report.Finding {
	c := &d.t.Copies
	if c.Copied < copiedLeast || !c.Numbered || report.Fraction(c.Copied) < copiedFrom*report.Fraction(c.Looked) {
		return nil
	}
	what := "the same to the byte"
	switch {
	case len(c.Interfaces) > 1:
		var list []string
		for _, n := range c.Interfaces {
			list = append(list, fmt.Sprint(n))
		}
		what = "each on interfaces " + strings.Join(list, " and ")
		if c.Cooked {
			what += " of the host, as `ip link` numbers them"
		}
	case c.Hops:
		what = "with different times to live, as before and behind a router"
	case !c.Same:
		what = "the same from the IP header on"
	}
	counts := "Packets, rates and load are counted as often"
	if c.Copied < c.Looked*9/10 {
		counts += ", and flows that are copied have more than their share"
	}
	f := &report.Finding{
		ID: "copied-packets", Severity: report.Warning,
		Summary: fmt.Sprintf("The capture has packets more than once: of the first %s of IPv4 that are numbered, %s are copies of others.", words.Plural(c.Looked, "packet", "packets"), words.Exact(c.Copied-c.Distinct)),
		Evidence: fmt.Sprintf("%s are %s, %s, within %s. %s.", words.Exact(c.Copied),
			words.Plural(c.Distinct, "packet", "packets"), what, words.Nanoseconds(c.Longest), counts),
		Figures: report.Numbers{"looked": c.Looked, "copied": c.Copied, "distinct": c.Distinct, "apart_ns": c.Longest},
	}
	switch {
	case len(c.Interfaces) > 1 && c.Cooked:
		f.Remedy = fmt.Sprintf("One interface alone: %s. Or capture the NIC itself: `tcpdump -i DEV -w OUT`.", d.run("", Argument{"--filter", fmt.Sprintf("ifindex %d", c.Interfaces[0])}))
	case c.Same && len(d.captures()) < 2:
		f.Remedy = words.MarkedCommand([]string{"editcap", "-D", fmt.Sprint(max(4*c.Within, 5)), d.capture(), "once.pcap"}) + " leaves one of each. Or mirror one direction of the switch's port, or capture one interface."
	default:
		f.Remedy = "Capture one interface alone (`tcpdump -i DEV -w OUT`), or mirror one direction of the switch's port."
	}
	return f
}

// driverTransform: mlx5's hash is symmetric (or-xor) where nobody asked for it, and
// older kernels don't show that.
func (d *diagnosis) driverTransform() *report.Finding {
	p := d.parameter("xfrm")
	if d.mode == nil || p == nil || d.t.DriverTransform == "" || p.Printed() == d.t.DriverTransform {
		return nil
	}
	return &report.Finding{
		ID: "driver-transforms", Severity: report.Warning,
		Summary:  fmt.Sprintf("The driver sets the input transformation %s, and this replay has %s: if the NIC is as its driver left it, every CPU here is wrong.", d.t.DriverTransform, p.Printed()),
		Evidence: fmt.Sprintf("xfrm is %s by %s.", p.Printed(), p.Source),
		Remedy:   "`ethtool -x DEV` of a recent kernel shows it; this replays it: " + d.run("", Argument{"--xfrm", d.t.DriverTransform}) + ".",
	}
}
