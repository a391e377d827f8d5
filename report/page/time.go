package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// timeline is a mode's packets over time: a row for each CPU, after one of
// all of them.
type timeline struct {
	Index     int
	Name      string
	Open      bool // shown at once
	Sentences []string
	Nothing   string // why nothing is drawn, where there are no Rows
	Rows      []timeRow
	Marks     []timeMark
	Ticks     []plotText
	Size      string // of rows, a class: the more the lower
	Heat      string // "eighths" or "doubling" where rows are shaded by that, else ""
	Columns   int
	Note      string // about the scales, which zooming changes
	Left      string // about the CPUs that are not shown, "" when all are
	Moves     *table // nil where nothing moved
	Shown     int    // CPUs that are
	Late      bool   // the script draws it, from the page's data

	rows   [][]uint64 // of each CPU of the series
	sum    []uint64
	column int64 // ns
}

// timeRow is an area of Columns by 100, or in a heat map one for each level.
type timeRow struct {
	Name  string
	Class string
	Paths []timePath
	Tip   string
}

type timePath struct{ Class, Path string }

// timeMark is a moment that stands out.
type timeMark struct {
	At   int64  // ns
	X    string // percent
	Y    int    // of the text, px
	Top  int    // where its line begins, px: clear of the texts above
	Late bool   // the text stands before it
	Text string
	Tip  string
	Move bool // something moves then
}

// A drawing has at most timePoints values in all, and timeColumns in a row; the
// page's data, which zooming shows, has dataPoints. A drawing shows TimeRows CPUs.
const (
	timePoints  = 3_000
	timeColumns = 480
	dataPoints  = 1 << 18
	TimeRows    = 128

	fewestTimeRows = 16

	// areaRows CPUs have an area each; more are the rows of a heat map, the most loaded
	// first.
	areaRows = 16
)

// openTimelines modes are unfolded.
const openTimelines = 2

// timeScale is what a full row stands for.
type timeScale struct {
	draw.Shades
	ofAll uint64     // packets of all CPUs
	rows  [][]uint64 // that it is the scale of
}

// timed is a mode that is drawn over time, and the report that it is of.
type timed struct {
	of   *report.Report
	mode *report.Mode
}

func timedModes(r *report.Report) (all []timed) {
	for i := range r.Modes {
		all = append(all, timed{r, &r.Modes[i]})
	}
	return all
}

// newTimelines are the drawings of modes, with so much less room each where they are
// share; those whose columns are equally long have one scale.
func newTimelines(all []timed, share int) []timeline {
	drawings := make([]timeline, len(all))
	scales := map[int64]*timeScale{}
	for i := range all {
		r, m := all[i].of, all[i].mode
		h := &drawings[i]
		*h = timeline{Index: i, Name: words.Shown(m.Mode), Open: i < openTimelines, Sentences: append(r.MovesSentences(m), r.WindowSentences(m)...)}
		if m.Imbalance.BusiestWindow == nil {
			h.Nothing = "No packet was indicated."
			continue
		}
		if h.Nothing = draw.NothingOverTime(r, m); h.Nothing != "" {
			continue
		}
		shown := len(m.Series.MostLoaded(max(TimeRows/share, fewestTimeRows)))
		var per int
		h.rows, per = m.Series.Columns(max(1, min(timeColumns, timePoints/shown)))
		h.Columns, h.column = len(h.rows[0]), int64(per)*m.Series.Interval
		h.sum = make([]uint64, h.Columns)
		if scales[h.column] == nil {
			scales[h.column] = &timeScale{}
		}
		scale := scales[h.column]
		scale.rows = append(scale.rows, h.rows...)
		for _, row := range h.rows {
			for at, n := range row {
				h.sum[at] += n
			}
		}
		scale.ofAll = max(scale.ofAll, slices.Max(h.sum))
	}
	for _, scale := range scales {
		scale.Shades = draw.ShadesOf(scale.rows...)
	}
	for i := range drawings {
		if h := &drawings[i]; h.Columns > 0 {
			h.draw(all[i].mode, scales[h.column], share)
			h.moves(all[i].of.MoveRows(all[i].mode))
		}
	}
	room := timeRoom / (1 + share/8)
	for i := range drawings {
		h := &drawings[i]
		room -= h.bytes()
		h.Late = i > 0 && room < 0
	}
	return drawings
}

// timeRoom is what the drawings take of the page; the script draws those that would take
// more. The first always has its place.
const timeRoom = 45_000

// bytes is about what it takes of the page.
func (h *timeline) bytes() (n int) {
	for _, row := range h.Rows {
		n += 110 + len(row.Tip)
		for _, path := range row.Paths {
			n += 25 + len(path.Path)
		}
	}
	return n
}

