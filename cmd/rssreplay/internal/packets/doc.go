// Package packets writes what happened to single packets: a trace for a viewer of time
// lines (trace.go; of receive packet steering, trace_turns.go), and copies of the capture
// with each packet's hash, queue and CPU, in one file (copy.go) or in one for each CPU
// (splitter.go).
//
// A copy reads the captures a second time, when it is known which CPU had each packet.
package packets
