package text

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// cpus is the load of each CPU, two modes beside one another.
func (s *screen) cpus(t *writer) {
	for modes := range slices.Chunk(s.r.Modes, 2) {
		if t.begun {
			t.line("")
		}
		s.cpusUnder(t, modes)
	}
}

// Columns of the CPU table beside its bars.
const (
	screenMargin   = 6  // margin and CPU
	screenFigures  = 25 // of each mode: packets, share and flows, with gaps
	screenBar      = 8  // at least
	screenBarLeast = 5  // beside wide numbers
	screenBarLimit = 24
	screenLabel    = 21
)

// cpusUnder is the CPUs with the most packets first, and below them the figures of each mode.
func (s *screen) cpusUnder(t *writer, modes []report.Mode) {
	compared := &s.r.Modes[max(report.ComparedMode(s.r.Modes), 0)]
	order := report.MostFirst(len(compared.CPUs), func(i int) uint64 { return compared.CPUs[i].Packets })
	shown := order
	if len(order) > s.mostCPUs {
		shown = order[:s.fewerCPUs]
	}
	bars := min(max((t.width-screenMargin-len(modes)*screenFigures)/len(modes), screenBar), screenBarLimit)
	g := s.cpuGrid(modes, shown, bars)
	for len(modes) > 1 && bars > screenBarLeast && len(words.Indent)+columnsWidth(g.columns) > t.width { // wide numbers
		bars--
		g = s.cpuGrid(modes, shown, bars)
	}
	second := t.width // where the second mode's columns begin
	if len(modes) > 1 {
		second = len(words.Indent) + columnsWidth(g.columns[:5]) + len(gap)
	}
	t.grid(g)
	s.otherCPUs(t, second, order[len(shown):], modes)
	if len(order) > 1 {
		s.row(t, second, "max ÷ mean", modes, func(m *report.Mode) cell {
			return plainCell(words.Fixed(m.Imbalance.Packets, 2))
		})
	}
	s.row(t, second, "flows on one CPU", modes, affineFlows)
	s.costs(t, second, modes)
	if n := s.r.RuleDrops; n != nil && *n > 0 { // alike in all modes: they come first
		s.row(t, second, "dropped by rules", modes, func(*report.Mode) cell {
			return plainCell(words.Count(*n) + " (" + report.ShareText(*n, s.r.Capture.Received) + ")")
		})
	}
}

// otherCPUs is one row for the CPUs that have none of their own.
func (s *screen) otherCPUs(t *writer, second int, rest []int, modes []report.Mode) {
	if len(rest) == 0 {
		return
	}
	s.row(t, second, words.Plural(uint64(len(rest)), "other CPU", "other CPUs"), modes, func(m *report.Mode) cell {
		least, greatest := m.CPUs[rest[0]].Packets, uint64(0)
		for _, i := range rest {
			least, greatest = min(least, m.CPUs[i].Packets), max(greatest, m.CPUs[i].Packets)
		}
		if least == greatest {
			return plainCell(words.Count(least) + " packets each")
		}
		return plainCell(words.Count(least) + " to " + words.Count(greatest) + " packets")
	})
}

// affineFlows is how many flows stay on one CPU, and how often the others move.
func affineFlows(m *report.Mode) cell {
	text := fmt.Sprintf("%s of %s", words.Count(m.Affinity.SingleCPUFlows), words.Count(m.Affinity.Flows))
	switch n := m.Affinity.Migrations; n {
	case 0:
	case 1:
		text += ": 1 move"
	default:
		text += ": " + words.Count(n) + " moves"
	}
	return plainCell(text)
}

// costs are the rows that follow from what packets cost, and say where that is from.
func (s *screen) costs(t *writer, second int, modes []report.Mode) {
	origin := " (assumed)"
	if s.r.Parameters.Measured() {
		origin = " (measured)"
	}
	if untimed := s.r.Untimed(); untimed != "" {
		s.row(t, second, "busy, p99", modes, func(*report.Mode) cell { return plainCell("unknown: " + untimed) })
		origin = " (" + untimed + ")"
	} else {
		s.busy(t, second, origin, modes)
	}
	if report.HasHeadroom(modes) {
		s.headrooms(t, second, modes)
	}
	s.drops(t, second, "dropped"+origin, modes, func(m *report.Mode) uint64 { return m.Totals.Drops })
	s.drops(t, second, "RPS drops"+origin, modes, (*report.Mode).BacklogDrops)
}

