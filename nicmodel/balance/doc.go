// Package balance finds indirection tables that spread a load evenly over CPUs.
// It works on the loads of a table's entries alone, whatever they count: packets,
// bytes or time.
package balance
