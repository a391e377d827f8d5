package assemble

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
	"rssreplay/report"
	"rssreplay/report/findings"
)

// ReportBuilder makes a report of a replay's result.
type ReportBuilder struct {
	Settings *settings.Settings
	*input.Replayed
	On    FlowFilter
	Limit int  // flows to list, -1: all
	Room  bool // a format lists as many as it has room for

	Interval bool // it is of one interval of the capture, as --every parts it

	Headroom []*report.Headroom // of each mode; nil: not asked for

	Arguments []findings.Argument // of the command line, those that other commands take, too

	ranked []uint32 // the largest flows, as many as were asked for so far
}

// ScenarioBuilder makes parts of a report of what one pass made of its scenario i: 0 is that of
// its own settings, the others are those of Result.More.
func ScenarioBuilder(s *settings.Settings, done *input.Replayed, i int) *ReportBuilder {
	copied, result := *done, *done.Result
	if i > 0 {
		result.Replayed = *result.More[i-1]
	}
	copied.Result = &result
	return &ReportBuilder{Settings: s, Replayed: &copied}
}

// Notes is what the reader must know first; without a packet there is no CPU number to doubt.
func (a *ReportBuilder) Notes() []string {
	if a.Result.Received == 0 {
		return slices.Clone(a.Settings.Asides)
	}
	return a.Settings.Notes()
}

// Report is the whole report, anonymized where that is asked for, with its findings.
func (a *ReportBuilder) Report() *report.Report {
	var shape dispatch.Shape
	var inputs *dispatch.Inputs
	var overTime *report.TablesOverTime
	var looked, spread fault.Group
	looked.Go(func() { shape, inputs = a.Result.Shape(), a.Result.Inputs() }) // both at all flows, as listedOf does
	spread.Go(func() { overTime = a.tablesOverTime() })
	listed, total := a.listedOf(a.Limit)
	shown := a.Settings.Shown
	r := &report.Report{
		Interface:  a.Settings.Device,
		Capture:    a.Capture(),
		Parameters: a.Settings.Parameters,
		Table:      a.Table(),
		Flows:      a.flows(listed),
		FlowLines:  a.flowLines(listed),
		FlowsTotal: uint64(total),
		Rules:      a.Rules(), Contexts: a.Contexts(), RuleDrops: a.RuleDrops(), Span: a.Result.Span,
		Changes: a.Changes(),
		Host:    a.Settings.Host,
		Trust:   a.Settings.Trust, Unpredicted: a.Unpredicted(),
		Asides: a.Settings.Asides,
	}
	if shown != nil {
		r.Interface = ""
	}
	r.Anonymized, r.Notes = shown.Done(a.Notes(), true)
	rank := make(map[uint32]int, len(listed))
	if a.Limit >= 0 {
		for i, id := range listed {
			rank[id] = i
		}
	}
	for i := range a.Result.Modes {
		r.Modes = append(r.Modes, a.Mode(i, listed, rank))
	}
	r.Steered = a.steered()
	spread.Wait()
	r.OverTime = a.overTime(overTime, r)
	if a.Room && len(listed) < total {
		all, _ := a.listedOf(-1)
		r.AllFlows = a.flows(all)
	}
	if a.On.text != "" {
		r.FlowsNote = a.On.note(a.Settings)
	}
	a.sayRPS(r)
	r.Caveats = a.Caveats()
	a.diagnose(r, func() *findings.Traffic {
		looked.Wait()
		return a.traffic(r, shape, inputs)
	})
	a.sayWorth(r)
	looked.Wait()
	if n := shape.RoCE; 100*n >= a.Result.Received && n > 0 {
		r.Caveats = append(r.Caveats, report.ShareText(n, a.Result.Received)+" of the packets received go to UDP's port 4791 (RoCEv2). A NIC that does RDMA takes those of its queue pairs itself, past its queues and all CPUs; here they count as other UDP, as they do under software RoCE. --filter 'not udp dst port 4791' leaves them out.")
	}
	return r
}

// diagnose adds the findings, and what says how far the load is chance. The traffic is asked
// for while better tables are sought, which takes as long.
func (a *ReportBuilder) diagnose(r *report.Report, traffic func() *findings.Traffic) {
	var found []report.FoundTable
	var beside fault.Group
	asked := findings.Uneven(r) && !a.Settings.Config.RPS.Steers() && !r.Moves() // of one table, that decides
	if more := r.Steered != nil && r.Capture.Received > 0 && len(r.Table.Entries) <= searchedForPage; asked || more {
		beside.Go(func() { found = a.foundTables(more) })
	}
	t := traffic()
	beside.Wait()
	if asked && len(found) > 0 {
		t.Better = &found[0]
	}
	if r.Steered != nil {
		r.Steered.Found = found
	}
	r.Findings = findings.Diagnose(r, t)
	r.Evenness = a.evenness(t)
	setChance(r.Modes, t.Chance, t.Stack != nil)
}

