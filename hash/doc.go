// Package hash computes what a NIC's receive side scaling hashes:
//
//  1. a hash Type says which fields of the packet are the input: 8, 12, 32 or
//     36 bytes, as they lie on the wire, source before destination (types.go);
//  2. a Transform may make that input the same for both directions of a flow, or change
//     key and result as some NICs do (transform.go);
//  3. the Toeplitz function (toeplitz.go), or another (function.go), reduces it to 32 bits
//     under a secret Key (key.go).
//
// The way back: Solve finds the key from inputs and hashes (solve.go), and Difference says
// what it is like (difference.go).
//
// The sources are Microsoft's "RSS Hashing Types" and "RSS Hashing Functions",
// its published verification data (testdata/toeplitz.json), and for the
// transformations Linux's Documentation/networking/scaling.rst.
package hash
