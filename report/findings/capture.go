package findings

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Findings about the capture: what it can't show.

// coalescedFrom is the part of the received packets from which it counts that frames are missing.
const coalescedFrom = 0.01

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
		if more := d.t.OversizedFrames - min(d.t.OversizedFrames, d.t.Oversized); more > 0 {
			share := report.Ratio(more, d.r.Capture.Received)
			f.Evidence += fmt.Sprintf(" As frames of MTU 1500 they are about %s more: ", words.Exact(more))
			if share < 1 {
				f.Evidence += words.Percent(share) + " of what was received."
			} else {
				f.Evidence += fmt.Sprintf("%s times as many packets as were received.", words.Fixed(1+share, 1))
			}
			f.Figures["more_frames"] = more
			if share < coalescedFrom {
				f.Severity = report.Note
			}
		}
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
	f.Remedy = "Bytes, and what is reckoned by them, are overstated. Capture anew, or leave such packets out: `tshark -r " + d.capture() + " -Y 'frame.len <= 524288' -w OUT`."
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

// captureDropsFrom is the part of what the capturing machine saw from which its drops change the picture.
const captureDropsFrom = 0.01

// captureDrops: the file itself says that the capturing machine lost packets.
func (d *diagnosis) captureDrops() *report.Finding {
	c := &d.r.Capture
	lost := c.PacketDrops // which the interfaces may count, too
	if c.InterfaceDrops != nil {
		lost = max(lost, *c.InterfaceDrops)
	}
	kept := c.Packets + c.Filtered + c.OutOfRange
	if share := report.Ratio(lost, lost+kept); !d.judged() || lost == 0 || share < captureDropsFrom {
		return nil
	}
	return &report.Finding{
		ID: "capture-drops", Severity: report.Warning,
		Summary:  fmt.Sprintf("The capturing machine dropped %s beside the %s that it kept: no number here has them.", words.Plural(lost, "packet", "packets"), words.Exact(kept)),
		Evidence: "The capture itself says so. Bursts lose most: peaks, drops and latency are understated, and a heavy flow may be heavier.",
		Remedy:   "Capture less of each packet, with a larger buffer: `tcpdump -i DEV -s 128 -B 65536 -w OUT`.",
		Figures:  report.Numbers{"dropped": lost, "kept": kept},
	}
}

// unreadReason is the reason of packets whose link type is not read.
const unreadReason = "unknown_link_type"

// unread are packets in which no IP is read because of their link type: those of
// unreadReason, and of Wi-Fi those that are not IP for all that can be read of them.
func (d *diagnosis) unread() (ofUnknown, ofWireless uint64) {
	for _, c := range d.r.Capture.Unhashed {
		switch c.Name {
		case unreadReason:
			ofUnknown = c.Packets
		case "not_ip":
			ofWireless = min(c.Packets, d.t.Wireless)
		}
	}
	return ofUnknown, ofWireless
}

// unreadLink: a capture of USB, say, or of a network whose headers are not known here; or
// of the air, by a Wi-Fi NIC in monitor mode.
func (d *diagnosis) unreadLink() *report.Finding {
	ofUnknown, ofWireless := d.unread()
	n := max(ofUnknown, ofWireless)
	if d.mode == nil || n == 0 || 2*n < d.r.Capture.Received && (!d.judged() || float64(n) < report.OfFairShare*d.fair()) {
		return nil // fewer, on one queue, would change little
	}
	queue := d.defaultQueue()
	f := &report.Finding{
		ID: "unread-link", Severity: report.Warning,
		Summary:  fmt.Sprintf("%s of the received packets are of a link type in which no IP is looked for (%s): what a NIC makes of them is not known.", words.Percent(d.share(n)), d.t.UnreadLink),
		Evidence: fmt.Sprintf("%s packets, which count for queue %d on CPU %d, as if they had no hash.", words.Exact(n), queue, d.r.Table.QueueCPUs[queue]),
		Remedy:   "Capture a network interface: `tcpdump -i DEV -s 128 -w OUT`.",
		Figures:  report.Numbers{"packets": n, "of_packets": d.r.Capture.Received},
	}
	if ofWireless < ofUnknown {
		return f
	}
	f.Summary = fmt.Sprintf("%s of the received packets are Wi-Fi frames in which no IP can be read, as beacons, acknowledgements and encrypted data: they are what a radio hears in monitor mode, and no Ethernet NIC receives them.", words.Percent(d.share(n)))
	f.Remedy = "Capture without monitor mode, where the interface shows Ethernet frames: `tcpdump -i DEV -s 128 -w OUT`."
	if n < d.r.Capture.Received {
		f.Remedy += d.others("ip or ip6")
	}
	return f
}

