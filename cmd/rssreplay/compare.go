package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps"
	"rssreplay/report"
	"rssreplay/report/anonymize"
	"rssreplay/report/csv"
	"rssreplay/report/findings"
	"rssreplay/report/markdown"
	"rssreplay/report/page"
	"rssreplay/report/picture"
	"rssreplay/report/text"
)

// compareFlags are the compare command's own flags.
type compareFlags struct {
	set       *pflag.FlagSet
	base      []assignment // the model's flags that all scenarios have
	input     *inputFlags
	scenarios []scenarioSpec
	output    *outputFlags
	anonymize anonymizeFlags
	failIf    []string
	headroom  headroomFlag
}

// newCompareCommand is `rssreplay compare CAPTURE...`.
func newCompareCommand(e *env) *cobra.Command {
	var f compareFlags
	c := &cobra.Command{
		Use: "compare CAPTURE... [flags]",
		RunE: func(c *cobra.Command, captures []string) error {
			if len(captures) == 0 {
				return usagef("no capture given: rssreplay compare capture.pcap --layout equal --layout block")
			}
			return e.compare(&f, captures)
		},
	}
	f.set = c.Flags()
	model := pflag.NewFlagSet("model", pflag.ContinueOnError)
	newModelFlags(model)
	model.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "layout" && flag.Name != "table" {
			flag.Value = &recorded{flag.Value, flag.Name, &f.base}
			f.set.AddFlag(flag)
		}
	})
	for _, name := range []string{"layout", "table", "scenario", "report"} {
		f.set.Var(&listed{name, &f.scenarios}, name, "")
	}
	f.input = newInputFlags(f.set)
	f.output = newOutputFlags(f.set)
	f.output.addLook()
	f.output.addTables()
	f.output.addWords()
	f.output.addPlots()
	f.anonymize.add(f.set)
	f.headroom.add(f.set)
	f.set.StringArrayVar(&f.failIf, "fail-if", nil, "")
	return c
}

func (e *env) compare(f *compareFlags, args []string) error {
	captures, err := captureArgs(args)
	if err != nil {
		return err
	}
	out, err := planOutput(e, f.output, compareForms(f.set.Changed("mode")))
	if err != nil {
		return err
	}
	if err := out.addPlots(f.output.plots, picture.WriteCompare); err != nil {
		return err
	}
	conditions, err := parseConditions(f.failIf, findings.Judgeable{FlowsMoved: true})
	if err != nil {
		return err
	}
	if err := f.headroom.check(captures); err != nil {
		return err
	}
	specs, err := f.list()
	if err != nil {
		return err
	}
	scenarios, err := f.resolve(e, specs, captures)
	if err != nil {
		return err
	}
	var inputs, folders []string
	for _, s := range scenarios {
		if s.earlier != nil {
			inputs = append(inputs, s.path)
		} else {
			inputs, folders = append(inputs, s.flags.inputs()...), append(folders, s.flags.folders()...)
		}
	}
	words, anonymizer, err := out.prepare(f.output, &f.anonymize, reads{captures, inputs, folders})
	if err != nil {
		return err
	}
	anonymizeEarlier(anonymizer, scenarios)
	c := &comparison{scenarios: scenarios, anonymizer: anonymizer}
	if err := c.replay(e, f, captures, conditions); err != nil {
		return err
	}
	compare, err := c.report()
	if err != nil {
		return err
	}
	compare.Words = words
	compare.Command = e.command()
	if anonymizer != nil {
		anonymizer.Compare(compare)
	}
	var met error
	for _, s := range compare.Scenarios {
		of, err := judge(conditions, s.Name, &findings.Judged{Modes: s.Modes, FlowsMoved: s.FlowsMoved})
		if err != nil {
			return err
		}
		if met == nil {
			met = of
		}
	}
	if err := out.write(compare); err != nil {
		return err
	}
	if damage := c.done.result.Damage; damage != nil {
		return ending(met, damaged(damage, "the comparison is of", captures))
	}
	return met
}

// compareForms are the formats of a comparison.
func compareForms(withoutRSS bool) []form[*report.Compare] {
	table := func(w io.Writer, c *report.Compare, o text.Options) error {
		o.WithoutRSS = withoutRSS
		return text.WriteCompare(w, c, o)
	}
	return []form[*report.Compare]{
		{name: "table", write: table}, plainForm("markdown", markdown.WriteCompare),
		plainForm("json", report.WriteCompareJSON), csvForm(csv.CompareTables()), plainForm("html", page.WriteCompare),
	}
}

// comparison is scenarios and what one pass over the capture made of them.
type comparison struct {
	scenarios []*scenario
	live      []*scenario // those that were replayed, in order
	idle      *settings   // what the capture was read with if none was
	done      *replayed
	headroom  [][]*report.Headroom // of each of live, in each mode; nil: not asked for

	anonymizer *anonymize.Anonymizer // nil: with the true addresses
}

