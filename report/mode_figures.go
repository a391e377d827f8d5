package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// Figure is one number of a mode, and where it has a name a metric by which
// scenarios are compared, the less the better.
type Figure struct {
	Metric string
	Label  string // after two spaces where it is of the figure above
	// Value is the number, Null for none; s is nil for a mode that is shown for
	// no scenario in particular.
	Value func(s *Scenario, m *Mode) Fraction
	Text  func(Fraction) string
	is    trait
}

// trait is what is told of a figure where it is compared; they are bits.
type trait uint

const (
	leading trait = 1 << iota // a summary is judged by it

	// Figures that are neither follow from the machine's work.
	spread  // counts where packets went
	windows // looks at windows of time

	// Figures that follow from which flows share a CPU, which is chance between two captures.
	chanceKnown   // is imbalance.packets, or that times the mean or by the number of CPUs
	chanceUnknown // also drops: as they come by the burst, two standard deviations say nothing
	// These differ by no larger a factor than the load of the most loaded CPU does:
	asLoad
	asLoadByRate   // beside that of the packets in a second
	asLoadOverRate // likewise, but less where these are more
)

// figure is one of these traits.
func figure(metric, label string, value func(*Scenario, *Mode) Fraction, text func(Fraction) string, traits ...trait) Figure {
	f := Figure{Metric: metric, Label: label, Value: value, Text: text}
	for _, t := range traits {
		f.is |= t
	}
	return f
}

// has tells whether the figure has one of the traits.
func (f *Figure) has(of trait) bool { return f.is&of != 0 }

// ofMode is a figure's value that asks no scenario.
func ofMode(value func(m *Mode) Fraction) func(*Scenario, *Mode) Fraction {
	return func(_ *Scenario, m *Mode) Fraction { return value(m) }
}

// ofSlowest is the greatest of the CPUs' values.
func ofSlowest[N int64 | uint64](value func(c *CPU) *N) func(*Scenario, *Mode) Fraction {
	return ofMode(func(m *Mode) Fraction { return FractionOf(Greatest(m, value)) })
}

func ratioText(f Fraction) string { return words.Fixed(f, 3) }

func integerText(f Fraction) string {
	if f.IsNull() {
		return words.None
	}
	return words.Exact(uint64(math.Round(float64(f))))
}

// TimeText is ns as a text, "12.3 µs".
func TimeText(f Fraction) string {
	if f.IsNull() {
		return words.None
	}
	return words.Nanoseconds(int64(f))
}

// What modes are compared in, and scenarios.
var (
	ImbalanceOfPackets = figure("imbalance.packets", "imbalance of packets, max ÷ mean", ofMode(func(m *Mode) Fraction { return m.Imbalance.Packets }), ratioText, leading, spread, chanceKnown)
	imbalanceOfBytes   = figure("imbalance.bytes", "imbalance of bytes", ofMode(func(m *Mode) Fraction { return m.Imbalance.Bytes }), ratioText, spread, chanceUnknown)
	imbalanceOfBusy    = figure("imbalance.busy", "imbalance of busy time", ofMode(func(m *Mode) Fraction { return m.Imbalance.Busy }), ratioText, asLoad)
	imbalanceOfBusiest = figure("imbalance.busiest_window", "imbalance in the busiest window", ofMode(func(m *Mode) Fraction { return imbalanceIn(m.Imbalance.BusiestWindow) }), ratioText, windows, chanceUnknown)
	peakImbalance      = figure("", "peak imbalance of a window", ofMode(func(m *Mode) Fraction { return imbalanceIn(PeakWindow(m.Series)) }), ratioText, windows, chanceUnknown)
	mostLoaded         = figure("", "packets on the most loaded CPU", count(func(m *Mode) uint64 { return Extreme(m, slices.Max) }), integerText, leading, spread, chanceKnown)
	// MostLoadedShare is what scenarios of different numbers of CPUs are compared by.
	MostLoadedShare = figure("", "  their share", ofMode(func(m *Mode) Fraction { return Ratio(Extreme(m, slices.Max), m.Totals.Packets) }), words.Percent[Fraction], leading, spread, chanceKnown)
	busiestCPU      = figure("", "utilization of the busiest CPU", ofMode(MaxUtilization), words.Percent[Fraction], leading, asLoadByRate)
	dropped         = figure("drops", "packets dropped", count((*Mode).Overflows), integerText, leading, chanceUnknown)
	interrupts      = figure("interrupts", "interrupts", count(func(m *Mode) uint64 { return m.Totals.Interrupts }), integerText)
	perDPC          = figure("", "packets per DPC, mean", ofMode(func(m *Mode) Fraction { return Ratio(m.Totals.Packets, m.Totals.DPCs) }), func(f Fraction) string { return words.Fixed(f, 2) }, chanceUnknown)
	latencyP50      = figure("", "latency p50, slowest CPU", ofSlowest(func(c *CPU) *int64 { return c.Latency.P50 }), TimeText, chanceUnknown)
	latencyP99      = figure("latency_p99_ns", "latency p99, slowest CPU", ofSlowest(func(c *CPU) *int64 { return c.Latency.P99 }), TimeText, leading, chanceUnknown)
	latencyMax      = figure("latency_max_ns", "latency, max", ofSlowest(func(c *CPU) *int64 { return c.Latency.Max }), TimeText, chanceUnknown)
)

