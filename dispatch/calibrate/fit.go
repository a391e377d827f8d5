package calibrate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"rssreplay/pcaps/grouped"
)

// Costs are what a row's time is explained by, in ns.
type Costs struct {
	Run    float64 // of a NET_RX run, packets apart
	Packet float64
}

func (c Costs) of(r *Row) float64 { return c.Run*float64(r.Runs) + c.Packet*float64(r.Packets) }

// Range is from one value to another, both included.
type Range struct{ From, To float64 }

// Fit is the costs that explain the fitted rows, and how well.
type Fit struct {
	Costs
	RunInterval, PacketInterval Range // in which 95 % of the resampled windows' costs lie

	// OneFactor tells that the costs are the assumed ones times Factor, since the rows
	// can't tell a run's from a packet's; Why says how that was seen.
	OneFactor bool
	Factor    float64
	Why       string

	Rows, Windows  int
	Ticks          float64 // of fitted softirq time; 0 where times are measured
	Time           float64 // fitted, ns
	Packets        uint64
	PacketsPerSec  Range   // the least and the most of a CPU in a window
	Correlation    float64 // of the two costs' estimates
	Chi2           float64 // per degree of freedom
	Error          float64 // relative, of windows that were left out in turn
	MeanPacketCost float64 // ns, runs included
	IRQPerRun      float64 // irq time ÷ runs, ns; 0 where the kernel counts ticks
	Warnings       []string

	// Tap is what a packet socket, as tcpdump's, has of the time of the windows in which it
	// was open; nil where there are none with it, or none without.
	Tap *TapShare
}

// TapShare is a share of the time of so many windows, and a standard deviation of it.
type TapShare struct {
	Share, Error      float64
	Windows, WithNone int
}

// Split parts a run's cost into the interrupt's and the rest.
func (f *Fit) Split() (isr, dpc float64) {
	isr = min(f.IRQPerRun, f.Run)
	return isr, f.Run - isr
}

// Refusal says why nothing was fitted.
type Refusal struct {
	ID   string // "few-ticks", "residuals", "few-windows", "nothing", or that of a Reason
	What string
}

func (r *Refusal) Error() string { return r.What }

// refusal is what is lacking in the rows left, which have so many packets; where more
// were left out for one reason, that is why.
func (h *History) refusal(id string, packets uint64, what string) *Refusal {
	var left [NumReasons]uint64
	var first [NumReasons]*Row
	for i := range h.Rows {
		if r := &h.Rows[i]; r.Reason != Fitted {
			left[r.Reason] += r.Packets + 1 // also where a counter that went back hides them
			if first[r.Reason] == nil {
				first[r.Reason] = r
			}
		}
	}
	most := Reason(0)
	for reason := range left {
		if left[reason] > left[most] {
			most = Reason(reason)
		}
	}
	if left[most] <= packets {
		return &Refusal{id, what}
	}
	return &Refusal{most.String(), first[most].Detail + "; " + what}
}

const (
	parts         = 5    // of the windows, each left out once
	resamples     = 1000 // of the bootstrap
	leastWindows  = 3
	modelError    = 0.05 // relative, which a straight line has besides counting
	mostCorrelate = 0.9
	mostInterval  = 0.5 // half of a cost's interval ÷ the cost
	mostWorse     = 10  // χ² of one factor above that of two costs: 1 in 600 by chance
)

