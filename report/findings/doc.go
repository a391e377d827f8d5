// Package findings says what is wrong, what shows it, and what to do.
//
//  1. Diagnose asks each finding in turn (findings.go); one that holds has its text,
//     evidence and figures.
//  2. They stand by what they are about: the capture (capture.go), the table and the hash
//     (table.go), rules before the table (rules.go), the load (load.go), receive packet
//     steering (rps.go), times (time.go), tables that change (moves.go), the host (host.go).
//  3. A remedy has no command that the NIC's driver refuses (settable.go).
//  4. Conditions are what --fail-if says of a result's figures (condition.go).
package findings
