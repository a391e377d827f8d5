package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// plot is a drawing with a column for each CPU or queue. Across it is in
// percent, or tenths of a column, so that it fits any page; down it is in pixels, so that
// its text keeps its size.
type plot struct {
	Summary string                `json:"summary"` // what it shows, for those who don't see it
	Height  int                   `json:"height"`
	Grid    report.List[plotLine] `json:"grid"`
	Mark    *plotLine             `json:"mark"`   // the mean, or a limit
	Tips    []string              `json:"tips"`   // of each column
	Lists   bool                  `json:"lists"`  // a column lists the flows of what its tip begins with
	Parts   report.List[plotPart] `json:"parts"`  // from the back to the front
	Lines   []timePath            `json:"-"`      // across is in percent, down in pixels
	Labels  report.List[plotText] `json:"labels"` // below
	Values  report.List[plotText] `json:"values"` // at the columns
	Dense   bool                  `json:"dense"`  // too many columns for values where the page is narrow
	Close   bool                  `json:"close"`  // likewise where it is very narrow: there only the greatest has its value
}

// plotLine is a line across.
type plotLine struct {
	Y    string `json:"y"` // px
	Text string `json:"text"`
}

// plotPart is the boxes of one class in all columns that have one: lines down, as wide as
// the boxes. Columns are 10 wide.
type plotPart struct {
	Class string `json:"style"`
	Wide  string `json:"wide"`
	Path  string `json:"path"`
}

// Across is what the columns are wide together.
func (p *plot) Across() int { return 10 * len(p.Tips) }

type plotText struct {
	X    string `json:"x"` // percent
	Y    string `json:"y"` // px
	Text string `json:"text"`
	Hot  bool   `json:"hot"`
	Most bool   `json:"most"` // none is higher

	y float64
}

const (
	plotHeight = 176
	plotTop    = 18 // room for the values
	plotLabels = 16 // at most, below the columns
	plotValues = 8  // columns with a value at most, and twice as many where the page is wide
	plotTicks  = 5  // about
)

// plotScale maps 0 to most to the height of the columns.
type plotScale struct{ most float64 }

func (s plotScale) y(v float64) float64 {
	if s.most == 0 {
		return plotHeight
	}
	return plotHeight - v/s.most*(plotHeight-plotTop)
}

// grid is lines at round numbers of packets.
func (s plotScale) grid() (lines []plotLine) {
	step := max(draw.RoundStep(s.most/plotTicks), 1)
	for v := 0.0; v <= s.most; v += step {
		lines = append(lines, plotLine{decimal(s.y(v)), words.Count(uint64(v))})
	}
	return lines
}

// spread places n columns.
func (p *plot) spread(n int, label func(i int) string) {
	p.Dense, p.Close = n > plotValues, n > plotValues/2
	p.Tips = make([]string, n)
	every := (n + plotLabels - 1) / plotLabels
	for i := range n {
		if i%every == 0 {
			p.Labels = append(p.Labels, plotText{X: middle(i, n), Text: label(i)})
		}
	}
}

func middle(i, n int) string { return decimal(100 * (float64(i) + 0.5) / float64(n)) }

// box adds a box to column i, from top to bottom: wide is how much of the column
// it takes, where there are no more than a few columns less.
func (p *plot) box(i int, wide, top, bottom float64, class string) {
	across := decimal(10 * wide * min(1, float64(len(p.Tips))/plotValues))
	at := slices.IndexFunc(p.Parts, func(part plotPart) bool { return part.Class == class && part.Wide == across })
	if at < 0 {
		at = len(p.Parts)
		p.Parts = append(p.Parts, plotPart{Class: class, Wide: across})
	}
	part := &p.Parts[at]
	part.Path += fmt.Sprintf("M%d %sV%s", 10*i+5, tenths(top), tenths(bottom))
}

// tenths is pixels with at most one decimal.
func tenths(px float64) string { return decimal(math.Round(px*10) / 10) }

