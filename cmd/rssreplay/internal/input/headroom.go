package input

import (
	"errors"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/dispatch"
	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// HeadroomFlag asks how much faster the packets may come: it replays them more than once.
type HeadroomFlag bool

// Add adds the flag.
func (f *HeadroomFlag) Add(set *pflag.FlagSet) { set.BoolVar((*bool)(f), "headroom", false, "") }

// Check refuses captures that can be read once only.
func (f HeadroomFlag) Check(captures []string) error {
	if !f {
		return nil
	}
	return cli.CheckTwice("--headroom", captures)
}

// AddTo adds it to the parameters in force.
func (f HeadroomFlag) AddTo(s *settings.Settings) {
	if f {
		s.Parameters = append(s.Parameters, report.Parameter{Name: "headroom", Value: true, Source: "--headroom"})
	}
}

// Headroom finds the headroom of each scenario of a finished replay, that of s first, in
// each of its modes.
func (in *Input) Headroom(e *cli.Env, s *settings.Settings, done *Replayed) ([][]*report.Headroom, error) {
	if errors.Is(done.Result.Damage, file.ErrInterrupted) {
		return in.unknownHeadroom(s), nil
	}
	span := done.Result.HeadroomRange(done.scale)
	again, flags := *in, *in.Flags
	if flags.Packets == 0 || flags.Packets > span.Packets {
		flags.Packets = span.Packets
	}
	if span.Cut {
		flags.from = cli.Duration(span.From)
	}
	again.Flags, again.Directions = &flags, done.Directions
	more := make([]dispatch.Scenario, len(in.More))
	for i, scenario := range in.More {
		more[i] = dispatch.Scenario{Config: scenario.Config, Steering: scenario.Steering}
	}
	tape := new(dispatch.Tape)
	kept, err := again.Pass(e, s, PassOptions{More: more, Observers: Observers{tape: tape}})
	if err != nil {
		return nil, err
	}
	if errors.Is(kept.Result.Damage, file.ErrInterrupted) {
		return nil, errors.New("interrupted while the headroom was looked for (--headroom): nothing was reported")
	}
	var all [][]*report.Headroom
	for i, found := range done.Result.Headroom(kept.Result, tape, done.scale) {
		cpus := s.Config.CPUs
		if i > 0 {
			cpus = in.More[i-1].Config.CPUs
		}
		var of []*report.Headroom
		for _, h := range found {
			if h == nil {
				why := "the packets are fewer than the rings hold, and nothing is full at 1,000 times their rate"
				if kept.Result.Duration == 0 {
					why = "the packets span no time"
				}
				of = append(of, &report.Headroom{Unknown: why})
				continue
			}
			of = append(of, reportedHeadroom(h, cpus))
		}
		all = append(all, of)
	}
	return all, nil
}

// reportedHeadroom is h for a report; cpus are the numbers of the CPUs in use.
func reportedHeadroom(h *dispatch.Headroom, cpus []int) *report.Headroom {
	r := &report.Headroom{Factor: report.Fraction(h.Factor), Packets: uint64(h.Packets), Start: h.Start}
	if h.Factor == 0 {
		r.Factor = report.Null
	}
	limit := ""
	switch h.Limit {
	case dispatch.CPULimit:
		if limit = report.LimitCPU; h.CPU >= 0 {
			r.CPU = &cpus[h.CPU]
		}
	case dispatch.BacklogLimit:
		limit = report.LimitBacklog
		r.CPU, r.At = &cpus[h.CPU], &h.At
	case dispatch.RingLimit:
		limit = report.LimitRing
		r.Queue, r.At = &h.Queue, &h.At
	default:
		return r
	}
	r.Limit = &limit
	return r
}

// unknownHeadroom is that of all modes after a replay that was interrupted.
func (in *Input) unknownHeadroom(s *settings.Settings) [][]*report.Headroom {
	modes := []int{len(s.Modes)}
	for _, scenario := range in.More {
		modes = append(modes, len(scenario.Modes))
	}
	all := make([][]*report.Headroom, len(modes))
	for i, n := range modes {
		for range n {
			all[i] = append(all[i], &report.Headroom{Unknown: "the replay was interrupted"})
		}
	}
	return all
}