// drops is the packets of a kind that found no room, and their share of those that came to
// a queue; no row where there is none.
func (s *screen) drops(t *writer, second int, name string, modes []report.Mode, of func(*report.Mode) uint64) {
	if !slices.ContainsFunc(modes, func(m report.Mode) bool { return of(&m) > 0 }) {
		return
	}
	s.row(t, second, name, modes, func(m *report.Mode) cell {
		drops := of(m)
		if drops == 0 {
			return plainCell("0")
		}
		return dropCell(words.Count(drops)+" ("+report.ShareText(drops, m.Arrived())+")", drops)
	})
}

// busy is how much of the time the busiest CPU works, and how long packets wait.
func (s *screen) busy(t *writer, second int, origin string, modes []report.Mode) {
	s.row(t, second, "busy, p99"+origin, modes, func(m *report.Mode) cell {
		p99 := words.NanosecondsOrNone(report.Greatest(m, func(c *report.CPU) *int64 { return c.Latency.P99 }))
		busy := report.MaxUtilization(m)
		if busy.IsNull() {
			return plainCell("unknown, " + p99)
		}
		if m.TakesTurns() { // its CPUs take turns, so that their times add up
			turns := " (one CPU at a time), "
			if t.width < screenWidth {
				turns = " in turn, "
			}
			return plainCell(words.Percent(report.Ratio(m.Totals.ISRTime+m.Totals.DPCTime, m.Simulated)) + turns + p99)
		}
		return cell{words.Percent(busy) + ", " + p99, report.UtilizationStyle(busy)}
	})
}

// cpuGrid is the CPUs shown under each mode, with bars of so many columns.
func (s *screen) cpuGrid(modes []report.Mode, shown []int, bars int) *grid {
	var most uint64
	for i := range modes {
		most = max(most, report.Extreme(&modes[i], slices.Max))
	}
	g := &grid{keys: 1, columns: []column{{head: "CPU"}}}
	for i := range modes {
		title, _ := report.EverydayMode(modes[i].Mode)
		g.columns = append(g.columns, column{group: title, head: "packets"}, column{group: title, head: "share"},
			column{group: title, left: true}, column{group: title, head: "flows"})
	}
	for _, i := range shown {
		cells := []cell{plainCell(fmt.Sprint(modes[0].CPUs[i].CPU))}
		for j := range modes {
			c := &modes[j].CPUs[i]
			share := report.Ratio(c.Packets, modes[j].Totals.Packets)
			b := words.BarIn(c.Packets, most, bars)
			b += strings.Repeat(" ", max(bars-words.DisplayWidth(b), 0))
			cells = append(cells, plainCell(words.Count(c.Packets)), plainCell(words.Percent(share)),
				cell{b, report.Heat(share * report.Fraction(len(modes[j].CPUs)))}, plainCell(words.Count(c.Flows)))
		}
		g.row(cells...)
	}
	return g
}

// row is a figure of each mode, below the columns of its CPUs; second is where
// those of the second mode begin.
func (s *screen) row(t *writer, second int, label string, modes []report.Mode, value func(m *report.Mode) cell) {
	var b strings.Builder
	b.WriteString(words.Indent + label)
	used := len(words.Indent) + words.DisplayWidth(label)
	for i := range modes {
		at := len(words.Indent) + screenLabel
		if i > 0 {
			at = second
		}
		c := value(&modes[i])
		b.WriteString(strings.Repeat(" ", max(at-used, len(gap))) + t.paint(c.text, c.style))
		used = max(at, used+len(gap)) + words.DisplayWidth(c.text)
	}
	t.line(b.String())
}

// headrooms are how much more each mode holds, and why that can't be said where it can't.
func (s *screen) headrooms(t *writer, second int, modes []report.Mode) {
	var unknown []string
	s.row(t, second, "headroom (assumed)", modes, func(m *report.Mode) cell {
		switch h := m.Headroom; {
		case h != nil && h.Unknown != "":
			if !slices.Contains(unknown, h.Unknown) {
				unknown = append(unknown, h.Unknown)
			}
			return plainCell("unknown")
		case h != nil && h.Limit != nil:
			return plainCell(h.Times() + ": " + h.ShortEnd(m.Mode))
		}
		return plainCell(m.Headroom.Times())
	})
	for _, why := range unknown {
		for _, l := range words.Wrap(strings.Split("Headroom unknown: "+why+".", " "), t.width-2*len(words.Indent)) {
			t.line(words.Indent + words.Indent + l)
		}
	}
}
