package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// Style is the colour of a piece of text, where colours are asked for.
type Style uint8

const (
	Plain Style = iota
	Bold
	Faint
	Warm // above its share
	Hot  // far above, or a loss
	Good // as it should be
)

// Printed is the value as the text prints it.
func (p *Parameter) Printed() string {
	if p.Text != "" {
		return p.Text
	}
	return fmt.Sprint(p.Value)
}

// Named is the parameter of that name, nil if there is none.
func (p Parameters) Named(name string) *Parameter {
	return find(p, func(p *Parameter) bool { return p.Name == name })
}

// CaveatsOf is what holds for every replay of a packet, then what holds for this one.
func CaveatsOf(c *Capture, p Parameters, more []string) []string {
	if c.Packets == 0 {
		return more
	}
	if c.Duration == 0 {
		more = append([]string{"The packets span no time: rates, and how busy CPUs are, can't be told."}, more...)
	}
	return append([]string{
		p.costs() + "; drops, utilization and latency follow from them.",
		"Timestamps were taken after the capturing machine's own interrupt moderation: its bursts and gaps are in them.",
		ringCaveat,
	}, more...)
}

const ringCaveat = "What the capturing machine's ring dropped is not in the capture, and so in no number here."

// AllCaveats is CaveatsOf without what is said of costs and bursts: on these verify rests nothing.
func (v *Verify) AllCaveats() []string {
	if v.Capture.Packets == 0 {
		return v.Caveats
	}
	return append([]string{ringCaveat}, v.Caveats...)
}

// costs says where the costs come from.
func (p Parameters) costs() string {
	switch cost := p.Named("packet-cost"); {
	case cost == nil:
		return "Costs are those of each scenario"
	case cost.Measured != "":
		return "Costs: " + cost.Measured
	case cost.Source != DefaultSource:
		return fmt.Sprintf("A packet's cost is as given (%s), the others are assumptions where nothing set them", cost.Source)
	}
	return "Costs are assumptions, not measurements (rssreplay calibrate measures them)"
}

// Measured tells whether a packet's cost was measured.
func (p Parameters) Measured() bool {
	cost := p.Named("packet-cost")
	return cost != nil && cost.Measured != ""
}

// sharesOf lists the counts above 0, the largest first, with their share of total.
func sharesOf(counts Counts, total uint64) []string {
	sorted := slices.Clone(counts)
	slices.SortStableFunc(sorted, func(a, b Count) int { return cmp.Compare(b.Packets, a.Packets) })
	var parts []string
	for _, c := range sorted {
		if c.Packets > 0 {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", c.Name, words.Exact(c.Packets), words.Percent(Ratio(c.Packets, total))))
		}
	}
	return parts
}

// HashShares is sharesOf of what the scenario hashed, and then of what it did not, which
// prefix stands before: of what it received, as an earlier report's capture may be another.
func (s *Scenario) HashShares(prefix string) []string {
	received := s.HashTypes.total() + s.Unhashed.total()
	parts := sharesOf(s.HashTypes, received)
	for _, unhashed := range sharesOf(s.Unhashed, received) {
		parts = append(parts, prefix+unhashed)
	}
	return parts
}

func (c Counts) total() (packets uint64) {
	for i := range c {
		packets += c[i].Packets
	}
	return packets
}

// TitleOf is what a page is called: what it is, and of which capture.
func TitleOf(what string, c *Capture) string {
	switch len(c.Files) {
	case 0:
		return what
	case 1:
		return what + " of " + words.Shown(words.BaseName(c.Files[0].Name))
	}
	return fmt.Sprintf("%s of %s and %s", what, words.Shown(words.BaseName(c.Files[0].Name)), words.Plural(uint64(len(c.Files)-1), "other file", "other files"))
}

// Title is what c is called: scenarios of a capture, or two reports, of one where both are.
func (c *Compare) Title() string {
	if c.Diff == nil || len(c.Scenarios) != 2 {
		return TitleOf("RSS scenarios", &c.Capture)
	}
	old, now := words.BaseName(c.Scenarios[0].Name), words.BaseName(c.Scenarios[1].Name)
	if old == now { // in two folders
		old, now = c.Scenarios[0].Name, c.Scenarios[1].Name
	}
	what := fmt.Sprintf("Diff of RSS reports %s and %s", words.Shown(old), words.Shown(now))
	if c.Diff.Captures {
		return what
	}
	return TitleOf(what, &c.Capture)
}

