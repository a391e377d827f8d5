// Package compare puts scenarios side by side: several settings over one capture in one
// pass (command.go), and reports that were written before (diff.go), alone or among them.
//
// A scenario (scenarios.go) is what all have in common and what it has of its own. Of all
// a report is made (report.go), which says how many flows have another CPU than in the
// first (moved.go); those that move entries are also put side by side over time
// (over_time.go).
package compare
