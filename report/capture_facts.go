package report

import (
	"fmt"
	"strings"

	"rssreplay/report/internal/words"
)

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

// fact is a line about the capture: its label, "" where it goes on from the one
// before, and items that a comma parts.
type fact struct {
	Label string
	Items []string
	Style Style
}

// nothing is why there is no packet.
func (c *Capture) nothing() string {
	if n := c.Filtered + c.OutOfRange; n > 0 {
		by := "--filter, --from and --to"
		switch {
		case c.OutOfRange == 0:
			by = "--filter"
		case c.Filtered == 0:
			by = "--from and --to"
		}
		return fmt.Sprintf("%s left out all of the capture's %s", by, words.Plural(n, "packet", "packets"))
	}
	return "the capture holds no packet"
}

// Facts is what is known of the capture as a whole, without its files.
func (c *Capture) Facts() []fact {
	var facts []fact
	add := func(label string, st Style, items ...string) {
		if len(items) > 0 {
			facts = append(facts, fact{label, items, st})
		}
	}
	c.addOrder(add)
	if c.Packets == 0 {
		add("packets", Plain, "0: "+c.nothing()+", so there is nothing to replay")
		return facts
	}
	c.addAmount(add)
	if !c.First.IsZero() {
		add("first", Plain, c.First.UTC().Format(TimeLayout))
	}
	direction := fmt.Sprintf("%s received, %s sent", words.Exact(c.Received), words.Exact(c.Sent))
	if c.DirectionRule != "" {
		direction += "; rule: " + c.DirectionRule
	}
	add("direction", Plain, direction)
	add("hash types", Plain, sharesOf(c.HashTypes, c.Received)...)
	if parts := sharesOf(c.Unhashed, c.Received); len(parts) > 0 {
		parts[len(parts)-1] += "; to the default queue"
		add("unhashed", Plain, parts...)
	}
	if len(c.LinkLayers) > 1 {
		add("link layers", Plain, sharesOf(c.LinkLayers, c.Packets)...)
	}
	add("wrapped in", Plain, sharesOf(c.Encapsulations, c.Packets)...)
	for i := range c.Tunnels {
		label := ""
		if i == 0 {
			label = "tunnels"
		}
		add(label, Plain, c.Tunnels[i].text())
	}
	if l := c.LongFrames; l != nil {
		add("long frames", Warm, l.text())
	}
	if c.Snapped > 0 {
		add("snapped", Warm, words.Plural(c.Snapped, "packet", "packets")+" whose ports the capture cut off")
	}
	c.addDrops(add)
	c.addClock(add)
	if c.Received == 0 {
		hint := "see --local if that is a surprise."
		if c.DirectionSaid > 0 {
			hint = "the capture itself says that its packets were sent. --direction out shows how the NIC at the other end spreads them."
		}
		add("", Hot, "No packet was received, so the NIC had nothing to spread: "+hint)
	}
	return facts
}

// addOrder says how several files were put together, where that is no matter of
// course.
func (c *Capture) addOrder(add func(label string, st Style, items ...string)) {
	switch c.Order {
	case OrderFirstTimestamp:
		add("order", Plain, "by the files' first timestamps, which is not the order given")
	case OrderMerged:
		if len(c.Files) > 1 {
			add("order", Plain, "merged by time")
		}
	}
	if c.Overlaps > 0 {
		add("overlap", Warm, fmt.Sprintf("%s before an earlier one ends, by up to %s: --merge goes by time",
			words.Plural(c.Overlaps, "file begins", "files begin"), words.ExactDuration(c.Overlap)))
	}
}

// addAmount says how many packets and bytes there are, and how many a second.
func (c *Capture) addAmount(add func(label string, st Style, items ...string)) {
	packets := words.Exact(c.Packets) + " in " + words.ExactSeconds(c.Duration) + " s"
	bytes := words.Exact(c.Bytes) + " bytes on the wire"
	if c.Duration > 0 {
		seconds := float64(c.Duration) / 1e9
		if seconds >= 1000 {
			packets += ", " + words.Nanoseconds(c.Duration)
		}
		rate, per := float64(c.Packets)/seconds, "s"
		if rate < 0.1 {
			rate, per = rate*3600, "h"
		}
		packets += fmt.Sprintf(" (%s packets/%s)", words.Scaled(rate, 3, words.DecimalPrefixes), per)
		bytes += fmt.Sprintf(" (%sbit/s)", words.WithGap(words.Scaled(float64(c.Bytes)*8/seconds, 3, words.DecimalPrefixes)))
	}
	add("packets", Plain, packets, bytes)
}

// addClock says how the capturing clock stepped.
func (c *Capture) addClock(add func(label string, st Style, items ...string)) {
	if c.ClockRestarts > 0 {
		add("clock", Warm, "set back "+words.Plural(c.ClockRestarts, "time", "times")+" by more than 1 s; what follows is put behind what came before")
	}
	if c.TimestampRegressions > 0 {
		add("clock", Warm, words.Plural(c.TimestampRegressions, "timestamp steps", "timestamps step")+
			" back; replayed in file order at the latest time seen")
	}
	if c.TimestampLeaps.Packets > 0 {
		add("clock", Hot, c.TimestampLeaps.text()+"; the replay follows leaps ahead, and never goes back")
	}
}

