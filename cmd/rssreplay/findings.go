package main

import (
	"slices"

	"rssreplay/dispatch"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/report"
)

// traffic is what the findings need to know beyond the report.
func (a *assembly) traffic(r *report.Report) *report.Traffic {
	shape := a.result.Shape()
	t := &report.Traffic{
		Flows: uint64(a.result.NumFlows), EffectiveFlows: shape.EffectiveFlows,
		UDPOnAddresses: shape.UDPOnAddresses, UDPWithPorts: report.Null,
		UDPFragments: shape.UDPFragments, FragmentsApart: shape.FragmentsApart,
		BestTable: report.Null, InnerBalance: report.Null,
		DirectionUnknown: a.directionUnknown,
	}
	if p := a.settings.profile; p != nil {
		t.DriverTransform = p.Transform.String()
	}
	if shape.Largest != dispatch.NoFlow {
		f := a.flow(shape.Largest)
		t.Largest = &f
	}
	if l := &a.result.Long; l.Kind == dispatch.LongCoalesced {
		t.Oversized, t.LargestPacket = l.Packets, uint64(l.Largest)
	}
	t.LeapsAhead, t.LeapsBack = leaps(&a.result.TimeLeaps)
	if !report.Uneven(r) {
		return t
	}
	a.tunnelTraffic(t, shape.Largest)
	if trials := a.result.Chance(); len(trials) > 0 {
		at := func(percent int) report.Fraction { return report.Fraction(trials[(len(trials)-1)*percent/100]) }
		t.Chance = &report.Chance{P10: at(10), P50: at(50), P90: at(90), P99: at(99)}
	}
	t.BestTable = a.bestTable()
	if t.UDPOnAddresses > 0 {
		t.UDPWithPorts = a.imbalanceWith(func(c *nicmodel.SteeringConfig) {
			for _, types := range [][2]hash.Type{{hash.IPv4, hash.UDPIPv4}, {hash.IPv6, hash.UDPIPv6}} {
				if c.HashTypes.Has(types[0]) {
					c.HashTypes |= hash.TypesOf(types[1])
				}
			}
		})
	}
	return t
}

// evenness is what the load's evenness is judged by.
func (a *assembly) evenness(t *report.Traffic) *report.Evenness {
	e := &report.Evenness{Chance: report.Null}
	if t.Largest != nil {
		e.Largest = t.Largest.Packets
	}
	if trials := a.result.Chance(); len(trials) > 0 {
		e.Chance = report.Fraction(trials[(len(trials)-1)*95/100])
	}
	return e
}

// leaps parts the leaps of the clock by their direction.
func leaps(all *dispatch.TimeLeaps) (ahead, back report.Leaps) {
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

// bestTable is imbalance.packets under the best table found for this capture, Null
// if none was looked for.
func (a *assembly) bestTable() report.Fraction {
	config := &a.settings.config
	if len(config.Table) > searchedEntries {
		return report.Null
	}
	loads := a.result.Resteer(a.settings.steering)
	b := newBalance(&loads, config, a.settings.steering, func(l dispatch.EntryLoad) uint64 { return l.Packets })
	return report.Fraction(b.Imbalance(b.Peak(b.Best(config.Table))))
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
	loads := a.result.Resteer(s)
	for queue, load := range loads.Queues(s) {
		cpus[c.QueueCPU[queue]] += load.Packets
	}
	return report.MaxOverMean(cpus)
}
