package report

import (
	"fmt"
	"io"
	"strings"
)

// Bytes that parts of suggestions take at most; what is left is the commands'.
const (
	declinedBytes = 6_000
	sizesBytes    = 2_000
	curveBytes    = 2_000
	keysBytes     = 2_000
)

// WriteSuggestMarkdown writes s for an issue on GitHub, as WriteMarkdown writes a report:
// what the best suggestion brings, the figures of all, each with its commands, and folded
// what was declined. Errors are those of w.
func WriteSuggestMarkdown(w io.Writer, s *Suggest) error {
	m := &markdown{limit: maxMarkdown}
	m.words(&s.Words)
	m.lead(titleOf("RSS suggestions for the traffic", &s.Capture), &s.Capture, s.Notes, s.summary(), func(p *markdown) {
		rows := s.figureRows()
		for _, row := range rows {
			row[0] = code(row[0])
		}
		p.table("suggestions", s.figureHeads(), rows, nil)
	})
	tail := &markdown{limit: captureBytes + parameterSize + caveatsBytes}
	tail.tail(&s.Capture, s.Tool, s.Command, s.Parameters, s.Caveats)
	m.limit -= tail.b.Len() + declinedBytes + curveBytes + sizesBytes + keysBytes
	m.suggestions(s.Suggestions)
	m.limit += declinedBytes + curveBytes + sizesBytes + keysBytes
	if len(s.Curve) > 1 {
		m.details(curveBytes, "Moves of single entries", "", func(p *markdown) {
			p.table("steps", []string{"*moves", "*whole", "*trained", "*judged", "*flows", "*flows an entry", ""}, s.curveRows(), nil)
		})
	}
	if len(s.Declined) > 0 {
		m.details(declinedBytes, "Not suggested", "", func(p *markdown) {
			for _, d := range s.Declined {
				p.add("- " + code(d.ID) + ": " + prose(d.Summary) + "\n")
			}
			p.add("\n")
		})
	}
	if len(s.TableSizes) > 1 {
		m.details(sizesBytes, "Other table sizes", "", func(p *markdown) {
			p.para(prose("Imbalance of " + objectives[s.Objective] + " over the whole capture; the size is the NIC's."))
			p.table("sizes", []string{"*entries", "*this layout", "*best table found", "*bound", ""}, s.sizeRows(), nil)
		})
	}
	if k := s.Keys; k != nil {
		m.details(keysBytes, "Other keys", "", func(p *markdown) { p.keyTrials(k) })
	}
	m.b.WriteString(tail.b.String())
	return m.flush(w)
}

// summary says in a few sentences how even the load is, and what would be better.
func (s *Suggest) summary() []string {
	r := Report{Capture: s.Capture}
	title, sentences, _ := s.verdict()
	all := []string{
		r.trafficSentence(),
		fmt.Sprintf("The imbalance of %s under %s is %s: the most loaded CPU has that many times the mean.", objectives[s.Objective], s.Mode, fixed(s.Present.Of(s.Objective), 3)),
		"Recommended: " + title + ".",
	}
	all = append(all, sentences...)
	if s.Judging.TooShort == "" {
		all = append(all, "Judged on "+s.Judging.judgedOn()+".")
	}
	return append(all, s.Bound.sentences()...)
}

// suggestions are told one by one, each with its commands.
func (m *markdown) suggestions(all []Suggestion) {
	if len(all) == 0 {
		return
	}
	m.para("#### Suggestions")
	for i := range all {
		of := &all[i]
		text := "**" + prose(of.ID) + "**: " + prose(of.Summary)
		for _, sentence := range of.details() {
			text += " " + prose(sentence)
		}
		m.para(text)
		if len(of.Commands) == 0 {
			continue
		}
		var commands []string
		for _, command := range of.Commands {
			commands = append(commands, clean(command))
		}
		if !m.fenced(strings.Join(commands, "\n")) {
			m.limit += 100 // what comes now is what the cut left out
			m.para("Its command is too long for an issue: the JSON report has it.")
		}
	}
}

// keyTrials is the table of random keys, with the place of the present one.
func (m *markdown) keyTrials(k *KeyTrials) {
	m.para(prose(fmt.Sprintf("The present table under %s, seed %d: %s", plural(uint64(k.Tried), "random key", "random keys"), k.Seed, k.Verdict)))
	m.para(prose("Imbalance: " + strings.Join(k.spread(), ", ") + "."))
	var rows [][]string
	for i, b := range k.Histogram {
		mark := ""
		if i == k.presentBin() {
			mark = "present, " + fixed(k.Present, 3)
		}
		rows = append(rows, []string{fixed(b.From, 3) + " to " + fixed(b.To, 3), exact(uint64(b.Keys)), mark})
	}
	m.table("bins", []string{"*imbalance", "*keys", ""}, rows, nil)
}
