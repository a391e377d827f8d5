package main

import (
	"cmp"
	"slices"
	"strings"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/balance"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// heavyFlows are as many flows as the findings are told of one by one: more than are
// heavy on any machine.
const heavyFlows = 512

// traffic is what the findings need to know beyond the report.
func (a *assembly) traffic(r *report.Report) *findings.Traffic {
	shape := a.result.Shape()
	t := &findings.Traffic{
		Command:        a.arguments,
		Flows:          uint64(a.result.NumFlows),
		UDPOnAddresses: shape.UDPOnAddresses, WithPorts: report.Null,
		UDPFragments: shape.UDPFragments, FragmentsApart: shape.FragmentsApart,
		InnerBalance:     report.Null,
		DirectionUnknown: a.directionUnknown, TakenOnHost: a.takenOnHost(),
		Key: a.keyStrength(), Grain: a.result.Grain, Restarts: a.result.Restarts,
	}
	if sender, ok := a.directions.OnlySender(); ok && a.directionUnknown {
		t.OnlySender = sender.String()
	}
	t.Rings, t.Windows = a.settings.rings, a.settings.windows
	if p := a.settings.profile; p != nil {
		t.RSSQueues = p.RSSQueues
		t.DriverTransform = p.Transform.String()
	}
	if shape.Largest != engine.NoFlow {
		f, b := a.flow(shape.Largest), a.flow(shape.LargestBytes)
		t.Largest, t.LargestBytes = &f, &b
	}
	if l := &a.result.Long; l.Kind == dispatch.LongCoalesced {
		t.Oversized, t.LargestPacket = l.Packets, uint64(l.Largest)
	}
	t.LeapsAhead, t.LeapsBack = leaps(&a.result.TimeLeaps)
	g := &a.result.Gaps
	t.Gaps = findings.Gaps{Count: g.Count, Total: g.Total, Longest: g.Longest, LongestFrame: uint64(g.LongestFrame), LongestStart: g.LongestStart}
	if at := slices.IndexFunc(r.Modes, func(m report.Mode) bool { return m.Mode != engine.NonRSS.String() }); at >= 0 {
		for _, q := range a.result.Modes[at].Queues {
			t.Bursts = append(t.Bursts, findings.Burst{In50us: q.Burst50us, In500us: q.Burst500us})
		}
	}
	if p := a.settings.profile; p != nil && p.NTuple.ATR {
		t.ATR = &findings.ATR{NIC: p.Name, Packets: a.result.ATR, Off: p.NTuple.OffATR}
	}
	rules := a.settings.steering.NTuple()
	for _, b := range a.result.Ambiguous {
		first, other := &rules.All()[b.Rule], &rules.All()[b.Other]
		t.Ambiguous = append(t.Ambiguous, findings.Ambiguity{
			Filter: first.Location, Other: other.Location, Action: first.Does(), OtherAction: other.Does(), Packets: b.Packets,
			MostFields: rules.Options().Order == steer.MostFields,
		})
	}
	for _, id := range a.result.Largest(heavyFlows) {
		t.Heavy = append(t.Heavy, a.flow(id))
	}
	inputs := a.result.Inputs()
	t.Inputs, t.Chance = inputsOf(inputs), chanceOf(a.result.Chance(inputs))
	if !findings.Uneven(r) {
		return t
	}
	a.tunnelTraffic(t, shape.Largest)
	t.Inputs.Hashes = a.result.DistinctHashes()
	t.Better = a.betterTable()
	if len(t.Inputs.Portless) > 0 {
		t.WithPorts = a.imbalanceWith(func(c *nicmodel.SteeringConfig) {
			for _, types := range [][2]hash.Type{{hash.IPv4, hash.UDPIPv4}, {hash.IPv6, hash.UDPIPv6}, {hash.IPv4, hash.TCPIPv4}, {hash.IPv6, hash.TCPIPv6}} {
				if c.HashTypes.Has(types[0]) {
					c.HashTypes |= hash.TypesOf(types[1])
				}
			}
		})
	}
	return t
}

// evenness is what the load's evenness is judged by.
func (a *assembly) evenness(t *findings.Traffic) *report.Evenness {
	e := &report.Evenness{Chance: report.Null}
	if t.Largest != nil {
		e.Largest = t.Largest.Packets
	}
	if t.Chance != nil {
		e.Chance = t.Chance.P95
	}
	return e
}

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
	chance := &findings.Chance{Deviation: report.Fraction(c.Deviation), P10: at(100), P50: at(500), P90: at(900), P95: at(950), P999: report.Null}
	if len(c.Trials) >= 1000 { // else the 99.9th percentile is the last
		chance.P999 = at(999)
	}
	return chance
}

