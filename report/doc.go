// Package report holds the result of a replay and renders it: one struct with
// JSON tags, from which the JSON (schema rssreplay/report/v1), the terminal text and
// the page of HTML are all written, so that they can't disagree. It knows no model
// code: the command copies the engine's counters into a Report, lets Mode.Derive
// compute what follows from them, and calls WriteJSON, WriteText or WriteHTML. ReadJSON reads
// a report back. A Compare is several scenarios of one capture, side by side
// (schema rssreplay/compare/v1).
//
// Integers are exact, times are in ns, and a mean, share, percentile, minimum
// or maximum over nothing is null, never 0 and never NaN.
package report