// Fit explains the rows that are left by the costs of a run and of a packet: steps 4
// to 7. assumed are the costs that one factor is on. The error is a *Refusal.
func (h *History) Fit(assumed Costs) (*Fit, error) {
	var rows []*Row
	for i := range h.Rows {
		if h.Rows[i].Reason == Fitted {
			rows = append(rows, &h.Rows[i])
		}
	}
	if len(rows) == 0 {
		return nil, h.refusal("nothing", 0, "no window of any CPU is left to fit")
	}
	byWindow := windowsOf(rows)
	f := h.sums(rows)
	f.Windows = len(byWindow)
	counted := h.Ticks && slices.ContainsFunc(rows, func(r *Row) bool { return r.Traced == 0 })
	if err := h.checkEnough(f, counted); err != nil {
		return nil, err
	}
	f.Costs, f.Correlation, f.Chi2 = h.twoCosts(rows)
	if f.Chi2 > mostChi2 {
		return nil, &Refusal{"residuals", fmt.Sprintf("the times are no sum of costs of runs and packets: they miss by %s times the variance of counting (χ² per degree of freedom; at most %d): load in step with the tick does that, and so does other work in softirqs", grouped.Fixed(f.Chi2, 0), mostChi2)}
	}
	fit := func(rows []*Row) Costs {
		c, _, _ := h.twoCosts(rows)
		return c
	}
	var runs, packets []float64
	h.resample(byWindow, func(again []*Row) {
		c := fit(again)
		runs, packets = append(runs, c.Run), append(packets, c.Packet)
	})
	wider := widen(f.Windows, 2)
	f.RunInterval, f.PacketInterval = intervalOf(runs, f.Run, wider), intervalOf(packets, f.Packet, wider)
	if f.OneFactor = h.needsOneFactor(f, rows, assumed); f.OneFactor {
		fit = func(rows []*Row) Costs { return h.oneFactor(rows, assumed) }
		h.fitOneFactor(f, rows, assumed)
	}
	f.Error = leftOutError(byWindow, fit)
	if counted {
		f.Error = max(f.Error, 1/math.Sqrt(f.Ticks))
	}
	if f.Tap = h.tapShare(rows, f.Costs); f.Tap != nil {
		f.Tap.Error = max(f.Tap.Error, f.Error) // windows differ by so much without any, too
	}
	return f, nil
}

// needsOneFactor tells, and says in f, whether the rows can't tell the two costs apart that
// were fitted to them, and do not contradict what is assumed of both.
func (h *History) needsOneFactor(f *Fit, rows []*Row, assumed Costs) bool {
	why, apart := f.separate()
	worse := h.chi2(rows, h.oneFactor(rows, assumed), f.Costs) - h.chi2(rows, f.Costs, f.Costs)
	if worse <= mostWorse*max(1, f.Chi2) {
		f.Why = why
		return !apart
	}
	if f.Run == 0 || f.Packet == 0 {
		f.Warnings = append(f.Warnings, fmt.Sprintf("One cost is too small beside the other one to be seen: %s.", f.zeroCost()))
	}
	return false
}

// fitOneFactor makes the costs of f, and their intervals, the assumed ones times a factor.
func (h *History) fitOneFactor(f *Fit, rows []*Row, assumed Costs) {
	f.Costs = h.oneFactor(rows, assumed)
	f.Factor = f.Packet / assumed.Packet
	var factors []float64
	h.resample(windowsOf(rows), func(again []*Row) {
		factors = append(factors, h.oneFactor(again, assumed).Packet/assumed.Packet)
	})
	in := intervalOf(factors, f.Factor, widen(f.Windows, 1))
	f.RunInterval = Range{in.From * assumed.Run, in.To * assumed.Run}
	f.PacketInterval = Range{in.From * assumed.Packet, in.To * assumed.Packet}
}

// sums is what the rows have together.
func (h *History) sums(rows []*Row) *Fit {
	f := &Fit{Rows: len(rows), PacketsPerSec: Range{math.Inf(1), 0}}
	irq, irqRuns := 0.0, 0.0
	for _, r := range rows {
		if r.Traced == 0 {
			irq += r.IRQ
			irqRuns += float64(r.Runs)
		}
		f.Time += r.Time()
		f.Packets += r.Packets
		rate := r.perSecond(r.Packets)
		f.PacketsPerSec = Range{min(f.PacketsPerSec.From, rate), max(f.PacketsPerSec.To, rate)}
		if h.Ticks && r.Traced == 0 {
			f.Ticks += r.Time() / 1e9 * float64(h.HZ)
		}
	}
	if irq > 0 {
		f.IRQPerRun = irq / irqRuns
	}
	f.MeanPacketCost = f.Time / float64(f.Packets)
	return f
}

// checkEnough refuses sums of too little, and warns of little. Counted tells that some of
// the time is of ticks.
func (h *History) checkEnough(f *Fit, counted bool) error {
	ticks := grouped.Fixed(f.Ticks, 0)
	switch {
	case f.Windows < leastWindows:
		return h.refusal("few-windows", f.Packets, fmt.Sprintf("too few windows are left (%d) to judge some by the others: take eleven snapshots", f.Windows))
	case counted && f.Ticks < tooFewTicks:
		return h.refusal("few-ticks", f.Packets, fmt.Sprintf("the CPUs were seen in softirqs at %s ticks only, and at least %s are needed: take snapshots further apart, or of more load", ticks, grouped.Int(tooFewTicks)))
	case f.Time == 0:
		return &Refusal{"nothing", "the CPUs spent no time in softirqs that the kernel counted"}
	case counted && f.Ticks < fewTicks:
		f.Warnings = append(f.Warnings, fmt.Sprintf("Few ticks: the CPUs were seen in softirqs at %s ticks, so counting alone errs by %.0f%%; %s or more would be better.", ticks, 100/math.Sqrt(f.Ticks), grouped.Int(fewTicks)))
	}
	return nil
}

