package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"rssreplay/report/internal/words"
)

// Headroom is how much faster the packets may come in one mode: the greatest factor on
// their rate at which its serial unit has time left (Mode.Serial), and no packet is
// dropped but those that are at a hundredth of the rate, too.
type Headroom struct {
	Factor Fraction `json:"factor"` // null: not even a hundredth
	Limit  *string  `json:"limit"`  // what ends it: LimitCPU, LimitRing or LimitBacklog; null: nothing, up to Factor
	CPU    *int     `json:"cpu"`    // that is full, or its backlog; null where that is the one interrupt, of whichever CPU
	Queue  *int     `json:"queue"`  // whose ring overflows
	At     *int64   `json:"at_ns"`  // when the first packet comes that is dropped, at the rate that there is
	// It was found on so many packets, from a moment on.
	Packets uint64 `json:"packets"`
	Start   int64  `json:"start_ns"`

	// Unknown says why nothing can be said; the JSON is then null.
	Unknown string `json:"-"`
}

// What ends a headroom.
const (
	LimitCPU  = "cpu"  // the unit that can't run beside itself has no time left
	LimitRing = "ring" // a ring overflows, and that unit has time left
	// LimitBacklog: a CPU's backlog overflows, likewise.
	LimitBacklog = "backlog"
)

// MarshalJSON writes null where nothing can be said.
func (h *Headroom) MarshalJSON() ([]byte, error) {
	if h.Unknown != "" {
		return []byte("null"), nil
	}
	type plain Headroom
	return json.Marshal((*plain)(h))
}

// factor is h's factor; null without one.
func (h *Headroom) factor() Fraction {
	if h == nil || h.Unknown != "" {
		return Null
	}
	return h.Factor
}

// Ratio is h's factor ÷ another's; null where one of them has no end that is known.
func (h *Headroom) Ratio(to *Headroom) Fraction {
	if h.factor().IsNull() || to.factor().IsNull() || h.Limit == nil || to.Limit == nil {
		return Null
	}
	return h.Factor / to.Factor
}

// Times is how many times the rate holds.
func (h *Headroom) Times() string {
	switch {
	case h == nil || h.Unknown != "":
		return words.None
	case h.Factor.IsNull():
		return "not even 0.01 ×"
	}
	return factorText(h.Factor)
}

// mostHeadroom is a factor that nothing ends: no greater one is tried.
const mostHeadroom = 1000

// factorText is a factor with three digits.
func factorText(f Fraction) string {
	switch {
	case f.IsNull():
		return words.None
	case f >= mostHeadroom:
		return "at least 1,000 ×"
	}
	decimals := 2
	switch {
	case f >= 100:
		decimals = 0
	case f >= 10:
		decimals = 1
	case f < 1:
		decimals = 3
	}
	return words.Fixed(f, decimals) + " ×"
}

// End is what ends it, in a clause; "" where nothing does.
func (h *Headroom) End(mode string) string {
	switch {
	case h == nil:
		return ""
	case h.Unknown != "":
		return h.Unknown
	case h.Limit == nil:
		return "nothing up to there"
	case *h.Limit == LimitRing && h.Queue != nil && h.At != nil:
		ring := fmt.Sprintf("the ring of queue %d", *h.Queue)
		if mode == NonRSS || mode == RSSSingleQueue {
			ring = "the ring"
		}
		return fmt.Sprintf("%s overflows at %s", ring, words.Nanoseconds(*h.At))
	case *h.Limit == LimitBacklog && h.CPU != nil && h.At != nil:
		return fmt.Sprintf("the backlog of CPU %d overflows at %s", *h.CPU, words.Nanoseconds(*h.At))
	case h.CPU != nil:
		return fmt.Sprintf("CPU %d is full", *h.CPU)
	}
	return "the one interrupt is busy all the time"
}

// ShortEnd is what ends it, in few words.
func (h *Headroom) ShortEnd(mode string) string {
	switch {
	case *h.Limit == LimitRing && h.Queue != nil && mode != NonRSS && mode != RSSSingleQueue:
		return fmt.Sprintf("ring %d full", *h.Queue)
	case *h.Limit == LimitRing:
		return "ring full"
	case *h.Limit == LimitBacklog && h.CPU != nil:
		return fmt.Sprintf("backlog of CPU %d full", *h.CPU)
	case h.CPU != nil:
		return fmt.Sprintf("CPU %d full", *h.CPU)
	}
	return "interrupt full"
}

// HasHeadroom tells whether it was asked for.
func HasHeadroom(modes []Mode) bool {
	for i := range modes {
		if modes[i].Headroom != nil {
			return true
		}
	}
	return false
}

