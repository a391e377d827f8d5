package page

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// htmlTimeline is a mode's packets over time: a row for each CPU, after one of
// all of them.
type htmlTimeline struct {
	Index     int
	Name      string
	Open      bool // shown at once
	Sentences []string
	Rows      []htmlTimeRow
	Ticks     []plotText
	Size      string // of rows, a class: the more the lower
	Columns   int
	Note      string // about the scales, which zooming changes
	Left      string // about the CPUs that are not shown, "" when all are
}

// htmlTimeRow is an area of Columns by 100.
type htmlTimeRow struct {
	Name  string
	Class string
	Path  string
	Tip   string
}

// A drawing has at most timePoints values in all, and timeColumns in a row; the
// page's data, which zooming shows, has dataPoints. A drawing shows TimeRows CPUs.
const (
	timePoints  = 12_000
	timeColumns = 480
	dataPoints  = 1 << 18
	TimeRows    = 128

	fewestTimeRows = 16
)

// openTimelines modes are unfolded.
const openTimelines = 2

// newHTMLTimeline is the drawing of a report's mode; of several drawings one has so much
// less room.
func newHTMLTimeline(r *report.Report, index, share int) htmlTimeline {
	m := &r.Modes[index]
	s := &m.Series
	h := htmlTimeline{Index: index, Name: words.Shown(m.Mode), Open: index < openTimelines, Sentences: r.WindowSentences(m)}
	if m.Imbalance.BusiestWindow == nil {
		return h
	}
	places := s.MostLoaded(max(TimeRows/share, fewestTimeRows))
	rows, per := s.Columns(max(1, min(timeColumns, timePoints/share/len(places))))
	h.Columns = len(rows[0])
	column := words.ExactDuration(int64(per) * s.Interval)
	var most, total uint64
	sum := make([]uint64, h.Columns)
	for i, row := range rows {
		most = max(most, slices.Max(row))
		total += s.CPUs[i].Total()
		for at, n := range row {
			sum[at] += n
		}
	}
	h.Note = fmt.Sprintf("A column is %s. A full row of a CPU is %s, of all CPUs %s.", column, words.Plural(most, "packet", "packets"), words.Exact(slices.Max(sum)))
	if len(places) < len(s.CPUs) {
		h.Left = fmt.Sprintf("Shown are the %d most loaded of %d CPUs.", len(places), len(s.CPUs))
	}
	h.Rows = append(h.Rows, htmlTimeRow{"all", "sum", areaPath(sum, slices.Max(sum)), fmt.Sprintf("all CPUs: %s", words.Plural(total, "packet", "packets"))})
	for _, i := range places {
		packets := s.CPUs[i].Total()
		times := report.Ratio(packets, total) * report.Fraction(len(s.CPUs))
		h.Rows = append(h.Rows, htmlTimeRow{
			fmt.Sprint(s.CPUs[i].CPU), heatClass(times), areaPath(rows[i], most),
			fmt.Sprintf("CPU %d: %s, at most %s in %s", s.CPUs[i].CPU, words.Plural(packets, "packet", "packets"), words.Exact(slices.Max(rows[i])), column),
		})
	}
	switch {
	case len(places) <= 8:
		h.Size = "tall"
	case len(places) <= 32:
		h.Size = "middle"
	default:
		h.Size = "low"
	}
	end := int64(s.Windows()) * s.Interval
	step := int64(max(draw.RoundStep(float64(end)/Ticks), 1))
	for at := int64(0); at <= end-step/4; at += step { // one at the very end has no room
		h.Ticks = append(h.Ticks, plotText{X: decimal(100 * float64(at) / float64(int64(h.Columns)*int64(per)*s.Interval)), Text: words.ExactSeconds(at) + " s"})
	}
	return h
}

// areaPath is the outline of values as steps, most being 100 high.
func areaPath(values []uint64, most uint64) string {
	var b strings.Builder
	b.WriteString("M0 100")
	at := 100
	for i, v := range values {
		y := 100
		if v > 0 && most > 0 {
			y = min(100-int(float64(v)*100/float64(most)), 98) // what is there is seen
		}
		if y != at {
			fmt.Fprintf(&b, "H%dV%d", i, y)
			at = y
		}
	}
	fmt.Fprintf(&b, "H%dV100Z", len(values))
	return b.String()
}

// seriesData is a mode's series as the page's data has it: Interval is that of an
// element of Packets, Exact whether it is the report's own.
type seriesData struct {
	Mode     string             `json:"mode"`
	Interval int64              `json:"interval_ns"`
	Exact    bool               `json:"exact"`
	CPUs     []report.SeriesCPU `json:"cpus"`
}

// seriesJSON is the series of all modes, in windows of several where there are
// more than the page's data is to have.
func seriesJSON(modes []report.Mode) ([]byte, error) {
	var cpus int
	for _, m := range modes {
		cpus += len(m.Series.CPUs)
	}
	limit := dataPoints / max(cpus, 1)
	all := make([]seriesData, 0, len(modes))
	for _, m := range modes {
		s := m.Series
		data := seriesData{Mode: words.Shown(m.Mode), Interval: s.Interval, Exact: s.Windows() <= max(limit, 1), CPUs: s.CPUs}
		if !data.Exact {
			rows, per := s.Columns(max(limit, 1))
			data.Interval *= int64(per)
			data.CPUs = make([]report.SeriesCPU, len(rows))
			for i, row := range rows {
				data.CPUs[i] = report.SeriesCPU{CPU: s.CPUs[i].CPU, Packets: row}
			}
		}
		all = append(all, data)
	}
	return json.Marshal(all)
}
