// Package calibration is the command that measures a host's costs: it reads snapshots of
// the host's counters (snapshots.go), has package calibrate fit costs to them, and writes
// what replays can use (command.go). Where a capture was taken meanwhile, it is replayed
// with one interrupt moderation after the other, until the model interrupts as often as the
// NIC did (moderation.go).
package calibration
