// Package balance finds indirection tables that spread a load evenly over CPUs.
// It works on the loads of a table's entries alone, whatever they count: packets,
// bytes or time.
//
//  1. A Task is the loads of the entries, and each queue's CPU (balance.go). Bound is what
//     no table can be better than; Best deals entries out by their loads, the longest
//     first, then moves and swaps them as long as that helps.
//  2. Tables that drivers set in one command: weights, and equal spreads over some of the
//     queues (weights.go).
//  3. Few moves: FewestMoves searches whether a peak can be had with so many (moves.go);
//     where that takes too long, Fewer keeps the best tables after each move (beam.go).
//  4. A group of flows may be better off on a queue of its own, by a rule (pin.go).
//  5. What is found must hold where it was not found: the Judge has the traffic in folds,
//     and judges a table on some that was found on others (judge.go).
//  6. What an advice is worth, now and then (effect.go).
package balance
