package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteSuggestText writes s for a terminal and for a bug report: the capture, the
// figures of the present and of all suggestions, the bound, each suggestion with
// its commands, what was left out, and the effects of the table's size and of the
// key. No row is wider than o.Width but commands, which are to be copied; o.Flows
// is not used. Errors are those of w.
func WriteSuggestText(w io.Writer, s *Suggest, o TextOptions) error {
	t := newTextWriter(w, o)
	t.opening(&s.Words, s.Notes)
	t.capture(&s.Capture)
	t.suggestFigures(s)
	t.bound(s)
	t.suggestions(s)
	if len(s.Declined) > 0 {
		t.heading("NOT SUGGESTED", "")
		labels := 0
		for _, d := range s.Declined {
			labels = max(labels, displayWidth(d.ID)+len(gap))
		}
		for _, d := range s.Declined {
			t.para(d.ID, labels, d.Summary, plain)
		}
	}
	t.tableSizes(s)
	t.keyTrials(s)
	r := &Report{Tool: s.Tool, Command: s.Command, Parameters: s.Parameters, Capture: s.Capture, Caveats: s.Caveats}
	t.parameters(r)
	t.caveats(r)
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

// objectives are what may be even, in words.
var objectives = map[string]string{"packets": "packets", "bytes": "bytes", "busy": "busy time"}

func (p *Part) text() string {
	s := fmt.Sprintf("%s, from %s", plural(p.Received, "received packet", "received packets"), moment(p.Start))
	if p.End != nil {
		s += " to before " + moment(*p.End)
	}
	return s
}

// suggestFigures is a row for the present and one for each suggestion.
func (t *textWriter) suggestFigures(s *Suggest) {
	t.heading("IMBALANCE", fmt.Sprintf("of %s, max ÷ mean, under %s; 1 is even", objectives[s.Objective], clean(s.Mode)))
	t.para("found on", captureLabels, s.Training.text(), plain)
	if s.Rest != nil {
		t.para("judged on", captureLabels, s.Rest.text(), plain)
	} else {
		t.para("judged on", captureLabels, "the same packets: expect less of others", plain)
	}
	t.line("")
	g := grid{keys: 1, columns: []column{{left: true}, {head: "found on"}}}
	if s.Rest != nil {
		g.columns = append(g.columns, column{head: "judged on"})
	}
	judged := len(g.columns) // and before: what the present is told by
	g.columns = append(g.columns, column{head: "drops"}, column{head: "latency p99"}, column{head: "entries moved"}, column{head: "flows moved"})
	if s.hasConnections() {
		g.columns = append(g.columns, column{head: "on one CPU", group: "connections"})
	}
	for i, row := range s.figureRows() {
		cells := make([]cell, len(row))
		for k, text := range row {
			if cells[k] = plainCell(text); i == 0 && k < judged {
				cells[k].style = bold
			}
		}
		g.row(cells...)
	}
	t.grid(&g)
}

// hasConnections tells whether the present has both directions of any.
func (s *Suggest) hasConnections() bool {
	return s.Present.Connections > 0 || s.Present.Training.Connections > 0
}

// figureRows is a row for the present and one for each suggestion: its name, the
// imbalance where it was found, and where it was judged if that is another part; drops,
// latency, entries and flows moved, and if there are connections those on one CPU.
func (s *Suggest) figureRows() [][]string {
	var rows [][]string
	row := func(name string, predicted, training *Figures, entries, flows string) {
		cells := []string{name, fixed(training.Of(s.Objective), 3)}
		if s.Rest != nil {
			cells = append(cells, fixed(predicted.Of(s.Objective), 3))
		}
		cells = append(cells, exact(predicted.Drops), nanosecondsOrNone(predicted.LatencyP99), entries, flows)
		if s.hasConnections() {
			cells = append(cells, percent(Ratio(predicted.SymmetricConnections, predicted.Connections)))
		}
		rows = append(rows, cells)
	}
	row("present", &s.Present.Figures, &s.Present.Training, none, none)
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		entries := none
		if of.EntriesMoved != nil {
			entries = exact(uint64(*of.EntriesMoved))
		}
		row(of.ID, &of.Predicted, &of.Training, entries, exact(of.FlowsMoved))
	}
	return rows
}

