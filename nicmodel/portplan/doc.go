// Package portplan finds source ports that put one test flow on each CPU, or on each
// entry of the table.
package portplan