// replay replays the scenarios that are no earlier reports. Where all are, the
// capture is read all the same, to tell that they are of it.
func (c *comparison) replay(e *env, f *compareFlags, captures []string, conditions []findings.Condition) error {
	for _, s := range c.scenarios {
		if s.earlier == nil {
			c.live = append(c.live, s)
		}
	}
	var first *settings
	if len(c.live) > 0 {
		first = c.live[0].settings
	} else {
		shared, err := f.share(e, nil, captures)
		if err != nil {
			return err
		}
		if _, first, err = f.settingsOf(shared, nil, captures); err != nil {
			return err
		}
		first.modes, c.idle = nil, first
	}
	in, err := f.input.resolve(captures, first)
	if err != nil {
		return err
	}
	for _, s := range c.live[min(1, len(c.live)):] {
		f.input.addTo(s.settings)
		in.more = append(in.more, dispatch.Scenario{Config: &s.settings.config, Steering: s.settings.steering, Modes: s.settings.modes})
	}
	if c.done, err = in.replay(e, first, watch{}); err != nil {
		return err
	}
	if err := checkJudgeable(conditions, in.nothing(c.done)); err != nil {
		return err
	}
	in.warn(e.stderr, c.done)
	if f.headroom && len(c.live) > 0 {
		for _, s := range c.live {
			f.headroom.addTo(s.settings)
		}
		if c.headroom, err = in.headroom(e, first, c.done); err != nil {
			return err
		}
	}
	for _, s := range c.live {
		if noteInterval(e.stderr, s.flags, c.done.result); valueOf(f.base, "interval") != "" {
			break // it is that of all scenarios
		}
	}
	return nil
}

// report is the comparison for people and programs.
func (c *comparison) report() (*report.Compare, error) {
	compare := &report.Compare{Tool: tool()}
	var notes, caveats [][]string // of each scenario
	live := 0
	for _, s := range c.scenarios {
		if s.earlier != nil {
			compare.Scenarios = append(compare.Scenarios, s.earlierScenario())
			continue
		}
		a := c.assembly(live)
		live++
		compare.Scenarios = append(compare.Scenarios, s.replayedScenario(a))
		notes, caveats = append(notes, s.settings.notes), append(caveats, a.caveats())
		if live == 1 {
			compare.Capture = a.capture()
		}
	}
	if live == 0 {
		a := &assembly{settings: c.idle, replayed: c.done}
		compare.Capture = a.capture()
		caveats = append(caveats, a.caveats())
	}
	for _, s := range c.scenarios {
		if s.earlier != nil {
			if err := s.checkSame(&compare.Capture); err != nil {
				return nil, err
			}
		}
	}
	first := &compare.Scenarios[0]
	compare.Capture.Unhashed, compare.Capture.HashTypes = first.Unhashed, first.HashTypes
	compare.Notes, compare.Caveats = c.said(notes), c.said(caveats)
	if live < len(c.scenarios) {
		compare.Caveats = append(compare.Caveats, "Scenarios from --report have the figures and parameters that they had then.")
	}
	c.countMoved(compare)
	if at := slices.IndexFunc(c.scenarios, (*scenario).unmatched); at >= 0 {
		compare.Caveats = append(compare.Caveats, fmt.Sprintf("%s is anonymized, and its flows are none of this capture's: they can be matched with --anonymize, by the key and with the ports that it was made with.", c.scenarios[at].name))
	}
	return compare, nil
}

// anonymizeEarlier anonymizes the earlier reports, if a is not nil.
func anonymizeEarlier(a *anonymize.Anonymizer, scenarios []*scenario) {
	for _, s := range scenarios {
		if a != nil && s.earlier != nil {
			a.Report(s.earlier, nil)
		}
	}
}

// said is what scenarios say: once what all do, else with their names.
func (c *comparison) said(of [][]string) []string {
	var said []string
	for i, sentences := range of {
		for _, sentence := range sentences {
			var names []string // of the scenarios that it is of
			first := i
			for k, other := range of {
				if slices.Contains(other, sentence) {
					names = append(names, c.live[k].name)
					first = min(first, k)
				}
			}
			if first < i {
				continue // it was said
			}
			if len(names) < len(of) {
				sentence = strings.Join(names, ", ") + ": " + sentence
			}
			if !slices.Contains(said, sentence) {
				said = append(said, sentence)
			}
		}
	}
	return said
}

// assembly makes parts of a report of a replayed scenario, counted from 0.
func (c *comparison) assembly(live int) *assembly {
	done, result := *c.done, *c.done.result
	result.Replayed = *c.replayed(live)
	done.result = &result
	a := &assembly{settings: c.live[live].settings, replayed: &done}
	if c.headroom != nil {
		a.headroom = c.headroom[live]
	}
	return a
}

func (c *comparison) replayed(live int) *dispatch.Replayed {
	if live == 0 {
		return &c.done.result.Replayed
	}
	return c.done.result.More[live-1]
}

