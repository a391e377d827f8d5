// Package page writes a result as one HTML page that needs nothing else: no network, no
// other file.
//
//  1. page.go has the frame of every page; report.go, compare.go and suggest.go fill it.
//  2. The parts: plots of loads, latency and depths (plot.go), loads over time (time.go,
//     over_time.go), the heat map of the table's entries (entries.go), flows (flow.go), tables (table.go),
//     and what a reader needs to try a table of his own (try.go).
//  3. html/ has the templates, and the script. Of it whatif.js computes what another table
//     does and touches nothing; state.js keeps what is shown in the address; the others are
//     named by what they let a reader do.
//  4. pagetest opens pages in a browser, for tests.
//
// Nothing from a capture or a command line runs, or is more than text.
package page
