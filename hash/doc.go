// Package hash computes what a NIC's receive side scaling hashes:
//
//  1. a hash Type says which fields of the packet are the input: 8, 12, 32 or
//     36 bytes, as they lie on the wire, source before destination;
//  2. a Transform may make that input the same for both directions of a flow;
//  3. the Toeplitz function reduces it to 32 bits under a secret Key.
//
// The sources are Microsoft's "RSS Hashing Types" and "RSS Hashing Functions",
// its published verification data (testdata/toeplitz.json), and for the
// transformations Linux's Documentation/networking/scaling.rst.
package hash