func (s *scenario) replayedScenario(a *assembly) report.Scenario {
	capture := a.capture()
	of := report.Scenario{
		Name: s.name, Parameters: a.settings.parameters, Table: a.table(), Unhashed: capture.Unhashed, HashTypes: capture.HashTypes,
	}
	for i := range a.result.Modes {
		of.Modes = append(of.Modes, a.mode(i, nil, nil))
	}
	of.Compared = of.Modes[report.ComparedMode(of.Modes)].Mode
	return of
}

func (s *scenario) earlierScenario() report.Scenario {
	r := s.earlier
	of := report.Scenario{
		Name: s.name, Report: &s.path, Parameters: r.Parameters, Table: r.Table, Modes: r.Modes,
		Unhashed: r.Capture.Unhashed, HashTypes: r.Capture.HashTypes,
		Compared: r.Modes[report.ComparedMode(r.Modes)].Mode, Anonymized: r.Anonymized,
	}
	for i := range of.Modes {
		for k := range of.Modes[i].CPUs {
			of.Modes[i].CPUs[k].TopFlow = nil // an index into the flows of that report
		}
	}
	return of
}

// noCPU stands for the main CPU of a flow that has none: all was dropped.
const noCPU = -1

// countMoved counts the flows, and their packets, that have another main CPU
// than in the first scenario.
func (c *comparison) countMoved(compare *report.Compare) {
	home := c.mainCPUs(0, compare)
	for i := range compare.Scenarios {
		var flows, packets uint64
		if i > 0 {
			now := c.mainCPUs(i, compare)
			if home == nil || now == nil {
				continue
			}
			for id := range home {
				if home[id] != now[id] && home[id] != noCPU && now[id] != noCPU {
					flows++
					packets += c.done.result.Flow(uint32(id)).Packets
				}
			}
		}
		of := &compare.Scenarios[i]
		of.FlowsMoved, of.PacketsMoved = &flows, &packets
	}
}

// mainCPUs is each flow's CPU with most of its packets under scenario i, the
// lowest of equals; nil where an earlier report does not tell it of all flows.
func (c *comparison) mainCPUs(i int, compare *report.Compare) []int {
	s, of := c.scenarios[i], &compare.Scenarios[i]
	cpus := make([]int, c.done.result.NumFlows)
	if s.earlier != nil {
		earlier := s.mainCPUs(of.Compared)
		if len(earlier) != len(cpus) {
			return nil
		}
		for id := range cpus {
			cpu, ok := earlier[c.endsOf(uint32(id))]
			if !ok {
				s.strange = true
				return nil
			}
			cpus[id] = cpu
		}
		return cpus
	}
	replayed := c.replayed(slices.Index(c.live, s))
	mode := slices.IndexFunc(of.Modes, func(m report.Mode) bool { return m.Mode == of.Compared })
	var scratch []engine.CPUPackets
	for id := range cpus {
		cpus[id] = noCPU
		most := uint64(0)
		scratch, _ = replayed.AppendAffinity(scratch[:0], mode, uint32(id))
		for _, on := range scratch {
			if on.Packets > most {
				most, cpus[id] = on.Packets, s.settings.config.CPUs[on.CPU]
			}
		}
	}
	return cpus
}

// flowEnds is what tells flows apart in a report.
type flowEnds struct {
	protocol, source, destination string
}

// endsOf are those of the capture's flow, anonymized as the earlier reports are.
func (c *comparison) endsOf(id uint32) flowEnds {
	f := c.done.result.Flow(id)
	flow := report.Flow{
		Protocol: pcaps.ProtocolName(f.Protocol), Source: f.Source, Destination: f.Destination,
		HasPorts: f.HasPorts, SourcePort: f.SourcePort, DestinationPort: f.DestinationPort,
	}
	if c.anonymizer != nil {
		c.anonymizer.Flow(&flow)
	}
	return reportedEnds(&flow)
}

func reportedEnds(f *report.Flow) flowEnds {
	if !f.HasPorts {
		return flowEnds{f.Protocol, f.Source.String(), f.Destination.String()}
	}
	return flowEnds{f.Protocol, fmt.Sprint(f.Source, ":", f.SourcePort), fmt.Sprint(f.Destination, ":", f.DestinationPort)}
}

// mainCPUs is each listed flow's main CPU in an earlier report.
func (s *scenario) mainCPUs(mode string) map[flowEnds]int {
	cpus := make(map[flowEnds]int, s.earlier.FlowsTotal)
	for f := range s.earlier.Flows {
		cpu, most := noCPU, uint64(0)
		for _, m := range f.Modes {
			for _, on := range m.CPUs {
				if m.Mode == mode && on.Packets > most {
					cpu, most = on.CPU, on.Packets
				}
			}
		}
		cpus[reportedEnds(&f)] = cpu
	}
	return cpus
}
