package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"rssreplay/report/internal/words"
)

// NumCPUs is how many CPUs the compared mode has.
func (s *Scenario) NumCPUs() int { return len(s.Mode().CPUs) }

// Marked tells of each scenario whether it is best in a row, or no worse than the best by
// more than noise; of none where that is all of them, or where less need not be better: a
// flow that moved is no fault, and of the first scenario none has; nor where chance may be
// why. Of different numbers of CPUs the busiest one's share is compared, not how many times
// the mean that is; and of two captures the one with more packets has more.
func (c *Compare) Marked(f *Figure) []bool {
	switch comparable := SameCPUs(c.Scenarios); {
	case f.Label == MostLoadedShare.Label && !comparable && c.unpredicted() == "":
		return c.clearBest(f)
	case f.Metric == "", f.Metric == "flows_moved", strings.HasPrefix(f.Metric, "imbalance.") && !comparable,
		c.OfCaptures() && f.counts(), c.unjudged(f), c.unpredicted() != "":
		return make([]bool, len(c.Scenarios))
	}
	return c.clearBest(f)
}

// clearBest tells of each scenario whether it has the least value, or one that differs from
// that by no more than noise, or of another capture chance, or is printed as it is; of none
// where all do.
func (c *Compare) clearBest(f *Figure) []bool {
	among := make([]bool, len(c.Scenarios))
	best := f.best(c.Scenarios)
	if best < 0 {
		return among
	}
	least := f.Text(f.Of(&c.Scenarios[best]))
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		among[i] = !f.Differs(&c.Scenarios[best], s, c.OfCaptures()) || f.Text(f.Of(s)) == least // <0.1% all
	}
	if !slices.Contains(among, false) {
		clear(among)
	}
	return among
}

// WithoutRSS is what the scenarios have under non-rss: shared if it is the same in all,
// else each its own; neither if it is what is compared, or not in all.
func WithoutRSS(scenarios []Scenario) (shared *Mode, own []*Mode) {
	same := true
	for i := range scenarios {
		s := &scenarios[i]
		m := s.ModeNamed(NonRSS)
		if m == nil || s.Compared == NonRSS {
			return nil, nil
		}
		own = append(own, m)
		same = same && reflect.DeepEqual(countersOf(m), countersOf(own[0]))
	}
	if same {
		return own[0], nil
	}
	return nil, own
}

// EntriesThatDiffer says in words, none of them to be parted, how a table differs
// from the first.
func EntriesThatDiffer(first, table *TableReport) []string {
	layout := table.rule()
	if layout != "" {
		layout = " (" + layout + ")"
	}
	if table.Size != first.Size {
		return strings.Split(fmt.Sprintf("%s, so none can be compared%s", words.Plural(uint64(table.Size), "entry", "entries"), layout), " ")
	}
	differ, moved := 0, 0
	for i := range table.Entries {
		if table.Entries[i] != first.Entries[i] {
			differ++
		}
		here, _ := table.CPUOf(i)
		if there, _ := first.CPUOf(i); here != there {
			moved++
		}
	}
	s := "none"
	if differ > 0 {
		s = fmt.Sprintf("%d of %d%s", differ, table.Size, layout)
	}
	if moved != differ {
		s += fmt.Sprintf("; %d on another CPU", moved)
	}
	if differ == 0 {
		return strings.Split(s, " ")
	}
	list := strings.Split(s+":", " ")
	ranges := rangesThatDiffer(first.Entries, table.Entries)
	if len(ranges) > maxRanges && layout != "" {
		return strings.Split(s, " ") // the rule says it shorter
	}
	for i, r := range ranges {
		switch {
		case i == firstRanges && len(ranges) > maxRanges:
			return append(list, strings.Split(fmt.Sprintf("and %s more", words.Plural(uint64(len(ranges)-i), "range", "ranges")), " ")...)
		case i < len(ranges)-1:
			r += ","
		}
		list = append(list, r)
	}
	return list
}