// serialFigures say how near to its end an arrangement is: the serial unit's share of the
// time, and by it the rate at which there is none left.
func serialFigures() []Figure {
	return []Figure{
		figure("serial_utilization", "serial unit busy", ofMode(func(m *Mode) Fraction { return m.OfTime(m.SerialUtilization) }), words.Percent[Fraction], leading, asLoadByRate),
		figure("", "  it is not full below N × this rate", ofMode(func(m *Mode) Fraction { return 1 / m.OfTime(m.SerialUtilization) }), timesText, leading, asLoadOverRate),
	}
}

// LeadingFigures are those of figures that a summary is judged by.
func LeadingFigures(figures []Figure) []Figure {
	return slices.DeleteFunc(slices.Clone(figures), func(f Figure) bool { return !f.has(leading) })
}

// groupFigure is the imbalance between groups of CPUs; no figure, without a label, where
// no mode has one.
func groupFigure(label string, modes []Mode, imbalance func(*Imbalance) *Fraction) Figure {
	if !slices.ContainsFunc(modes, func(m Mode) bool { return imbalance(&m.Imbalance) != nil }) {
		return Figure{}
	}
	return figure("", label, ofMode(func(m *Mode) Fraction {
		if f := imbalance(&m.Imbalance); f != nil {
			return *f
		}
		return Null
	}), ratioText)
}

func timesText(f Fraction) string {
	if f.IsNull() {
		return words.None
	}
	decimals := 1
	if f >= 99.95 { // more would say more than is known
		decimals = 0
	}
	return words.Fixed(f, decimals) + " ×"
}

// migrationFigures are what flows that change their CPU cost; null of reports of
// earlier versions, which did not count it.
func migrationFigures() []Figure {
	return []Figure{
		figure("", "packets that paid for a migration", ofMode(func(m *Mode) Fraction {
			if m.Serial == nil {
				return Null
			}
			return Fraction(m.Totals.MigratedPackets)
		}), integerText),
		figure("", "  what they paid, of busy time", ofMode(func(m *Mode) Fraction {
			if m.Serial == nil {
				return Null
			}
			return Ratio(m.Totals.MigrationTime, m.busy())
		}), words.Percent[Fraction]),
	}
}

// TakesTurns reports whether only one CPU works at a time: without RSS, where the stack
// does not steer packets on.
func (m *Mode) TakesTurns() bool { return m.Mode == NonRSS && len(m.CPUs) > 1 && m.RPS == nil }

// steeringFigures are what receive packet steering did.
func steeringFigures(modes []Mode) []Figure {
	if !slices.ContainsFunc(modes, func(m Mode) bool { return m.RPS != nil }) {
		return nil
	}
	sum := func(value func(b *Backlog) uint64) func(*Scenario, *Mode) Fraction {
		return ofMode(func(m *Mode) Fraction {
			if m.RPS == nil {
				return Null
			}
			var n uint64
			for i := range m.CPUs {
				if b := m.CPUs[i].Backlog; b != nil {
					n += value(b)
				}
			}
			return Fraction(n)
		})
	}
	return []Figure{
		figure("", "packets steered on (RPS)", sum(func(b *Backlog) uint64 { return b.SteeredAway }), integerText),
		figure("", "  dropped in a full backlog", sum(func(b *Backlog) uint64 { return b.BacklogDrops }), integerText),
		figure("", "  IPIs that woke a backlog", sum(func(b *Backlog) uint64 { return b.IPIs }), integerText),
	}
}

