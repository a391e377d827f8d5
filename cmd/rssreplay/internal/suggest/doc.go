// Package suggest looks for a way to steer a capture's packets that loads the CPUs more
// evenly than the present one, and says which commands set it.
//
//  1. The capture is replayed as it is (command.go): its loads by entry are the task.
//  2. Candidates (candidates.go) are other tables (tables.go), hash fields and functions
//     (hashes.go), keys (keys.go), and rules for single flows or ports (rules.go). Tables are
//     searched by package balance.
//  3. A table has to hold on parts of the capture that it was not made for: package
//     balance's gate.
//  4. What is left is replayed, and suggested if the figures that a replay predicts are
//     noticeably better (report.go).
//  5. Each is said in commands that the NIC's driver takes (settable.go).
//
// Beside them stands whether a table that follows the load would beat all that stay
// (moving.go).
package suggest
