package assemble

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// facts fills in what the capture says of itself.
func (a *ReportBuilder) facts(c *report.Capture) {
	r := a.Result
	c.CapturedBytes, c.Cut = r.CapturedBytes, r.Cut
	for _, l := range r.Links {
		c.LinkLayers = append(c.LinkLayers, report.Count{Name: l.Link.String(), Packets: l.Packets})
	}
	for e := range pcaps.Encapsulation(pcaps.NumEncapsulations) {
		c.Encapsulations = append(c.Encapsulations, report.Count{Name: e.String(), Packets: r.Encapsulations[e]})
	}
	for i := range r.Tunnels {
		t := &r.Tunnels[i]
		c.Tunnels = append(c.Tunnels, report.Tunnel{
			Name: t.Kind.String(), Packets: t.Packets, Bytes: t.Bytes, OuterFlows: uint64(t.OuterFlows),
			InnerPackets: t.InnerPackets, InnerFlows: uint64(t.InnerFlows),
			OuterCPUs: reached(t.OuterCPUs), InnerCPUs: reached(t.InnerCPUs),
			OuterImbalance: report.MaxOverMean(t.OuterCPUs), InnerImbalance: report.MaxOverMean(t.InnerCPUs),
		})
	}
	if l := &r.Long; l.Packets > 0 {
		c.LongFrames = &report.LongFrames{
			Packets: l.Packets, Bytes: l.Bytes, Received: l.Received, LargestBytes: uint64(l.Largest), LargestPackets: l.OfLargest,
			TCPPackets: l.TCP, MSSMultiples: l.Multiples, Segments: l.Segments, Kind: longKinds[l.Kind],
		}
	}
	c.TimestampLeaps.Packets = r.TimeLeaps.Packets
	for _, leap := range r.TimeLeaps.First {
		c.TimestampLeaps.First = append(c.TimestampLeaps.First, report.TimestampLeap{Packet: uint64(leap.Frame), Step: leap.Step})
	}
}

var longKinds = map[dispatch.LongKind]string{
	dispatch.LongUnclear: report.LongUnclear, dispatch.LongJumbo: report.LongJumbo, dispatch.LongCoalesced: report.LongCoalesced,
}

// reached is how many CPUs got packets.
func reached(packets []uint64) uint64 {
	var n uint64
	for _, p := range packets {
		if p > 0 {
			n++
		}
	}
	return n
}

// tunnelTraffic is what the findings need to know of tunnels. What the inner
// headers would bring is told where the largest flow is a tunnel whose inner
// headers NICs can hash.
func (a *ReportBuilder) tunnelTraffic(t *findings.Traffic, largest uint32) {
	if largest == engine.NoFlow {
		return
	}
	kind, ok := a.Result.TunnelOf(largest)
	if !ok {
		return
	}
	t.LargestTunnel, t.SPIs = kind.String(), a.Result.SPIs(largest)
	if p := a.Settings.Profile; p != nil {
		switch {
		case p.HashesSPI && kind == pcaps.ESP:
			t.HashedBy = "SPI"
		case p.HashesTEID && kind == pcaps.GTPU:
			t.HashedBy = "TEID"
		}
		t.MayHashInner = slices.Contains(p.MayHashInner, kind)
	}
	for i := range a.Result.Tunnels {
		if u := &a.Result.Tunnels[i]; u.Kind == kind {
			t.SameTunnels, t.InTunnels = uint64(u.OuterFlows), u.Packets
		}
	}
	if !kind.InnerHashed() {
		return
	}
	cpus := a.packetsUnder(a.Settings.Steering)
	for i := range a.Result.Tunnels {
		u := &a.Result.Tunnels[i]
		if !u.Kind.InnerHashed() {
			continue
		}
		t.Tunnelled += u.Packets
		t.TunnelFlows += uint64(u.OuterFlows)
		t.InnerFlows += uint64(u.InnerFlows)
		for c := range cpus {
			cpus[c] += u.InnerCPUs[c] - u.OuterCPUs[c]
		}
	}
	t.InnerBalance = report.MaxOverMean(cpus)
}

// unknownLinks says which link types hold nothing that can be hashed.
func (a *ReportBuilder) unknownLinks() []string {
	var caveats []string
	for _, l := range a.Result.Links {
		if !l.Link.Known() {
			caveats = append(caveats, fmt.Sprintf("%s of link type %d (%s), in which no IP is looked for: there is no hash. Known are %s.",
				report.Plural(uint64(l.Packets), "packet is", "packets are"), uint16(l.Link), l.Link, strings.Join(pcaps.KnownLinkNames(), ", ")))
		}
	}
	return caveats
}
