// Package markdown prints results for a bug report: what stands alone first, the long
// tables folded, and no more than an issue takes.
//
//  1. A document for each result: report.go, compare.go, suggest.go, verify.go; other
//     commands' texts go into a code block (fenced.go).
//  2. They begin alike (opening.go), share what moved (moves.go), and are written part by
//     part within a limit of bytes (markdown.go).
package markdown
