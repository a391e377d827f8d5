// Package settings tells which NIC and host are emulated, and where each value comes
// from.
//
//  1. Flags are the model's parameters as the command line has them (resolve.go).
//  2. The texts that flags name are read: each with its own flag, or all from a bundle,
//     recognised by what they say (imports.go, bundle.go).
//  3. A NIC's profile and these texts offer values to flags (nic.go): of default,
//     profile, text and command line, the last that says something counts.
//  4. The parameters are read from the flags in the model's order, checked, and noted
//     with their source: CPUs, queues, direction, hashing, table, rules (rules.go), NIC,
//     host (resolve.go).
//  5. What a reader must know first is said: whether CPU numbers are that NIC's own.
package settings
