package text

import (
	"reflect"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// cell is one value of a grid.
type cell struct {
	text  string
	style report.Style
}

func plainCell(s string) cell { return cell{text: s} }

func plainCells(texts ...string) []cell {
	cells := make([]cell, len(texts))
	for i, s := range texts {
		cells[i] = plainCell(s)
	}
	return cells
}

// column is one column of a grid. Columns of one group stay in one table where
// that fits; the group's name stands above its first column, unless silent.
type column struct {
	head   string
	group  string
	silent bool
	left   bool // aligned left; numbers are not
	cells  []cell
}

// groupHead is what stands above column i of a table.
func groupHead(columns []column, i int) string {
	c := columns[i]
	if c.silent || i > 0 && c.group == columns[i-1].group {
		return ""
	}
	return words.Clean(c.group)
}

// gap is what separates columns.
const gap = "  "

func (c *column) width() int {
	w := words.DisplayWidth(c.head)
	for _, cell := range c.cells {
		w = max(w, words.DisplayWidth(cell.text))
	}
	return w
}

// grid is a table in the making.
type grid struct {
	keys    int // leading columns that stand in every table
	columns []column
}

// row adds a row: as many cells as there are columns.
func (g *grid) row(cells ...cell) {
	for i, c := range cells {
		c.text = words.Clean(c.text)
		g.columns[i].cells = append(g.columns[i].cells, c)
	}
}

// texts adds a row of plain cells.
func (g *grid) texts(texts ...string) { g.row(plainCells(texts...)...) }

// widthOf is the columns that a table of these columns takes.
func widthOf(columns []column) int {
	w := max(len(columns)-1, 0) * len(gap)
	for i := range columns {
		w += columns[i].width()
		w += max(words.DisplayWidth(groupHead(columns, i))-columns[i].width(), 0)
	}
	return w
}

// columnsWidth is widthOf where groups are named across their columns.
func columnsWidth(columns []column) int {
	w := max(len(columns)-1, 0) * len(gap)
	for i, n := 0, 0; i < len(columns); i += n {
		group := -len(gap)
		for n = 0; i+n < len(columns) && columns[i+n].group == columns[i].group; n++ {
			group += columns[i+n].width() + len(gap)
			w += columns[i+n].width()
		}
		w += max(words.DisplayWidth(groupHead(columns, i))-group, 0)
	}
	return w
}

// groupLine names the groups across their columns; "" where there are none. A group
// that is narrower than its name gets a wider last column.
func groupLine(columns []column) string {
	var line strings.Builder
	used, at := 0, 0
	for i := 0; i < len(columns); {
		n := 1
		for i+n < len(columns) && columns[i+n].group == columns[i].group {
			n++
		}
		name := groupHead(columns, i)
		width := -len(gap)
		for _, c := range columns[i : i+n] {
			width += c.width() + len(gap)
		}
		if wide := words.DisplayWidth(name) - width; wide > 0 {
			last := &columns[i+n-1]
			last.head = strings.Repeat(" ", last.width()-words.DisplayWidth(last.head)+wide) + last.head
		}
		if name != "" {
			line.WriteString(strings.Repeat(" ", at-used) + name)
			used = at + words.DisplayWidth(name)
		}
		at += columnsWidth(columns[i:i+n]) + len(gap)
		i += n
	}
	return line.String()
}

// grid writes g as one table where it fits the width, else as several below
// one another, each with the key columns: rows are never wrapped.
func (t *writer) grid(g *grid) {
	keys := g.columns[:g.keys]
	rest := g.columns[g.keys:]
	table := append([]column(nil), keys...)
	written := 0
	flush := func() {
		if written > 0 {
			t.line("")
		}
		written++
		t.table(table)
		table = append([]column(nil), keys...)
	}
	fits := func(more []column) bool {
		columns := append(append([]column(nil), table...), more...)
		if t.compact {
			return columnsWidth(columns) <= t.width-len(words.Indent)
		}
		return widthOf(columns) <= t.width-len(words.Indent)
	}
	for len(rest) > 0 {
		n := 1
		for n < len(rest) && rest[n].group == rest[0].group {
			n++
		}
		if !fits(rest[:n]) && len(table) > len(keys) {
			flush()
		}
		for i := range n {
			if !fits(rest[i:i+1]) && len(table) > len(keys) { // a group too wide for any table
				flush()
			}
			table = append(table, rest[i])
		}
		rest = rest[n:]
	}
	flush()
}

// table writes columns in the house style: no borders, a thin line under the
// header, numbers aligned right, nothing wrapped, trimmed or reformatted.
func (t *writer) table(columns []column) {
	grouped := false
	if t.compact {
		if groups := groupLine(columns); groups != "" {
			t.line(words.Indent + t.paint(groups, report.Bold))
		}
	}
	for i := range columns {
		grouped = grouped || !t.compact && groupHead(columns, i) != ""
	}
	header := make([]string, len(columns))
	aligns := make([]tw.Align, len(columns))
	for i, c := range columns {
		header[i] = t.paint(c.head, report.Bold)
		if grouped {
			header[i] = t.paint(groupHead(columns, i), report.Bold) + "\n" + header[i]
		}
		aligns[i] = tw.AlignRight
		if c.left {
			aligns[i] = tw.AlignLeft
		}
	}
	table := t.emptyTable(aligns)
	table.Header(header)
	for r := range columns[0].cells {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = t.paint(c.cells[r].text, c.cells[r].style)
		}
		if err := table.Append(row); err != nil {
			t.fail(err)
			return
		}
	}
	if err := table.Render(); err != nil {
		t.fail(err)
		return
	}
	for l := range strings.Lines(t.tables.rendered.String()) {
		t.line(words.Indent + strings.TrimSuffix(l, "\n"))
	}
}

// emptyTable is a table that renders to t.tables.rendered.
//
// Optimization: one for all, without a cache of the methods that make text of values,
// which would take 400 KB anew for each.
func (t *writer) emptyTable(aligns []tw.Align) *tablewriter.Table {
	t.tables.rendered.Reset()
	if t.tables.table == nil {
		headerLine := tw.On
		if t.compact {
			headerLine = tw.Off
		}
		config := tw.CellConfig{
			Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
			Padding:    tw.CellPadding{Global: tw.PaddingNone},
		}
		t.tables.table = tablewriter.NewTable(&t.tables.rendered,
			tablewriter.WithConfig(tablewriter.Config{
				Header:   config,
				Row:      config,
				Behavior: tw.Behavior{TrimSpace: tw.Off, TrimLine: tw.Off, AutoHide: tw.Off},
			}),
			// Without this the widths depend on the locale.
			tablewriter.WithEastAsian(tw.Off),
			tablewriter.WithStringerCacheCustom(noCache{}),
			tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
				Borders: tw.BorderNone,
				Symbols: tw.NewSymbolCustom("rssreplay").WithRow("─").WithColumn(gap).WithCenter(gap).WithHeaderMid(gap),
				Settings: tw.Settings{
					Separators: tw.Separators{ShowHeader: tw.On, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.On},
					Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: headerLine, ShowFooterLine: tw.Off},
				},
			})))
	} else {
		t.tables.table.Reset()
	}
	return t.tables.table.Configure(func(c *tablewriter.Config) {
		c.Header.Alignment.PerColumn, c.Row.Alignment.PerColumn = aligns, aligns
	})
}

// noCache is a cache that holds nothing.
type noCache struct{}

func (noCache) Add(reflect.Type, reflect.Value) (evicted bool)      { return false }
func (noCache) Get(reflect.Type) (method reflect.Value, found bool) { return reflect.Value{}, false }
func (noCache) Purge()                                              {}
