package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Evenness is what the balance of a report's load is judged by: see verdict.
type Evenness struct {
	// Chance is the 95th percentile of imbalance.packets when each flow with a hash
	// falls on an entry of the table at random; Null if it is not known.
	Chance Fraction
	// Largest is the packets of the flow with the most.
	Largest uint64
}

// statement is a sentence of the verdict, its mark before it and what follows from
// it behind.
type statement struct {
	severity string // of a finding, Even, or "" for what is neither good nor bad
	text     string
	id       string   // of the finding that it is
	more     []string // sentences, the remedy last
}

// withID is the text, and the finding that it is.
func (s *statement) withID() string {
	if s.id == "" {
		return s.text
	}
	return s.text + " [" + s.id + "]"
}

// Even is the severity of what is as it should be.
const Even = "even"

// mark tells a severity without colour.
func mark(severity string) string {
	switch severity {
	case Even:
		return "✔"
	case Problem:
		return "✖"
	case Warning:
		return "▲"
	}
	return "•"
}

// verdict is what the capture shows, the gravest first: the load of the busiest
// CPU where that is uneven, with the finding that explains it, else the first
// finding that is more than a note, else that the load is even; then the other
// findings. Every format that has a beginning begins with it.
func (r *Report) verdict() []statement {
	load, uneven := r.loadStatement()
	var all []statement
	for i := range r.Findings {
		f := &r.Findings[i]
		s := statement{severity: f.Severity, text: f.Summary, id: f.ID}
		if i == 0 && f.Severity != Note && f.Remedy != "" {
			s.more = []string{"→ " + f.Remedy}
		}
		all = append(all, s)
	}
	grave := len(all) > 0 && all[0].severity != Note
	switch {
	case load.text == "":
	case uneven && grave && !strings.HasPrefix(all[0].text, "CPU "): // the finding is why
		load.severity, load.more = all[0].severity, append([]string{all[0].withID()}, all[0].more...)
		all[0] = load
	case uneven && grave:
	case grave:
		all = slices.Insert(all, 1, load)
	default:
		all = slices.Insert(all, 0, load)
	}
	return all
}

// loadStatement is about the busiest CPU of the compared mode; its text is "" where
// there is nothing to spread, or nothing to spread it over.
func (r *Report) loadStatement() (s statement, uneven bool) {
	i := ComparedMode(r.Modes)
	if i < 0 || r.Modes[i].Mode == nonRSS || len(r.Modes[i].CPUs) < 2 || r.Modes[i].Totals.Packets == 0 {
		return statement{}, false
	}
	m := &r.Modes[i]
	most := m.mostLoaded()
	times := m.Imbalance.Packets
	busiest := fmt.Sprintf("the busiest of %d CPUs has %s × its share", len(m.CPUs), fixed(times, 2))
	share := fmt.Sprintf("CPU %d takes %s of the packets, %s × its fair share", most.CPU, percent(Ratio(most.Packets, m.Totals.Packets)), fixed(times, 2))
	if r.Capture.Received < minPackets {
		return statement{text: fmt.Sprintf("%s are too few to judge the spread: %s.", plural(r.Capture.Received, "packet", "packets"), share)}, false
	}
	chance, largest := Null, Fraction(0) // of a fair share
	if r.Evenness != nil {
		chance, largest = r.Evenness.Chance, Ratio(r.Evenness.Largest, m.Totals.Packets)*Fraction(len(m.CPUs))
	}
	switch {
	case !chance.IsNull() && times <= chance && largest <= ofFairShare:
		s.severity, s.text = Even, "Even: "+busiest+fmt.Sprintf(" (by chance: up to %s)", fixed(chance, 2))
	case times >= unevenFrom:
		s.text, uneven = upperFirst(share), true
	case chance.IsNull():
		s.text = upperFirst(busiest)
	case times > chance:
		s.text = upperFirst(busiest) + fmt.Sprintf(" (by chance: up to %s)", fixed(chance, 2))
	default:
		s.text = upperFirst(busiest) + fmt.Sprintf(", and one flow alone %s of it", fixed(largest, 2))
	}
	s.text += "."
	return s, uneven
}

// traffic is the capture in one line: what was received, and at what rate.
func (r *Report) traffic() string {
	c := &r.Capture
	parts := []string{plural(c.Received, "packet", "packets") + " received"}
	if c.Sent > 0 {
		parts[0] += fmt.Sprintf(" (%s sent)", exact(c.Sent))
	}
	if r.FlowsNote == "" && r.FlowsTotal > 0 { // else the flows are not those of the capture
		parts = append(parts, plural(r.FlowsTotal, "flow", "flows"))
	}
	if c.Duration > 0 {
		parts = append(parts, nanoseconds(c.Duration))
		if i := ComparedMode(r.Modes); i >= 0 {
			var bytes uint64
			for _, q := range r.Modes[i].Queues {
				bytes += q.Bytes
			}
			parts = append(parts, withGap(scaled(float64(bytes)*8/(float64(c.Duration)/1e9), 3, decimalPrefixes))+"bit/s")
		}
	}
	return strings.Join(parts, ", ")
}

// losses are what could not be read of the files.
func (c *Capture) losses() []string {
	var losses []string
	for i := range c.Files {
		if loss := c.Files[i].lossText(); loss != "" {
			losses = append(losses, "Read with loss: "+loss+".")
		}
	}
	return losses
}

// byLoad is the order of the mode's CPUs by packets, the most first.
func (m *Mode) byLoad() []int {
	order := make([]int, len(m.CPUs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.CPUs[b].Packets, m.CPUs[a].Packets) })
	return order
}

// Thresholds. A finding is for what a reader would act on: below these all is as
// it usually is.
const (
	minPackets  = 200    // received packets, for findings about shares
	unevenFrom  = 1.25   // imbalance.packets: the busiest CPU has a quarter more than the mean
	gravelyFrom = 2      // half of the capacity is lost
	gainFrom    = 0.15   // of imbalance.packets, that another setting would bring
	busyFrom    = 0.95   // utilization of a CPU
	ofFairShare = 0.5    // of what one CPU's fair share is, that all goes to one queue
	cutFrom     = 0.01   // of the packets, whose ports are cut off
	loadedFrom  = 50_000 // packets/s of a CPU: at 2 µs each it is busy for a tenth of the time
)