// others is the end of a remedy: the command that replays what a filter leaves; "" where
// one is given already.
func (d *diagnosis) others(filter string) string {
	if slices.ContainsFunc(d.t.Command, func(a Argument) bool { return a.Flag == "--filter" }) {
		return ""
	}
	return " The others alone: " + d.run("", Argument{"--filter", filter}) + "."
}

// loopback: what never left its host. Of several interfaces with it severalInterfaces tells.
func (d *diagnosis) loopback() *report.Finding {
	var all uint64
	for i := range d.t.Heavy {
		all += d.t.Heavy[i].Packets
	}
	share := report.Ratio(d.t.Loopback, all)
	if d.mode == nil || d.t.Loopback == 0 || share < 0.5 || d.severalInterfaces() != nil {
		return nil
	}
	f := &report.Finding{
		ID: "loopback", Severity: report.Warning,
		Summary:  fmt.Sprintf("%s of the packets have a loopback address (127.0.0.0/8, ::1): they never left their host, and no NIC received them.", words.Percent(share)),
		Evidence: fmt.Sprintf("%s of %s packets of the heaviest flows.", words.Exact(d.t.Loopback), words.Exact(all)),
		Remedy:   "Capture the NIC: `tcpdump -i DEV -s 128 -w OUT`.",
		Figures:  report.Numbers{"packets": d.t.Loopback, "looked": all},
	}
	if share < 1 {
		f.Remedy += d.others("not net 127.0.0.0/8 and not ip6 host ::1")
	}
	return f
}

// otherInterfaces is the part of the received packets from which it counts that other
// interfaces than the busiest have them.
const otherInterfaces = 0.05

// severalInterfaces: `tcpdump -i any` has loopback's packets among the NIC's, and those of
// a tunnel once with their outer headers and once without; and `dumpcap -i eth0 -i eth1` has
// those of two NICs.
func (d *diagnosis) severalInterfaces() *report.Finding {
	all := d.t.Interfaces
	if len(all) < 2 || d.has("copied-packets") { // which names an interface, too
		return nil
	}
	var looked uint64
	for _, of := range all {
		looked += of.Packets
	}
	if report.Ratio(looked-all[0].Packets, looked) < otherInterfaces {
		return nil
	}
	const listed = 3
	var list []string
	likely := all[0]
	for i, of := range all {
		if likely.Loopback {
			likely = of
		}
		if i < listed {
			what := fmt.Sprintf("%s are interface %d's", words.Percent(report.Ratio(of.Packets, looked)), of.Index)
			switch {
			case of.Loopback:
				what += " (loopback)"
			case of.Name != "":
				what += " (" + of.Name + ")"
			}
			list = append(list, what)
		}
	}
	if n := len(all) - listed; n > 0 {
		list = append(list, words.Plural(uint64(n), "more has", "more have")+" the rest")
	}
	f := &report.Finding{
		ID: "several-interfaces", Severity: report.Warning,
		Summary: fmt.Sprintf("The capture has packets of %s, and a NIC receives only its own: of the first %s received, %s.",
			words.Plural(uint64(len(all)), "interface", "interfaces"), words.Exact(looked), strings.Join(list, ", ")),
		Evidence: "`ip link` shows the interfaces by these numbers. No NIC receives loopback's packets; those of a tunnel come by on the NIC, and without their outer headers on the tunnel's own interface.",
		Remedy: fmt.Sprintf("One interface alone: %s. Or capture the NIC itself: `tcpdump -i DEV -w OUT`.",
			d.run("", Argument{"--filter", fmt.Sprintf("ifindex %d", likely.Index)})),
		Figures: report.Numbers{"looked": looked, "interfaces": uint64(len(all)), "of_others": looked - all[0].Packets},
	}
	if likely.Described {
		f.Evidence = "The capture describes the interfaces, and numbers them so (Wireshark's frame.interface_id). Each NIC has a table and a key of its own, and a flow of one meets no queue of another."
		one := []string{"tshark", "-r", d.capture(), "-Y", fmt.Sprintf("frame.interface_id==%d", likely.Index), "-w", "one.pcapng"}
		f.Remedy = words.MarkedCommand(one) + " leaves one. Or capture the NIC alone: `tcpdump -i DEV -w OUT`."
	}
	return f
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
