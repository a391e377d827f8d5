package findings

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Condition is a figure, how it is compared, and with what: imbalance.packets>1.5.
type Condition struct {
	text   string
	mode   string // "" for the first one
	metric metric
	op     string
	limit  float64
}

// Values are what conditions are asked of: a replay, or one scenario of a comparison.
type Values struct {
	Modes      []report.Mode
	Findings   []report.Finding
	FlowsMoved *uint64 // null where it is not known
}

// Terms says which figures the conditions of a command may name, beside those of modes.
type Terms struct{ Findings, FlowsMoved bool }

// metric is a figure that conditions know.
type metric struct {
	name string
	time bool // in ns
	// value is the figure of a mode; nil for one of the whole.
	value func(m *report.Mode) report.Fraction
	// count is that of the whole, and what it counts, for a reader; the error says
	// that it is not known.
	count func(j *Values) (n uint64, what string, err error)
	of    func(j Terms) bool // has a command such a figure of the whole?
	lack  string             // what to do where it has not
}

// modeMetrics are the figures of a mode.
var modeMetrics = []metric{
	{name: "imbalance.packets", value: func(m *report.Mode) report.Fraction { return m.Imbalance.Packets }},
	{name: "imbalance.bytes", value: func(m *report.Mode) report.Fraction { return m.Imbalance.Bytes }},
	{name: "imbalance.busy", value: func(m *report.Mode) report.Fraction { return m.Imbalance.Busy }},
	{name: "jain", value: func(m *report.Mode) report.Fraction { return m.Imbalance.Jain }},
	{name: "drops", value: func(m *report.Mode) report.Fraction { return report.Fraction(m.Overflows()) }},
	{name: "interrupts", value: func(m *report.Mode) report.Fraction { return report.Fraction(m.Totals.Interrupts) }},
	{name: "migrations", value: func(m *report.Mode) report.Fraction { return report.Fraction(m.Affinity.Migrations) }},
	{name: "utilization.max", value: report.MaxUtilization},
	{name: "latency.p50", time: true, value: ofSlowest(func(l *report.Latency) *int64 { return l.P50 })},
	{name: "latency.p99", time: true, value: ofSlowest(func(l *report.Latency) *int64 { return l.P99 })},
	{name: "latency.max", time: true, value: ofSlowest(func(l *report.Latency) *int64 { return l.Max })},
}

// ofSlowest is a time of the CPU of which it is the greatest.
func ofSlowest(time func(l *report.Latency) *int64) func(m *report.Mode) report.Fraction {
	return func(m *report.Mode) report.Fraction {
		return report.FractionOf(report.Greatest(m, func(c *report.CPU) *int64 { return time(&c.Latency) }))
	}
}

// wholeMetrics are the figures of a whole: how many findings there are, of each kind and
// in all, and how many flows moved.
func wholeMetrics() []metric {
	findings := func(name string, counts func(f *report.Finding) bool) metric {
		return metric{
			name: name, of: func(j Terms) bool { return j.Findings },
			lack: "a comparison draws no findings: replay the scenario alone",
			count: func(j *Values) (uint64, string, error) {
				var ids []string
				for i := range j.Findings {
					if counts(&j.Findings[i]) {
						ids = append(ids, j.Findings[i].ID)
					}
				}
				return uint64(len(ids)), strings.Join(ids, ", "), nil
			},
		}
	}
	all := []metric{findings("findings", func(*report.Finding) bool { return true })}
	for _, severity := range []string{report.Problem, report.Warning, report.Note} {
		all = append(all, findings("findings."+severity, func(f *report.Finding) bool { return f.Severity == severity }))
	}
	for _, id := range findingIDs() {
		all = append(all, findings("findings."+id, func(f *report.Finding) bool { return f.ID == id }))
	}
	return append(all, metric{
		name: "flows_moved", of: func(j Terms) bool { return j.FlowsMoved },
		lack: "flows move between two scenarios or reports: `rssreplay compare` and `rssreplay diff` have it",
		count: func(j *Values) (uint64, string, error) {
			if j.FlowsMoved == nil {
				return 0, "", errors.New("how many flows moved is not known: both sides must have all flows of one capture (--flows all), and the same addresses")
			}
			return *j.FlowsMoved, "", nil
		},
	})
}

