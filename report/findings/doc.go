// Package findings says what is wrong, what shows it, and what to do.
//
//  1. Diagnose asks each finding in turn (kinds.go has them all), by the report and the traffic
//     (traffic.go); one that holds has its text, evidence and figures.
//  2. They stand by what they are about: the capture (capture.go), its timestamps (clock.go)
//     and directions (direction.go); the table (table.go), the queues (queues.go), the key
//     (key.go), packets without a hash (unhashed.go), what decides before the table (rules.go);
//     tunnels (tunnel.go), a heavy flow (heavy.go), heavy flows that meet (colliding.go), what
//     is hashed of the flows (inputs.go), chance (chance.go); receive packet steering (rps.go),
//     times (time.go), tables that change (moves.go), the host (host.go), and what is on two
//     CPUs and belongs together (apart.go).
//  3. Remedies name the command to run next (command.go), CPUs as commands take them (cpus.go),
//     and nothing that the NIC's driver refuses (settable.go).
//  4. Conditions are what --fail-if says of a result's figures (condition.go).
package findings
