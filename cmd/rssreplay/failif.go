package main

import (
	"errors"
	"fmt"

	"rssreplay/report"
)

// conditionError says that results were printed, and that a condition of --fail-if
// holds of them.
type conditionError struct{ error }

// parseConditions reads the values of --fail-if.
func parseConditions(values []string) ([]report.Condition, error) {
	var all []report.Condition
	for _, value := range values {
		c, err := report.ParseCondition(value)
		if err != nil {
			return nil, usagef("--fail-if %q: %w", value, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// judge finds the first condition that holds of the modes: met is nil if none
// does. The scenario whose modes they are is named by of, "" without scenarios.
func judge(conditions []report.Condition, of string, modes []report.Mode) (met, err error) {
	for _, c := range conditions {
		holds, what, err := c.Holds(modes)
		if err != nil {
			return nil, usagef("--fail-if %w", err)
		}
		if holds && met == nil {
			if of != "" {
				what += " in " + of
			}
			met = conditionError{errors.New("--fail-if " + what)}
		}
	}
	return met, nil
}

// ending is the error that a command ends with after its results are written: the
// condition that is met counts more than the damage, but both are told.
func ending(met, damage error) error {
	if met != nil && damage != nil {
		return fmt.Errorf("%w; %s", met, damage)
	}
	if met != nil {
		return met
	}
	return damage
}
