// Package calibrate tells what a packet costs on the user's own machine, from what the
// Linux kernel counted there at a few moments, and by how much that may be wrong.
//
//  1. Two snapshots in a row make a window; what each CPU did in it is a Row. Counters
//     that go back, and another boot, leave the window out (windows.go).
//  2. The kernel counts times by ticks where irq time stays 0 while interrupts are
//     counted: a tick's time goes to whatever it interrupts. Then a time of n ticks errs
//     by 1/√n, and where an idle CPU's tick stops, softirq time is lost.
//  3. A row is left out, for a Reason, where its time is not that of its packets:
//     threaded NAPI, busy polling, deferred interrupts, RPS dealing, stolen time, a
//     stopped tick. `perf kwork` gives exact times, also where the tick stops; interrupt
//     entry is not in them.
//  4. The time of what is left, softirq and irq, is explained as Run × NET_RX runs +
//     Packet × packets, neither negative, by least squares weighted with what counting
//     makes uncertain (fit.go).
//  5. Fewer than 100 ticks, or residuals far above that uncertainty, refuse the fit.
//  6. Whole windows are resampled for the intervals. Where these are wide, a cost is 0 or
//     the two columns rise and fall together, the rows can't tell a run from a packet: one
//     factor on the assumed costs is fitted, unless it misses the rows by much more than
//     the two costs do.
//  7. The error is that of windows left out in turn: what the others' costs miss of their
//     time. It is never told below 1/√n.
//
// The costs hold for loads as those of the windows: per packet they fall 3 to 4 times
// from an idle CPU to a busy one, as caches stay warm and interrupts give way to polling.
package calibrate
