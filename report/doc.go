// Package report is the result of a replay, as data: one struct with JSON tags, from
// which every format is written, so that they can't disagree.
//
//  1. The command copies the engine's counters into a Report, lets Mode.Derive compute
//     what follows from them (figures.go), and has findings drawn (package findings).
//  2. WriteJSON writes it (schema rssreplay/report/v1), ReadJSON reads it back. A Compare
//     is several scenarios of one capture, side by side; Suggest, Verify, Explanation and
//     Plan are the results of those commands.
//  3. What several formats say is said here: facts of the capture (capture_facts.go), the
//     verdict (verdict.go, summary.go), figures of modes and scenarios (mode_figures.go,
//     comparison.go), and phrases (phrases.go, flow.go).
//  4. The formats are packages of their own: text, markdown, csv, page, picture and trace.
//
// Integers are exact, times are in ns, and a mean, share, percentile, minimum
// or maximum over nothing is null, never 0 and never NaN. The package knows no model code.
package report
