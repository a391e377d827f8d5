package assemble

import (
	"cmp"
	"slices"
	"strings"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// heavyFlows are as many flows as the findings are told of one by one: more than are
// heavy on any machine.
const heavyFlows = 512

// portsCut is the packets whose ports the capture cut off, where the NIC would have hashed
// them.
func (a *ReportBuilder) portsCut() uint64 {
	types := a.Settings.Steering.Config().HashTypes
	tcp := types&hash.TypesOf(hash.TCPIPv4, hash.TCPIPv6, hash.TCPIPv6Ex) != 0
	udp := types&hash.TypesOf(hash.UDPIPv4, hash.UDPIPv6, hash.UDPIPv6Ex) != 0
	switch {
	case !tcp && !udp:
		return 0
	case !udp:
		return a.Result.Snapped - a.Result.SnappedUDP
	}
	return a.Result.Snapped
}

// traffic is what the findings need to know beyond the report; shape and inputs are the
// result's.
func (a *ReportBuilder) traffic(r *report.Report, shape dispatch.Shape, inputs *dispatch.Inputs) *findings.Traffic {
	t := &findings.Traffic{
		Command:        a.Settings.Shown.Arguments(a.Arguments),
		Flows:          uint64(a.Result.NumFlows),
		UDPOnAddresses: shape.UDPOnAddresses, WithPorts: report.Null, WithoutUDPPorts: report.Null,
		UDPFragments: shape.UDPFragments, FragmentsApart: shape.FragmentsApart,
		InnerBalance:     report.Null,
		DirectionUnknown: a.DirectionUnknown, TakenOnHost: a.takenOnHost(),
		Scaled: a.Result.Span != a.Result.Duration,
		Key:    a.keyStrength(), Grain: a.Result.Grain, Restarts: a.Result.Restarts, Behind: a.Result.Behind, PortsCut: a.portsCut(), HeadersCut: a.Result.HeadersCut,
	}
	if a.Result.Span == a.Result.Duration && !a.Interval {
		t.Begins = &a.Result.Offset
	}
	a.tellCapture(t)
	if shape.Largest != engine.NoFlow {
		t.Largest, t.LargestBytes = new(a.Flow(shape.Largest)), new(a.Flow(shape.LargestBytes))
	}
	a.tellNIC(t, r)
	ids := a.largest(heavyFlows)
	for _, id := range ids {
		t.Heavy = append(t.Heavy, a.Flow(id))
		if f := a.Result.Flow(id); f.Source.IsLoopback() || f.Destination.IsLoopback() { // the true ones
			t.Loopback += f.Packets
		}
	}
	t.Inputs = inputsOf(inputs)
	t.Inputs.Hashes = a.Result.DistinctHashes
	if a.Settings.Config.RPS.Steers() { // the masks decide, and the table only which of them
		t.Masked, t.MaskFull = a.masked(), a.Settings.Config.RPS.Full(len(a.Settings.Config.CPUs))
		t.Steered = len(a.Settings.Config.RPS.CPUs[a.Settings.Config.DefaultQueue]) > 1
		a.stackTraffic(t, r, ids, shape.Largest)
		return t
	}
	if !r.Moves() { // chance is that of one table
		t.Chance = chanceOf(a.Result.Chance(inputs, 0))
		a.assumedPorts(t, r)
	}
	if !findings.Uneven(r) {
		return t
	}
	a.tunnelTraffic(t, shape.Largest)
	if len(t.Inputs.Portless) > 0 {
		t.WithPorts = a.imbalanceWith(hashPorts)
	}
	return t
}

// assumedFrom is the part of the received packets from which it counts that they are taken to
// be hashed on ports.
const assumedFrom = 0.25

// assumedPorts tells t of UDP that is hashed on its ports by assumption alone.
func (a *ReportBuilder) assumedPorts(t *findings.Traffic, r *report.Report) {
	if p := r.Parameters.Named("hash-types"); p == nil || p.Source != "default" {
		return
	}
	udp := hash.TypesOf(hash.UDPIPv4, hash.UDPIPv6, hash.UDPIPv6Ex)
	for kind := range a.Result.HashTypes {
		if udp.Has(hash.Type(kind)) {
			t.UDPAssumed += uint64(a.Result.HashTypes[kind])
		}
	}
	if report.Ratio(t.UDPAssumed, r.Capture.Received) < assumedFrom {
		t.UDPAssumed = 0
		return
	}
	t.WithoutUDPPorts = a.imbalanceWith(func(c *nicmodel.SteeringConfig) { c.HashTypes &^= udp })
}

// tellCapture tells t how the capture was taken.
func (a *ReportBuilder) tellCapture(t *findings.Traffic) {
	if version, known := a.Directions.UnknownVersion(); version != 0 {
		t.UnknownVersion, t.Local = version, a.Settings.Shown.Addr(known).String()
	}
	if sender, ok := a.Directions.OnlySender(); ok && a.DirectionUnknown {
		t.OnlySender = a.Settings.Shown.Addr(sender).String()
	}
	if l := &a.Result.Long; l.Kind == dispatch.LongCoalesced {
		t.Oversized, t.OversizedFrames, t.LargestPacket = l.Received, l.ReceivedFrames, uint64(l.LargestReceived)
	}
	c := &a.Result.Copies
	t.Copies = findings.Copies{
		Looked: c.Looked, Copied: c.Copied, Distinct: c.Distinct, Numbered: 2*uint64(c.Numbers) >= c.Distinct,
		Longest: c.Longest, Within: c.Within, Same: c.Same, Hops: c.Hops, Interfaces: c.Interfaces, Cooked: c.Cooked,
	}
	t.Interfaces = a.interfaces()
	most := 0
	for _, l := range a.Result.Links {
		if wireless(l.Link) {
			t.Wireless += l.Packets
		}
		if !l.Link.Known() && int(l.Packets) > most {
			t.UnreadLink, most = l.Link.String(), int(l.Packets)
		}
	}
	t.LeapsAhead, t.LeapsBack = leaps(&a.Result.TimeLeaps)
	g := &a.Result.Gaps
	t.Gaps = findings.Gaps{Count: g.Count, Total: g.Total, Longest: g.Longest, LongestFrame: uint64(g.LongestFrame), LongestStart: g.LongestStart}
}

// wireless tells whether a link type is of 802.11, as a radio hears it.
func wireless(l pcaps.LinkType) bool {
	return l == pcaps.Link80211 || l == pcaps.LinkRadiotap || l == pcaps.LinkPPI // as Kismet and AirPcap write it
}

// interfaces are those that received packets, by the host's numbers where the capture has any.
// Else they are those that it describes, if names tell them apart: one NIC may be described
// more than once, as where captures were joined.
func (a *ReportBuilder) interfaces() (all []findings.Interface) {
	for _, of := range a.Result.Interfaces {
		if !of.Described {
			all = append(all, findings.Interface{Index: of.Index, Packets: of.Packets, Loopback: of.Loopback})
		}
	}
	if len(all) > 0 || len(a.Files) != 1 {
		return all
	}
	names := map[string]int{} // place in all
	for _, of := range a.Result.Interfaces {
		if int(of.Index) >= len(a.Files[0].Interfaces) || a.Files[0].Interfaces[of.Index].Name == "" {
			return nil
		}
		name := a.Files[0].Interfaces[of.Index].Name
		at, met := names[name]
		if !met {
			at = len(all)
			names[name] = at
			all = append(all, findings.Interface{Index: of.Index, Loopback: slices.Contains(loopbacks, name), Described: true})
			if len(name) < maxShownName {
				all[at].Name = report.Clean(a.Settings.Shown.Words(name, ""))
			}
		}
		all[at].Packets += of.Packets
	}
	slices.SortStableFunc(all, func(a, b findings.Interface) int { return cmp.Compare(b.Packets, a.Packets) })
	return all
}

// loopbacks are the names of loopback under Linux, BSD and Npcap.
var loopbacks = []string{"lo", "lo0", `\Device\NPF_Loopback`}

// maxShownName is the length of names that are shown: Linux's are shorter, Windows' are of numbers.
const maxShownName = 16

// tellNIC tells t what the NIC, its rules and its driver have to do with the report.
func (a *ReportBuilder) tellNIC(t *findings.Traffic, r *report.Report) {
	t.IRQShares = a.Settings.IRQShares
	t.HostCPUs, t.NearCPUs, t.FarCPUs = a.Settings.HostCPUs, a.Settings.NearCPUs, a.Settings.FarCPUs
	t.MostRings, t.Rings, t.Windows = a.Settings.MostRings, a.Settings.Rings, a.Settings.Windows
	t.FewByDesign = a.Settings.RSSProfile == "Conservative"
	t.NoTable, t.HostSteers = a.Settings.NoTable, a.Settings.HostSteers
	if r.Unpredicted {
		t.OtherHash = findings.OtherHash(a.Settings.OtherHash)
	}
	t.OfSoftware, t.NoLower = a.Settings.OfSoftware, a.Settings.NoLower
	if p := a.Settings.Profile; p != nil {
		t.RSSQueues, t.MostQueues, t.PowerOfTwo = p.RSSQueues, p.MaxQueues, p.PowerOfTwoQueues
		t.DriverTransform = p.Transform.String()
		if p.SetsTransform && a.Settings.Tool() == profile.Ethtool {
			t.KeepTransform = a.Settings.Steering.Config().Transform.String()
		}
	}
	t.LongestRing = a.Settings.LongestRing
	t.Application, t.PowerShell = a.Settings.Tool() == profile.Application, a.Settings.Tool() == profile.PowerShell
	t.Unsettable = a.unsettable(t.Largest)
	if at := slices.IndexFunc(r.Modes, func(m report.Mode) bool { return m.Mode != engine.NonRSS.String() }); at >= 0 {
		for _, q := range a.Result.Modes[at].Queues {
			t.Bursts = append(t.Bursts, findings.Burst{In50us: q.Burst50us, In500us: q.Burst500us})
		}
	}
	if p := a.Settings.Profile; a.Settings.ATR() {
		t.ATR = &findings.ATR{NIC: p.Name, Packets: a.Result.ATR.Sampled, Most: a.Result.ATR.Most, Off: p.NTuple.OffATR}
	}
	rules := a.Settings.Steering.NTuple()
	for _, b := range a.Result.Ambiguous {
		first, other := &rules.All()[b.Rule], &rules.All()[b.Other]
		t.Ambiguous = append(t.Ambiguous, findings.Ambiguity{
			Filter: first.Location, Other: other.Location, Action: first.Does(), OtherAction: other.Does(), Packets: b.Packets,
			MostFields: rules.Options().Order == steer.MostFields,
		})
	}
}

// unsettable is what nobody can set, by the NIC's driver or as the interface has no table; of
// rules, one that takes the flow.
func (a *ReportBuilder) unsettable(f *report.Flow) findings.Unsettable {
	switch a.Settings.Tool() {
	case profile.Application:
		return findings.Unsettable{}
	case profile.PowerShell:
		return findings.Unsettable{Key: true, Fields: true, Transform: true, Rule: true}
	}
	s := a.Settings
	u := findings.Unsettable{
		Table: s.Fixed(profile.SetTable), Key: s.Fixed(profile.SetKey),
		Fields: s.Fixed(profile.SetFields), Transform: s.Fixed(profile.SetTransform),
	}
	if p := s.Profile; p != nil && f != nil {
		kinds := map[string][2]steer.Kind{"tcp": {steer.TCP4, steer.TCP6}, "udp": {steer.UDP4, steer.UDP6}, "sctp": {steer.SCTP4, steer.SCTP6}}
		kind, has := kinds[f.Protocol]
		if !has || !f.HasPorts {
			kind = [2]steer.Kind{steer.IP4, steer.IP6}
		}
		version := 0
		if f.Source.Is6() {
			version = 1
		}
		u.Rule = !p.NTuple.Takes(kind[version])
	}
	return u
}

// masked is the CPUs that the queues' masks of receive packet steering have, queue by queue
// and without those offline.
func (a *ReportBuilder) masked() (cpus []int) {
	for _, mask := range a.Settings.Config.RPS.CPUs {
		for _, cpu := range mask {
			if cpu != engine.OfflineCPU {
				cpus = append(cpus, a.Settings.Config.CPUs[cpu])
			}
		}
	}
	return cpus
}

// stackTraffic tells t what of the traffic the hash of RPS tells apart; ids are t.Heavy's, and
// largest is t.Largest's.
func (a *ReportBuilder) stackTraffic(t *findings.Traffic, r *report.Report, ids []uint32, largest uint32) {
	mode := slices.IndexFunc(r.Modes, func(m report.Mode) bool { return m.Mode != report.NonRSS })
	if mode < 0 || r.Modes[mode].RPS == nil {
		return
	}
	whole := func(f report.Flow) bool { return len(f.Modes[mode].CPUs) < 2 }
	if t.Largest != nil && !whole(*t.Largest) {
		t.Largest, largest = nil, engine.NoFlow
		for i, id := range ids {
			if whole(t.Heavy[i]) && a.Result.Flow(id).Queue >= 0 { // no rule drops it
				t.Largest, largest = &t.Heavy[i], id
				break
			}
		}
		t.Parted = true
	}
	if findings.Uneven(r) {
		a.tunnelTraffic(t, largest)
		t.InnerBalance = report.Null // the masks decide
	}
	if r.Moves() {
		return // what moves may part them
	}
	in := a.Result.StackInputs(mode)
	if in == nil {
		return
	}
	var cpus []uint64
	for _, c := range r.Arrived(&r.Modes[mode]).CPUs {
		cpus = append(cpus, c.Packets)
	}
	t.Stack = &findings.StackInputs{
		Flows: in.Flows, Distinct: in.Distinct, Effective: report.Fraction(in.Effective), Heaviest: in.Heaviest(), HeaviestSPI: in.HeaviestSPI,
		Associations: in.Associations, Even: report.Fraction(in.Even()),
	}
	t.Chance = chanceOf(in.Chance(cpus))
	if t.Stack.Everywhere = t.Chance; !t.MaskFull {
		t.Stack.Everywhere = chanceOf(in.Everywhere())
	}
}

// hashPorts has TCP and UDP hashed on their ports, too, where they are on their addresses.
func hashPorts(c *nicmodel.SteeringConfig) {
	for _, types := range [][2]hash.Type{{hash.IPv4, hash.UDPIPv4}, {hash.IPv6, hash.UDPIPv6}, {hash.IPv4, hash.TCPIPv4}, {hash.IPv6, hash.TCPIPv6}} {
		if c.HashTypes.Has(types[0]) {
			c.HashTypes |= hash.TypesOf(types[1])
		}
	}
}

// evenness is what the load's evenness is judged by.
func (a *ReportBuilder) evenness(t *findings.Traffic) *report.Evenness {
	e := &report.Evenness{Chance: report.Null}
	switch {
	case t.Stack != nil:
		e.Largest = t.Stack.Heaviest
	case t.Largest != nil:
		e.Largest = t.Largest.Packets
	}
	if t.Chance != nil && (t.Stack == nil || t.Stack.Even < evenMasks) {
		e.Chance = t.Chance.P95
	}
	return e
}

// evenMasks is the imbalance that masks make of even traffic from which a load under them is
// not even by chance.
const evenMasks = 1.1

func inputsOf(in *dispatch.Inputs) *findings.Inputs {
	t := &findings.Inputs{Flows: in.Flows, Distinct: in.Distinct, Entries: in.Entries, Effective: report.Fraction(in.Effective)}
	for protocol, p := range in.WithoutPorts {
		t.Portless = append(t.Portless, findings.Portless{Protocol: pcaps.ProtocolName(protocol), Flows: p.Flows, Packets: p.Packets, Inputs: p.Inputs})
	}
	slices.SortFunc(t.Portless, func(a, b findings.Portless) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), strings.Compare(a.Protocol, b.Protocol))
	})
	return t
}

