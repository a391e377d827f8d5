package main

import (
	"rssreplay/dispatch"
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
	if shape.Largest != dispatch.NoFlow {
		f := a.flow(shape.Largest)
		t.Largest = &f
	}
	if !report.Uneven(r) {
		return t
	}
	if trials := a.result.Chance(); len(trials) > 0 {
		at := func(percent int) report.Fraction { return report.Fraction(trials[(len(trials)-1)*percent/100]) }
		t.Chance = &report.Chance{P10: at(10), P50: at(50), P90: at(90), P99: at(99)}
	}
	return t
}
