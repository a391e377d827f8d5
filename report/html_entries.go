package report

import (
	"cmp"
	"fmt"
	"slices"
)

// htmlEntries is the indirection table as a map of loads, and its numbers.
type htmlEntries struct {
	Lead     string
	Map      htmlMap
	Heaviest htmlTable
	All      *htmlTable // nil when there are too many
}

// htmlMap is a map of a table's loads.
type htmlMap struct {
	ID       string
	Columns  []int
	Rows     []htmlEntryRow
	Small    bool // cells without text
	Folded   int  // entries to a cell
	Most     string
	Doubling bool // the levels are 1/128 of the most and less, 1/64, 1/32 … instead of eighths
	Flows    bool // the page has a flow table, of which a cell lists its own
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

func newHTMLMap(id string, table *TableReport, m *entryMap) htmlMap {
	h := htmlMap{ID: id, Folded: m.folded, Small: m.entries > labelledEntries || m.folded > 1, Most: exact(m.most), Doubling: m.doubling}
	columns := labelledColumns
	if h.Small {
		columns = smallColumns
	}
	cells := len(m.loads)
	for i := range min(columns, cells) {
		h.Columns = append(h.Columns, i*h.Folded)
	}
	for at := range cells {
		first, end := m.ends(at)
		if at%columns == 0 {
			h.Rows = append(h.Rows, htmlEntryRow{First: first})
		}
		row := &h.Rows[len(h.Rows)-1]
		cell := table.cell(first, end, m.loads[at], m.level(at), m.total)
		if h.Small {
			cell.Text = ""
		}
		row.Cells = append(row.Cells, cell)
	}
	return h
}

func newHTMLEntries(table *TableReport) *htmlEntries {
	m := newEntryMap(table, mappedEntries)
	if m == nil {
		return nil
	}
	n, total := m.entries, m.total
	h := &htmlEntries{Lead: m.lead(table), Map: newHTMLMap("map", table, m)}
	h.Map.Flows = true
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
