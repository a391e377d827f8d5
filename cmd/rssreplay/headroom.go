package main

import (
	"errors"

	"github.com/spf13/pflag"

	"rssreplay/dispatch"
	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// headroomFlag asks how much faster the packets may come: it replays them more than once.
type headroomFlag bool

func (f *headroomFlag) add(set *pflag.FlagSet) { set.BoolVar((*bool)(f), "headroom", false, "") }

// check refuses captures that can be read once only.
func (f headroomFlag) check(captures []string) error {
	if !f {
		return nil
	}
	return checkTwice("--headroom", captures)
}

// addTo adds it to the parameters in force.
func (f headroomFlag) addTo(s *settings) {
	if f {
		s.parameters = append(s.parameters, report.Parameter{Name: "headroom", Value: true, Source: "--headroom"})
	}
}

// headroom finds the headroom of each scenario of a finished replay, that of s first, in
// each of its modes.
func (in *input) headroom(e *env, s *settings, done *replayed) ([][]*report.Headroom, error) {
	if errors.Is(done.result.Damage, file.ErrInterrupted) {
		return unknownHeadroom(in, s, "the replay was interrupted"), nil
	}
	span := done.result.HeadroomRange(done.scale)
	again, flags := *in, *in.flags
	if flags.packets == 0 || flags.packets > span.Packets {
		flags.packets = span.Packets
	}
	if span.Cut {
		flags.from = duration(span.From)
	}
	again.flags, again.settled = &flags, done.directions
	more := make([]dispatch.Scenario, len(in.more))
	for i, scenario := range in.more {
		more[i] = dispatch.Scenario{Config: scenario.Config, Steering: scenario.Steering}
	}
	tape := new(dispatch.Tape)
	kept, err := again.pass(e, s, nil, more, dispatch.Scale{}, watch{tape: tape})
	if err != nil {
		return nil, err
	}
	if errors.Is(kept.result.Damage, file.ErrInterrupted) {
		return nil, errors.New("interrupted while the headroom was looked for (--headroom): nothing was reported")
	}
	var all [][]*report.Headroom
	for i, found := range done.result.Headroom(kept.result, tape, done.scale) {
		cpus := s.config.CPUs
		if i > 0 {
			cpus = in.more[i-1].Config.CPUs
		}
		var of []*report.Headroom
		for _, h := range found {
			if h == nil {
				why := "the packets are fewer than the rings hold, and nothing is full at 1,000 times their rate"
				if kept.result.Duration == 0 {
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
	case dispatch.RingLimit:
		limit = report.LimitRing
		r.Queue, r.At = &h.Queue, &h.At
	default:
		return r
	}
	r.Limit = &limit
	return r
}

// unknownHeadroom is that of all modes where nothing can be said.
func unknownHeadroom(in *input, s *settings, why string) [][]*report.Headroom {
	modes := []int{len(s.modes)}
	for _, scenario := range in.more {
		modes = append(modes, len(scenario.Modes))
	}
	all := make([][]*report.Headroom, len(modes))
	for i, n := range modes {
		for range n {
			all[i] = append(all[i], &report.Headroom{Unknown: why})
		}
	}
	return all
}
