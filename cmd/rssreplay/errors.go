package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"rssreplay/pcaps/file"
)

// usageError is wrong usage: a flag, a value, or an imported file that does not
// fit them.
type usageError struct{ error }

// asUsage says that err is wrong usage.
func asUsage(err error) error { return usageError{err} }

// usagef is fmt.Errorf for wrong usage.
func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// damagedError says that results were printed, but not of the whole capture.
type damagedError struct{ error }

// damaged is the damage of some of the captures, and of what the results are.
func damaged(damage error, are string, captures []string) error {
	part := "what comes before"
	if len(captures) > 1 && !errors.Is(damage, file.ErrInterrupted) {
		part = "what could be read"
	}
	return damagedError{fmt.Errorf("%w; %s %s", damage, are, part)}
}

// printable is s on one line, with escapes for what a terminal may obey: names of
// files are anyone's.
func printable(s string) string {
	quoted := strconv.Quote(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

// cause is err without the operation and path that os puts before it.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// conditionError says that results were printed, and that a condition of --fail-if
// holds of them.
type conditionError struct{ error }

// differsError says that reality differs from the prediction.
type differsError struct{ error }

// differs says that err is that reality differs from the prediction.
func differs(err error) error { return differsError{err} }

// cantTellError says that what happened does not tell whether the prediction agrees.
type cantTellError struct{ error }

// cantTell says that err is that nothing can be told.
func cantTell(err error) error { return cantTellError{err} }

// bothStdin refuses two that would read standard input.
func bothStdin(one, other string) error {
	return usagef("%s and %s can't both be standard input: give one of them as a file", one, other)
}
