package report

import (
	"fmt"
	"strings"
)

// Findings about the capture: what it can't show.

// bothDirections: sent and received packets can't be told apart.
func (d *diagnosis) bothDirections() *Finding {
	if d.mode == nil || !d.t.DirectionUnknown || d.r.Capture.Sent > 0 {
		return nil
	}
	a := &d.mode.Affinity
	if a.Connections < asymmetricFrom || a.Connections*4 < a.Flows { // half of the flows have their reverse
		return nil
	}
	return &Finding{
		ID: "both-directions", Severity: Warning,
		Summary: fmt.Sprintf("%s of %s flows have their other direction in the capture too, and both are counted as received.",
			exact(2*a.Connections), exact(a.Flows)),
		Evidence: "Which side captured is not known: " + d.r.Capture.DirectionRule + ".",
		Remedy:   "If a host captured its own traffic, name its addresses: `--local ADDR`. On a tap or a router both directions are received, and all is well.",
	}
}

// largestOffloaded is the longest frame that offloads make, in bytes, with room to
// spare: Linux's BIG TCP ends at GSO_MAX_SIZE, 8 × 65,535.
const largestOffloaded = 1 << 19

// oversized: receive coalescing or segmentation offload made the capture's packets,
// or a length in it is damaged.
func (d *diagnosis) oversized() *Finding {
	if d.t.Oversized == 0 {
		return nil
	}
	f := &Finding{
		ID: "coalesced", Severity: Warning,
		Summary:  plural(d.t.Oversized, "packet is", "packets are") + " longer than the link carries: ",
		Evidence: fmt.Sprintf("The longest has %s bytes on the wire, as the capture says", exact(d.t.LargestPacket)),
	}
	if d.t.LargestPacket <= largestOffloaded {
		f.Summary += "receive or segmentation offload made " + verb(int(d.t.Oversized), "it", "them") + ", and the wire had more and shorter ones."
		f.Evidence += "."
		f.Remedy = "Packet counts, interrupts and drops understate the wire. Capture on a tap or a mirror port, or without offloads: `ethtool -K DEV gro off lro off tso off gso off`."
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

// portsCut: a snap length below the ports.
func (d *diagnosis) portsCut() *Finding {
	n := d.r.Capture.Snapped
	if n == 0 || float64(n) < cutFrom*float64(d.r.Capture.Packets) {
		return nil
	}
	return &Finding{
		ID: "ports-cut", Severity: Warning,
		Summary:  fmt.Sprintf("The capture cut off the ports of %s packets: they are hashed on addresses alone, which the NIC would not do.", exact(n)),
		Evidence: fmt.Sprintf("%s of %s packets.", percent(Ratio(n, d.r.Capture.Packets)), exact(d.r.Capture.Packets)),
		Remedy:   "Capture more of each packet: `tcpdump -s 128`.",
	}
}

// leap: timestamps lie far from the ones before them. The replay follows leaps
// ahead, and never goes back.
func (d *diagnosis) leap() *Finding {
	ahead, back := &d.t.LeapsAhead, &d.t.LeapsBack
	var where, evidence, remedy []string
	if ahead.Packets > 0 {
		where = append(where, ahead.text("ahead"))
		evidence = append(evidence, "Rates, utilization and the time series are over the "+verb(int(min(ahead.Packets, 2)), "leap", "leaps")+" ahead.")
	}
	if back.Packets > 0 {
		where = append(where, back.text("back"))
		evidence = append(evidence, "After a leap back, packets are replayed at the latest time so far until their own passes it: rates and utilization there are too high.")
		remedy = append(remedy, "`reordercap CAPTURE OUT` sorts the packets by time.")
	}
	if ahead.Packets > 0 {
		remedy = append(remedy, "`--from` and `--to` take the part before or after a leap ahead.")
	}
	if where == nil {
		return nil
	}
	return &Finding{
		ID: "clock-leap", Severity: Warning,
		Summary:  strings.Join(where, "; ") + ".",
		Evidence: strings.Join(evidence, " "),
		Remedy:   strings.Join(remedy, " "),
	}
}

// text says how many there are, and where the first is.
func (l *Leaps) text(way string) string {
	s := plural(l.Packets, "timestamp leaps ", "timestamps leap ") + way
	switch {
	case l.First == 0:
	case l.Packets == 1:
		s += ", that of packet " + exact(l.First)
	default:
		s += ", the first that of packet " + exact(l.First)
	}
	return s
}

// driverTransform: mlx5's hash is symmetric (or-xor) where nobody asked for it, and
// older kernels don't show that.
func (d *diagnosis) driverTransform() *Finding {
	p := d.parameter("xfrm")
	if d.mode == nil || p == nil || d.t.DriverTransform == "" || p.text() == d.t.DriverTransform {
		return nil
	}
	return &Finding{
		ID: "driver-transforms", Severity: Warning,
		Summary:  fmt.Sprintf("The driver sets the input transformation %s, and this replay has %s: if the NIC is as its driver left it, every CPU here is wrong.", d.t.DriverTransform, p.text()),
		Evidence: fmt.Sprintf("xfrm is %s by %s.", p.text(), p.Source),
		Remedy:   fmt.Sprintf("`ethtool -x DEV` of a recent kernel shows it; `--xfrm %s` replays it.", d.t.DriverTransform),
	}
}
