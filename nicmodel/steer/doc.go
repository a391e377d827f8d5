// Package steer tells which of a NIC's ntuple rules (`ethtool -N`) takes a packet
// before the indirection table is asked.
//
// Rules are data: what each compares, bit by bit, and what it does (rule.go), also in
// ethtool's words (words.go). Which of several wins, and what an IP rule takes, differs
// from driver to driver; Options has it. Matching is a pure function of a packet's headers
// (rules.go).
package steer