// value writes at a column, where there are few.
func (p *plot) value(i int, y float64, text string, hot bool) {
	if n := len(p.Tips); n <= 2*plotValues {
		p.Values = append(p.Values, plotText{X: middle(i, n), Y: decimal(y - 4), Text: text, Hot: hot, y: y - 4})
	}
}

// marked marks the highest value.
func (p *plot) marked() {
	if len(p.Values) > 0 {
		highest := slices.MinFunc(p.Values, func(a, b plotText) int { return cmp.Compare(a.y, b.y) })
		p.Values[slices.IndexFunc(p.Values, func(v plotText) bool { return v.X == highest.X })].Most = true
	}
}

// clear lifts the value at a column above lines that would go through it.
func (p *plot) clear(i int, lines ...float64) {
	if i >= len(p.Values) {
		return
	}
	v := &p.Values[i]
	for range lines { // above one another may be
		for _, line := range lines {
			if line > v.y-10 && line < v.y+3 {
				v.y = line - 4
				v.Y = decimal(v.y)
			}
		}
	}
}

// A bar takes barWide of its column; of more than mostBars a screen has no line for each.
const (
	barWide  = 0.76
	mostBars = 320
)

// steersOn marks a CPU that hands packets on, below its column.
const steersOn = " ↷"

// loadPlots are the packets of each mode's CPUs, all at one scale; nil for a mode
// without a packet.
func loadPlots(modes []*report.Mode) []*plot {
	var most uint64
	for _, m := range modes {
		most = max(most, report.Extreme(m, slices.Max))
	}
	scale := plotScale{float64(most)}
	plots := make([]*plot, len(modes))
	for k, m := range modes {
		if m.Totals.Packets == 0 {
			continue
		}
		mean := report.Ratio(m.Totals.Packets, len(m.CPUs))
		p := &plot{Height: plotHeight, Grid: scale.grid(), Mark: &plotLine{decimal(scale.y(float64(mean))), "mean"}, Lists: true}
		p.spread(len(m.CPUs), func(i int) string {
			if m.CPUs[i].HandsOn() {
				return fmt.Sprint(m.CPUs[i].CPU) + steersOn
			}
			return fmt.Sprint(m.CPUs[i].CPU)
		})
		for i := range m.CPUs {
			c := &m.CPUs[i]
			share := report.Ratio(c.Packets, m.Totals.Packets)
			times := share * report.Fraction(len(m.CPUs))
			p.Tips[i] = fmt.Sprintf("CPU %d: %s (%s), %s × the mean; %s, busy %s",
				c.CPU, words.Plural(c.Packets, "packet", "packets"), words.Percent(share), words.Fixed(times, 2), words.Plural(c.Flows, "flow", "flows"), words.Percent(m.OfTime(c.Utilization)))
			if b := c.Backlog; b != nil {
				p.Tips[i] += fmt.Sprintf("; %s from its backlog, %s from queues steered on", words.Exact(b.FromBacklog), words.Exact(b.SteeredAway))
			}
			if c.Packets > 0 {
				top := min(scale.y(float64(c.Packets)), plotHeight-1) // what is there is seen
				class, wide := heatClass(times), barWide
				if class != "" { // what stands out is seen among a thousand, over its neighbours
					wide = max(wide, float64(len(m.CPUs))/mostBars)
				}
				p.box(i, wide, top, plotHeight, strings.TrimSpace("bar "+class))
			}
			p.value(i, scale.y(float64(c.Packets)), words.Percent(share), times >= 2)
			p.clear(i, scale.y(float64(mean)))
		}
		p.marked()
		heaviest := m.MostLoaded()
		p.Summary = fmt.Sprintf("Packets of %s under %s. CPU %d has the most, %s, %s.", words.Plural(uint64(len(m.CPUs)), "CPU", "CPUs"), words.Shown(m.Mode),
			heaviest.CPU, words.Exact(heaviest.Packets), words.Percent(report.Ratio(heaviest.Packets, m.Totals.Packets)))
		plots[k] = p
	}
	return plots
}

