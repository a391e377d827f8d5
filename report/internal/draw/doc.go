// Package draw has what the page and the pictures draw alike: the map of the table's
// entries (entries.go), scales and loads over time (time.go), and the colours (style.go).
package draw
