// Package text prints a result on a terminal, or where there is none, as lines of
// characters.
//
//  1. WriteScreen is what comes first, the answer before the data (screen.go), with each
//     CPU's load (screen_cpus.go), and cut to fit (cut.go); Write is all of a report, section
//     by section (text.go); WriteMail goes into a plain-text mail (mail.go).
//  2. The sections: how a text begins (opening.go), the files (files.go), each mode
//     (mode.go) with receive packet steering (backlogs.go), loads over time (time.go,
//     over_time.go) with what moved (moves.go), rules (rules.go), the table (table.go), the
//     host (host.go), and flows (flow.go).
//  3. The other results: compare.go, diff.go, suggest.go, verify.go, plan.go, calibration.go;
//     of one packet (explain) where it goes (explanation.go) and its way (story.go).
//  4. All write by a writer that wraps, indents and colours (writer.go), and by a grid for
//     tables, which parts those that are wider than the terminal (grid.go). What is no
//     result, as the list of NICs, is in plain columns (columns.go).
//
// Nothing that came from a capture reaches the terminal as more than text.
package text
