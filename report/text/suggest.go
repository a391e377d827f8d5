package text

import (
	"fmt"
	"io"
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
	t.parameters(&s.Head, s.Parameters)
	t.caveats(report.CaveatsOf(&s.Capture, s.Parameters, s.Caveats))
	return t.flush()
}

// recommended is what to set, with its commands, or why nothing.
func (t *writer) recommended(s *report.Suggest) {
	title, sentences, commands := s.Recommendation()
	t.heading("RECOMMENDED", title)
	t.say(sentences...)
	for _, command := range commands {
		t.line(words.Indent + words.Clean(command))
	}
}

// suggestFigures is a row for the present and one for each suggestion.
func (t *writer) suggestFigures(s *report.Suggest) {
	t.heading("IMBALANCE", fmt.Sprintf("of %s, max ÷ mean, under %s; 1 is even", report.Objectives[s.Objective], words.Clean(s.Mode)))
	for _, f := range s.Legend() {
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
	for _, row := range s.CurveRows() {
		g.texts(row...)
	}
	t.grid(&g)
}

// bound says what no table gets below.
func (t *writer) bound(s *report.Suggest) {
	t.line("")
	t.say(s.LimitSentences()...)
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
		for _, sentence := range of.Details() {
			t.para("", labels, sentence, report.Plain)
		}
		if earlier := s.SameCommands(i); earlier != "" {
			t.para("", labels, earlier, report.Plain)
			continue
		}
		for _, command := range of.Commands {
			t.line(words.Indent + strings.Repeat(" ", labels) + words.Clean(command))
		}
	}
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
