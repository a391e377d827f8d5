// Package words writes numbers (numbers.go, seconds.go), names and lists (text.go), and bars
// of characters (bars.go) as every format of a report shows them.
package words
