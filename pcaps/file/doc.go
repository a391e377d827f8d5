// Package file reads and writes capture files: every record comes out once, in the
// file's order, damage with its place.
//
//  1. A file is read in blocks by who calls Read, or by several who take turns and
//     load theirs beforehand (block.go), decompressed (compression.go). Of pipes, and of
//     compressed files that one alone reads, a goroutine reads the blocks ahead (readahead.go).
//  2. Its first bytes say what it is (sniff.go): pcap (classic.go), modified pcap
//     (modified.go) or pcapng (pcapng.go, pcapng_blocks.go, ticks.go), which are all that
//     libpcap reads, too.
//  3. Reader.Read (reader.go) decodes the record headers of a block in one tight loop into
//     records, whose Data point into the block. A record that straddles two blocks
//     is joined in a side buffer. Nothing is copied otherwise, and nothing allocated.
//  4. Set puts several captures in order of time (set.go), or merges them (merge.go).
//  5. Writer writes pcapng, with a comment to each packet where asked (writer.go).
//
// Info is what a file says of itself (info.go). Filter is tcpdump's filter language, by
// libpcap (filter_libpcap.go, with a capture that it opens through a pipe or, on
// Windows, a file: filter_pipe.go, filter_temporary.go; filter_nocgo.go where the program
// was built without).
//
// No length that a capture claims is trusted before it has been checked. Damage ends
// a capture: every record before it comes out first, then a *DamageError names the place
// (damage.go).
package file