// rangesThatDiffer is the runs of entries that now have one queue and had
// another: "32-63: queue 2 → 3", or "32-63: to queue 3" where that was not one. A
// run begins and ends with entries that differ.
func rangesThatDiffer(was, is []int) []string {
	var ranges []string
	for i := 0; i < len(is); i++ {
		if is[i] == was[i] {
			continue
		}
		last, from := i, fmt.Sprintf("%d ", was[i])
		for k := i + 1; k < len(is) && is[k] == is[i]; k++ {
			if was[k] != is[k] {
				last = k
			}
		}
		for k := i; k <= last; k++ {
			if was[k] != was[i] {
				from = ""
			}
		}
		entries := fmt.Sprint(i)
		if last > i {
			entries += fmt.Sprintf("-%d", last)
		}
		if from == "" {
			ranges = append(ranges, fmt.Sprintf("%s: to queue %d", entries, is[i]))
		} else {
			ranges = append(ranges, fmt.Sprintf("%s: queue %s→ %d", entries, from, is[i]))
		}
		i = last
	}
	return ranges
}

// CommonParameters are those that all scenarios have with the same value.
func (c *Compare) CommonParameters() (common Parameters) {
	if len(c.Scenarios) == 0 {
		return nil
	}
	for _, p := range c.Scenarios[0].Parameters {
		if !slices.ContainsFunc(c.Scenarios, func(s Scenario) bool { return !s.Has(p) }) {
			common = append(common, p)
		}
	}
	return common
}

