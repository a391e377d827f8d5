// Package story tells what happened to one packet in each mode: its way through rings,
// vectors and DPCs step by step, what each part of its latency was a wait for, and how
// all stood that it met.
//
// It watches the models' events alone (engine.Observer), and mirrors from them what a
// story needs of the models' state (observer.go). What a story has is in packet.go.
package story
