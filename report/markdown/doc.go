// Package markdown prints results for a bug report: what stands alone first, the long
// tables folded, and no more than an issue takes.
package markdown