// DifferingNames are the names of the other parameters, by the first scenario that
// has them.
func (c *Compare) DifferingNames() (names []string) {
	common := c.CommonParameters()
	for i := range c.Scenarios {
		for _, p := range c.Scenarios[i].Parameters {
			if common.Named(p.Name) == nil && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// HashedAlike reports whether all scenarios hashed the same packets by the same types.
func (c *Compare) HashedAlike() bool {
	return !slices.ContainsFunc(c.Scenarios, func(s Scenario) bool {
		return !slices.Equal(s.HashTypes, c.Capture.HashTypes) || !slices.Equal(s.Unhashed, c.Capture.Unhashed)
	})
}

// ScenarioHeads is what stands above the scenarios' columns: the names, and of
// those that are too long a part after the scenario's number: of a file's path
// the end, of others the beginning.
func ScenarioHeads(scenarios []Scenario) []string { return HeadsWithin(scenarios, headWidth) }

// HeadsWithin is ScenarioHeads of so many columns.
func HeadsWithin(scenarios []Scenario, width int) []string {
	heads := make([]string, len(scenarios))
	for i, s := range scenarios {
		heads[i] = words.Clean(s.Name)
		if words.DisplayWidth(heads[i]) <= width {
			continue
		}
		number := fmt.Sprintf("#%d ", i+1)
		room := width - len(number) - 1
		long := max(len(heads[i])-headBytes, 0)
		if strings.ContainsAny(heads[i], `/\`) {
			heads[i] = strings.ToValidUTF8(heads[i][long:], "")
			for words.DisplayWidth(heads[i]) > room {
				_, n := utf8.DecodeRuneInString(heads[i])
				heads[i] = heads[i][n:]
			}
			heads[i] = number + "…" + heads[i]
			continue
		}
		heads[i] = strings.ToValidUTF8(heads[i][:len(heads[i])-long], "")
		for words.DisplayWidth(heads[i]) > room {
			_, n := utf8.DecodeLastRuneInString(heads[i])
			heads[i] = heads[i][:len(heads[i])-n]
		}
		heads[i] = number + heads[i] + "…"
	}
	return heads
}

// Summary says in a few sentences what was compared, which headroom the scenarios have,
// if that was asked for, and which of them spreads the packets best.
func (c *Compare) Summary() []string {
	r := Report{Capture: c.Capture}
	if c.Capture.Received == 0 || len(c.Scenarios) == 0 {
		return r.Summary()
	}
	var sentences []string
	if changes := c.Diff.ChangesSentence(); changes != "" {
		sentences = append(sentences, changes)
	}
	sentences = append(append(sentences, r.TrafficSentence()), c.HeadroomSentences()...)
	if best := c.BestSentence(); best != "" {
		sentences = append(sentences, best)
	}
	return append(sentences, c.SteeringSentences()...)
}

// ScalesSentence says that the imbalances of two reports are not on one scale; "" where
// both have as many CPUs.
func (c *Compare) ScalesSentence() string {
	if len(c.Scenarios) != 2 || SameCPUs(c.Scenarios) {
		return ""
	}
	was, now := &c.Scenarios[0], &c.Scenarios[1]
	return fmt.Sprintf("Imbalances of %s and %s are on different scales, of %d and of %d CPUs: max ÷ mean is at most the number of CPUs. Compare the share of the packets on the most loaded CPU.",
		was.Name, now.Name, was.NumCPUs(), now.NumCPUs())
}

// BestSentence says which of several scenarios loads its most loaded CPU least: beside
// the mean, or, where the mean is of different numbers of CPUs, in all. Of two reports it
// says what became of that load. It is "" where there is nothing to choose from.
func (c *Compare) BestSentence() string {
	if len(c.Scenarios) < 2 {
		return ""
	}
	if name := c.unpredicted(); name != "" {
		return fmt.Sprintf("Which spreads the packets better is not known: no CPU is predicted under “%s”.", name)
	}
	keys := c.luckClause()
	but := " But under"
	if keys != "" {
		but = " Besides, under"
	}
	return c.comparedLoads().sentence() + keys + c.dropsClause(but)
}

// unpredicted is the first scenario under which the CPUs that are compared are not known; "" without one.
func (c *Compare) unpredicted() string {
	for i := range c.Scenarios {
		if s := &c.Scenarios[i]; s.Unpredicted && s.Compared != NonRSS {
			return s.Name
		}
	}
	return ""
}

// Draws is in how many ways the scenarios put the same flows on CPUs, as good as at random: by how
// many keys, transformations of what they are applied to, and tables that no flow was asked for.
func (c *Compare) Draws() int {
	var of []*Scenario
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		if !slices.ContainsFunc(of, func(known *Scenario) bool {
			return !s.other("key", known) && !s.other("xfrm", known) && !s.otherRule(known)
		}) {
			of = append(of, s)
		}
	}
	return len(of)
}

// other tells whether both scenarios have the parameter, and not the same value.
func (s *Scenario) other(name string, than *Scenario) bool {
	p := s.Parameters.Named(name)
	return p != nil && than.Parameters.Named(name) != nil && !than.Has(*p)
}

// otherRule tells whether the tables of both scenarios follow a rule, each another one, and are as
// even: which of them suits these flows is luck. That of a table which follows none is not known, as
// it may be made for them.
func (s *Scenario) otherRule(than *Scenario) bool {
	rule, other := s.Table.rule(), than.Table.rule()
	if rule == "" || other == "" || rule == other && s.Table.Size == than.Table.Size {
		return false
	}
	most, others := s.Table.most(), than.Table.most()
	return math.Abs(most-others) < markedFrom*max(most, others)
}

// most is the share of the entries that the CPU with the most of them has.
func (t *TableReport) most() float64 {
	entries := map[int]int{} // per CPU
	for _, queue := range t.Entries {
		if queue < len(t.QueueCPUs) {
			entries[t.QueueCPUs[queue]]++
		}
	}
	most := 0
	for _, n := range entries {
		most = max(most, n)
	}
	return float64(most) / float64(max(t.Size, 1))
}

// chance is from where to where n draws of the flows on the entries of the scenario's table all
// are, 9 times in 10.
func (s *Scenario) chance(n int) (least, most Fraction, known bool) {
	m := s.Mode()
	if m.Imbalance.ChanceP5 == nil || m.Imbalance.ChanceP95 == nil || len(s.Trials) == 0 {
		return Null, Null, false
	}
	beyond := float64(len(s.Trials)-1) * (1 - math.Pow(0.9, 1/float64(n))) / 2
	return Fraction(s.Trials[int(beyond)]), Fraction(s.Trials[len(s.Trials)-1-int(beyond)]), true
}

// luckClause is the sentence behind BestSentence about the scenarios that it calls worse and that
// have another key, transformation or rule of the table, where chance gives such loads to all of as
// many draws: for other flows another of them is best.
func (c *Compare) luckClause() string {
	load := ImbalanceOfPackets
	best, among := load.best(c.Scenarios), c.clearBest(&load)
	if best < 0 || !among[best] || c.OfCaptures() || !SameCPUs(c.Scenarios) {
		return ""
	}
	draws := c.Draws()
	bestFrom, bestTo, known := c.Scenarios[best].chance(draws)
	if !known {
		return ""
	}
	var names []string
	worse := 0
	keys, transforms, tables := false, false, false
	least, most := bestFrom, bestTo
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		if among[i] {
			continue
		}
		worse++
		key, transform, table := s.other("key", &c.Scenarios[best]), s.other("xfrm", &c.Scenarios[best]), s.otherRule(&c.Scenarios[best])
		from, to, known := s.chance(draws)
		from, to = max(from, bestFrom), min(to, bestTo)
		if !known || !key && !transform && !table || !load.Of(&c.Scenarios[best]).within(from, to) || !load.Of(s).within(from, to) {
			continue
		}
		names, least, most = append(names, "“"+s.Name+"”"), max(least, from), min(most, to)
		keys, transforms, tables = keys || key, transforms || transform, tables || table
	}
	if len(names) == 0 {
		return ""
	}
	what, whats := drawn(keys, transforms, tables)
	whose := "the " + whats + " differ"
	switch last := len(names) - 1; {
	case len(names) == worse:
	case len(names) == 1:
		whose = names[0] + " has another " + what
	default:
		whose = strings.Join(names[:last], ", ") + " and " + names[last] + " have other " + whats
	}
	all := "both"
	if draws > 2 {
		all = fmt.Sprintf("all %d", draws)
	}
	return fmt.Sprintf(" But %s, and with a random entry for each flow %s give %s to %s times the mean, 9 times in 10. That difference is luck, and lasts as long as these flows do.",
		whose, all, words.Fixed(least, 2), words.Fixed(most, 2))
}

// drawn is what of scenarios differs that puts flows on CPUs as good as at random: one and several.
func drawn(keys, transforms, tables bool) (what, whats string) {
	switch {
	case tables && (keys || transforms):
		return "hash or table", "hashes or tables"
	case tables:
		return "table", "tables"
	case !transforms:
		return "key", "keys"
	case !keys:
		return "transformation", "transformations"
	}
	return "hash", "hashes"
}

// dropsClause is the sentence behind BestSentence about the scenario that it names, if it
// drops more than another: what is dropped loads no CPU, and leaves the rest more even. It
// begins with but.
func (c *Compare) dropsClause(but string) string {
	best, least := c.comparedLoads().best, 0
	for i := range c.Scenarios {
		if c.Scenarios[i].Mode().Overflows() < c.Scenarios[least].Mode().Overflows() {
			least = i
		}
	}
	if best < 0 {
		return ""
	}
	drops, fewest := c.Scenarios[best].Mode().Overflows(), c.Scenarios[least].Mode().Overflows()
	if drops == fewest || float64(drops-fewest) < CutFrom*float64(c.Capture.Received) {
		return ""
	}
	of := words.Exact(fewest)
	if fewest == 0 {
		of = "none"
	}
	return fmt.Sprintf("%s “%s” %s dropped, which load no CPU, and under “%s” %s.", but, c.Scenarios[best].Name, words.Plural(drops, "packet is", "packets are"), c.Scenarios[least].Name, of)
}

// comparedLoads are scenarios by the CPU that each loads most: by its load beside the mean or,
// where the mean is of different numbers of CPUs, by its share of all.
type comparedLoads struct {
	*Compare
	load  Figure
	text  func(Fraction) string
	of    string // what the number is of
	best  int    // -1: no packet reaches a CPU
	among []bool // as clearBest has it
}

func (c *Compare) comparedLoads() *comparedLoads {
	l := &comparedLoads{Compare: c, load: ImbalanceOfPackets, text: func(f Fraction) string { return words.Fixed(f, 2) + " times" }, of: "the mean"}
	if !SameCPUs(c.Scenarios) {
		l.load, l.text, l.of = MostLoadedShare, words.Percent[Fraction], "of the packets"
	}
	l.best, l.among = l.load.best(c.Scenarios), c.clearBest(&l.load)
	return l
}

// number is the load of scenario i.
func (l *comparedLoads) number(i int) string { return l.text(l.load.Of(&l.Scenarios[i])) }

// whole is that with what it is of.
func (l *comparedLoads) whole(i int) string { return l.number(i) + " " + l.of }

// under is the clause about scenario i beside another one.
func (l *comparedLoads) under(i int) string {
	if l.load.Of(&l.Scenarios[i]).IsNull() {
		return "no packet reaches a CPU under “" + l.Scenarios[i].Name + "”"
	}
	return l.number(i) + " under “" + l.Scenarios[i].Name + "”"
}

// sentence is BestSentence without keys and drops.
func (l *comparedLoads) sentence() string {
	var names []string
	for i, is := range l.among {
		if is {
			names = append(names, "“"+l.Scenarios[i].Name+"”")
		}
	}
	first, n := &l.Scenarios[0], len(l.Scenarios)
	switch {
	case len(names) == 0:
		return l.alike()
	case l.Diff != nil:
		return l.ofReports()
	case len(names) > 1:
		text := fmt.Sprintf("Of %d scenarios %s and %s spread the packets best, and alike: the most loaded CPU has %s",
			n, strings.Join(names[:len(names)-1], ", "), names[len(names)-1], l.whole(l.best))
		if !l.among[0] {
			text += ", and " + l.under(0)
		}
		return text + "."
	case l.best == 0:
		return fmt.Sprintf("Of %d scenarios the first, “%s”, spreads the packets best: the most loaded CPU has %s.", n, first.Name, l.whole(0))
	}
	s := &l.Scenarios[l.best]
	sentence := fmt.Sprintf("Of %d scenarios “%s” spreads the packets best: the most loaded CPU has %s, and %s", n, s.Name, l.whole(l.best), l.under(0))
	if s.FlowsMoved != nil && *s.FlowsMoved > 0 {
		moved := words.Plural(*s.FlowsMoved, "flow", "flows")
		if s.Moves() { // flows move within it, too: see FlowsDisturbed
			sentence += "; " + moved + " have most of their packets on another CPU than there"
		} else {
			sentence += "; it moves " + moved + " to another CPU"
		}
	}
	return sentence + "."
}

// alike is the sentence about scenarios none of which is best.
func (l *comparedLoads) alike() string {
	if chance := l.chanceSentence(); chance != "" {
		return chance
	}
	all, what := "Both", "scenarios"
	if n := len(l.Scenarios); n > 2 {
		all = fmt.Sprintf("All %d", n)
	}
	if l.Diff != nil {
		what = "reports"
	}
	if l.best < 0 {
		return fmt.Sprintf("Under %s %s no packet reaches a CPU.", strings.ToLower(all), what)
	}
	return fmt.Sprintf("%s %s load their CPUs alike: the most loaded CPU has %s.", all, what, l.whole(0))
}

// ofReports is what became of the load from one report to another.
func (l *comparedLoads) ofReports() string {
	was, now := &l.Scenarios[0], &l.Scenarios[1]
	if other := 1 - l.best; l.load.Of(&l.Scenarios[other]).IsNull() {
		return fmt.Sprintf("The most loaded CPU has %s under “%s”; %s.", l.whole(l.best), l.Scenarios[l.best].Name, l.under(other))
	}
	is := "The load is more even: the most loaded CPU has"
	switch same := SameCPUs(l.Scenarios); {
	case same && l.best == 0:
		is = "The load is less even: the most loaded CPU has"
	case !same && l.best == 0: // how even it is beside its own mean is another question
		is = "The most loaded CPU has more:"
	case !same:
		is = "The most loaded CPU has less:"
	}
	return fmt.Sprintf("%s %s under “%s”, and had %s under “%s”.", is, l.whole(1), now.Name, l.number(0), was.Name)
}

// SteeringSentences say what receive packet steering does beside a scenario that differs in
// nothing else; of other differences they could not tell RPS's part.
func (c *Compare) SteeringSentences() (sentences []string) {
	for i := range c.Scenarios {
		m := c.Scenarios[i].Mode()
		if m.RPS == nil || m.Instant { // nobody is busy in no time
			continue
		}
		at := slices.IndexFunc(c.Scenarios, func(s Scenario) bool {
			return s.Mode().RPS == nil && s.differsByRPS(&c.Scenarios[i])
		})
		if at < 0 {
			continue
		}
		without := c.Scenarios[at].Mode()
		was, is := words.Percent(MaxUtilization(without)), words.Percent(MaxUtilization(m))
		s := fmt.Sprintf("RPS, under “%s”, would bring the busiest CPU from %s to %s busy", c.Scenarios[i].Name, was, is)
		if was == is {
			s = fmt.Sprintf("RPS, under “%s”, would leave the busiest CPU %s busy", c.Scenarios[i].Name, is)
		}
		switch more := Ratio(m.busy(), without.busy()) - 1; {
		case more.IsNull():
		case more >= 0:
			s += fmt.Sprintf(", and costs %s more CPU time in all", words.Percent(more))
		default:
			s += fmt.Sprintf(", and costs %s less CPU time in all", words.Percent(-more))
		}
		if m.Overflows() > 0 || without.Overflows() > 0 {
			s += fmt.Sprintf("; %s with it, and %s without", m.dropsInWords(), without.dropsInWords())
		}
		sentences = append(sentences, s+".")
	}
	return sentences
}

// differsByRPS tells whether two scenarios have all parameters alike but those of RPS, and
// drain, which RPS overrides.
func (s *Scenario) differsByRPS(other *Scenario) bool {
	return !slices.ContainsFunc(changesOf(s.Parameters, other.Parameters), func(c Change) bool {
		return c.Name != "rps" && !strings.HasPrefix(c.Name, "rps-") && c.Name != "backlog" && c.Name != "offline-cpus" && c.Name != "drain"
	})
}

// headWidth is the columns that a scenario's name has above its column, and headBytes as much
// of the name as these are looked for in.
const (
	headWidth = 16
	headBytes = 256
)

// Of more than maxRanges ranges of entries only the first are listed.
const (
	maxRanges   = 8
	firstRanges = 4
)

// countersOf is the counters of a mode's CPUs, without what follows from them and
// without what names flows.
func countersOf(m *Mode) []CPU {
	cpus := slices.Clone([]CPU(m.CPUs))
	for i := range cpus {
		c := &cpus[i]
		c.PacketsPerSecond, c.BitsPerSecond, c.PacketsPerDPCMean, c.Utilization, c.Latency.Mean = 0, 0, 0, 0, 0
		c.TopFlow, c.Largest = nil, nil
	}
	return cpus
}

// Has reports whether the scenario has the parameter with the same value.
func (s *Scenario) Has(p Parameter) bool {
	other := s.Parameters.Named(p.Name)
	return other != nil && other.sameValue(&p)
}

// sameValue tells whether two parameters have one value, also if one of them was read
// from JSON, where it has another type.
func (p *Parameter) sameValue(q *Parameter) bool {
	here, errHere := json.Marshal(p.Value)
	there, errThere := json.Marshal(q.Value)
	return errHere == nil && errThere == nil && bytes.Equal(here, there)
}