// keyStrength is what the key can do for the hash type with the most packets, nil
// where none is hashed, or the function has no key.
func (a *assembly) keyStrength() *findings.KeyStrength {
	most := hash.None
	for t := hash.IPv4; t < hash.NumTypes; t++ {
		if a.result.HashTypes[t] > 0 && (most == hash.None || a.result.HashTypes[t] > a.result.HashTypes[most]) {
			most = t
		}
	}
	if most == hash.None || a.settings.steering.Config().Function != hash.FunctionToeplitz {
		return nil
	}
	k := a.settings.steering.KeyStrength(most)
	return &findings.KeyStrength{HashType: most.String(), Rank: k.Rank, Wanted: k.Wanted, Heard: k.Heard, Bits: k.Bits}
}

// takenOnHost is what of the capture shows that the host which has the NIC took it,
// behind its ring; "" if nothing does. A tap or a mirror port shows none of it.
func (a *assembly) takenOnHost() string {
	for _, l := range a.result.Links {
		if l.Link == pcaps.LinkSLL || l.Link == pcaps.LinkSLL2 {
			return "the capture is one of Linux's \"any\" device"
		}
	}
	switch {
	case a.directions.Said() > 0 && a.result.Sent > 0 && a.result.Received > 0:
		return "the capture itself says which packets were sent and which received"
	case a.result.Long.Kind == dispatch.LongCoalesced && a.result.Long.Received > 0:
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
			back.First = uint64(leap.Frame)
		} else {
			ahead.First = uint64(leap.Frame)
		}
	}
	return ahead, back
}

// searchedEntries are as many as a better table is looked for among without being
// asked: it takes some 40 ms. `rssreplay suggest` has no limit.
const searchedEntries = 1024

// betterTable is the best table found for this capture, judged as suggest does where
// the replay has folds; nil if none was looked for.
func (a *assembly) betterTable() *findings.BetterTable {
	config := &a.settings.config
	if len(config.Table) > searchedEntries {
		return nil
	}
	taskOf := func(l *dispatch.Loads) *balance.Task {
		return newBalance(l, config, a.settings.steering, func(l engine.EntryLoad) uint64 { return l.Packets })
	}
	loads := a.result.LoadsUnder(a.settings.steering)
	whole, now := taskOf(&loads), config.Table
	best := whole.Best(now)
	better := &findings.BetterTable{Best: report.Fraction(whole.Imbalance(whole.Peak(best))), Judged: report.Null, Present: report.Null}
	folds := a.result.Folds()
	if folds == nil || a.result.Received < balance.LeastPackets {
		return better
	}
	var tasks []*balance.Task
	for _, fold := range folds {
		if fold.Flows < balance.LeastFoldFlows {
			return better
		}
		tasks = append(tasks, taskOf(&dispatch.Loads{Entries: fold.Entries, Unhashed: fold.Unhashed}))
	}
	judge := balance.NewJudge(tasks, now)
	v := judge.Of(func(b *balance.Task) []nicmodel.IndirectionTable { return []nicmodel.IndirectionTable{b.Even(now)} })[0]
	better.Judged, better.Present = report.Fraction(v.Judged), report.Fraction(v.Present)
	better.Lasts = v.Holds() && whole.Lasts(float64(knownShare(a.result, judge)), now, best) && len(whole.Idles(now, best)) == 0
	return better
}

// knownShare is the share of the packets of the first and of the last quarter whose
// flows are in both.
func knownShare(result *dispatch.Result, judge *balance.Judge) report.Fraction {
	folds := result.Folds()
	first, last := judge.Quarters()
	var known, packets uint64
	for k := range first {
		known += result.Known(first[k], last) + result.Known(last[k], first)
		packets += folds[first[k]].Packets + folds[last[k]].Packets
	}
	return report.Ratio(known, packets)
}

// imbalanceWith is imbalance.packets under another steering, Null if there can be
// none such.
func (a *assembly) imbalanceWith(change func(*nicmodel.SteeringConfig)) report.Fraction {
	c := a.settings.steering.Config()
	change(&c)
	s, err := nicmodel.NewSteering(c)
	if err != nil { // the key is too short, say
		return report.Null
	}
	cpus := make([]uint64, len(a.settings.config.CPUs))
	loads := a.result.LoadsUnder(s)
	for queue, load := range loads.Queues(s) {
		cpus[c.QueueCPU[queue]] += load.Packets
	}
	return report.MaxOverMean(cpus)
}

// newBalance is the task of spreading the loads of entries under the steering.
func newBalance(l *dispatch.Loads, c *engine.Config, steering *nicmodel.Steering, weight func(engine.EntryLoad) uint64) *balance.Task {
	b := &balance.Task{Fixed: make([]uint64, len(c.CPUs)), QueueCPU: c.QueueCPU}
	for _, load := range l.Entries {
		b.Entries = append(b.Entries, weight(load))
	}
	b.Fixed[c.QueueCPU[steering.Config().DefaultQueue]] += weight(l.Unhashed)
	for queue, load := range l.Ruled {
		b.Fixed[c.QueueCPU[queue]] += weight(load)
	}
	return b
}
