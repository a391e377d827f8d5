package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps/file"
	"rssreplay/report"
	"rssreplay/report/anonymize"
	"rssreplay/report/csv"
	"rssreplay/report/markdown"
	"rssreplay/report/text"
)

// suggestFlags are the suggest command's own flags.
type suggestFlags struct {
	set      *pflag.FlagSet
	model    *modelFlags
	input    *inputFlags
	by       string
	noGate   bool
	target   string
	maxMoves int
	keys     string
	output   *outputFlags

	anonymize anonymizeFlags
}

// newSuggestCommand is `rssreplay suggest CAPTURE...`.
func newSuggestCommand(e *env) *cobra.Command {
	var f suggestFlags
	c := &cobra.Command{
		Use: "suggest CAPTURE... [flags]",
		RunE: func(_ *cobra.Command, captures []string) error {
			if len(captures) == 0 {
				return usagef("no capture given: rssreplay suggest capture.pcap --cpus 8")
			}
			return e.suggest(&f, captures)
		},
	}
	f.set = c.Flags()
	f.model = newModelFlags(f.set)
	f.input = newInputFlags(f.set)
	f.set.StringVar(&f.by, "by", "packets", "")
	f.set.BoolVar(&f.noGate, "no-gate", false, "")
	f.set.StringVar(&f.target, "target", "", "")
	f.set.IntVar(&f.maxMoves, "max-moves", 0, "")
	f.set.StringVar(&f.keys, "keys", "", "")
	f.output = newOutputFlags(f.set)
	f.output.addLook()
	f.output.addTables()
	f.output.addWords()
	f.anonymize.add(f.set)
	return c
}

func (e *env) suggest(f *suggestFlags, args []string) error {
	captures, err := captureArgs(args)
	if err != nil {
		return err
	}
	out, err := planOutput(e, f.output, suggestForms())
	if err != nil {
		return err
	}
	if f.output.table == "keys" && f.keys == "" {
		return usagef("--table-csv keys: without --keys there is no such table: give --keys random:1000, say")
	}
	if err := checkAgain("suggest", "three times", captures); err != nil {
		return err
	}
	words, anonymizer, err := out.prepare(f.output, &f.anonymize, reads{captures, f.model.inputs(), f.model.folders()})
	if err != nil {
		return err
	}
	s, err := f.newSuggester(e, captures)
	if err != nil {
		return err
	}
	found, err := s.suggest()
	if err != nil {
		return err
	}
	found.Words = words
	found.Command = e.command()
	if anonymizer != nil {
		anonymizer.Suggest(found)
	}
	if err := out.write(found); err != nil {
		return err
	}
	if damage := s.whole.result.Damage; damage != nil {
		return damaged(damage, "the suggestions are for", captures)
	}
	return nil
}

// suggestForms are the formats of suggestions.
func suggestForms() []form[*report.Suggest] {
	return []form[*report.Suggest]{
		{name: "table", write: text.WriteSuggest}, plainForm("markdown", markdown.WriteSuggest),
		plainForm("json", report.WriteSuggestJSON), csvForm(csv.SuggestTables()),
	}
}

// suggester finds suggestions for one capture under one present way to steer.
type suggester struct {
	env      *env
	settings *settings
	input    *input
	mode     engine.Mode
	by       string  // the objective
	noGate   bool    // what does not pass it is suggested, too
	target   float64 // the imbalance to reach with few moves; 0: none given
	maxMoves int     // -1: none given
	keys     keyFlag
	device   string // as it stands in commands

	whole *replayed // the capture, not dispatched
	cut   *replayed // likewise, in folds
}

