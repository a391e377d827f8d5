package text

import (
	"cmp"
	"fmt"
	"slices"
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
		t.Entries(c.Title(), "contexts", &c.TableReport)
		if c.Unhashed > 0 {
			t.para("", 0, c.UnhashedSentence(), report.Plain)
		}
	}
}

// Entries is a table with the load of each entry; inJSON is where the JSON report has it.
func (t *writer) Entries(title, inJSON string, table *report.TableReport) {
	total, most, used := uint64(0), uint64(0), uint64(0)
	for _, p := range table.Packets {
		total += p
		most = max(most, p)
		if p > 0 {
			used++
		}
	}
	n := min(len(table.Entries), len(table.Packets))
	queues := 1
	for _, q := range table.Entries {
		queues = max(queues, q+1)
	}
	rest := words.Plural(uint64(n), "entry", "entries")
	if layout := report.LayoutOf(table.Entries, queues); layout != "" {
		rest += ", " + layout
	}
	t.heading(strings.ToUpper(title), rest)
	if total == 0 {
		t.para("", 0, "No packet was hashed, so no entry was used.", report.Plain)
		return
	}
	style := func(i int) report.Style {
		return report.Heat(report.Ratio(table.Packets[i], total) * report.Fraction(n))
	}
	if n <= maxEntriesInFull {
		g := grid{keys: 1, columns: []column{{head: "entry"}}}
		for i := range entriesPerRow {
			g.columns = append(g.columns, column{head: fmt.Sprintf("+%d", i)})
		}
		for first := 0; first < n; first += entriesPerRow {
			row := make([]cell, entriesPerRow+1)
			row[0] = plainCell(fmt.Sprint(first) + ":")
			for i := first; i < min(first+entriesPerRow, n); i++ {
				row[1+i-first] = cell{table.Place(i) + " " + words.Levels[words.Level(table.Packets[i], most)], style(i)}
			}
			g.row(row...)
		}
		t.grid(&g)
		what := "queue"
		if !table.QueuesAreCPUs() {
			what = "queue/CPU"
		}
		t.line("")
		t.para("", 0, fmt.Sprintf("Each entry: its %s, then its packets beside the heaviest entry's, ▁ to █, blank for none.", what), report.Plain)
	} else {
		for first := 0; first < n; first += entriesPerFolded {
			var b strings.Builder
			fmt.Fprintf(&b, "%s%5d:", words.Indent, first)
			for i := first; i < min(first+entriesPerFolded, n); i++ {
				if i%entriesPerRow == 0 {
					b.WriteByte(' ')
				}
				mark := words.Levels[words.Level(table.Packets[i], most)]
				if table.Packets[i] == 0 {
					mark = "·" // a blank would look like the gap between eight
				}
				b.WriteString(t.paint(mark, style(i)))
			}
			t.line(b.String())
		}
		t.line("")
		t.para("", 0, fmt.Sprintf("Folded, %d entries a row: each entry's packets beside the heaviest entry's, ▁ to █, · for none. "+
			"The JSON report has each entry's queue (%s).", entriesPerFolded, inJSON), report.Plain)
	}

	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(table.Packets[b], table.Packets[a]) })
	var heaviest []string
	for _, i := range order[:min(heaviestMentioned, n)] {
		if table.Packets[i] > 0 {
			heaviest = append(heaviest, fmt.Sprintf("entry %d (%s) %s", i, table.PlaceInWords(i), words.Percent(report.Ratio(table.Packets[i], total))))
		}
	}
	t.para("", 0, fmt.Sprintf("%d of %d entries carry the %s; the heaviest:",
		used, n, words.Plural(total, "hashed packet", "hashed packets")), report.Plain)
	t.list("", 0, heaviest, report.Plain)
}
