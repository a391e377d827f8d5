// Package trace writes events of a replay in the Trace Event format, which Perfetto and
// chrome://tracing open: each process into a Spool of its own, as its events come, and the
// spools into one trace in the end (Write).
package trace
