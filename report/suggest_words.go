package report

import (
	"fmt"
	"slices"
	"strings"
)

func (b *Bound) sentences() []string {
	text := fmt.Sprintf("No table gets below %s on this capture", fixed(b.Imbalance, 3))
	switch {
	case b.Unhashed.Equal(b.Imbalance) && b.Unhashed > 1:
		text += ": that much has no hash, and goes to the default queue."
	case b.EntryImbalance > 1 && b.Imbalance > 1.0005:
		text += fmt.Sprintf(": entry %d, the heaviest, has %s alone.", b.Entry, fixed(b.EntryImbalance, 3))
	default:
		text += ": that is even."
	}
	if b.LargestFlow == nil || !(b.FlowImbalance > 1) {
		return []string{text}
	}
	return []string{text, fmt.Sprintf("One flow alone is %s of a CPU's fair share, whatever the table: %s.", fixed(b.FlowImbalance, 3), b.LargestFlow.ends())}
}

// sizeRows is a row for each size: entries, the imbalance of this layout, of the best
// table and of the bound, and whether it is the present one.
func (s *Suggest) sizeRows() [][]string {
	var rows [][]string
	for _, size := range s.TableSizes {
		present := ""
		if size.Present {
			present = "present"
		}
		row := []string{exact(uint64(size.Size)), fixed(size.Now, 3), fixed(size.Best, 3), fixed(size.Bound, 3), present}
		if n := len(rows); n > 0 && !size.Present && rows[n-1][4] == "" && slices.Equal(row[1:], rows[n-1][1:]) {
			first, _, _ := strings.Cut(rows[n-1][0], " ")
			rows[n-1][0] = first + " to " + row[0]
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// presentBin is the index of the bin that holds the present imbalance; -1 for none.
func (k *KeyTrials) presentBin() int {
	return slices.IndexFunc(k.Histogram, func(b Bin) bool {
		return k.Present >= b.From && (k.Present < b.To || b.To == k.Max && k.Present == b.To)
	})
}

// spread is how the keys differ.
func (k *KeyTrials) spread() []string {
	return []string{
		"least " + fixed(k.Min, 3), "p10 " + fixed(k.P10, 3), "p50 " + fixed(k.P50, 3), "p90 " + fixed(k.P90, 3), "greatest " + fixed(k.Max, 3),
		fmt.Sprintf("lower than the present: %s of %s", exact(uint64(k.Better)), exact(uint64(k.Tried))),
	}
}

// objectives are what may be even, in words.
var objectives = map[string]string{"packets": "packets", "bytes": "bytes", "busy": "busy time"}

// hasConnections tells whether the present has both directions of any.
func (s *Suggest) hasConnections() bool { return s.Present.Connections > 0 }

// figureRows is a row for the present and one for each suggestion: its name; the
// imbalance of the whole capture, where tables were found and where they were judged,
// in the busiest windows, and of even traffic; entries and flows moved, drops, latency,
// and if there are connections those on one CPU.
func (s *Suggest) figureRows() [][]string {
	var rows [][]string
	row := func(name string, f *Figures, trained, judged, even Fraction, entries, flows string) {
		cells := []string{
			name, fixed(f.Of(s.Objective), 3), fixed(trained, 3), fixed(judged, 3), fixed(f.BusyWindows, 3), fixed(even, 3),
			entries, flows, exact(f.Drops), nanosecondsOrNone(f.LatencyP99),
		}
		if s.hasConnections() {
			cells = append(cells, percent(Ratio(f.SymmetricConnections, f.Connections)))
		}
		rows = append(rows, cells)
	}
	row("present", &s.Present.Figures, Null, s.Judging.Present, s.Present.Even, none, none)
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		entries := none
		if of.EntriesMoved != nil {
			entries = exact(uint64(*of.EntriesMoved))
		}
		trained, judged := Null, Null
		if of.Gate != nil {
			trained, judged = of.Gate.Trained, of.Gate.Judged
		}
		row(of.ID, &of.Predicted, trained, judged, of.Even, entries, exact(of.FlowsMoved))
	}
	return rows
}

// figureHeads are the heads of figureRows; * is of numbers.
func (s *Suggest) figureHeads() []string {
	heads := []string{"", "*whole", "*trained", "*judged", "*busiest", "*even", "*entries moved", "*flows moved", "*drops", "*p99"}
	if s.hasConnections() {
		heads = append(heads, "*connections on one CPU")
	}
	return heads
}
