package report

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// Summary says what the traffic was, what the NIC did with it, and what that cost, in
// the words of the first screen; the sentences stand alone, without a table beside
// them.
func (r *Report) Summary() []string {
	c := &r.Capture
	switch {
	case c.Packets == 0:
		why := c.nothing()
		return []string{strings.ToUpper(why[:1]) + why[1:] + ", so there is nothing to replay."}
	case c.Received == 0:
		packets := "1 packet, which was not received"
		if c.Packets > 1 {
			packets = words.Exact(c.Packets) + " packets, none of them received"
		}
		return []string{"The capture holds " + packets + ": the NIC had nothing to spread."}
	}
	sentences := []string{r.TrafficSentence()}
	i := ComparedMode(r.Modes)
	if i < 0 || r.Modes[i].Totals.Packets == 0 {
		return sentences
	}
	load, _ := r.loadStatement()
	if statements := r.Verdict(); load.Text == "" {
		sentences = append(sentences, r.spreadSentence(&r.Modes[i]))
	} else {
		switch first := &statements[0]; {
		case !first.Load:
			sentences = append(sentences, first.Text)
		case first.Why != "":
			load.Text += " " + first.Why
		default:
			load = *first // which may be a finding's words for it
		}
		sentences = append(sentences, load.Text)
	}
	if r.Untimed() == "" { // else they follow from what is no clock
		sentences = append(sentences, r.costSentence(&r.Modes[i]))
	}
	if headroom := HeadroomSentence(r.Modes, r.Parameters); headroom != "" {
		sentences = append(sentences, headroom)
	}
	return sentences
}

// TrafficSentence is the capture in a sentence.
func (r *Report) TrafficSentence() string {
	s := r.Traffic()
	if len(r.Capture.Losses()) > 0 {
		s += "; what follows a damage in it is not counted"
	}
	return s + "."
}

// spreadSentence is about the CPU with the most packets, where nothing is spread.
func (r *Report) spreadSentence(m *Mode) string {
	how := "Without RSS"
	if m.Mode != NonRSS {
		how = "Under " + m.Mode
	}
	most := m.MostLoaded()
	return fmt.Sprintf("%s, CPU %d takes %s of the packets.", how, most.CPU, words.Percent(Ratio(most.Packets, m.Totals.Packets)))
}

// costSentence is about drops, busy time and latency, and whose costs they follow from: no
// capture shows them.
func (r *Report) costSentence(m *Mode) string {
	s := "With assumed costs"
	switch cost := r.Parameters.Named("packet-cost"); {
	case r.Parameters.Measured():
		s = "With the costs that were measured"
	case cost != nil && cost.Source != DefaultSource:
		s = "With the costs given"
	}
	s += " " + m.dropsInWords()
	if slices.ContainsFunc(r.Modes, func(other Mode) bool { return other.Overflows() != m.Overflows() }) { // they stand beside it
		s += " under " + m.Mode
	}
	if m.Overflows() == 0 && r.RuleDrops != nil && *r.RuleDrops > 0 {
		s += " but by rules"
	}
	if m.Instant && m.Totals.Packets > 0 {
		s += "; how busy a CPU is can't be told, since the packets span no time"
	} else if busy := MaxUtilization(m); !busy.IsNull() {
		s += fmt.Sprintf("; the busiest CPU is busy %s of the time", words.Percent(busy))
	}
	if p99 := Greatest(m, func(c *CPU) *int64 { return c.Latency.P99 }); p99 != nil {
		s += fmt.Sprintf("; the p99 of latency is at most %s on a CPU", words.Nanoseconds(*p99))
	}
	return s + "."
}

// dropsInWords says how many packets found no room, and where that was if not in a ring.
func (m *Mode) dropsInWords() string {
	rings, backlogs := m.Totals.Drops, m.BacklogDrops()
	count := func(n uint64) string {
		return fmt.Sprintf("%s (%s)", words.Plural(n, "packet", "packets"), ShareText(n, m.Arrived()))
	}
	are := func(n uint64) string {
		if n == 1 {
			return " is dropped"
		}
		return " are dropped"
	}
	switch {
	case rings == 0 && backlogs == 0:
		return "no packet is dropped"
	case backlogs == 0:
		return count(rings) + are(rings)
	case rings == 0:
		return count(backlogs) + are(backlogs) + " in full backlogs of RPS"
	}
	return count(rings) + are(rings) + " in rings, and " + count(backlogs) + " in full backlogs of RPS"
}

// MostLoaded is the CPU with the most packets, the first of equals; nil without one.
func (m *Mode) MostLoaded() (most *CPU) {
	for i := range m.CPUs {
		if c := &m.CPUs[i]; most == nil || c.Packets > most.Packets {
			most = c
		}
	}
	return most
}
