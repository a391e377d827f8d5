// Package pcaps reads packet captures and finds in each packet what a NIC's RSS
// would hash.
//
// A packet's way through it:
//
//  1. A file is read in blocks by who calls Read, or by several who take turns and
//     load theirs beforehand (block.go). Of pipes and compressed files a goroutine
//     reads the blocks ahead (readahead.go), and decompresses them (compression.go).
//  2. Reader.Read decodes the record headers of a block in one tight loop
//     (classic.go for pcap, pcapng.go for pcapng) into Records, whose Data
//     point into the block. A record that straddles two blocks is joined in a
//     side buffer. Nothing is copied otherwise, and nothing allocated.
//     Set puts several captures in order of time, or merges them (set.go,
//     merge.go).
//  3. Walk reads link layer, IP and extension headers of one Record into a
//     Header, by the rules of the model's section 2 (walk.go and its kin).
//     Tunnels and tags are recognised on the way (encapsulation.go, tunnel.go);
//     WalkInner goes on inside. Most packets need no Header: PlainTuples finds
//     their Tuple, what tells flows apart, at once.
//  4. Directions tells sent packets from received ones, by the rules of the
//     model's section 1 (direction.go).
//
// Filter is tcpdump's filter language, by libpcap, where the program was built
// with cgo.
//
// No length that a capture claims is trusted before it has been checked, and
// nothing panics on any input. Damage ends a capture: every record before it
// comes out first, then a *DamageError names the place.
package pcaps
