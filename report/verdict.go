package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rssreplay/report/internal/words"
)

// Evenness is what the balance of a report's load is judged by: see verdict.
type Evenness struct {
	// Chance is the 95th percentile of imbalance.packets when each flow with a hash
	// falls on an entry of the table at random; Null if it is not known.
	Chance Fraction
	// Largest is the packets of the flow with the most.
	Largest uint64
}

// Statement is a sentence of the verdict, its mark before it and what follows from
// it behind.
type Statement struct {
	Severity string // of a finding, Even, or "" for what is neither good nor bad
	Text     string
	ID       string   // of the finding that it is
	Load     bool     // it is about the load of the busiest CPU
	Why      string   // that load's: what the finding that explains it says
	More     []string // sentences, the remedy last
}

// WithID is the text, and the finding that it is.
func (s *Statement) WithID() string {
	if s.ID == "" {
		return s.Text
	}
	return s.Text + " [" + s.ID + "]"
}

// Even is the severity of what is as it should be.
const Even = "even"

// Mark tells a severity without colour.
func Mark(severity string) string {
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

// Verdict is what the capture shows, the gravest first: what makes the capture tell
// less than it seems to; the load of the busiest CPU where that is uneven, with the
// finding that explains it, else the first finding that is more than a note, else that
// the load is even; then the other findings. Every format that has a beginning begins with it.
func (r *Report) Verdict() []Statement {
	load, uneven := r.loadStatement()
	var all []Statement
	grave, why := 0, -1
	for i := range r.Findings {
		f := &r.Findings[i]
		s := Statement{Severity: f.Severity, Text: f.Summary, ID: f.ID}
		if f.Severity != Note {
			grave++
			if f.Remedy != "" && i == 0 {
				s.More = []string{"→ " + f.Remedy}
			}
			if why < 0 && r.explainsLoad(f) {
				why = i
			}
		}
		all = append(all, s)
	}
	switch {
	case load.Text == "":
	case uneven && grave > 0 && strings.HasPrefix(all[0].Text, "CPU "):
		all[0].Load = true
	case uneven && why >= 0 && r.Findings[0].Bearing != Unsure:
		load.Severity, load.Why, load.More = all[why].Severity, all[why].Text, []string{all[why].WithID()}
		if remedy := r.Findings[why].Remedy; remedy != "" {
			load.More = append(load.More, "→ "+remedy)
		}
		all[0].More = nil
		all = slices.Insert(slices.Delete(all, why, why+1), 0, load)
	case uneven && why >= 0 && strings.HasPrefix(all[why].Text, "CPU "): // it is the load
		all[why].Load = true
	case grave > 0:
		all = slices.Insert(all, 1, load)
	default:
		all = slices.Insert(all, 0, load)
	}
	return all
}

// explainsLoad tells whether f can be why the busiest CPU has more than others.
func (r *Report) explainsLoad(f *Finding) bool {
	if f.Bearing != ExplainsItsQueue {
		return f.Bearing == MayExplain || f.Bearing == Explains
	}
	i := ComparedMode(r.Modes)
	queue, known := f.Figures["queue"].(int)
	return known && i >= 0 && queue < len(r.Table.QueueCPUs) && r.Table.QueueCPUs[queue] == r.Modes[i].MostLoaded().CPU
}

// cause is the first finding, of more than a note, that explains the load of the busiest CPU.
func (r *Report) cause() *Finding {
	return find(r.Findings, func(f *Finding) bool { return f.Severity != Note && r.explainsLoad(f) })
}

// loadStatement is about the busiest CPU of the compared mode; its text is "" where
// there is nothing to spread, or nothing to spread it over.
func (r *Report) loadStatement() (s Statement, uneven bool) {
	s.Load = true
	i := ComparedMode(r.Modes)
	if i < 0 || r.Modes[i].Mode == NonRSS || len(r.Modes[i].CPUs) < 2 || r.Modes[i].Totals.Packets == 0 {
		return Statement{}, false
	}
	m := r.Arrived(&r.Modes[i])
	if r.Capture.Duration == 0 && m.Totals.Drops > 0 {
		return Statement{}, false // all at one instant: what the rings hold is alike on all CPUs
	}
	most := m.MostLoaded()
	times := m.Imbalance.Packets
	busiest := fmt.Sprintf("the busiest of %s CPUs has %s × its share", words.Exact(uint64(len(m.CPUs))), words.Fixed(times, 2))
	share := fmt.Sprintf("CPU %d takes %s of the packets, %s × its fair share", most.CPU, words.Percent(Ratio(most.Packets, m.Totals.Packets)), words.Fixed(times, 2))
	if m != &r.Modes[i] { // the tables have what the CPUs took
		busiest += ", dropped packets included"
		share = fmt.Sprintf("CPU %d has %s of the packets, dropped ones included, %s × its fair share", most.CPU, words.Percent(Ratio(most.Packets, m.Totals.Packets)), words.Fixed(times, 2))
	}
	if came := r.Passed(); came < MinPackets && !r.Unpredicted {
		return Statement{Load: true, Text: fmt.Sprintf("%s too few to judge the spread: %s.", words.Plural(came, "packet is", "packets are"), share)}, false
	}
	if r.Unpredicted {
		return Statement{Load: true, Text: "Under what is assumed here " + busiest + "; which CPU takes what is not known."}, false
	}
	chance, largest := Null, Fraction(0) // of a fair share
	if r.Evenness != nil {
		chance, largest = r.Evenness.Chance, Ratio(r.Evenness.Largest, r.Capture.Received)*Fraction(len(m.CPUs))
	}
	switch {
	case !chance.IsNull() && times <= chance && largest <= OfFairShare && (m.RPS != nil || r.BuiltIn(m) < UnevenFrom && !r.leavesOut(m)):
		s.Severity, s.Text = Even, "Even: "+busiest+fmt.Sprintf(" (by chance: up to %s)", words.Fixed(chance, 2))
		if times >= chanceFrom {
			s.Text = "As even as chance: " + busiest + fmt.Sprintf(" (up to %s)", words.Fixed(chance, 2))
		}
		switch cause := r.cause(); {
		case times < UnevenFrom || cause == nil:
		case cause.ID == "few-flows" || cause.ID == "rps-hot":
			s.Severity, s.Text = "", fmt.Sprintf("%s: so few flows make up to %s by chance", words.UpperFirst(busiest), words.Fixed(chance, 2))
		case times >= chanceFrom: // chance has few values to draw from, and why is told
			s.Severity, s.Text, uneven = "", words.UpperFirst(share), true
		default:
			s.Severity, s.Text = "", words.UpperFirst(busiest)+fmt.Sprintf(" (by chance: up to %s)", words.Fixed(chance, 2))
		}
	case times >= UnevenFrom:
		s.Text, uneven = words.UpperFirst(share), true
	case chance.IsNull():
		s.Text = words.UpperFirst(busiest)
	case times > chance:
		s.Text = words.UpperFirst(busiest) + fmt.Sprintf(" (by chance: up to %s)", words.Fixed(chance, 2))
	default:
		s.Text = words.UpperFirst(busiest) + fmt.Sprintf(", and one flow alone %s of it", words.Fixed(largest, 2))
	}
	s.Text += "."
	return s, uneven
}

// leavesOut tells whether no packet can reach some CPU of the mode: no queue with an
// entry of the table is on it, and it has had none.
func (r *Report) leavesOut(m *Mode) bool {
	for i := range m.CPUs {
		c := &m.CPUs[i]
		if c.Packets == 0 && !slices.ContainsFunc(r.Table.Entries, func(queue int) bool { return r.Table.QueueCPUs[queue] == c.CPU }) {
			return true
		}
	}
	return false
}

// BuiltIn is the greatest load of a CPU, of a fair one, if the packets that the hash spreads
// were alike on all entries: what the table makes of even traffic, beside the packets that
// are where they are whatever the hash is, by a rule or without a hash. Chance alone can't
// tell it, as it is that of the table and has them, too.
func (r *Report) BuiltIn(m *Mode) Fraction {
	t := &r.Table
	if len(t.Entries) == 0 {
		return 1 // nothing to blame
	}
	spread := uint64(0) // packets
	for _, n := range t.Packets {
		spread += n
	}
	hashed := make([]uint64, len(t.QueueCPUs))
	load, all := map[int]Fraction{}, Fraction(0)
	add := func(queue int, packets Fraction) {
		if queue < len(t.QueueCPUs) {
			load[t.QueueCPUs[queue]] += packets
			all += packets
		}
	}
	for i, queue := range t.Entries {
		add(queue, Fraction(spread)/Fraction(len(t.Entries)))
		if queue < len(hashed) && i < len(t.Packets) {
			hashed[queue] += t.Packets[i]
		}
	}
	for queue, n := range hashed {
		if queue < len(m.Queues) && len(m.Queues) > 1 && m.Queues[queue].Packets > n {
			add(queue, Fraction(m.Queues[queue].Packets-n))
		}
	}
	if all == 0 {
		return 1 // it spread nothing
	}
	most := Fraction(0)
	for _, n := range load {
		most = max(most, n)
	}
	return most * Fraction(len(m.CPUs)) / all
}

// Traffic is the capture in one line: what was received, and at what rate.
func (r *Report) Traffic() string {
	c := &r.Capture
	parts := []string{words.Plural(c.Received, "packet", "packets") + " received"}
	if c.Sent > 0 {
		parts[0] += fmt.Sprintf(" (%s sent)", words.Exact(c.Sent))
	}
	if r.FlowsNote == "" && r.FlowsTotal > 0 { // else the flows are not those of the capture
		parts = append(parts, words.Plural(r.FlowsTotal, "flow", "flows"))
	}
	if c.Duration > 0 {
		if r.leapsAhead() { // no rate is the traffic's
			return strings.Join(append(parts, words.Nanoseconds(c.Duration)+" by its clock"), ", ")
		}
		parts = append(parts, words.Nanoseconds(c.Duration))
		if i := ComparedMode(r.Modes); i >= 0 {
			var bytes uint64
			for _, q := range r.Modes[i].Queues {
				bytes += q.Bytes
			}
			for i := range r.Rules { // what came to no queue was received, too
				if rule := &r.Rules[i]; rule.Queue == nil && rule.Context == nil && rule.Overrides() {
					bytes += rule.Bytes
				}
			}
			parts = append(parts, words.WithGap(words.Scaled(float64(bytes)*8/(float64(c.Duration)/1e9), 3, words.DecimalPrefixes))+"bit/s")
		}
		if at := r.Parameters.pace(); at != "" { // busy times are of that rate, not of the capture's
			parts = append(parts, "replayed at "+at)
		}
	}
	return strings.Join(parts, ", ")
}

// pace is how fast the capture was replayed, by --rate or --speed; "" as fast as it came.
func (p Parameters) pace() string {
	if rate := p.Named("rate"); rate != nil && rate.Source != DefaultSource {
		return fmt.Sprint(rate.Value)
	}
	speed := p.Named("speed")
	if speed == nil || speed.Source == DefaultSource {
		return ""
	}
	factor := strings.TrimSuffix(fmt.Sprint(speed.Value), "x")
	if n, err := strconv.ParseFloat(factor, 64); err != nil || n == 1 {
		return ""
	}
	return factor + " × that"
}

// leapsAhead tells whether most of the capture's time is a leap of its clock, or a gap, so
// that no rate over it is the traffic's. Leaps back alone leave the sum of the pieces.
func (r *Report) leapsAhead() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.ID == "clock-leap" && (fmt.Sprint(f.Figures["ahead"]) != "0" || f.Figures["gaps"] != nil)
	})
}