// Clean is words.Clean, for messages beside a report.
func Clean(s string) string { return words.Clean(s) }

// PowerShellName is an adapter's name as PowerShell takes it; empty where it can't be one.
func PowerShellName(name string) string { return words.PowerShellName(name) }

// Plural is words.Plural, for messages beside a report.
func Plural(n uint64, one, many string) string { return words.Plural(n, one, many) }

// Or is a list in a sentence: "a, b or c".
func Or(list []string) string { return words.Or(list) }

// Exact is words.Exact, for messages beside a report.
func Exact(n uint64) string { return words.Exact(n) }

// Percent is words.Percent, for messages beside a report.
func Percent(share Fraction) string { return words.Percent(share) }

// The modes by their names in reports, which are those of --mode.
const (
	RSSMSIX        = "rss-msix"
	NonRSS         = "non-rss"
	RSSHWQueues    = "rss-hw-queues"
	RSSSingleQueue = "rss-single-queue"
)

// ModeTitle is the name of the NDIS document that describes the mode.
func ModeTitle(mode string) string {
	switch mode {
	case RSSMSIX:
		return "RSS with message signaled interrupts"
	case NonRSS:
		return "non-RSS receive processing"
	case RSSHWQueues:
		return "RSS with hardware queuing"
	case RSSSingleQueue:
		return "RSS with a single hardware receive queue"
	}
	return ""
}

// EverydayMode is a mode in the words of those who tune Linux, and short, as for
// the head of a narrow column; one that is unknown is its name.
func EverydayMode(mode string) (title, short string) {
	switch mode {
	case RSSMSIX:
		return "RSS, an interrupt per queue", "RSS"
	case NonRSS:
		return "without RSS, one interrupt", "without RSS"
	case RSSHWQueues:
		return "RSS queues, one interrupt", "1 interrupt"
	case RSSSingleQueue:
		return "RSS in software, one queue", "1 queue"
	}
	return mode, mode
}

// Heat is the colour of a load that is timesMean the mean.
func Heat(timesMean Fraction) Style {
	switch {
	case timesMean >= 2:
		return Hot
	case timesMean >= 1.25:
		return Warm
	}
	return Plain
}

// UtilizationStyle marks a CPU that is nearly all busy.
func UtilizationStyle(u Fraction) Style {
	switch {
	case u >= 0.9:
		return Hot
	case u >= 0.6:
		return Warm
	}
	return Plain
}

// LargestShare is the share of the CPU's packets that its largest flow has.
func LargestShare(c *CPU, mode string) string {
	for _, m := range c.Largest.Modes {
		if m.Mode != mode {
			continue
		}
		for _, on := range m.CPUs {
			if on.CPU == c.CPU {
				return words.Percent(Ratio(on.Packets, c.Packets))
			}
		}
	}
	return words.None
}

// Title names the context: "RSS context 2 from queue 4 on", as its rules do.
func (c *Context) Title() string {
	title := fmt.Sprintf("RSS context %d", c.Context)
	if c.Base > 0 {
		title += fmt.Sprintf(" from queue %d on", c.Base)
	}
	return title
}

// UnhashedSentence says where packets without a hash go; "" if there are none.
func (c *Context) UnhashedSentence() string {
	if c.Unhashed == 0 {
		return ""
	}
	return fmt.Sprintf("%s no hash, and went to the default queue.", words.Plural(c.Unhashed, "packet that rules sent here has", "packets that rules sent here have"))
}

