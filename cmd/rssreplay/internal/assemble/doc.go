// Package assemble makes a report of a finished replay: it takes counters, flows and
// facts out of package dispatch, gives them the numbers and names of the settings, and
// asks package findings what is worth to be said.
//
// Who needs a part alone, as a comparison does, asks the ReportBuilder for that part.
package assemble
