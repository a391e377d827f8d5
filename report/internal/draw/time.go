package draw

import (
	"fmt"
	"strings"
	"time"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// NothingOverTime says why m is not drawn over time, and what interval would have it drawn:
// all is in one window, and a drawing would show the totals once more. "" where it is drawn.
func NothingOverTime(r *report.Report, m *report.Mode) string {
	span := r.ReplayedSpan()
	switch {
	case m.Series.Windows() != 1 || len(r.MoveRows(m)) > 0:
		return ""
	case span == 0:
		return "All packets have the same time."
	}
	const windows = 20 // about
	step := time.Duration(max(RoundStep(float64(span)/windows), 1))
	return fmt.Sprintf("The packets span %s, in one window of %s: --interval %s draws them over time.",
		words.Nanoseconds(span), words.ExactDuration(m.Series.Interval), strings.Replace(step.String(), "µ", "u", 1))
}

// Tick is a moment below a drawing over time.
type Tick struct {
	At   int64 // ns
	Text string
}

// clockSteps are steps of time that a clock has, in minutes; above they are days.
var clockSteps = []int64{1, 2, 5, 10, 15, 30, 60, 2 * 60, 3 * 60, 6 * 60, 12 * 60}

// TimeTicks are the ticks of a drawing of length ns, at least least apart: in seconds, of less than
// a millisecond in smaller units, or where these are minutes or more, as a clock tells them. One
// at the very end has no room.
func TimeTicks(length int64, least float64) (ticks []Tick) {
	step, text := timeStep(least)
	if length < words.SecondsFrom {
		text = words.ExactDuration
	}
	for at := int64(0); at <= length-step/4; at += step {
		ticks = append(ticks, Tick{at, text(at)})
	}
	return ticks
}

// FewTimeTicks are three to five ticks, for a picture.
func FewTimeTicks(length int64) []Tick {
	least := TickStep(float64(length))
	if least >= clockFrom {
		least = float64(length) / 4
	}
	return TimeTicks(length, least)
}

// clockFrom is the distance of ticks, in ns, from which on a clock tells them.
const clockFrom = 30e9

func timeStep(least float64) (step int64, text func(ns int64) string) {
	const day = 24 * int64(time.Hour)
	if least < clockFrom {
		return int64(max(RoundStep(least), 1)), func(ns int64) string { return words.ExactSeconds(ns) + " s" }
	}
	for _, minutes := range clockSteps {
		if step := minutes * int64(time.Minute); float64(step) >= least {
			return step, words.Clock
		}
	}
	return day * int64(RoundStep(max(least/float64(day), 1))), words.Clock
}
