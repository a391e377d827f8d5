package suggest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/assemble"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/output"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel/profile"
	"rssreplay/pcaps/file"
	"rssreplay/report"
	"rssreplay/report/anonymize"
	"rssreplay/report/csv"
	"rssreplay/report/findings"
	"rssreplay/report/markdown"
	"rssreplay/report/page"
	"rssreplay/report/text"
)

// suggestFlags are the suggest command's own flags.
type suggestFlags struct {
	set      *pflag.FlagSet
	model    *settings.Flags
	input    *input.Flags
	by       string
	noGate   bool
	target   string
	maxMoves int
	keys     string
	headroom input.HeadroomFlag
	output   *output.Flags
}

// NewCommand is `rssreplay suggest CAPTURE...`.
func NewCommand(e *cli.Env) *cobra.Command {
	var f suggestFlags
	c := &cobra.Command{
		Use:  "suggest CAPTURE... [flags]",
		Args: cli.NeedsCapture("rssreplay suggest capture.pcap --cpus 8"),
		RunE: func(_ *cobra.Command, captures []string) error { return suggest(e, &f, captures) },
	}
	f.set = c.Flags()
	f.model = settings.NewFlags(f.set)
	f.input = input.NewFlags(f.set)
	f.set.StringVar(&f.by, "by", "packets", "")
	f.set.BoolVar(&f.noGate, "no-gate", false, "")
	f.set.StringVar(&f.target, "target", "", "")
	f.set.IntVar(&f.maxMoves, "max-moves", 0, "")
	f.set.StringVar(&f.keys, "keys", "", "")
	f.headroom.Add(f.set)
	f.output = output.NewFlags(f.set)
	f.output.AddLook()
	f.output.AddTables()
	f.output.AddWords()
	f.output.AddAnonymize()
	return c
}

func suggest(e *cli.Env, f *suggestFlags, args []string) error {
	reads, err := f.model.Reads(args)
	if err != nil {
		return err
	}
	if f.output.Table == "keys" && f.keys == "" {
		return cli.Usagef("--table-csv keys: without --keys there is no such table: give --keys random:1000, say")
	}
	if err := cli.CheckAgain("suggest", "three times", reads.Captures); err != nil {
		return err
	}
	out, err := output.Begin(e, f.output, suggestForms(), reads)
	if err != nil {
		return err
	}
	s, err := f.newSuggester(e, reads.Captures, out.Shown)
	if err != nil {
		return err
	}
	found, err := s.suggest()
	if err != nil {
		return err
	}
	found.Head = out.Head()
	found.Anonymized, found.Notes = out.Shown.Done(found.Notes, false)
	if err := out.Write(found); err != nil {
		return err
	}
	return cli.Damaged(s.whole.Result.Damage, "the suggestions are for", reads.Captures)
}

// suggestForms are the formats of suggestions.
func suggestForms() []output.Format[*report.Suggest] {
	return []output.Format[*report.Suggest]{
		{Name: "table", Write: text.WriteSuggest}, output.Plain("markdown", markdown.WriteSuggest),
		output.Plain("json", report.WriteSuggestJSON), output.CSV(csv.SuggestTables()),
		output.Plain("html", page.WriteSuggest),
	}
}

// suggester finds suggestions for one capture under one present way to steer.
type suggester struct {
	env      *cli.Env
	settings *settings.Settings
	input    *input.Input
	mode     engine.Mode
	by       string  // the objective
	noGate   bool    // what does not pass it is suggested, too
	target   float64 // the imbalance to reach with few moves; 0: none given
	maxMoves int     // -1: none given
	headroom bool    // how much faster the packets may come is told
	keys     keyFlag
	device   string // as it stands in commands

	arguments []findings.Argument // of the command line, those that other commands take, too

	whole *input.Replayed // the capture, not dispatched
	cut   *input.Replayed // likewise, in folds

	contexts []dispatch.ContextLoad // of the whole capture under the present way
}

// newSuggester checks the flags.
func (f *suggestFlags) newSuggester(e *cli.Env, captures []string, shown *anonymize.Anonymizer) (*suggester, error) {
	s := &suggester{env: e, by: f.by, noGate: f.noGate, maxMoves: -1, headroom: bool(f.headroom), arguments: assemble.Arguments(e.WordsOf("suggest"), f.set)}
	switch f.by {
	case "packets", "bytes", "busy":
	default:
		return nil, cli.Usagef("--by must be packets, bytes or busy, not %q", f.by)
	}
	var err error
	if f.target != "" {
		s.target, err = strconv.ParseFloat(f.target, 64)
		if err != nil || !(s.target >= 1 && s.target <= engine.MaxCPUs) {
			return nil, cli.Usagef("--target must be an imbalance from 1, which is even, as 1.1, not %q", f.target)
		}
	}
	if f.set.Changed("max-moves") {
		if s.maxMoves = f.maxMoves; s.maxMoves < 0 {
			return nil, cli.Usagef("--max-moves can't be negative")
		}
		if s.maxMoves == 0 && s.target == 0 {
			return nil, cli.Usagef("--max-moves 0 lets no entry move: allow at least 1, or leave it out")
		}
	}
	if s.keys, err = parseKeyTrials(f.keys); err != nil {
		return nil, cli.AsUsage(err)
	}
	if s.settings, err = f.model.Resolve(e.Stdin, e.Stderr, shown); err != nil {
		return nil, err
	}
	if err := s.settings.RefuseMoves("suggest"); err != nil {
		return nil, err
	}
	if err := s.settings.RefuseUnpredicted("suggest"); err != nil {
		return nil, err
	}
	f.headroom.AddTo(s.settings)
	at := slices.IndexFunc(s.settings.Modes, func(m engine.Mode) bool { return m != engine.NonRSS })
	if at < 0 {
		return nil, cli.Usagef("--mode %s has no indirection table, so there is nothing to suggest: name a mode with RSS", s.settings.Modes[0])
	}
	s.mode = s.settings.Modes[at]
	if s.by == "busy" && s.settings.Config.PacketCost == 0 && s.settings.Config.ByteCost == 0 {
		return nil, cli.Usagef("--by busy needs packets that cost something: give --packet-cost or --byte-cost")
	}
	s.device = anonymize.Interface // none, so that no command meets one that nobody named
	given := f.model.Imports.Dev
	if name := cmp.Or(given, s.settings.Device); name != "" {
		word, err := s.commandWord(name)
		switch {
		case err == nil:
			s.device = word
		case given != "":
			return nil, cli.Usagef("--dev: %w", err)
		}
	}
	if shown != nil {
		s.device = anonymize.Interface
	}
	if s.input, err = f.input.Resolve(captures, s.settings); err != nil {
		return nil, err
	}
	return s, nil
}

