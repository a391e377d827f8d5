package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Beyond MaxTimelineCPUs CPUs the 16 most loaded are too few to stand for all,
// and only the sentences about the windows are written.
const (
	MaxTimelineCPUs    = 64
	maxTimelineRows    = 16
	maxTimelineColumns = 60
)

// time is the mode's packets over time: a row for each CPU, then the windows
// that stand out. A blank line parts it from what stands below the same heading.
func (t *writer) time(r *report.Report, m *report.Mode, part bool) {
	if m.Imbalance.BusiestWindow == nil {
		return
	}
	if part {
		t.line("")
	}
	if m.Series.Windows() >= 2 && len(m.Series.CPUs) <= MaxTimelineCPUs {
		t.timeline(m)
	}
	t.say(r.WindowSentences(m)...)
}

// WriteTimeline writes the packets of CPUs over time, as Write with the zero Options does.
// Errors are those of w.
func WriteTimeline(w io.Writer, m *report.Mode) error {
	t := newWriter(w, Options{})
	t.timeline(m)
	return t.flush()
}

// timeline is a row for each CPU of the series with the packets of each column,
// as eighths of the mode's fullest, so that CPUs can be compared.
func (t *writer) timeline(m *report.Mode) {
	s := &m.Series
	g := grid{keys: 1, columns: []column{{head: "CPU"}, {group: "packets", head: "max"}, {group: "packets", head: "over time", left: true}}}
	shown := s.MostLoaded(maxTimelineRows)
	for _, i := range shown {
		g.columns[0].cells = append(g.columns[0].cells, plainCell(fmt.Sprint(s.CPUs[i].CPU)))
	}
	before := g.columns[0].width() + len(gap) + words.CountWidth + len(gap)
	rows, per := s.Columns(min(maxTimelineColumns, t.width-len(words.Indent)-before))
	var most, total uint64
	for i, row := range rows {
		most = max(most, slices.Max(row))
		total += s.CPUs[i].Total()
	}
	for _, i := range shown {
		share := report.Ratio(s.CPUs[i].Total(), total)
		g.columns[1].cells = append(g.columns[1].cells, plainCell(words.Count(slices.Max(rows[i]))))
		g.columns[2].cells = append(g.columns[2].cells, cell{sparkline(rows[i], most), report.Heat(share * report.Fraction(len(s.CPUs)))})
	}
	t.grid(&g)
	margin := words.Indent + strings.Repeat(" ", widthOf(g.columns[:2])) + gap
	column := int64(per) * s.Interval
	t.line(margin + t.paint(axis(len(rows[0]), column, int64(s.Windows())*s.Interval), report.Faint))

	t.line("")
	of := ""
	if len(shown) < len(s.CPUs) {
		of = fmt.Sprintf(" of the %d most loaded of %d CPUs", len(shown), len(s.CPUs))
	}
	length := words.ExactDuration(column)
	if rest := s.Windows() % per; rest > 0 {
		length += ", the last " + words.ExactDuration(int64(rest)*s.Interval)
	}
	t.say(fmt.Sprintf("Packets%s by time of arrival: a column is %s, █ is %s, blank is none.",
		of, length, words.Plural(most, "packet", "packets")))
}

// sparkline is a mark for each value beside most.
func sparkline(values []uint64, most uint64) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(words.Levels[words.Level(v, most)])
	}
	return b.String()
}

// axis names the start, the middle and the end of columns that are column ns
// each; the last may end before its time. What has no room is left out. From ten minutes
// on it reads as a clock does.
func axis(columns int, column, end int64) string {
	at := func(ns int64) string { return words.ExactSeconds(ns) + " s" }
	switch {
	case end < words.SecondsFrom:
		at = words.ExactDuration
	case end >= words.ClockFrom:
		at = words.Clock
	}
	first, last := at(0), at(end)
	room := columns - words.DisplayWidth(first) - words.DisplayWidth(last)
	if room < 1 {
		return first + " to " + last
	}
	middle := at(int64(columns/2) * column)
	left := columns/2 - words.DisplayWidth(middle)/2 - words.DisplayWidth(first)
	right := room - left - words.DisplayWidth(middle)
	if left < 1 || right < 1 {
		return first + strings.Repeat(" ", room) + last
	}
	return first + strings.Repeat(" ", left) + middle + strings.Repeat(" ", right) + last
}
