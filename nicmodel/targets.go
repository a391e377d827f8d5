package nicmodel

import (
	"fmt"

	"rssreplay/nicmodel/steer"
)

// Target is where a rule leads to: a queue of it. A rule to a context has one for
// each queue that packets may get to.
type Target struct {
	Rule  int // its place in Rules.All
	Queue uint16
}

// ruleTargets is where a rule leads to, ready to be looked up.
type ruleTargets struct {
	only     int32     // of a rule to a queue
	context  *Steering // of a rule to a context
	entries  []int32   // the target of each entry of the context's table
	unhashed int32     // and of packets without a hash
}

// RuleError is what is wrong with where the rules lead: with a rule, or with the table of
// a context.
type RuleError struct {
	Context int // 0: a rule
	Err     error
}

func (e *RuleError) Error() string {
	if e.Context > 0 {
		return fmt.Sprintf("--context %d: %v", e.Context, e.Err)
	}
	return e.Err.Error()
}

func (e *RuleError) Unwrap() error { return e.Err }

// maxTargets bounds the targets: see dispatch/engine, which has them behind the
// entries of the table.
const maxTargets = 1<<14 - 2

// setRules prepares the targets of the ntuple rules.
func (s *Steering) setRules() error {
	queues := len(s.config.QueueCPU)
	contexts := map[int]*Steering{}
	for i, rule := range s.config.NTuple.All() {
		targets := ruleTargets{only: -1}
		add := func(queue int) (int32, error) {
			if queue >= queues {
				return 0, &RuleError{Err: fmt.Errorf("filter %d leads to queue %d, but there are only queues 0 to %d; raise --queues, or change the rule", rule.Location, queue, queues-1)}
			}
			for t := len(s.targets) - 1; t >= 0 && s.targets[t].Rule == i; t-- {
				if int(s.targets[t].Queue) == queue {
					return int32(t), nil
				}
			}
			s.targets = append(s.targets, Target{Rule: i, Queue: uint16(queue)})
			return int32(len(s.targets) - 1), nil
		}
		var err error
		switch {
		case rule.Action == steer.ToQueue:
			targets.only, err = add(rule.Queue)
		case rule.Action == steer.ToContext:
			if targets.context = contexts[rule.Context]; targets.context == nil {
				if targets.context, err = s.context(&rule); err != nil {
					return err
				}
				contexts[rule.Context] = targets.context
			}
			for _, queue := range targets.context.config.Table {
				var t int32
				if t, err = add(rule.Queue + int(queue)); err != nil {
					return err
				}
				targets.entries = append(targets.entries, t)
			}
			targets.unhashed, err = add(s.config.DefaultQueue)
		}
		if err != nil {
			return err
		}
		s.rules = append(s.rules, targets)
	}
	if len(s.targets) > maxTargets {
		return fmt.Errorf("the rules lead to %d queues in all; at most %d are emulated", len(s.targets), maxTargets)
	}
	return nil
}

// context is the steering of the context that a rule leads to: the main one's, with
// the context's table, key and input transformation.
func (s *Steering) context(rule *steer.Rule) (*Steering, error) {
	config := s.config
	config.NTuple, config.Contexts = nil, nil
	if rule.Context != 0 {
		context, ok := s.config.Contexts[rule.Context]
		if !ok {
			return nil, &RuleError{Err: fmt.Errorf("filter %d leads to RSS context %d, whose table is not known: give it as --context %[2]d=FILE, the text of `ethtool -x DEV context %[2]d`", rule.Location, rule.Context)}
		}
		config.Table, config.Modulo = context.Table, false
		if context.Key != nil {
			config.Key = context.Key
		}
		if context.Transform != nil {
			config.Transform = *context.Transform
		}
	}
	made, err := NewSteering(config)
	if err != nil {
		return nil, &RuleError{Context: rule.Context, Err: err}
	}
	return made, nil
}

// Targets are the queues that rules lead to, by Decision.Target. They must not be
// changed.
func (s *Steering) Targets() []Target { return s.targets }

// Context is the steering of packets that the rule takes, by its place in Rules.All:
// nil unless it leads to an RSS context.
func (s *Steering) Context(rule int) *Steering { return s.rules[rule].context }
