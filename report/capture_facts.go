package report

import "fmt"

// Tunnel is the received packets of an encapsulation that hides the flows inside
// it from a NIC that reads the outer headers. How RSS would spread them is by the
// report's own key and table.
type Tunnel struct {
	Name           string   `json:"name"`
	Packets        uint64   `json:"packets"`
	Bytes          uint64   `json:"bytes"`           // on the wire
	OuterFlows     uint64   `json:"outer_flows"`     // 0 where the only IP header is inside (MPLS, PPPoE)
	InnerPackets   uint64   `json:"inner_packets"`   // whose inner IP header can be read
	InnerFlows     uint64   `json:"inner_flows"`     // of these
	OuterCPUs      uint64   `json:"outer_cpus"`      // CPUs that the outer headers reach
	InnerCPUs      uint64   `json:"inner_cpus"`      // and the inner ones
	OuterImbalance Fraction `json:"outer_imbalance"` // of the packets, max ÷ mean over the CPUs in use, by the outer headers
	InnerImbalance Fraction `json:"inner_imbalance"` // by the inner headers, and the outer ones where these can't be read
}

// LongFrames are packets whose IP packet is longer than 1500 bytes.
type LongFrames struct {
	Packets        uint64 `json:"packets"`
	Bytes          uint64 `json:"bytes"` // on the wire
	Received       uint64 `json:"received"`
	LargestBytes   uint64 `json:"largest_bytes"`
	LargestPackets uint64 `json:"largest_packets"` // of exactly that length
	TCPPackets     uint64 `json:"tcp_packets"`     // whose TCP header is there
	MSSMultiples   uint64 `json:"mss_multiples"`   // of these: the payload is a whole multiple of what a frame of MTU 1500 takes
	Segments       uint64 `json:"segments"`        // frames of MTU 1500 that these would be
	Kind           string `json:"kind"`            // one of the Long constants
}

// What long frames are.
const (
	LongCoalesced = "coalesced" // joined by receive coalescing (GRO, LRO), or not yet parted by segmentation offload (TSO)
	LongJumbo     = "jumbo"     // the link takes longer frames: most have the same largest length
	LongUnclear   = "unclear"
)

// TimestampLeaps are timestamps that lie more than a year after the one before
// them, or more than a second before it.
type TimestampLeaps struct {
	Packets uint64              `json:"packets"`
	First   List[TimestampLeap] `json:"first"` // at most ten
}

// TimestampLeap is one of them.
type TimestampLeap struct {
	Packet uint64 `json:"packet"`  // number in the capture, from 1
	Step   int64  `json:"step_ns"` // from the packet before it; below 0: back
}

// captureFacts prints what the capture says of itself, where it is not as usual.
func (t *textWriter) captureFacts(c *Capture) {
	if len(c.LinkLayers) > 1 {
		t.list("link layers", captureLabels, sharesOf(c.LinkLayers, c.Packets), plain)
	}
	if parts := sharesOf(c.Encapsulations, c.Packets); len(parts) > 0 {
		t.list("wrapped in", captureLabels, parts, plain)
	}
	for i := range c.Tunnels {
		label := ""
		if i == 0 {
			label = "tunnels"
		}
		t.para(label, captureLabels, c.Tunnels[i].text(), plain)
	}
	if l := c.LongFrames; l != nil {
		t.para("long frames", captureLabels, l.text(), warm)
	}
}

func (u *Tunnel) text() string {
	spread := func(cpus uint64, imbalance Fraction) string {
		return fmt.Sprintf("%s, max ÷ mean %s", plural(cpus, "CPU", "CPUs"), fixed(imbalance, 3))
	}
	s := fmt.Sprintf("%s: %s received", u.Name, plural(u.Packets, "packet", "packets"))
	if u.OuterFlows > 0 {
		s += fmt.Sprintf("; outside %s on %s", plural(u.OuterFlows, "flow", "flows"), spread(u.OuterCPUs, u.OuterImbalance))
	} else {
		s += "; outside no IP header, on the default queue"
	}
	if u.InnerPackets == 0 {
		return s + "; inside nothing that can be read"
	}
	return s + fmt.Sprintf("; inside %s, which would reach %s", plural(u.InnerFlows, "flow", "flows"), spread(u.InnerCPUs, u.InnerImbalance))
}

func (l *LongFrames) text() string {
	s := fmt.Sprintf("%s longer than MTU 1500, the longest %s bytes: ", plural(l.Packets, "frame", "frames"), exact(l.LargestBytes))
	switch l.Kind {
	case LongCoalesced:
		s += "joined by receive coalescing (GRO, LRO), or not yet parted by segmentation offload (TSO)"
		if l.Segments > 0 {
			s += fmt.Sprintf("; on a wire of MTU 1500 the %s of TCP are %s frames", exact(l.TCPPackets), exact(l.Segments))
		}
		return s
	case LongJumbo:
		return s + fmt.Sprintf("jumbo frames, as %s have that length", exact(l.LargestPackets))
	}
	return s + "jumbo frames, or the work of offloads"
}

// text names the first leaps.
func (l *TimestampLeaps) text() string {
	s := plural(l.Packets, "timestamp leaps", "timestamps leap")
	for i, leap := range l.First {
		switch {
		case i == 0:
			s += ": packet "
		case i == 3:
			return s + " …"
		default:
			s += ", packet "
		}
		s += exact(leap.Packet) + " by " + leapText(leap.Step)
	}
	return s
}

// leapText is a step of time in the unit that suits it, with its sign.
func leapText(ns int64) string {
	const second, day = 1e9, 24 * 3600 * 1e9
	sign := "+"
	if ns < 0 {
		sign = "−"
	}
	size := float64(max(ns, -ns))
	if ns < 0 && -ns < 0 { // the least int64 has no positive counterpart
		size = -float64(ns)
	}
	switch {
	case size >= 365*day:
		return fmt.Sprintf("%s%s years", sign, fixed(Fraction(size/(365.25*day)), 1))
	case size >= 2*day:
		return fmt.Sprintf("%s%s days", sign, fixed(Fraction(size/day), 1))
	}
	return fmt.Sprintf("%s%s s", sign, fixed(Fraction(size/second), 3))
}
