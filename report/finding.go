package report

// Severities of findings, the gravest first.
const (
	Problem = "problem" // costs the machine something now
	Warning = "warning" // will, or makes the figures mean less than they seem
	Note    = "note"    // matters to some
)

// Numbers are a finding's figures by name, for programs.
type Numbers map[string]any
