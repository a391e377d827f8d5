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
	span := r.Capture.Duration
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
