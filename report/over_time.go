package report

import (
	"fmt"
	"math"
	"slices"

	"rssreplay/report/internal/words"
)

// TablesOverTime is how evenly tables would load the CPUs window by window: received
// packets by time of arrival, dropped ones included. Windows with fewer packets than
// LeastOfWindow for each CPU are left out: their imbalance is chance.
type TablesOverTime struct {
	Interval int64  `json:"interval_ns"` // of a window
	Windows  uint64 `json:"windows"`     // that are judged

	Static  Spread `json:"static"`      // under the first table and affinity
	Best    Spread `json:"best_static"` // under the best table found that stays, knowing all of the capture
	Forward Spread `json:"forward"`     // each under the best table found for the window before, moves free
	Bound   Spread `json:"bound"`       // no table of a window, known beforehand and changed for free, is below it

	// Chance is the mean imbalance under the best table that stays if each packet of a window
	// fell on a CPU at random, by their loads of the whole: windows that are no less even tell
	// of no load that changes.
	Chance Fraction `json:"-"`
}

// ChanceOfWindow is the imbalance, max ÷ mean, that so many packets have on average if each
// falls on a CPU at random, by their loads of all time: the mean of the greatest of normal
// deviates, one for each CPU, is the area above its distribution.
func ChanceOfWindow(packets uint64, loads []uint64) Fraction {
	const steps = 60
	n, sum, most := float64(packets), 0.0, float64(slices.Max(loads))
	for _, load := range loads {
		sum += float64(load)
	}
	deviation := func(share float64) float64 { return math.Sqrt(n * share) } // of CPUs beside each other
	low, step := n*most/sum-6*deviation(most/sum), 12*deviation(most/sum)/steps
	mean := low
	for i := range steps {
		x := low + (float64(i)+0.5)*step
		all := 1.0 // the probability that no CPU has more than x
		for _, load := range loads {
			share := float64(load) / sum
			if d := deviation(share); d > 0 {
				all *= math.Erfc((n*share-x)/d/math.Sqrt2) / 2
			}
		}
		mean += (1 - all) * step
	}
	return Fraction(mean * float64(len(loads)) / n)
}

// OverTime is a replay in which entries could move beside tables that do not.
type OverTime struct {
	TablesOverTime
	Moved Spread `json:"moved"` // as it was replayed, with the moves

	// Verdict is what the finding is called: see Judge; "" where nothing moved, or the
	// windows are too few.
	Verdict string `json:"verdict"`
}

// ScenariosOverTime is scenarios, some of which move entries, beside tables under the
// first one's hashes, affinity and CPUs.
type ScenariosOverTime struct {
	TablesOverTime
	Scenarios List[ScenarioOverTime] `json:"scenarios"`
}

// ScenarioOverTime is one of them, in its compared mode.
type ScenarioOverTime struct {
	Name           string   `json:"name"`
	Imbalance      Spread   `json:"imbalance"`
	MinMaxPercent  Fraction `json:"min_max_percent_mean"` // as Rebalance has it; null without a rebalancer
	Moves          uint64   `json:"moves"`
	MovesPerSecond Fraction `json:"moves_per_second"` // of the capture's time; null of a capture of no length
	FlowsDisturbed uint64   `json:"flows_disturbed"`  // that met entries which moved in this scenario; not Scenario.FlowsMoved, which compares main CPUs
	Verdict        string   `json:"verdict"`          // see TablesOverTime.Judge; "" where nothing moved
}

// OverTimeRow is one of the scenarios, or tables that nobody gave.
type OverTimeRow struct {
	Name     string
	Spread   Spread
	Scenario *ScenarioOverTime // nil: tables that nobody gave
}

// Rows are the scenarios, under the names heads, and then the tables. Where no window is
// judged, they are the scenarios that moved something.
func (o *ScenariosOverTime) Rows(heads []string) []OverTimeRow {
	var rows []OverTimeRow
	for i := range o.Scenarios {
		if s := &o.Scenarios[i]; o.Windows > 0 || s.Moves > 0 {
			rows = append(rows, OverTimeRow{heads[i], s.Imbalance, s})
		}
	}
	if o.Windows == 0 {
		return rows
	}
	return append(rows, OverTimeRow{Name: "best table that stays", Spread: o.Best},
		OverTimeRow{Name: "best of the window before", Spread: o.Forward}, OverTimeRow{Name: "bound", Spread: o.Bound})
}

// MinMax is RSS++'s own measure; "" where there is none.
func (r *OverTimeRow) MinMax() string {
	if r.Spread.MinMaxPercent.IsNull() {
		return ""
	}
	return words.WholePercent(r.Spread.MinMaxPercent)
}

