package cli

import (
	"errors"
	"fmt"

	"rssreplay/report/findings"
)

// ParseConditions reads the values of --fail-if, for a command that has such figures.
func ParseConditions(values []string, has findings.Terms) ([]findings.Condition, error) {
	var all []findings.Condition
	for _, value := range values {
		c, err := findings.ParseCondition(value, has)
		if err != nil {
			return nil, Usagef("--fail-if %q: %w", value, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// CheckConditions refuses conditions over nothing: a script that asks for one must not take
// it that all is well. nothing is why no packet was received, "" where some were.
func CheckConditions(conditions []findings.Condition, nothing string) error {
	if len(conditions) == 0 || nothing == "" {
		return nil
	}
	return Usagef("no packet was received, so that --fail-if has nothing to judge: %s", nothing)
}

// FirstMet finds the first condition that holds: met is nil if none does. The scenario that
// is judged is named by of, "" without scenarios.
func FirstMet(conditions []findings.Condition, of string, on *findings.Values) (met, err error) {
	for _, c := range conditions {
		holds, what, err := c.Holds(on)
		if err != nil {
			return nil, Usagef("--fail-if %w", err)
		}
		if holds && met == nil {
			if of != "" {
				what += " in " + of
			}
			met = ConditionError{errors.New("--fail-if " + what)}
		}
	}
	return met, nil
}

// Ending is the error that a command ends with after its results are written: the
// condition that is met counts more than the damage, but both are told.
func Ending(met, damage error) error {
	if met != nil && damage != nil {
		return fmt.Errorf("%w; %s", met, damage)
	}
	if met != nil {
		return met
	}
	return damage
}
