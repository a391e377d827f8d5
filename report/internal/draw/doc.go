// Package draw has what the page and the pictures draw alike: the map of the table's
// entries (entries.go), the shades of loads (shades.go), scales of time (time.go), and the
// colours (style.go).
package draw