// newSuggester checks the flags.
func (f *suggestFlags) newSuggester(e *env, captures []string) (*suggester, error) {
	s := &suggester{env: e, by: f.by, noGate: f.noGate, maxMoves: -1}
	switch f.by {
	case "packets", "bytes", "busy":
	default:
		return nil, usagef("--by must be packets, bytes or busy, not %q", f.by)
	}
	var err error
	if f.target != "" {
		s.target, err = strconv.ParseFloat(f.target, 64)
		if err != nil || !(s.target >= 1 && s.target <= engine.MaxCPUs) {
			return nil, usagef("--target must be an imbalance from 1, which is even, as 1.1, not %q", f.target)
		}
	}
	if f.set.Changed("max-moves") {
		if s.maxMoves = f.maxMoves; s.maxMoves < 0 {
			return nil, usagef("--max-moves can't be negative")
		}
		if s.maxMoves == 0 && s.target == 0 {
			return nil, usagef("--max-moves 0 lets no entry move: allow at least 1, or leave it out")
		}
	}
	if s.keys, err = parseKeyTrials(f.keys); err != nil {
		return nil, asUsage(err)
	}
	if s.settings, err = f.model.resolve(e); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(s.settings.modes, func(m engine.Mode) bool { return m != engine.NonRSS })
	if at < 0 {
		return nil, usagef("--mode %s has no indirection table, so there is nothing to suggest: name a mode with RSS", s.settings.modes[0])
	}
	s.mode = s.settings.modes[at]
	if s.by == "busy" && s.settings.config.PacketCost == 0 && s.settings.config.ByteCost == 0 {
		return nil, usagef("--by busy needs packets that cost something: give --packet-cost or --byte-cost")
	}
	if s.device, err = shellWord(cmp.Or(f.model.imports.dev, "eth0")); err != nil {
		return nil, usagef("--dev: %w", err)
	}
	if imported, err := shellWord(s.settings.device); err == nil && !f.set.Changed("dev") {
		s.device = imported
	}
	if f.anonymize.on {
		s.device = anonymize.HiddenInterface
	}
	if s.input, err = f.input.resolve(captures, s.settings); err != nil {
		return nil, err
	}
	return s, nil
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
	if s.whole, err = s.pass(nil, watch{}); err != nil {
		return err
	}
	r := s.whole.result
	if in.rate != nil { // this pass was not dispatched: its gaps are the capture's
		if in.scale, err = in.rate.scale(r); err != nil {
			return err
		}
	}
	if r.Packets == 0 && r.Damage != nil {
		return fmt.Errorf("%w; nothing is left to judge a table by", r.Damage)
	}
	if why := in.nothing(s.whole); why != "" {
		return usagef("no packet was received, so there is no load to spread: %s", why)
	}
	in.warn(s.env.stderr, s.whole)
	in.settled = s.whole.directions
	s.cut, err = s.pass(nil, watch{cut: dispatch.Cut{Folds: dispatch.MaxFolds, Received: r.Received}})
	return err
}

// pass reads the capture once, and dispatches it under each way to steer if there
// are any: under the present one first.
func (s *suggester) pass(more []dispatch.Scenario, w watch) (*replayed, error) {
	var modes []engine.Mode
	if more != nil {
		modes = []engine.Mode{s.mode}
	}
	done, err := s.input.pass(s.env, s.settings, modes, more, s.input.scale, w)
	if err == nil && errors.Is(done.result.Damage, file.ErrInterrupted) {
		err = errors.New("interrupted: nothing is suggested")
	}
	return done, err
}

// replay is the figures of the present and of each candidate on the whole capture;
// the present's are the first.
func (s *suggester) replay(list []*candidate) ([]report.Figures, error) {
	more := make([]dispatch.Scenario, len(list))
	for i, c := range list {
		more[i] = dispatch.Scenario{Config: &c.settings.config, Steering: c.settings.steering, Modes: []engine.Mode{s.mode}}
	}
	done, err := s.pass(more, watch{})
	if err != nil {
		return nil, err
	}
	all := make([]report.Figures, 1+len(list))
	for i := range all {
		of, replayed := s.settings, &done.result.Replayed
		if i > 0 {
			of, replayed = list[i-1].settings, done.result.More[i-1]
		}
		result := *done.result
		result.Replayed = *replayed
		mode := newAssembly(of, &result, done).mode(0, nil, nil)
		all[i] = report.FiguresOf(&mode)
	}
	return all, nil
}

// newAssembly makes parts of a report of one scenario's result.
func newAssembly(of *settings, result *dispatch.Result, done *replayed) *assembly {
	copied := *done
	copied.result = result
	return &assembly{settings: of, replayed: &copied}
}
