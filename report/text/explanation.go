package text

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// WriteExplanation writes x as text: the packet, the hash field by field, and
// for each mode the numbered steps and what the latency consists of. All times
// are exact. Errors are those of w.
func WriteExplanation(w io.Writer, x *report.Explanation, o Options) error {
	t := newWriter(w, o)
	t.opening(&x.Words, x.Notes)
	t.explainedPacket(&x.Packet)
	if x.Steering != nil {
		t.steering(x.Steering)
	}
	for i := range x.Modes {
		t.story(&x.Modes[i], x)
	}
	return t.flush()
}

func (t *writer) explainedPacket(p *report.ExplainedPacket) {
	what := "received"
	if p.Sent {
		what = "sent"
	}
	t.heading(fmt.Sprintf("Packet %s", words.Exact(uint64(p.Number))), what+" at "+moment(p.At))
	const labels = 11
	if p.Protocol == nil {
		t.para("flow", labels, "none: no IP header", report.Plain)
	} else {
		flow := fmt.Sprintf("%s %s → %s", *p.Protocol, end(*p.Source, p.SourcePort), end(*p.Destination, p.DestinationPort))
		if p.InnerOf != nil {
			flow += ", the inner headers of " + *p.InnerOf
		}
		t.para("flow", labels, flow, report.Plain)
	}
	length := words.Exact(uint64(p.Bytes)) + " bytes on the wire"
	if p.Captured < int(p.Bytes) {
		length += ", " + words.Exact(uint64(p.Captured)) + " of them captured"
	}
	t.para("length", labels, length, report.Plain)
	if !p.Time.IsZero() {
		t.para("timestamp", labels, p.Time.UTC().Format(report.TimeLayout), report.Plain)
	}
}

// end is an address with or without a port.
func end(addr string, port *uint16) string {
	switch {
	case port == nil:
		return addr
	case strings.Contains(addr, ":"):
		return "[" + addr + "]:" + strconv.Itoa(int(*port))
	}
	return addr + ":" + strconv.Itoa(int(*port))
}

// steeringLabels is the width of the labels of what steers a packet.
const steeringLabels = 21

// steering writes where the packet goes, and by what.
func (t *writer) steering(s *report.Steering) {
	t.heading("Where it goes", "")
	if s.Filter != nil {
		t.para("rule", steeringLabels, fmt.Sprintf("%d took it before RSS: %s", *s.Filter, *s.Action), report.Plain)
		if s.Dropped {
			return
		}
	}
	if s.Woke != nil {
		t.para("rule", steeringLabels, fmt.Sprintf("%d ends the search for rules: Wake-on-LAN, which steers nothing", *s.Woke), report.Plain)
	}
	if s.Unhashed != nil {
		t.para("hash", steeringLabels, "none: "+unhashedWords(*s.Unhashed), report.Plain)
	} else {
		t.hash(s)
	}
	t.para("queue", steeringLabels, queueOf(s), report.Plain)
	t.para("CPU", steeringLabels, fmt.Sprintf("%d, by the affinity of queue %d", s.CPU, s.Queue), report.Plain)
}

// byRule reports whether a rule, and not a table, chose the queue.
func byRule(s *report.Steering) bool { return s.Filter != nil && s.Context == nil }

// hash writes the fields that are hashed, the hash, and which entry it chooses.
func (t *writer) hash(s *report.Steering) {
	t.para("hash type", steeringLabels, s.HashType, report.Plain)
	for _, in := range s.Input {
		text := in.Value
		if in.Bytes != nil {
			text = fmt.Sprintf("%s  (%s)", spaced(*in.Bytes), in.Value)
		}
		t.para(in.Field, steeringLabels, text, report.Plain)
	}
	if s.Hashed != nil && *s.Hashed != inputBytes(s) {
		label := s.Transform
		if label == "none" { // of some fields alone
			label = "bytes hashed"
		}
		t.para(label, steeringLabels, spaced(*s.Hashed), report.Plain)
	}
	of := functionOf(s)
	switch {
	case byRule(s) && s.Hash == nil:
	case byRule(s):
		t.para("hash", steeringLabels, *s.Hash+", "+of+"; it takes no entry of the table", report.Plain)
	case s.Hash == nil:
		t.para("hash", steeringLabels, of+"; left out, as its index into the table", report.Plain)
	default:
		t.para("hash", steeringLabels, *s.Hash+", "+of, report.Plain)
		rule := fmt.Sprintf("%s & %d", *s.Hash, s.TableSize-1)
		if s.Modulo {
			rule = fmt.Sprintf("%s mod %d", *s.Hash, s.TableSize)
		}
		t.para("index", steeringLabels, fmt.Sprintf("%d = %s", *s.Index, rule), report.Plain)
	}
}

// functionOf says what the hash is: "Toeplitz of these bytes from the first to the last".
func functionOf(s *report.Steering) string {
	function := "Toeplitz"
	if s.Function != "toeplitz" {
		function = s.Function
	}
	of := "the true bytes" // which are left out
	switch {
	case s.Hashed != nil:
		of = "these bytes from the first to the last"
	case s.Transform != "none":
		of += " after " + s.Transform
	}
	if s.Rule != nil {
		of += fmt.Sprintf("; the hash %s (%s)", *s.Rule, s.Transform)
	}
	if s.Context != nil {
		of += fmt.Sprintf("; by RSS context %d", *s.Context)
	}
	return function + " of " + of
}

// queueOf says which queue it is, and what chose it: "3, entry 35 of the indirection table".
func queueOf(s *report.Steering) string {
	switch {
	case byRule(s):
		return fmt.Sprintf("%d, by rule %d", s.Queue, *s.Filter)
	case s.Unhashed != nil:
		return fmt.Sprintf("%d, the default queue", s.Queue)
	case s.Hash == nil:
		return fmt.Sprintf("%d, by the indirection table", s.Queue)
	}
	table := "the indirection table"
	if s.Context != nil {
		table = fmt.Sprintf("the table of RSS context %d", *s.Context)
	}
	if s.Moved != nil {
		table += ", " + *s.Moved
	}
	return fmt.Sprintf("%d, entry %d of %s", s.Queue, *s.Index, table)
}

// inputBytes is the fields one behind the other, in hexadecimal; of anonymized ones
// nothing.
func inputBytes(s *report.Steering) string {
	var b strings.Builder
	for _, in := range s.Input {
		if in.Bytes != nil {
			b.WriteString(*in.Bytes)
		}
	}
	return b.String()
}

// unhashedWords is a reason of the closed list in words.
func unhashedWords(reason string) string { return strings.ReplaceAll(reason, "_", " ") }

// spaced is hexadecimal in pairs of digits.
func spaced(hex string) string {
	var b strings.Builder
	for i := 0; i < len(hex); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(hex[i:min(i+2, len(hex))])
	}
	return b.String()
}
