// Package verify is the command that compares the prediction with what was seen: it
// predicts the queue of each packet of a capture, groups the packets that nothing tells
// apart (command.go), and compares with what the capture recorded of each, hash or queue,
// or with counters beside it, which package judge weighs (report.go). Where the recorded
// hashes differ, the smallest change of the claim that explains them is looked for
// (explained.go), and the key is solved from them (recovered.go). What Intel's ATR
// may have to do with it is told in atr.go. The CPUs of the protocol work are compared in
// stack.go, and explained in stack_hypotheses.go. What comes out is said in words.go, and
// rerun.go tells the command that shows what explains it.
package verify