// AddChance says in a scenario what chance gives these flows under its table, in the modes without
// RPS; nothing where entries move.
func (a *ReportBuilder) AddChance(s *report.Scenario) {
	if s.Moves() {
		return
	}
	if c := a.Result.Chance(a.Result.Inputs(), scenarioTrials); c != nil {
		s.Trials = c.Trials
		setChance(s.Modes, chanceOf(c), false)
	}
}

// scenarioTrials are enough for what the best and the worst of 16 keys have by chance, and take
// some 3 ms.
const scenarioTrials = 1000

// setChance says in the modes with RSS, and with RPS or without it, what chance gives; c is nil
// where it is not known.
func setChance(modes []report.Mode, c *findings.Chance, rps bool) {
	if c == nil {
		return
	}
	for i := range modes {
		if m := &modes[i]; m.Mode != report.NonRSS && (m.RPS != nil) == rps {
			b := &m.Imbalance
			b.ChanceP1, b.ChanceP5, b.ChanceP95, b.ChanceP99 = &c.P1, &c.P5, &c.P95, &c.P99
		}
	}
}

// steered is where packets went, by the table and past it; nil where it was not asked for.
func (a *ReportBuilder) steered() *report.Steered {
	arrivals := a.Result.Arrivals()
	if arrivals == nil || a.Settings.Moves() {
		return nil // what one table would do is no part of a replay under several
	}
	queues := len(a.Settings.Config.QueueCPU)
	s := &report.Steered{Sets: a.ethtoolSets(), Interval: arrivals.Interval, Windows: arrivals.Windows, Rest: make([]uint64, queues), RestFlows: make([]uint64, queues)}
	count := func(queue int, of engine.EntryLoad) {
		s.Rest[queue] += of.Packets
		s.RestFlows[queue] += of.Flows
	}
	loads := a.Result.LoadsUnder(a.Settings.Steering)
	count(a.Settings.Config.DefaultQueue, loads.Unhashed)
	for queue, of := range loads.Ruled {
		count(queue, of)
	}
	return s
}

