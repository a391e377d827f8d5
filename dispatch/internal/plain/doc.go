// Package plain is the emulator's reference: its rules written down as plainly
// as Go allows, in all four modes. It is slow and kept for ever beside the fast
// engine, which must count the same to the last packet.
//
// Nothing here is optimised. Run (plain.go) is the whole of it. A file is an idea, and says
// the rules it follows:
//
//  1. arrivals.go: from timestamps to the model's time.
//  2. clock.go: the next event is the least by (time, step, number) of all that
//     could happen next; timers are not scheduled and cancelled but read off the
//     state each time, so none can be stale.
//  3. nic.go: arrivals, rings, the DMA list, vectors.
//  4. cpu.go: ISRs and DPCs, with the steps of the documents.
//  5. taken.go: who took a packet to indicate it, what a migration costs, home
//     CPUs and sends.
//  6. changes.go: tables and affinities that change at given times, and what that
//     moved. rebalance.go, solve.go: RSS++'s ticks and its solver.
//  7. rps.go, turns.go: receive packet steering, its backlogs, and whose turn it is
//     on a CPU.
//  8. rules.go: which ntuple rule takes a frame, by the text of `ethtool -n`.
//     random.go: what tests draw a run from.
//  9. count.go, latency.go, burst.go, order.go, serial.go: what is measured.
//
// Step names are those of the NDIS documentation's pages on the four modes:
// MSI-1a … MSI-5b, NON-1 … NON-7, HWQ-1a … HWQ-4b, SQ-1 … SQ-6b.
package plain