// Title is what the rows are of.
func (o *ScenariosOverTime) Title() string {
	if o.Windows == 0 {
		return "imbalance of packets in windows of " + words.Nanoseconds(o.Interval)
	}
	return "imbalance of packets in " + words.Plural(o.Windows, "window", "windows") + " of " + words.Nanoseconds(o.Interval)
}

// Verdicts are a sentence for each scenario that is judged, under the names heads.
func (o *ScenariosOverTime) Verdicts(heads []string) (say []string) {
	for i := range o.Scenarios {
		if s := &o.Scenarios[i]; s.Verdict != "" {
			conclusion, _ := o.Sentences(s.Verdict, s.Imbalance)
			say = append(say, words.Clean(heads[i])+": "+conclusion+" ["+s.Verdict+"]")
		}
	}
	return say
}

// Key says what the rows and columns are, or why there is nothing to judge.
func (o *ScenariosOverTime) Key() string {
	if o.Windows == 0 {
		return fmt.Sprintf("No window of %s has the %d packets for each CPU that judging takes: with fewer an imbalance is chance. A longer --interval has more.", words.Nanoseconds(o.Interval), LeastOfWindow)
	}
	if slices.ContainsFunc(o.Scenarios, func(s ScenarioOverTime) bool { return s.Imbalance.Mean.IsNull() }) {
		return overTimeKey + " Scenarios with RPS, which decides after the table, without RSS or, where nothing moves, with hashes of their own have no imbalance here, nor have earlier reports."
	}
	return overTimeKey
}

// overTimeKey says it where windows are judged.
const overTimeKey = "The last three rows are of tables under the first scenario's hashes and CPUs, found from what arrived: the best that stays knowing the whole capture; for each window the best of the one before, moved for free; and what no table of a window gets below. They tell of packets alone: drops and latency are replayed for the scenarios. “min to max” is RSS++'s own measure: by how much the busiest CPU has more packets than the least busy one, cut at 2,000%, on average; “disturbed” the flows that met entries which moved in that scenario, wherever most of their packets went."

// Moving is tables that follow the load, judged by those of the window before each.
type Moving struct {
	TablesOverTime
	Verdict string `json:"verdict"` // see TablesOverTime.Judge, of Forward

	Replay string `json:"-"` // the command that replays it with what moves cost, in code marks; "" for none
}

// sentence says whether moving entries would beat the best table that stays.
func (m *Moving) sentence() string {
	every := words.Nanoseconds(m.Interval)
	figures := fmt.Sprintf("imbalance %s on average, against %s", words.Fixed(m.Forward.Mean, 2), words.Fixed(m.Best.Mean, 2))
	switch m.Verdict {
	case MovingHelps:
		s := fmt.Sprintf("Moving entries every %s would beat the best table that stays: %s (a move costs nothing there).", every, figures)
		if m.Replay != "" {
			s += " What moves cost: " + m.Replay + "."
		}
		return s
	case Churny:
		by := ""
		if m.Forward.Mean < m.Best.Mean {
			by = " by a tenth"
		}
		return fmt.Sprintf("Moving entries every %s would not beat the best table that stays%s: %s. Known beforehand, tables would reach %s at best; what one window has does not hold in the next.", every, by, figures, words.Fixed(m.Bound.Mean, 2))
	}
	return fmt.Sprintf("Moving entries every %s would not beat the best table that stays by a tenth: %s.", every, figures)
}

// LeastOfWindow is the packets for each CPU that a window must have to be judged.
const LeastOfWindow = 10

// leastWindows is how many windows it takes to judge whether moving helps.
const leastWindows = 5

// movingFrom is the share of the imbalance under the best table that stays that moving
// must save to be worth it.
const movingFrom = 0.1

// Spread is the imbalance, max ÷ mean of the CPUs' packets, of windows; Null of none.
type Spread struct {
	Mean  Fraction `json:"mean"`  // of the windows, each of the same weight
	P95   Fraction `json:"p95"`   // nearest rank
	Worst Fraction `json:"worst"` // the greatest

	// MinMaxPercent is the mean of (max − min) ÷ min × 100 of the CPUs' packets, which is
	// RSS++'s measure; each window counts at most 2000. Null of what is a bound alone.
	MinMaxPercent Fraction `json:"min_max_percent"`
}

// WindowLoads are what CPUs have in windows, whose Spread is asked for.
type WindowLoads struct{ imbalances, minMax []Fraction }

// mostMinMax is what a window counts at most, as RSS++'s authors cut it.
const mostMinMax = 2000

// Add adds a window: the packets of each CPU.
func (w *WindowLoads) Add(cpus []uint64) {
	w.imbalances = append(w.imbalances, MaxOverMean(cpus))
	percent := minMaxPercent(cpus)
	if percent.IsNull() || percent > mostMinMax {
		percent = mostMinMax
	}
	w.minMax = append(w.minMax, percent)
}

