// Package layout has the rules that fill an indirection table: those of drivers,
// of ethtool -X, of Windows' profiles, and tables given entry by entry.
package layout