// addDrops says what the capturing machine dropped, by the capture itself.
func (c *Capture) addDrops(add func(label string, st Style, items ...string)) {
	var parts []string
	if c.InterfaceDrops != nil && *c.InterfaceDrops > 0 {
		parts = append(parts, fmt.Sprintf("%s by the interfaces' statistics", words.Exact(*c.InterfaceDrops)))
	}
	if c.PacketDrops > 0 {
		parts = append(parts, fmt.Sprintf("%s by the packets' own counts", words.Exact(c.PacketDrops)))
	}
	if parts != nil {
		add("drops", Warm, "packets that the capturing machine dropped, and that are in no number here: "+strings.Join(parts, ", "))
	}
}

func (u *Tunnel) text() string {
	spread := func(cpus uint64, imbalance Fraction) string {
		return fmt.Sprintf("%s, max ÷ mean %s", words.Plural(cpus, "CPU", "CPUs"), words.Fixed(imbalance, 3))
	}
	s := fmt.Sprintf("%s: %s received", u.Name, words.Plural(u.Packets, "packet", "packets"))
	if u.OuterFlows > 0 {
		s += fmt.Sprintf("; outside %s on %s", words.Plural(u.OuterFlows, "flow", "flows"), spread(u.OuterCPUs, u.OuterImbalance))
	} else {
		s += "; outside no IP header, on the default queue"
	}
	if u.InnerPackets == 0 {
		return s + "; inside nothing that can be read"
	}
	return s + fmt.Sprintf("; inside %s, which would reach %s", words.Plural(u.InnerFlows, "flow", "flows"), spread(u.InnerCPUs, u.InnerImbalance))
}

func (l *LongFrames) text() string {
	s := fmt.Sprintf("%s longer than MTU 1500, the longest %s bytes: ", words.Plural(l.Packets, "frame", "frames"), words.Exact(l.LargestBytes))
	switch l.Kind {
	case LongCoalesced:
		if l.LargestBytes > LargestOffloaded {
			return s + "a damaged length, as no offload makes frames that long"
		}
		s += "joined by receive coalescing (GRO, LRO), or not yet parted by segmentation offload (TSO)"
		if l.Segments > 0 {
			s += fmt.Sprintf("; on a wire of MTU 1500 the %s of TCP are %s frames", words.Exact(l.TCPPackets), words.Exact(l.Segments))
		}
		return s
	case LongJumbo:
		return s + fmt.Sprintf("jumbo frames, as %s have that length", words.Exact(l.LargestPackets))
	}
	return s + "jumbo frames, or the work of offloads"
}

// text names the first leaps.
func (l *TimestampLeaps) text() string {
	s := words.Plural(l.Packets, "timestamp leaps", "timestamps leap")
	for i, leap := range l.First {
		switch {
		case i == 0:
			s += ": packet "
		case i == 3:
			return s + " …"
		default:
			s += ", packet "
		}
		s += words.Exact(leap.Packet) + " by " + leapText(leap.Step)
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
		return fmt.Sprintf("%s%s years", sign, words.Fixed(Fraction(size/(365.25*day)), 1))
	case size >= 2*day:
		return fmt.Sprintf("%s%s days", sign, words.Fixed(Fraction(size/day), 1))
	}
	return fmt.Sprintf("%s%s s", sign, words.Fixed(Fraction(size/second), 3))
}

// LargestOffloaded is the longest frame that offloads make, in bytes, with room to
// spare: Linux's BIG TCP ends at GSO_MAX_SIZE, 8 × 65,535.
const LargestOffloaded = 1 << 19

// FormatText is the format, with the compression.
func (f *File) FormatText() string {
	if f.Compression != nil {
		return f.Format + ", " + *f.Compression
	}
	return f.Format
}

// LossText says what could not be read, "" for nothing.
func (f *File) LossText() string {
	switch {
	case f.Loss != nil:
		return *f.Loss
	case f.Truncated:
		return "the file ends early; what follows is of the part before"
	}
	return ""
}

// CommentText is what the file says of itself, "" for nothing.
func (f *File) CommentText() string {
	if f.Comment == "" {
		return ""
	}
	return "comment: " + f.Comment
}

// SkippedText says which blocks were skipped, "" for none.
func (f *File) SkippedText() string {
	var skipped []string
	for _, c := range f.SkippedBlocks {
		if c.Packets > 0 {
			skipped = append(skipped, c.Name+" "+words.Exact(c.Packets))
		}
	}
	if skipped == nil {
		return ""
	}
	return "blocks that hold no packets, skipped: " + strings.Join(skipped, ", ")
}

// Of more than ManyFiles files the text names only the first and last few, and
// those that were not read whole.
const (
	ManyFiles = 12
	FewFiles  = 4
)
