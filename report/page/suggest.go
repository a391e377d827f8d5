package page

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// WriteSuggest writes s as a page of the kind that Write writes: what to set, the figures
// of all suggestions, each with its commands and the entries that it moves, the present
// table as a map with those entries, and what more moves bring. Errors are those of w.
func WriteSuggest(w io.Writer, s *report.Suggest) error {
	page, err := newFrame(w, &s.Words, report.TitleOf("RSS suggestions for the traffic", &s.Capture))
	if err != nil {
		return err
	}
	title, sentences, commands := s.Recommendation()
	r := report.Report{Capture: s.Capture}
	summary := append([]string{r.TrafficSentence(), "Recommended: " + strings.TrimSuffix(title, ".") + "."}, sentences...)
	page.Lead = newLead(&s.Capture, s.Notes, summary)
	page.Tail = newTail(&s.Capture, &s.Head, s.Parameters, s.Caveats)
	page.execute("head", page)
	page.execute("suggest", newSuggestBody(s, page, commands))
	page.data(func() error { return nil })
	page.execute("foot", page)
	return page.flush()
}

// suggestBody is the body of a page of suggestions.
type suggestBody struct {
	*frame
	Commands    []string // of the recommended one
	FiguresKey  string
	Legend      [][2]string // what the columns of the figures are
	Figures     table
	Notes       [][]phrase // below which imbalance no table gets, and what moving would bring
	Suggestions []suggestion
	Entries     *entrySection // nil without a packet that was hashed
	Moved       string        // the suggestion whose entries are outlined; "" for none
	Curve       *curveSection // nil where it is not known
	Declined    []report.Declined
	Others      []table
}

type suggestion struct {
	*report.Suggestion
	Details  [][]phrase
	Commands []string // none where an earlier suggestion has them
	Moves    *table   // nil: none of single entries, or too many
}

// curveSection is the imbalance by the number of moves.
type curveSection struct {
	Legend []curveLine
	Plot   *plot
	Table  table
	Judged bool // on packets that the tables were not found on
}

type curveLine struct {
	Class, Name string
	of          func(p *report.CurvePoint) report.Fraction
}

func newSuggestBody(s *report.Suggest, page *frame, commands []string) *suggestBody {
	h := &suggestBody{frame: page, Commands: commands, Declined: s.Declined}
	h.FiguresKey = fmt.Sprintf("Of %s, max ÷ mean, under %s; 1 is even.", report.Objectives[s.Objective], words.Shown(s.Mode))
	h.Legend = s.Legend()
	for _, sentence := range s.LimitSentences() {
		h.Notes = append(h.Notes, phrases(sentence))
	}
	h.Figures = textTable("suggestions-table", "The present way to steer, and the suggestions", s.FigureHeads(), s.FigureRows())
	for i := range s.Suggestions {
		h.Suggestions = append(h.Suggestions, newSuggestion(fmt.Sprintf("moves-%d", i), &s.Suggestions[i], s.SameCommands(i)))
	}
	if h.Entries = newEntrySection("", &s.Table); h.Entries != nil {
		for i := range s.Suggestions {
			if of := &s.Suggestions[i]; len(of.Moves) > 0 {
				h.Moved = words.Shown(of.ID)
				h.Entries.Map.outline(of.Moves)
				break
			}
		}
	}
	h.Curve = newCurveSection(s)
	if len(s.TableSizes) > 1 {
		h.Others = append(h.Others, textTable("sizes", "Other table sizes: the imbalance on the whole capture; the size is the NIC's, not yours to set",
			[]string{"*entries", "*this layout", "*best table found", "*bound", ""}, s.SizeRows()))
	}
	if k := s.Keys; k != nil {
		h.Others = append(h.Others, keyTable(k))
	}
	return h
}

func newSuggestion(id string, of *report.Suggestion, earlier string) suggestion {
	h := suggestion{Suggestion: of, Commands: of.Commands}
	plain := *of
	plain.Moves = nil // they have a table
	for _, sentence := range plain.Details() {
		h.Details = append(h.Details, phrases(sentence))
	}
	if earlier != "" {
		h.Commands = nil
		h.Details = append(h.Details, phrases(earlier))
	}
	if len(of.Moves) > 0 && len(of.Moves) <= flowPage {
		h.Moves = &table{ID: id, Caption: "Entries to move, the heaviest first", Head: heads("*entry", "*from queue", "*to queue", "*packets", "*flows")}
		named := slices.ContainsFunc(of.Moves, func(m report.Move) bool { return m.Largest != nil })
		if named {
			h.Moves.Head = append(h.Moves.Head, heads("its largest flow")...)
		}
		for _, m := range of.Moves {
			cells := []cell{numberHead(m.Entry), numberCell(m.From), numberCell(m.To), exactCell(m.Packets), exactCell(m.Flows)}
			switch {
			case m.Largest != nil:
				cells = append(cells, textCell(fmt.Sprintf("%s, %s", report.FlowWords(m.Largest), words.Plural(m.Largest.Packets, "packet", "packets"))))
			case named:
				cells = append(cells, textCell("–"))
			}
			h.Moves.row(cells...)
		}
	}
	return h
}

// outline marks the entries that moves take.
func (m *entryMap) outline(moves []report.Move) {
	at := 0
	for r := range m.Rows {
		for c := range m.Rows[r].Cells {
			cell := &m.Rows[r].Cells[c]
			for _, move := range moves {
				if move.Entry/m.Folded == at {
					cell.Place = fmt.Sprintf("h%d moved", cell.Level)
					cell.Tip += fmt.Sprintf("; entry %d goes from queue %d to queue %d", move.Entry, move.From, move.To)
				}
			}
			at++
		}
	}
}

