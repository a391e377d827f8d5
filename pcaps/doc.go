// Package pcaps is what a packet of a capture is: its record and its headers (packet.go),
// with the names of link types (linktype.go), encapsulations (encapsulation.go) and protocols
// (protocol.go), what rules compare besides (frame.go), and the tuple that a NIC's RSS would
// hash (tuple.go).
//
// A packet's way through the packages below it:
//
//  1. file reads captures, and puts several in order: Records.
//  2. walk reads the headers of one Record into a Header. Most packets need none:
//     walk.PlainTuples finds their Tuple, what tells flows apart, at once.
//  3. direction tells sent packets from received ones.
//
// grouped writes numbers, here and in all that is built on this.
//
// Nothing panics on any input. What cannot be read has one of a closed list of reasons.
package pcaps
