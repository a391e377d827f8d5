package text

import (
	"bufio"
	"io"
	"strings"

	"rssreplay/report/internal/words"
)

// lastColumn is what WriteColumns leaves the last cell at least, however narrow the line.
const lastColumn = 24

// WriteColumns writes rows of cells, two blanks between columns. A row's last cell is wrapped
// where the line would be wider than o.Width; 0 wraps nothing, so that a row is one line for
// grep. Cells that no other stands behind, as a heading's, widen no column.
func WriteColumns(w io.Writer, rows [][]string, o Options) error {
	t := &writer{w: bufio.NewWriter(w), ascii: o.ASCII, tables: new(tables)}
	widths := columnWidths(rows)
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			if i < len(row)-1 {
				line += cell + strings.Repeat(" ", widths[i]-words.DisplayWidth(cell)+2)
				continue
			}
			margin := words.DisplayWidth(line)
			lines := []string{cell}
			if o.Width > 0 {
				lines = words.Wrap(strings.Split(cell, " "), max(o.Width-margin, lastColumn))
			}
			for _, l := range lines {
				t.line(line + l)
				line = strings.Repeat(" ", margin)
			}
		}
		if len(row) == 0 {
			t.line("")
		}
	}
	return t.flush()
}

// FitColumns tells whether rows' cells but the last leave room for the last in width columns;
// 0 is room enough.
func FitColumns(rows [][]string, width int) bool {
	margin := 0
	for _, w := range columnWidths(rows) {
		margin += w + 2
	}
	return width == 0 || margin+lastColumn <= width
}

// columnWidths are the widths of the cells that others stand behind.
func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i := range len(row) - 1 {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], words.DisplayWidth(row[i]))
		}
	}
	return widths
}
