package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// style is the colour of a piece of text, where colours are asked for.
type style uint8

const (
	plain style = iota
	bold
	faint
	warm // above its share
	hot  // far above, or a loss
	good // as it should be
)

// text is the value as the text prints it.
func (p *Parameter) text() string {
	if p.Text != "" {
		return p.Text
	}
	return fmt.Sprint(p.Value)
}

// named is the parameter of that name, nil if there is none.
func (p Parameters) named(name string) *Parameter {
	for i := range p {
		if p[i].Name == name {
			return &p[i]
		}
	}
	return nil
}

// caveatsOf is what holds for every replay of a packet, then what holds for this one.
func caveatsOf(c *Capture, more []string) []string {
	if c.Packets == 0 {
		return more
	}
	return append([]string{
		"Costs (the durations above) are assumptions, not measurements: drops, utilization and latency follow from them.",
		"The capture's timestamps were taken after the first machine's own interrupt moderation: its bursts and gaps are in them.",
		"What that machine's ring dropped is not in the capture, and so in no number here.",
	}, more...)
}

// sharesOf lists the counts above 0, the largest first, with their share of total.
func sharesOf(counts Counts, total uint64) []string {
	sorted := slices.Clone(counts)
	slices.SortStableFunc(sorted, func(a, b Count) int {
		switch {
		case a.Packets > b.Packets:
			return -1
		case a.Packets < b.Packets:
			return 1
		}
		return 0
	})
	var parts []string
	for _, c := range sorted {
		if c.Packets > 0 {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", c.Name, exact(c.Packets), percent(Ratio(c.Packets, total))))
		}
	}
	return parts
}

// titleOf is what a page is called: what it is, and of which capture.
func titleOf(what string, c *Capture) string {
	switch len(c.Files) {
	case 0:
		return what
	case 1:
		return what + " of " + shown(baseName(c.Files[0].Name))
	}
	return fmt.Sprintf("%s of %s and %s", what, shown(baseName(c.Files[0].Name)), plural(uint64(len(c.Files)-1), "other file", "other files"))
}

// modeTitle is the name of the NDIS document that describes the mode.
func modeTitle(mode string) string {
	switch mode {
	case "rss-msix":
		return "RSS with message signaled interrupts"
	case "non-rss":
		return "non-RSS receive processing"
	case "rss-hw-queues":
		return "RSS with hardware queuing"
	case "rss-single-queue":
		return "RSS with a single hardware receive queue"
	}
	return ""
}

// heat is the colour of a load that is timesMean the mean.
func heat(timesMean Fraction) style {
	switch {
	case timesMean >= 2:
		return hot
	case timesMean >= 1.25:
		return warm
	}
	return plain
}

func utilizationStyle(u Fraction) style {
	switch {
	case u >= 0.9:
		return hot
	case u >= 0.6:
		return warm
	}
	return plain
}

// largestShare is the share of the CPU's packets that its largest flow has.
func largestShare(c *CPU, mode string) string {
	for _, m := range c.Largest.Modes {
		if m.Mode != mode {
			continue
		}
		for _, on := range m.CPUs {
			if on.CPU == c.CPU {
				return percent(Ratio(on.Packets, c.Packets))
			}
		}
	}
	return none
}

// queuesAreCPUs reports whether each CPU has exactly the queue in the same
// place, so that the queues need no table of their own.
func queuesAreCPUs(m *Mode) bool {
	if len(m.Queues) != len(m.CPUs) {
		return false
	}
	for i, q := range m.Queues {
		if q.Queue != i || q.CPU == nil || *q.CPU != m.CPUs[i].CPU {
			return false
		}
	}
	return true
}

// cpu is the CPU of that number, nil if the mode does not use it.
func (m *Mode) cpu(number int) *CPU {
	if m == nil {
		return nil
	}
	for i := range m.CPUs {
		if m.CPUs[i].CPU == number {
			return &m.CPUs[i]
		}
	}
	return nil
}

// cpu is the CPU of entry i's queue.
func (table *TableReport) cpu(i int) (cpu int, known bool) {
	if queue := table.Entries[i]; queue >= 0 && queue < len(table.QueueCPUs) {
		return table.QueueCPUs[queue], true
	}
	return 0, false
}

// place is entry i's queue, with its CPU where that is not the same number.
func (table *TableReport) place(i int) string {
	cpu, known := table.cpu(i)
	if !known || table.queuesAreCPUs() {
		return fmt.Sprint(table.Entries[i])
	}
	return fmt.Sprintf("%d/%d", table.Entries[i], cpu)
}

