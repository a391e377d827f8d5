package report

import (
	"fmt"
	"math"
	"slices"
)

// figure is one number of a mode, and where it has a name a metric by which
// scenarios are compared, the less the better.
type figure struct {
	metric string
	label  string // after two spaces where it is of the figure above
	// value is the number, Null for none; s is nil for a mode that is shown for
	// no scenario in particular.
	value func(s *Scenario, m *Mode) Fraction
	text  func(Fraction) string
}

// ofMode is a figure's value that asks no scenario.
func ofMode(value func(m *Mode) Fraction) func(*Scenario, *Mode) Fraction {
	return func(_ *Scenario, m *Mode) Fraction { return value(m) }
}

// ofSlowest is the greatest of the CPUs' values.
func ofSlowest[N int64 | uint64](value func(c *CPU) *N) func(*Scenario, *Mode) Fraction {
	return ofMode(func(m *Mode) Fraction { return fractionOf(greatest(m, value)) })
}

func ratioText(f Fraction) string { return fixed(f, 3) }

func integerText(f Fraction) string {
	if f.IsNull() {
		return none
	}
	return exact(uint64(math.Round(float64(f))))
}

func timeText(f Fraction) string {
	if f.IsNull() {
		return none
	}
	return nanoseconds(int64(f))
}

// serialFigures say how near to its end an arrangement is: the serial unit's share of the
// time, and by it the rate at which there is none left.
func serialFigures() []figure {
	return []figure{
		{"serial_utilization", "serial unit busy", ofMode(func(m *Mode) Fraction { return m.SerialUtilization }), percent[Fraction]},
		{"", fullAt, ofMode(func(m *Mode) Fraction { return 1 / m.SerialUtilization }), timesText},
	}
}

// fullAt is the label of the rate at which the serial unit has no time left.
const fullAt = "  full at N × this rate, these costs"

func timesText(f Fraction) string {
	if f.IsNull() {
		return none
	}
	return fixed(f, 1) + " ×"
}

// migrationFigures are what flows that change their CPU cost; null of reports of
// earlier versions, which did not count it.
func migrationFigures() []figure {
	return []figure{
		{"", "packets that paid for a migration", ofMode(func(m *Mode) Fraction {
			if m.Serial == nil {
				return Null
			}
			return Fraction(m.Totals.MigratedPackets)
		}), integerText},
		{"", "  what they paid, of busy time", ofMode(func(m *Mode) Fraction {
			var busy int64
			for i := range m.CPUs {
				busy += m.CPUs[i].Busy()
			}
			if m.Serial == nil {
				return Null
			}
			return Ratio(m.Totals.MigrationTime, busy)
		}), percent[Fraction]},
	}
}

// serialSentence says why an even spread is not good without RSS: the serial unit works
// there more than the busiest CPU does. "" where no such mode is among modes.
func serialSentence(modes []Mode) string {
	for i := range modes {
		m := &modes[i]
		if busiest := maxUtilization(m); m.Mode == nonRSS && len(m.CPUs) > 1 && m.SerialUtilization > busiest {
			return fmt.Sprintf("Without RSS only one CPU works at a time, since the one interrupt is masked until its DPC ends: together they are busy %s of the time where none is above %s, so that an even spread adds no capacity.",
				percent(m.SerialUtilization), percent(busiest))
		}
	}
	return ""
}