// Untimed says in a word why load, drops and latency can't be judged by the capture's
// timestamps; "" where they can.
func (r *Report) Untimed() string {
	for i := range r.Findings {
		switch r.Findings[i].ID {
		case "clock-still":
			return "no clock"
		case "captures-overlap":
			return "overlap"
		case "clock-leap":
			return "clock leaps"
		}
	}
	return ""
}

// Behind reports whether captures of one time were read one behind the other, so that packets
// did not come as they are replayed.
func (c *Capture) Behind() bool {
	return c.Overlaps > 0 && (float64(c.TimestampRegressions) >= CutFrom*float64(c.Packets) || c.ClockRestarts > 0)
}

// Losses are what could not be read of the files.
func (c *Capture) Losses() []string {
	var losses []string
	for i := range c.Files {
		if loss := c.Files[i].LossText(); loss != "" {
			losses = append(losses, "Read with loss: "+loss+".")
		}
	}
	return losses
}

// Thresholds. A finding is for what a reader would act on: below these all is as
// it usually is.
const (
	MinPackets  = 200    // received packets that no rule drops, for findings about shares
	UnevenFrom  = 1.25   // imbalance.packets: the busiest CPU has a quarter more than the mean
	chanceFrom  = 1.5    // and would not be called even, but for chance
	GravelyFrom = 2      // half of the capacity is lost
	GainFrom    = 0.15   // of imbalance.packets, that another setting would bring
	BusyFrom    = 0.95   // utilization of a CPU
	OfFairShare = 0.5    // of what one CPU's fair share is, that all goes to one queue
	CutFrom     = 0.01   // of the packets, whose ports are cut off
	LoadedFrom  = 50_000 // packets/s of a CPU: at 2 µs each it is busy for a tenth of the time
)