// tapShare compares what windows with a packet socket and windows without miss the costs
// that were fitted to all of them by.
func (h *History) tapShare(rows []*Row, c Costs) *TapShare {
	var time, costs, variance [IsTapped + 1]float64
	windows := [IsTapped + 1]map[int]bool{{}, {}, {}}
	for _, r := range rows {
		time[r.Tapped] += r.Time()
		costs[r.Tapped] += c.of(r)
		variance[r.Tapped] += h.variance(r, c.of(r))
		windows[r.Tapped][r.Window] = true
	}
	if time[NotTapped] == 0 || time[IsTapped] == 0 {
		return nil
	}
	without := time[NotTapped] / costs[NotTapped] / (time[IsTapped] / costs[IsTapped])
	relative := variance[NotTapped]/(time[NotTapped]*time[NotTapped]) + variance[IsTapped]/(time[IsTapped]*time[IsTapped])
	return &TapShare{
		Share: 1 - without, Error: without * math.Sqrt(relative),
		Windows: len(windows[IsTapped]), WithNone: len(windows[NotTapped]),
	}
}

// separate tells whether the rows tell the two costs apart, else why not.
func (f *Fit) separate() (why string, ok bool) {
	wide := func(in Range, value float64) bool { return (in.To-in.From)/2 > mostInterval*value }
	switch {
	case f.Correlation < -mostCorrelate:
		return fmt.Sprintf("packets and NET_RX runs rise and fall together (the two costs correlate at %.2f)", f.Correlation), false
	case f.Run == 0 || f.Packet == 0:
		return f.zeroCost(), false
	case wide(f.RunInterval, f.Run):
		return fmt.Sprintf("a NET_RX run's cost could be anything from %s to %s ns", grouped.Fixed(f.RunInterval.From, 0), grouped.Fixed(f.RunInterval.To, 0)), false
	case wide(f.PacketInterval, f.Packet):
		return fmt.Sprintf("a packet's cost could be anything from %s to %s ns", grouped.Fixed(f.PacketInterval.From, 0), grouped.Fixed(f.PacketInterval.To, 0)), false
	}
	return "", true
}

// zeroCost says which cost is 0; one has to be.
func (f *Fit) zeroCost() string {
	if f.Run == 0 {
		return "the best fit gives a NET_RX run no cost at all"
	}
	return "the best fit gives a packet no cost at all"
}

// windowsOf are the rows by window, in order.
func windowsOf(rows []*Row) [][]*Row {
	var windows [][]*Row
	for _, r := range rows {
		if n := len(windows); n > 0 && windows[n-1][0].Window == r.Window {
			windows[n-1] = append(windows[n-1], r)
			continue
		}
		windows = append(windows, []*Row{r})
	}
	return windows
}

// variance is what a row of time y is expected to miss by, squared, in ns². A tick is
// counted or not: of a rare event as many as there are; that /proc/stat cuts both ends
// of a window to its unit adds unit²/6.
func (h *History) variance(r *Row, y float64) float64 {
	v := modelError * y * modelError * y
	if r.Traced > 0 {
		return v + 1
	}
	v += unit * unit / 6
	if h.Ticks {
		tick := 1e9 / float64(h.HZ)
		v += tick * max(y, tick) * max(0.1, 1-y/r.Duration)
	}
	return v
}

