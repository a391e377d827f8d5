package markdown

import (
	"fmt"
	"io"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Bytes that parts of suggestions take at most; what is left is the commands'.
const (
	declinedBytes = 6_000
	sizesBytes    = 2_000
	curveBytes    = 2_000
	keysBytes     = 2_000
)

// WriteSuggest writes s for an issue on GitHub, as Write writes a report:
// what the best suggestion brings, the figures of all, each with its commands, and folded
// what was declined. Errors are those of w.
func WriteSuggest(w io.Writer, s *report.Suggest) error {
	m := &markdown{limit: maxMarkdown}
	m.words(&s.Words)
	m.lead(report.TitleOf("RSS suggestions for the traffic", &s.Capture), &s.Capture, s.Notes, summary(s), func(p *markdown) {
		rows := s.FigureRows()
		for _, row := range rows {
			row[0] = code(row[0])
		}
		p.table("suggestions", s.FigureHeads(), rows, nil)
		var legend []string
		for _, of := range s.Legend() {
			legend = append(legend, "**"+of[0]+"**: "+prose(of[1])+".")
		}
		p.para(strings.Join(legend, " "))
	})
	tail := m.tail(&s.Capture, &s.Head, s.Parameters, report.CaveatsOf(&s.Capture, s.Parameters, s.Caveats))
	const behind = declinedBytes + curveBytes + sizesBytes + keysBytes
	m.limit -= behind
	m.suggestions(s)
	m.limit += behind
	if len(s.Curve) > 1 {
		m.details(curveBytes, "Moves of single entries", "", func(p *markdown) {
			heads := []string{"*moves", "*whole", "*trained", "*judged", "*flows", "*flows an entry", ""}
			if s.Judging.TooShort != "" {
				heads = heads[:len(heads)-1]
			}
			p.table("steps", heads, s.CurveRows(), nil)
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
			p.say("Imbalance of " + report.Counted[s.Objective] + " over the whole capture; the size is the NIC's.")
			p.table("sizes", []string{"*entries", "*this layout", "*best table found", "*bound", ""}, s.SizeRows(), nil)
		})
	}
	if k := s.Keys; k != nil {
		m.details(keysBytes, "Other keys", "", func(p *markdown) { p.keyTrials(k) })
	}
	return m.flush(w, tail)
}

// summary says in a few sentences how even the load is, and what would be better.
func summary(s *report.Suggest) []string {
	r := report.Report{Capture: s.Capture}
	title, sentences, _ := s.Recommendation()
	all := []string{
		r.TrafficSentence(),
		fmt.Sprintf("The imbalance of %s under %s is %s: the most loaded CPU has that many times the mean.", report.Objectives[s.Objective], s.Mode, words.Fixed(s.Present.Of(s.Objective), 3)),
		"Recommended: " + title + ".",
	}
	all = append(all, sentences...)
	return append(all, s.LimitSentences()...)
}

// suggestions are told one by one, each with its commands.
func (m *markdown) suggestions(s *report.Suggest) {
	if len(s.Suggestions) == 0 {
		return
	}
	m.para("#### Suggestions")
	for i := range s.Suggestions {
		of := &s.Suggestions[i]
		lines := "**" + prose(of.ID) + "**: " + prose(of.Summary)
		for _, sentence := range of.Details() {
			lines += " " + prose(sentence)
		}
		earlier := s.SameCommands(i)
		if earlier != "" {
			lines += " " + prose(earlier)
		}
		m.para(lines)
		if len(of.Commands) == 0 || earlier != "" {
			continue
		}
		var commands []string
		for _, command := range of.Commands {
			commands = append(commands, words.Clean(command))
		}
		if !m.fenced(strings.Join(commands, "\n")) {
			m.limit += 100 // what comes now is what the cut left out
			m.para("Its command is too long for an issue: the JSON report has it.")
		}
	}
}

// keyTrials is the table of random keys, with the place of the present one.
func (m *markdown) keyTrials(k *report.KeyTrials) {
	m.say(fmt.Sprintf("The present table under %s, seed %d: %s", words.Plural(uint64(k.Tried), "random key", "random keys"), k.Seed, k.Verdict))
	m.say("Imbalance: " + strings.Join(k.Spread(), ", ") + ".")
	var rows [][]string
	for i, b := range k.Histogram {
		mark := ""
		if i == k.PresentBin() {
			mark = "present, " + words.Fixed(k.Present, 3)
		}
		rows = append(rows, []string{words.Fixed(b.From, 3) + " to " + words.Fixed(b.To, 3), words.Exact(uint64(b.Keys)), mark})
	}
	m.table("bins", []string{"*imbalance", "*keys", ""}, rows, nil)
}