// modeFigures are the figures in which the modes of one report are compared.
func modeFigures(modes []Mode) []figure {
	meanPerDPC := func(f Fraction) string { return fixed(f, 2) }
	count := func(value func(m *Mode) uint64) func(*Scenario, *Mode) Fraction {
		return ofMode(func(m *Mode) Fraction { return Fraction(value(m)) })
	}
	some := func(has func(m Mode) bool) bool { return slices.ContainsFunc(modes, has) }

	var figures []figure
	if some(func(m Mode) bool { return m.Serial != nil }) {
		figures = append(serialFigures(), migrationFigures()...)
	}
	figures = append(figures, []figure{
		{"", "packets indicated", count(func(m *Mode) uint64 { return m.Totals.Packets }), integerText},
		{"drops", "packets dropped", count(func(m *Mode) uint64 { return m.Totals.Drops }), integerText},
	}...)
	if some(func(m Mode) bool { return m.Totals.Reordered > 0 }) {
		figures = append(figures, figure{"", "packets reordered", count(func(m *Mode) uint64 { return m.Totals.Reordered }), integerText})
	}
	if some(func(m Mode) bool { return m.Totals.Drops > 0 }) {
		figures = append(figures, figure{"", "  their share", ofMode(dropShare), percent[Fraction]})
	}
	figures = append(figures, []figure{
		{"", "interrupts", count(func(m *Mode) uint64 { return m.Totals.Interrupts }), integerText},
		{"", "DPCs", count(func(m *Mode) uint64 { return m.Totals.DPCs }), integerText},
		{"", "packets per DPC, mean", ofMode(func(m *Mode) Fraction { return Ratio(m.Totals.Packets, m.Totals.DPCs) }), meanPerDPC},
		{"", "packets per DPC, max", ofSlowest(func(c *CPU) *uint64 { return c.PacketsPerDPCMax }), integerText},
		{"", "packets on the least loaded CPU", count(func(m *Mode) uint64 { return extreme(m, slices.Min) }), integerText},
		{"", "  their share", ofMode(func(m *Mode) Fraction { return Ratio(extreme(m, slices.Min), m.Totals.Packets) }), percent[Fraction]},
		{"", "packets on a CPU, mean", ofMode(func(m *Mode) Fraction { return Ratio(m.Totals.Packets, len(m.CPUs)) }), integerText},
		{"", "packets on the most loaded CPU", count(func(m *Mode) uint64 { return extreme(m, slices.Max) }), integerText},
		{"", "  their share", ofMode(func(m *Mode) Fraction { return Ratio(extreme(m, slices.Max), m.Totals.Packets) }), percent[Fraction]},
		{"", "imbalance of packets, max ÷ mean", ofMode(func(m *Mode) Fraction { return m.Imbalance.Packets }), ratioText},
		{"", "imbalance in the busiest window", ofMode(func(m *Mode) Fraction { return imbalanceIn(m.Imbalance.BusiestWindow) }), ratioText},
		{"", "peak imbalance of a window", ofMode(func(m *Mode) Fraction { return imbalanceIn(PeakWindow(m.Series)) }), ratioText},
		{"", "imbalance of busy time", ofMode(func(m *Mode) Fraction { return m.Imbalance.Busy }), ratioText},
		{"", "Jain's index of packets", ofMode(func(m *Mode) Fraction { return m.Imbalance.Jain }), ratioText},
		{"", "utilization of the busiest CPU", ofMode(maxUtilization), percent[Fraction]},
		{"", "latency, mean", ofMode(meanLatency), timeText},
		{"", "latency p50, slowest CPU", ofSlowest(func(c *CPU) *int64 { return c.Latency.P50 }), timeText},
		{"", "latency p99, slowest CPU", ofSlowest(func(c *CPU) *int64 { return c.Latency.P99 }), timeText},
		{"", "latency, max", ofSlowest(func(c *CPU) *int64 { return c.Latency.Max }), timeText},
		{"", "flows", count(func(m *Mode) uint64 { return m.Affinity.Flows }), integerText},
		{"", "  that stayed on one CPU", count(func(m *Mode) uint64 { return m.Affinity.SingleCPUFlows }), integerText},
		{"", "  their share", ofMode(func(m *Mode) Fraction { return Ratio(m.Affinity.SingleCPUFlows, m.Affinity.Flows) }), percent[Fraction]},
		{"", "  migrations from CPU to CPU", count(func(m *Mode) uint64 { return m.Affinity.Migrations }), integerText},
	}...)
	if some(func(m Mode) bool { return m.Affinity.Connections > 0 }) {
		figures = append(figures, []figure{
			{"", "connections received both ways", count(func(m *Mode) uint64 { return m.Affinity.Connections }), integerText},
			{"", "  with both ways on one CPU", count(func(m *Mode) uint64 { return m.Affinity.SymmetricConnections }), integerText},
			{"", "  their share", ofMode(func(m *Mode) Fraction {
				return Ratio(m.Affinity.SymmetricConnections, m.Affinity.Connections)
			}), percent[Fraction]},
		}...)
	}
	if some(func(m Mode) bool { return !m.Affinity.SendReceiveMatch.IsNull() }) {
		figures = append(figures, figure{"", "sends on the CPU that last received", ofMode(func(m *Mode) Fraction { return m.Affinity.SendReceiveMatch }), percent[Fraction]})
	}
	return figures
}

// greatest is the greatest value among the mode's CPUs that is not null, or nil.
func greatest[N int64 | uint64](m *Mode, value func(c *CPU) *N) (most *N) {
	for i := range m.CPUs {
		if v := value(&m.CPUs[i]); v != nil && (most == nil || *v > *most) {
			most = v
		}
	}
	return most
}

func maxUtilization(m *Mode) Fraction {
	most := Null
	for i := range m.CPUs {
		if u := m.CPUs[i].Utilization; most.IsNull() || u > most {
			most = u
		}
	}
	return most
}

// extreme is what choose (slices.Min or slices.Max) finds among the CPUs'
// packets; 0 without a CPU.
func extreme(m *Mode, choose func([]uint64) uint64) uint64 {
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
func dropShare(m *Mode) Fraction { return Ratio(m.Totals.Drops, m.Totals.Packets+m.Totals.Drops) }

func meanLatency(m *Mode) Fraction {
	var sum int64
	for i := range m.CPUs {
		sum += m.CPUs[i].Latency.Sum
	}
	return Ratio(sum, m.Totals.Packets)
}

func fractionOf[N int64 | uint64](n *N) Fraction {
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
