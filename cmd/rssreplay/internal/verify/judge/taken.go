package judge

import (
	"fmt"
	"slices"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
)

// This file is what rules take before the table. What they lead to an RSS context is judged
// as the main table's packets are, with all else as predicted: a context is a table, and may
// have a key of its own. And rules that take nothing are a hypothesis.

// Taken is what a rule takes.
type Taken struct {
	Rule   int // its place among the steering's rules
	Groups []Group
	Led    []uint64 // of each queue, what it leads there: it is in Ruled, too
}

// judgeParts adds to the judgement of the main table that of the contexts with more than a
// hundredth of all. The claim agrees if each of them does.
func (c *Counters) judgeParts(j *Judgement) {
	if j.Why == NothingReceived || j.Why == NothingCounted || j.Why == OtherWindow {
		return
	}
	some := outlyingShare * float64(Total(j.Predicted))
	mainless := float64(Total(j.Predicted)-Total(c.Ruled)) < some
	for _, p := range c.parts() {
		loads, unhashed := entries(p.Groups, p.Claimed)
		if float64(Total(loads)) < some {
			continue
		}
		config := p.Claimed.Config()
		p.Ruled = slices.Clone(j.Predicted)
		for q, n := range spread(loads, unhashed, &config) {
			p.Ruled[q] -= n
		}
		part := p.judgeTable()
		part.Explanations = slices.DeleteFunc(part.Explanations, func(e Explanation) bool { return e.Config.Table == nil }) // of all queues
		for i := range part.Explanations {
			part.Explanations[i].Context = p.context
			part.Explanations[i].Summary = fmt.Sprintf("in RSS context %d %s", p.context, part.Explanations[i].Summary)
		}
		if part.Verdict == Differs && len(part.Explanations) == 0 && j.Verdict == Agrees {
			part.Verdict, part.Why = CantTell, PartElsewhere
		}
		switch {
		case mainless:
			part.Predicted, mainless = j.Predicted, false
			*j = part
		case len(part.Explanations) > 0 && (len(j.Explanations) == 0 || part.Explanations[0].Fit.better(j.Explanations[0].Fit)):
			j.Verdict, j.Explanations = Differs, part.Explanations
		case j.Verdict == Agrees && part.Verdict != Agrees:
			j.Verdict, j.Why, j.Null, j.Keyless, j.Inputs = part.Verdict, part.Why, part.Null, part.Keyless, part.Inputs
		}
	}
	if j.Verdict == Agrees || j.Fit.Exact {
		return
	}
	if e, ok := c.takeNothing(j); ok && (len(j.Explanations) == 0 || !j.Explanations[0].Fit.Exact) {
		j.Verdict, j.Explanations = Differs, []Explanation{e}
	}
}

// part is what goes to an RSS context.
type part struct {
	Counters
	context int
}

// parts is what goes to each RSS context: the claimed steering is the context's, with a
// table that leads to the NIC's queues.
func (c *Counters) parts() (all []*part) {
	type place struct{ context, queue int }
	at := map[place]*part{}
	main := c.Claimed.Config()
	for _, t := range c.Taken {
		rule, context := &c.Claimed.NTuple().All()[t.Rule], c.Claimed.Context(t.Rule)
		if context == nil || rule.Context == 0 {
			continue
		}
		p := at[place{rule.Context, rule.Queue}]
		if p == nil {
			config := context.Config()
			config.Table = slices.Clone(config.Table)
			for i := range config.Table {
				config.Table[i] += uint16(rule.Queue)
			}
			claimed, err := nicmodel.NewSteering(config)
			if err != nil {
				continue
			}
			p = &part{Counters{Claimed: claimed, Seen: c.Seen, Unit: c.Unit}, rule.Context}
			if !slices.Equal(config.Key, main.Key) {
				config.Key = main.Key
				p.also = []profile.Hypothesis{{ID: "key", Summary: "the key is that of the main table", Changes: 1, Config: config}}
			}
			at[place{rule.Context, rule.Queue}] = p
			all = append(all, p)
		}
		p.Groups = append(p.Groups, t.Groups...)
	}
	return all
}

// takeNothing tells whether all is explained if a rule takes nothing, or none does, and its
// packets go by the main table. It has to leave much less than the claim, and less than
// these packets would on random entries, or hardly anything: then it is said that they
// would, too; and no random key may leave as little.
func (c *Counters) takeNothing(j *Judgement) (e Explanation, ok bool) {
	for i, t := range c.Taken {
		rule := &c.Claimed.NTuple().All()[t.Rule]
		if e, ok = c.without(j, c.Taken[i:i+1], fmt.Sprintf("rule %d takes nothing, and its packets go by the table", rule.Location)); ok {
			return e, true
		}
	}
	if len(c.Taken) > 1 {
		return c.without(j, c.Taken, "the rules take nothing, and all goes by the table")
	}
	return e, false
}

// without is the explanation that some rules take nothing.
func (c *Counters) without(j *Judgement, rules []Taken, summary string) (e Explanation, ok bool) {
	config := c.Claimed.Config()
	config.NTuple, config.Contexts = nil, nil
	main, err := nicmodel.NewSteering(config)
	if err != nil {
		return e, false
	}
	alone := Counters{Claimed: main, Groups: slices.Clone(c.Groups), Ruled: slices.Clone(c.Ruled), Seen: c.Seen, Unit: c.Unit}
	placed := placing(slices.Clone(j.Predicted))
	for _, t := range rules {
		e.Untaken = append(e.Untaken, c.Claimed.NTuple().All()[t.Rule].Location)
		alone.Groups = append(alone.Groups, t.Groups...)
		for q, n := range t.Led {
			alone.Ruled[q] -= n
			placed.fixed[q] -= n
		}
		for i := range t.Groups {
			g := &t.Groups[i]
			if d := main.Decide(&g.Header, &g.Extension); d.Entry >= 0 {
				placed.change(d, g.Load)
			} else {
				placed.fixed[d.Queue] += g.Load
			}
		}
	}
	loads, unhashed := entries(alone.Groups, main)
	fit := new(fitter).fit(c.Seen, alone.spread(loads, unhashed, &config), config.DefaultQueue)
	if !fit.Exact {
		chance := placed.byChance(c.Seen, fit, &config)
		if fit.Residual > j.Fit.Residual/muchBetter || chance.AsGood > 0 && fit.Residual >= outlyingShare {
			return e, false
		}
		if chance.AsGood > 0 {
			summary += fmt.Sprintf(" (so few flows fit as well on %.1f%% of random entries: it may be chance)", 100*float64(chance.AsGood)/float64(chance.Trials))
		}
	}
	is := alone.judgeTable()
	if is.Verdict != Agrees {
		return e, false
	}
	e.Fit, e.Null, e.Queues, e.Explained = fit, is.Null, is.Predicted, explained(c.Seen, is.Predicted, fit, config.DefaultQueue)
	e.ID, e.Changes, e.Summary, e.Config = "rules", len(rules), summary, config
	return e, true
}
