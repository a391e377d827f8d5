// Package report is the result of a replay, as data: one struct with JSON tags, from
// which every format is written, so that they can't disagree.
//
//  1. The command copies the engine's counters into a Report (report.go), lets Mode.Derive
//     compute what follows from them (figures.go), and has findings drawn (package
//     findings). Parts of a report that only some have: the host (host.go), receive packet
//     steering (rps.go), tables that changed (changes.go), tables over time (over_time.go),
//     headroom (headroom.go).
//  2. WriteJSON writes it (json.go, value.go; schema rssreplay/report/v1), ReadJSON reads
//     it back (read.go).
//  3. Other results: a Compare is several scenarios of one capture, side by side
//     (compare.go), or two reports and what they differ in (diff.go); Suggest (suggest.go,
//     suggest_words.go, key_trials.go), Verify (verify.go), Explanation (story.go), Plan
//     (plan.go) and Calibration (calibration.go) are those of the commands.
//  4. What several formats say is said here: facts of the capture (capture_facts.go), the
//     verdict (verdict.go, summary.go), what came for each CPU (arrived.go), figures
//     of modes and scenarios (mode_figures.go, comparison.go), loads over time (series.go) and
//     what moved meanwhile (move_rows.go), phrases (phrases.go, flow.go), and the author's own
//     words (words.go).
//  5. The formats are packages of their own: text, markdown, csv, page, picture and trace.
//
// Integers are exact, times are in ns, and a mean, share, percentile, minimum
// or maximum over nothing is null, never 0 and never NaN. The package knows no model code.
package report