// Capture is what the capture holds and says of itself.
func (a *ReportBuilder) Capture() report.Capture {
	r := a.Result
	c := report.Capture{
		Packets: r.Packets, Bytes: r.Bytes, Duration: r.Duration, Received: r.Received, Sent: r.Sent,
		DirectionRule: a.Rule, DirectionSaid: uint64(a.Directions.Said()), TimestampRegressions: r.Regressions, ClockRestarts: r.Restarts, Snapped: r.Snapped,
		Filtered: r.Filtered, OutOfRange: r.OutOfRange,
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

// Table is the indirection table with the load of each entry.
func (a *ReportBuilder) Table() report.TableReport {
	return a.loadsOf(a.Settings.Config.Table, 0, a.Result.Entries)
}

// loadsOf is a table with its entries' loads. base is added to its queues.
func (a *ReportBuilder) loadsOf(table nicmodel.IndirectionTable, base int, loads []engine.EntryLoad) report.TableReport {
	t := report.TableReport{Size: len(table)}
	for i, queue := range table {
		load := loads[i]
		t.Entries = append(t.Entries, base+int(queue))
		t.Packets = append(t.Packets, load.Packets)
		t.Bytes = append(t.Bytes, load.Bytes)
		t.Flows = append(t.Flows, load.Flows)
	}
	for _, cpu := range a.Settings.Config.QueueCPU {
		t.QueueCPUs = append(t.QueueCPUs, a.cpuNumber(cpu))
	}
	return t
}

// Rules are those that are asked before the table, in their order.
func (a *ReportBuilder) Rules() report.List[report.Rule] {
	var rules report.List[report.Rule]
	for i, rule := range a.Settings.Steering.NTuple().All() {
		load := a.Result.Rules[i]
		r := report.Rule{
			Filter: rule.Location, Kind: rule.Kind.String(), Action: rule.Does(), Packets: load.Packets, Bytes: load.Bytes, Flows: load.Flows,
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

// Contexts are those that rules lead to.
func (a *ReportBuilder) Contexts() report.List[report.Context] {
	var contexts report.List[report.Context]
	for _, c := range a.Result.Contexts {
		contexts = append(contexts, report.Context{Context: c.Context, Base: c.Base, TableReport: a.loadsOf(c.Table, c.Base, c.Entries), Unhashed: c.Unhashed.Packets})
	}
	slices.SortFunc(contexts, func(x, y report.Context) int {
		return cmp.Or(cmp.Compare(x.Context, y.Context), cmp.Compare(x.Base, y.Base))
	})
	return contexts
}

// RuleDrops is nil without rules.
func (a *ReportBuilder) RuleDrops() *uint64 {
	if a.Settings.Steering.NTuple() == nil {
		return nil
	}
	return &a.Result.RuleDrops.Packets
}

func (a *ReportBuilder) cpuNumber(index int) int { return a.Settings.Config.CPUs[index] }

// Mode is one mode's counters. rank is a flow's place among the listed ones;
// when all are listed it is empty, and looked up there.
func (a *ReportBuilder) Mode(i int, listed []uint32, rank map[uint32]int) report.Mode {
	counters, summary := &a.Result.Modes[i], &a.Result.Summaries[i]
	m := report.Mode{
		Mode: counters.Mode.String(), Simulated: counters.SimulatedTime, Instant: a.Result.Duration == 0,
		Serial: &counters.SerialTime,
	}
	for c := range counters.CPUs {
		cpu := a.cpu(&counters.CPUs[c], a.cpuNumber(c))
		cpu.Flows = summary.CPUFlows[c]
		if top := summary.TopFlow[c]; top >= 0 {
			cpu.Largest = new(a.Flow(uint32(top)))
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
			queue.CPU = new(a.cpuNumber(a.Settings.Config.QueueCPU[q]))
		}
		m.Queues = append(m.Queues, queue)
	}
	m.Affinity = report.Affinity{
		Flows: summary.Flows, SingleCPUFlows: summary.SingleCPU, Migrations: summary.Migrations,
		SymmetricConnections: summary.Symmetric, Connections: summary.Connections,
		SendReceiveMatch: report.Ratio(counters.SendMatches, counters.SendsJudged),
	}
	m.Totals.Reordered = counters.Reordered
	m.Rebalance = a.rebalance(i)
	if rps := a.Settings.Config.RPS; rps.Active(counters.Mode) && rps.Steers() {
		m.RPS = &report.RPS{OwnHash: a.Result.OwnHashes(i), SecretGiven: a.Settings.SecretGiven}
		for c := range counters.CPUs {
			count := &counters.CPUs[c]
			m.RPS.Steered += count.SteeredAway
			m.CPUs[c].Backlog = &report.Backlog{
				SteeredAway: count.SteeredAway, FromBacklog: count.FromBacklog, BacklogMax: count.BacklogMax,
				BacklogDrops: count.BacklogDrops, IPIs: count.IPIs,
			}
		}
	}
	if a.Headroom != nil {
		m.Headroom = a.Headroom[i]
	}
	m.Derive()
	return m
}

func (a *ReportBuilder) placeOf(id uint32, listed []uint32, rank map[uint32]int) (int, bool) {
	if a.Limit >= 0 {
		at, ok := rank[id]
		return at, ok
	}
	at := slices.Index(listed, id)
	return at, at >= 0
}

func (a *ReportBuilder) cpu(c *engine.CPUCounters, number int) report.CPU {
	cpu := report.CPU{
		CPU: number, Packets: c.Packets, Bytes: c.Bytes, Interrupts: c.Interrupts, DPCs: c.DPCs,
		ISRTime: c.ISRTime, DPCTime: c.DPCTime, MigrationTime: c.MigrationTime, MigratedPackets: c.MigratedPackets,
		SendPackets: c.SendPackets, SendTime: c.SendTime,
		Latency: report.Latency{Sum: c.Latency.Sum},
	}
	if at := a.Settings.Host.At(number); at != nil {
		cpu.Core, cpu.Node = at.Core, at.Node
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

// Caveats are what holds for this replay beyond what holds for all.
func (a *ReportBuilder) Caveats() []string {
	caveats := slices.Concat(a.Settings.Caveats, a.stackCaveats(), a.fileCaveats(), a.unknownLinks())
	if a.Result.Leaps > 0 {
		caveats = append(caveats, fmt.Sprintf("%s more than 73 years after the first one, longer than a replay can be: replayed at 73 years.", report.Plural(uint64(a.Result.Leaps), "packet lies", "packets lie")))
	}
	if a.Result.OutOfRange > 0 {
		caveats = append(caveats, fmt.Sprintf("--from and --to left %s out; times count from the first packet between them.", report.Plural(uint64(a.Result.OutOfRange), "packet", "packets")))
	}
	if a.Result.Filtered > 0 {
		caveats = append(caveats, fmt.Sprintf("--filter left %s out.", report.Plural(uint64(a.Result.Filtered), "packet", "packets")))
	}
	for _, unmet := range []string{a.UnmetLocal(a.Settings.Shown), a.UnmetBundle()} {
		if unmet != "" {
			caveats = append(caveats, unmet)
		}
	}
	if caveat := a.headroomCaveat(); caveat != "" {
		caveats = append(caveats, caveat)
	}
	if a.Result.Limited {
		caveats = append(caveats, fmt.Sprintf("--packets ended the replay after %s; what comes later was not read.", report.Plural(uint64(a.Result.Packets), "packet", "packets")))
	}
	return caveats
}

// headroomCaveat says that a headroom is that of a part of the packets; "" where it is of
// all.
func (a *ReportBuilder) headroomCaveat() string {
	for _, h := range a.Headroom {
		if h.Unknown == "" && h.Packets < a.Result.Packets {
			return fmt.Sprintf("The headroom is that of %s of the packets, around the busiest window: those from %s on.", report.Exact(h.Packets), time.Duration(h.Start).Round(time.Millisecond))
		}
	}
	return ""
}
