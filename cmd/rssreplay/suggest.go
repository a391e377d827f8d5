package main

import (
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
)

// suggestFlags are the suggest command's own flags.
type suggestFlags struct {
	set      *pflag.FlagSet
	model    *modelFlags
	input    *inputFlags
	by       string
	train    string
	target   string
	maxMoves int
	keys     string
	device   string
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
	f.set.StringVar(&f.train, "train", "50%", "")
	f.set.StringVar(&f.target, "target", "", "")
	f.set.IntVar(&f.maxMoves, "max-moves", 0, "")
	f.set.StringVar(&f.keys, "keys", "", "")
	f.set.StringVar(&f.device, "dev", "eth0", "")
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
	if err := checkAgain("suggest", "four times", captures); err != nil {
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
		{name: "table", write: report.WriteSuggestText}, plainForm("markdown", report.WriteSuggestMarkdown),
		plainForm("json", report.WriteSuggestJSON), csvForm(report.SuggestCSVTables()),
	}
}

// suggester finds suggestions for one capture under one present way to steer.
type suggester struct {
	env      *env
	settings *settings
	input    *input
	mode     engine.Mode
	by       string  // the objective
	train    int64   // of a million: the share of the time that suggestions are found on
	trainSet bool    // it was asked for
	target   float64 // the imbalance to reach with few moves; 0: none given
	maxMoves int     // -1: none given
	keys     keyFlag
	device   string // as it stands in commands

	whole    *replayed // the capture, not dispatched
	training part
	rest     *part // nil: all is for training
	notes    []string
}

// part is a part of the capture, and where it lies.
type part struct {
	input *input
	span  report.Part
}

// newSuggester checks the flags.
func (f *suggestFlags) newSuggester(e *env, captures []string) (*suggester, error) {
	s := &suggester{env: e, by: f.by, maxMoves: -1, trainSet: f.set.Changed("train")}
	switch f.by {
	case "packets", "bytes", "busy":
	default:
		return nil, usagef("--by must be packets, bytes or busy, not %q", f.by)
	}
	var err error
	if s.train, err = parseShare(f.train); err != nil {
		return nil, usageError{err}
	}
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
		return nil, usageError{err}
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
	if s.device, err = shellWord(f.device); err != nil {
		return nil, usagef("--dev: %w", err)
	}
	if imported, err := shellWord(s.settings.device); err == nil && !f.set.Changed("dev") {
		s.device = imported
	}
	if f.anonymize.on {
		s.device = report.HiddenInterface
	}
	if s.input, err = f.input.resolve(captures, s.settings); err != nil {
		return nil, err
	}
	return s, nil
}