// twoCosts is the non-negative least-squares fit of both costs, weighted by what each
// row is expected to miss by, and so in several rounds; the correlation of the two
// estimates; and χ² per degree of freedom.
func (h *History) twoCosts(rows []*Row) (c Costs, correlation, chi2 float64) {
	weights := make([]float64, len(rows))
	for i, r := range rows {
		weights[i] = 1 / h.variance(r, r.Time())
	}
	for range 8 {
		var rr, rp, pp, ry, py float64
		for i, r := range rows {
			w, runs, packets, y := weights[i], float64(r.Runs), float64(r.Packets), r.Time()
			rr, rp, pp = rr+w*runs*runs, rp+w*runs*packets, pp+w*packets*packets
			ry, py = ry+w*runs*y, py+w*packets*y
		}
		correlation = -rp / math.Sqrt(rr*pp)
		c = Costs{}
		if det := rr*pp - rp*rp; det > 1e-9*rr*pp {
			c = Costs{(pp*ry - rp*py) / det, (rr*py - rp*ry) / det}
		}
		// Where one would be negative, or neither can be told, the best is one alone: the
		// one that explains more.
		if c.Run <= 0 || c.Packet <= 0 {
			if c = (Costs{Packet: py / pp}); ry*ry/rr > py*py/pp {
				c = Costs{Run: ry / rr}
			}
		}
		for i, r := range rows {
			weights[i] = 1 / h.variance(r, c.of(r))
		}
	}
	return c, correlation, h.chi2(rows, c, c) / float64(max(1, len(rows)-2))
}

// chi2 is the sum of the squares of what costs miss the rows by, each in units of what it is
// expected to miss by under the costs expected.
func (h *History) chi2(rows []*Row, c, expected Costs) (sum float64) {
	for _, r := range rows {
		miss := r.Time() - c.of(r)
		sum += miss * miss / h.variance(r, expected.of(r))
	}
	return sum
}

// oneFactor is the assumed costs times the factor that fits best.
func (h *History) oneFactor(rows []*Row, assumed Costs) Costs {
	f := 1.0
	for range 8 {
		var xx, xy float64
		for _, r := range rows {
			x := assumed.of(r)
			w := 1 / h.variance(r, f*x)
			xx, xy = xx+w*x*x, xy+w*x*r.Time()
		}
		f = xy / xx
	}
	return Costs{f * assumed.Run, f * assumed.Packet}
}

// resample draws as many windows as there are, with repetition, over and over. Whole
// windows: what happens in one to two CPUs is not independent.
func (h *History) resample(windows [][]*Row, each func([]*Row)) {
	random := rand.New(rand.NewPCG(1, 2)) // the same each time
	var again []*Row
	for range resamples {
		again = again[:0]
		for range windows {
			again = append(again, windows[random.IntN(len(windows))]...)
		}
		each(again)
	}
}

// intervalOf is where 95 % of the values lie, in their middle, and as many times as far from
// the estimate as wider says; no cost is below 0. It sorts them.
func intervalOf(values []float64, estimate, wider float64) Range {
	slices.Sort(values)
	n := len(values)
	from, to := min(values[n*25/1000], estimate), max(values[n*975/1000], estimate)
	return Range{max(0, estimate-wider*(estimate-from)), estimate + wider*(to-estimate)}
}

// widen is how much wider an interval must be than a bootstrap of few windows makes it, with so
// many costs fitted: the draws vary less than windows do, by √((n − 1) ÷ n), and in the place of
// a normal variable stands Student's t.
func widen(windows, costs int) float64 {
	const z = 1.95996 // 95 % of a normal variable lie between −z and z
	n, free := float64(windows), float64(max(1, windows-costs))
	z3, z5, z7 := z*z*z, z*z*z*z*z, z*z*z*z*z*z*z
	t := z + (z3+z)/(4*free) + (5*z5+16*z3+3*z)/(96*free*free) + (3*z7+19*z5+17*z3-15*z)/(384*free*free*free)
	return t / z * math.Sqrt(n/(n-1))
}

// leftOutError is by how much the costs that fit all other windows miss the total time
// of those left out: the root of the mean square over the parts. Windows are dealt out
// in turn, so that a load that rises is in each part.
func leftOutError(windows [][]*Row, fit func([]*Row) Costs) float64 {
	n := min(parts, len(windows))
	sum, judged := 0.0, 0
	for part := range n {
		var in, out []*Row
		for i, rows := range windows {
			if i%n == part {
				out = append(out, rows...)
			} else {
				in = append(in, rows...)
			}
		}
		c, predicted, seen := fit(in), 0.0, 0.0
		for _, r := range out {
			predicted += c.of(r)
			seen += r.Time()
		}
		if seen > 0 {
			sum += (predicted/seen - 1) * (predicted/seen - 1)
			judged++
		}
	}
	return math.Sqrt(sum / float64(max(1, judged)))
}
