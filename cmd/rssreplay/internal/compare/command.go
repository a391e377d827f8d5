package compare

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/fault"
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
	input     *input.Flags
	scenarios []scenarioSpec
	output    *output.Flags
	failIf    []string
	headroom  input.HeadroomFlag
}

// NewCommand is `rssreplay compare CAPTURE...`.
func NewCommand(e *cli.Env) *cobra.Command {
	var f compareFlags
	c := &cobra.Command{
		Use:  "compare CAPTURE... [flags]",
		Args: cli.NeedsCapture("rssreplay compare capture.pcap --layout equal --layout block"),
		RunE: func(_ *cobra.Command, captures []string) error { return compare(e, &f, captures) },
	}
	f.set = c.Flags()
	model := pflag.NewFlagSet("model", pflag.ContinueOnError)
	settings.NewFlags(model)
	model.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "layout" && flag.Name != "table" {
			flag.Value = &recorded{flag.Value, flag.Name, &f.base}
			f.set.AddFlag(flag)
		}
	})
	for _, name := range []string{"layout", "table", "scenario", "report"} {
		f.set.Var(&listed{name, &f.scenarios}, name, "")
	}
	f.input = input.NewFlags(f.set)
	f.output = output.NewFlags(f.set)
	f.output.AddLook()
	f.output.AddTables()
	f.output.AddWords()
	f.output.AddPlots()
	f.output.AddAnonymize()
	f.headroom.Add(f.set)
	f.set.Var((*cli.Texts)(&f.failIf), "fail-if", "")
	return c
}

func compare(e *cli.Env, f *compareFlags, args []string) error {
	captures, err := cli.Captures(args)
	if err != nil {
		return err
	}
	out, err := output.Plan(e, f.output, compareForms(f.set.Changed("mode")))
	if err != nil {
		return err
	}
	if err := out.AddPlots(picture.WriteCompare); err != nil {
		return err
	}
	conditions, err := cli.ParseConditions(f.failIf, findings.Terms{FlowsMoved: true})
	if err != nil {
		return err
	}
	if err := f.headroom.Check(captures); err != nil {
		return err
	}
	specs, err := f.list()
	if err != nil {
		return err
	}
	scenarios, err := f.resolve(e, specs, captures, out.Shown)
	if err != nil {
		return err
	}
	reads := cli.Reads{Captures: captures}
	for _, s := range scenarios {
		if s.earlier != nil {
			reads.Others = append(reads.Others, s.path)
		} else {
			reads.Others = append(reads.Others, s.flags.Inputs()...)
		}
	}
	if err := out.Prepare(reads); err != nil {
		return err
	}
	c := &comparison{scenarios: scenarios, shown: out.Shown}
	if err := c.replay(e, f, captures, conditions); err != nil {
		return err
	}
	compare, err := c.report()
	if err != nil {
		return err
	}
	compare.Words = out.Words
	compare.Command = out.Shown.Command(e.Command())
	compare.Anonymized, compare.Notes = out.Shown.Done(compare.Notes, false)
	var met error
	for _, s := range compare.Scenarios {
		of, err := cli.FirstMet(conditions, s.Name, &findings.Values{Modes: s.Modes, FlowsMoved: s.FlowsMoved})
		if err != nil {
			return err
		}
		if met == nil {
			met = of
		}
	}
	if err := out.Write(compare); err != nil {
		return err
	}
	if damage := c.done.Result.Damage; damage != nil {
		return cli.Ending(met, cli.Damaged(damage, "the comparison is of", captures))
	}
	return met
}

// compareForms are the formats of a comparison.
func compareForms(withoutRSS bool) []output.Format[*report.Compare] {
	table := func(w io.Writer, c *report.Compare, o text.Options) error {
		o.WithoutRSS = withoutRSS
		return text.WriteCompare(w, c, o)
	}
	return []output.Format[*report.Compare]{
		{Name: "table", Write: table}, output.Plain("markdown", markdown.WriteCompare),
		output.Plain("json", report.WriteCompareJSON), output.CSV(csv.CompareTables()), output.Plain("html", page.WriteCompare),
	}
}

// comparison is scenarios and what one pass over the capture made of them.
type comparison struct {
	scenarios []*scenario
	replays   []*scenario        // those that were replayed, in order
	idle      *settings.Settings // what the capture was read with if none was
	done      *input.Replayed
	headroom  [][]*report.Headroom // of each of live, in each mode; nil: not asked for

	shown *anonymize.Anonymizer // what words are formed of; nil: the true addresses
}

