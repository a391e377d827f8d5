// Package judge says whether what a NIC counted or recorded tells that it steers as
// claimed: it agrees, it differs and why, or nothing can be told.
//
// Counters of queues are sums, and sums look alike: two even spreads over eight queues
// overlap by 95 %, whatever their keys. So nothing is concluded from how well a
// prediction fits alone, but from how much better it fits than chance:
//
//  1. Fit. The counters of queue q are taken as α · predicted + β · [q is the default
//     queue], with 0.5 ≤ α ≤ 1.5 and β at most a tenth: the two outputs were not taken
//     with the capture's first and last packet, and packets without a hash, as of ARP,
//     may not be in it. The residual is Σ |difference| ÷ Σ counted. See Fit (fit.go).
//  2. Null distribution of the claim: the same with random keys in its place. The claim
//     is accepted if its residual is below the least of all (counters.go), and no larger
//     than what another window leaves.
//  3. Else, the search (search.go): each hypothesis of nicmodel in the claim's place. Hundreds are
//     tried, so that one fits well by chance. Its null distribution is that of the whole
//     search: the counters that a random key would give are searched as those seen are,
//     and a hypothesis is accepted if its residual is below the least that any of them
//     had in any of these searches; and below that of random keys in its own place, and
//     of what it changes spread at random (placed.go). So are a few entries of the table
//     that lead elsewhere (moved.go), if each queue then counts exactly what is predicted.
//  4. What no key changes is told by the queues that are used at all, compared with
//     those that random keys use in the same way. Before it a hypothesis is told that only
//     a few random keys in its own place keep from being accepted, if it fits.
//  5. Of what rules take (taken.go) an RSS context is judged as a table of its own, with all
//     else as predicted; and that they take nothing is a hypothesis.
//  6. Else, nothing can be told.
//
// Keys are drawn in two steps, firstKeys and allKeys: the first few decide most cases,
// and what passes them has to pass all. Traffic is groups of packets that every NIC steers
// alike (traffic.go). Interrupts instead of counters tell only which queues are used
// (interrupts.go); where the capture recorded a queue of each packet, there is no sum to
// be fooled by, and claims are compared packet by packet (records.go).
package judge