func (h *timeline) draw(m *report.Mode, scale *timeScale, share int) {
	s := &m.Series
	places := s.MostLoaded(max(TimeRows/share, fewestTimeRows))
	column := words.ExactDuration(h.column)
	if len(places) > areaRows {
		h.Heat = "eighths"
		if scale.Doubling {
			h.Heat = "doubling"
		}
		slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(s.CPUs[b].Total(), s.CPUs[a].Total()) })
	}
	h.Note, h.Shown = timeNote(column, scale, h.Heat), len(places)
	switch {
	case len(places) < len(s.CPUs):
		h.Left = fmt.Sprintf("Shown are the %d most loaded of %d CPUs, the most loaded on top.", len(places), len(s.CPUs))
	case h.Heat != "":
		h.Left = "The most loaded CPU is on top."
	}
	var total uint64
	for i := range s.CPUs {
		total += s.CPUs[i].Total()
	}
	h.Rows = append(h.Rows, timeRow{"all", "sum", []timePath{{"", areaPath(h.sum, scale.ofAll)}}, fmt.Sprintf("all CPUs: %s", words.Plural(total, "packet", "packets"))})
	for _, i := range places {
		packets := s.CPUs[i].Total()
		row := timeRow{
			Name: fmt.Sprint(s.CPUs[i].CPU), Class: heatClass(report.Ratio(packets, total) * report.Fraction(len(s.CPUs))),
			Tip: fmt.Sprintf("CPU %d: %s, at most %s in %s", s.CPUs[i].CPU, words.Plural(packets, "packet", "packets"), words.Exact(slices.Max(h.rows[i])), column),
		}
		if h.Heat == "" {
			row.Paths = []timePath{{"", areaPath(h.rows[i], scale.Most)}}
		} else {
			row.Paths, row.Tip = heatPaths(h.rows[i], scale.Shades), ""
		}
		h.Rows = append(h.Rows, row)
	}
	switch {
	case len(places) <= 8:
		h.Size = "tall"
	case len(places) <= areaRows:
		h.Size = "middle"
	default:
		h.Size = "low"
	}
	whole := float64(int64(h.Columns) * h.column)
	end := int64(s.Windows()) * s.Interval
	for _, tick := range draw.TimeTicks(end, float64(end)/plotTicks) {
		h.Ticks = append(h.Ticks, plotText{X: decimal(100 * float64(tick.At) / whole), Text: tick.Text})
	}
	mark := func(w *report.Window, y int, text string) { h.mark(w.Start+s.Interval/2, y, text) }
	if busiest := m.Imbalance.BusiestWindow; s.Windows() > 1 {
		mark(busiest, 9, "busiest")
		if peak := report.PeakWindow(*s); peak != nil && peak.Start != busiest.Start && len(s.CPUs) > 1 {
			mark(peak, 20, "least even")
		}
	}
}

func (h *timeline) mark(at int64, y int, text string) {
	whole := float64(int64(h.Columns) * h.column)
	h.Marks = append(h.Marks, timeMark{At: at, X: decimal(100 * float64(at) / whole), Y: y, Top: max(y-9, 0), Late: float64(at) > 0.8*whole, Text: text})
}

// Of the times at which entries or queues move, mostMoves are marked at most: of several so
// close together the first; where there are no more than fewMoves it is said what moves.
const (
	mostMoves  = 200
	fewMoves   = 6
	movesInAll = 1000 // rows of the table
)

// moves marks the times at which something moves, and lists them.
func (h *timeline) moves(rows []report.MoveRow) {
	if len(rows) == 0 {
		return
	}
	whole := int64(h.Columns) * h.column
	marked := int64(-1) // the last place that has a mark
	for i := range rows {
		row := &rows[i]
		place := row.Time / max(whole/mostMoves, 1)
		if row.Time >= whole || place == marked {
			continue
		}
		marked = place
		text := ""
		if len(rows) <= fewMoves {
			text = fmt.Sprintf("%s: %d moved", words.Shown(row.By()), len(row.Moves))
		}
		y := 31 // where nothing is said, all lines begin alike
		if text != "" {
			y += 11 * (i % 3)
		}
		h.mark(row.Time, y, text)
		h.Marks[len(h.Marks)-1].Move = true
		h.Marks[len(h.Marks)-1].Tip = row.Sentence()
	}
	t := &table{ID: fmt.Sprintf("moves-%d", h.Index), Caption: "What moved when", Head: heads("*at", "by", "*moved", "*flows", "from CPU to CPU", "*before", "*after")}
	if len(rows) > movesInAll {
		t.Caption = fmt.Sprintf("What moved when: the first %s of %s times", words.Exact(movesInAll), words.Exact(uint64(len(rows))))
	}
	for i := range rows[:min(len(rows), movesInAll)] {
		row := &rows[i]
		t.row(timeCell(row.Time), textCell(row.By()), exactCell(uint64(len(row.Moves))), exactCell(row.Flows()), textCell(row.Ways(4)), fixedCell(row.Before, 2), fixedCell(row.After, 2))
	}
	t.numbers(0)
	t.first(listedRows)
	t.Fold, t.Key = t.Caption, report.MoveRowsKey
	h.Moves = t
}

// timeNote says what a drawing's columns are.
func timeNote(column string, scale *timeScale, heat string) string {
	what := "A full row of a CPU"
	switch heat {
	case "eighths":
		what = "In eighths, the strongest"
	case "doubling":
		what = "Each shade is twice the one before; the strongest"
	}
	return fmt.Sprintf("A column is %s. %s is %s, of all CPUs %s.", column, what, words.Plural(scale.Most, "packet", "packets"), words.Exact(scale.ofAll))
}

// heatPaths are the columns of a row by their level, of those that it has: lines across its
// middle, as wide as the row is high.
func heatPaths(row []uint64, shades draw.Shades) (paths []timePath) {
	var levels [9][]byte
	var ends [9]int // of each level's last line
	for i := 0; i < len(row); {
		level, from := shades.Level(row[i]), i
		for i++; i < len(row) && shades.Level(row[i]) == level; {
			i++
		}
		if level == 0 {
			continue
		}
		if levels[level] == nil {
			levels[level] = fmt.Appendf(nil, "M%d 50h%d", from, i-from)
		} else {
			levels[level] = fmt.Appendf(levels[level], "m%d 0h%d", from-ends[level], i-from)
		}
		ends[level] = i
	}
	for level, path := range levels {
		if path != nil {
			paths = append(paths, timePath{fmt.Sprint("h", level), string(path)})
		}
	}
	return paths
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