// QueuesAreCPUs reports whether each CPU has exactly the queue in the same
// place, so that the queues need no table of their own.
func QueuesAreCPUs(m *Mode) bool {
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

// CPUNumbered is the CPU of that number, nil if the mode does not use it.
func (m *Mode) CPUNumbered(number int) *CPU {
	return find(m.CPUs, func(c *CPU) bool { return c.CPU == number })
}

// CPUOf is the CPU of entry i's queue.
func (table *TableReport) CPUOf(i int) (cpu int, known bool) {
	if queue := table.Entries[i]; queue >= 0 && queue < len(table.QueueCPUs) {
		return table.QueueCPUs[queue], true
	}
	return 0, false
}

// Place is entry i's queue, with its CPU where that is not the same number.
func (table *TableReport) Place(i int) string {
	cpu, known := table.CPUOf(i)
	if !known || table.QueuesAreCPUs() {
		return fmt.Sprint(table.Entries[i])
	}
	return fmt.Sprintf("%d/%d", table.Entries[i], cpu)
}

// PlaceInWords is entry i's queue and CPU, "queue 3, CPU 5".
func (table *TableReport) PlaceInWords(i int) string {
	s := fmt.Sprintf("queue %d", table.Entries[i])
	if cpu, known := table.CPUOf(i); known {
		s += fmt.Sprintf(", CPU %d", cpu)
	}
	return s
}

// QueuesAreCPUs reports whether each queue is on the CPU of its number.
func (table *TableReport) QueuesAreCPUs() bool {
	for queue, cpu := range table.QueueCPUs {
		if queue != cpu {
			return false
		}
	}
	return true
}

// rule is the one of the model's rules that the table follows over the queues that it has, ""
// for none.
func (table *TableReport) rule() string {
	if table.Size == 0 {
		return ""
	}
	queues, equal, block := slices.Max(table.Entries)+1, true, true
	for i, q := range table.Entries {
		equal = equal && q == i%queues
		block = block && q == i*queues/table.Size
	}
	switch {
	case equal:
		return fmt.Sprintf("entry i is queue i mod %d", queues)
	case block:
		return fmt.Sprintf("entry i is queue i × %d ÷ %d", queues, table.Size)
	}
	return ""
}

// InWords is the table's size, and the rule that it follows: "128 entries, entry i is queue i
// mod 8".
func (table *TableReport) InWords() string {
	s := words.Plural(uint64(table.Size), "entry", "entries")
	if rule := table.rule(); rule != "" {
		s += ", " + rule
	}
	return s
}

// QueueEntries is how many of the entries lead to each queue.
func (table *TableReport) QueueEntries() []uint64 {
	entries := make([]uint64, len(table.QueueCPUs))
	for _, queue := range table.Entries {
		entries[queue]++
	}
	return entries
}

// MostLoaded is the places of the n CPUs with the most packets, in the order of
// the series; the first of equals come before the others.
func (s *Series) MostLoaded(n int) []int {
	packets := make([]uint64, len(s.CPUs))
	for i := range s.CPUs {
		packets[i] = s.CPUs[i].Total()
	}
	places := MostFirst(len(packets), func(i int) uint64 { return packets[i] })[:min(n, len(packets))]
	slices.Sort(places)
	return places
}

// WindowSentences are about the windows of a mode that stand out; none when it
// indicated no packet.
func (r *Report) WindowSentences(m *Mode) (sentences []string) {
	busiest := m.Imbalance.BusiestWindow
	if busiest == nil {
		return nil
	}
	say := func(format string, values ...any) { sentences = append(sentences, fmt.Sprintf(format, values...)) }
	length := words.ExactDuration(m.Series.Interval)
	if asked := r.askedInterval(); asked > 0 && m.Series.Interval > asked {
		say("Windows are %s: with --interval %s there would be too many.", length, words.ExactDuration(asked))
	}
	say("Busiest %s: %s.", length, m.Series.inWords(busiest))
	peak := PeakWindow(m.Series)
	if peak == nil || m.Series.Windows() < 2 || len(m.Series.CPUs) < 2 {
		return sentences // there is nothing to compare
	}
	mean := m.Series.meanWindow()
	among := "the windows with at least the mean of " + meanInWords(mean) + " packets"
	if mean == 1 {
		among = strings.TrimSuffix(among, "s")
	}
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
		return words.Exact(uint64(math.Round(float64(mean))))
	}
	return strings.TrimSuffix(words.Fixed(mean, 1), ".0")
}

// inWords is a window of s with the CPU that was hottest in it.
func (s *Series) inWords(w *Window) string {
	cpu, packets := s.hottest(w.Start)
	return fmt.Sprintf("from %s, %s, imbalance %s, CPU %d took %s", words.Moment(w.Start), words.Plural(w.Packets, "packet", "packets"),
		words.Fixed(w.Imbalance, 3), cpu, words.Percent(Ratio(packets, w.Packets)))
}

// askedInterval is the interval among the parameters, in ns; 0 when it is not
// there. The windows of a mode may be longer: a series has a greatest length.
func (r *Report) askedInterval() int64 {
	if p := r.Parameters.Named("interval"); p != nil {
		ns, _ := p.Value.(int64)
		return ns
	}
	return 0
}
