package main

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/anonymize"
	"rssreplay/report/findings"
)

// assembly makes a report of a replay's result.
type assembly struct {
	settings *settings
	*replayed
	on    place
	limit int // flows to list, -1: all

	headroom []*report.Headroom // of each mode; nil: not asked for

	command   report.List[string]
	arguments []findings.Argument // of it, those that other commands take, too

	anonymizer *anonymize.Anonymizer // nil: the report has the true addresses
}

func (a *assembly) report() *report.Report {
	listed, total := a.listed()
	r := &report.Report{
		Tool:       tool(),
		Command:    a.command,
		Capture:    a.capture(),
		Parameters: a.settings.parameters,
		Table:      a.table(),
		Flows:      a.flows(listed),
		FlowsTotal: uint64(total),
		Rules:      a.rules(), RuleDrops: a.ruleDrops(),
		Notes:  a.settings.notes,
		Trust:  a.settings.trust,
		Asides: a.settings.asides,
	}
	rank := make(map[uint32]int, len(listed))
	if a.limit >= 0 {
		for i, id := range listed {
			rank[id] = i
		}
	}
	for i := range a.result.Modes {
		r.Modes = append(r.Modes, a.mode(i, listed, rank))
	}
	if a.on.text != "" {
		r.FlowsNote = a.on.note(a.settings)
	}
	r.Caveats = a.caveats()
	t := a.traffic(r)
	if a.anonymizer != nil {
		a.anonymizer.Report(r, t)
	}
	r.Findings = findings.Diagnose(r, t)
	r.Evenness = a.evenness(t)
	return r
}

// listed is the flows that the report lists, in its order, of total that it might.
func (a *assembly) listed() (listed []uint32, total int) {
	if a.on.text == "" {
		return a.result.Largest(a.limit), a.result.NumFlows
	}
	there := a.result.LargestOf(-1, a.on.keep(a.settings, a.result))
	if a.limit < 0 || a.limit > len(there) {
		return there, len(there)
	}
	return there[:a.limit], len(there)
}

func (a *assembly) capture() report.Capture {
	r := a.result
	c := report.Capture{
		Packets: r.Packets, Bytes: r.Bytes, Duration: r.Duration, Received: r.Received, Sent: r.Sent,
		DirectionRule: a.rule, DirectionSaid: uint64(a.directions.Said()), TimestampRegressions: r.Regressions, ClockRestarts: r.Restarts, Snapped: r.Snapped,
		LeftOut: r.Filtered + r.OutOfRange,
	}
	if r.Packets > 0 {
		c.First = report.Time{Time: time.Unix(0, r.First)}
	}
	a.addFiles(&c)
	for _, why := range nicmodel.Reasons() {
		c.Unhashed = append(c.Unhashed, report.Count{Name: why.String(), Packets: r.Unhashed[why]})
	}
	for t := hash.IPv4; t < hash.NumTypes; t++ {
		c.HashTypes = append(c.HashTypes, report.Count{Name: t.String(), Packets: r.HashTypes[t]})
	}
	a.facts(&c)
	return c
}

func (a *assembly) table() report.TableReport {
	t := report.TableReport{Size: len(a.settings.config.Table)}
	for i, queue := range a.settings.config.Table {
		load := a.result.Entries[i]
		t.Entries = append(t.Entries, int(queue))
		t.Packets = append(t.Packets, load.Packets)
		t.Bytes = append(t.Bytes, load.Bytes)
		t.Flows = append(t.Flows, load.Flows)
	}
	for _, cpu := range a.settings.config.QueueCPU {
		t.QueueCPUs = append(t.QueueCPUs, a.cpuNumber(cpu))
	}
	return t
}

// rules are those that are asked before the table, in their order.
func (a *assembly) rules() report.List[report.Rule] {
	var rules report.List[report.Rule]
	for i, rule := range a.settings.steering.NTuple().All() {
		load := a.result.Rules[i]
		r := report.Rule{
			Filter: rule.Location, Kind: rule.Kind.String(), Action: rule.Does(), Packets: load.Packets, Bytes: load.Bytes, Flows: load.Flows,
			Overrides: rule.Action != steer.WakeOnLAN,
		}
		switch rule.Action {
		case steer.ToQueue:
			r.Queue = &rule.Queue
		case steer.ToContext:
			r.Context = &rule.Context
		}
		rules = append(rules, r)
	}
	return rules
}

