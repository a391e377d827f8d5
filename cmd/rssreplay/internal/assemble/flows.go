package assemble

import (
	"iter"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// listedOf is the flows that a report with a limit lists, in its order, of total that it
// might.
func (a *ReportBuilder) listedOf(limit int) (listed []uint32, total int) {
	if a.On.text == "" {
		return a.largest(limit), a.Result.NumFlows
	}
	there := a.Result.LargestOf(-1, a.On.keep(a.Settings, a.Result))
	if limit < 0 || limit > len(there) {
		return there, len(there)
	}
	return there[:limit], len(there)
}

// largest is Result.Largest, which looks at all flows, once for all who ask for few.
func (a *ReportBuilder) largest(n int) []uint32 {
	all := a.Result.NumFlows
	if n < 0 || n > all {
		n = all
	}
	if n > len(a.ranked) {
		a.ranked = a.Result.Largest(max(n, heavyFlows))
	}
	return slices.Clip(a.ranked[:n])
}

// flowBlock is how many flows are looked up at a time.
const flowBlock = 256

// flows yields the listed flows one by one. Who gets one may keep it.
func (a *ReportBuilder) flows(listed []uint32) iter.Seq[report.Flow] {
	return func(yield func(report.Flow) bool) {
		blocks := inOrder(slices.Collect(slices.Chunk(listed, flowBlock)), func() appendBlock[report.Flow] { return a.appendFlows })
		for block := range blocks {
			for i := range block {
				if !yield(block[i]) {
					return
				}
			}
		}
	}
}

// appendFlows appends what is shown of the flows.
func (a *ReportBuilder) appendFlows(flows []report.Flow, ids []uint32) []report.Flow {
	a.Result.Expect(ids)
	room := newFlowRoom(len(ids), len(a.Result.Modes))
	for _, id := range ids {
		flows = append(flows, report.Flow{})
		a.lookUp(&flows[len(flows)-1], id, room)
	}
	return flows
}

// flowRoom is memory for what flows point to: one piece for many.
type flowRoom struct {
	modes  []report.FlowMode
	cpus   []report.CPUPackets
	counts []affinity.CPUPackets // of one flow in one mode, used over and over
}

func newFlowRoom(flows, modes int) *flowRoom {
	return &flowRoom{
		modes:  make([]report.FlowMode, 0, flows*modes),
		cpus:   make([]report.CPUPackets, 0, 2*flows*modes),
		counts: make([]affinity.CPUPackets, 0, 8),
	}
}

// reset makes the memory free again.
func (r *flowRoom) reset() { r.modes, r.cpus = r.modes[:0], r.cpus[:0] }

// Flow is what is shown of the flow with that number, in all modes.
func (a *ReportBuilder) Flow(id uint32) report.Flow {
	var flow report.Flow
	a.lookUp(&flow, id, newFlowRoom(1, len(a.Result.Modes)))
	return flow
}

// lookUp sets flow to what is shown of flow id; what it points to is in room.
func (a *ReportBuilder) lookUp(flow *report.Flow, id uint32, room *flowRoom) {
	f := a.Result.Flow(id)
	*flow = report.Flow{
		Protocol: pcaps.ProtocolName(f.Protocol), Source: f.Source, Destination: f.Destination,
		HasPorts: f.HasPorts, SourcePort: f.SourcePort, DestinationPort: f.DestinationPort,
		HashType: f.HashType.String(), Hash: f.Hash, Index: f.Entry, Packets: f.Packets, Bytes: f.Bytes,
	}
	if f.Rule > 0 {
		flow.Rule = &a.Settings.Steering.NTuple().All()[f.Rule-1].Location
	}
	first := len(room.modes)
	for i := range a.Result.Modes {
		var migrations uint64
		room.counts, migrations = a.Result.AppendAffinity(room.counts[:0], i, id)
		from := len(room.cpus)
		for _, p := range room.counts {
			room.cpus = append(room.cpus, report.CPUPackets{CPU: a.cpuNumber(p.CPU), Packets: p.Packets})
		}
		room.modes = append(room.modes, report.FlowMode{
			Mode: a.Result.Modes[i].Mode.String(), CPUs: slices.Clip(room.cpus[from:]), Migrations: migrations,
			SteeredOn: a.steeredOn(a.Result.Modes[i].Mode, f.Queue, room.counts),
		})
	}
	flow.Modes = slices.Clip(room.modes[first:])
	a.Settings.Shown.Flow(flow)
}

// steeredOn reports whether receive packet steering chooses the CPU of a flow that comes to
// a queue in a mode and was indicated on those CPUs: not where it chose one that is offline.
func (a *ReportBuilder) steeredOn(mode engine.Mode, queue int, on []affinity.CPUPackets) bool {
	rps := a.Settings.Config.RPS
	if queue < 0 || !rps.Active(mode) {
		return false
	}
	if mode == engine.NonRSS {
		queue = 0
	}
	mask := rps.CPUs[queue]
	if len(mask) == 0 || !slices.Contains(mask, engine.OfflineCPU) {
		return len(mask) > 0
	}
	return slices.ContainsFunc(on, func(p affinity.CPUPackets) bool { return slices.Contains(mask, uint16(p.CPU)) })
}
