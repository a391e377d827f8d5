package report

import (
	"io"
	"strings"
)

// WriteCompareCSV writes the figures of c as CSV (see CSVTable): a row for each
// scenario. Whole numbers have no decimals. Errors are those of w.
func WriteCompareCSV(w io.Writer, c *Compare) error {
	heads := []string{"scenario", "mode"}
	for _, f := range figures() {
		label, of := strings.CutPrefix(f.label, indent)
		if of { // it is one of the figure before
			label = heads[len(heads)-1] + ": " + label
		}
		heads = append(heads, label)
	}
	return writeCSV(w, heads, func(row func(cells ...any)) {
		for i := range c.Scenarios {
			s := &c.Scenarios[i]
			cells := []any{s.Name, s.Compared}
			for _, f := range figures() {
				v := f.of(s)
				if whole := int64(v); Fraction(whole) == v { // counts and times are, and lose nothing below 2^53
					cells = append(cells, whole)
				} else {
					cells = append(cells, v)
				}
			}
			row(cells...)
		}
	})
}