// SerialSentence says why an even spread is not good without RSS: the serial unit works
// there more than the busiest CPU does. "" where no such mode is among modes.
func SerialSentence(modes []Mode) string {
	for i := range modes {
		m := &modes[i]
		if busiest := MaxUtilization(m); m.TakesTurns() && m.SerialUtilization > busiest {
			busy := ""
			if all, most := words.Percent(m.SerialUtilization), words.Percent(busiest); all != most { // as two below 0.1% are not
				is := "is above"
				if limit, below := strings.CutPrefix(most, "<"); below {
					is, most = "reaches", limit
				}
				busy = fmt.Sprintf(": together they are busy %s of the time where none %s %s", all, is, most)
			}
			return "Without RSS only one CPU works at a time, since the one interrupt is masked until its DPC ends" + busy + ", so that an even spread adds no capacity."
		}
	}
	return ""
}

// ModeFigures are the figures in which the modes of one report are compared.
func ModeFigures(modes []Mode) []Figure {
	var figures []Figure
	if HasHeadroom(modes) {
		figures = headroomFigures(nil)
	}
	if slices.ContainsFunc(modes, func(m Mode) bool { return m.Serial != nil }) {
		figures = append(append(figures, serialFigures()...), migrationFigures()...)
	}
	figures = slices.Concat(figures, packetFigures(modes), loadFigures(modes), []Figure{figure("", "latency, mean", ofMode(meanLatency), TimeText), latencyP50, latencyP99, latencyMax}, affinityFigures(modes))
	return slices.DeleteFunc(figures, func(f Figure) bool { return f.Label == "" })
}

// count is a figure's value that is a number of things.
func count(value func(m *Mode) uint64) func(*Scenario, *Mode) Fraction {
	return ofMode(func(m *Mode) Fraction { return Fraction(value(m)) })
}

// packetFigures are what became of the packets, and what work it was.
func packetFigures(modes []Mode) []Figure {
	figures := []Figure{
		figure("", "packets indicated", count(func(m *Mode) uint64 { return m.Totals.Packets }), integerText),
		dropped,
	}
	if slices.ContainsFunc(modes, func(m Mode) bool { return m.Overflows() > 0 }) {
		figures = append(figures, figure("", "  their share", ofMode(dropShare), words.Percent[Fraction]))
	}
	figures = append(figures, steeringFigures(modes)...)
	if slices.ContainsFunc(modes, func(m Mode) bool { return m.Totals.Reordered > 0 }) {
		figures = append(figures, figure("", "packets reordered", count(func(m *Mode) uint64 { return m.Totals.Reordered }), integerText))
	}
	return append(figures, interrupts,
		figure("", "DPCs", count(func(m *Mode) uint64 { return m.Totals.DPCs }), integerText), perDPC,
		figure("", "packets per DPC, max", ofSlowest(func(c *CPU) *uint64 { return c.PacketsPerDPCMax }), integerText))
}

// loadFigures are how even the CPUs' loads are.
func loadFigures(modes []Mode) []Figure {
	return []Figure{
		figure("", "packets on the least loaded CPU", count(func(m *Mode) uint64 { return Extreme(m, slices.Min) }), integerText),
		figure("", "  their share", ofMode(func(m *Mode) Fraction { return Ratio(Extreme(m, slices.Min), m.Totals.Packets) }), words.Percent[Fraction]),
		figure("", "packets on a CPU, mean", ofMode(func(m *Mode) Fraction { return Ratio(m.Totals.Packets, len(m.CPUs)) }), integerText),
		mostLoaded, MostLoadedShare, ImbalanceOfPackets,
		groupFigure("  by core", modes, func(b *Imbalance) *Fraction { return b.Cores }),
		groupFigure("  by NUMA node", modes, func(b *Imbalance) *Fraction { return b.Nodes }),
		imbalanceOfBusiest, peakImbalance, imbalanceOfBusy,
		figure("", "Jain's index of packets", ofMode(func(m *Mode) Fraction { return m.Imbalance.Jain }), ratioText),
		busiestCPU,
	}
}