func (table *TableReport) placeInWords(i int) string {
	s := fmt.Sprintf("queue %d", table.Entries[i])
	if cpu, known := table.cpu(i); known {
		s += fmt.Sprintf(", CPU %d", cpu)
	}
	return s
}

// queuesAreCPUs reports whether each queue is on the CPU of its number.
func (table *TableReport) queuesAreCPUs() bool {
	for queue, cpu := range table.QueueCPUs {
		if queue != cpu {
			return false
		}
	}
	return true
}

// ruleOf is the rule that a table follows over the queues that it has, "" for none.
func ruleOf(table *TableReport) string {
	if table.Size == 0 {
		return ""
	}
	return layoutOf(table.Entries, slices.Max(table.Entries)+1)
}

// layoutOf names a table that follows one of the model's rules.
func layoutOf(entries []int, queues int) string {
	equal, block := true, true
	for i, q := range entries {
		equal = equal && q == i%queues
		block = block && q == i*queues/len(entries)
	}
	switch {
	case equal:
		return fmt.Sprintf("entry i is queue i mod %d", queues)
	case block:
		return fmt.Sprintf("entry i is queue i × %d ÷ %d", queues, len(entries))
	}
	return ""
}

// mostLoaded is the places of the n CPUs with the most packets, in the order of
// the series; the first of equals come before the others.
func (s *Series) mostLoaded(n int) []int {
	places := make([]int, len(s.CPUs))
	packets := make([]uint64, len(s.CPUs))
	for i := range s.CPUs {
		places[i], packets[i] = i, s.CPUs[i].packets()
	}
	if len(places) <= n {
		return places
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(packets[b], packets[a]) })
	places = places[:n]
	slices.Sort(places)
	return places
}

// windowSentences are about the windows of a mode that stand out; none when it
// indicated no packet.
func (r *Report) windowSentences(m *Mode) (sentences []string) {
	busiest := m.Imbalance.BusiestWindow
	if busiest == nil {
		return nil
	}
	say := func(format string, values ...any) { sentences = append(sentences, fmt.Sprintf(format, values...)) }
	length := exactDuration(m.Series.Interval)
	if asked := r.askedInterval(); asked > 0 && m.Series.Interval > asked {
		say("Windows are %s: with --interval %s there would be too many.", length, exactDuration(asked))
	}
	say("Busiest %s: %s.", length, m.Series.inWords(busiest))
	peak := PeakWindow(m.Series)
	if peak == nil || m.Series.windows() < 2 || len(m.Series.CPUs) < 2 {
		return sentences // there is nothing to compare
	}
	mean := m.Series.meanWindow()
	among := fmt.Sprintf("the windows with at least the mean of %s packets", meanInWords(mean))
	if peak.Start == busiest.Start {
		say("Peak imbalance: in the same window, among %s.", among)
	} else {
		say("Peak imbalance: %s; among %s.", m.Series.inWords(peak), among)
	}
	if mean < Fraction(len(m.Series.CPUs)) { // then even a perfect spread leaves CPUs without a packet
		say("The mean window has less than a packet for each CPU, so its imbalance says little: a longer --interval shows more.")
	}
	return sentences
}

// meanInWords is a mean with one decimal where that says something.
func meanInWords(mean Fraction) string {
	if mean >= 100 {
		return exact(uint64(math.Round(float64(mean))))
	}
	return strings.TrimSuffix(fixed(mean, 1), ".0")
}

// inWords is a window of s with the CPU that was hottest in it.
func (s *Series) inWords(w *Window) string {
	cpu, packets := s.hottest(w.Start)
	return fmt.Sprintf("from %s s, %s, imbalance %s, CPU %d took %s", exactSeconds(w.Start), plural(w.Packets, "packet", "packets"),
		fixed(w.Imbalance, 3), cpu, percent(Ratio(packets, w.Packets)))
}

// askedInterval is the interval among the parameters, in ns; 0 when it is not
// there. The windows of a mode may be longer: a series has a greatest length.
func (r *Report) askedInterval() int64 {
	for _, p := range r.Parameters {
		if ns, ok := p.Value.(int64); ok && p.Name == intervalParameter {
			return ns
		}
	}
	return 0
}

// intervalParameter names the parameter that asks for the windows' length.
const intervalParameter = "interval"
