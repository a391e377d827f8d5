// Package layout has the rules that fill an indirection table: those of drivers,
// of ethtool -X, and tables given entry by entry (layout.go); tables in files, and those that
// name CPUs, as Windows' profiles do (cpus.go).
package layout