// affinityFigures are how far flows and connections keep to one CPU.
func affinityFigures(modes []Mode) []Figure {
	figures := []Figure{
		figure("", "flows", count(func(m *Mode) uint64 { return m.Affinity.Flows }), integerText),
		figure("", "  that stayed on one CPU", count(func(m *Mode) uint64 { return m.Affinity.SingleCPUFlows }), integerText),
		figure("", "  their share", ofMode(func(m *Mode) Fraction { return Ratio(m.Affinity.SingleCPUFlows, m.Affinity.Flows) }), words.Percent[Fraction]),
		figure("", "  migrations from CPU to CPU", count(func(m *Mode) uint64 { return m.Affinity.Migrations }), integerText),
	}
	if slices.ContainsFunc(modes, func(m Mode) bool { return m.Affinity.Connections > 0 }) {
		figures = append(figures, []Figure{
			figure("", "connections received both ways", count(func(m *Mode) uint64 { return m.Affinity.Connections }), integerText),
			figure("", "  with both ways on one CPU", count(func(m *Mode) uint64 { return m.Affinity.SymmetricConnections }), integerText),
			figure("", "  their share", ofMode(func(m *Mode) Fraction {
				return Ratio(m.Affinity.SymmetricConnections, m.Affinity.Connections)
			}), words.Percent[Fraction]),
		}...)
	}
	if slices.ContainsFunc(modes, func(m Mode) bool { return !m.Affinity.SendReceiveMatch.IsNull() }) {
		figures = append(figures, figure("", "sends on the CPU that last received", ofMode(func(m *Mode) Fraction { return m.Affinity.SendReceiveMatch }), words.Percent[Fraction]))
	}
	return figures
}

// Greatest is the greatest value among the mode's CPUs that is not null, or nil.
func Greatest[N int64 | uint64](m *Mode, value func(c *CPU) *N) (most *N) {
	for i := range m.CPUs {
		if v := value(&m.CPUs[i]); v != nil && (most == nil || *v > *most) {
			most = v
		}
	}
	return most
}

// OfTime is a rate or a share of the simulated time as people are told it: Null where the
// packets span no time, as what is counted is then the model's own microseconds alone.
func (m *Mode) OfTime(f Fraction) Fraction {
	if m.Instant {
		return Null
	}
	return f
}

// MaxUtilization is that of the busiest CPU, as people are told it; Null without a CPU.
func MaxUtilization(m *Mode) Fraction {
	most := Null
	for i := range m.CPUs {
		if u := m.CPUs[i].Utilization; most.IsNull() || u > most {
			most = u
		}
	}
	return m.OfTime(most)
}

// Extreme is what choose (slices.Min or slices.Max) finds among the CPUs'
// packets; 0 without a CPU.
func Extreme(m *Mode, choose func([]uint64) uint64) uint64 {
	if len(m.CPUs) == 0 {
		return 0
	}
	packets := make([]uint64, len(m.CPUs))
	for i := range m.CPUs {
		packets[i] = m.CPUs[i].Packets
	}
	return choose(packets)
}

// dropShare is the share of the packets that came to a queue and were dropped.
func dropShare(m *Mode) Fraction { return Ratio(m.Overflows(), m.Arrived()) }

// Arrived is the packets that came to a queue.
func (m *Mode) Arrived() uint64 { return m.Totals.Packets + m.Overflows() }

// Overflows is the packets that were dropped for want of room, in a queue's ring or in a
// CPU's backlog.
func (m *Mode) Overflows() uint64 { return m.Totals.Drops + m.BacklogDrops() }

// BacklogDrops is those of backlogs; 0 without receive packet steering.
func (m *Mode) BacklogDrops() uint64 {
	if m.Totals.BacklogDrops == nil {
		return 0
	}
	return *m.Totals.BacklogDrops
}

func meanLatency(m *Mode) Fraction {
	var sum int64
	for i := range m.CPUs {
		sum += m.CPUs[i].Latency.Sum
	}
	return Ratio(sum, m.Totals.Packets)
}

// FractionOf is *n, Null where that is not there.
func FractionOf[N int64 | uint64](n *N) Fraction {
	if n == nil {
		return Null
	}
	return Fraction(*n)
}

func imbalanceIn(w *Window) Fraction {
	if w == nil {
		return Null
	}
	return w.Imbalance
}
