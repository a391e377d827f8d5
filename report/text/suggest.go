package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// WriteSuggest writes s for a terminal and for a bug report: what to set, the
// figures of the present and of all suggestions, each suggestion with its commands,
// what more moves bring, what was left out, the capture, and the effects of the
// table's size and of the key. No row is wider than o.Width but commands, which are
// to be copied; o.Flows is not used. Errors are those of w.
func WriteSuggest(w io.Writer, s *report.Suggest, o Options) error {
	t := newWriter(w, o)
	t.opening(&s.Words, s.Capture.Losses())
	t.recommended(s)
	t.notes(s.Notes)
	t.suggestFigures(s)
	t.bound(s)
	t.suggestions(s)
	t.curve(s)
	if len(s.Declined) > 0 {
		t.heading("NOT SUGGESTED", "")
		labels := 0
		for _, d := range s.Declined {
			labels = max(labels, words.DisplayWidth(d.ID)+len(gap))
		}
		for _, d := range s.Declined {
			t.para(d.ID, labels, d.Summary, report.Plain)
		}
	}
	t.capture(&s.Capture)
	t.tableSizes(s)
	t.keyTrials(s)
	r := &report.Report{Tool: s.Tool, Command: s.Command, Parameters: s.Parameters, Capture: s.Capture, Caveats: s.Caveats}
	t.parameters(r)
	t.caveats(report.CaveatsOf(&r.Capture, r.Parameters, r.Caveats))
	return t.flush()
}

// recommended is what to set, with its commands, or why nothing.
func (t *writer) recommended(s *report.Suggest) {
	title, sentences, commands := Verdict(s)
	t.heading("RECOMMENDED", title)
	for _, sentence := range sentences {
		t.para("", 0, sentence, report.Plain)
	}
	for _, command := range commands {
		t.line(words.Indent + words.Clean(command))
	}
}

// Verdict is what to do, in a line, why, and the commands that do it.
func Verdict(s *report.Suggest) (title string, sentences, commands []string) {
	title, sentences, commands = recommendation(s)
	return title, append(sentences, s.HeadroomSentences()...), commands
}

func recommendation(s *report.Suggest) (title string, sentences, commands []string) {
	what, counted := "imbalance of "+report.Objectives[s.Objective], "imbalance of "+report.Counted[s.Objective]
	of := s.Recommended()
	switch {
	case of == nil && s.NoTable != "":
		return "nothing: no table can be set on this interface", []string{s.NoTable + " What a table would change is listed below."}, nil
	case of == nil && s.OneQueue():
		return "nothing: the table leads to one queue", []string{"No table spreads packets over one queue: bring more queues into use first. A replay, without `suggest`, tells how."}, nil
	case of == nil && s.Judging.TooShort != "":
		sentences := []string{fmt.Sprintf("Whether another table would last can't be told: %s. Capture more; --no-gate shows what fits this capture.", s.Judging.TooShort)}
		if even := s.Present.Even; even >= report.UnevenFrom {
			sentences = append(sentences, fmt.Sprintf("But no capture is needed to tell that the present table is uneven itself: even traffic would load its busiest CPU with %s × a fair share. Unless that is meant so, set one that is even.", words.Fixed(even, 2)))
		}
		return "nothing: too short to judge", sentences, nil
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
		sentences = []string{fmt.Sprintf("That held over %s; nothing is known of a longer time.", words.Nanoseconds(s.Judging.Span))}
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

// judgedOn says what suggestions were judged on.
func judgedOn(s *report.Suggest) string {
	j := &s.Judging
	if j.TooShort != "" {
		if anyGate(s) {
			return fmt.Sprintf("of rules, %d folds of %s packets, each by a rule found on those that do not touch it; tables are not: %s", j.Folds, words.Exact(j.Packets/uint64(max(j.Folds, 1))), j.TooShort)
		}
		return fmt.Sprintf("nothing: %s", j.TooShort)
	}
	return fmt.Sprintf("%d folds of %s packets, each by a table found on those that do not touch it; %s of the packets of the first and the last quarter are of flows that are in both",
		j.Folds, words.Exact(j.Packets/uint64(max(j.Folds, 1))), words.Percent(j.Known))
}

// anyGate tells whether any suggestion was judged.
func anyGate(s *report.Suggest) bool {
	return slices.ContainsFunc(s.Suggestions, func(of report.Suggestion) bool { return of.Gate != nil })
}

// suggestFigures is a row for the present and one for each suggestion.
func (t *writer) suggestFigures(s *report.Suggest) {
	t.heading("IMBALANCE", fmt.Sprintf("of %s, max ÷ mean, under %s; 1 is even", report.Objectives[s.Objective], words.Clean(s.Mode)))
	for _, f := range Legend(s) {
		t.para(f[0], captureLabels, f[1], report.Plain)
	}
	t.line("")
	g := grid{keys: 1, columns: []column{{left: true}}}
	heads := s.FigureHeads()
	for _, head := range heads[1:] {
		g.columns = append(g.columns, column{head: strings.TrimPrefix(head, "*")})
	}
	for i, row := range s.FigureRows() {
		cells := plainCells(row...)
		if i == 0 {
			cells[0].style, cells[1].style = report.Bold, report.Bold
		}
		g.row(cells...)
	}
	t.grid(&g)
}

// Legend is what the columns of FigureRows mean.
func Legend(s *report.Suggest) [][2]string {
	even := "without heavy flows: each entry has the same, and what has no hash stays"
	if s.Bound.Ruled > 0 {
		even = "without heavy flows: each entry has the same, and what has no hash or goes where rules lead stays"
	}
	trained := "the same tables and rules on the packets that they were found on"
	if s.Judging.TooShort != "" && !anyGate(s) {
		trained = "nothing, either"
	}
	busiest := "the windows with the most packets, which have a tenth of all"
	if s.Objective != "packets" {
		busiest = "of packets, in the windows with the most, which have a tenth of all"
	}
	return [][2]string{
		{"whole", "a replay of all of the capture, on which the tables were found"},
		{"judged", judgedOn(s)},
		{"trained", trained},
		{"busiest", busiest},
		{"even", even},
	}
}

// curve is a row for each number of moves.
func (t *writer) curve(s *report.Suggest) {
	if len(s.Curve) < 2 {
		return
	}
	t.heading("MOVES", "what more moves of single entries bring")
	g := grid{keys: 1, columns: []column{{head: "moves"}, {head: "whole"}, {head: "trained"}, {head: "judged"}, {head: "flows"}, {head: "flows an entry"}}}
	if s.Judging.TooShort == "" {
		g.columns = append(g.columns, column{left: true})
	}
	for _, row := range CurveRows(s) {
		g.texts(row...)
	}
	t.grid(&g)
}

// CurveRows is a row for each number of moves: the imbalances, the flows of the moved
// entries, and whether the gate is passed, where the capture is long enough to tell.
func CurveRows(s *report.Suggest) [][]string {
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
			words.Exact(p.Flows), words.Fixed(report.Ratio(p.Flows, uint64(p.Moves)), 1),
		}
		if s.Judging.TooShort == "" {
			row = append(row, lasts)
		}
		rows = append(rows, row)
	}
	return rows
}