func chanceOf(c *dispatch.Chance) *findings.Chance {
	if c == nil {
		return nil
	}
	at := func(perMille int) report.Fraction {
		return report.Fraction(c.Trials[(len(c.Trials)-1)*perMille/1000])
	}
	chance := &findings.Chance{Deviation: report.Fraction(c.Deviation), P999: report.Null,
		P1: at(10), P5: at(50), P10: at(100), P50: at(500), P90: at(900), P95: at(950), P99: at(990)}
	if len(c.Trials) >= 1000 { // else the 99.9th percentile is the last
		chance.P999 = at(999)
	}
	return chance
}

// keyStrength is what the key can do for the hash type with the most packets, nil
// where none is hashed, or the function has no key.
func (a *ReportBuilder) keyStrength() *findings.KeyStrength {
	k := a.Settings.Steering.KeyStrength(&a.Result.HashTypes)
	if k.Type == hash.None {
		return nil
	}
	return &findings.KeyStrength{HashType: k.Type.String(), Rank: k.Rank, Wanted: k.Wanted, Heard: k.Heard, Bits: k.Bits}
}

// takenOnHost is what of the capture shows that the host which has the NIC took it, behind
// its ring, at the rate that is replayed; "" if nothing does. A tap or a mirror port shows
// none of it.
func (a *ReportBuilder) takenOnHost() string {
	if a.Result.Span != a.Result.Duration {
		return "" // at another rate its ring might not have taken them
	}
	for _, l := range a.Result.Links {
		if l.Link == pcaps.LinkSLL || l.Link == pcaps.LinkSLL2 {
			return "the capture is one of Linux's \"any\" device"
		}
	}
	switch {
	case a.Directions.Said() > 0 && a.Result.Sent > 0 && a.Result.Received > 0:
		return "the capture itself says which packets were sent and which received"
	case a.Result.Long.Kind == dispatch.LongCoalesced && a.Result.Long.Received > 0:
		return "it has frames that receive offload joined"
	}
	return ""
}

