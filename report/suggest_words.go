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

// OneQueue tells whether all entries are of the only queue there is to choose, and leave CPUs idle.
func (s *Suggest) OneQueue() bool { return len(s.Table.QueueCPUs) == 1 && s.Present.Even >= UnevenFrom }

// LimitSentences say below which imbalance no table gets, and whether moving entries while
// packets arrive would bring more, where that is known.
func (s *Suggest) LimitSentences() []string {
	if s.OneQueue() {
		return []string{fmt.Sprintf("No table gets below %s: there is one queue.", words.Fixed(s.Present.Even, 3))}
	}
	sentences := s.Bound.sentences(s.Objective)
	if s.Moving != nil {
		sentences = append(sentences, s.Moving.sentence())
	}
	return sentences
}

// SameCommands is the earlier suggestion that has the commands of number i, which can be as
// long as the table: "" for none.
func (s *Suggest) SameCommands(i int) string {
	of := s.Suggestions[i].Commands
	if len(of) == 0 {
		return ""
	}
	if at := slices.IndexFunc(s.Suggestions[:i], func(earlier Suggestion) bool { return slices.Equal(earlier.Commands, of) }); at >= 0 {
		return s.Suggestions[at].ID
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