// bound says what no table gets below.
func (t *writer) bound(s *report.Suggest) {
	t.line("")
	for _, sentence := range s.LimitSentences() {
		t.para("", 0, sentence, report.Plain)
	}
}

func (t *writer) suggestions(s *report.Suggest) {
	if len(s.Suggestions) == 0 {
		return
	}
	t.heading("SUGGESTIONS", "those of a stock tool first; try one before you rely on it")
	labels := 0
	for _, of := range s.Suggestions {
		labels = max(labels, words.DisplayWidth(of.ID)+len(gap))
	}
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		t.para(of.ID, labels, of.Summary, report.Bold)
		for _, sentence := range Details(of) {
			t.para("", labels, sentence, report.Plain)
		}
		if earlier := s.SameCommands(i); earlier != "" {
			t.para("", labels, SameAs(earlier), report.Plain)
			continue
		}
		for _, command := range of.Commands {
			t.line(words.Indent + strings.Repeat(" ", labels) + words.Clean(command))
		}
	}
}

// SameAs says that a suggestion has the commands of an earlier one.
func SameAs(earlier string) string { return "The command is that of " + earlier + "." }

// movesTold is how many single moves are told in a sentence.
const movesTold = 20

// Details is what there is to know of a suggestion beyond its summary.
func Details(s *report.Suggestion) []string {
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

// tableSizes is a row for each size, or for several that are alike.
func (t *writer) tableSizes(s *report.Suggest) {
	if len(s.TableSizes) < 2 {
		return
	}
	t.heading("TABLE SIZE", "imbalance of "+report.Counted[s.Objective]+" over the whole capture; the size is the NIC's, not yours to set")
	g := grid{keys: 1, columns: []column{{head: "entries"}, {head: "this layout"}, {head: "best table found"}, {head: "bound"}, {left: true}}}
	for _, row := range s.SizeRows() {
		g.texts(row...)
	}
	t.grid(&g)
}

// keyTrials is the histogram of random keys, with the place of the present one.
func (t *writer) keyTrials(s *report.Suggest) {
	k := s.Keys
	if k == nil {
		return
	}
	t.heading("OTHER KEYS", fmt.Sprintf("the present table under %s, seed %d", words.Plural(uint64(k.Tried), "random key", "random keys"), k.Seed))
	t.para("", 0, k.Verdict, report.Bold)
	t.line("")
	most, at := 0, k.PresentBin()
	for _, b := range k.Histogram {
		most = max(most, b.Keys)
	}
	g := grid{keys: 1, columns: []column{{head: "imbalance"}, {head: "keys"}, {left: true}}}
	beyond := cell{fmt.Sprintf("← present, %s", words.Fixed(k.Present, 3)), report.Bold}
	if k.Present < k.Min {
		g.row(plainCell("less"), plainCell("0"), beyond)
	}
	for i, b := range k.Histogram {
		mark := words.Bar(uint64(b.Keys), uint64(most))
		if i == at {
			mark = strings.TrimLeft(mark+" "+beyond.text, " ")
		}
		g.texts(words.Fixed(b.From, 3)+"…"+words.Fixed(b.To, 3), words.Exact(uint64(b.Keys)), mark)
	}
	if k.Present > k.Max {
		g.row(plainCell("more"), plainCell("0"), beyond)
	}
	t.grid(&g)
	t.line("")
	t.list("", 0, k.Spread(), report.Plain)
}
