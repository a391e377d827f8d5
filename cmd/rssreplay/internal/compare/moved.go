package compare

import (
	"net/netip"
	"slices"

	"rssreplay/dispatch/fault"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/anonymize"
)

// noCPU stands for the main CPU of a flow that has none: all was dropped.
const noCPU = -1

// countMoved counts the flows, and their packets, that have another main CPU
// than in the first scenario.
func (c *comparison) countMoved(compare *report.Compare) {
	var home []int
	if mainCPU := c.mainCPU(0, compare); mainCPU != nil {
		home = make([]int, c.done.Result.NumFlows)
		for id := range home {
			home[id] = mainCPU(uint32(id))
		}
	}
	first := &compare.Scenarios[0]
	first.FlowsMoved, first.PacketsMoved = new(uint64), new(uint64)
	var counted fault.Group
	for i := range compare.Scenarios[1:] {
		of, mainCPU := &compare.Scenarios[i+1], c.mainCPU(i+1, compare)
		if home == nil || mainCPU == nil {
			continue
		}
		counted.Go(func() {
			var flows, packets uint64
			for id, was := range home {
				if now := mainCPU(uint32(id)); now != was && now != noCPU && was != noCPU {
					flows++
					packets += c.done.Result.FlowPackets(uint32(id))
				}
			}
			of.FlowsMoved, of.PacketsMoved = &flows, &packets
		})
	}
	counted.Wait()
}

// mainCPU tells each flow's CPU with most of its packets under scenario i, the
// lowest of equals; nil where an earlier report does not tell it of all flows.
func (c *comparison) mainCPU(i int, compare *report.Compare) func(id uint32) int {
	s, of := c.scenarios[i], &compare.Scenarios[i]
	if s.earlier != nil {
		return c.earlierMainCPU(s)
	}
	mode := slices.IndexFunc(of.Modes, func(m report.Mode) bool { return m.Mode == of.Compared })
	mainCPU := c.replayed(s).MainCPU(mode)
	return func(id uint32) int {
		if cpu := mainCPU(id); cpu >= 0 {
			return s.settings.Config.CPUs[cpu]
		}
		return noCPU
	}
}

// earlierMainCPU is mainCPU of an earlier report.
func (c *comparison) earlierMainCPU(s *scenario) func(id uint32) int {
	earlier := s.mainCPUs()
	cpus := make([]int, c.done.Result.NumFlows)
	if len(earlier) != len(cpus) {
		return nil
	}
	for id := range cpus {
		cpu, ok := earlier[c.endsOf(uint32(id))]
		if !ok {
			s.otherFlows = true
			return nil
		}
		cpus[id] = cpu
	}
	return func(id uint32) int { return cpus[id] }
}

// flowEnds is what tells flows apart in a report.
type flowEnds struct {
	protocol                    string
	source, destination         netip.Addr
	sourcePort, destinationPort uint16
	hasPorts                    bool
}

func reportedEnds(f *report.Flow) flowEnds {
	return flowEnds{f.Protocol, f.Source, f.Destination, f.SourcePort, f.DestinationPort, f.HasPorts}
}

// flow is a flow of those ends alone.
func (e flowEnds) flow() report.Flow {
	return report.Flow{
		Protocol: e.protocol, Source: e.source, Destination: e.destination,
		HasPorts: e.hasPorts, SourcePort: e.sourcePort, DestinationPort: e.destinationPort,
	}
}

// shown are what is shown of the ends.
func (e flowEnds) shown(by *anonymize.Anonymizer) flowEnds {
	f := e.flow()
	by.Flow(&f)
	return reportedEnds(&f)
}

// endsOf are what is shown of those of the capture's flow, as of the earlier reports.
func (c *comparison) endsOf(id uint32) flowEnds {
	f := c.done.Result.Flow(id)
	ends := flowEnds{pcaps.ProtocolName(f.Protocol), f.Source, f.Destination, f.SourcePort, f.DestinationPort, f.HasPorts}
	return ends.shown(c.shown)
}

// mainCPUs is each listed flow's main CPU in an earlier report.
func (s *scenario) mainCPUs() map[flowEnds]int {
	cpus := make(map[flowEnds]int, len(s.flows))
	for i := range s.flows {
		cpus[s.flows[i].flowEnds] = int(s.flows[i].mainCPU[s.compared])
	}
	return cpus
}

// mainCPUOf is the CPU that has most of a flow's packets, the lowest of equals.
func mainCPUOf(f *report.Flow, mode string) int {
	on := f.InMode(mode)
	if len(on.CPUs) == 0 || on.Most().Packets == 0 { // which a report that was changed may have
		return noCPU
	}
	return on.Most().CPU
}