// ruleDrops is nil without rules.
func (a *assembly) ruleDrops() *uint64 {
	if a.settings.steering.NTuple() == nil {
		return nil
	}
	return &a.result.RuleDrops.Packets
}

func (a *assembly) cpuNumber(index int) int { return a.settings.config.CPUs[index] }

// mode is one mode's counters. rank is a flow's place among the listed ones;
// when all are listed it is empty, and looked up there.
func (a *assembly) mode(i int, listed []uint32, rank map[uint32]int) report.Mode {
	counters, summary := &a.result.Modes[i], &a.result.Summaries[i]
	m := report.Mode{Mode: counters.Mode.String(), Simulated: counters.SimulatedTime, Serial: &counters.SerialTime}
	for c := range counters.CPUs {
		cpu := a.cpu(&counters.CPUs[c], a.cpuNumber(c))
		cpu.Flows = summary.CPUFlows[c]
		if top := summary.TopFlow[c]; top >= 0 {
			flow := a.flow(uint32(top))
			cpu.Largest = &flow
			if at, ok := a.placeOf(uint32(top), listed, rank); ok {
				cpu.TopFlow = &at
			}
		}
		m.CPUs = append(m.CPUs, cpu)
		m.Series.CPUs = append(m.Series.CPUs, report.SeriesCPU{CPU: a.cpuNumber(c), Packets: counters.Windows.Packets[c]})
	}
	m.Series.Interval = counters.Windows.Interval
	for q := range counters.Queues {
		count := &counters.Queues[q]
		queue := report.Queue{Queue: q, Packets: count.Packets, Bytes: count.Bytes, Drops: count.Drops, DepthMax: count.DepthMax, Burst50us: count.Burst50us, Burst500us: count.Burst500us}
		if counters.Mode == engine.RSSMSIX || counters.Mode == engine.RSSHWQueues {
			cpu := a.cpuNumber(a.settings.config.QueueCPU[q])
			queue.CPU = &cpu
		}
		m.Queues = append(m.Queues, queue)
	}
	m.Affinity = report.Affinity{
		Flows: summary.Flows, SingleCPUFlows: summary.SingleCPU, Migrations: summary.Migrations,
		SymmetricConnections: summary.Symmetric, Connections: summary.Connections,
		SendReceiveMatch: report.Ratio(counters.SendMatches, counters.SendsJudged),
	}
	m.Totals.Reordered = counters.Reordered
	if a.headroom != nil {
		m.Headroom = a.headroom[i]
	}
	m.Derive()
	return m
}

func (a *assembly) placeOf(id uint32, listed []uint32, rank map[uint32]int) (int, bool) {
	if a.limit >= 0 {
		at, ok := rank[id]
		return at, ok
	}
	for i, other := range listed {
		if other == id {
			return i, true
		}
	}
	return 0, false
}

func (a *assembly) cpu(c *engine.CPUCounters, number int) report.CPU {
	cpu := report.CPU{
		CPU: number, Packets: c.Packets, Bytes: c.Bytes, Interrupts: c.Interrupts, DPCs: c.DPCs,
		ISRTime: c.ISRTime, DPCTime: c.DPCTime, MigrationTime: c.MigrationTime, MigratedPackets: c.MigratedPackets,
		SendPackets: c.SendPackets, SendTime: c.SendTime,
		Latency: report.Latency{Sum: c.Latency.Sum},
	}
	if c.DPCs > 0 {
		cpu.PacketsPerDPCMax = &c.MaxPerDPC
	}
	if c.Packets > 0 {
		l := &c.Latency
		cpu.Latency.P50, cpu.Latency.P90, cpu.Latency.P99, cpu.Latency.P999, cpu.Latency.Max = &l.P50, &l.P90, &l.P99, &l.P999, &l.Max
	}
	return cpu
}

// flowBlock is how many flows are looked up ahead of the one that is written.
const flowBlock = 256

