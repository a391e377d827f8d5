package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"rssreplay/pcaps/file"
)

// UsageError is wrong usage: a flag, a value, or an imported file that does not
// fit them.
type UsageError struct{ error }

// AsUsage says that err is wrong usage.
func AsUsage(err error) error { return UsageError{err} }

// Usagef is fmt.Errorf for wrong usage.
func Usagef(format string, args ...any) error {
	return UsageError{fmt.Errorf(format, args...)}
}

// DamagedError says that results were printed, but not of the whole capture.
type DamagedError struct{ error }

// Damaged is the damage of some of the captures, and of what the results are; nil without any.
func Damaged(damage error, are string, captures []string) error {
	if damage == nil {
		return nil
	}
	part := "what comes before"
	if len(captures) > 1 && !errors.Is(damage, file.ErrInterrupted) {
		part = "what could be read"
	}
	return DamagedError{fmt.Errorf("%w; %s %s", damage, are, part)}
}

// Cause is err without the operation and path that os puts before it.
func Cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// ConditionError says that results were printed, and that a condition of --fail-if
// holds of them.
type ConditionError struct{ error }

// DiffersError says that reality differs from the prediction.
type DiffersError struct{ error }

// Differs says that err is that reality differs from the prediction.
func Differs(err error) error { return DiffersError{err} }

// CantTellError says that what happened does not tell whether the prediction agrees.
type CantTellError struct{ error }

// CantTell says that err is that nothing can be told.
func CantTell(err error) error { return CantTellError{err} }

// BothStdin refuses two that would read standard input.
func BothStdin(one, other string) error {
	return Usagef("%s and %s can't both be standard input: give one of them as a file", one, other)
}
