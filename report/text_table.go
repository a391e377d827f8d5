package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// levels marks an entry's load beside the heaviest entry's; the first is none.
var levels = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// Above maxEntriesInFull entries the table is folded: 512 entries would be 64
// lines of mostly i mod queues.
const (
	maxEntriesInFull = 256

	entriesPerRow     = 8 // as ethtool -x prints them
	entriesPerFolded  = 64
	heaviestMentioned = 5
)

// indirectionTable is the table with the load of each entry.
func (t *textWriter) indirectionTable(table *TableReport) {
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
	rest := plural(uint64(n), "entry", "entries")
	if layout := layoutOf(table.Entries, queues); layout != "" {
		rest += ", " + layout
	}
	t.heading("INDIRECTION TABLE", rest)
	if total == 0 {
		t.para("", 0, "No packet was hashed, so no entry was used.", plain)
		return
	}
	style := func(i int) style {
		return heat(Ratio(table.Packets[i], total) * Fraction(n))
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
				row[1+i-first] = cell{table.place(i) + " " + levels[level(table.Packets[i], most)], style(i)}
			}
			g.row(row...)
		}
		t.grid(&g)
		what := "queue"
		if !table.queuesAreCPUs() {
			what = "queue/CPU"
		}
		t.line("")
		t.para("", 0, fmt.Sprintf("Each entry: its %s, then its packets beside the heaviest entry's, ▁ to █, blank for none.", what), plain)
	} else {
		for first := 0; first < n; first += entriesPerFolded {
			var b strings.Builder
			fmt.Fprintf(&b, "%s%5d:", indent, first)
			for i := first; i < min(first+entriesPerFolded, n); i++ {
				if i%entriesPerRow == 0 {
					b.WriteByte(' ')
				}
				mark := levels[level(table.Packets[i], most)]
				if table.Packets[i] == 0 {
					mark = "·" // a blank would look like the gap between eight
				}
				b.WriteString(t.paint(mark, style(i)))
			}
			t.line(b.String())
		}
		t.line("")
		t.para("", 0, fmt.Sprintf("Folded, %d entries a row: each entry's packets beside the heaviest entry's, ▁ to █, · for none. "+
			"The JSON report has each entry's queue (table.entries).", entriesPerFolded), plain)
	}

	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(table.Packets[b], table.Packets[a]) })
	var heaviest []string
	for _, i := range order[:min(heaviestMentioned, n)] {
		if table.Packets[i] > 0 {
			heaviest = append(heaviest, fmt.Sprintf("entry %d (%s) %s", i, table.placeInWords(i), percent(Ratio(table.Packets[i], total))))
		}
	}
	t.para("", 0, fmt.Sprintf("%d of %d entries carry the %s; the heaviest:",
		used, n, plural(total, "hashed packet", "hashed packets")), plain)
	t.list("", 0, heaviest, plain)
}

// level is n in eighths of most, rounded up: 1 to 8, and 0 only for 0.
func level(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return min(int(math.Ceil(float64(n)*8/float64(most))), 8)
}

// queuesAreCPUs reports whether each queue is on the CPU of its number.
func (table *TableReport) queuesAreCPUs() bool {
	for queue, cpu := range table.QueueCPUs {
		if queue != cpu {
			return false
		}
	}
	return true
}

// cpu is the CPU of entry i's queue.
func (table *TableReport) cpu(i int) (cpu int, known bool) {
	if queue := table.Entries[i]; queue >= 0 && queue < len(table.QueueCPUs) {
		return table.QueueCPUs[queue], true
	}
	return 0, false
}

// place is entry i's queue, with its CPU where that is not the same number.
func (table *TableReport) place(i int) string {
	cpu, known := table.cpu(i)
	if !known || table.queuesAreCPUs() {
		return fmt.Sprint(table.Entries[i])
	}
	return fmt.Sprintf("%d/%d", table.Entries[i], cpu)
}

func (table *TableReport) placeInWords(i int) string {
	s := fmt.Sprintf("queue %d", table.Entries[i])
	if cpu, known := table.cpu(i); known {
		s += fmt.Sprintf(", CPU %d", cpu)
	}
	return s
}

// layoutOf names a table that follows one of the model's rules.
func layoutOf(entries []int, queues int) string {
	equal, block := true, true
	for i, q := range entries {
		equal = equal && q == i%queues
		block = block && q == i*queues/len(entries)
	}
	switch {
	case equal:
		return fmt.Sprintf("entry i is queue i mod %d", queues)
	case block:
		return fmt.Sprintf("entry i is queue i × %d ÷ %d", queues, len(entries))
	}
	return ""
}
