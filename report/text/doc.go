// Package text prints a result on a terminal, or where there is none, as lines of
// characters.
//
//  1. WriteScreen is what comes first, the answer before the data (screen.go); Write
//     is all of a report, section by section (text.go and the files of the sections);
//     WriteMail goes into a plain-text mail (mail.go).
//  2. The other results: compare.go, suggest.go, story.go (explain), verify.go, plan.go.
//  3. All write by a writer that wraps, indents and colours (writer.go), and by a grid for
//     tables, which parts those that are wider than the terminal (grid.go).
//
// Nothing that came from a capture reaches the terminal as more than text.
package text
