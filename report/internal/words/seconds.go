package words

import (
	"fmt"
	"strings"
)

// ExactSeconds is ns in seconds, without zeros at the end.
func ExactSeconds(ns int64) string {
	s := fmt.Sprintf("%s.%09d", Exact(uint64(ns/1e9)), ns%1e9)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Clock is a time since the start in days, hours and minutes, what is left of it left out:
// "1 d 12 h", "0 min".
func Clock(ns int64) string {
	minutes := ns / 60e9
	var parts []string
	for _, unit := range []struct {
		minutes int64
		name    string
	}{{24 * 60, "d"}, {60, "h"}, {1, "min"}} {
		if n := minutes / unit.minutes; n > 0 {
			parts = append(parts, Exact(uint64(n))+" "+unit.name)
		}
		minutes %= unit.minutes
	}
	if parts == nil {
		return "0 min"
	}
	return strings.Join(parts, " ")
}

// ClockFrom is the time, in ns, from which on a clock tells it, too.
const ClockFrom = 600e9

// SecondsFrom is the time, in ns, from which on seconds tell it; below they would be zeros.
const SecondsFrom = 1e6

// Moment is a time since the start in seconds, below a millisecond in smaller units, and from
// ten minutes on as a clock tells it, too: "700 ns", "0.4 s", "14,540.8 s (4 h 2 min)".
func Moment(ns int64) string {
	switch {
	case 0 < ns && ns < SecondsFrom:
		return ExactDuration(ns)
	case ns < ClockFrom:
		return ExactSeconds(ns) + " s"
	}
	return ExactSeconds(ns) + " s (" + Clock(ns) + ")"
}

// WithGap puts a space before the prefix of a scaled number: "788 M".
func WithGap(s string) string {
	if last := len(s) - 1; s[last] > '9' {
		return s[:last] + " " + s[last:]
	}
	return s + " "
}
