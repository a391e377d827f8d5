package compare

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
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
	compare.Head = out.Head()
	compare.Anonymized, compare.Notes = out.Shown.Done(compare.Notes, false)
	met, err := firstMet(conditions, compare.Scenarios)
	if err != nil {
		return err
	}
	if err := out.Write(compare); err != nil {
		return err
	}
	return cli.Ending(met, cli.Damaged(c.done.Result.Damage, "the comparison is of", captures))
}

// firstMet is the first condition that holds, of the first scenario in which one does; err
// is of one that can't be asked.
func firstMet(conditions []findings.Condition, scenarios []report.Scenario) (met, err error) {
	for _, s := range scenarios {
		of, err := cli.FirstMet(conditions, s.Name, &findings.Values{Modes: s.Modes, FlowsMoved: s.FlowsMoved})
		if err != nil {
			return nil, err
		}
		if met == nil {
			met = of
		}
	}
	return met, nil
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
	headroom  [][]*report.Headroom // of each of replays, in each mode; nil: not asked for

	shown *anonymize.Anonymizer // what words are formed of; nil: the true addresses
}

// replay replays the scenarios that are no earlier reports. Where all are, the
// capture is read all the same, to tell that they are of it.
func (c *comparison) replay(e *cli.Env, f *compareFlags, captures []string, conditions []findings.Condition) error {
	for _, s := range c.scenarios {
		if s.earlier == nil {
			s.live = len(c.replays)
			c.replays = append(c.replays, s)
		}
	}
	first, err := c.readWith(e, f, captures)
	if err != nil {
		return err
	}
	in, err := f.input.Resolve(captures, first)
	if err != nil {
		return err
	}
	var w input.Observers
	for i, s := range c.replays {
		if err := s.settings.RefuseHeadroom(bool(f.headroom)); err != nil {
			return err
		}
		if s.settings.Moves() {
			w.Arrivals = assemble.MovesWindows(&first.Config)
		}
		if i > 0 {
			f.input.AddTo(s.settings)
			in.More = append(in.More, dispatch.Scenario{Config: &s.settings.Config, Steering: s.settings.Steering, Modes: s.settings.Modes})
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
	c.noteIntervals(e, f)
	return nil
}

// readWith is the settings that the capture is read with: those of the first replay. Without any
// they are of no mode, and idle.
func (c *comparison) readWith(e *cli.Env, f *compareFlags, captures []string) (*settings.Settings, error) {
	if len(c.replays) > 0 {
		return c.replays[0].settings, nil
	}
	shared, err := f.share(e, nil, captures, c.shown)
	if err != nil {
		return nil, err
	}
	_, first, err := f.settingsOf(shared, nil)
	if err != nil {
		return nil, err
	}
	first.Modes, c.idle = nil, first
	return first, nil
}

// noteIntervals notes on stderr what input.NoteInterval has to say of the scenarios, once where
// one interval was given for all.
func (c *comparison) noteIntervals(e *cli.Env, f *compareFlags) {
	noted := c.replays
	if valueOf(f.base, "interval") != "" {
		noted = noted[:min(1, len(noted))]
	}
	for _, s := range noted {
		input.NoteInterval(e.Stderr, s.flags, c.done.Result)
	}
}
