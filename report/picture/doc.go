// Package picture draws a result as SVG or PNG, for places that take only pictures.
//
//  1. plot.go has a report's picture, compare.go a comparison's.
//  2. Their parts: CPUs as columns (loads.go), CPUs over time (time.go) with what moved
//     (moves.go), imbalances over time (lines.go), and the heat map of the table's entries
//     (entries.go), in the page's colours (palette.go).
package picture
