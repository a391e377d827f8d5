// Package settings tells which NIC and host are emulated, and where each value comes
// from.
//
//  1. Flags are the model's parameters as the command line has them (flags.go).
//  2. The texts that flags name are read: each with its own flag, or all from a bundle,
//     recognised by what they say (imports.go, bundle.go); what they tell of the machine
//     is for the report (host.go), what its snapshots count for verify (counts.go).
//  3. A NIC's profile (profile.go) and these texts (offers.go) offer values to flags: of
//     default, profile, text and command line, the last that says something counts.
//  4. The parameters are read from the flags in the model's order, checked, and noted
//     with their source (resolve.go): CPUs and queues (queues.go), direction, hashing
//     (hashing.go), the indirection table (table.go), rules before it (rules.go), receive
//     packet steering behind it (rps.go, rps_masks.go), rings and costs (model.go), and
//     what changes while the capture runs (changes.go). Of what is wrong they say what was
//     probably meant (hints.go).
//  5. What a reader must know first is said: whether CPU numbers are that NIC's own
//     (trust.go).
package settings