// Spread is that of the windows.
func (w *WindowLoads) Spread() Spread {
	s := SpreadOf(w.imbalances)
	if n := len(w.minMax); n > 0 {
		s.MinMaxPercent = 0
		for _, percent := range w.minMax {
			s.MinMaxPercent += percent / Fraction(n)
		}
	}
	return s
}

// SpreadOf is the spread of imbalances.
func SpreadOf(imbalances []Fraction) Spread {
	if len(imbalances) == 0 {
		return Spread{Null, Null, Null, Null}
	}
	sorted := slices.Sorted(slices.Values(imbalances))
	sum := Fraction(0)
	for _, f := range sorted {
		sum += f
	}
	n := len(sorted)
	return Spread{sum / Fraction(n), sorted[(95*n+99)/100-1], sorted[n-1], Null}
}

// SpreadOver is the spread of a series' windows, taken together to an interval that is
// the series' own times a power of two.
func (s *Series) SpreadOver(interval int64) Spread {
	per := max(1, int(interval/max(s.Interval, 1)))
	var of WindowLoads
	cpus := make([]uint64, len(s.CPUs))
	for w := 0; w < s.Windows(); w += per {
		clear(cpus)
		var sum uint64
		for i := range s.CPUs {
			for k := w; k < min(w+per, len(s.CPUs[i].Packets)); k++ {
				cpus[i] += s.CPUs[i].Packets[k]
				sum += s.CPUs[i].Packets[k]
			}
		}
		if sum >= LeastOfWindow*uint64(len(cpus)) {
			of.Add(cpus)
		}
	}
	return of.Spread()
}

// imbalances are those of the series' windows, or of several together, so that there are no
// more than limit; Null of one with fewer packets than LeastOfWindow for each CPU. column is
// the length of each, in ns.
func (s *Series) imbalances(limit int) (of []Fraction, column int64) {
	rows, per := s.Columns(limit)
	if len(rows) == 0 {
		return nil, 0
	}
	cpus := make([]uint64, len(rows))
	for w := range rows[0] {
		var sum uint64
		for i := range rows {
			cpus[i] = rows[i][w]
			sum += cpus[i]
		}
		if sum < LeastOfWindow*uint64(len(cpus)) {
			of = append(of, Null)
		} else {
			of = append(of, MaxOverMean(cpus))
		}
	}
	return of, int64(per) * s.Interval
}

// ImbalanceLines are the imbalance over time of scenarios, as drawings have it.
type ImbalanceLines struct {
	Lines   []ImbalanceLine
	Most    Fraction // of all of them, and at least leastScale
	Length  int64    // ns: of the longest
	Column  int64    // ns: of a value, of the finest line
	Coarser int64    // ns: of the coarsest; Column where all are alike
}

// leastScale is to what imbalance a drawing goes at least: else it would show the noise of
// even loads as great.
const leastScale = 1.25

// ImbalanceLine is one scenario's, in its compared mode.
type ImbalanceLine struct {
	Name   string
	Values []Fraction // of windows of Column ns, Null where too few packets came
	Column int64
	Mean   Fraction // of the values that are not Null; Null without any
	Worst  Fraction // the greatest of them
	Moves  []MoveRow
}

// mostLines are as many scenarios as a drawing shows.
const mostLines = 16

// ImbalanceLines are those of the first scenarios, 16 of them, with at most limit values
// each; no lines where no scenario has two values, or where the longest lets no other be seen.
func (c *Compare) ImbalanceLines(limit int) ImbalanceLines {
	l := ImbalanceLines{Most: leastScale}
	for i := range c.Scenarios[:min(len(c.Scenarios), mostLines)] {
		s := &c.Scenarios[i]
		m := s.Mode()
		line := ImbalanceLine{Name: s.Name, Moves: moveRows(&s.Table, s.Changes, m)}
		if len(m.CPUs) > 1 {
			line.Values, line.Column = m.Series.imbalances(limit)
		}
		there := slices.DeleteFunc(slices.Clone(line.Values), Fraction.IsNull)
		spread := SpreadOf(there)
		line.Mean, line.Worst = spread.Mean, spread.Worst
		if len(there) > 0 {
			l.Most = max(l.Most, spread.Worst)
		}
		l.Length = max(l.Length, int64(len(line.Values))*line.Column)
		if line.Column > 0 && (l.Column == 0 || line.Column < l.Column) {
			l.Column = line.Column
		}
		l.Coarser = max(l.Coarser, line.Column)
		l.Lines = append(l.Lines, line)
	}
	if !slices.ContainsFunc(l.Lines, func(of ImbalanceLine) bool { return l.shows(&of, limit) }) {
		return ImbalanceLines{}
	}
	return l
}