// headroomFigures are the rows of what each mode holds; of is what a scenario is compared
// with, nil for none.
func headroomFigures(of *Scenario) []Figure {
	figures := []Figure{figure("", "headroom: holds N × this rate", ofMode(func(m *Mode) Fraction { return m.Headroom.factor() }), factorText, leading, asLoadOverRate)}
	if of != nil {
		figures = append(figures, figure("", "  beside the first scenario's", func(s *Scenario, m *Mode) Fraction {
			first := of.ModeNamed(m.Mode)
			if s == nil || first == nil {
				return Null
			}
			return m.Headroom.Ratio(first.Headroom)
		}, ratioTimesText, leading, asLoadOverRate))
	}
	return figures
}

// ratioTimesText is a ratio of two headrooms.
func ratioTimesText(f Fraction) string {
	if f.IsNull() {
		return words.None
	}
	return words.Fixed(f, 2) + " ×"
}

// costsOrigin says in a clause where a report's costs come from.
func costsOrigin(p Parameters) string {
	var sources []string
	for _, name := range []string{"packet-cost", "dpc-cost", "isr-cost"} {
		cost := p.Named(name)
		if cost == nil || cost.Source == DefaultSource {
			continue
		}
		if len(sources) == 0 || sources[len(sources)-1] != cost.Source {
			sources = append(sources, cost.Source)
		}
	}
	if len(sources) == 0 {
		return "costs: assumptions"
	}
	return "costs by " + strings.Join(sources, ", ")
}

// HeadroomSentence says what each mode holds, what ends it, and by which costs; "" where
// it was not asked for.
func HeadroomSentence(modes []Mode, p Parameters) string {
	var parts []string
	for i := range modes {
		m := &modes[i]
		switch h := m.Headroom; {
		case h == nil:
		case h.Unknown != "":
			parts = append(parts, m.Mode+": nothing can be said, as "+h.Unknown)
		case h.Factor.IsNull():
			parts = append(parts, m.Mode+" does not even hold 0.01 × this rate: "+h.End(m.Mode))
		case h.Limit == nil:
			parts = append(parts, m.Mode+" holds "+h.Times()+" this rate")
		default:
			parts = append(parts, m.Mode+" holds "+h.Times()+" this rate, then "+h.End(m.Mode))
		}
	}
	if parts == nil {
		return ""
	}
	return "Headroom (" + costsOrigin(p) + "): " + strings.Join(parts, "; ") + "."
}

// HeadroomSentences say how the scenarios' headrooms compare, the ratios first: the costs
// hardly change them. nil where there is nothing to compare.
func (c *Compare) HeadroomSentences() []string {
	const most = 4 // of more scenarios only the best
	first := &c.Scenarios[0]
	of := first.Mode()
	if of.Headroom.factor().IsNull() {
		return nil
	}
	best, ratios := 0, false
	var parts []string
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		m := s.Mode()
		if i == 0 || m.Headroom.factor().IsNull() {
			continue
		}
		part := fmt.Sprintf("“%s” %s", s.Name, m.Headroom.Times())
		if ratio := m.Headroom.Ratio(of.Headroom); !ratio.IsNull() {
			part += fmt.Sprintf(" (%s times as much)", words.Fixed(ratio, 2))
			ratios = true
		}
		if m.Headroom.Factor > c.Scenarios[best].Mode().Headroom.Factor {
			best = i
			if len(c.Scenarios) > most {
				parts = nil
			}
		}
		if len(c.Scenarios) <= most || best == i {
			parts = append(parts, part)
		}
	}
	sentence := fmt.Sprintf("“%s” holds %s today's traffic", first.Name, of.Headroom.Times())
	switch {
	case len(c.Scenarios) > most && best == 0:
		sentence += ", and no other holds more"
	case len(c.Scenarios) > most:
		sentence += ", the most holds " + parts[0]
	case parts != nil:
		sentence += ", " + strings.Join(parts, ", ")
	}
	sentences := []string{sentence + "."}
	if ratios {
		return append(sentences, "The ratios depend little on the costs; the factors themselves follow from them ("+costsOrigin(first.Parameters)+").")
	}
	return append(sentences, "The factors follow from the costs ("+costsOrigin(first.Parameters)+").")
}

// HeadroomSentences say how much more the suggestions hold than what there is; nil where
// that was not asked for.
func (s *Suggest) HeadroomSentences() []string {
	if s.Present.Headroom == nil {
		return nil
	}
	scenario := func(name string, h *Headroom) Scenario {
		return Scenario{Name: name, Parameters: s.Parameters, Compared: s.Mode, Modes: List[Mode]{{Mode: s.Mode, Headroom: h}}}
	}
	c := &Compare{Scenarios: List[Scenario]{scenario("present", s.Present.Headroom)}}
	for i := range s.Suggestions {
		c.Scenarios = append(c.Scenarios, scenario(s.Suggestions[i].ID, s.Suggestions[i].Predicted.Headroom))
	}
	if sentences := c.HeadroomSentences(); sentences != nil {
		return sentences
	}
	return []string{HeadroomSentence(c.Scenarios[0].Modes, s.Parameters)}
}
