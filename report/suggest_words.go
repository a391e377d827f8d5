package report

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/report/internal/words"
)

// sentences say below which imbalance no table gets, and what keeps it there.
func (b *Bound) sentences(objective string) []string {
	lines := fmt.Sprintf("No table gets below %s on this capture", words.Fixed(b.Imbalance, 3))
	if objective == "busy" {
		lines += ", by " + Counted[objective]
	}
	switch {
	case b.Unhashed.Equal(b.Imbalance) && b.Unhashed > 1 && b.Ruled.Equal(b.Unhashed):
		lines += ": that much rules lead to one CPU, and this table does not move it."
	case b.Unhashed.Equal(b.Imbalance) && b.Unhashed > 1 && b.Ruled > 0:
		lines += ": that much has no hash, or goes where rules lead, and this table does not move it."
	case b.Unhashed.Equal(b.Imbalance) && b.Unhashed > 1:
		lines += ": that much has no hash, and goes to the default queue."
	case b.EntryImbalance > 1 && b.Imbalance > 1.0005:
		lines += fmt.Sprintf(": entry %d, the heaviest, has %s alone.", b.Entry, words.Fixed(b.EntryImbalance, 3))
	case b.Imbalance > 1.0005:
		lines += "."
	default:
		lines += ": that is even."
	}
	if b.LargestFlow == nil || !(b.FlowImbalance > 1) {
		return []string{lines}
	}
	return []string{lines, fmt.Sprintf("One flow alone is %s × a CPU's fair share, whatever the table: %s.", words.Fixed(b.FlowImbalance, 3), FlowWords(b.LargestFlow))}
}

// oneQueue tells whether all entries are of the only queue there is to choose, and leave CPUs idle.
func (s *Suggest) oneQueue() bool { return len(s.Table.QueueCPUs) == 1 && s.Present.Even >= UnevenFrom }

// LimitSentences say below which imbalance no table gets, and whether moving entries while
// packets arrive would bring more, where that is known.
func (s *Suggest) LimitSentences() []string {
	if s.oneQueue() {
		return []string{fmt.Sprintf("No table gets below %s: there is one queue.", words.Fixed(s.Present.Even, 3))}
	}
	sentences := s.Bound.sentences(s.Objective)
	if s.Moving != nil {
		sentences = append(sentences, s.Moving.sentence())
	}
	return sentences
}

// SameCommands says which earlier suggestion has the commands of number i, which can be as
// long as the table; "" where none has.
func (s *Suggest) SameCommands(i int) string {
	of := s.Suggestions[i].Commands
	if len(of) == 0 {
		return ""
	}
	if at := slices.IndexFunc(s.Suggestions[:i], func(earlier Suggestion) bool { return slices.Equal(earlier.Commands, of) }); at >= 0 {
		return "The command is that of " + s.Suggestions[at].ID + "."
	}
	return ""
}

