package text

import (
	"fmt"
	"io"
	"strings"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// Above maxEntriesInFull entries the table is folded: 512 entries would be 64
// lines of mostly i mod queues.
const (
	maxEntriesInFull = 256

	entriesPerRow     = 8 // as ethtool -x prints them
	entriesPerFolded  = 64
	heaviestMentioned = 5
)

// contexts is the tables of RSS contexts.
func (t *writer) contexts(contexts []report.Context) {
	for i := range contexts {
		c := &contexts[i]
		t.entries(c.Title(), "contexts", &c.TableReport)
		if c.Unhashed > 0 {
			t.say(c.UnhashedSentence())
		}
	}
}

// WriteEntries writes a table with the load of each entry, as Write with the zero Options
// does; inJSON is where the JSON report has it. Errors are those of w.
func WriteEntries(w io.Writer, title, inJSON string, table *report.TableReport) error {
	t := newWriter(w, Options{})
	t.entries(title, inJSON, table)
	return t.flush()
}

// entries is a table with the load of each entry; inJSON is where the JSON report has it.
func (t *writer) entries(title, inJSON string, table *report.TableReport) {
	e := newEntryLoads(table)
	t.heading(strings.ToUpper(title), table.InWords())
	if e.total == 0 {
		t.say("No packet was hashed, so no entry was used.")
		return
	}
	if e.n <= maxEntriesInFull {
		t.entriesInFull(e)
	} else {
		t.entriesFolded(e, inJSON)
	}
	t.heaviestEntries(e)
}

// entryLoads is a table of n entries, and what their packets are compared with.
type entryLoads struct {
	*report.TableReport
	n                 int
	total, most, used uint64 // packets of all entries and of the heaviest; entries with any
}

func newEntryLoads(table *report.TableReport) *entryLoads {
	e := &entryLoads{TableReport: table, n: min(len(table.Entries), len(table.Packets))}
	for _, p := range table.Packets {
		e.total += p
		e.most = max(e.most, p)
		if p > 0 {
			e.used++
		}
	}
	return e
}

// mark is entry i's packets beside the heaviest entry's.
func (e *entryLoads) mark(i int) string { return words.Levels[words.Level(e.Packets[i], e.most)] }

func (e *entryLoads) style(i int) report.Style {
	return report.Heat(report.Ratio(e.Packets[i], e.total) * report.Fraction(e.n))
}

// entriesInFull is each entry with its queue.
func (t *writer) entriesInFull(e *entryLoads) {
	g := grid{keys: 1, columns: []column{{head: "entry"}}}
	for i := range entriesPerRow {
		g.columns = append(g.columns, column{head: fmt.Sprintf("+%d", i)})
	}
	for first := 0; first < e.n; first += entriesPerRow {
		row := make([]cell, entriesPerRow+1)
		row[0] = plainCell(fmt.Sprint(first) + ":")
		for i := first; i < min(first+entriesPerRow, e.n); i++ {
			row[1+i-first] = cell{e.Place(i) + " " + e.mark(i), e.style(i)}
		}
		g.row(row...)
	}
	t.grid(&g)
	what := "queue"
	if !e.QueuesAreCPUs() {
		what = "queue/CPU"
	}
	t.line("")
	t.say(fmt.Sprintf("Each entry: its %s, then its packets beside the heaviest entry's, ▁ to █, blank for none.", what))
}

// entriesFolded is a character for each entry.
func (t *writer) entriesFolded(e *entryLoads, inJSON string) {
	for first := 0; first < e.n; first += entriesPerFolded {
		var b strings.Builder
		fmt.Fprintf(&b, "%s%5d:", words.Indent, first)
		for i := first; i < min(first+entriesPerFolded, e.n); i++ {
			if i%entriesPerRow == 0 {
				b.WriteByte(' ')
			}
			mark := e.mark(i)
			if e.Packets[i] == 0 {
				mark = "·" // a blank would look like the gap between eight
			}
			b.WriteString(t.paint(mark, e.style(i)))
		}
		t.line(b.String())
	}
	t.line("")
	t.say(fmt.Sprintf("Folded, %d entries a row: each entry's packets beside the heaviest entry's, ▁ to █, · for none. "+
		"The JSON report has each entry's queue (%s).", entriesPerFolded, inJSON))
}

// heaviestEntries names those with the most packets, the first of equal ones first.
func (t *writer) heaviestEntries(e *entryLoads) {
	var heaviest []string
	for _, i := range report.MostFirst(e.n, func(i int) uint64 { return e.Packets[i] })[:min(heaviestMentioned, e.n)] {
		if e.Packets[i] > 0 {
			heaviest = append(heaviest, fmt.Sprintf("entry %d (%s) %s", i, e.PlaceInWords(i), words.Percent(report.Ratio(e.Packets[i], e.total))))
		}
	}
	carry := "carry"
	if e.used == 1 {
		carry = "carries"
	}
	t.say(fmt.Sprintf("%d of %d entries %s the %s; the heaviest:",
		e.used, e.n, carry, words.Plural(e.total, "hashed packet", "hashed packets")))
	t.list("", 0, heaviest, report.Plain)
}
