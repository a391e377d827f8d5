// Package flows has the commands that tell of single flows: what a tuple hashes to
// (hash.go), what happened to one packet of a capture and why (explain.go: which it is,
// wanted.go, and what is said of it, explanation.go), and which ports lead to
// which CPU (plan.go). Of a tuple that is not from a capture flags tell what rules compare
// besides (frame.go); what RPS chooses is said of both (rps.go).
package flows