// beside marks on the loads of one mode what its CPUs have under another, which is drawn at
// the same scale.
func (p *plot) beside(drawn, other *report.Mode) {
	scale := plotScale{float64(max(report.Extreme(drawn, slices.Max), report.Extreme(other, slices.Max)))}
	mean := report.Ratio(drawn.Totals.Packets, len(drawn.CPUs))
	for i := range drawn.CPUs {
		c := other.CPUNumbered(drawn.CPUs[i].CPU)
		if c == nil {
			continue
		}
		p.Tips[i] += fmt.Sprintf("; under %s %s (%s)", words.Shown(other.Mode), words.Plural(c.Packets, "packet", "packets"), words.Percent(report.Ratio(c.Packets, other.Totals.Packets)))
		y := scale.y(float64(c.Packets))
		p.box(i, 1, y-1.5, y+1.5, "other")
		p.clear(i, y, scale.y(float64(mean)))
	}
}

// latencyScale maps times to the height by their logarithms.
type latencyScale struct{ least, most float64 }

func (s latencyScale) y(ns int64) float64 {
	at := math.Log(max(float64(ns), s.least)/s.least) / math.Log(s.most/s.least)
	return plotHeight - at*(plotHeight-latencyTop)
}

// latencyTop is the room above the greatest time, which has no text there; leastRange the
// least factor between the ends of the scale, so that equal times are not drawn as far apart.
const (
	latencyTop = 6
	leastRange = 1.5
)

// newLatencyScale has least and most, and a little room beside them.
func newLatencyScale(least, most float64) latencyScale {
	least = max(least, 1)
	most = max(most, least)
	beside := max(math.Pow(most/least, 0.04), math.Sqrt(leastRange*least/most))
	return latencyScale{least / beside, most * beside}
}

// grid is at least three lines: at powers of ten, at 1, 2 and 5 times those, at more of them,
// or where the times are close together evenly spaced.
func (s latencyScale) grid() []plotLine {
	for _, factors := range [][]int64{{1}, {1, 2, 5}, {1, 2, 3, 5, 7}} {
		var lines []plotLine
		for power := int64(1); power < math.MaxInt64/10 && float64(power) <= s.most; power *= 10 {
			for _, f := range factors {
				if v := float64(f * power); v >= s.least && v <= s.most {
					lines = append(lines, plotLine{decimal(s.y(f * power)), words.ExactDuration(f * power)})
				}
			}
		}
		if len(lines) >= 3 {
			return lines
		}
	}
	var lines []plotLine
	for parts := 4.0; len(lines) < 3 && parts <= 16; parts *= 2 {
		lines = nil
		step := int64(max(draw.RoundStep((s.most-s.least)/parts), 1))
		for v := int64(s.least)/step*step + step; float64(v) <= s.most; v += step {
			lines = append(lines, plotLine{decimal(s.y(v)), words.ExactDuration(v)})
		}
	}
	return lines
}

// latencyPlots are the percentiles of each mode's CPUs, all at one scale.
func latencyPlots(modes []*report.Mode) []*plot {
	least, most := math.Inf(1), 0.0
	for _, m := range modes {
		for i := range m.CPUs {
			if l := &m.CPUs[i].Latency; whole(l) {
				least, most = min(least, float64(*l.P50)), max(most, float64(*l.Max))
			}
		}
	}
	if math.IsInf(least, 1) {
		return make([]*plot, len(modes))
	}
	scale := newLatencyScale(least, most)
	plots := make([]*plot, len(modes))
	for k, m := range modes {
		p := &plot{Height: plotHeight, Grid: scale.grid()}
		p.spread(len(m.CPUs), func(i int) string { return fmt.Sprint(m.CPUs[i].CPU) })
		var slowest *report.CPU
		for i := range m.CPUs {
			c := &m.CPUs[i]
			l := &c.Latency
			if !whole(l) {
				p.Tips[i] = fmt.Sprintf("CPU %d: no packet", c.CPU)
				continue
			}
			if slowest == nil || *l.P99 > *slowest.Latency.P99 {
				slowest = c
			}
			p.Tips[i] = fmt.Sprintf("CPU %d: p50 %s, p90 %s, p99 %s, p99.9 %s, max %s",
				c.CPU, words.Nanoseconds(*l.P50), words.Nanoseconds(*l.P90), words.Nanoseconds(*l.P99), words.Nanoseconds(*l.P999), words.Nanoseconds(*l.Max))
			p.box(i, 0.1, scale.y(*l.Max), scale.y(*l.P99), "whisker")
			p.box(i, 0.34, scale.y(*l.P99), scale.y(*l.P90), "upper")
			p.box(i, 0.64, scale.y(*l.P90), scale.y(*l.P50), "lower")
			p.box(i, 0.64, scale.y(*l.P50)-1, scale.y(*l.P50)+1, "median")
			p.box(i, 0.34, scale.y(*l.Max)-0.75, scale.y(*l.Max)+0.75, "whisker")
		}
		if slowest != nil {
			p.Summary = fmt.Sprintf("Latency of %s under %s. CPU %d has the greatest p99, %s.", words.Plural(uint64(len(m.CPUs)), "CPU", "CPUs"), words.Shown(m.Mode),
				slowest.CPU, words.Nanoseconds(*slowest.Latency.P99))
			plots[k] = p
		}
	}
	return plots
}

