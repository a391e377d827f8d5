// Package assemble makes a report of a finished replay: it takes counters, flows and
// facts out of package dispatch, gives them the numbers and names of the settings, and
// asks package findings what is worth to be said.
//
//  1. The ReportBuilder has a method for each part (report.go): what the capture says of
//     itself (files.go, facts.go), tables that changed (moves.go, over_time.go), receive
//     packet steering (rps.go).
//  2. Flows are listed (flows.go), of those that --on chooses (flow_filter.go). For JSON they
//     are looked up and written on all CPUs (flow_lines.go).
//  3. What findings need to know beyond the report is gathered (traffic.go), with the
//     better tables that it can tell of without being asked (better_tables.go) and what the
//     commands that they name have of this one (arguments.go). What the capture does not
//     bear is taken back at the end (worth.go).
//
// Who needs a part alone, as a comparison does, asks the ReportBuilder for that part.
package assemble