// leaps parts the leaps of the clock by their direction.
func leaps(all *dispatch.TimeLeaps) (ahead, back findings.Leaps) {
	back.Packets = all.Back
	ahead.Packets = all.Packets - all.Back
	for _, leap := range slices.Backward(all.First) {
		if leap.Step < 0 {
			back.First, back.FirstAt = uint64(leap.Frame), leap.At
		} else {
			ahead.First, ahead.FirstAt = uint64(leap.Frame), leap.At
		}
	}
	return ahead, back
}

// imbalanceWith is imbalance.packets under another steering, Null if there can be
// none such.
func (a *ReportBuilder) imbalanceWith(change func(*nicmodel.SteeringConfig)) report.Fraction {
	c := a.Settings.Steering.Config()
	change(&c)
	s, err := nicmodel.NewSteering(c)
	if err != nil { // the key is too short, say
		return report.Null
	}
	return report.MaxOverMean(a.packetsUnder(s))
}

// packetsUnder is the packets of each CPU under a steering.
func (a *ReportBuilder) packetsUnder(s *nicmodel.Steering) []uint64 {
	cpus := make([]uint64, len(a.Settings.Config.CPUs))
	loads := a.Result.LoadsUnder(s)
	for queue, load := range loads.Queues(s) {
		cpus[s.CPU(uint16(queue))] += load.Packets
	}
	return cpus
}