// commandWord is an interface's name as the commands take it that set the NIC.
func (s *suggester) commandWord(name string) (string, error) {
	if s.settings.Tool() != profile.PowerShell {
		return shellWord(name)
	}
	word := report.PowerShellName(name)
	if word == "" {
		return "", fmt.Errorf("%q is no name of an adapter", name)
	}
	return word, nil
}

// shellWord is a name as a shell takes it.
func shellWord(name string) (string, error) {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:@-", r)
	}
	quoted := false
	for _, r := range name {
		switch {
		case r < ' ' || r > '~' || r == '\'' || r == '"' || r == '\\':
			return "", fmt.Errorf("%q is no name of an interface", name)
		case !plain(r):
			quoted = true
		}
	}
	switch {
	case name == "" || strings.HasPrefix(name, "-") || len(name) > 64:
		return "", fmt.Errorf("%q is no name of an interface", name)
	case quoted:
		return "'" + name + "'", nil
	}
	return name, nil
}

// suggest reads the capture three times: to find what might be better; in folds, to
// judge whether that lasts; and to replay what may be suggested.
func (s *suggester) suggest() (*report.Suggest, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	c := &candidates{suggester: s}
	if err := c.find(); err != nil {
		return nil, err
	}
	figures, err := s.replay(c.list)
	if err != nil {
		return nil, err
	}
	return c.report(figures)
}

// read reads the whole capture, and then its folds.
func (s *suggester) read() error {
	in := s.input
	var err error
	if s.whole, err = s.pass(nil, input.Observers{}); err != nil {
		return err
	}
	r := s.whole.Result
	if in.Rate != nil { // this pass was not dispatched: its gaps are the capture's
		if in.Scale, err = in.Rate.Scale(r); err != nil {
			return err
		}
	}
	if r.Packets == 0 && r.Damage != nil {
		return fmt.Errorf("%w; nothing is left to judge a table by", r.Damage)
	}
	if why := in.Nothing(s.whole); why != "" {
		return cli.Usagef("no packet was received, so there is no load to spread: %s", why)
	}
	in.Warn(s.env.Stderr, s.whole)
	in.Directions = s.whole.Directions
	s.cut, err = s.pass(nil, input.Observers{
		Cut: dispatch.Cut{Folds: dispatch.MaxFolds, Received: r.Received}, Arrivals: assemble.MovesWindows(&s.settings.Config),
	})
	return err
}

// pass reads the capture once, and dispatches it under each way to steer if there
// are any: under the present one first.
func (s *suggester) pass(more []dispatch.Scenario, w input.Observers) (*input.Replayed, error) {
	var modes []engine.Mode
	if more != nil {
		modes = []engine.Mode{s.mode}
	}
	done, err := s.input.Pass(s.env, s.settings, input.PassOptions{Modes: modes, More: more, Scale: s.input.Scale, Observers: w})
	if err == nil && errors.Is(done.Result.Damage, file.ErrInterrupted) {
		err = errors.New("interrupted: nothing is suggested")
	}
	return done, err
}

// replay is the figures of the present and of each candidate on the whole capture;
// the present's are the first.
func (s *suggester) replay(list []*candidate) ([]report.Figures, error) {
	more := make([]dispatch.Scenario, len(list))
	for i, c := range list {
		more[i] = dispatch.Scenario{Config: &c.settings.Config, Steering: c.settings.Steering, Modes: []engine.Mode{s.mode}}
	}
	done, err := s.pass(more, input.Observers{})
	if err != nil {
		return nil, err
	}
	s.contexts = done.Result.Contexts
	var headroom [][]*report.Headroom
	if s.headroom {
		in := *s.input
		in.More = more
		if headroom, err = in.Headroom(s.env, s.settings, done); err != nil {
			return nil, err
		}
	}
	all := make([]report.Figures, 1+len(list))
	for i := range all {
		of := s.settings
		if i > 0 {
			of = list[i-1].settings
		}
		a := assemble.ScenarioBuilder(of, done, i)
		if headroom != nil {
			a.Headroom = headroom[i]
		}
		mode := a.Mode(0, nil, nil)
		all[i] = report.FiguresOf(&mode)
	}
	return all, nil
}
