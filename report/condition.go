package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Condition is a figure, how it is compared, and with what: imbalance.packets>1.5.
type Condition struct {
	text   string
	mode   string // "" for the first one
	metric string
	op     string
	limit  float64
}

// conditionMetrics are the figures of a mode that conditions know.
var conditionMetrics = []struct {
	name  string
	time  bool // in ns
	value func(m *Mode) Fraction
}{
	{"imbalance.packets", false, func(m *Mode) Fraction { return m.Imbalance.Packets }},
	{"imbalance.bytes", false, func(m *Mode) Fraction { return m.Imbalance.Bytes }},
	{"imbalance.busy", false, func(m *Mode) Fraction { return m.Imbalance.Busy }},
	{"jain", false, func(m *Mode) Fraction { return m.Imbalance.Jain }},
	{"drops", false, func(m *Mode) Fraction { return Fraction(m.Totals.Drops) }},
	{"interrupts", false, func(m *Mode) Fraction { return Fraction(m.Totals.Interrupts) }},
	{"migrations", false, func(m *Mode) Fraction { return Fraction(m.Affinity.Migrations) }},
	{"utilization.max", false, maxUtilization},
	{"latency.p50", true, func(m *Mode) Fraction { return fractionOf(greatest(m, func(c *CPU) *int64 { return c.Latency.P50 })) }},
	{"latency.p99", true, func(m *Mode) Fraction { return fractionOf(greatest(m, func(c *CPU) *int64 { return c.Latency.P99 })) }},
	{"latency.max", true, func(m *Mode) Fraction { return fractionOf(greatest(m, func(c *CPU) *int64 { return c.Latency.Max })) }},
}

// ParseCondition reads METRIC OP NUMBER, with a mode and a dot before it if it is
// of another mode than the first.
func ParseCondition(s string) (Condition, error) {
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
	isTime := false
	var known []string
	for _, m := range conditionMetrics {
		known = append(known, m.name)
		mode, ok := strings.CutSuffix(name, m.name)
		if ok && (mode == "" || len(mode) > 1 && strings.HasSuffix(mode, ".")) {
			c.mode, c.metric, isTime = strings.TrimSuffix(mode, "."), m.name, m.time
		}
	}
	if c.metric == "" {
		return c, fmt.Errorf("no figure is named %q; there is %s", name, strings.Join(known, ", "))
	}
	if isTime {
		d, err := time.ParseDuration(number)
		if err != nil {
			return c, fmt.Errorf("%s is a time: compare it with one, as 50us or 1.5ms", c.metric)
		}
		c.limit = float64(d)
		return c, nil
	}
	var err error
	if c.limit, err = strconv.ParseFloat(number, 64); err != nil || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return c, fmt.Errorf("%q is no number to compare %s with", number, c.metric)
	}
	return c, nil
}

// Holds tells whether the condition holds of the modes, and what the figure is; it
// does not hold of a figure that is null. The error says that there is no such mode.
func (c *Condition) Holds(modes []Mode) (holds bool, what string, err error) {
	at := 0
	if c.mode != "" {
		at = slices.IndexFunc(modes, func(m Mode) bool { return m.Mode == c.mode })
	}
	if at < 0 || at >= len(modes) {
		var names []string
		for _, m := range modes {
			names = append(names, m.Mode)
		}
		return false, "", fmt.Errorf("%s: no mode %q was replayed, but %s (--mode)", c.text, c.mode, strings.Join(names, ", "))
	}
	m := &modes[at]
	for _, metric := range conditionMetrics {
		if metric.name != c.metric {
			continue
		}
		value := metric.value(m)
		if value.IsNull() || !c.compare(float64(value)) {
			return false, "", nil
		}
		text := strconv.FormatFloat(float64(value), 'f', 6, 64)
		if metric.time {
			text = time.Duration(value).String()
		} else if v := float64(value); v == math.Trunc(v) {
			text = strconv.FormatFloat(v, 'f', 0, 64)
		}
		return true, fmt.Sprintf("%s: %s is %s under %s", c.text, c.metric, text, m.Mode), nil
	}
	return false, "", nil
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
