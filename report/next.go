package report

// Next is what a reader may want to do now: a command of his own, with his flags
// and files, and what it is for.
type Next struct {
	Command []string // begins with Again where it is this report's, with more
	// Before is what stands before the command in the shell, "ethtool -x eth0 |".
	Before string
	What   string
}

// Again stands for the command of the report.
const Again = "…"