// SizeRows is a row for each size: entries, the imbalance of this layout, of the best
// table and of the bound, and whether it is the present one.
func (s *Suggest) SizeRows() [][]string {
	var rows [][]string
	for _, size := range s.TableSizes {
		present := ""
		if size.Present {
			present = "present"
		}
		row := []string{words.Exact(uint64(size.Size)), words.Fixed(size.Now, 3), words.Fixed(size.Best, 3), words.Fixed(size.Bound, 3), present}
		if n := len(rows); n > 0 && !size.Present && rows[n-1][4] == "" && slices.Equal(row[1:], rows[n-1][1:]) {
			first, _, _ := strings.Cut(rows[n-1][0], " ")
			rows[n-1][0] = first + " to " + row[0]
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// PresentBin is the index of the bin that holds the present imbalance; -1 for none.
func (k *KeyTrials) PresentBin() int {
	return slices.IndexFunc(k.Histogram, func(b Bin) bool {
		return k.Present >= b.From && (k.Present < b.To || b.To == k.Max && k.Present == b.To)
	})
}

// Spread is how the keys differ.
func (k *KeyTrials) Spread() []string {
	return []string{
		"least " + words.Fixed(k.Min, 3), "p10 " + words.Fixed(k.P10, 3), "p50 " + words.Fixed(k.P50, 3), "p90 " + words.Fixed(k.P90, 3), "greatest " + words.Fixed(k.Max, 3),
		fmt.Sprintf("lower than the present: %s of %s", words.Exact(uint64(k.Better)), words.Exact(uint64(k.Tried))),
	}
}

// Objectives are what may be even, in words.
var Objectives = map[string]string{"packets": "packets", "bytes": "bytes", "busy": "busy time"}

// Counted are these loads where they are counted and not replayed: what ISRs and DPCs take
// depends on how packets meet.
var Counted = map[string]string{"packets": "packets", "bytes": "bytes", "busy": "the packets' costs"}

// hasConnections tells whether the present has both directions of any.
func (s *Suggest) hasConnections() bool { return s.Present.Connections > 0 }

// FigureRows is a row for the present and one for each suggestion: its name; the
// imbalance of the whole capture, where tables were found and where they were judged,
// in the busiest windows, and of even traffic; entries and flows moved, drops, latency,
// and if there are connections those on one CPU.
func (s *Suggest) FigureRows() [][]string {
	var rows [][]string
	row := func(name string, f *Figures, trained, judged, even Fraction, entries, flows string) {
		cells := []string{
			name, words.Fixed(f.Of(s.Objective), 3), words.Fixed(trained, 3), words.Fixed(judged, 3), words.Fixed(f.BusyWindows, 3), words.Fixed(even, 3),
			entries, flows, words.Exact(f.Drops), words.NanosecondsOrNone(f.LatencyP99),
		}
		if s.hasConnections() {
			cells = append(cells, words.Percent(Ratio(f.SymmetricConnections, f.Connections)))
		}
		rows = append(rows, cells)
	}
	row("present", &s.Present.Figures, Null, s.Judging.Present, s.Present.Even, words.None, words.None)
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		entries := words.None
		if of.EntriesMoved != nil {
			entries = words.Exact(uint64(*of.EntriesMoved))
		}
		trained, judged := Null, Null
		if of.Gate != nil {
			trained, judged = of.Gate.Trained, of.Gate.Judged
		}
		row(of.ID, &of.Predicted, trained, judged, of.Even, entries, words.Exact(of.FlowsMoved))
	}
	return rows
}

// FigureHeads are the heads of FigureRows; * is of numbers.
func (s *Suggest) FigureHeads() []string {
	heads := []string{"", "*whole", "*trained", "*judged", "*busiest", "*even", "*entries moved", "*flows moved", "*drops", "*p99"}
	if s.hasConnections() {
		heads = append(heads, "*connections on one CPU")
	}
	return heads
}

// Recommendation is what to do, in a line, why, and the commands that do it.
func (s *Suggest) Recommendation() (title string, sentences, commands []string) {
	title, sentences, commands = s.recommendation()
	if why := s.outsideTable(); why != "" {
		sentences = append(sentences, why)
	}
	if s.Capture.Behind() {
		sentences = append(sentences, "The captures overlap in time, and are read one behind the other, so that what lasts can't be told: give --merge, which goes by time.")
	}
	return title, append(sentences, s.HeadroomSentences()...), commands
}

// outsideTable says why a table that is even over its queues is not over the CPUs: more queues are
// on one CPU than on others, or all are, so that their interrupts load it; or it leads to few
// CPUs. It is "" where it is not so, and under RPS, where interrupts are not the load.
func (s *Suggest) outsideTable() string {
	if s.Parameters.Named("rps") != nil || len(s.Table.QueueCPUs) < 2 || !s.evenOverQueues() {
		return ""
	}
	of, led := map[int]uint64{}, map[int]bool{} // queues on each CPU, and the CPUs that entries lead to
	at := s.Table.QueueCPUs[0]
	for _, cpu := range s.Table.QueueCPUs {
		if of[cpu]++; of[cpu] > of[at] {
			at = cpu
		}
	}
	for _, queue := range s.Table.Entries {
		led[s.Table.QueueCPUs[queue]] = true
	}
	switch {
	case len(of) == 1:
		return fmt.Sprintf("The interrupts of all queues are on CPU %d, so that no table changes the load. Where the host has more CPUs, spread them first (/proc/irq/N/smp_affinity_list).", at)
	case s.tableEven() < UnevenFrom:
		return ""
	case of[at] > 1:
		return fmt.Sprintf("The table is even over the queues: it is their interrupts that are not over the CPUs, as CPU %d has those of %s. A replay, without `suggest`, tells how to spread them, which may be all it takes.", at, words.Exact(of[at]))
	}
	return fmt.Sprintf("The table is even over the queues, which lead to %s of %s CPUs: a replay, without `suggest`, tells how to reach the others.", words.Exact(uint64(len(led))), words.Exact(uint64(s.CPUs)))
}

// evenOverQueues tells whether the table has as many entries of each queue, as nearly as can be.
func (s *Suggest) evenOverQueues() bool {
	entries := s.Table.QueueEntries()
	return slices.Max(entries) <= slices.Min(entries)+1
}

// tableEven is the imbalance that the table makes of even traffic of which all has a hash.
func (s *Suggest) tableEven() Fraction {
	of, most := map[int]uint64{}, uint64(0)
	for _, queue := range s.Table.Entries {
		cpu := s.Table.QueueCPUs[queue]
		of[cpu]++
		most = max(most, of[cpu])
	}
	return Ratio(most*uint64(s.CPUs), uint64(len(s.Table.Entries)))
}

// unevenItself is what is wrong with the present table whatever the capture; nil for nothing.
func (s *Suggest) unevenItself() []string {
	even := s.tableEven()
	if !(even >= UnevenFrom) || s.evenOverQueues() { // it may be null
		return nil
	}
	return []string{fmt.Sprintf("But no capture is needed to tell that the present table is uneven itself: even traffic would load its busiest CPU with %s × a fair share. Unless that is meant so, set one that is even.", words.Fixed(even, 2))}
}

// atBound tells whether no table is better on this capture, as far as packets or bytes tell.
func (s *Suggest) atBound() bool {
	return s.Objective != "busy" && s.Parameters.Named("rps") == nil && s.Bound.Imbalance > 1 && s.Judging.Packets >= MinPackets && s.Present.Of(s.Objective) <= alike*s.Bound.Imbalance
}

func (s *Suggest) recommendation() (title string, sentences, commands []string) {
	what, counted := "imbalance of "+Objectives[s.Objective], "imbalance of "+Counted[s.Objective]
	of := s.Recommended()
	switch {
	case of == nil && s.NoTable != "":
		return "nothing: no table can be set on this interface", []string{s.NoTable + " What a table would change is listed below."}, nil
	case of == nil && s.oneQueue():
		return "nothing: the table leads to one queue", []string{"No table spreads packets over one queue: bring more queues into use first. A replay, without `suggest`, tells how."}, nil
	case of == nil && s.atBound():
		said := fmt.Sprintf("Its %s is %s, and no table gets below %s on this capture.", what, words.Fixed(s.Present.Of(s.Objective), 3), words.Fixed(s.Bound.Imbalance, 3))
		if s.Bound.Imbalance >= UnevenFrom {
			said += " A replay, without `suggest`, tells why, and what helps."
		}
		title, uneven := "keep what there is", s.unevenItself()
		if uneven != nil {
			title = "nothing: no table is better on this capture"
		}
		return title, append([]string{said}, uneven...), nil
	case of == nil && s.Judging.TooShort != "":
		said := fmt.Sprintf("Whether another table would last can't be told: %s. Capture more; --no-gate shows what fits this capture.", s.Judging.TooShort)
		return "nothing: too short to judge", append([]string{said}, s.unevenItself()...), nil
	case of == nil:
		return "keep what there is", []string{fmt.Sprintf("Its %s is %s. Nothing was found that is better and would last; what was looked at is listed below.", what, words.Fixed(s.Present.Of(s.Objective), 3))}, nil
	}
	name := of.ID
	if len(of.Commands) == 0 {
		name += ", which no stock tool sets"
	}
	switch {
	case of.Gate != nil && of.Gate.Passed:
		title = fmt.Sprintf("%s: %s %s → %s, judged on packets it was not found on", name, counted, words.Fixed(of.Gate.Present, 3), words.Fixed(of.Gate.Judged, 3))
		sentences = []string{s.holds(of)}
	case of.Median != nil:
		title = fmt.Sprintf("%s: %s %s → %s, the median of %d random keys", name, counted, words.Fixed(of.Median.Present, 3), words.Fixed(of.Median.Suggested, 3), of.Median.Keys)
	default:
		title = fmt.Sprintf("%s: %s %s → %s on this capture", name, what, words.Fixed(s.Present.Of(s.Objective), 3), words.Fixed(of.Predicted.Of(s.Objective), 3))
		sentences = []string{"It did not pass the gate: expect less of the traffic that follows, or worse than now."}
	}
	if of.Needs != "" {
		sentences = append(sentences, "It needs "+of.Needs+".")
	}
	if len(of.Commands) == 0 || of.Danger {
		sentences = append(sentences, of.Note)
	}
	if s.NoTable != "" {
		sentences = append(sentences, s.NoTable)
	}
	return title, sentences, of.Commands
}

// worseFrom is by how much the busiest CPU must have more of even traffic under another table
// than under the present one, so that it is said.
const worseFrom = 0.02

// holds says for how long what passed the gate held, and what other flows may make of it: a table
// that evens out heavy flows is uneven without them.
func (s *Suggest) holds(of *Suggestion) string {
	span := words.Nanoseconds(s.Judging.Span)
	if of.Even.IsNull() || s.Present.Even.IsNull() || of.Even < s.Present.Even+worseFrom {
		return fmt.Sprintf("That held over %s; nothing is known of a longer time.", span)
	}
	return fmt.Sprintf("That held over %s, with these flows; nothing is known of a longer time. Where other flows take their place it may be worse than now: even traffic gives the busiest CPU %s × its fair share under it, and %s × now.",
		span, words.Fixed(of.Even, 2), words.Fixed(s.Present.Even, 2))
}

// judgedOn says what suggestions were judged on.
func (s *Suggest) judgedOn() string {
	j := &s.Judging
	if j.TooShort != "" {
		if s.anyGate() {
			return fmt.Sprintf("of rules, %d folds of %s packets, each by a rule found on those that do not touch it; tables are not: %s", j.Folds, words.Exact(j.Packets/uint64(max(j.Folds, 1))), j.TooShort)
		}
		return fmt.Sprintf("nothing: %s", j.TooShort)
	}
	return fmt.Sprintf("%d folds of %s packets, each by a table found on those that do not touch it; %s of the packets of the first and the last quarter are of flows that are in both, or hash like one",
		j.Folds, words.Exact(j.Packets/uint64(max(j.Folds, 1))), words.Percent(j.Known))
}

// anyGate tells whether any suggestion was judged.
func (s *Suggest) anyGate() bool {
	return slices.ContainsFunc(s.Suggestions, func(of Suggestion) bool { return of.Gate != nil })
}

// Legend is what the columns of FigureRows mean.
func (s *Suggest) Legend() [][2]string {
	even := "without heavy flows: each entry has the same, and what has no hash stays"
	if s.Bound.Ruled > 0 {
		even = "without heavy flows: each entry has the same, and what has no hash or goes where rules lead stays"
	}
	trained := "the same tables and rules on the packets that they were found on"
	if s.Judging.TooShort != "" && !s.anyGate() {
		trained = "nothing, either"
	}
	busiest := "the windows with the most packets, which have a tenth of all"
	if s.Objective != "packets" {
		busiest = "of packets, in the windows with the most, which have a tenth of all"
	}
	return [][2]string{
		{"whole", "a replay of all of the capture, on which the tables were found"},
		{"judged", s.judgedOn()},
		{"trained", trained},
		{"busiest", busiest},
		{"even", even},
	}
}

// CurveRows is a row for each number of moves: the imbalances, the flows of the moved
// entries, and whether the gate is passed, where the capture is long enough to tell.
func (s *Suggest) CurveRows() [][]string {
	var rows [][]string
	for _, p := range s.Curve {
		lasts := "may not last"
		switch {
		case p.Passed:
			lasts = "lasts"
		case float64(p.Judged) < float64(s.Judging.Present) && float64(p.Judged) > 0.98*float64(s.Judging.Present):
			lasts = "too little"
		}
		row := []string{
			words.Exact(uint64(p.Moves)), words.Fixed(p.Whole, 3), words.Fixed(p.Trained, 3), words.Fixed(p.Judged, 3),
			words.Exact(p.Flows), words.Fixed(Ratio(p.Flows, uint64(p.Moves)), 1),
		}
		if s.Judging.TooShort == "" {
			row = append(row, lasts)
		}
		rows = append(rows, row)
	}
	return rows
}

// movesTold is how many single moves are told in a sentence.
const movesTold = 20

// Details is what there is to know of a suggestion beyond its summary.
func (s *Suggestion) Details() []string {
	var all []string
	if m := s.Median; m != nil {
		all = append(all, fmt.Sprintf("The median of %d random keys is %s against %s.", m.Keys, words.Fixed(m.Suggested, 3), words.Fixed(m.Present, 3)))
	}
	if g := s.Gate; g != nil && g.Passed {
		all = append(all, fmt.Sprintf("Found on the first quarter it saves %s on the last, and the reverse %s; the folds' mean gain is %s × its standard error.",
			words.Percent(g.Forward), words.Percent(g.Back), g.FoldTText()))
	}
	if n := len(s.Moves); n > 0 && n <= movesTold {
		var moves []string
		for _, m := range s.Moves {
			moves = append(moves, fmt.Sprintf("entry %d: %d → %d (%s)", m.Entry, m.From, m.To, words.Plural(m.Flows, "flow", "flows")))
		}
		all = append(all, "Queues, the heaviest first: "+strings.Join(moves, ", ")+".")
	}
	if s.Needs != "" {
		all = append(all, "Needs "+s.Needs+".")
	}
	if s.Note != "" {
		all = append(all, s.Note)
	}
	return all
}