// whole reports whether the percentiles are there: all are, or none.
func whole(l *report.Latency) bool {
	return l.P50 != nil && l.P90 != nil && l.P99 != nil && l.P999 != nil && l.Max != nil
}

// depthPlots are the most packets that waited in each queue, all at one scale,
// beside the buffers of a ring, 0 for not known.
func depthPlots(modes []report.Mode, ring uint64) []*plot {
	var most uint64
	for _, m := range modes {
		for _, q := range m.Queues {
			most = max(most, q.DepthMax)
		}
	}
	near := ring > 0 && most*4 >= ring // else the ring's line would make all columns flat
	scale := plotScale{float64(most)}
	if near {
		scale.most = max(scale.most, float64(ring))
	}
	plots := make([]*plot, len(modes))
	for k := range modes {
		m := &modes[k]
		if len(m.Queues) == 0 || m.Totals.Packets == 0 && m.Totals.Drops == 0 {
			continue
		}
		p := &plot{Height: plotHeight, Grid: scale.grid(), Lists: true}
		if near {
			p.Mark = &plotLine{decimal(scale.y(float64(ring))), "ring"}
		}
		p.spread(len(m.Queues), func(i int) string { return fmt.Sprint(m.Queues[i].Queue) })
		var dropped []string
		deepest := &m.Queues[0]
		for i := range m.Queues {
			q := &m.Queues[i]
			if q.DepthMax > deepest.DepthMax {
				deepest = q
			}
			where := ""
			if q.CPU != nil {
				where = fmt.Sprintf(" on CPU %d", *q.CPU)
			}
			p.Tips[i] = fmt.Sprintf("queue %d%s: at most %s waiting, %s, %s dropped",
				q.Queue, where, words.Exact(q.DepthMax), words.Plural(q.Packets, "packet", "packets"), words.Exact(q.Drops))
			class, text := "bar", words.Exact(q.DepthMax)
			if q.Drops > 0 {
				class, text = "bar hot", "▼ "+words.Count(q.Drops)
				dropped = append(dropped, fmt.Sprint(q.Queue))
			}
			if q.DepthMax > 0 {
				p.box(i, 0.76, min(scale.y(float64(q.DepthMax)), plotHeight-1), plotHeight, class)
			}
			p.value(i, scale.y(float64(q.DepthMax)), text, q.Drops > 0)
		}
		p.marked()
		p.Summary = fmt.Sprintf("Most packets waiting in %s under %s: at most %s, in queue %d.", words.Plural(uint64(len(m.Queues)), "queue", "queues"), words.Shown(m.Mode),
			words.Exact(deepest.DepthMax), deepest.Queue)
		if len(dropped) > 0 {
			p.Summary += " Packets were dropped at " + strings.Join(dropped, ", ") + "."
		}
		plots[k] = p
	}
	return plots
}