// replay replays the scenarios that are no earlier reports. Where all are, the
// capture is read all the same, to tell that they are of it.
func (c *comparison) replay(e *cli.Env, f *compareFlags, captures []string, conditions []findings.Condition) error {
	for _, s := range c.scenarios {
		if s.earlier == nil {
			c.replays = append(c.replays, s)
		}
	}
	var first *settings.Settings
	if len(c.replays) > 0 {
		first = c.replays[0].settings
	} else {
		shared, err := f.share(e, nil, captures, c.shown)
		if err != nil {
			return err
		}
		if _, first, err = f.settingsOf(shared, nil); err != nil {
			return err
		}
		first.Modes, c.idle = nil, first
	}
	in, err := f.input.Resolve(captures, first)
	if err != nil {
		return err
	}
	for _, s := range c.replays {
		if err := s.settings.RefuseHeadroom(bool(f.headroom)); err != nil {
			return err
		}
	}
	for _, s := range c.replays[min(1, len(c.replays)):] {
		f.input.AddTo(s.settings)
		in.More = append(in.More, dispatch.Scenario{Config: &s.settings.Config, Steering: s.settings.Steering, Modes: s.settings.Modes})
	}
	var w input.Observers
	for _, s := range c.replays {
		if s.settings.Moves() {
			w.Arrivals = assemble.MovesWindows(&first.Config)
		}
	}
	if c.done, err = in.Replay(e, first, w); err != nil {
		return err
	}
	if err := cli.CheckConditions(conditions, in.Nothing(c.done)); err != nil {
		return err
	}
	for _, s := range c.replays {
		if err := input.CheckChanges(e, s.settings, c.done.Result); err != nil {
			return fmt.Errorf("scenario %s: %w", s.name, err)
		}
	}
	in.Warn(e.Stderr, c.done)
	if f.headroom && len(c.replays) > 0 {
		for _, s := range c.replays {
			f.headroom.AddTo(s.settings)
		}
		if c.headroom, err = in.Headroom(e, first, c.done); err != nil {
			return err
		}
	}
	for _, s := range c.replays {
		if input.NoteInterval(e.Stderr, s.flags, c.done.Result); valueOf(f.base, "interval") != "" {
			break // it is that of all scenarios
		}
	}
	return nil
}

