package page

import (
	"fmt"
	"slices"

	"rssreplay/report"
	"rssreplay/report/internal/draw"
	"rssreplay/report/internal/words"
)

// entrySection is the indirection table as a map of loads, and its numbers.
type entrySection struct {
	Lead     string
	Map      entryMap
	Heaviest table
	All      *table // nil when there are too many
}

// entryMap is a map of a table's loads.
type entryMap struct {
	ID       string
	Of       string // whose table it is, where a page has several; else ""
	Columns  []int
	Rows     []mapRow
	Small    bool // cells without text
	Folded   int  // entries to a cell
	Entries  int
	Most     string // packets
	Doubling bool   // the levels are 1/128 of the most and less, 1/64, 1/32 … instead of eighths
}

// Tips are those of the cells, in their order.
func (m entryMap) Tips() (tips []string) {
	for _, row := range m.Rows {
		for _, cell := range row.Cells {
			tips = append(tips, cell.Tip)
		}
	}
	return tips
}

type mapRow struct {
	First int
	Cells []mapCell
}

// mapCell is a cell of the map.
type mapCell struct {
	Level int    // of its packets, 8 that of the most
	Place string // classes that tell the CPU, in place of the level; "" where the level is told
	Text  string // the CPU
	Tip   string
}

// Long is a text of three digits or more.
func (e mapCell) Long() bool { return len(e.Text) > 2 }

func newEntryMap(id string, table *report.TableReport, m *draw.EntryMap) entryMap {
	h := entryMap{ID: id, Folded: m.Folded, Entries: m.Entries, Small: m.Entries > draw.LabelledEntries || m.Folded > 1, Most: words.Plural(m.Most, "packet", "packets"), Doubling: m.Doubling}
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
			h.Rows = append(h.Rows, mapRow{First: first})
		}
		row := &h.Rows[len(h.Rows)-1]
		cell := newMapCell(table, first, end, m.Loads[at], m.Level(m.Loads[at]), m.Total)
		if h.Small {
			cell.Text = ""
		}
		row.Cells = append(row.Cells, cell)
	}
	return h
}

// newEntrySection is a table with its load, nil without any; suffix ends its IDs.
func newEntrySection(suffix string, table *report.TableReport) *entrySection {
	m := draw.NewEntryMap(table, draw.MappedEntries)
	if m == nil {
		return nil
	}
	n, total := m.Entries, m.Total
	h := &entrySection{Lead: m.Lead(table), Map: newEntryMap("map"+suffix, table, m)}
	order := report.MostFirst(n, func(i int) uint64 { return table.Packets[i] })
	heaviest := order[:min(draw.HeaviestListed, n)]
	if end := slices.IndexFunc(heaviest, func(i int) bool { return table.Packets[i] == 0 }); end >= 0 {
		heaviest = heaviest[:end]
	}
	h.Heaviest = entryTable(table, "heaviest"+suffix, "The heaviest entries", heaviest, total)
	if n <= draw.ListedEntries {
		slices.Sort(order)
		all := entryTable(table, "entries"+suffix, "All entries", order, total)
		all.numbers(listedRows)
		h.All = &all
	}
	return h
}

// newMapCell is the entries from first to before end as one cell of the map.
func newMapCell(table *report.TableReport, first, end int, packets uint64, level int, total uint64) mapCell {
	e := mapCell{Level: level}
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
func entryTable(of *report.TableReport, id, caption string, entries []int, total uint64) table {
	t := table{ID: id, Caption: caption, Head: heads("*entry", "*queue", "*CPU", "*packets", "*share", "*bytes", "*flows")}
	for _, i := range entries {
		cpu := nullCell()
		if number, known := of.CPUOf(i); known {
			cpu = numberCell(number)
		}
		t.row(numberHead(i), numberCell(of.Entries[i]), cpu, exactCell(of.Packets[i]), shareCell(report.Ratio(of.Packets[i], total)),
			bytesCell(of.Bytes[i]), exactCell(of.Flows[i]))
	}
	return t
}
