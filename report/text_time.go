package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Beyond maxTimelineCPUs CPUs the 16 most loaded are too few to stand for all,
// and only the sentences about the windows are written.
const (
	maxTimelineCPUs    = 64
	maxTimelineRows    = 16
	maxTimelineColumns = 60
)

// intervalParameter names the parameter that asks for the windows' length.
const intervalParameter = "interval"

// time is the mode's packets over time: a row for each CPU, then the windows
// that stand out. A blank line parts it from what stands below the same heading.
func (t *textWriter) time(r *Report, m *Mode, part bool) {
	if m.Imbalance.BusiestWindow == nil {
		return
	}
	if part {
		t.line("")
	}
	if m.Series.windows() >= 2 && len(m.Series.CPUs) <= maxTimelineCPUs {
		t.timeline(m)
	}
	for _, sentence := range r.windowSentences(m) {
		t.para("", 0, sentence, plain)
	}
}

// windowSentences are about the windows of a mode that stand out; none when it
// indicated no packet.
func (r *Report) windowSentences(m *Mode) (sentences []string) {
	busiest := m.Imbalance.BusiestWindow
	if busiest == nil {
		return nil
	}
	say := func(format string, values ...any) { sentences = append(sentences, fmt.Sprintf(format, values...)) }
	length := exactDuration(m.Series.Interval)
	if asked := r.askedInterval(); asked > 0 && m.Series.Interval > asked {
		say("Windows are %s: with --interval %s there would be too many.", length, exactDuration(asked))
	}
	say("Busiest %s: %s.", length, m.Series.inWords(busiest))
	peak := PeakWindow(m.Series)
	if peak == nil || m.Series.windows() < 2 || len(m.Series.CPUs) < 2 {
		return sentences // there is nothing to compare
	}
	mean := m.Series.meanWindow()
	among := fmt.Sprintf("the windows with at least the mean of %s packets", meanInWords(mean))
	if peak.Start == busiest.Start {
		say("Peak imbalance: in the same window, among %s.", among)
	} else {
		say("Peak imbalance: %s; among %s.", m.Series.inWords(peak), among)
	}
	if mean < Fraction(len(m.Series.CPUs)) { // then even a perfect spread leaves CPUs without a packet
		say("The mean window has less than a packet for each CPU, so its imbalance says little: a longer --interval shows more.")
	}
	return sentences
}

// meanInWords is a mean with one decimal where that says something.
func meanInWords(mean Fraction) string {
	if mean >= 100 {
		return exact(uint64(math.Round(float64(mean))))
	}
	return strings.TrimSuffix(fixed(mean, 1), ".0")
}

// inWords is a window of s with the CPU that was hottest in it.
func (s *Series) inWords(w *Window) string {
	cpu, packets := s.hottest(w.Start)
	return fmt.Sprintf("from %s s, %s, imbalance %s, CPU %d took %s", exactSeconds(w.Start), plural(w.Packets, "packet", "packets"),
		fixed(w.Imbalance, 3), cpu, percent(Ratio(packets, w.Packets)))
}

// askedInterval is the interval among the parameters, in ns; 0 when it is not
// there. The windows of a mode may be longer: a series has a greatest length.
func (r *Report) askedInterval() int64 {
	for _, p := range r.Parameters {
		if ns, ok := p.Value.(int64); ok && p.Name == intervalParameter {
			return ns
		}
	}
	return 0
}

// timeline is a row for each CPU of the series with the packets of each column,
// as eighths of the mode's fullest, so that CPUs can be compared.
func (t *textWriter) timeline(m *Mode) {
	s := &m.Series
	g := grid{keys: 1, columns: []column{{head: "CPU"}, {group: "packets", head: "max"}, {group: "packets", head: "over time", left: true}}}
	shown := s.mostLoaded(maxTimelineRows)
	for _, i := range shown {
		g.columns[0].cells = append(g.columns[0].cells, plainCell(fmt.Sprint(s.CPUs[i].CPU)))
	}
	before := g.columns[0].width() + len(gap) + countWidth + len(gap)
	rows, per := s.columns(min(maxTimelineColumns, t.width-len(indent)-before))
	var most, total uint64
	for i, row := range rows {
		most = max(most, slices.Max(row))
		total += s.CPUs[i].packets()
	}
	for _, i := range shown {
		share := Ratio(s.CPUs[i].packets(), total)
		g.columns[1].cells = append(g.columns[1].cells, plainCell(count(slices.Max(rows[i]))))
		g.columns[2].cells = append(g.columns[2].cells, cell{sparkline(rows[i], most), heat(share * Fraction(len(s.CPUs)))})
	}
	t.grid(&g)
	margin := indent + strings.Repeat(" ", widthOf(g.columns[:2])) + gap
	column := int64(per) * s.Interval
	t.line(margin + t.paint(axis(len(rows[0]), column, int64(s.windows())*s.Interval), faint))

	t.line("")
	of := ""
	if len(shown) < len(s.CPUs) {
		of = fmt.Sprintf(" of the %d most loaded of %d CPUs", len(shown), len(s.CPUs))
	}
	length := exactDuration(column)
	if rest := s.windows() % per; rest > 0 {
		length += " (the last " + exactDuration(int64(rest)*s.Interval) + ")"
	}
	t.para("", 0, fmt.Sprintf("Packets%s by time of arrival: a column is %s, █ is %s, blank is none.",
		of, length, plural(most, "packet", "packets")), plain)
}

// mostLoaded is the places of the n CPUs with the most packets, in the order of
// the series; the first of equals come before the others.
func (s *Series) mostLoaded(n int) []int {
	places := make([]int, len(s.CPUs))
	packets := make([]uint64, len(s.CPUs))
	for i := range s.CPUs {
		places[i], packets[i] = i, s.CPUs[i].packets()
	}
	if len(places) <= n {
		return places
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(packets[b], packets[a]) })
	places = places[:n]
	slices.Sort(places)
	return places
}

// sparkline is a mark for each value beside most.
func sparkline(values []uint64, most uint64) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(levels[level(v, most)])
	}
	return b.String()
}

// axis names the start, the middle and the end of columns that are column ns
// each; the last may end before its time. What has no room is left out.
func axis(columns int, column, end int64) string {
	first, last := "0 s", exactSeconds(end)+" s"
	room := columns - len(first) - len(last)
	if room < 1 {
		return first + " to " + last
	}
	middle := exactSeconds(int64(columns/2)*column) + " s"
	left := columns/2 - len(middle)/2 - len(first)
	right := room - left - len(middle)
	if left < 1 || right < 1 {
		return first + strings.Repeat(" ", room) + last
	}
	return first + strings.Repeat(" ", left) + middle + strings.Repeat(" ", right) + last
}
