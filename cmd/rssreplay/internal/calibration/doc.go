// Package calibration is the command that measures a host's costs: it reads snapshots of
// the host's counters (snapshots.go), has package calibrate fit costs to them, and writes
// what replays can use.
package calibration
