// Package draw has what the page and the pictures draw alike: the map of the table's
// entries, steps of scales, and the colours.
package draw