// shows tells whether a drawing limit columns wide shows two values of a line.
func (l *ImbalanceLines) shows(of *ImbalanceLine, limit int) bool {
	values := 0
	for _, v := range of.Values {
		if !v.IsNull() {
			values++
		}
	}
	return values > 1 && float64(len(of.Values))*float64(of.Column)*float64(limit) >= 2*float64(l.Length)
}

// Key says what a drawing of the lines is of.
func (l *ImbalanceLines) Key() string {
	column := words.ExactDuration(l.Column)
	if l.Coarser > l.Column {
		column += " to " + words.ExactDuration(l.Coarser) + ", by the scenario"
	}
	key := fmt.Sprintf("of the packets indicated, max ÷ mean; a column is %s; a full one is %s, an empty one even", column, words.Fixed(l.Most, 2))
	if slices.ContainsFunc(l.Lines, func(of ImbalanceLine) bool { return slices.ContainsFunc(of.Values, Fraction.IsNull) }) {
		key += fmt.Sprintf("; one of fewer than %d packets a CPU is left out", LeastOfWindow)
	}
	return key
}

// Tip says what a line is, for those who point at it.
func (l *ImbalanceLine) Tip() string {
	return fmt.Sprintf("%s: imbalance %s on average, at most %s", words.Shown(l.Name), words.Fixed(l.Mean, 3), words.Fixed(l.Worst, 3))
}

// Height is how high an imbalance is drawn, from 0, which is even, to 1, the most of all lines.
func (l *ImbalanceLines) Height(v Fraction) float64 {
	return min(max(float64((v-1)/(l.Most-1)), 0), 1)
}

// Heights are those of a line's values; where there is none, -1.
func (l *ImbalanceLines) Heights(line *ImbalanceLine) []float64 {
	heights := make([]float64, len(line.Values))
	for i, v := range line.Values {
		if heights[i] = l.Height(v); v.IsNull() {
			heights[i] = -1
		}
	}
	return heights
}

// Verdicts of Judge.
const (
	MovingHelps   = "moving-helps"
	MovingDoesNot = "moving-does-not"
	Churny        = "churny"
)

// Judge says whether moving helps, by the means: it does where they are more than a
// tenth below those of the best table that stays. Where not, and what moved follows the
// load from period to period, and a table that is known beforehand for each window would
// be, but the one of the window before is not, the best table changes faster than a
// window; unless the table that stays is within a tenth as even as chance leaves traffic
// that does not change in such windows, where nothing tells of a change. Moves at given
// times have no period, and are never called churny.
func (o *TablesOverTime) Judge(moved Spread, follows bool) string {
	if o.Windows < leastWindows || moved.Mean.IsNull() {
		return ""
	}
	saves := func(s Spread) bool { return s.Mean < o.Best.Mean*(1-movingFrom) }
	switch {
	case saves(moved):
		return MovingHelps
	case follows && saves(o.Bound) && !saves(o.Forward) && o.Best.Mean > o.Chance*(1+movingFrom):
		return Churny
	}
	return MovingDoesNot
}

// Sentences say what a verdict of Judge on moved rests on: the conclusion, then the
// figures; "" without a verdict.
func (o *TablesOverTime) Sentences(verdict string, moved Spread) (conclusion, figures string) {
	window := words.Nanoseconds(o.Interval)
	clearlyBelow := func(s Spread) bool { return s.Mean < moved.Mean*(1-movingFrom) }
	switch verdict {
	case MovingHelps:
		conclusion = "Moving helps here: window by window the load is more even than under the best table found that stays."
	case Churny:
		conclusion = fmt.Sprintf("The best table changes faster than every %s: what was best for one window is not for the next.", window)
	case MovingDoesNot:
		switch conclusion = "Moving does not help here: "; {
		case clearlyBelow(o.Static):
			conclusion += "the load is more even under the first table, if it stays."
		case clearlyBelow(o.Best):
			conclusion += "the load is more even under a better table that stays."
		case o.Static.Mean*(1-movingFrom) > o.Best.Mean:
			conclusion += "a better table that stays does as well, within a tenth."
		default:
			conclusion += "a table that stays does as well, within a tenth."
		}
	default:
		return "", ""
	}
	figures = fmt.Sprintf("In windows of %s the busiest CPU has, on average, %s × the mean with the moves, %s × under the first table, %s × under the best table that stays (found knowing the whole capture), %s × under the best of the window before each; no table gets below %s ×.",
		window, words.Fixed(moved.Mean, 2), words.Fixed(o.Static.Mean, 2), words.Fixed(o.Best.Mean, 2), words.Fixed(o.Forward.Mean, 2), words.Fixed(o.Bound.Mean, 2))
	return conclusion, figures
}