// textTable is a table of what other formats have as text; a head with a * is one of
// numbers.
func textTable(id, caption string, names []string, rows [][]string) table {
	t := table{ID: id, Caption: caption, Head: heads(names...)}
	for _, row := range rows {
		cells := make([]cell, len(row))
		for i, s := range row {
			if s == "-" {
				s = "–"
			}
			cells[i] = textCell(s)
			cells[i].Number, cells[i].Head = i < len(t.Head) && t.Head[i].Number, i == 0
		}
		t.row(cells...)
	}
	return t
}

func keyTable(k *report.KeyTrials) table {
	t := table{ID: "keys", Caption: fmt.Sprintf("The present table under %s, seed %d: %s", words.Plural(uint64(k.Tried), "random key", "random keys"), k.Seed, words.Shown(k.Verdict)), Head: heads("*imbalance from", "*to", "*keys", "")}
	for i, b := range k.Histogram {
		mark := ""
		if i == k.PresentBin() {
			mark = "present, " + words.Fixed(k.Present, 3)
		}
		t.row(textCell(words.Fixed(b.From, 3)), textCell(words.Fixed(b.To, 3)), exactCell(uint64(b.Keys)), textCell(mark))
		t.Rows[i][0].Number, t.Rows[i][1].Number = true, true
	}
	return t
}

// curveLines are the figures that are drawn by the number of moves.
func curveLines() []curveLine {
	return []curveLine{
		{"whole", "on the whole capture, where it was found", func(p *report.CurvePoint) report.Fraction { return p.Whole }},
		{"trained", "on the parts where it was found", func(p *report.CurvePoint) report.Fraction { return p.Trained }},
		{"judged", "judged", func(p *report.CurvePoint) report.Fraction { return p.Judged }},
	}
}

// newCurveSection is the table of the curve, and its picture; nil where none of it is
// uneven.
func newCurveSection(s *report.Suggest) *curveSection {
	if len(s.Curve) < 2 {
		return nil
	}
	most := greatestOfCurve(s)
	if most == 1 {
		return nil
	}
	heads := []string{"*moves", "*whole", "*trained", "*judged", "*flows", "*flows an entry", ""}
	rows := s.CurveRows()
	judged := s.Judging.TooShort == ""
	if !judged { // then nothing is known of what lasts
		heads = slices.Delete(heads[:len(heads)-1], 2, 4)
		for i := range rows {
			rows[i] = slices.Delete(rows[i], 2, 4)
		}
	}
	h := &curveSection{Judged: judged, Table: textTable("curve-table", "Moves of single entries", heads, rows)}
	h.draw(s, most)
	for i := range s.Curve {
		c := &s.Curve[i]
		h.Plot.Tips[i] = fmt.Sprintf("%s: whole %s", words.Plural(uint64(c.Moves), "move", "moves"), words.Fixed(c.Whole, 3))
		if judged {
			h.Plot.Tips[i] += fmt.Sprintf(", trained %s, judged %s", words.Fixed(c.Trained, 3), words.Fixed(c.Judged, 3))
		}
	}
	return h
}

// isImbalance tells whether there is a value; 1 is the least that an imbalance can be.
func isImbalance(f report.Fraction) bool { return !f.IsNull() && f >= 1 }

func greatestOfCurve(s *report.Suggest) float64 {
	most := float64(1)
	for i := range s.Curve {
		for _, line := range curveLines() {
			if v := line.of(&s.Curve[i]); isImbalance(v) {
				most = max(most, float64(v))
			}
		}
	}
	if isImbalance(s.Judging.Present) {
		most = max(most, float64(s.Judging.Present))
	}
	return most
}

// draw draws the imbalances from 1 up to the greatest.
func (h *curveSection) draw(s *report.Suggest, most float64) {
	y := func(v report.Fraction) float64 { return plotHeight - (float64(v)-1)/(most-1)*(plotHeight-plotTop) }
	p := &plot{Height: plotHeight, Summary: "Imbalance by the number of entries moved; the numbers are in the table below."}
	n := len(s.Curve)
	p.spread(n, func(i int) string { return words.Exact(uint64(s.Curve[i].Moves)) })
	step := draw.RoundStep((most - 1) / plotTicks)
	for v := 1.0; v <= most+step/100; v += step {
		p.Grid = append(p.Grid, plotLine{decimal(y(report.Fraction(v))), words.Fixed(report.Fraction(v), max(0, -int(math.Floor(math.Log10(step)))))})
	}
	if isImbalance(s.Judging.Present) {
		p.Mark = &plotLine{decimal(y(s.Judging.Present)), "present"}
	}
	for _, line := range curveLines() {
		var path strings.Builder
		for i := range s.Curve {
			v := line.of(&s.Curve[i])
			if !isImbalance(v) {
				continue
			}
			command := "L"
			if path.Len() == 0 {
				command = "M"
			}
			fmt.Fprintf(&path, "%s%s %s", command, middle(i, n), decimal(y(v)))
			p.box(i, 0.12, y(v)-3, y(v)+3, "dot "+line.Class)
		}
		if path.Len() > 0 {
			p.Lines = append(p.Lines, timePath{line.Class, path.String()})
			h.Legend = append(h.Legend, line)
		}
	}
	h.Plot = p
}