// report is the comparison for people and programs.
func (c *comparison) report() (*report.Compare, error) {
	compare := &report.Compare{Tool: cli.Tool()}
	var notes, caveats [][]string // of each scenario
	live := 0
	for _, s := range c.scenarios {
		if s.earlier != nil {
			compare.Scenarios = append(compare.Scenarios, s.earlierScenario())
			continue
		}
		a := c.builder(live)
		live++
		compare.Scenarios = append(compare.Scenarios, s.replayedScenario(a))
		notes, caveats = append(notes, a.Notes()), append(caveats, a.Caveats())
		if live == 1 {
			compare.Capture = a.Capture()
		}
	}
	if live == 0 {
		a := &assemble.ReportBuilder{Settings: c.idle, Replayed: c.done}
		compare.Capture = a.Capture()
		caveats = append(caveats, a.Caveats())
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
	compare.Notes, compare.Caveats = c.sentences(notes), c.sentences(caveats)
	if note := c.keysNote(); note != "" {
		compare.Notes = append(compare.Notes, note)
	}
	if live < len(c.scenarios) {
		compare.Caveats = append(compare.Caveats, "Scenarios from --report have the figures and parameters that they had then.")
	}
	c.countMoved(compare)
	compare.OverTime = c.overTime(compare)
	if at := slices.IndexFunc(c.scenarios, (*scenario).unmatched); at >= 0 {
		compare.Caveats = append(compare.Caveats, fmt.Sprintf("%s is anonymized, and its flows are none of this capture's: they can be matched with --anonymize, by the key and with the ports that it was made with.", c.scenarios[at].name))
	}
	return compare, nil
}

// keysNote says that a layout has not the key of a file's table beside it, since each is a
// scenario of its own, and how it gets it; "" where none does.
func (c *comparison) keysNote() string {
	name := func(like func(s *settings.Settings, of *pflag.FlagSet) bool) string {
		i := slices.IndexFunc(c.replays, func(s *scenario) bool { return like(s.settings, s.flags.Set) })
		if i < 0 {
			return ""
		}
		return c.replays[i].name
	}
	table := name(func(s *settings.Settings, of *pflag.FlagSet) bool { return of.Changed("table") && !s.Illustrative() })
	layout := name(func(s *settings.Settings, of *pflag.FlagSet) bool { return of.Changed("layout") && s.Illustrative() })
	if table == "" || layout == "" {
		return ""
	}
	return fmt.Sprintf("%s has the default key, and not that of %s, so that flows move for the key, too: save the texts of the NIC in a folder, and give it as --bundle; then --layout changes the table alone.", layout, table)
}

// fewNames of scenarios stand before a sentence that is of some.
const fewNames = 3

// sentences is what scenarios say: once what all do, else with their names.
func (c *comparison) sentences(of [][]string) []string {
	var said []string
	for i, sentences := range of {
		for _, sentence := range sentences {
			var names, others []string // of the scenarios that it is of, and is not
			first := i
			for k, other := range of {
				if slices.Contains(other, sentence) {
					names = append(names, c.replays[k].name)
					first = min(first, k)
				} else {
					others = append(others, c.replays[k].name)
				}
			}
			if first < i {
				continue // it was said
			}
			switch {
			case len(others) == 0:
			case len(names) <= fewNames:
				sentence = strings.Join(names, ", ") + ": " + sentence
			case len(others) <= fewNames:
				sentence = "All but " + strings.Join(others, ", ") + ": " + sentence
			default:
				sentence = fmt.Sprintf("%s and %d more: %s", strings.Join(names[:fewNames], ", "), len(names)-fewNames, sentence)
			}
			if !slices.Contains(said, sentence) {
				said = append(said, sentence)
			}
		}
	}
	return said
}

// builder makes parts of a report of a replayed scenario, counted from 0.
func (c *comparison) builder(live int) *assemble.ReportBuilder {
	done, result := *c.done, *c.done.Result
	result.Replayed = *c.replayed(live)
	done.Result = &result
	a := &assemble.ReportBuilder{Settings: c.replays[live].settings, Replayed: &done}
	if c.headroom != nil {
		a.Headroom = c.headroom[live]
	}
	return a
}

func (c *comparison) replayed(live int) *dispatch.Replayed {
	if live == 0 {
		return &c.done.Result.Replayed
	}
	return c.done.Result.More[live-1]
}

func (s *scenario) replayedScenario(a *assemble.ReportBuilder) report.Scenario {
	capture := a.Capture()
	of := report.Scenario{
		Name: s.name, Parameters: a.Settings.Parameters, Table: a.Table(), Changes: a.Changes(), Unhashed: capture.Unhashed, HashTypes: capture.HashTypes,
		Rules: a.Rules(), Contexts: a.Contexts(), RuleDrops: a.RuleDrops(),
	}
	for i := range a.Result.Modes {
		of.Modes = append(of.Modes, a.Mode(i, nil, nil))
	}
	of.Compared = of.Modes[report.ComparedMode(of.Modes)].Mode
	return of
}

func (s *scenario) earlierScenario() report.Scenario {
	r := s.earlier
	of := report.Scenario{
		Name: s.name, Report: &s.file, Parameters: r.Parameters, Table: r.Table, Changes: r.Changes, Modes: r.Modes,
		Unhashed: r.Capture.Unhashed, HashTypes: r.Capture.HashTypes, Rules: r.Rules, Contexts: r.Contexts, RuleDrops: r.RuleDrops,
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
		return c.earlierMainCPU(s, of.Compared)
	}
	mode := slices.IndexFunc(of.Modes, func(m report.Mode) bool { return m.Mode == of.Compared })
	mainCPU := c.replayed(slices.Index(c.replays, s)).MainCPU(mode)
	return func(id uint32) int {
		if cpu := mainCPU(id); cpu >= 0 {
			return s.settings.Config.CPUs[cpu]
		}
		return noCPU
	}
}

// earlierMainCPU is mainCPU of an earlier report, in a mode.
func (c *comparison) earlierMainCPU(s *scenario, mode string) func(id uint32) int {
	earlier := s.mainCPUs(mode)
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

// endsOf are what is shown of those of the capture's flow, as of the earlier reports.
func (c *comparison) endsOf(id uint32) flowEnds {
	f := c.done.Result.Flow(id)
	flow := report.Flow{
		Protocol: pcaps.ProtocolName(f.Protocol), Source: f.Source, Destination: f.Destination,
		HasPorts: f.HasPorts, SourcePort: f.SourcePort, DestinationPort: f.DestinationPort,
	}
	c.shown.Flow(&flow)
	return reportedEnds(&flow)
}

// mainCPUs is each listed flow's main CPU in an earlier report.
func (s *scenario) mainCPUs(mode string) map[flowEnds]int {
	cpus := make(map[flowEnds]int, s.earlier.FlowsTotal)
	for f := range s.earlier.Flows {
		cpus[reportedEnds(&f)] = mainCPUOf(&f, mode)
	}
	return cpus
}

// mainCPUOf is the CPU that has most of a flow's packets, the lowest of equals.
func mainCPUOf(f *report.Flow, mode string) int {
	cpu, most := noCPU, uint64(0)
	for _, m := range f.Modes {
		for _, on := range m.CPUs {
			if m.Mode == mode && on.Packets > most {
				cpu, most = on.CPU, on.Packets
			}
		}
	}
	return cpu
}