// parseShare reads "50%" as millionths.
func parseShare(s string) (int64, error) {
	wrong := fmt.Errorf("--train must be the share of the capture's time that suggestions are found on, as 50%%, or 100%% for all of it, not %q", s)
	number, ok := strings.CutSuffix(s, "%")
	if !ok {
		return 0, wrong
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v >= 0.01 && v <= 100) {
		return 0, wrong
	}
	return int64(v*1e4 + 0.5), nil
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

// suggest reads the capture, finds what might be better on the training part,
// replays all of it on both parts, and keeps what is.
func (s *suggester) suggest() (*report.Suggest, error) {
	if err := s.read(); err != nil {
		return nil, err
	}
	learned := s.whole
	if s.rest != nil {
		var err error
		if learned, err = s.pass(&s.training, nil); err != nil {
			return nil, err
		}
	}
	s.training.span.Received = learned.result.Received
	if s.rest != nil {
		s.rest.span.Received = s.whole.result.Received - learned.result.Received
		if packets := s.rest.input.flags.packets; packets > 0 {
			s.rest.input.flags.packets = packets - min(packets-1, learned.result.Packets)
		}
		if s.training.span.Received == 0 || s.rest.span.Received == 0 {
			if s.trainSet {
				return nil, usagef("--train %g%%: one part has no received packet: give another share, or 100%% to judge on the same packets", float64(s.train)/1e4)
			}
			s.notes = append(s.notes, "One half of the capture has no received packet: all of it is used to find suggestions, and none is left to judge them on.")
			s.trainOnAll()
			learned = s.whole
			s.training.span.Received = s.whole.result.Received
		}
	}
	c := &candidates{suggester: s, learned: learned}
	if err := c.find(); err != nil {
		return nil, err
	}
	figures, err := s.judge(c.list)
	if err != nil {
		return nil, err
	}
	return c.report(figures)
}

// read reads the whole capture once, and parts it.
func (s *suggester) read() error {
	in := s.input
	var err error
	s.training.input = in
	if s.whole, err = s.pass(&s.training, nil); err != nil {
		return err
	}
	r := s.whole.result
	if in.rate != nil { // this pass was not dispatched: its gaps are the capture's
		if in.scale, err = in.rate.scale(r); err != nil {
			return err
		}
	}
	switch {
	case r.Packets == 0 && r.Damage != nil:
		return fmt.Errorf("%w; nothing is left to judge a table by", r.Damage)
	case r.Received == 0:
		return usagef("no packet of the capture was received, so there is no load to spread; --local, --filter, --from and --to choose which are")
	}
	in.settled = s.whole.directions
	s.training.span.Start = r.Offset
	// A time below 1e13 s, of a million: in float64 exact enough to cut at.
	cut := r.Offset + int64(float64(r.Duration)*float64(s.train)/1e6)
	switch {
	case s.train == 1e6:
		return nil
	case cut <= r.Offset && !s.trainSet:
		s.notes = append(s.notes, "The packets span no time, so that the capture can't be parted: all of it is used to find suggestions, and none is left to judge them on.")
		return nil
	case cut <= r.Offset:
		return usagef("--train %g%%: the packets span too little time to be parted: give a larger share, or 100%%", float64(s.train)/1e4)
	}
	s.training = part{in.part(int64(in.flags.from), cut), report.Part{Start: r.Offset, End: &cut}}
	s.rest = &part{in.part(cut, int64(in.flags.to)), report.Part{Start: cut}}
	return nil
}

// trainOnAll undoes the parting.
func (s *suggester) trainOnAll() {
	s.training = part{s.input, report.Part{Start: s.whole.result.Offset}}
	s.rest = nil
}

// pass reads a part once, and dispatches it under each way to steer if there
// are any: under the present one first.
func (s *suggester) pass(p *part, more []dispatch.Scenario) (*replayed, error) {
	var modes []engine.Mode
	if more != nil {
		modes = []engine.Mode{s.mode}
	}
	done, err := p.input.pass(s.env, s.settings, modes, more, p.input.scale, watch{})
	if err == nil && errors.Is(done.result.Damage, file.ErrInterrupted) {
		err = errors.New("interrupted: nothing is suggested")
	}
	return done, err
}

// judged is a way to steer as the replays showed it: predicted on the rest, or on
// the training part where that is all.
type judged struct{ predicted, training report.Figures }

// judge replays the present and each candidate on both parts; the present's
// figures are the first.
func (s *suggester) judge(list []*candidate) ([]judged, error) {
	more := make([]dispatch.Scenario, len(list))
	for i, c := range list {
		more[i] = dispatch.Scenario{Config: &c.settings.config, Steering: c.settings.steering, Modes: []engine.Mode{s.mode}}
	}
	all := make([]judged, 1+len(list))
	parts := []*part{&s.training}
	if s.rest != nil {
		parts = append(parts, s.rest)
	}
	for k, p := range parts {
		done, err := s.pass(p, more)
		if err != nil {
			return nil, err
		}
		for i := range all {
			of, replayed := s.settings, &done.result.Replayed
			if i > 0 {
				of, replayed = list[i-1].settings, done.result.More[i-1]
			}
			result := *done.result
			result.Replayed = *replayed
			mode := newAssembly(of, &result, done).mode(0, nil, nil)
			all[i].predicted = report.FiguresOf(&mode)
			if k == 0 {
				all[i].training = all[i].predicted
			}
		}
	}
	return all, nil
}

// newAssembly makes parts of a report of one scenario's result.
func newAssembly(of *settings, result *dispatch.Result, done *replayed) *assembly {
	copied := *done
	copied.result = result
	return &assembly{settings: of, replayed: &copied}
}