// ParseCondition reads METRIC OP NUMBER, with a mode and a dot before it if it is
// of another mode than the first. The command has the figures of the whole that has
// tells.
func ParseCondition(s string, has Terms) (Condition, error) {
	c := Condition{text: s}
	at := strings.IndexAny(s, "<>=!")
	if at < 0 {
		return c, errors.New("no comparison: write a figure, one of > >= < <= == !=, and a number, as drops>0")
	}
	rest := s[at:]
	for _, op := range []string{">=", "<=", "==", "!=", ">", "<"} {
		if strings.HasPrefix(rest, op) {
			c.op = op
			break
		}
	}
	if c.op == "" {
		return c, errors.New("its comparison must be one of > >= < <= == !=")
	}
	name, number := strings.TrimSpace(s[:at]), strings.TrimSpace(rest[len(c.op):])
	if err := c.findMetric(name, has); err != nil {
		return c, err
	}
	if c.metric.time {
		d, err := time.ParseDuration(number)
		if err != nil {
			return c, fmt.Errorf("%s is a time: compare it with one, as 50us or 1.5ms", c.metric.name)
		}
		c.limit = float64(d)
		return c, nil
	}
	var err error
	if c.limit, err = strconv.ParseFloat(number, 64); err != nil || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return c, fmt.Errorf("%q is no number to compare %s with", number, c.metric.name)
	}
	return c, nil
}

// findMetric sets the metric of that name, and the mode that is before it.
func (c *Condition) findMetric(name string, has Terms) error {
	var known []string
	for _, m := range modeMetrics {
		known = append(known, m.name)
		mode, ok := strings.CutSuffix(name, m.name)
		if ok && (mode == "" || len(mode) > 1 && strings.HasSuffix(mode, ".")) {
			c.mode, c.metric = strings.TrimSuffix(mode, "."), m
			return nil
		}
	}
	for _, m := range wholeMetrics() {
		if m.of(has) && !strings.HasPrefix(m.name, "findings.") {
			known = append(known, m.name)
		}
		switch {
		case m.name == name && !m.of(has):
			return fmt.Errorf("there is no %s here: %s", name, m.lack)
		case m.name == name:
			c.metric = m
			return nil
		case strings.HasSuffix(name, "."+m.name):
			return fmt.Errorf("%s is of no mode: leave out what is before it", m.name)
		}
	}
	if id, ok := strings.CutPrefix(name, "findings."); ok && has.Findings {
		return fmt.Errorf("no finding is named %q; there is %s", id, strings.Join(findingIDs(), ", "))
	}
	if meant := haveWord(known, name); meant != "" {
		return fmt.Errorf("no figure is named %q; did you mean %s?", name, meant)
	}
	return fmt.Errorf("no figure is named %q; there is %s", name, strings.Join(known, ", "))
}

// haveWord are those of the figures of which the name is a word, "imbalance" or "p99", as they
// are to be written after a mode that stands before it; "" if none has it.
func haveWord(known []string, name string) string {
	mode, word := "", name
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		mode, word = name[:at+1], name[at+1:]
	}
	var meant []string
	for _, figure := range known {
		if slices.Contains(strings.Split(figure, "."), word) {
			meant = append(meant, mode+figure)
		}
	}
	return words.Or(meant)
}

// Holds tells whether the condition holds, and what the figure is; it does not hold of a
// figure over nothing, which is null. The error says that there is no such mode, or that
// the figure is not known.
func (c *Condition) Holds(j *Values) (holds bool, what string, err error) {
	if c.metric.count != nil {
		n, of, err := c.metric.count(j)
		if err != nil {
			return false, "", fmt.Errorf("%s: %w", c.text, err)
		}
		if !c.compare(float64(n)) {
			return false, "", nil
		}
		if of != "" {
			of = " (" + of + ")"
		}
		return true, fmt.Sprintf("%s: %s is %d%s", c.text, c.metric.name, n, of), nil
	}
	at := 0
	if c.mode != "" {
		at = slices.IndexFunc(j.Modes, func(m report.Mode) bool { return m.Mode == c.mode })
	}
	if at < 0 || at >= len(j.Modes) {
		var names []string
		for _, m := range j.Modes {
			names = append(names, m.Mode)
		}
		return false, "", fmt.Errorf("%s: no mode %q was replayed, but %s (--mode)", c.text, c.mode, strings.Join(names, ", "))
	}
	m := &j.Modes[at]
	value := c.metric.value(m)
	if value.IsNull() || !c.compare(float64(value)) {
		return false, "", nil
	}
	text := strconv.FormatFloat(float64(value), 'f', 6, 64)
	if c.metric.time {
		text = time.Duration(value).String()
	} else if v := float64(value); v == math.Trunc(v) {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	return true, fmt.Sprintf("%s: %s is %s under %s", c.text, c.metric.name, text, m.Mode), nil
}

func (c *Condition) compare(v float64) bool {
	switch c.op {
	case ">":
		return v > c.limit
	case ">=":
		return v >= c.limit
	case "<":
		return v < c.limit
	case "<=":
		return v <= c.limit
	case "!=":
		return v != c.limit
	}
	return v == c.limit
}
