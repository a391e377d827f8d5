// Package page writes a result as one HTML page that needs nothing else: no network, no
// other file.
//
//  1. page.go has the frame of every page; report.go and compare.go fill it.
//  2. The parts: plots of loads, latency and depths (plot.go), loads over time (time.go),
//     the heat map of the table's entries (entries.go), flows (flow.go), tables (table.go).
//  3. html/ has the templates, and the script by which a page sorts, searches and zooms.
//
// Nothing from a capture or a command line runs, or is more than text.
package page
