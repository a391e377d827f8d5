package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// htmlEntries is the indirection table as a map of loads.
type htmlEntries struct {
	Lead     string
	Columns  []int
	Rows     []htmlEntryRow
	Small    bool // cells without text
	Folded   int  // entries to a cell
	Most     string
	Doubling bool // the levels are 1/128 of the most and less, 1/64, 1/32 … instead of eighths
	Heaviest htmlTable
	All      *htmlTable // nil when there are too many
}

type htmlEntryRow struct {
	First int
	Cells []htmlEntry
}

// htmlEntry is a cell of the map.
type htmlEntry struct {
	Entries string // "12", or "12-15" where several are folded
	Level   int    // of its packets, 8 that of the most
	Text    string // the CPU
	Tip     string
}

// How the map is laid out: up to labelledEntries have their CPU in the cell; more
// than mappedEntries are folded, several to a cell.
const (
	labelledEntries = 512
	mappedEntries   = 2048
	listedEntries   = 1024

	labelledColumns = 16
	smallColumns    = 64

	heaviestListed = 8

	// doublingAbove is how many times the mean of the entries in use the heaviest
	// may be before eighths of it would leave all others alike.
	doublingAbove = 8
)

func newHTMLEntries(table *TableReport) *htmlEntries {
	n := min(len(table.Entries), len(table.Packets), len(table.Bytes), len(table.Flows))
	var total, used uint64
	for _, p := range table.Packets[:n] {
		total += p
		if p > 0 {
			used++
		}
	}
	if total == 0 {
		return nil
	}
	h := &htmlEntries{Folded: (n + mappedEntries - 1) / mappedEntries, Small: n > labelledEntries}
	columns := labelledColumns
	if h.Small {
		columns = smallColumns
	}
	cells := (n + h.Folded - 1) / h.Folded
	for i := range min(columns, cells) {
		h.Columns = append(h.Columns, i*h.Folded)
	}
	loads := make([]uint64, cells)
	for i := range n {
		loads[i/h.Folded] += table.Packets[i]
	}
	most := slices.Max(loads)
	h.Most = exact(most)
	h.Doubling = float64(most)*float64(used) > doublingAbove*float64(total)
	levelOf := level
	if h.Doubling {
		levelOf = doublingLevel
	}
	for first := 0; first < cells; first += columns {
		row := htmlEntryRow{First: first * h.Folded}
		for at := first; at < min(first+columns, cells); at++ {
			row.Cells = append(row.Cells, table.cell(at*h.Folded, min((at+1)*h.Folded, n), loads[at], levelOf(loads[at], most), total))
		}
		h.Rows = append(h.Rows, row)
	}
	rule := ""
	if layout := ruleOf(table); layout != "" {
		rule = ", " + layout
	}
	h.Lead = fmt.Sprintf("%s%s. %s of them carry the %s.", plural(uint64(n), "entry", "entries"), rule, exact(used), plural(total, "hashed packet", "hashed packets"))

	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(table.Packets[b], table.Packets[a]) })
	heaviest := order[:min(heaviestListed, n)]
	h.Heaviest = table.entryTable("heaviest", "The heaviest entries", heaviest, total)
	if n <= listedEntries {
		slices.Sort(order)
		all := table.entryTable("entries", "All entries", order, total)
		h.All = &all
	}
	return h
}

// doublingLevel is 8 for more than half of most, 7 for more than a quarter, and so
// on down to 1; 0 only for 0.
func doublingLevel(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return max(8-int(math.Log2(float64(most)/float64(n))), 1)
}

// cell is the entries from first to before end as one cell of the map.
func (table *TableReport) cell(first, end int, packets uint64, level int, total uint64) htmlEntry {
	e := htmlEntry{Entries: fmt.Sprint(first), Level: level}
	var bytes, flows uint64
	for i := first; i < end; i++ {
		bytes += table.Bytes[i]
		flows += table.Flows[i]
	}
	load := fmt.Sprintf("%s (%s), %s bytes, %s", plural(packets, "packet", "packets"), percent(Ratio(packets, total)), exact(bytes), plural(flows, "flow", "flows"))
	if end-first > 1 {
		e.Entries = fmt.Sprintf("%d-%d", first, end-1)
		e.Tip = fmt.Sprintf("entries %d to %d: %s", first, end-1, load)
		return e
	}
	e.Text = fmt.Sprint(table.Entries[first])
	if cpu, known := table.cpu(first); known {
		e.Text = fmt.Sprint(cpu)
	}
	e.Tip = fmt.Sprintf("entry %d: %s: %s", first, table.placeInWords(first), load)
	return e
}

// entryTable is some of the entries.
func (table *TableReport) entryTable(id, caption string, entries []int, total uint64) htmlTable {
	t := htmlTable{ID: id, Caption: caption, Head: heads("*entry", "*queue", "*CPU", "*packets", "*share", "*bytes", "*flows")}
	for _, i := range entries {
		cpu := nullCell()
		if number, known := table.cpu(i); known {
			cpu = numberCell(number)
		}
		t.row(numberHead(i), numberCell(table.Entries[i]), cpu, exactCell(table.Packets[i]), shareCell(Ratio(table.Packets[i], total)),
			bytesCell(table.Bytes[i]), exactCell(table.Flows[i]))
	}
	return t
}