// flows yields the listed flows one by one. They are looked up in a goroutine of
// its own, block by block, while those before are written: a million flows lie all
// over the memory.
func (a *assembly) flows(listed []uint32) iter.Seq[report.Flow] {
	return func(yield func(report.Flow) bool) {
		blocks, stop := make(chan []report.Flow, 4), make(chan struct{})
		var ahead fault.Group
		defer ahead.Wait()
		defer close(stop)
		ahead.Go(func() {
			defer close(blocks)
			for ids := range slices.Chunk(listed, flowBlock) {
				block := make([]report.Flow, len(ids))
				a.result.Expect(ids)
				room := newFlowRoom(len(ids), len(a.result.Modes))
				for i, id := range ids {
					a.lookUp(&block[i], id, room)
				}
				select {
				case blocks <- block:
				case <-stop:
					return
				}
			}
		})
		for block := range blocks {
			for i := range block {
				if !yield(block[i]) {
					return
				}
			}
		}
	}
}

// flowRoom is memory for what flows point to: one piece for many.
type flowRoom struct {
	modes  []report.FlowMode
	cpus   []report.CPUPackets
	counts []engine.CPUPackets // of one flow in one mode, used over and over
}

func newFlowRoom(flows, modes int) *flowRoom {
	return &flowRoom{
		modes:  make([]report.FlowMode, 0, flows*modes),
		cpus:   make([]report.CPUPackets, 0, 2*flows*modes),
		counts: make([]engine.CPUPackets, 0, 8),
	}
}

func (a *assembly) flow(id uint32) report.Flow {
	var flow report.Flow
	a.lookUp(&flow, id, newFlowRoom(1, len(a.result.Modes)))
	return flow
}

// lookUp sets flow to flow id; what it points to is in room.
func (a *assembly) lookUp(flow *report.Flow, id uint32, room *flowRoom) {
	f := a.result.Flow(id)
	*flow = report.Flow{
		Protocol: pcaps.ProtocolName(f.Protocol), Source: f.Source, Destination: f.Destination,
		HasPorts: f.HasPorts, SourcePort: f.SourcePort, DestinationPort: f.DestinationPort,
		HashType: f.HashType.String(), Hash: f.Hash, Index: f.Entry, Packets: f.Packets, Bytes: f.Bytes,
	}
	if f.Rule > 0 {
		flow.Rule = &a.settings.steering.NTuple().All()[f.Rule-1].Location
	}
	first := len(room.modes)
	for i := range a.result.Modes {
		var migrations uint64
		room.counts, migrations = a.result.AppendAffinity(room.counts[:0], i, id)
		from := len(room.cpus)
		for _, p := range room.counts {
			room.cpus = append(room.cpus, report.CPUPackets{CPU: a.cpuNumber(p.CPU), Packets: p.Packets})
		}
		room.modes = append(room.modes, report.FlowMode{
			Mode: a.result.Modes[i].Mode.String(), CPUs: slices.Clip(room.cpus[from:]), Migrations: migrations,
		})
	}
	flow.Modes = slices.Clip(room.modes[first:])
}

// caveats are what holds for this replay beyond what holds for all.
func (a *assembly) caveats() []string {
	caveats := slices.Concat(a.settings.caveats, a.fileCaveats(), a.unknownLinks())
	if a.result.Leaps > 0 {
		caveats = append(caveats, fmt.Sprintf("%d packets lie more than 73 years after the first one; they are replayed at 73 years.", a.result.Leaps))
	}
	if a.result.OutOfRange > 0 {
		caveats = append(caveats, fmt.Sprintf("--from and --to left %d packets out; times count from the first packet between them.", a.result.OutOfRange))
	}
	if a.result.Filtered > 0 {
		caveats = append(caveats, fmt.Sprintf("--filter left %d packets out.", a.result.Filtered))
	}
	if unmet := a.unmetLocal(); unmet != "" {
		caveats = append(caveats, unmet)
	}
	if caveat := a.headroomCaveat(); caveat != "" {
		caveats = append(caveats, caveat)
	}
	if a.result.Limited {
		caveats = append(caveats, fmt.Sprintf("--packets ended the replay after %d packets; what comes after them was not read.", a.result.Packets))
	}
	return caveats
}

// headroomCaveat says that a headroom is that of a part of the packets; "" where it is of
// all.
func (a *assembly) headroomCaveat() string {
	for _, h := range a.headroom {
		if h.Unknown == "" && h.Packets < a.result.Packets {
			return fmt.Sprintf("The headroom is that of %d of the packets, around the busiest window: those from %s on.", h.Packets, time.Duration(h.Start).Round(time.Millisecond))
		}
	}
	return ""
}