// bound says what no table gets below.
func (t *textWriter) bound(s *Suggest) {
	t.line("")
	for _, sentence := range s.Bound.sentences() {
		t.para("", 0, sentence, plain)
	}
}

func (b *Bound) sentences() []string {
	text := fmt.Sprintf("No table gets below %s on the part that suggestions were found on", fixed(b.Imbalance, 3))
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

// ends are the flow's protocol, source and destination.
func (f *Flow) ends() string {
	return fmt.Sprintf("%s %s → %s", f.Protocol, endName(f.Source, f.SourcePort, f.HasPorts, 0), endName(f.Destination, f.DestinationPort, f.HasPorts, 0))
}

func (t *textWriter) suggestions(s *Suggest) {
	t.heading("SUGGESTIONS", "the best first; try one before you rely on it")
	if len(s.Suggestions) == 0 {
		t.para("", 0, "None: keep what there is.", plain)
		return
	}
	labels := 0
	for _, of := range s.Suggestions {
		labels = max(labels, displayWidth(of.ID)+len(gap))
	}
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		t.para(of.ID, labels, of.Summary, bold)
		if of.Note != "" {
			t.para("", labels, of.Note, plain)
		}
		for _, command := range of.Commands {
			t.line(indent + strings.Repeat(" ", labels) + clean(command))
		}
	}
}

// tableSizes is a row for each size.
func (t *textWriter) tableSizes(s *Suggest) {
	if len(s.TableSizes) < 2 {
		return
	}
	t.heading("TABLE SIZE", "imbalance of "+objectives[s.Objective]+" over the whole capture; the size is the NIC's, not yours to set")
	g := grid{keys: 1, columns: []column{{head: "entries"}, {head: "this layout"}, {head: "best table found"}, {head: "bound"}, {left: true}}}
	for _, row := range s.sizeRows() {
		cells := make([]cell, len(row))
		for i, text := range row {
			cells[i] = plainCell(text)
		}
		g.row(cells...)
	}
	t.grid(&g)
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
		rows = append(rows, []string{exact(uint64(size.Size)), fixed(size.Now, 3), fixed(size.Best, 3), fixed(size.Bound, 3), present})
	}
	return rows
}

// keyTrials is the histogram of random keys, with the place of the present one.
func (t *textWriter) keyTrials(s *Suggest) {
	k := s.Keys
	if k == nil {
		return
	}
	t.heading("OTHER KEYS", fmt.Sprintf("the present table under %s, seed %d", plural(uint64(k.Tried), "random key", "random keys"), k.Seed))
	t.para("", 0, k.Verdict, bold)
	t.line("")
	most, at := 0, k.presentBin()
	for _, b := range k.Histogram {
		most = max(most, b.Keys)
	}
	g := grid{keys: 1, columns: []column{{head: "imbalance"}, {head: "keys"}, {left: true}}}
	beyond := cell{fmt.Sprintf("← present, %s", fixed(k.Present, 3)), bold}
	if k.Present < k.Min {
		g.row(plainCell("less"), plainCell("0"), beyond)
	}
	for i, b := range k.Histogram {
		mark := bar(uint64(b.Keys), uint64(most))
		if i == at {
			mark = strings.TrimLeft(mark+" "+beyond.text, " ")
		}
		g.row(plainCell(fixed(b.From, 3)+"…"+fixed(b.To, 3)), plainCell(exact(uint64(b.Keys))), plainCell(mark))
	}
	if k.Present > k.Max {
		g.row(plainCell("more"), plainCell("0"), beyond)
	}
	t.grid(&g)
	t.line("")
	t.list("", 0, k.spread(), plain)
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
