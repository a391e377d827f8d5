package report

import (
	"fmt"
	"slices"
	"strings"
)

// summary says in at most three sentences what the traffic was, what the NIC did
// with it, and what that cost; they stand alone, without a table beside them.
func (r *Report) summary() []string {
	c := &r.Capture
	switch {
	case c.Packets == 0:
		why := c.nothing()
		return []string{strings.ToUpper(why[:1]) + why[1:] + ", so there is nothing to replay."}
	case c.Received == 0:
		return []string{fmt.Sprintf("The capture holds %s, none of them received: the NIC had nothing to spread.", plural(c.Packets, "packet", "packets"))}
	}
	sentences := []string{r.trafficSentence()}
	if i := ComparedMode(r.Modes); i >= 0 && r.Modes[i].Totals.Packets > 0 {
		sentences = append(sentences, r.spreadSentence(&r.Modes[i]), costSentence(&r.Modes[i]))
	}
	return sentences
}

func (r *Report) trafficSentence() string {
	c := &r.Capture
	s := fmt.Sprintf("The capture holds %s (%s)", plural(c.Packets, "packet", "packets"), byteSize(c.Bytes))
	if c.Duration > 0 {
		s += " in " + nanoseconds(c.Duration)
	}
	if c.Received == c.Packets {
		s += ", all received"
	} else {
		s += fmt.Sprintf(", %s of them received", exact(c.Received))
	}
	if r.FlowsNote == "" && r.Flows != nil && r.FlowsTotal > 0 { // else the flows are not those of the capture
		s += ", in " + plural(r.FlowsTotal, "flow", "flows")
		for f := range r.Flows {
			s += fmt.Sprintf("; the largest flow has %s of them", percent(Ratio(f.Packets, c.Received)))
			break
		}
	}
	if slices.ContainsFunc(c.Files, func(f File) bool { return f.Truncated || f.Loss != nil }) {
		s += "; what follows a damage in it is not counted"
	}
	return s + "."
}

// spreadSentence is about the CPU with the most packets.
func (r *Report) spreadSentence(m *Mode) string {
	var hashed uint64
	for _, count := range r.Capture.HashTypes {
		hashed += count.Packets
	}
	s := fmt.Sprintf("Without RSS (%s), ", m.Mode)
	if m.Mode != nonRSS {
		share := "all received packets"
		if hashed < r.Capture.Received {
			share = percent(Ratio(hashed, r.Capture.Received)) + " of the received packets"
		}
		s = fmt.Sprintf("RSS (%s) hashed %s and spread them over %s: ", m.Mode, share, plural(uint64(len(m.CPUs)), "CPU", "CPUs"))
	}
	most := m.mostLoaded()
	s += fmt.Sprintf("CPU %d took %s", most.CPU, percent(Ratio(most.Packets, m.Totals.Packets)))
	if len(m.CPUs) > 1 {
		s += fmt.Sprintf(", %s times the mean", fixed(m.Imbalance.Packets, 2))
	}
	return s + "."
}

// costSentence is about drops, busy time and latency.
func costSentence(m *Mode) string {
	s := "No packet was dropped"
	if m.Totals.Drops > 0 {
		verb := "were"
		if m.Totals.Drops == 1 {
			verb = "was"
		}
		s = fmt.Sprintf("%s (%s) %s dropped", plural(m.Totals.Drops, "packet", "packets"), percent(dropShare(m)), verb)
	}
	if busy := maxUtilization(m); !busy.IsNull() {
		s += fmt.Sprintf("; the busiest CPU was busy %s of the time", percent(busy))
	}
	if p99 := greatest(m, func(c *CPU) *int64 { return c.Latency.P99 }); p99 != nil {
		s += fmt.Sprintf("; the p99 of latency was at most %s on a CPU", nanoseconds(*p99))
	}
	return s + "."
}

// mostLoaded is the CPU with the most packets, the first of equals; nil without one.
func (m *Mode) mostLoaded() (most *CPU) {
	for i := range m.CPUs {
		if c := &m.CPUs[i]; most == nil || c.Packets > most.Packets {
			most = c
		}
	}
	return most
}
