// Package walk reads a packet's headers as a NIC does: link layer, IP and extension
// headers, and the ports, by the rules that Walk lists.
//
//  1. Walk begins at the link layer (link.go, 80211.go, serial.go), steps over tags,
//     and ends at the outermost IP header (ip.go) or says why there is none (walk.go).
//     WalkFrame notes what rules compare besides (frame.go).
//  2. An encapsulation on the way is noted (tunnel.go); WalkInner goes on inside.
//  3. PlainTuples finds the tuples of plain packets, most of all, at once
//     (plain.go), and must equal Walk. SegmentOf measures packets that offloads joined
//     (segment.go).
//
// Nothing panics on any bytes, and nothing is allocated.
package walk
