package page

import (
	"cmp"
	"fmt"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
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
	Entries  int
	Most     string
	Doubling bool // the levels are 1/128 of the most and less, 1/64, 1/32 … instead of eighths
}

// Tips are those of the cells, in their order.
func (m htmlMap) Tips() (tips []string) {
	for _, row := range m.Rows {
		for _, cell := range row.Cells {
			tips = append(tips, cell.Tip)
		}
	}
	return tips
}

type htmlEntryRow struct {
	First int
	Cells []htmlEntry
}

// htmlEntry is a cell of the map.
type htmlEntry struct {
	Level int    // of its packets, 8 that of the most
	Place string // classes that tell the CPU, in place of the level; "" where the level is told
	Text  string // the CPU
	Tip   string
}

// Long is a text of three digits or more.
func (e htmlEntry) Long() bool { return len(e.Text) > 2 }

func newHTMLMap(id string, table *report.TableReport, m *draw.EntryMap) htmlMap {
	h := htmlMap{ID: id, Folded: m.Folded, Entries: m.Entries, Small: m.Entries > draw.LabelledEntries || m.Folded > 1, Most: words.Exact(m.Most), Doubling: m.Doubling}
	columns := draw.LabelledColumns
	if h.Small {
		columns = draw.SmallColumns
	}
	cells := len(m.Loads)
	for i := range min(columns, cells) {
		h.Columns = append(h.Columns, i*h.Folded)
	}
	for at := range cells {
		first, end := m.Ends(at)
		if at%columns == 0 {
			h.Rows = append(h.Rows, htmlEntryRow{First: first})
		}
		row := &h.Rows[len(h.Rows)-1]
		cell := cell(table, first, end, m.Loads[at], m.Level(at), m.Total)
		if h.Small {
			cell.Text = ""
		}
		row.Cells = append(row.Cells, cell)
	}
	return h
}

func newHTMLEntries(table *report.TableReport) *htmlEntries {
	m := draw.NewEntryMap(table, draw.MappedEntries)
	if m == nil {
		return nil
	}
	n, total := m.Entries, m.Total
	h := &htmlEntries{Lead: m.Lead(table), Map: newHTMLMap("map", table, m)}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(table.Packets[b], table.Packets[a]) })
	heaviest := order[:min(draw.HeaviestListed, n)]
	h.Heaviest = entryTable(table, "heaviest", "The heaviest entries", heaviest, total)
	if n <= draw.ListedEntries {
		slices.Sort(order)
		all := entryTable(table, "entries", "All entries", order, total)
		all.numbers(listedRows)
		h.All = &all
	}
	return h
}

// cell is the entries from first to before end as one cell of the map.
func cell(table *report.TableReport, first, end int, packets uint64, level int, total uint64) htmlEntry {
	e := htmlEntry{Level: level}
	var bytes, flows uint64
	for i := first; i < end; i++ {
		bytes += table.Bytes[i]
		flows += table.Flows[i]
	}
	load := fmt.Sprintf("%s (%s), %s bytes, %s", words.Plural(packets, "packet", "packets"), words.Percent(report.Ratio(packets, total)), words.Exact(bytes), words.Plural(flows, "flow", "flows"))
	if end-first > 1 {
		e.Tip = fmt.Sprintf("entries %d to %d: %s", first, end-1, load)
		return e
	}
	e.Text = fmt.Sprint(table.Entries[first])
	if cpu, known := table.CPUOf(first); known {
		e.Text = fmt.Sprint(cpu)
	}
	e.Tip = fmt.Sprintf("entry %d: %s: %s", first, table.PlaceInWords(first), load)
	return e
}

// entryTable is some of the entries.
func entryTable(table *report.TableReport, id, caption string, entries []int, total uint64) htmlTable {
	t := htmlTable{ID: id, Caption: caption, Head: heads("*entry", "*queue", "*CPU", "*packets", "*share", "*bytes", "*flows")}
	for _, i := range entries {
		cpu := nullCell()
		if number, known := table.CPUOf(i); known {
			cpu = numberCell(number)
		}
		t.row(numberHead(i), numberCell(table.Entries[i]), cpu, exactCell(table.Packets[i]), shareCell(report.Ratio(table.Packets[i], total)),
			bytesCell(table.Bytes[i]), exactCell(table.Flows[i]))
	}
	return t
}
