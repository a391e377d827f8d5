// Package rebalance moves single entries of an indirection table while traffic
// flows, as RSS++ does (Barbette and others, CoNEXT 2019): at each tick the
// busiest cores give entries to those with room.
//
// One tick:
//
//  1. The cores are the CPUs that have a queue. target is their mean load, and
//     target − load a core's imbalance. A core that received an entry at the tick
//     before takes no part: its imbalance counts as 0.
//  2. Underloaded is a core whose imbalance is above the threshold, which is its
//     room; overloaded one below −threshold, by its excess, that has more than one
//     entry with packets. The others are left alone.
//  3. An entry's load is its share of its core's packets times the core's load. Only
//     entries with packets, of overloaded cores, can move.
//  4. A pass deals them out: Problem.Solve has the rule (solve.go). Up to 10 passes are
//     tried, each with other tolerances (search.go), and the best one is made true.
//  5. A Balancer does all that to a table, tick after tick (balancer.go). The next period is
//     chosen by the imbalance that is left: much brings the shortest back, some halves the
//     period, and a quiet tick doubles it.
//
// The solver is written from a description of RSS++, not from its code, and was
// checked against results that the authors' solver gave. Two differences: theirs
// counts real numbers with 32 bits, and keeps its last pass, not its best;
// Options.LastPass does that too. Where two are equal, the lowest core goes first,
// then the lowest entry. A tick is deterministic to the last bit: sums run by
// number, and no product is fused with a sum.
package rebalance
